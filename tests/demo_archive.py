"""The demonstration's archive and index, made from what a crawl of it must give."""

from pathlib import Path
from typing import Any

from invented import document
from served import archive_of

from demo_site.expected import load
from factpl_crawler.documents import Document
from web.archive import Archive

PORT = 8055


def article(name: str, headline: str = "", body: str = "", date: str | None = "2024-03-07", **fields: Any) -> Document:
    address = {"url": f"https://naru.example/{name}", "site": "naru.example"}
    return document(f"a/{name}", headline, body, date, **(address | fields))


def demo_archive(folder: Path) -> Archive:
    return archive_of(folder, *load(PORT))
