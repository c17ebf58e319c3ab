"""The document: what is searched and exported, an entry or an article. See docs/data.md."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple, Self

SCHEMA_VERSION = 1

Kind = Literal["entry", "article"]


@dataclass(frozen=True)
class PublicationRef:
    """A newsletter: `factpl`, 팩플 Weekly."""

    id: str
    title: str


class IssueRef(NamedTuple):
    """One mailing, `number` where it is numbered: `factpl/55`."""

    id: str
    number: int | None
    headline: str | None
    url: str | None
    date_published: str | None
    date_published_source: str | None


class Section(NamedTuple):
    """`id` is None for a label that the publication's file does not know."""

    id: str | None
    label: str


class DocumentLink(NamedTuple):
    """Where a document links to, and in which order; `article` is the id that the page has or would have."""

    position: int
    text: str
    url: str
    article: str


class LinkedFrom(NamedTuple):
    """The entry, by its id, that links to an article, and the text of the link."""

    entry: str
    position: int
    text: str


class Document(NamedTuple):
    """Dates are ISO 8601 in KST with the offset; midnight where only a day is printed."""

    id: str
    kind: Kind
    publication: PublicationRef | None
    issue: IssueRef | None
    position: int | None
    section: Section | None
    headline: str
    authors: list[str]
    date_published: str | None
    date_published_source: str | None
    date_modified: str | None
    date_modified_source: str | None
    body: str
    captions: list[str]
    keywords: list[str]
    url: str | None
    site: str | None
    truncated: bool
    version: int
    links: list[DocumentLink]
    linked_from: list[LinkedFrom]

    def to_json(self) -> str:
        """Return one line of JSON, `schema_version` first, Hangul unescaped."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema_version": SCHEMA_VERSION,
            **self._asdict(),
            "publication": asdict(self.publication) if self.publication else None,
            "issue": self.issue._asdict() if self.issue else None,
            "section": self.section._asdict() if self.section else None,
            "links": [link._asdict() for link in self.links],
            "linked_from": [link._asdict() for link in self.linked_from],
        }

    @classmethod
    def from_json(cls, line: str | bytes) -> Self:
        """Raise `ValueError` naming what is wrong when *line* is not a document."""
        try:
            data = json.loads(line)
        except ValueError as e:
            raise ValueError(f"not JSON: {e}") from e
        if not isinstance(data, dict):
            raise ValueError("not a JSON object")
        return cls.from_dict(data)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        version = data.get("schema_version")
        if version != SCHEMA_VERSION:
            raise ValueError(f"schema_version is {version!r}, this program reads {SCHEMA_VERSION}")
        if missing := sorted({*cls._fields} - data.keys()):
            raise ValueError(f"missing: {', '.join(missing)}")
        values = {name: data[name] for name in cls._fields}
        try:
            for name, shape in (("publication", PublicationRef), ("issue", IssueRef), ("section", Section)):
                values[name] = shape(**values[name]) if values[name] is not None else None
            values["links"] = [DocumentLink(**link) for link in values["links"]]
            values["linked_from"] = [LinkedFrom(**link) for link in values["linked_from"]]
        except TypeError as e:
            raise ValueError(f"a field has the wrong shape: {e}") from e
        return cls(**values)
