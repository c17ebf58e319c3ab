"""Copies that are whole or not there: written aside, and on the disk before they have their names."""

import hashlib
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path


def copy_database(source: Path, target: Path) -> None:
    """Copy the SQLite file at *source* as it is at one moment, whatever others write meanwhile."""
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=rw", uri=True)) as old,
            closing(sqlite3.connect(aside)) as new,
        ):
            # In one step: several would begin anew whenever another process writes in between.
            old.backup(new)
        _put_in_place(aside, target)
    finally:
        for end in ("", "-journal", "-wal", "-shm"):
            aside.with_name(f"{aside.name}{end}").unlink(missing_ok=True)


def copy_file(source: Path, target: Path) -> None:
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copy2(source, aside)
        _put_in_place(aside, target)
    finally:
        aside.unlink(missing_ok=True)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """See to it that a file's content, or a folder's names, outlive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _put_in_place(aside: Path, target: Path) -> None:
    aside.chmod(0o600)
    sync(aside)
    aside.replace(target)
    sync(target.parent)
