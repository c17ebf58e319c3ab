"""What the pages show: the index and the archive in one folder, as they are at the moment."""

from collections.abc import Callable, Hashable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from starlette.responses import Response

from factpl_crawler.documents import Document
from factpl_crawler.store import IssueSummary, Store, StoreError
from factpl_crawler.text import KST
from index.aliases import FILE as ALIASES
from index.errors import SearchError
from index.meta import read_meta
from index.query import FieldQuery, Phrase, Query, QueryError, all_of, parse
from index.related import related
from index.search import Filters, Hit, Results, search, warnings
from index.trends import Trend, Unit, trends
from index.words import RisingWord, rising_words
from web.asked import Asked
from web.kept import Kept

FACETS = ("section", "author", "site", "publication", "year", "month", "kind")
# Bytes of what is kept: a page has some twenty thousand, the documents on it several times as many.
MOST_KEPT = 64_000_000
# What an object takes, and a name or a count in it.
_PIECE = 400
_WEEK = timedelta(days=7)
RISING = 12

Answer = TypeVar("Answer")


class Archive:
    """Raises `SearchError` where the index cannot answer, `StoreError` where the archive cannot."""

    def __init__(self, index_dir: Path, store_path: Path) -> None:
        self.index_dir = index_dir
        self.store_path = store_path
        self._kept = Kept(MOST_KEPT, _weight)
        self._store: Store | None = None
        self._file: tuple[int, int] | None = None
        self._lock = Lock()

    def close(self) -> None:
        if self._store:
            self._store.close()

    # --- The index ------------------------------------------------------------------------------------------------

    def search(
        self,
        asked: Asked,
        *,
        facets: Sequence[str] = FACETS,
        most_values: int | None = None,
        explain: bool = False,
        reread: bool = True,
    ) -> Results:
        """Raises `SearchError` and `QueryError`. An answer is kept until the index is another; its warnings are not."""

        def find() -> Results:
            return search(
                asked.q,
                index_dir=self.index_dir,
                filters=asked.filters,
                sort=asked.sort or None,
                limit=asked.limit,
                offset=asked.offset,
                explain=explain,
                facets=facets,
                most_values=most_values,
                collapse=True,
                exact=asked.exact,
                reread=reread,
            )

        # The filters too: 지난달 is another month one day.
        found = self._keep(("search", asked, asked.filters, tuple(facets), most_values, explain, reread), find)
        return found._replace(warnings=[*self.warnings(), *found.warnings])

    def label(self, facet: str, value: str) -> str:
        """Return what the whole archive prints for a *value* of a facet, or the value."""
        if facet not in FACETS:
            return value
        counts = self.search(Asked(limit=1), facets=(facet,)).facets[facet]
        return next((one.label for one in counts if one.value == value), value)

    def warnings(self) -> list[str]:
        return warnings(self.index_dir, self.store_path)

    def marking(self, text: str, within: Query) -> Query | None:
        """Return what *text* looks for in the documents of *within*, to be marked there."""

        def find() -> Query | None:
            hits = search(all_of([parse(text), within]), index_dir=self.index_dir, limit=1).hits
            return hits[0].query if hits else None

        try:
            return self._keep(("marking", text, within), find) if text.strip() else None
        except (QueryError, SearchError):
            return None

    def related(self, id: str, limit: int) -> list[Hit]:
        """Return none where there is nothing to go by."""
        try:
            return self._keep(("related", id, limit), lambda: related(id, index_dir=self.index_dir, limit=limit)).hits
        except SearchError:
            return []

    def trends(self, queries: Sequence[str], by: Unit, filters: Filters) -> list[Trend]:
        key = ("trends", tuple(queries), by, filters)
        return self._keep(key, lambda: trends(queries, index_dir=self.index_dir, by=by, filters=filters))

    def rising(self, filters: Filters, limit: int) -> list[RisingWord]:
        key = ("rising", filters, limit)
        return self._keep(key, lambda: rising_words(filters, index_dir=self.index_dir, limit=limit))

    def rising_lately(self) -> list[RisingWord]:
        """Return none where nothing is there to compare with."""
        try:
            return self.rising(Filters(since=self.last_week()), RISING)
        except SearchError:
            return []

    def last_week(self) -> date:
        """Return the first of the seven days that end with the newest document, or today."""
        today = datetime.now(KST).date()
        newest = self.search(Asked(limit=1), facets=()).hits
        day = newest[0].document.date_published if newest else None
        return min(today, date.fromisoformat(day[:10]) if day else today) - _WEEK + timedelta(days=1)

    def known_page(self, key: tuple[Hashable, ...]) -> Response | None:
        """Return the page that was made for *key*, if there is one still."""
        page: Response | None = self._kept.known(self._page_key(key))
        return page

    def keep_page(self, key: tuple[Hashable, ...], make: Callable[[], Response]) -> Response:
        """Return the page that was made for *key*, until the archive, its index or the day is another."""
        return self._kept.get(self._page_key(key), make)

    def _page_key(self, key: tuple[Hashable, ...]) -> tuple[Hashable, ...]:
        try:
            stamp = self.store.stamp()
        except StoreError:
            stamp = None
        return *self._of_now(), "page", stamp, datetime.now(KST).date(), *key

    def _keep(self, key: tuple[Hashable, ...], find: Callable[[], Answer]) -> Answer:
        return self._kept.get((*self._of_now(), *key), find)

    def _of_now(self) -> tuple[Hashable, ...]:
        """Return what an answer of the index depends on besides what was asked."""
        meta = read_meta(self.index_dir)
        built = (meta.folder, meta.built_at, meta.changed) if meta else None
        return built, ALIASES.stat().st_mtime_ns if ALIASES.exists() else None

    # --- The archive ----------------------------------------------------------------------------------------------

    @property
    def store(self) -> Store:
        """Where another file has come in its place, as after a restore, that one."""
        with self._lock:
            status = self.store_path.stat() if self.store_path.exists() else None
            file = (status.st_dev, status.st_ino) if status else None
            if self._store is None or file != self._file:
                self.close()
                self._store = None
                self._store, self._file = Store.open(self.store_path, create=False), file
            return self._store

    def issues(self) -> tuple[IssueSummary, ...]:
        """Return all issues, newest first."""
        store = self.store
        return self._kept.get(("issues", store.stamp()), lambda: tuple(store.issues()))

    def titles(self) -> dict[str, str]:
        """Return the publications' titles by id."""
        store = self.store
        return self._kept.get(("titles", store.stamp()), store.publications)


def within_issue(id: str) -> Query:
    return FieldQuery("issue", Phrase(id))


def within_document(id: str) -> Query:
    return FieldQuery("id", Phrase(id))


def _weight(key: Hashable, answer: Any) -> int:
    """Return about how many bytes are held, of what takes many."""
    return len(str(key)) + _weight_of(answer)


def _weight_of(answer: Any) -> int:
    match answer:
        case Results():
            return sum(map(_weight_of_hit, answer.hits)) + _PIECE * (1 + sum(map(len, answer.facets.values())))
        case list() | tuple():
            return _PIECE + sum(map(_weight_of, answer))
        case dict():
            return _PIECE * (1 + len(answer))
        case Trend():
            return _PIECE * (1 + len(answer.counts))
        case Response():
            return _PIECE + len(answer.body)
    return _PIECE + 4 * len(str(answer))


def _weight_of_hit(hit: Hit) -> int:
    # What is marked is not known yet, and a query may be long.
    return 20 * len(str(hit.query)) + sum(map(_weight_of_document, (hit.document, *hit.similar)))


def _weight_of_document(document: Document) -> int:
    texts = 6 * (len(document.headline) + len(document.body) + sum(map(len, document.captions)))
    return 10 * _PIECE + texts + _PIECE * (len(document.links) + len(document.linked_from))
