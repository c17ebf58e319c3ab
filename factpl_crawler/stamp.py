"""What tells one state of the archive from another, readable without the store's libraries."""

import os
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

STORE_ID = "store_id"
CHANGED = "changed"


class Stamp(NamedTuple):
    """`changed` grows with every write that changes a document."""

    store_id: str
    changed: int


def stamp_from(meta: dict[str, str]) -> Stamp:
    return Stamp(store_id=meta[STORE_ID], changed=int(meta[CHANGED]))


def read_stamp(path: Path, *, immutable: bool = False) -> Stamp | None:
    """Return None when no archive can be read at *path*; `Store.open` says why.

    One that is *immutable*, that nobody writes to, is read without a trace beside it.
    """
    if not os.path.exists(path):  # noqa: PTH110  # what cannot be looked at is no error here
        return None
    # Here, as an index can be searched without its archive.
    import sqlite3

    mode = "immutable=1" if immutable else "mode=ro"
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)) as connection:
            return stamp_from(dict(connection.execute("SELECT key, value FROM meta")))
    except (sqlite3.DatabaseError, KeyError):
        return None
