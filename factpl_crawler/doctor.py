"""What may be wrong with the archive and all that belongs to it, and the command that mends each fault.

Nothing is ever changed: what is asked here could be asked of a read-only disk.
"""

import fcntl
import json
import os
import shutil
import sqlite3
import stat
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from configparser import ConfigParser
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from factpl_crawler.backup import ARCHIVE, last_backup
from factpl_crawler.clock import now
from factpl_crawler.config import ConfigError, load_config
from factpl_crawler.migrations import HEAD, REVISIONS
from factpl_crawler.paths import ROOT, SEARCHES, config_path

State = Literal["ok", "warning", "fault"]

NIGHTLY, INDEX, REBUILD = "./nightly", "search_cli.py index", "search_cli.py index --rebuild"
REINSTALL = f"rm -rf {quote(str(ROOT))}/.venv && {quote(str(ROOT))}/tools/bootstrap"
LATE = timedelta(hours=36)
OLD_BACKUP = timedelta(days=31)
CLOCK_TOLERANCE = timedelta(minutes=5)
LITTLE_ROOM = 10**9
UNHEALTHY = 5
# So many of the newest raw files are read through; the older ones only when asked, as they may be many gigabytes.
RECENT = 14
CHUNK = 1 << 20
SAMPLE, SAMPLE_MORPHEMES = "작은 배가 항구로 돌아왔다", ["작다", "배", "항구", "돌아오다"]


@dataclass(frozen=True)
class Finding:
    """`command` mends a fault, or shows what a warning is about; it may be empty for a warning."""

    check: str
    state: State
    text: str
    command: str = ""


@dataclass(frozen=True)
class Found:
    """A finding that does not know of which check it is."""

    state: State
    text: str
    command: str = ""


Check = Callable[["Patient"], Iterator[Found]]


def ok(text: str) -> Found:
    return Found("ok", text)


def warning(text: str, command: str = "") -> Found:
    return Found("warning", text, command)


def fault(text: str, command: str) -> Found:
    return Found("fault", text, command)


@dataclass(frozen=True)
class Patient:
    """A data folder. *thorough*: every raw file is read through."""

    data: Path
    thorough: bool = False

    @property
    def archive(self) -> Path:
        return self.data / ARCHIVE

    @cached_property
    def holder(self) -> str | None:
        """Who writes to the archive now."""
        return _holder(self.data / "lock")

    @property
    def restore(self) -> str:
        backup = last_backup(self.data)
        return f"search_cli.py restore --force {quote(backup['folder']) if backup else 'DIR'}"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what the archive answers; nothing where it cannot, which `check_store` says."""
        try:
            with closing(self.connect()) as connection:
                return connection.execute(sql).fetchall()
        except sqlite3.Error:
            return []

    def connect(self) -> sqlite3.Connection:
        # Without a WAL nobody writes; only so does SQLite leave no file of its own beside the archive.
        used = self.archive.with_name(f"{ARCHIVE}-wal").exists()
        return sqlite3.connect(
            f"{self.archive.resolve().as_uri()}?{'mode=ro' if used else 'immutable=1'}", uri=True, timeout=30
        )


def examine(data: Path, *, thorough: bool = False) -> list[Finding]:
    patient = Patient(data, thorough)
    return [
        Finding(name, found.state, " ".join(found.text.split()), found.command)
        for name, check in CHECKS.items()
        for found in _found(check, patient)
    ]


def _found(check: Check, patient: Patient) -> Iterator[Found]:
    try:
        yield from check(patient)
    except Exception as e:  # noqa: BLE001  what one check stumbles over must not keep the others from being made
        permission = f"chmod -R u+rwX {quote(str(patient.data))}"
        yield fault(f"could not be examined: {e!r}", permission if isinstance(e, PermissionError) else REINSTALL)


# --- The archive --------------------------------------------------------------------------------------------------


def check_store(patient: Patient) -> Iterator[Found]:
    if not patient.archive.exists():
        yield fault(f"there is no archive at {patient.archive}", NIGHTLY)
        return
    before = patient.archive.stat()
    found = list(_check_store(patient))
    if patient.archive.stat().st_mtime_ns != before.st_mtime_ns:  # who writes began meanwhile
        found = list(_check_store(patient))
    yield from found


def _check_store(patient: Patient) -> Iterator[Found]:
    try:
        with closing(patient.connect()) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not tables:
                yield fault("the archive is empty", NIGHTLY)
            elif "alembic_version" not in tables:
                yield fault("the archive is a database of another program", patient.restore)
            else:
                yield from _check_tables(patient, connection)
    except sqlite3.DatabaseError as e:
        yield fault(f"the archive cannot be read: {e}", patient.restore)


def _check_tables(patient: Patient, connection: sqlite3.Connection) -> Iterator[Found]:
    (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if revision not in REVISIONS:
        update = f"git -C {quote(str(ROOT))} pull && {quote(str(ROOT))}/tools/bootstrap"
        yield fault(f"the archive was made by a newer version of factpl (schema {revision})", update)
        return
    if revision != HEAD:
        yield warning(f"the archive has the older schema {revision}; it is upgraded when it is next used", INDEX)
    faults = [*_damages(connection), *_broken_references(connection), *_contradictions(connection)]
    yield from (fault(text, patient.restore) for text in faults)
    if not faults:
        yield ok(f"{_documents(connection)} documents, schema {revision}")


def _damages(connection: sqlite3.Connection) -> Iterator[str]:
    (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if said != "ok":
        yield f"the archive is damaged: {said}"


def _documents(connection: sqlite3.Connection) -> int:
    counts = "SELECT (SELECT count(*) FROM entries) + (SELECT count(*) FROM articles)"
    return int(connection.execute(counts).fetchone()[0])


def _broken_references(connection: sqlite3.Connection) -> Iterator[str]:
    broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    if broken:
        table, row, parent, _ = broken[0]
        yield f"{len(broken)} rows refer to what is not there: {table} row {row} to {parent}"


_DOCUMENTS = """
CREATE TEMP VIEW documents AS
SELECT id, version, changed FROM entries UNION ALL SELECT id, version, changed FROM articles
"""
_CONTRADICTIONS = {
    "an older version is numbered as high as the current one": (
        "SELECT id FROM documents JOIN versions ON document_id = id AND versions.version >= documents.version"
    ),
    "a document is there and removed": "SELECT id FROM documents JOIN removed ON document_id = id",
    "a document changed after the last change": (
        "SELECT id FROM documents WHERE changed > (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'changed')"
    ),
    "an older version cannot be read": "SELECT document_id FROM versions WHERE NOT json_valid(content)",
    "the archive has no stamp": (
        "SELECT 'meta' WHERE (SELECT count(*) FROM meta WHERE key IN ('store_id', 'changed')) < 2"
    ),
}


def _contradictions(connection: sqlite3.Connection) -> Iterator[str]:
    connection.execute(_DOCUMENTS)
    for what, sql in _CONTRADICTIONS.items():
        if ids := [id for (id,) in connection.execute(sql)]:
            yield f"{what}: {ids[0]}" + (f" and {len(ids) - 1} more" if len(ids) > 1 else "")


# --- The raw archive ----------------------------------------------------------------------------------------------


def check_warc(patient: Patient) -> Iterator[Found]:
    folder = patient.data / "warc"
    files = sorted(folder.glob("*.warc.gz"))
    read = files if patient.thorough else files[-RECENT:]
    damaged = 0
    for path in read:
        if reason := warc_fault(path):
            damaged += 1
            yield fault(f"{path} is damaged: {reason}", patient.restore)
    for path in sorted(folder.glob("*.open")):
        if not _holder(path):
            yield warning(f"{path} was left open by a night that broke off; the next one completes it", NIGHTLY)
    if not damaged:
        rest = (
            f", {len(files) - len(read)} older ones not read (--thorough reads all)" if len(read) < len(files) else ""
        )
        yield ok(f"{len(read)} raw files read{rest}" if files else "there are no raw files yet")


def warc_fault(path: Path) -> str | None:
    """Return what is wrong with a raw file that should be complete, None where every record can be read."""
    try:
        return _cut(path) or _broken_record(path)
    except OSError as e:
        return e.strerror or str(e)


def _cut(path: Path) -> str | None:
    """Say where the compressed data end before they should: who reads records takes that for the end of the file."""
    if not path.stat().st_size:
        return "it is empty"
    member, at = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16), 0
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            while data:
                try:
                    member.decompress(data)
                except zlib.error as e:
                    return f"no gzip in the record that begins before byte {at + len(data)} ({e})"
                at += len(data) - len(member.unused_data)
                if data := member.unused_data:
                    member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    return None if member.eof else f"cut off at byte {at}"


def _broken_record(path: Path) -> str | None:
    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    records = 0
    try:
        with path.open("rb") as file:
            for record in ArchiveIterator(file, check_digests=True):
                records += 1
                while record.raw_stream.read(CHUNK):
                    pass
                if record.digest_checker.passed is False:
                    return f"record {records} has not the digest that it says"
    except ArchiveLoadFailed as e:
        return f"no record after record {records} ({str(e)[:60]})"
    return None


# --- The index ----------------------------------------------------------------------------------------------------


def check_index(patient: Patient) -> Iterator[Found]:
    if not patient.archive.exists():
        return
    try:
        from index.errors import IndexBroken
        from index.meta import read_meta
    except (ImportError, OSError):
        yield warning("not examined, for want of the dictionary")
        return
    folder = patient.data / "index"
    try:
        meta = read_meta(folder)
        if meta is None:
            yield fault(f"there is no index at {folder}", INDEX)
        elif not meta.is_ours:
            yield fault("the index was made by another version of the program or its dictionary", REBUILD)
        else:
            yield from _check_index(patient, meta, folder)
    except IndexBroken as e:
        yield fault(str(e).partition(" Run: ")[0], REBUILD)


def _check_index(patient: Patient, meta: Any, folder: Path) -> Iterator[Found]:
    from index.aliases import LEARNT
    from index.spelling import WORDS

    indexed = _indexed(folder / meta.folder)
    stamp = dict(patient.rows("SELECT key, value FROM meta"))
    if missing := [name for name in (LEARNT, WORDS) if not (folder / meta.folder / name).exists()]:
        yield fault(f"the index lacks {missing[0]}", REBUILD)
    if meta.store_id != stamp.get("store_id"):
        yield fault("the index was made of another archive", INDEX)
    elif str(meta.changed) != stamp.get("changed"):
        text = f"the archive has changed since the index was built ({meta.built_at})"
        yield warning(f"{text}; a night is running") if patient.holder else fault(text, INDEX)
    elif indexed != (known := _ids(patient)):
        lost, surplus = len(known - indexed), len(indexed - known)
        yield fault(f"the index lacks {lost} documents of the archive and has {surplus} others", REBUILD)
    else:
        yield ok(f"{len(indexed)} documents, built {meta.built_at}")


def _indexed(folder: Path) -> set[str]:
    from index.query import Everything
    from index.whoosh_engine import Reader

    with Reader(folder) as reader:
        return set(reader.ids(Everything()))


def _ids(patient: Patient) -> set[str]:
    return {id for (id,) in patient.rows("SELECT id FROM entries UNION ALL SELECT id FROM articles")}


def check_dictionary(patient: Patient) -> Iterator[Found]:
    try:
        from index.korean import ANALYSIS_VERSION, analyse

        found = [token.text for token in analyse(SAMPLE).morphemes]
    except Exception as e:  # noqa: BLE001  the dictionary is a library's, which may fail in any way
        yield fault(f"the Korean dictionary cannot be used: {e!r}", REINSTALL)
        return
    if found == SAMPLE_MORPHEMES:
        yield ok(f"reads Korean ({ANALYSIS_VERSION})")
    else:
        yield fault(f"the Korean dictionary takes “{SAMPLE}” for {' '.join(found)}", REINSTALL)


# --- The machine --------------------------------------------------------------------------------------------------


def check_lock(patient: Patient) -> Iterator[Found]:
    if patient.holder is None:
        yield ok("nobody is writing")
        return
    since = datetime.fromtimestamp((patient.data / "lock").stat().st_mtime, now().tzinfo)
    if now() - since > LATE:
        yield warning(
            f"held for more than {_ago(now() - since)} by {patient.holder}", f"fuser -v {_lock_file(patient)}"
        )
    else:
        yield ok(f"held by {patient.holder}")


def _lock_file(patient: Patient) -> str:
    return quote(str(patient.data / "lock"))


def _holder(path: Path) -> str | None:
    """Return who holds the lock on a file, None where nobody does."""
    try:
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                # A raw file that is being written says nothing of who writes it.
                return file.read(200).decode("utf-8", "replace").strip() or "another process"
    except FileNotFoundError:
        pass
    return None


def check_clock(patient: Patient) -> Iterator[Found]:
    ours = [
        "SELECT max(last_attempt) FROM fetches",
        "SELECT max(superseded_at) FROM versions",
        "SELECT max(coalesce(finished_at, started_at)) FROM nights",
    ]
    latest = max((_time(row[0]) for sql in ours for row in patient.rows(sql) if row[0]), default=None)
    printed = max((_time(row[0]) for row in patient.rows(_PRINTED) if row[0]), default=None)
    wrong = False
    if latest and latest > now() + CLOCK_TOLERANCE:
        wrong = True
        yield fault(f"the clock says {_said(now())}, and the archive was written at {_said(latest)}", "timedatectl")
    elif printed and printed > now() + timedelta(days=1):
        wrong = True
        yield warning(f"the newest document is of {_said(printed)}, and the clock says {_said(now())}", "timedatectl")
    try:
        offset = datetime(2024, 3, 7, tzinfo=ZoneInfo("Asia/Seoul")).utcoffset()
    except ZoneInfoNotFoundError:
        offset = None
    if offset != timedelta(hours=9):
        yield warning("this machine does not know the time of Asia/Seoul; no date of the archive needs it")
    elif not wrong:
        yield ok(f"{_said(now())} in Korea")


_PRINTED = (
    "SELECT max(date_published) FROM (SELECT date_published FROM issues UNION ALL SELECT date_published FROM articles)"
)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _said(moment: datetime) -> str:
    return f"{moment.astimezone(now().tzinfo):%Y-%m-%d %H:%M}"


def check_disk(patient: Patient) -> Iterator[Found]:
    there = next(path for path in (patient.data, *patient.data.parents) if path.exists())
    free = shutil.disk_usage(there).free
    index, size = _size(patient.data / "index"), _size(patient.data)
    said = f"{_megabytes(free)} free, {_megabytes(size)} used by {patient.data}"
    if free < LITTLE_ROOM or free < index:
        # A rebuild stands beside the old index until it is whole.
        why = f", and a new index needs {_megabytes(index)}" if free < index else ""
        yield warning(f"only {said}{why}", f"du -h --max-depth=1 {quote(str(patient.data))}")
    else:
        yield ok(said)


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # a night may be at work
            total += path.lstat().st_size if not path.is_dir() else 0
    return total


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def check_permissions(patient: Patient) -> Iterator[Found]:
    # An index is pickled code, and letters are private.
    folders = [patient.data, *(patient.data / name for name in ("index", "mail", "warc"))]
    open_to_others = [path for path in folders if path.is_dir() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    for path in open_to_others:
        mode = stat.S_IMODE(path.stat().st_mode)
        yield fault(f"{path} is open to others ({mode:04o})", f"chmod 700 {quote(str(path))}")
    if patient.data.is_dir() and not os.access(patient.data, os.R_OK | os.W_OK | os.X_OK):
        yield fault(f"{patient.data} cannot be written to", f"chmod u+rwx {quote(str(patient.data))}")
    elif not open_to_others:
        yield ok(f"{patient.data} is its owner's alone" if patient.data.is_dir() else "there is no data folder yet")


# --- The settings and the nights ----------------------------------------------------------------------------------


def check_settings(patient: Patient) -> Iterator[Found]:
    edit = f"${{EDITOR:-vi}} {quote(str(config_path()))}"
    try:
        config = load_config()
    except ConfigError as e:
        yield fault(str(e), edit)
        return
    known = _publications()
    unknown = [name for name in config.publications if name not in known]
    for name in unknown:
        yield fault(f"{config_path()}: no publication is named {name!r}; known are {', '.join(known)}", edit)
    if not config.contact:
        yield warning(f"{config_path()} names no contact for the sites' operators", edit)
    elif not unknown:
        yield ok(f"collects {', '.join(config.publications)}; contact {config.contact}")


def _publications() -> Iterable[str]:
    # Loaded late: Scrapy takes longer than all the rest.
    from scrapy.settings import Settings

    from factpl_crawler.publications import load_publications

    # Scrapy itself looks for the project in the folder that it is called in.
    projects = ConfigParser()
    projects.read(ROOT / "scrapy.cfg", encoding="utf-8")
    settings = Settings()
    settings.setmodule(projects["settings"][os.environ.get("SCRAPY_PROJECT", "default")])
    return load_publications(settings)


def check_searches(patient: Patient) -> Iterator[Found]:
    path = patient.data / SEARCHES
    edit = f"${{EDITOR:-vi}} {quote(str(path))}"
    try:
        from index.errors import SearchesBroken
        from index.saved import read_searches
    except (ImportError, OSError):
        yield warning("not examined, for want of the dictionary")
        return
    try:
        saved = read_searches(path)
    except SearchesBroken as e:
        yield fault(str(e), edit)
        return
    yield from (fault(problem, edit) for problem in saved.problems)
    if not saved.problems:
        yield ok(f"{len(saved.known)} saved" if saved.known else "none is saved")


def check_nights(patient: Patient) -> Iterator[Found]:
    rows = patient.rows(
        "SELECT started_at, finished_at, exit_code, report FROM nights ORDER BY started_at DESC LIMIT 1"
    )
    if not rows:
        yield warning("no night has been recorded yet", NIGHTLY)
        return
    started, finished, code, report = rows[0]
    ago = now() - _time(started)
    if finished is None and patient.holder:
        yield ok(f"one has been running since {_said(_time(started))}")
    elif finished is None:
        yield fault(f"the night of {_said(_time(started))} did not come to its end", NIGHTLY)
    elif code:
        yield fault(f"the night of {_said(_time(started))} ended with {code}{_faults(report)}", NIGHTLY)
    elif ago > LATE:
        yield warning(f"the last night was {_ago(ago)} ago. Is it still started?", "crontab -l; systemctl list-timers")
    else:
        yield ok(f"the last was healthy, {_ago(ago)} ago")


def _faults(report: str | None) -> str:
    """Return what the report gives as the reasons, as far as it can be read."""
    try:
        told = json.loads(report or "{}")
        faults = [str(fault) for fault in told.get("faults", ())]
        faults += [f"{one['name']}: {fault}" for one in told.get("publications", ()) for fault in one["faults"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
    return f": {'; '.join(faults)}" if faults else ""


def _ago(span: timedelta) -> str:
    hours = round(span.total_seconds() / 3600)
    return f"{hours} hours" if hours < 48 else f"{hours // 24} days"


def check_backup(patient: Patient) -> Iterator[Found]:
    backup = last_backup(patient.data)
    if not patient.archive.exists():
        return
    if backup is None:
        yield warning("there is no backup", "search_cli.py backup DIR")
        return
    again = f"search_cli.py backup {quote(backup['folder'])}"
    ago = now() - _time(backup["made_at"])
    if not Path(backup["folder"]).is_dir():
        yield warning(f"{backup['folder']}, where the last backup was put, is not there", again)
    elif ago > OLD_BACKUP:
        yield warning(f"the last backup is {_ago(ago)} old", again)
    else:
        yield ok(f"the last is {_ago(ago)} old, in {backup['folder']}")


CHECKS: Mapping[str, Check] = {
    "store": check_store,
    "warc": check_warc,
    "index": check_index,
    "dictionary": check_dictionary,
    "lock": check_lock,
    "clock": check_clock,
    "disk": check_disk,
    "permissions": check_permissions,
    "settings": check_settings,
    "searches": check_searches,
    "nights": check_nights,
    "backup": check_backup,
}
