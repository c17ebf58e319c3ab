"""Documents to an index: what changed since the last build, or all of it aside and swapped in."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Protocol

from factpl_crawler.documents import Document
from factpl_crawler.paths import PRIVATE_UMASK, private_folder
from factpl_crawler.stamp import Stamp
from factpl_crawler.text import KST
from index.aliases import LEARNT
from index.errors import IndexBroken, IndexLocked
from index.korean import ANALYSIS_VERSION
from index.learning import write_learnt
from index.meta import Meta, read_meta, write_meta
from index.records import Record
from index.schema import PAIRS, SCHEMA_VERSION, STEMS
from index.spelling import WORDS, write_words
from index.whoosh_engine import Reader, Writer
from index.workers import records

BATCH = 2_000
_LOCK = "lock"

Progress = Callable[[int], None]


class Source(Protocol):
    """The store, as far as an index needs it."""

    def documents(self, ids: Iterable[str] | None = None, *, changed_after: int = 0) -> Iterator[Document]: ...

    def removed(self, changed_after: int) -> list[str]: ...

    def publications(self) -> dict[str, str]: ...

    def stamp(self) -> Stamp: ...


@dataclass(frozen=True)
class BuildReport:
    """`rebuilt` says why everything was indexed, or is None when only what changed was."""

    added: int
    removed: int
    total: int
    seconds: float
    rebuilt: str | None = None

    def __str__(self) -> str:
        why = f", rebuilt: {self.rebuilt}" if self.rebuilt else ""
        return f"{self.added} indexed, {self.removed} removed, {self.total} in all, {self.seconds:.1f} s{why}"


def build(source: Source, index_dir: Path, *, rebuild: bool = False, progress: Progress | None = None) -> BuildReport:
    """Bring the index up to date; *progress* is told how many documents have been indexed.

    Raises IndexLocked when another process is at it.
    """
    started = monotonic()
    with _locked(index_dir):
        # Before the documents are read: what changes meanwhile is indexed twice rather than never.
        stamp = source.stamp()
        meta, reason = _usable(source, stamp, index_dir)
        if rebuild:
            meta, reason = None, "as asked"
        _delete_unused(index_dir)
        work = _Build(source, stamp, index_dir, progress or (lambda _: None))
        try:
            meta, added, removed = work.update(meta) if meta else work.everything()
        except Exception:  # damage shows in any way; what is none fails again below
            if meta is None:
                raise
            reason = "it could not be read"
            meta, added, removed = work.everything()
        _delete_unused(index_dir)
    return BuildReport(added, removed, meta.documents, monotonic() - started, reason)


def _usable(source: Source, stamp: Stamp, index_dir: Path) -> tuple[Meta | None, str | None]:
    """Return the index that can be brought up to date, or why there is none."""
    try:
        meta = read_meta(index_dir)
    except IndexBroken:
        return None, "it could not be read"
    if meta is None:
        return None, "there was none"
    titles = source.publications()
    if not meta.is_ours:
        return None, "it was made by another version of the program or its dictionary"
    if meta.store_id != stamp.store_id or meta.changed > stamp.changed:
        return None, "it was made of another archive"
    if any(titles.get(id) != title for id, title in meta.publications.items()):
        return None, "a publication has another title"
    return meta, None


class _Build:
    def __init__(self, source: Source, stamp: Stamp, index_dir: Path, progress: Progress) -> None:
        self.source = source
        self.stamp = stamp
        self.index_dir = index_dir
        self.progress = progress
        self.titles = source.publications()

    def everything(self) -> tuple[Meta, int, int]:
        folder = Path(tempfile.mkdtemp(prefix="built-", dir=self.index_dir))
        writer = Writer(folder, create=True)
        added = self._write(writer, self.source.documents(), replace=False)
        writer.merge(whatever=True)
        _learn(writer, folder)
        return self._finish(folder.name, writer.count()), added, 0

    def update(self, meta: Meta) -> tuple[Meta, int, int]:
        # Raises IndexBroken for what a power cut left empty: a writer opens only the list of the segments.
        with Reader(folder := self.index_dir / meta.folder):
            pass
        if missing := [name for name in (LEARNT, WORDS) if not (folder / name).exists()]:
            raise IndexBroken(folder, f"{missing[0]} is missing")
        if meta.changed == self.stamp.changed:
            return meta, 0, 0
        writer = Writer(self.index_dir / meta.folder)
        gone = self.source.removed(meta.changed)
        removed = writer.write([], gone) if gone else 0
        added = self._write(writer, self.source.documents(changed_after=meta.changed), replace=True)
        writer.merge()
        _learn(writer, self.index_dir / meta.folder)
        return self._finish(meta.folder, writer.count()), added, removed

    def _write(self, writer: Writer, documents: Iterator[Document], *, replace: bool) -> int:
        added = 0
        with closing(records(documents, self.titles)) as made:
            for batch in _batches(made):
                writer.write(batch, replace=replace)
                added += len(batch)
                self.progress(added)
        return added

    def _finish(self, folder: str, documents: int) -> Meta:
        meta = Meta(
            schema_version=SCHEMA_VERSION,
            analysis_version=ANALYSIS_VERSION,
            store_id=self.stamp.store_id,
            changed=self.stamp.changed,
            publications=self.titles,
            built_at=datetime.now(KST).isoformat(timespec="seconds"),
            documents=documents,
            folder=folder,
        )
        write_meta(self.index_dir, meta)
        return meta


def _learn(writer: Writer, folder: Path) -> None:
    """Write what is known of the documents together. The index counts it, so an update need not read them all again."""
    write_learnt(folder, writer.terms(PAIRS))
    write_words(folder, writer.terms(STEMS))


def _batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    while batch := list(islice(records, BATCH)):
        yield batch


@contextmanager
def _locked(index_dir: Path) -> Iterator[None]:
    private_folder(index_dir)
    before = os.umask(PRIVATE_UMASK)
    try:
        with (index_dir / _LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as e:
                raise IndexLocked(index_dir) from e
            yield
    finally:
        os.umask(before)


def _delete_unused(index_dir: Path) -> None:
    """Delete what builds that did not finish, or that have been replaced, left behind."""
    try:
        meta = read_meta(index_dir)
    except IndexBroken:
        meta = None
    for folder in index_dir.glob("built-*"):
        if meta is None or folder.name != meta.folder:
            shutil.rmtree(folder)
