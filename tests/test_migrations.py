"""An archive of every earlier schema, `tests/stores/NNNN.sql`, is upgraded and loses nothing.

Beside each stand its documents (`.jsonl`) and what was left to fetch (`.pending`), as the program of its time
wrote them.
"""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from factpl_crawler.exchange import export
from factpl_crawler.migrations import HEAD, REVISIONS
from factpl_crawler.store import Store, StoreError

STORES = Path(__file__).parent / "stores"
EARLIER = REVISIONS[:-1]
ROOT = Path(__file__).parent.parent


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir(mode=0o700)
    return tmp_path / "data" / "archive.sqlite3"


def made_by(revision: str, path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript((STORES / f"{revision}.sql").read_text(encoding="utf-8"))
    return path


def dump(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump()) + "\n"


def revision_of(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def test_every_earlier_schema_has_an_archive() -> None:
    assert [path.stem for path in sorted(STORES.glob("*.sql"))] == list(EARLIER)


@pytest.mark.parametrize("revision", EARLIER)
def test_an_upgraded_archive_exports_the_same_bytes_and_has_the_same_left_to_fetch(
    revision: str, path: Path, tmp_path: Path
) -> None:
    with Store.open(made_by(revision, path), create=False) as store:
        export(store.documents(), tmp_path / "all.jsonl")
        pending = "".join(f"{link.url}\n" for link in store.pending())
    assert (tmp_path / "all.jsonl").read_bytes() == (STORES / f"{revision}.jsonl").read_bytes()
    assert pending == (STORES / f"{revision}.pending").read_text(encoding="utf-8")
    assert revision_of(path) == HEAD


@pytest.mark.parametrize("revision", EARLIER)
def test_the_archive_as_it_was_is_kept_beside_the_upgraded_one_and_that_is_said(
    revision: str, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = dump(made_by(revision, path))
    Store.open(path).close()
    copy = path.with_name(f"archive.sqlite3.before-{HEAD}")
    assert dump(copy) == before == (STORES / f"{revision}.sql").read_text(encoding="utf-8")
    assert caplog.messages == [f"{path} is upgraded from schema {revision} to {HEAD}. As it was it stays in {copy}"]
    caplog.clear()
    Store.open(path).close()
    assert caplog.messages == []
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name, copy.name]


def test_a_command_that_upgrades_says_so_on_stderr(path: Path) -> None:
    made_by("0001", path)
    run = subprocess.run(
        [sys.executable, "search_cli.py", "issues"],
        cwd=ROOT,
        env={**os.environ, "FACTPL_DATA": str(path.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0
    assert run.stderr == f"{path} is upgraded from schema 0001 to {HEAD}. As it was it stays in {path}.before-{HEAD}\n"


KILLED = """
import os, signal, sys
from pathlib import Path
from alembic import op
from factpl_crawler.store import Store

create_table = op.create_table

def create_and_die(name, *columns):
    create_table(name, *columns)
    if name == "nights":
        os.kill(os.getpid(), signal.SIGKILL)

op.create_table = create_and_die
Store.open(Path(sys.argv[1]))
"""


def test_an_upgrade_that_is_killed_leaves_the_old_archive_and_is_made_good_by_the_next(path: Path) -> None:
    made_by("0001", path)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(path)], cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert dump(path) == (STORES / "0001.sql").read_text(encoding="utf-8")
    Store.open(path).close()
    assert revision_of(path) == HEAD
    # The copy that the first one made is of the same archive and was written anew.
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name, f"{path.name}.before-{HEAD}"]


def test_a_copy_of_another_archive_is_not_overwritten(path: Path) -> None:
    other = made_by("0001", path.with_name(f"archive.sqlite3.before-{HEAD}"))
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("UPDATE meta SET value = 'another' WHERE key = 'store_id'")
    before = dump(other)
    Store.open(made_by("0001", path)).close()
    assert dump(other) == before
    assert revision_of(path.with_name(f"archive.sqlite3.before-{HEAD}-2")) == "0001"


def test_without_room_for_the_copy_nothing_is_upgraded(path: Path) -> None:
    made_by("0001", path)
    path.with_name(f".archive.sqlite3.before-{HEAD}.{os.getpid()}").mkdir()
    with pytest.raises(StoreError, match=r"upgraded only after a copy was made.*Nothing was changed"):
        Store.open(path)
    assert dump(path) == (STORES / "0001.sql").read_text(encoding="utf-8")
