import fcntl
import hashlib
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from invented import document

import cli_commands
from factpl_crawler.backup import BackupError, Manifest, back_up, last_backup, restore
from factpl_crawler.paths import ROOT, data_dir, settings_files
from factpl_crawler.store import Store
from index.aliases import FILE as ALIASES
from index.build import build

Run = Callable[..., Result]

NIGHT = "2024-03-08T03:17:00+09:00"
NAME = "2024-03-08T031700"


@pytest.fixture(autouse=True)
def _night(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTPL_NOW", NIGHT)


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "project").mkdir()
    files = {name: tmp_path / "project" / name for name in ("factpl.toml", "aliases.toml")}
    files["factpl.toml"].write_text('contact = "post@naru.example"\n', encoding="utf-8")
    files["aliases.toml"].write_text('names = [["나루", "Naru"]]\n', encoding="utf-8")
    return files


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with three documents, two complete raw files, a letter, and one file that is being written."""
    data = tmp_path / "data"
    with Store.open(data / "archive.sqlite3") as store:
        with store.importing() as put:
            for number in (1, 2, 3):
                put(article(number))
        with store.importing() as put:
            put(article(3)._replace(body="셋째 글이 달라졌다."))
        build(store, data / "index")
    (data / "warc").mkdir(mode=0o700)
    (data / "mail" / "2024").mkdir(mode=0o700, parents=True)
    for name in ("warc/2024-03-06.warc.gz", "warc/2024-03-07.warc.gz", "warc/2024-03-08.warc.gz.open"):
        (data / name).write_bytes(f"raw {name}".encode())
    (data / "mail" / "2024" / "1.eml").write_bytes(b"Subject: letter")
    # Made again from the files, and written to all the time; a letter on its way to its name.
    (data / "warc" / "captures.sqlite3").write_bytes(b"where each response lies")
    (data / "mail" / ".tmp1234").write_bytes(b"Subj")
    return data


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def run() -> Run:
    return lambda *arguments: CliRunner().invoke(cli_commands.cli, arguments, prog_name="search_cli.py")


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KB, where this machine lets us mount one."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True, check=False
    )
    if mount.returncode:
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def article(number: int) -> Any:
    return document(
        f"a/naru/{number}", f"글 {number}", "강가의 글.", url=f"https://naru.example/{number}", site="naru.example"
    )


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file in *folder* with its content, but locks, which are empty."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock"
    }


def exported(data: Path) -> str:
    with Store.open(data / "archive.sqlite3", create=False) as store:
        return "".join(f"{one.to_json()}\n" for one in store.documents())


# --- Making -------------------------------------------------------------------------------------------------------


def test_a_backup_holds_the_archive_what_is_raw_and_complete_and_the_settings(
    data: Path, backups: Path, settings: dict[str, Path]
) -> None:
    made = back_up(data, backups, settings)
    assert made.path == backups / NAME
    kept = tree(made.path)
    archive, manifest = kept.pop("archive.sqlite3"), json.loads(kept.pop("manifest.json"))
    assert kept == {
        "mail/2024/1.eml": b"Subject: letter",
        "settings/aliases.toml": settings["aliases.toml"].read_bytes(),
        "settings/factpl.toml": settings["factpl.toml"].read_bytes(),
        "warc/2024-03-06.warc.gz": b"raw warc/2024-03-06.warc.gz",
        "warc/2024-03-07.warc.gz": b"raw warc/2024-03-07.warc.gz",
    }
    with Store.open(data / "archive.sqlite3") as store:
        stamp = store.stamp()
    files = {"archive.sqlite3": archive, **kept}
    assert manifest == {
        "made_at": NIGHT,
        "revision": "0003",
        "store_id": stamp.store_id,
        "changed": stamp.changed,
        "documents": 3,
        "files": [
            {"path": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in files.items()
        ],
        "format": 1,
    }
    assert Manifest.read(made.path) == made.manifest


def test_raw_files_are_linked_and_the_archive_is_not(data: Path, backups: Path, settings: dict[str, Path]) -> None:
    made = back_up(data, backups, settings)
    assert made.path.joinpath("warc/2024-03-06.warc.gz").samefile(data / "warc/2024-03-06.warc.gz")
    assert not made.path.joinpath("archive.sqlite3").samefile(data / "archive.sqlite3")
    assert not made.path.joinpath("settings/factpl.toml").samefile(settings["factpl.toml"])


def test_a_backup_to_another_disk_is_a_copy(
    data: Path, backups: Path, settings: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(self: Path, target: Path) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", no_link)
    made = back_up(data, backups, settings)
    assert (made.path / "warc/2024-03-06.warc.gz").read_bytes() == b"raw warc/2024-03-06.warc.gz"
    assert not made.path.joinpath("warc/2024-03-06.warc.gz").samefile(data / "warc/2024-03-06.warc.gz")


def test_each_backup_gets_a_folder_of_its_own_and_others_stay(
    data: Path, backups: Path, settings: dict[str, Path]
) -> None:
    backups.mkdir()
    (backups / "notes.txt").write_text("mine")
    first = back_up(data, backups, settings)
    before = tree(first.path)
    second = back_up(data, backups, settings)
    assert (first.path, second.path) == (backups / NAME, backups / f"{NAME}-2")
    assert tree(first.path) == before
    assert sorted(path.name for path in backups.iterdir()) == [NAME, f"{NAME}-2", "notes.txt"]


def test_a_backup_leaves_no_trace_in_the_data_but_where_it_was_put(
    data: Path, backups: Path, settings: dict[str, Path]
) -> None:
    before = tree(data)
    back_up(data, backups, settings)
    after = tree(data)
    after.pop("last-backup.json")
    assert after == before
    assert last_backup(data) == {"made_at": NIGHT, "folder": str(backups)}


def test_a_backup_is_closed_to_others(data: Path, backups: Path, settings: dict[str, Path]) -> None:
    made = back_up(data, backups, settings)
    folders = [backups, made.path, made.path / "warc", made.path / "mail", made.path / "mail" / "2024"]
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700] * 5


WRITER = """
import sys
from pathlib import Path
from factpl_crawler.store import Store
sys.path.insert(0, "tests")
from invented import document

with Store.open(Path(sys.argv[1])) as store:
    for number in range(200):
        with store.importing() as put:
            for half in "ab":
                id = f"{number}{half}"
                put(document(f"a/new/{id}", "새 글", "본문", url=f"https://new.example/{id}", site="new.example"))
        print(number, flush=True)
"""


def test_a_backup_made_while_another_process_writes_is_of_one_moment(
    data: Path, backups: Path, settings: dict[str, Path], tmp_path: Path
) -> None:
    command = [sys.executable, "-c", WRITER, str(data / "archive.sqlite3")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        made = [back_up(data, backups, settings) for line in writer.stdout if int(line) % 40 == 20]
    assert writer.returncode == 0
    counts = []
    for number, backup in enumerate(made):
        copy = tmp_path / f"copy-{number}"
        restore(backup.path, copy, settings)
        with Store.open(copy / "archive.sqlite3") as store:
            ids = [one.id for one in store.documents() if one.id.startswith("a/new/")]
            assert store.stamp().changed == backup.manifest.changed
        # Two documents were written at a time, in order: none is missing in between, none is there alone.
        assert set(ids) == {f"a/new/{at}{half}" for at in range(len(ids) // 2) for half in "ab"}
        counts.append(len(ids))
    assert counts == sorted(counts)
    # The last may have been made when everything was written.
    assert 0 < counts[0] < counts[-1] <= 400


def test_without_an_archive_nothing_is_made(tmp_path: Path, backups: Path, settings: dict[str, Path]) -> None:
    with pytest.raises(BackupError, match=r"No archive at .*archive\.sqlite3\. Run: \./nightly"):
        back_up(tmp_path / "empty", backups, settings)
    assert not backups.exists()


def test_a_backup_beside_what_it_keeps_is_refused(data: Path, settings: dict[str, Path]) -> None:
    with pytest.raises(BackupError, match=r"would be lost with it\. Name a folder elsewhere"):
        back_up(data, data / "backups", settings)
    assert not (data / "backups").exists()


def test_a_damaged_archive_is_not_kept(data: Path, backups: Path, settings: dict[str, Path]) -> None:
    damage(data / "archive.sqlite3")
    with pytest.raises(BackupError, match=r"archive.sqlite3 is damaged .* Run: search_cli.py doctor"):
        back_up(data, backups, settings)
    assert list(backups.iterdir()) == []


def damage(path: Path) -> None:
    """Overwrite the pages of the documents' tables and indexes, and leave the schema."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        roots = connection.execute("SELECT rootpage FROM sqlite_master WHERE tbl_name = 'articles'").fetchall()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        for (page,) in roots:
            file.seek((page - 1) * size)
            file.write(b"\x07" * size)


def test_two_backups_at_once_are_refused(data: Path, backups: Path, settings: dict[str, Path]) -> None:
    backups.mkdir()
    held = os.open(backups, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    with pytest.raises(BackupError, match="Another backup is being written there"):
        back_up(data, backups, settings)
    os.close(held)
    assert list(backups.iterdir()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from factpl_crawler import backup

backup._write = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
backup.back_up(Path(sys.argv[1]), Path(sys.argv[2]), {})
"""


def test_what_a_killed_backup_leaves_is_no_backup_and_is_cleared_away_by_the_next(
    data: Path, backups: Path, settings: dict[str, Path], tmp_path: Path
) -> None:
    command = [sys.executable, "-c", KILLED, str(data), str(backups)]
    subprocess.run(command, cwd=ROOT, timeout=60, check=False)
    (left_over,) = backups.iterdir()
    assert (left_over / "archive.sqlite3").exists()
    with pytest.raises(BackupError, match="is no backup: it has no manifest"):
        restore(backups, tmp_path / "copy", settings)
    made = back_up(data, backups, settings)
    assert list(backups.iterdir()) == [made.path]


def test_a_full_disk_leaves_no_backup(data: Path, tiny: Path, settings: dict[str, Path]) -> None:
    with pytest.raises(BackupError, match=rf"(full|No space left).* Nothing was kept in {tiny}"):
        back_up(data, tiny, settings)
    assert list(tiny.iterdir()) == []


def test_a_file_too_large_for_the_disk_leaves_no_backup(data: Path, backups: Path) -> None:
    """The same where nothing can be mounted."""
    limits = resource.RLIMIT_FSIZE, (8192, 8192)
    run = subprocess.run(
        [sys.executable, "search_cli.py", "backup", str(backups)],
        cwd=ROOT,
        env={**os.environ, "FACTPL_DATA": str(data), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(*limits),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("Error: ")
    assert run.stderr.endswith(f"Nothing was kept in {backups}.\n")
    assert list(backups.iterdir()) == []


# --- Restoring ----------------------------------------------------------------------------------------------------


def test_a_restored_archive_is_the_same_and_is_indexed(
    data: Path, backups: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACTPL_CONFIG", str(tmp_path / "none.toml"))
    before, raw = exported(data), tree(data / "warc") | tree(data / "mail")
    with Store.open(data / "archive.sqlite3") as store:
        history = store.history("a/naru/3")
    assert run("backup", str(backups)).stdout.startswith(f"{backups / NAME}: 3 documents, 3 raw files, ")
    copy = tmp_path / "copy"
    result = run("restore", str(backups), "--data", str(copy))
    lines = result.stdout.splitlines()
    assert (lines[0].endswith(f", made {NIGHT}"), result.stderr, result.exit_code) == (True, "", 0)
    assert lines[1].startswith("index: 3 indexed, 0 removed, 3 in all")
    assert exported(copy) == before
    for name in ("2024-03-08.warc.gz.open", "captures.sqlite3", ".tmp1234"):
        raw.pop(name)
    assert tree(copy / "warc") | tree(copy / "mail") == raw
    with Store.open(copy / "archive.sqlite3") as store:
        assert store.history("a/naru/3") == history
    assert run("셋째", "--format", "urls", "--data", str(copy)).stdout == "https://naru.example/3\n"


def test_what_is_written_to_a_restored_archive_does_not_reach_the_backup(
    data: Path, backups: Path, settings: dict[str, Path], tmp_path: Path
) -> None:
    made = back_up(data, backups, settings)
    before = tree(made.path)
    restore(backups, tmp_path / "copy", settings)
    for name in ("warc/2024-03-06.warc.gz", "mail/2024/1.eml"):
        (tmp_path / "copy" / name).write_bytes(b"overwritten")
    with Store.open(tmp_path / "copy" / "archive.sqlite3") as store, store.importing() as put:
        put(article(4))
    assert tree(made.path) == before


def test_the_newest_of_several_backups_is_restored(
    data: Path, backups: Path, settings: dict[str, Path], tmp_path: Path
) -> None:
    back_up(data, backups, settings)
    with Store.open(data / "archive.sqlite3") as store, store.importing() as put:
        put(article(4))
    newest = back_up(data, backups, settings)
    assert restore(backups, tmp_path / "copy", settings).backup.path == newest.path
    assert exported(tmp_path / "copy") == exported(data)


def test_an_archive_that_is_there_is_left_as_it_is(data: Path, backups: Path, settings: dict[str, Path]) -> None:
    back_up(data, backups, settings)
    before = tree(data)
    with pytest.raises(BackupError, match=r"archive.sqlite3 is there, and was left as it is. --force moves it aside"):
        restore(backups, data, settings)
    assert tree(data) == before


def test_with_force_the_archive_that_is_there_is_moved_aside_with_its_index(
    data: Path, backups: Path, settings: dict[str, Path]
) -> None:
    back_up(data, backups, settings)
    kept = exported(data)
    with Store.open(data / "archive.sqlite3") as store, store.importing() as put:
        put(article(4))
    there = exported(data)
    restored = restore(backups, data, settings, force=True)
    assert restored.moved == data / f"replaced-{NAME}"
    assert (exported(data), exported(restored.moved)) == (kept, there)
    assert not (data / "index").exists()
    assert sorted(path.name for path in restored.moved.iterdir()) == ["archive.sqlite3", "index", "mail", "warc"]


def test_settings_that_are_missing_are_restored_and_others_left(
    data: Path, backups: Path, settings: dict[str, Path], tmp_path: Path
) -> None:
    made = back_up(data, backups, settings)
    kept = settings["aliases.toml"].read_bytes()
    settings["aliases.toml"].unlink()
    settings["factpl.toml"].write_text("delay = 5.0\n")
    restored = restore(backups, tmp_path / "copy", settings)
    assert restored.differing == (made.path / "settings" / "factpl.toml",)
    assert settings["factpl.toml"].read_text() == "delay = 5.0\n"
    assert settings["aliases.toml"].read_bytes() == kept


def test_the_settings_that_are_kept_are_those_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings_files() == {
        "factpl.toml": ROOT / "factpl.toml",
        "aliases.toml": ALIASES,
        "searches.toml": data_dir() / "searches.toml",
    }
    monkeypatch.setenv("FACTPL_CONFIG", "/elsewhere/my.toml")
    assert settings_files()["factpl.toml"] == Path("/elsewhere/my.toml")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["archive.sqlite3", "warc/2024-03-06.warc.gz", "mail/2024/1.eml"])
@pytest.mark.parametrize("harm", [cut, flip, Path.unlink])
def test_a_damaged_backup_is_named_and_nothing_is_written(
    data: Path, backups: Path, settings: dict[str, Path], tmp_path: Path, name: str, harm: Callable[[Path], None]
) -> None:
    made = back_up(data, backups, settings)
    harm(made.path / name)
    with pytest.raises(BackupError, match=rf"{made.path / name} (is damaged|cannot be read).*Nothing was restored"):
        restore(backups, tmp_path / "copy", settings)
    assert not (tmp_path / "copy").exists()
    before = tree(data)
    with pytest.raises(BackupError):
        restore(backups, data, settings, force=True)
    assert tree(data) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"files": []}, "names no archive.sqlite3"),
        ({"files": [{"path": "warc/../../x", "size": 1, "sha256": ""}]}, "names 'warc/../../x'"),
        ({"files": [{"path": "/etc/passwd", "size": 1, "sha256": ""}]}, "names '/etc/passwd'"),
        ({"format": 2}, "written by a newer version of factpl. Update this program"),
        ({"revision": "9999"}, "newer version of factpl .schema 9999.. Update this program"),
        ({"surplus": 1}, "is damaged"),
    ],
)
def test_a_manifest_that_cannot_be_believed_is_named(
    data: Path, backups: Path, settings: dict[str, Path], tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    manifest = back_up(data, backups, settings).path / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | change))
    with pytest.raises(BackupError, match=message):
        restore(backups, tmp_path / "copy", settings)
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("garbage", ["", "{", "[]"])
def test_a_manifest_that_is_no_json_is_named(
    data: Path, backups: Path, settings: dict[str, Path], tmp_path: Path, garbage: str
) -> None:
    manifest = back_up(data, backups, settings).path / "manifest.json"
    manifest.write_text(garbage)
    with pytest.raises(BackupError, match=r"manifest.json is damaged"):
        restore(manifest.parent, tmp_path / "copy", settings)
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("name", ["", "nowhere"])
def test_what_is_no_backup_is_named(backups: Path, settings: dict[str, Path], tmp_path: Path, name: str) -> None:
    backups.mkdir()
    with pytest.raises(BackupError, match=rf"{backups / name} is no backup: it has no manifest.json"):
        restore(backups / name, tmp_path / "copy", settings)
    assert not (tmp_path / "copy").exists()


def test_nothing_is_restored_while_a_night_runs(data: Path, backups: Path, settings: dict[str, Path]) -> None:
    back_up(data, backups, settings)
    before = tree(data)
    with (data / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BackupError, match=r"A night is running in .*\. Wait for it\."):
            restore(backups, data, settings, force=True)
    assert tree(data) == before


def test_a_full_disk_leaves_nothing_restored(data: Path, backups: Path, settings: dict[str, Path], tiny: Path) -> None:
    back_up(data, backups, settings)
    with pytest.raises(BackupError, match=rf"(full|No space left).* Nothing in {tiny}/data was replaced"):
        restore(backups, tiny / "data", settings)
    assert tree(tiny / "data") == {}


def test_a_swap_that_fails_puts_everything_back(
    data: Path, backups: Path, settings: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(data, backups, settings)
    before = tree(data)
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name == "archive.sqlite3" and target.parent == data and "restoring" in str(self):
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(BackupError, match=rf"Input/output error. Nothing in {data} was replaced"):
        restore(backups, data, settings, force=True)
    assert tree(data) == before


def test_a_backup_of_an_earlier_version_is_upgraded(backups: Path, run: Run, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    stores = Path(__file__).parent / "stores"
    with closing(sqlite3.connect(old / "archive.sqlite3")) as connection:
        connection.executescript((stores / "0001.sql").read_text(encoding="utf-8"))
    assert back_up(old, backups, {}).manifest.revision == "0001"
    shutil.rmtree(old)
    assert run("restore", str(backups), "--data", str(old)).exit_code == 0
    assert exported(old) == (stores / "0001.jsonl").read_text(encoding="utf-8")
