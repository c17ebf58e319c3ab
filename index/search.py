"""What the front ends know: `search()` and what it returns."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal, NamedTuple

from factpl_crawler.documents import Document
from factpl_crawler.stamp import read_stamp
from index.aliases import Alias, Aliases, read_aliases
from index.errors import AliasesBroken, IndexBroken, IndexLocked, IndexMismatch, NoIndexError, SearchError
from index.facets import FACETS, FacetCount, count_facets
from index.korean import strip_particle
from index.meta import Meta, read_meta
from index.query import FieldQuery, Phrase, Query, QueryError, Range, Word, all_of, any_of, parse, wanted
from index.reading import Correction, Reading, doubted, expand, explained, forms_of, read_again
from index.schema import STEMS, TEXTS, issue_ids, stored_document
from index.spelling import Vocabulary

if TYPE_CHECKING:
    from index.highlights import Marking
    from index.snippets import Snippet
    from index.whoosh_engine import Found, Reader

__all__ = [
    "FACETS",
    "Alias",
    "AliasesBroken",
    "Correction",
    "FacetCount",
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
    "known_aliases",
    "search",
    "search_ids",
    "warnings",
]

Sort = Literal["score", "date"]

# So many characters of a page's texts are looked through for what to mark, and fewer for many words: a search has no
# time for more.
MARKED_CHARACTERS, _MANY_WORDS = 150_000, 16
# Of what has some of the words, so many say which they lack.
MOST_TOLD = 100
# Of the scores of a page, so many are explained of one word, and fewer of many.
MOST_EXPLAINED = 10_000


class Filters(NamedTuple):
    """Of one filter's values any will do; of the filters, all must. Days are Korea's, both included."""

    since: date | None = None
    until: date | None = None
    section: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    site: tuple[str, ...] = ()
    issue: tuple[str, ...] = ()
    publication: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()

    @property
    def by_facet(self) -> dict[str, tuple[str, ...]]:
        """Return the values of those filters that are facets too."""
        return {name: getattr(self, name) for name in ("section", "author", "site", "publication", "kind")}

    def narrow(self, query: Query) -> Query:
        parts = [query]
        if self.since or self.until:
            parts.append(Range("date", self.since, self.until))
        for field in ("section", "author", "site", "issue", "publication", "kind"):
            values: tuple[str, ...] = getattr(self, field)
            if values:
                parts.append(any_of([FieldQuery(field, Phrase(value)) for value in values]))
        return all_of(parts)


NO_FILTERS = Filters()


@dataclass(frozen=True)
class Highlight:
    """Code points `start:end` of the document's headline or body."""

    field: str
    start: int
    end: int


@dataclass(frozen=True)
class Hit:
    """`issues` are the ids of the issues that contain the document or lead to it.

    `similar` are documents of the same page that say the same and are not hits of their own. `explanation` is the
    score by field and word. `query` is what found it, to be marked in so many first `characters` of a text. `lacks` are
    the words that it does not have, where not all had to be there.
    """

    document: Document
    score: float
    issues: tuple[str, ...]
    explanation: dict[str, float] | None
    query: Query
    characters: int
    similar: tuple[Document, ...] = ()
    lacks: tuple[str, ...] = ()

    # Found when they are asked for, as that takes longer than to find the document.
    @cached_property
    def highlights(self) -> tuple[Highlight, ...]:
        return *self.headline_highlights, *self._highlights(self._marking("body"))

    @cached_property
    def headline_highlights(self) -> tuple[Highlight, ...]:
        return self._highlights(self._marking("headline"))

    def snippet(self, width: int) -> "Snippet":
        """Return about *width* characters of the body, with the most of what was found in it."""
        from index.snippets import best_snippet

        return best_snippet(self.document.body, self._marking("body"), width)

    def _marking(self, field: Literal["headline", "body"]) -> "Marking":
        from index.highlights import Marking

        text: str = getattr(self.document, field)
        return Marking(self.query, field, text[: self.characters])

    @staticmethod
    def _highlights(marking: "Marking") -> tuple[Highlight, ...]:
        return tuple(Highlight(marking.field, start, end) for start, end in marking.spans())


class Results(NamedTuple):
    """One page of *total* documents; `query` is the query as it was understood.

    Where nothing was found as typed, `correction` says what was searched for in its place, `partial` that documents
    with some of the words are shown, `complete` how many have them all, `dropped` which words the best of them lacks,
    and `suggestions` what to try.
    `reading` says, when an explanation was asked for, what each word looks for.
    `facets` count the documents of all pages; `publications` are titles by id.
    """

    hits: list[Hit]
    total: int
    query: str
    warnings: list[str]
    seconds: float
    facets: Mapping[str, list[FacetCount]]
    publications: Mapping[str, str]
    correction: Correction | None = None
    partial: bool = False
    complete: int = 0
    dropped: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    reading: tuple[str, ...] = ()


def search(
    text: str | Query,
    *,
    index_dir: Path,
    store_path: Path | None = None,
    filters: Filters = NO_FILTERS,
    sort: Sort | None = None,
    limit: int = 10,
    offset: int = 0,
    explain: bool = False,
    facets: Sequence[str] = (),
    most_values: int | None = None,
    collapse: bool = False,
    exact: bool = False,
    aliases: bool = True,
    reread: bool = True,
) -> Results:
    """Return the best hits first, or the newest where there are no words to be good at; *text* is as typed, or a tree.

    Raises QueryError and SearchError. With *store_path*, an index older than the archive is warned of. *facets* are
    some of FACETS; with *most_values*, each has so many and those filtered by. With *collapse*, the page has fewer hits
    than *limit* where documents say the same. Without *aliases*, words are not found by their other names; without
    *reread*, nothing is read in another way where nothing was found; *exact* is both.
    """
    started = perf_counter()
    typed = parse(text) if isinstance(text, str) else text
    with opened(index_dir) as (reader, meta):
        asked = AskedIndex(reader, index_dir / meta.folder, filters, aliases=aliases, exact=exact)
        page = _Page(sort, limit, offset, explain)
        reading, query = Reading(typed), asked.narrowed(typed)
        found, total = page.of(reader, query)
        reread = reread and not exact
        if reread and (again := read_again(typed, total, asked)) != reading:
            reading, query = again, asked.narrowed(again.query)
            found, total = page.of(reader, query)
        if total and reread:
            reading = doubted(reading, typed, asked)
        explanation = tuple(explained(reading.query, asked.aliases, asked.forms)) if explain else ()
        counted = count_facets(reader, query, facets, meta.publications, most=most_values, kept=filters.by_facet)
        hits, left_out = _hits(found, query, explain=explain)
        hits = asked.told_of_lacking(hits, reading)
        dropped = hits[0].lacks if hits and page.begins_with_best(query) else asked.dropped(reading)
    return Results(
        hits=_collapsed(hits) if collapse else hits,
        total=total,
        query=str(filters.narrow(reading.query)),
        warnings=[*_warnings(meta, store_path), *left_out],
        seconds=perf_counter() - started,
        facets=counted,
        publications=meta.publications,
        correction=reading.correction,
        partial=bool(reading.optional),
        complete=reading.complete,
        dropped=dropped,
        suggestions=reading.suggestions,
        reading=explanation,
    )


def search_ids(
    text: str, *, index_dir: Path, filters: Filters = NO_FILTERS, exact: bool = False, aliases: bool = True
) -> Iterator[str]:
    """Yield the id of every document that matches what was typed, in no particular order."""
    with opened(index_dir) as (reader, meta):
        asked = AskedIndex(reader, index_dir / meta.folder, filters, aliases=aliases, exact=exact)
        yield from reader.ids(asked.narrowed(parse(text)))


def known_aliases(word: str = "", *, index_dir: Path) -> list[Alias]:
    """Return the names that mean the same: all, or those of *word*."""
    known = read_aliases(index_dir / _checked_meta(index_dir).folder)
    return (known.of(word) or known.of(strip_particle(word))) if word else known.known


class _Page(NamedTuple):
    sort: Sort | None
    limit: int
    offset: int
    explain: bool

    def of(self, reader: "Reader", query: Query) -> "tuple[list[Found], int]":
        explained = MOST_EXPLAINED // _words(query) if self.explain else 0
        return reader.search(query, self._sort(query), self.limit, self.offset, explain=explained)

    def begins_with_best(self, query: Query) -> bool:
        return not self.offset and self._sort(query) == "score"

    def _sort(self, query: Query) -> Sort:
        return self.sort or ("score" if _has_words(query) else "date")


class AskedIndex:
    """An open index with its words and the filters of a search."""

    def __init__(self, reader: "Reader", folder: Path, filters: Filters, *, aliases: bool, exact: bool = False) -> None:
        self.vocabulary = Vocabulary(folder)
        self.aliases = read_aliases(folder) if aliases and not exact else Aliases()
        self._reader = reader
        self._filters = filters
        self._is_exact = exact

    def narrowed(self, query: Query) -> Query:
        return self._filters.narrow(self.expanded(query))

    def knows(self, query: Query) -> bool:
        return bool(self.matches(self.expanded(query)))

    def count(self, query: Query) -> int:
        return self.matches(self.narrowed(query))

    def matches(self, query: Query) -> int:
        return self._reader.search(query, "date", 0, 0)[1]

    def forms(self, text: str) -> list[Word | Phrase]:
        return [] if self._is_exact else forms_of(text, self)

    def expanded(self, query: Query) -> Query:
        return expand(query, self.aliases, self.forms)

    def frequencies(self, words: Iterable[str]) -> Mapping[str, int]:
        return self._reader.frequencies(STEMS, words)

    def noun_frequency(self, word: str) -> int:
        return max(self._reader.frequencies(field, [word])[word] for field in TEXTS)

    def dropped(self, reading: Reading) -> tuple[str, ...]:
        """Return the words that even the best document lacks."""
        if not reading.optional:
            return ()
        best, _ = self._reader.search(self.narrowed(reading.query), "score", 1, 0)
        return self._lacking(reading, [stored_document(best[0].stored).id])[0]

    def told_of_lacking(self, hits: list[Hit], reading: Reading) -> list[Hit]:
        """Return *hits*, of which the first say which words they lack."""
        if not reading.optional:
            return hits
        first = hits[:MOST_TOLD]
        lacking = self._lacking(reading, [hit.document.id for hit in first])
        return [replace(hit, lacks=lacks) for hit, lacks in zip(first, lacking, strict=True)] + hits[MOST_TOLD:]

    def _lacking(self, reading: Reading, ids: Sequence[str]) -> list[tuple[str, ...]]:
        these = any_of([FieldQuery("id", Phrase(id)) for id in ids])

        def having(*words: Word | Phrase) -> set[str]:
            return {*self._reader.ids(all_of([self.expanded(all_of([*words])), these]))}

        # Words side by side may be one name, and stand there as another.
        whole, of_each = having(*reading.optional), {word.text: having(word) for word in reading.optional}
        return [() if id in whole else tuple(text for text, ids in of_each.items() if id not in ids) for id in ids]


def _has_words(query: Query) -> bool:
    return any(field in (None, *TEXTS) for field, _ in wanted(query))


# Between two looks at it, a build takes away what it has merged, and a rebuild what it has replaced.
_TRIES = 5
# A search has a reader to itself. When it is done, the next one takes it over, with all that it has read.
_MOST_IDLE = 4
_idle: "deque[tuple[tuple[Path, Meta], Reader]]" = deque(maxlen=_MOST_IDLE)


@contextmanager
def opened(index_dir: Path) -> "Iterator[tuple[Reader, Meta]]":
    folder, meta = index_dir.resolve(), _checked_meta(index_dir)
    reader = _idle_reader(folder, meta)
    if reader is None:
        reader, meta = _opened(index_dir, meta)
    is_sound = True
    try:
        yield reader, meta
    except IndexBroken:
        is_sound = False
        raise
    finally:
        if is_sound:
            _idle.append(((folder, meta), reader))


def _idle_reader(folder: Path, meta: Meta) -> "Reader | None":
    """Return a reader that nobody uses. What is not current any more is closed, as nobody reads it."""
    found = None
    for _ in range(len(_idle)):
        try:
            key, reader = _idle.pop()
        except IndexError:  # another thread was faster
            break
        if found is None and key == (folder, meta):
            found = reader
        elif key[0] != folder or key[1] == meta:
            _idle.appendleft((key, reader))
    return found


def _opened(index_dir: Path, meta: Meta) -> "tuple[Reader, Meta]":
    # Here, so that a search that cannot be answered does not load the engine.
    from index.whoosh_engine import Reader

    for _ in range(_TRIES - 1):
        try:
            return Reader(index_dir / meta.folder), meta
        except IndexBroken:
            meta = _checked_meta(index_dir)
    return Reader(index_dir / meta.folder), meta


def _checked_meta(index_dir: Path) -> Meta:
    meta = read_meta(index_dir)
    if meta is None:
        raise NoIndexError(index_dir)
    if not meta.is_ours:
        raise IndexMismatch(index_dir)
    return meta


def warnings(index_dir: Path, store_path: Path) -> list[str]:
    """Return what is to be said of an index before it answers: that the archive has changed since it was built."""
    return _warnings(_checked_meta(index_dir), store_path)


def _warnings(meta: Meta, store_path: Path | None) -> list[str]:
    stamp = read_stamp(store_path) if store_path else None
    if stamp is None or (stamp.store_id, stamp.changed) == (meta.store_id, meta.changed):
        return []
    return [f"The archive has changed since the index was built ({meta.built_at}). Run: search_cli.py index"]


def _collapsed(hits: list[Hit]) -> list[Hit]:
    from index.duplicates import groups

    return [
        replace(hits[best], similar=tuple(hits[other].document for other in others))
        for best, *others in groups([hit.document for hit in hits])
    ]


def _hits(found: "list[Found]", query: Query, *, explain: bool) -> tuple[list[Hit], list[str]]:
    """Return the hits, and a warning where not all of them are marked in all of their texts, or explained."""
    hits: list[Hit] = []
    left = most = MARKED_CHARACTERS // (1 + _words(query) // _MANY_WORDS)
    for one in found:
        document = stored_document(one.stored)
        hits.append(_hit(document, one, query, max(0, left)))
        left -= len(document.headline) + len(document.body)
    told = []
    if left < 0 and _has_words(query):
        told.append(f"What was found is marked in the first {most:,} characters of this page. Ask for fewer documents")
    if explain and (explained := sum(hit.explanation is not None for hit in hits)) < len(hits):
        told.append(f"The scores of the first {explained:,} documents are explained. Ask for fewer")
    return hits, told


def _words(query: Query) -> int:
    return sum(1 for _ in wanted(query)) or 1


def _hit(document: Document, found: "Found", query: Query, characters: int) -> Hit:
    explanation = None
    if found.explanation is not None:
        from index.explanation import readable

        explanation = readable(found.explanation, query)
    return Hit(document, found.score, issue_ids(document), explanation, query, characters)
