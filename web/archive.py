"""What the pages show: the index and the archive in one folder, as they are at the moment."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from index.meta import read_meta
from index.search import Results, search
from web.asked import Asked

# Pages that readers come back to: the search they go on from, and what everybody looks for today.
KEPT_ANSWERS = 256
FACETS = ("section", "author", "site", "year")


@dataclass(frozen=True)
class _Key:
    asked: Asked
    facets: tuple[str, ...]
    explain: bool
    built: tuple[str, str, int] | None


class Archive:
    def __init__(self, index_dir: Path, store_path: Path) -> None:
        self.index_dir = index_dir
        self.store_path = store_path
        self._answers: OrderedDict[_Key, Results] = OrderedDict()
        self._lock = Lock()

    def search(self, asked: Asked, *, facets: Sequence[str] = FACETS, explain: bool = False) -> Results:
        """Raises `SearchError` and `QueryError`. An answer is kept until the index is another."""
        key = _Key(asked, tuple(facets), explain, self._built())
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]
        found = search(
            asked.q,
            index_dir=self.index_dir,
            store_path=self.store_path,
            filters=asked.filters,
            sort=asked.sort or None,
            limit=asked.limit,
            offset=asked.offset,
            explain=explain,
            facets=facets,
            collapse=True,
            exact=asked.exact,
        )
        with self._lock:
            self._answers[key] = found
            while len(self._answers) > KEPT_ANSWERS:
                self._answers.popitem(last=False)
        return found

    def _built(self) -> tuple[str, str, int] | None:
        meta = read_meta(self.index_dir)
        return (meta.folder, meta.built_at, meta.changed) if meta else None
