"""Where in the raw archive each response lies. Beside the files, and made again from them when it is lost."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from factpl_crawler.items import Listing

FILE_NAME = "captures.sqlite3"
VERSION = 1
BUSY_SECONDS = 30
UNUSABLE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


@dataclass(frozen=True)
class Purpose:
    """Why a page was asked for: `asked` is the address before any redirect, `parser` what read the answer."""

    kind: str
    asked: str
    publication: str | None = None
    article_id: str | None = None
    listing: Listing | None = None
    parser: str = ""

    def to_json(self) -> str:
        listing = vars(self.listing) if self.listing else None
        return json.dumps({**vars(self), "listing": listing}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        told = json.loads(text)
        listing = Listing(**told["listing"]) if told["listing"] else None
        return cls(**{**told, "listing": listing})


@dataclass(frozen=True)
class Capture:
    """A response in the raw archive. `whole`: the payload is here, and not in another record with the same digest."""

    file: str
    offset: int
    record_id: str
    date: str
    url: str
    status: int
    digest: str | None
    whole: bool
    purpose: Purpose | None = None


COLUMNS = tuple(field.name for field in fields(Capture))
SCHEMA = f"""
CREATE TABLE files (name TEXT PRIMARY KEY, size INTEGER NOT NULL);
CREATE TABLE captures ({", ".join(COLUMNS)}, kind TEXT);
CREATE INDEX captures_file ON captures (file);
CREATE INDEX captures_digest ON captures (digest) WHERE whole;
CREATE INDEX captures_url ON captures (url, date);
CREATE INDEX captures_kind ON captures (kind, date);
PRAGMA user_version = {VERSION};
"""


class Captures:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, folder: Path) -> Self:
        path = folder / FILE_NAME
        try:
            return cls(_connect(path))
        except sqlite3.DatabaseError as e:
            if getattr(e, "sqlite_errorcode", None) not in UNUSABLE:
                raise
        for file in folder.glob(f"{FILE_NAME}*"):
            file.unlink()
        return cls(_connect(path))

    def close(self) -> None:
        self._connection.close()

    def add(self, capture: Capture) -> None:
        self._insert([capture])

    def complete(self, name: str, size: int) -> None:
        """Note that all of a file is here."""
        self._connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?)", (name, size))

    def catch_up(
        self, open_files: Iterable[str], sizes: Mapping[str, int], read: Callable[[str], Iterable[Capture]]
    ) -> None:
        """Forget files that are gone, and *read* the complete ones that are not known as they are."""
        known = dict(self._connection.execute("SELECT name, size FROM files"))
        held = {name for (name,) in self._connection.execute("SELECT DISTINCT file FROM captures")} | known.keys()
        for name in held - sizes.keys() - set(open_files):
            self._forget(name)
        for name, size in sizes.items():
            if known.get(name) != size:
                found = list(read(name))
                with self._transaction():
                    self._forget(name)
                    self._insert(found)
                    self.complete(name, size)

    def whole(self, digest: str) -> Capture | None:
        """Return the first response that has the payload itself."""
        return next(self._select("whole AND digest = ? ORDER BY date, rowid LIMIT 1", digest), None)

    def newest(self, url: str) -> Capture | None:
        """Return the last response from *url* that had a page."""
        where = "url = ? AND status BETWEEN 200 AND 299 ORDER BY date DESC, rowid DESC LIMIT 1"
        return next(self._select(where, url), None)

    def of_kinds(self, *kinds: str) -> Iterator[Capture]:
        """Yield the responses that were asked for as one of *kinds*, newest first."""
        return self._select(f"kind IN ({', '.join('?' * len(kinds))}) ORDER BY date DESC, rowid DESC", *kinds)

    def publications(self) -> set[str]:
        """Return the ids of those that issues were asked for of."""
        publication = "json_extract(purpose, '$.publication')"
        rows = self._connection.execute(f"SELECT DISTINCT {publication} FROM captures WHERE kind = 'issue'")  # noqa: S608  # nosec B608 - our own names
        return {id for (id,) in rows if id}

    def all(self) -> Iterator[Capture]:
        return self._select("TRUE ORDER BY rowid")

    def _select(self, where: str, *values: str) -> Iterator[Capture]:
        rows = self._connection.execute(f"SELECT {', '.join(COLUMNS)} FROM captures WHERE {where}", values)  # noqa: S608  # nosec B608 - our own names
        for row in rows:
            told = dict(zip(COLUMNS, row, strict=True))
            purpose = Purpose.from_json(told["purpose"]) if told["purpose"] else None
            yield Capture(**{**told, "whole": bool(told["whole"]), "purpose": purpose})

    def _insert(self, captures: Iterable[Capture]) -> None:
        places = ", ".join("?" * (len(COLUMNS) + 1))
        self._connection.executemany(f"INSERT INTO captures VALUES ({places})", map(_row, captures))  # noqa: S608  # nosec B608 - our own names

    def _forget(self, name: str) -> None:
        self._connection.execute("DELETE FROM captures WHERE file = ?", (name,))
        self._connection.execute("DELETE FROM files WHERE name = ?", (name,))

    def _transaction(self) -> sqlite3.Connection:
        self._connection.execute("BEGIN IMMEDIATE")
        return self._connection


def _row(capture: Capture) -> tuple[Any, ...]:
    *others, purpose = (getattr(capture, name) for name in COLUMNS)
    return (*others, purpose.to_json() if purpose else None, purpose.kind if purpose else None)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        # What a power cut takes is read again from the files.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                connection.execute(f"DROP TABLE {name}")
            for statement in filter(str.strip, SCHEMA.split(";")):
                connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection
