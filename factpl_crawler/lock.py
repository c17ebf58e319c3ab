"""One writer at a time: a night, a crawl, an import and whatever else changes the archive hold `data/lock`."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from factpl_crawler.clock import now
from factpl_crawler.paths import data_dir


class LockedError(Exception):
    """Another process is writing; the message says which, and since when."""


@contextmanager
def writing() -> Iterator[None]:
    """Raise `LockedError` where another process holds the lock. It is gone with its holder, however that ends."""
    data = data_dir()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip() or "another process"
            raise LockedError(f"{data} is being written to by {holder}. Wait until that has ended") from e
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} since {now():%Y-%m-%d %H:%M}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
