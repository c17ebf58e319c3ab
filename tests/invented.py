"""Invented documents, and a list of them that an index can be built from."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from factpl_crawler.documents import Document, IssueRef, LinkedFrom, PublicationRef, Section
from factpl_crawler.stamp import Stamp

NARU = PublicationRef("naru", "나루 편지")


def document(id: str, headline: str = "", body: str = "", date: str | None = "2024-03-07", **fields: Any) -> Document:
    """An entry where the id has a #, else an article; *date* is a day, or a moment with its zone."""
    issue_id, hash_sign, position = id.partition("#")
    values: dict[str, Any] = {
        "id": id,
        "kind": "entry" if hash_sign else "article",
        "publication": NARU if hash_sign else None,
        "issue": IssueRef(issue_id, int(issue_id.rpartition("/")[2]), None, None, None, None) if hash_sign else None,
        "position": int(position) if hash_sign else None,
        "section": None,
        "headline": headline,
        "authors": [],
        "date_published": f"{date}T00:00:00+09:00" if date and "T" not in date else date,
        "date_published_source": None,
        "date_modified": None,
        "date_modified_source": None,
        "body": body,
        "captions": [],
        "keywords": [],
        "url": None,
        "site": None,
        "truncated": False,
        "version": 1,
        "links": [],
        "linked_from": [],
    }
    return Document(**(values | fields))


def section(label: str, id: str | None = None) -> Section:
    return Section(id, label)


def linked_from(*entries: str) -> list[LinkedFrom]:
    return [LinkedFrom(entry, 1, "원문") for entry in entries]


@dataclass
class ListSource:
    """What `index.build.Source` asks for; `put` and `remove` count changes as the store does."""

    current: dict[str, tuple[int, Document]] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    changed: int = 0
    store_id: str = "store-1"
    titles: dict[str, str] = field(default_factory=lambda: {NARU.id: NARU.title})

    @classmethod
    def of(cls, *documents: Document) -> "ListSource":
        source = cls()
        source.put(*documents)
        return source

    def put(self, *documents: Document) -> None:
        self.changed += 1
        for one in documents:
            self.current[one.id] = (self.changed, one)

    def remove(self, id: str) -> None:
        self.changed += 1
        del self.current[id]
        self.gone[id] = self.changed

    def documents(self, ids: Iterable[str] | None = None, *, changed_after: int = 0) -> Iterator[Document]:
        return (one for changed, one in list(self.current.values()) if changed > changed_after)

    def removed(self, changed_after: int) -> list[str]:
        return [id for id, changed in self.gone.items() if changed > changed_after]

    def publications(self) -> dict[str, str]:
        return dict(self.titles)

    def stamp(self) -> Stamp:
        return Stamp(self.store_id, self.changed)
