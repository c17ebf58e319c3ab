"""The fields of the index. Their names, and the Korean ones beside them, are the prefixes of a query."""

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from factpl_crawler.documents import Document
from factpl_crawler.text import KST, fold_label, parse_bylines
from index.korean import Token, analyse

SCHEMA_VERSION = 2


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
# What people also call a field; an error names only what they are called here.
SAME_FIELD = {"title": "headline", **dict.fromkeys(("작가", "작성자", "저자", "필자"), "author"), "매체": "site"}
KINDS = {"entry": "entry", "꼭지": "entry", "article": "article", "기사": "article"}
KEYWORDS = tuple(field.name for field in FIELDS if field.type == "keyword")
TEXTS = tuple(field.name for field in FIELDS if field.type == "text")
# Beside each text, where its bigrams are; `stems` holds the stripped eojeol of both texts, for ranking only.
BIGRAMS = {"headline": "headline_bigrams", "body": "bigrams"}
STEMS = "stems"
# Names that the document gives in two scripts, as `index.pairs` writes them.
PAIRS = "pairs"
# What is counted for a whole result. Of a document that has several values, they stand between the separators.
COUNTED = ("day", "section", "author", "site", "publication")
VALUE_SEPARATOR, LABEL_SEPARATOR = "\x1f", "\x1e"


@dataclass(frozen=True)
class Record:
    """A document as it is indexed. `day` is the proleptic ordinal of its day in Korea."""

    id: str
    stored: bytes
    day: int | None
    keywords: Mapping[str, list[str]]
    tokens: Mapping[str, list[Token]]
    counted: Mapping[str, str] = field(default_factory=dict)


def record(document: Document, publications: Mapping[str, str]) -> Record:
    """*publications* maps ids to titles, so that an article is found by the title of what links to it."""
    # Not for a search, which learns nothing.
    from index.pairs import pair_terms

    headline, body = analyse(document.headline), analyse(document.body)
    keywords = {name: _unique(values) for name, values in _keywords(document, publications).items()}
    return Record(
        id=document.id,
        stored=zlib.compress(document.to_json().encode("utf-8", "surrogatepass")),
        day=korean_day(document.date_published),
        keywords={**keywords, PAIRS: pair_terms(document.headline, document.body)},
        tokens={
            "headline": headline.morphemes,
            "body": body.morphemes,
            BIGRAMS["headline"]: headline.bigrams + headline.starts,
            BIGRAMS["body"]: body.bigrams + body.starts,
            STEMS: headline.stems + body.stems,
        },
        counted=_counted(document),
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
    if field == "author":
        return fold_label(next(iter(parse_bylines(value)), value))  # 심서현 기자 is 심서현
    if field in ("section", "publication"):
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


def _counted(document: Document) -> dict[str, str]:
    day = korean_day(document.date_published)
    label = document.section.label if document.section else ""
    publications = [id.partition("/")[0] for id in issue_ids(document)]
    if document.publication is not None:
        publications.insert(0, document.publication.id)
    return {
        "day": str(day) if day else "",
        "section": f"{(document.section and document.section.id) or label}{LABEL_SEPARATOR}{label}" if label else "",
        "author": VALUE_SEPARATOR.join(_unique(document.authors)),
        "site": document.site or "",
        "publication": VALUE_SEPARATOR.join(_unique(publications)),
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
