"""Readers of a web page, as locust plays them: `benchmarks.web_load` runs this file in a process of its own.

What they ask for is in the file that WEB_READERS names: questions drawn from the texts, and which server it is.
"""

import json
import os
import random
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from locust import FastHttpUser, between, constant, task

_ASKED: dict[str, Any] = json.loads(Path(os.environ["WEB_READERS"]).read_text(encoding="utf-8"))
_CHANCE = random.Random(_ASKED["seed"])  # noqa: S311  nothing secret


class Ours:
    """Addresses of this project's server: the page, or what programs ask for."""

    def __init__(self, page: str) -> None:
        self.page = page

    def search(self, query: str, **more: object) -> str:
        return f"{self.page}?{urlencode({'q': query, **more})}"

    def narrowed(self, query: str, section: str, year: str) -> str:
        return self.search(query, section=section, since=year, until=year)

    def read(self, id: int) -> str:
        folder = "/article/" if self.page == "/" and _ASKED["has_articles"] else "/api/document/a/"
        return f"{folder}{_ASKED['paths'][id]}"

    def suggest(self, beginning: str) -> str:
        return f"/suggest?{urlencode({'q': beginning})}"


class Datasette:
    """The same of a table: each word as the bigrams side by side that the index holds, sections and years counted."""

    def __init__(self, page: str) -> None:
        self.page = page

    def search(self, query: str, page: int = 1, **more: object) -> str:
        found = {"_fts_table": "documents_fts", "_fts_pk": "id", "_searchmode": "raw", "_search": _phrases(query)}
        facets = [("_facet", name) for name in ("section", "author", "site", "year")]
        after = {"_next": str(_CHANCE.randrange(1, _ASKED["documents"]))} if page > 1 else {}
        return f"{self.page}?{urlencode([*{**found, '_size': 10, **after, **more}.items(), *facets])}"

    def narrowed(self, query: str, section: str, year: str) -> str:
        return self.search(query, section=section, year=year)

    def read(self, id: int) -> str:
        return f"{self.page.removesuffix('.json')}/{id}{'.json' if self.page.endswith('.json') else ''}"

    def suggest(self, beginning: str) -> str:
        words = {"_size": 8, "word__startswith": beginning, "_sort_desc": "documents", "_nocount": 1, "_nofacet": 1}
        return f"/bench/words.json?{urlencode(words)}"


def _phrases(query: str) -> str:
    return " ".join(f'"{" ".join(_bigrams(word))}"' for word in query.split())


def _bigrams(word: str) -> list[str]:
    return [word[at : at + 2] for at in range(len(word) - 1)] or [word]


_SITE = Ours(_ASKED["page"]) if _ASKED["server"] == "ours" else Datasette(_ASKED["page"])


class Reader(FastHttpUser):
    """Searches, narrows, pages, reads, and is suggested to while typing; thinks for a while in between."""

    wait_time = between(1, 3) if _ASKED["thinks"] else constant(0)

    def ask(self, kind: str, address: str) -> None:
        self.client.get(address, name=kind)

    def word(self, kind: str) -> str:
        return str(_CHANCE.choice(_ASKED[kind]))

    @task(3)
    def search_a_common_word(self) -> None:
        self.ask("common word", _SITE.search(self.word("common")))

    @task(3)
    def search_a_rare_word(self) -> None:
        self.ask("rare word", _SITE.search(self.word("rare")))

    @task(2)
    def search_two_words(self) -> None:
        self.ask("two words", _SITE.search(f"{self.word('common')} {self.word('usual')}"))

    @task(2)
    def click_a_facet(self) -> None:
        section, year = self.word("sections"), self.word("years")
        self.ask("facet", _SITE.narrowed(self.word("usual"), section, year))

    @task(2)
    def turn_the_page(self) -> None:
        self.ask("next page", _SITE.search(self.word("common"), page=_CHANCE.randrange(2, 6)))

    @task(3)
    def read(self) -> None:
        self.ask("read", _SITE.read(_CHANCE.randrange(len(_ASKED["paths"]))))

    @task(4)
    def type(self) -> None:
        word = self.word("usual")
        self.ask("suggest", _SITE.suggest(word[: _CHANCE.randrange(1, len(word) + 1)]))
