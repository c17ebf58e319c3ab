"""The fields of the index. Their names, and the Korean ones beside them, are the prefixes of a query."""

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from factpl_crawler.documents import Document
from factpl_crawler.text import KST, fold_label
from index.korean import Token, analyse

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Field:
    """`text` is found by words, `keyword` by its whole value, `day` by a period."""

    name: str
    type: Literal["text", "keyword", "day"]
    korean: str = ""


FIELDS = (
    Field("id", "keyword"),
    Field("kind", "keyword", "종류"),
    Field("publication", "keyword", "발행"),
    Field("issue", "keyword", "호"),
    Field("date", "day", "날짜"),
    Field("section", "keyword", "섹션"),
    Field("author", "keyword", "기자"),
    Field("site", "keyword", "사이트"),
    Field("headline", "text", "제목"),
    Field("body", "text", "본문"),
    Field("url", "keyword", "주소"),
)
FIELD_BY_PREFIX = {prefix: field for field in FIELDS for prefix in (field.name, field.korean) if prefix}
KEYWORDS = tuple(field.name for field in FIELDS if field.type == "keyword")
TEXTS = tuple(field.name for field in FIELDS if field.type == "text")
# Beside each text, where its bigrams are; `stems` holds the stripped eojeol of both texts, for ranking only.
BIGRAMS = {"headline": "headline_bigrams", "body": "bigrams"}
STEMS = "stems"


@dataclass(frozen=True)
class Record:
    """A document as it is indexed. `day` is the proleptic ordinal of its day in Korea."""

    id: str
    stored: bytes
    day: int | None
    keywords: Mapping[str, list[str]]
    tokens: Mapping[str, list[Token]]


def record(document: Document, publications: Mapping[str, str]) -> Record:
    """*publications* maps ids to titles, so that an article is found by the title of what links to it."""
    headline, body = analyse(document.headline), analyse(document.body)
    return Record(
        id=document.id,
        stored=zlib.compress(document.to_json().encode("utf-8", "surrogatepass")),
        day=korean_day(document.date_published),
        keywords={name: _unique(values) for name, values in _keywords(document, publications).items()},
        tokens={
            "headline": headline.morphemes,
            "body": body.morphemes,
            BIGRAMS["headline"]: headline.bigrams,
            BIGRAMS["body"]: body.bigrams,
            STEMS: headline.stems + body.stems,
        },
    )


def stored_document(stored: bytes) -> Document:
    return Document.from_json(zlib.decompress(stored).decode("utf-8", "surrogatepass"))


def korean_day(moment: str | None) -> int | None:
    """The one place where a moment becomes a day: whatever its zone, the day it was in Korea."""
    if moment is None:
        return None
    parsed = datetime.fromisoformat(moment)
    return (parsed.astimezone(KST) if parsed.tzinfo else parsed).toordinal()


def issue_ids(document: Document) -> tuple[str, ...]:
    """Return the issues that contain the document or whose entries link to it."""
    if document.issue is not None:
        return (document.issue.id,)
    return tuple(_unique(link.entry.rpartition("#")[0] for link in document.linked_from))


def fold_value(field: str, value: str) -> str:
    """Return the term that a value typed for a keyword field is looked up by."""
    if field in ("section", "author", "publication"):
        return fold_label(value)
    if field == "issue":
        return re.sub(r"^#?([0-9]+)호?$", r"\1", value.strip())
    if field == "url":
        return _canonical(value)
    return value.strip() if field == "id" else value.strip().casefold()


def _canonical(url: str) -> str:
    from factpl_crawler.text import UrlError, canonical_url

    try:
        return canonical_url(url)
    except UrlError:
        return url


def _keywords(document: Document, publications: Mapping[str, str]) -> dict[str, Iterable[str]]:
    issues = issue_ids(document)
    return {
        "id": [document.id],
        "kind": [document.kind],
        "publication": _publication_terms(document, issues, publications),
        "issue": [*issues, *(number for id in issues if (number := id.rpartition("/")[2]).isdigit())],
        "section": _section_terms(document),
        "author": [term for author in document.authors for term in _name_terms(author)],
        "site": _site_terms(document.site or ""),
        "url": [_canonical(document.url)] if document.url else [],
    }


def _publication_terms(document: Document, issues: Iterable[str], publications: Mapping[str, str]) -> Iterable[str]:
    titles = {id: publications.get(id, "") for id in (issue.partition("/")[0] for issue in issues)}
    if document.publication is not None:
        titles[document.publication.id] = document.publication.title
    for id, title in titles.items():
        yield fold_label(id)
        yield from _name_terms(title)


def _section_terms(document: Document) -> Iterable[str]:
    if document.section is None:
        return
    if document.section.id:
        yield fold_label(document.section.id)
    yield from _name_terms(document.section.label)
    for token in analyse(document.section.label).morphemes:
        yield token.text


def _name_terms(name: str) -> Iterable[str]:
    return filter(None, [fold_label(name), *map(fold_label, name.split())])


def _site_terms(host: str) -> Iterable[str]:
    """The host and every domain it belongs to: joongang.co.kr finds www.joongang.co.kr."""
    labels = host.casefold().split(".")
    return [".".join(labels[i:]) for i in range(max(1, len(labels) - 1))] if host else []


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))
