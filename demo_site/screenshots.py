"""The pictures of the README: `python -m demo_site.screenshots`, after ./demo. Needs the tests' libraries, Chromium."""

import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import uvicorn
from playwright.sync_api import Browser, sync_playwright

import search_web
from factpl_crawler.paths import ROOT, data_dir
from web.archive import Archive

IMAGES = ROOT / "docs" / "images"


@dataclass(frozen=True)
class Picture:
    name: str
    path: str
    size: tuple[int, int]
    scheme: Literal["light", "dark"] = "light"


PICTURES = (
    Picture("search-1280", "/?q=그로크", (1280, 900)),
    Picture("search-390", "/?q=그로크", (390, 844)),
    Picture("search-390-dark", "/?q=그로크", (390, 844), "dark"),
    Picture("article-390", "/article/naruilbo/24917412?q=그로크", (390, 844)),
    Picture("issue-1280-dark", "/issue/narutech/8?q=그로크", (1280, 900), "dark"),
    Picture("trends-1280", "/trends?q=반도체&q=배터리&q=그로크&since=2024", (1280, 800)),
)


def main() -> int:
    folder = data_dir() / "demo"
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium or not (folder / "index").exists():
        sys.stderr.write("Error: there is no Chromium, or nothing to show. Run: ./test --browser, and ./demo\n")
        return 2
    IMAGES.mkdir(parents=True, exist_ok=True)
    archive = Archive(folder / "index", folder / "archive.sqlite3")
    with _served(archive) as address, sync_playwright() as playwright:
        # Root's browser has no sandbox; these pages are ours.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for picture in PICTURES:
            _take(browser, address, picture)
        browser.close()
    archive.close()
    return 0


def _take(browser: Browser, address: str, picture: Picture) -> None:
    width, height = picture.size
    page = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme=picture.scheme, locale="ko-KR", base_url=address
    )
    page.goto(picture.path)
    page.screenshot(path=IMAGES / f"{picture.name}.png")
    page.close()


@contextmanager
def _served(archive: Archive) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(search_web.app(archive), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.02)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


if __name__ == "__main__":
    sys.exit(main())
