"""Documents to records: what is indexed of each, term by term."""

import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from factpl_crawler.documents import Document
from factpl_crawler.text import KST, fold_label
from index.korean import Token, analyse
from index.pairs import pair_terms
from index.schema import BIGRAMS, LABEL_SEPARATOR, LONGEST_TERM, PAIRS, STEMS, VALUE_SEPARATOR, fold_value, issue_ids


@dataclass(frozen=True)
class Record:
    """A document as it is indexed. `day` is the proleptic ordinal of its day in Korea.

    `terms` are the terms of each text, and of each term the positions, as the bytes of an array of `I`.
    """

    id: str
    stored: bytes
    day: int | None
    keywords: Mapping[str, list[str]]
    terms: Mapping[str, Mapping[str, bytes]]
    counted: Mapping[str, str] = field(default_factory=dict)


def record(document: Document, publications: Mapping[str, str]) -> Record:
    """*publications* maps ids to titles, so that an article is found by the title of what links to it."""
    headline, body = analyse(document.headline), analyse(document.body)
    keywords = {name: _unique(values) for name, values in _keywords(document, publications).items()}
    return Record(
        id=document.id,
        stored=zlib.compress(document.to_json().encode("utf-8", "surrogatepass")),
        day=korean_day(document.date_published),
        keywords={**keywords, PAIRS: pair_terms(document.headline, document.body)},
        terms={
            "headline": _placed(headline.morphemes),
            "body": _placed(body.morphemes),
            BIGRAMS["headline"]: _placed(headline.bigrams + headline.starts),
            BIGRAMS["body"]: _placed(body.bigrams + body.starts),
            STEMS: _placed(headline.stems + body.stems),
        },
        counted=_counted(document),
    )


def _placed(tokens: list[Token]) -> dict[str, bytes]:
    positions: dict[str, list[int]] = defaultdict(list)
    for token in tokens:
        positions[token.text[:LONGEST_TERM]].append(token.position)
    return {term: array("I", places).tobytes() for term, places in positions.items()}


def korean_day(moment: str | None) -> int | None:
    """The one place where a moment becomes a day: whatever its zone, the day it was in Korea."""
    if moment is None:
        return None
    parsed = datetime.fromisoformat(moment)
    return (parsed.astimezone(KST) if parsed.tzinfo else parsed).toordinal()


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
        "url": [fold_value("url", document.url)] if document.url else [],
        "keyword": [fold_value("keyword", word) for word in document.keywords],
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
        "kind": document.kind,
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
