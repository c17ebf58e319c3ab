"""The archive, its raw pages and letters, and the settings, to another folder and back. See docs/operating.md."""

import fcntl
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Self

from factpl_crawler.clock import now
from factpl_crawler.copies import copy_database, copy_file, sha256, sync
from factpl_crawler.migrations import REVISIONS
from factpl_crawler.stamp import stamp_from

ARCHIVE, MANIFEST, SETTINGS, LAST = "archive.sqlite3", "manifest.json", "settings", "last-backup.json"
RAW = ("warc", "mail")
FORMAT = 1
# Begin with a dot: what such a name has is not whole.
_MAKING, _RESTORING = ".making-", ".restoring-"
_COMPLETE = ".warc.gz"


class BackupError(Exception):
    """A backup cannot be made or restored; the message says why, and what to do."""


@dataclass(frozen=True)
class Kept:
    """`path` is relative to the backup, with slashes; `size` is in bytes."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """`store_id` and `changed` are the archive's stamp, `revision` is its schema's."""

    made_at: str
    revision: str
    store_id: str
    changed: int
    documents: int
    files: tuple[Kept, ...]
    format: int = FORMAT

    @classmethod
    def read(cls, backup: Path) -> Self:
        path = backup / MANIFEST
        try:
            data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if data["format"] != FORMAT:
                raise BackupError(f"{path} was written by a newer version of factpl. Update this program.")
            manifest = cls(**data | {"files": tuple(Kept(**file) for file in data["files"])})
        except FileNotFoundError as e:
            raise BackupError(f"{backup} is no backup: it has no {MANIFEST}") from e
        except (OSError, ValueError, KeyError, TypeError) as e:
            raise BackupError(f"{path} is damaged ({e!r}). Nothing was restored; take another backup.") from e
        if wrong := [file.path for file in manifest.files if not _may_be_kept(file.path)]:
            raise BackupError(f"{path} is damaged: it names {wrong[0]!r}. Nothing was restored; take another backup.")
        return manifest

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    def __str__(self) -> str:
        raw = sum(file.path.startswith(tuple(f"{name}/" for name in RAW)) for file in self.files)
        return f"{self.documents} documents, {raw} raw files, {self.size / 1e6:.1f} MB"


@dataclass(frozen=True)
class Backup:
    path: Path
    manifest: Manifest


@dataclass(frozen=True)
class Restored:
    """`moved` is where the archive that was there lies now; `differing` are settings that were left as they are."""

    backup: Backup
    moved: Path | None
    differing: tuple[Path, ...]


def _may_be_kept(name: str) -> bool:
    path = PurePosixPath(name)
    return name == ARCHIVE or (path.parts[0] in (*RAW, SETTINGS) and len(path.parts) > 1 and ".." not in path.parts)


# --- Making -------------------------------------------------------------------------------------------------------


def back_up(data: Path, folder: Path, settings: Mapping[str, Path]) -> Backup:
    """Make in *folder*, which may hold other backups, a new one of *data*, named by the time.

    A crawl may be writing meanwhile. *settings* are files by the names they get.
    """
    if not (data / ARCHIVE).exists():
        raise BackupError(f"No archive at {data / ARCHIVE}. Run: ./nightly")
    if folder.resolve().is_relative_to(data.resolve()):
        raise BackupError(f"{folder} lies in {data}, and would be lost with it. Name a folder elsewhere.")
    with _broken_off(f"Nothing was kept in {folder}"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone_in(folder, "Another backup is being written there. Wait for it."):
            backup = _back_up(data, folder, settings)
    _remember(data, backup)
    return backup


def _back_up(data: Path, folder: Path, settings: Mapping[str, Path]) -> Backup:
    for left_over in folder.glob(f"{_MAKING}*"):
        shutil.rmtree(left_over)
    aside = folder / f"{_MAKING}{os.getpid()}"
    aside.mkdir(mode=0o700)
    try:
        manifest = _fill(aside, data, settings)
        _write(aside / MANIFEST, asdict(manifest))
        _sync_folders(aside)
        path = _free(folder / now().strftime("%Y-%m-%dT%H%M%S"))
        aside.rename(path)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    sync(folder)
    return Backup(path, manifest)


def _fill(aside: Path, data: Path, settings: Mapping[str, Path]) -> Manifest:
    # The archive first: whatever it knows of was in the raw files before.
    copy_database(data / ARCHIVE, aside / ARCHIVE)
    facts = _facts(aside / ARCHIVE, data / ARCHIVE)
    for path in _raw_files(data):
        target = aside / path.relative_to(data)
        _make_folder(target.parent, aside)
        _link_or_copy(path, target)
    for name, path in settings.items():
        if path.exists():
            _make_folder(aside / SETTINGS, aside)
            copy_file(path, aside / SETTINGS / name)
    files = sorted(path for path in aside.rglob("*") if path.is_file())
    kept = tuple(Kept(path.relative_to(aside).as_posix(), path.stat().st_size, sha256(path)) for path in files)
    return Manifest(made_at=now().isoformat(timespec="seconds"), files=kept, **facts)


def _facts(copy: Path, original: Path) -> dict[str, Any]:
    """Return what the manifest says of the archive; raise `BackupError` for one that is not sound."""
    with closing(sqlite3.connect(f"{copy.resolve().as_uri()}?immutable=1", uri=True)) as connection:
        if (found := connection.execute("PRAGMA integrity_check(1)").fetchone()[0]) != "ok":
            what = " ".join(found.split())
            raise BackupError(f"{original} is damaged ({what}) and was not kept. Run: search_cli.py doctor")
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        stamp = stamp_from(dict(connection.execute("SELECT key, value FROM meta")))
        documents = "SELECT (SELECT count(*) FROM entries) + (SELECT count(*) FROM articles)"
        (count,) = connection.execute(documents).fetchone()
    return {"revision": revision, "store_id": stamp.store_id, "changed": stamp.changed, "documents": count}


def _raw_files(data: Path) -> Iterator[Path]:
    """Yield those that are complete and will not be written to any more. What else is there is made again from them."""
    yield from sorted((data / "warc").rglob(f"*{_COMPLETE}"))
    letters = sorted(path for path in (data / "mail").rglob("*") if path.is_file())
    yield from (path for path in letters if not path.name.startswith("."))


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # another file system, or one that has no links
        copy_file(source, target)


def _remember(data: Path, backup: Backup) -> None:
    """Note the backup for `doctor`."""
    with suppress(OSError):  # the backup is whole without
        _write(data / LAST, {"made_at": backup.manifest.made_at, "folder": str(backup.path.parent.resolve())})


def last_backup(data: Path) -> dict[str, str] | None:
    """Return `made_at` and `folder` of the last backup of *data*, None where none is known."""
    try:
        noted = json.loads((data / LAST).read_text(encoding="utf-8"))
        return {name: str(noted[name]) for name in ("made_at", "folder")}
    except (OSError, ValueError, KeyError, TypeError):
        return None


# --- Restoring ----------------------------------------------------------------------------------------------------


def restore(source: Path, data: Path, settings: Mapping[str, Path], *, force: bool = False) -> Restored:
    """Put the backup at *source*, or the newest of those in it, into *data*, where there is no archive yet.

    With *force* one that is there is moved aside. The index is left out: it is built anew from the archive.
    """
    backup = verified(_newest(source))
    if not force and (there := [path for path in map(data.joinpath, (ARCHIVE, *RAW)) if _holds_something(path)]):
        raise BackupError(
            f"{there[0]} is there, and was left as it is. --force moves it aside; --data names another folder."
        )
    with _broken_off(f"Nothing in {data} was replaced"):
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone_in(data / "lock", f"A night is running in {data}. Wait for it."):
            for left_over in data.glob(f"{_RESTORING}*"):
                shutil.rmtree(left_over)
            aside = data / f"{_RESTORING}{os.getpid()}"
            aside.mkdir(mode=0o700)
            try:
                _copy_back(backup, aside)
                moved = _swap(aside, data)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
            sync(data)
    return Restored(backup, moved, tuple(_restore_settings(backup, settings)))


def _newest(source: Path) -> Path:
    if (source / MANIFEST).exists() or not source.is_dir():
        return source
    return max((path.parent for path in source.glob(f"[!.]*/{MANIFEST}")), default=source)


def verified(path: Path) -> Backup:
    """Return the backup at *path*, every file of which is as the manifest says."""
    manifest = Manifest.read(path)
    if manifest.revision not in REVISIONS:
        raise BackupError(
            f"{path} was made by a newer version of factpl (schema {manifest.revision}). Update this program."
        )
    for file in manifest.files:
        _check(path / file.path, file)
    if ARCHIVE not in [file.path for file in manifest.files]:
        raise BackupError(f"{path / MANIFEST} is damaged: it names no {ARCHIVE}. Nothing was restored.")
    return Backup(path, manifest)


def _check(path: Path, file: Kept) -> None:
    try:
        fault = "" if sha256(path) == file.sha256 else "is damaged: its content is not what the manifest says"
    except OSError as e:
        fault = f"cannot be read: {e.strerror}"
    if fault:
        raise BackupError(f"{path} {fault}. Nothing was restored; take another backup.")


def _copy_back(backup: Backup, aside: Path) -> None:
    for file in backup.manifest.files:
        if not file.path.startswith(f"{SETTINGS}/"):
            target = aside / file.path
            _make_folder(target.parent, aside)
            # No link: what is written to the one must not reach the other.
            copy_file(backup.path / file.path, target)
            _check(target, file)
    _sync_folders(aside)


def _swap(aside: Path, data: Path) -> Path | None:
    """Put what *aside* holds in its place, the archive last; return where what was there lies now."""
    belonging = (f"{ARCHIVE}-wal", f"{ARCHIVE}-shm", ARCHIVE, *RAW, "index")
    there = [name for name in belonging if (data / name).exists()]
    moved = _free(data / f"replaced-{now():%Y-%m-%dT%H%M%S}")
    steps = [(data / name, moved / name) for name in there]
    steps += [(aside / name, data / name) for name in (*RAW, ARCHIVE) if (aside / name).exists()]
    if there:
        moved.mkdir(mode=0o700)
    for number, (source, target) in enumerate(steps):
        try:
            source.rename(target)
        except OSError:
            for was, now_at in reversed(steps[:number]):
                now_at.rename(was)
            raise
    return moved if there else None


def _restore_settings(backup: Backup, settings: Mapping[str, Path]) -> Iterator[Path]:
    """Write the files that are missing; yield those that differ, which are left."""
    for name, target in settings.items():
        kept = backup.path / SETTINGS / name
        if kept.exists() and not target.exists():
            copy_file(kept, target)
        elif kept.exists() and kept.read_bytes() != target.read_bytes():
            yield kept


# --- Files --------------------------------------------------------------------------------------------------------


def _holds_something(path: Path) -> bool:
    return any(path.rglob("*")) if path.is_dir() else path.exists()


def _free(path: Path) -> Path:
    names = (path if number == 1 else path.with_name(f"{path.name}-{number}") for number in range(1, 1000))
    return next(name for name in names if not name.exists())


def _make_folder(folder: Path, top: Path) -> None:
    for one in (*reversed(folder.parents), folder):
        if one.is_relative_to(top):
            one.mkdir(mode=0o700, exist_ok=True)


def _write(path: Path, value: Mapping[str, Any]) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        sync(aside)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _sync_folders(top: Path) -> None:
    for folder in (top, *(path for path in top.rglob("*") if path.is_dir())):
        sync(folder)


@contextmanager
def _alone_in(place: Path, otherwise: str) -> Iterator[None]:
    """Hold the lock on a folder, or on a file that is made where it is not there."""
    descriptor = os.open(place, os.O_RDONLY if place.is_dir() else os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            raise BackupError(otherwise) from e
        if not place.is_dir():
            # As `lock.writing` does, whose lock this is: who comes later reads there whom to wait for.
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()} since {now():%Y-%m-%d %H:%M}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _broken_off(consequence: str) -> Iterator[None]:
    try:
        yield
    except OSError as e:
        where = f"{e.filename}: " if e.filename else ""
        raise BackupError(f"{where}{e.strerror or e}. {consequence}.") from e
    except sqlite3.Error as e:
        raise BackupError(f"The archive could not be copied: {e}. {consequence}.") from e
