"""The raw archive: every response as it came, in WARC 1.1, one file a night. See docs/data.md.

A file is named `….warc.gz.open` until it is complete, and never written to afterwards. Who writes one holds a lock on
it, so that an open file without a lock is one that a crash left behind.
"""

import fcntl
import os
import re
import shutil
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Self

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.utils import Digester
from warcio.warcwriter import WARCWriter

from factpl_crawler.captures import Capture, Captures, Purpose
from factpl_crawler.clock import now

SUFFIX, OPEN, TORN = ".warc.gz", ".open", ".torn"
NAME = re.compile(r"\w[\w.+-]{0,99}")
CHUNK = 16 * 1024
HTTP = "HTTP/1.1"
NOT_MODIFIED = 304
SERVER_NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
INFO = {
    "software": "factpl",
    "format": "WARC File Format 1.1",
    "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
    "description": "Without cookies, credentials, and what in addresses names a reader or tracks one",
}

Headers = Sequence[tuple[str, str]]


class WarcError(Exception):
    """The raw archive cannot be used; the message says which file and why."""


@dataclass(frozen=True)
class Exchange:
    """A request and its answer, with nothing in them that may not be kept. `body` is compressed as it came."""

    url: str
    purpose: Purpose
    status: int
    headers: Headers
    body: bytes
    target: str = "/"
    request_headers: Headers = ()
    method: str = "GET"
    ip_address: str | None = None


class RawArchive:
    """Where the responses of a night go. Its file is opened by the first of them, and is complete after `close`."""

    def __init__(self, folder: Path, night: str) -> None:
        """Raise `WarcError`. `repaired` says what was done about files that a crash left behind."""
        if not NAME.fullmatch(night):
            raise WarcError(f"the night's name {night!r} is no name of a file: use letters, digits, '-', '.' and '_'")
        self.folder = folder
        self.night = night
        self._file: _NightFile | None = None
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.repaired = repair_all(folder)
            self._captures: Captures | None = open_captures(folder)
        except (OSError, sqlite3.Error) as e:
            raise WarcError(f"the raw archive {folder} cannot be used: {_said(e)}") from e

    def __deepcopy__(self, memo: object) -> Self:
        # Each crawl of a process gets a copy of the settings.
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, exchange: Exchange) -> None:
        """Return when it is on the disk. Raise `WarcError` when it cannot be, and leave no part of it."""
        try:
            captures = self._captures = self._captures or Captures.open(self.folder)
            file = self._file = self._file or _NightFile(self.folder, self.night)
            capture, records = _records(exchange, captures)
            offset = file.append(records)
            file.indexed = False
            captures.add(replace(capture, file=file.name, offset=offset))
            file.indexed = True
        except (OSError, sqlite3.Error) as e:
            raise WarcError(f"the raw archive cannot be written: {_said(e)}") from e

    def close(self) -> None:
        """Complete the file. What still comes goes into another."""
        file, captures = self._file, self._captures
        self._file = self._captures = None
        try:
            size = file.complete() if file else 0
            if file and captures and file.indexed:
                captures.complete(file.name, size)
        except (OSError, sqlite3.Error) as e:
            raise WarcError(f"the raw archive cannot be written: {_said(e)}") from e
        finally:
            if captures:
                captures.close()


# --- Records ------------------------------------------------------------------------------------------------------


class _Builder(WARCWriter):  # type: ignore[misc]  # warcio has no types
    @staticmethod
    def _create_digester() -> Any:
        # Strangers choose what is hashed, and of SHA-1 they can make two pages with one digest.
        return Digester("sha256")


def _info_record(file_name: str) -> bytes:
    out = BytesIO()
    builder = _Builder(out, warc_version="WARC/1.1")
    record = builder.create_warcinfo_record(file_name, INFO)
    record.rec_headers.replace_header("WARC-Date", _date(now()))
    builder.write_record(record)
    return out.getvalue()


def _records(exchange: Exchange, captures: Captures) -> tuple[Capture, bytes]:
    """Return the records of an exchange, the answer first, and what they hold; their place is still to be told."""
    out, date = BytesIO(), _date(now())
    builder = _Builder(out, warc_version="WARC/1.1")
    answer, whole = _answer(builder, exchange, captures, {"WARC-Date": date})
    get = answer.rec_headers.get_header
    beside = {"WARC-Date": date, "WARC-Concurrent-To": get("WARC-Record-ID")}
    head = StatusAndHeaders(f"{exchange.method} {exchange.target} {HTTP}", list(exchange.request_headers))
    request = builder.create_warc_record(exchange.url, "request", warc_headers_dict=beside, http_headers=head)
    told = exchange.purpose.to_json().encode()
    purpose = builder.create_warc_record(
        exchange.url, "metadata", BytesIO(told), len(told), "application/json", warc_headers_dict=beside
    )
    for record in (answer, request, purpose):
        builder.write_record(record)
    id, digest = get("WARC-Record-ID"), get("WARC-Payload-Digest")
    capture = Capture("", 0, id, date, exchange.url, exchange.status, digest, whole, exchange.purpose)
    return capture, out.getvalue()


def _answer(builder: _Builder, exchange: Exchange, captures: Captures, about: dict[str, str]) -> tuple[Any, bool]:
    """Return a response, or a revisit of one that is known, and whether the payload is in it."""
    if exchange.ip_address:
        about = about | {"WARC-IP-Address": exchange.ip_address}
    url, body = exchange.url, exchange.body
    head = StatusAndHeaders(_status_line(exchange.status), list(exchange.headers), HTTP)
    if exchange.status == NOT_MODIFIED and (known := captures.newest(url)):
        about = about | _refers_to(known) | {"WARC-Profile": SERVER_NOT_MODIFIED}
        return builder.create_warc_record(url, "revisit", http_headers=head, warc_headers_dict=about), False
    record = builder.create_warc_record(
        url, "response", BytesIO(body), len(body), http_headers=head, warc_headers_dict=about
    )
    digest = record.rec_headers.get_header("WARC-Payload-Digest")
    if not body or not (known := captures.whole(digest)):
        return record, True
    about = about | {"WARC-Refers-To": known.record_id}
    return builder.create_revisit_record(url, digest, known.url, known.date, head, about), False


def _refers_to(known: Capture) -> dict[str, str]:
    refers = {
        "WARC-Refers-To": known.record_id,
        "WARC-Refers-To-Target-URI": known.url,
        "WARC-Refers-To-Date": known.date,
    }
    return refers | ({"WARC-Payload-Digest": known.digest} if known.digest else {})


def _status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:  # the site's own
        return f"{status} Unknown"


def _date(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _said(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


# --- Files --------------------------------------------------------------------------------------------------------


class _NightFile:
    """`name` is the one it will have."""

    def __init__(self, folder: Path, night: str) -> None:
        self.indexed = True
        self._fd, self.path = _create(folder, night)
        self.name = self.path.name.removesuffix(OPEN)
        self.size = 0
        try:
            self.append(_info_record(self.name))
        except BaseException:
            self.path.unlink()
            os.close(self._fd)
            raise

    def append(self, data: bytes) -> int:
        """Write *data* to the disk, all of it or nothing, and return where it begins."""
        begin, left = self.size, memoryview(data)
        try:
            while left:
                left = left[os.write(self._fd, left) :]
            os.fdatasync(self._fd)
        except BaseException:
            os.ftruncate(self._fd, begin)
            raise
        self.size += len(data)
        return begin

    def complete(self) -> int:
        self.path.rename(self.path.with_name(self.name))
        _sync(self.path.parent)
        os.close(self._fd)
        return self.size


def _create(folder: Path, night: str) -> tuple[int, Path]:
    """Make an open file that is locked, under the first name that is free."""
    number = 0
    while True:
        number += 1
        complete = folder / f"{night}{f'-{number}' if number > 1 else ''}{SUFFIX}"
        path = complete.with_name(complete.name + OPEN)
        if complete.exists():
            continue
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except FileExistsError:
            continue
        # Between the two, another process may have completed a file of that name, or have taken this for a crash's.
        if _lock(fd) and _is_at(fd, path):
            if not complete.exists():
                return fd, path
            path.unlink()
        os.close(fd)


def _lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(fd: int, path: Path) -> bool:
    return path.exists() and os.path.samestat(os.fstat(fd), path.stat())


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def repair_all(folder: Path) -> list[str]:
    """Complete what a crash left open, and say of each file what was done."""
    left_open = sorted(folder.glob(f"*{SUFFIX}{OPEN}"))
    with suppress(FileNotFoundError):  # completed meanwhile by who wrote it
        return [said for path in left_open if (said := repair(path))]
    return repair_all(folder)


def repair(path: Path) -> str | None:
    """Complete an open file that nobody writes: its complete records stay, the torn rest is moved aside."""
    with path.open("r+b") as file:
        if not _lock(file.fileno()) or not _is_at(file.fileno(), path):
            return None
        end, size = complete_until(file), file.seek(0, os.SEEK_END)
        complete = path.with_name(path.name.removesuffix(OPEN))
        said = f"{complete.name} was left open by a crash and is complete now"
        if end < size:
            torn = complete.with_name(complete.name + TORN)
            _keep_rest(file, end, torn)
            said += f"; the last {size - end} bytes were no complete record and lie in {torn.name}"
        if end:
            path.rename(complete)
        else:
            said = said.replace("complete now", "removed: it had no complete record")
            path.unlink()
        _sync(path.parent)
        return said


def complete_until(file: BinaryIO) -> int:
    """Return where the last complete record ends."""
    end = position = file.seek(0)
    member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    while data := file.read(CHUNK):
        while data:
            try:
                member.decompress(data)
            except zlib.error:
                return end
            position += len(data) - len(member.unused_data)
            data = member.unused_data
            if member.eof:
                end = position
                member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    return end


def _keep_rest(file: BinaryIO, begin: int, path: Path) -> None:
    file.seek(begin)
    with path.open("wb") as rest:
        path.chmod(0o600)
        shutil.copyfileobj(file, rest)
        rest.flush()
        os.fsync(rest.fileno())
    file.truncate(begin)
    os.fsync(file.fileno())


# --- Reading ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stored:
    """An answer as it lies in the archive."""

    headers: Headers
    body: bytes


def open_captures(folder: Path) -> Captures:
    """Return the index of all files in *folder*, brought up to date with them. Raise `WarcError` for a broken one."""
    # The open ones first: one that is completed meanwhile is seen at least once.
    being_written = [path.name.removesuffix(OPEN) for path in folder.glob(f"*{SUFFIX}{OPEN}")]
    sizes = {path.name: path.stat().st_size for path in sorted(folder.glob(f"*{SUFFIX}"), key=_age)}
    try:
        captures = Captures.open(folder)
        captures.catch_up(being_written, sizes, lambda name: read_captures(folder / name))
    except sqlite3.Error as e:
        raise WarcError(f"the index of the raw archive {folder} cannot be used: {e}") from e
    return captures


def _age(path: Path) -> tuple[float, str]:
    return path.stat().st_mtime, path.name


def read_captures(path: Path) -> Iterator[Capture]:
    """Yield the responses of a file with their places."""
    capture: Capture | None = None
    with _named_errors(path), path.open("rb") as file:
        records = ArchiveIterator(file)
        for record in records:
            get = record.rec_headers.get_header
            if record.rec_type in ("response", "revisit"):
                if capture:
                    yield capture
                capture = Capture(
                    path.name,
                    records.get_record_offset(),
                    get("WARC-Record-ID"),
                    get("WARC-Date"),
                    get("WARC-Target-URI"),
                    int(record.http_headers.get_statuscode()),
                    get("WARC-Payload-Digest"),
                    record.rec_type == "response",
                )
            elif record.rec_type == "metadata" and capture and get("WARC-Concurrent-To") == capture.record_id:
                capture = replace(capture, purpose=Purpose.from_json(record.content_stream().read()))
    if capture:
        yield capture


def read_stored(folder: Path, capture: Capture, captures: Captures) -> Stored:
    """Return an answer with its payload, wherever that lies. Raise `WarcError`."""
    headers, body = _read(folder, capture)
    if not capture.whole:
        known = captures.whole(capture.digest or "")
        if known is None:
            raise WarcError(f"{capture.file}: the payload of {capture.record_id} is in none of the files")
        body = _read(folder, known)[1]
    return Stored(headers, body)


def _read(folder: Path, capture: Capture) -> tuple[Headers, bytes]:
    path = folder / capture.file
    if not path.exists():
        path = path.with_name(path.name + OPEN)
    with _named_errors(path), path.open("rb") as file:
        file.seek(capture.offset)
        record = next(ArchiveIterator(file, check_digests="raise"))
        return record.http_headers.headers, record.raw_stream.read()


@contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (ArchiveLoadFailed, OSError, ValueError, TypeError, KeyError) as e:
        raise WarcError(f"{path}: {_said(e)}") from e
