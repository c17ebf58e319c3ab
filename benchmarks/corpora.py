"""The collections that are measured on, and how they become documents of the archive."""

import json
import lzma
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from factpl_crawler.documents import Document
from factpl_crawler.stamp import Stamp

DEFAULT_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

_STAMP = Stamp("benchmark", 1)


class DataMissing(Exception):  # noqa: N818  # reads as what it says of the data
    """One line: what is not there, and how to name where it is."""


@dataclass(frozen=True)
class Text:
    """`date` is a day, 2023-08-08."""

    id: str
    title: str
    body: str
    date: str | None = None

    @property
    def whole(self) -> str:
        return f"{self.title}\n{self.body}" if self.title else self.body


@dataclass(frozen=True)
class Collection:
    """`relevant` maps a query's id to the ids of the texts that answer it."""

    name: str
    texts: list[Text]
    queries: dict[str, str]
    relevant: dict[str, list[str]]

    def sample(self, limit: int | None) -> "Collection":
        """Return the collection with at most *limit* of its queries, spread over all of them."""
        ids = list(self.queries)
        kept = ids if limit is None else ids[:: max(1, -(-len(ids) // limit))]
        return Collection(self.name, self.texts, {id: self.queries[id] for id in kept}, self.relevant)


@dataclass(frozen=True)
class TextSource:
    """What `index.build.Source` asks for, over texts that are read once."""

    texts: Iterable[Text]

    def documents(self, ids: Iterable[str] | None = None, *, changed_after: int = 0) -> Iterator[Document]:
        return map(document, self.texts)

    def removed(self, changed_after: int) -> list[str]:
        return []

    def publications(self) -> dict[str, str]:
        return {}

    def stamp(self) -> Stamp:
        return _STAMP


def document(text: Text) -> Document:
    return Document(
        id=text.id,
        kind="article",
        publication=None,
        issue=None,
        position=None,
        section=None,
        headline=text.title,
        authors=[],
        date_published=f"{text.date}T00:00:00+09:00" if text.date else None,
        date_published_source=None,
        date_modified=None,
        date_modified_source=None,
        body=text.body,
        captions=[],
        keywords=[],
        url=None,
        site=None,
        truncated=False,
        version=1,
        links=[],
        linked_from=[],
    )


def korquad(data: Path) -> Collection:
    """The paragraphs alone: with its page's title, each would be easier to find than the collection means it to be."""
    ids: dict[str, str] = {}
    queries: dict[str, str] = {}
    relevant: dict[str, list[str]] = {}
    for _, paragraph in _paragraphs(data):
        id = ids.setdefault(paragraph["context"], f"p{len(ids)}")
        for question in paragraph["qas"]:
            queries[question["id"]] = question["question"]
            relevant[question["id"]] = [id]
    return Collection("korquad", [Text(id, "", context) for context, id in ids.items()], queries, relevant)


def korquad_pages(data: Path) -> dict[str, str]:
    """Return of each paragraph the title of its page."""
    return {paragraph["context"]: title for title, paragraph in _paragraphs(data)}


def _paragraphs(data: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    pages = json.loads(_existing(data / "KorQuAD_v1.0_dev.json").read_text(encoding="utf-8"))["data"]
    return ((page["title"], paragraph) for page in pages for paragraph in page["paragraphs"])


def precedents(data: Path) -> Collection:
    texts = list(_texts(data / "precedents-20k.jsonl.xz"))
    with _existing(data / "precedents-queries.jsonl").open(encoding="utf-8") as lines:
        queries = [json.loads(line) for line in lines]
    return Collection(
        "precedents",
        texts,
        {query["id"]: query["text"] for query in queries},
        {query["id"]: query["relevant"] for query in queries},
    )


def statutes(data: Path, size: int) -> Iterator[Text]:
    return islice(_texts(data / "statutes-100k.jsonl.xz"), size)


def _texts(file: Path) -> Iterator[Text]:
    with lzma.open(_existing(file), "rt", encoding="utf-8") as lines:
        for line in lines:
            values: dict[str, Any] = json.loads(line)
            yield Text(values["id"], values["title"], values["text"], values.get("date"))


def _existing(file: Path) -> Path:
    if not file.is_file():
        raise DataMissing(f"No collection at {file}. Name the folder that holds it with --data DIR")
    return file
