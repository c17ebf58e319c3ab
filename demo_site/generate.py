"""Write the invented publications: pages, and the documents that a correct crawl yields of them.

Run: python -m demo_site.generate [--out DIR]
"""

import argparse
import json
import shutil
from pathlib import Path

from demo_site import expected
from demo_site.letter_pages import HIDDEN_ISSUE, WWW, add_letters
from demo_site.letters import Desk, narutech_letters
from demo_site.model import HANJUL, NARU, Story, address
from demo_site.news_pages import add_news
from demo_site.oneline import hanjul_letters, hanjul_stories
from demo_site.oneline_pages import add_oneline
from demo_site.site_files import SiteFiles

HERE = Path(__file__).parent
# What counts clicks, acts for the reader or serves only pictures: asking for it is a crawler's mistake.
NEVER = [
    f"event.{NARU}",
    f"event.{HANJUL}",
    f"share.{NARU}",
    f"member.{NARU}",
    f"img.{NARU}",
    f"img.{HANJUL}",
    f"page.{HANJUL} /unsubscribe",
]


def generate() -> dict[str, bytes]:
    """Return the contents of every generated file, by its path below `demo_site`."""
    desk = Desk()
    letters = narutech_letters(desk)
    themes = hanjul_stories()
    letters += hanjul_letters(themes, desk.stories)
    economy = [story for theme in themes for story in theme]
    site = SiteFiles()
    add_news(site, desk.stories)
    add_letters(site, [letter for letter in letters if letter.publication.id == "narutech"])
    add_oneline(site, [letter for letter in letters if letter.publication.id == "hanjul"], economy)
    never = _add_robots(site, desk.stories + economy)
    documents = expected.documents(letters, desk.stories + economy)
    problems = expected.problems(letters, desk.stories + economy, address(WWW, HIDDEN_ISSUE))
    return {
        **{f"site/{path}": content for path, content in site.files.items()},
        "site/routes.json": site.manifest(),
        "site/never.json": _json(never),
        expected.DOCUMENTS.name: "".join(f"{document.to_json()}\n" for document in documents).encode(),
        expected.PROBLEMS.name: _json(problems),
    }


def _add_robots(site: SiteFiles, stories: list[Story]) -> list[str]:
    """Add every host's robots.txt and return what must not be asked: hosts, or a host and its path."""
    shut = [(story.host, story.path.partition("?")[0]) for story in stories if story.oddity == "robots"]
    for host in sorted({str(row["host"]) for row in site.routes}):
        rules = "".join(f"Disallow: {path}\n" for shut_host, path in shut if shut_host == host)
        text = f"User-agent: *\n{rules or 'Disallow:' + chr(10)}"
        site.page(host, "/robots.txt", text.encode(), content_type="text/plain; charset=utf-8")
    return NEVER + [f"{host} {path}" for host, path in shut]


def _json(value: object) -> bytes:
    return f"{json.dumps(value, ensure_ascii=False, indent=1)}\n".encode()


def write(out: Path) -> None:
    shutil.rmtree(out / "site", ignore_errors=True)
    for path, content in generate().items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_bytes(content)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the invented publications.")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to (default: demo_site itself)")
    write(parser.parse_args().out)


if __name__ == "__main__":
    main()
