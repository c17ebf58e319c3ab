"""What the front ends know: `search()` and what it returns."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from factpl_crawler.documents import Document
from factpl_crawler.stamp import read_stamp
from index.errors import IndexBroken, IndexLocked, IndexMismatch, NoIndexError, SearchError
from index.meta import Meta, read_meta
from index.query import FieldQuery, Phrase, Query, QueryError, Range, all_of, any_of, parse, wanted
from index.schema import TEXTS, issue_ids, stored_document

if TYPE_CHECKING:
    from index.whoosh_engine import Found, Reader

__all__ = [
    "Filters",
    "Highlight",
    "Hit",
    "IndexBroken",
    "IndexLocked",
    "IndexMismatch",
    "NoIndexError",
    "QueryError",
    "Results",
    "SearchError",
    "search",
    "search_ids",
]

Sort = Literal["score", "date"]


@dataclass(frozen=True)
class Filters:
    """Of one filter's values any will do; of the filters, all must. Days are Korea's, both included."""

    since: date | None = None
    until: date | None = None
    section: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    site: tuple[str, ...] = ()
    issue: tuple[str, ...] = ()
    publication: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()

    def narrow(self, query: Query) -> Query:
        parts = [query]
        if self.since or self.until:
            parts.append(Range("date", self.since, self.until))
        for field in ("section", "author", "site", "issue", "publication", "kind"):
            values: tuple[str, ...] = getattr(self, field)
            if values:
                parts.append(any_of([FieldQuery(field, Phrase(value)) for value in values]))
        return all_of(parts)


@dataclass(frozen=True)
class Highlight:
    """Code points `start:end` of the document's headline or body."""

    field: str
    start: int
    end: int


@dataclass(frozen=True)
class Hit:
    """`issues` are the ids of the issues that contain the document or lead to it."""

    document: Document
    score: float
    highlights: tuple[Highlight, ...]
    issues: tuple[str, ...]
    explanation: dict[str, float] | None


@dataclass(frozen=True)
class Results:
    """One page of *total* hits; `query` is the query as it was understood."""

    hits: list[Hit]
    total: int
    query: str
    warnings: list[str]
    seconds: float


def search(
    text: str,
    *,
    index_dir: Path,
    store_path: Path | None = None,
    filters: Filters = Filters(),
    sort: Sort | None = None,
    limit: int = 10,
    offset: int = 0,
    explain: bool = False,
) -> Results:
    """Return the best hits first, or the newest where there are no words to be good at.

    Raises QueryError and SearchError. With *store_path*, an index older than the archive is warned of.
    """
    started = perf_counter()
    query = filters.narrow(parse(text))
    with _opened(index_dir) as (reader, meta):
        found, total = reader.search(query, sort or _natural_sort(query), limit, offset, explain=explain)
    hits = [_hit(one, query) for one in found]
    return Results(hits, total, str(query), _warnings(meta, store_path), perf_counter() - started)


def search_ids(text: str, *, index_dir: Path, filters: Filters = Filters()) -> Iterator[str]:
    """Yield the id of every document that matches, in no particular order."""
    query = filters.narrow(parse(text))
    with _opened(index_dir) as (reader, _):
        yield from reader.ids(query)


def _natural_sort(query: Query) -> Sort:
    return "score" if any(field in (None, *TEXTS) for field, _ in wanted(query)) else "date"


@contextmanager
def _opened(index_dir: Path) -> "Iterator[tuple[Reader, Meta]]":
    meta = _checked_meta(index_dir)
    # Here, so that a search that cannot be answered does not load the engine.
    from index.whoosh_engine import Reader

    try:
        reader = Reader(index_dir / meta.folder)
    except IndexBroken:
        if (newer := _checked_meta(index_dir)) == meta:
            raise
        # A rebuilt index was swapped in meanwhile.
        meta, reader = newer, Reader(index_dir / newer.folder)
    with reader:
        yield reader, meta


def _checked_meta(index_dir: Path) -> Meta:
    meta = read_meta(index_dir)
    if meta is None:
        raise NoIndexError(index_dir)
    if not meta.is_ours:
        raise IndexMismatch(index_dir)
    return meta


def _warnings(meta: Meta, store_path: Path | None) -> list[str]:
    stamp = read_stamp(store_path) if store_path else None
    if stamp is None or (stamp.store_id, stamp.changed) == (meta.store_id, meta.changed):
        return []
    return [f"The archive has changed since the index was built ({meta.built_at}). Run: search_cli.py index"]


def _hit(found: "Found", query: Query) -> Hit:
    from index.highlights import spans

    document = stored_document(found.stored)
    highlights = tuple(
        Highlight(field, start, end)
        for field, text in (("headline", document.headline), ("body", document.body))
        for start, end in spans(query, field, text)
    )
    return Hit(document, found.score, highlights, issue_ids(document), found.explanation)
