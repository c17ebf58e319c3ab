import fcntl
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from invented import ListSource, document
from whoosh.filedb.structfile import BufferFile

import index.build
from factpl_crawler.documents import Document
from index import whoosh_engine
from index.aliases import LEARNT
from index.build import BuildReport, build
from index.meta import read_meta, replace_file
from index.records import Record, korean_day, record
from index.search import IndexBroken, IndexLocked, known_aliases, search
from index.spelling import WORDS, Vocabulary

RIVER, FIELD, STAR = document("a/1", "강"), document("a/2", "들"), document("a/3", "별")


@pytest.fixture
def index_dir(tmp_path: Path) -> Path:
    return tmp_path / "index"


def found(index_dir: Path, query: str = "") -> list[str]:
    return sorted(hit.document.id for hit in search(query, index_dir=index_dir, limit=100).hits)


def counts(report: BuildReport) -> tuple[int, int, int, str | None]:
    return report.added, report.removed, report.total, report.rebuilt


# --- What is built ---


def test_the_first_build_indexes_everything(index_dir: Path) -> None:
    assert counts(build(ListSource.of(RIVER, FIELD), index_dir)) == (2, 0, 2, "there was none")
    assert found(index_dir) == ["a/1", "a/2"]


def test_the_next_build_indexes_what_changed(index_dir: Path) -> None:
    source = ListSource.of(RIVER, FIELD)
    build(source, index_dir)
    source.put(STAR, document("a/1", "바다"))
    source.remove("a/2")
    assert counts(build(source, index_dir)) == (2, 1, 2, None)
    assert (found(index_dir), found(index_dir, "강"), found(index_dir, "바다")) == (["a/1", "a/3"], [], ["a/1"])
    assert found(index_dir, "-바다") == ["a/3"]


def test_a_build_with_nothing_to_do_does_nothing(index_dir: Path) -> None:
    source = ListSource.of(RIVER)
    build(source, index_dir)
    files = sorted((path, path.stat().st_mtime_ns) for path in index_dir.rglob("*") if path.name != "lock")
    assert counts(build(source, index_dir)) == (0, 0, 1, None)
    assert sorted((path, path.stat().st_mtime_ns) for path in index_dir.rglob("*") if path.name != "lock") == files


def test_an_empty_archive_is_an_empty_index(index_dir: Path) -> None:
    assert counts(build(ListSource(), index_dir)) == (0, 0, 0, "there was none")
    assert (found(index_dir), found(index_dir, "강")) == ([], [])


def test_a_document_that_came_back_after_its_removal_is_there(index_dir: Path) -> None:
    source = ListSource.of(RIVER, FIELD)
    build(source, index_dir)
    source.remove("a/1")
    source.put(RIVER)
    build(source, index_dir)
    assert found(index_dir) == ["a/1", "a/2"]


def test_everything_fits_in_many_commits(index_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index.build, "BATCH", 2)
    told: list[int] = []
    source = ListSource.of(*(document(f"a/{i}", "강") for i in range(25)))
    assert build(source, index_dir, progress=told.append).total == 25
    assert told == [*range(2, 26, 2), 25]
    assert len(found(index_dir, "강")) == 25


def test_a_document_given_twice_is_one(index_dir: Path) -> None:
    writer = whoosh_engine.Writer(_made(index_dir), create=True)
    writer.write([record(RIVER, {}), record(document("a/1", "바다"), {})])
    writer.write([record(RIVER, {}), record(RIVER, {})])
    assert writer.count() == 1


def test_documents_spread_over_many_commits_are_merged(index_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whoosh_engine, "MERGE_ABOVE_SEGMENTS", 2)
    writer = whoosh_engine.Writer(_made(index_dir), create=True)
    for i in range(3):
        writer.write([record(document(f"a/{i}", f"강 {i}"), {}), record(document(f"b/{i}", "들"), {})])
    before = len(list(index_dir.glob("*.seg")))
    writer.merge()
    assert (writer.count(), before, len(list(index_dir.glob("*.seg")))) == (6, 3, 1)


class Busy(ListSource):
    """An archive that goes on changing while it is read."""

    def documents(self, ids: Any = None, *, changed_after: int = 0) -> Iterator[Document]:
        yield from list(super().documents(ids, changed_after=changed_after))
        self.put(STAR)


def test_what_changes_during_a_build_is_indexed_by_the_next(index_dir: Path) -> None:
    source = Busy.of(RIVER)
    build(source, index_dir)
    build(ListSource(source.current, source.gone, source.changed), index_dir)
    assert found(index_dir) == ["a/1", "a/3"]


# --- When everything is built again ---


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"analysis_version": "other"}, "it was made by another version of the program or its dictionary"),
        ({"schema_version": 0}, "it was made by another version of the program or its dictionary"),
        ({"store_id": "other"}, "it was made of another archive"),
        ({"changed": 99}, "it was made of another archive"),
        ({"publications": {"naru": "옛 이름"}}, "a publication has another title"),
        ({"folder": "built-gone"}, "it could not be read"),
    ],
)
def test_an_index_of_something_else_is_rebuilt_with_the_reason(
    index_dir: Path, change: dict[str, Any], reason: str
) -> None:
    source = ListSource.of(RIVER)
    build(source, index_dir)
    source.put(FIELD)
    meta = index_dir / "meta.json"
    meta.write_text(json.dumps(json.loads(meta.read_text()) | change))
    assert counts(build(source, index_dir)) == (2, 0, 2, reason)
    assert found(index_dir) == ["a/1", "a/2"]


def test_an_index_without_a_readable_description_is_rebuilt(index_dir: Path) -> None:
    source = ListSource.of(RIVER)
    build(source, index_dir)
    (index_dir / "meta.json").write_text("{")
    assert build(source, index_dir).rebuilt == "it could not be read"
    assert found(index_dir) == ["a/1"]


def test_a_rebuild_leaves_nothing_of_the_old_index(index_dir: Path) -> None:
    source = ListSource.of(RIVER)
    build(source, index_dir)
    (index_dir / "built-left").mkdir()
    assert build(source, index_dir, rebuild=True).rebuilt == "as asked"
    meta = read_meta(index_dir)
    assert meta is not None
    assert sorted(path.name for path in index_dir.iterdir()) == sorted([meta.folder, "lock", "meta.json"])


# --- What goes wrong ---


class Interrupted(ListSource):
    def documents(self, ids: Any = None, *, changed_after: int = 0) -> Iterator[Document]:
        yield RIVER
        raise OSError("the disk is gone")


def test_a_rebuild_that_fails_leaves_the_old_index_in_use(index_dir: Path) -> None:
    build(ListSource.of(RIVER, FIELD), index_dir)
    with pytest.raises(OSError, match="the disk is gone"):
        build(Interrupted(changed=7), index_dir, rebuild=True)
    assert found(index_dir) == ["a/1", "a/2"]
    assert build(ListSource.of(RIVER), index_dir, rebuild=True).total == 1


def test_a_reader_that_is_open_survives_a_rebuild(index_dir: Path) -> None:
    build(ListSource.of(RIVER), index_dir)
    meta = read_meta(index_dir)
    assert meta is not None
    with whoosh_engine.Reader(index_dir / meta.folder) as reader:
        build(ListSource.of(FIELD), index_dir, rebuild=True)
        assert reader.search(index.query.parse("강"), "score", 10, 0)[1] == 1


def test_a_search_during_a_swap_takes_the_new_index(index_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(ListSource.of(RIVER), index_dir)
    opened = whoosh_engine.Reader
    tried: list[Path] = []

    def swapped(folder: Path) -> whoosh_engine.Reader:
        tried.append(folder)
        if len(tried) == 1:
            build(ListSource.of(FIELD), index_dir, rebuild=True)
        return opened(folder)

    monkeypatch.setattr(whoosh_engine, "Reader", swapped)
    assert found(index_dir) == ["a/2"]
    assert len(tried) == 2


def test_two_builds_at_once_are_refused(index_dir: Path) -> None:
    build(ListSource.of(RIVER), index_dir)
    with (index_dir / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        with pytest.raises(IndexLocked, match="Another process is building the index at"):
            build(ListSource.of(RIVER), index_dir)
    assert build(ListSource.of(RIVER), index_dir).total == 1


def test_a_build_killed_in_the_middle_is_made_good_by_the_next(index_dir: Path) -> None:
    source = ListSource.of(RIVER, FIELD)
    build(source, index_dir)
    source.put(document("a/1", "바다"), STAR)
    source.remove("a/2")
    program = """
import os, sys
from pathlib import Path
import index.build, index.whoosh_engine
from test_build import *
from invented import *
source = ListSource.of(RIVER, FIELD)
source.put(document("a/1", "바다"), STAR)
source.remove("a/2")
index.build.write_meta = lambda *_: os.kill(os.getpid(), 9)
index.build.build(source, Path(sys.argv[1]))
"""
    folders = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parent.parent)])
    killed = subprocess.run(
        [sys.executable, "-c", program, str(index_dir)], env=os.environ | {"PYTHONPATH": folders}, check=False
    )
    assert killed.returncode == -9
    assert found(index_dir) == ["a/1", "a/3"]
    assert counts(build(source, index_dir)) == (2, 0, 2, None)
    assert (found(index_dir), found(index_dir, "강")) == (["a/1", "a/3"], [])


def test_a_commit_that_fails_is_cancelled_and_leaves_no_ghost(index_dir: Path) -> None:
    writer = whoosh_engine.Writer(_made(index_dir), create=True)
    writer.write([record(RIVER, {})])
    good = record(FIELD, {})
    bad = Record("a/3", b"", -5, good.keywords, good.terms)
    with pytest.raises(ValueError, match="out of range"):
        writer.write([good, bad], ["a/1"])
    assert writer.count() == 1
    writer.write([record(STAR, {})])
    with whoosh_engine.Reader(index_dir) as reader:
        assert sorted(reader.ids(index.query.parse(""))) == ["a/1", "a/3"]
        assert list(reader.ids(index.query.parse("들"))) == []


# --- Files ---


def test_what_a_commit_names_is_on_the_disk_before_its_name(index_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[str] = []
    sync, rename = os.fsync, os.rename

    def fsync(descriptor: int) -> None:
        log.append("sync " + _kind(str(Path(f"/proc/self/fd/{descriptor}").readlink()), index_dir))
        sync(descriptor)

    def renamed(old: str, new: str) -> None:
        log.append("name " + _kind(new, index_dir))
        rename(old, new)

    writer = whoosh_engine.Writer(_made(index_dir), create=True)
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", renamed)
    writer.write([record(RIVER, {})])
    assert log == ["sync .seg", "sync .toc", "name .toc", "sync folder"]


def _kind(path: str, index_dir: Path) -> str:
    if Path(path) == index_dir:
        return "folder"
    return ".toc" if ".toc" in path else Path(path).suffix


def test_the_index_is_its_owners_alone(index_dir: Path) -> None:
    build(ListSource.of(RIVER), index_dir)
    folders = [index_dir, *(path for path in index_dir.iterdir() if path.is_dir())]
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o700, 0o700]


@pytest.mark.parametrize("pattern", ["*.toc", "*.seg"])
@pytest.mark.parametrize("damage", ["empty", "cut", "garbage", "gone"])
def test_a_damaged_index_is_named_with_the_command_that_mends_it(index_dir: Path, pattern: str, damage: str) -> None:
    source = ListSource.of(RIVER, FIELD)
    build(source, index_dir)
    (file,) = index_dir.glob(f"built-*/{pattern}")
    whole = file.read_bytes()
    file.write_bytes({"empty": b"", "cut": whole[: len(whole) // 2], "garbage": os.urandom(500), "gone": b""}[damage])
    if damage == "gone":
        file.unlink()
    with pytest.raises(IndexBroken, match=r"Run: search_cli\.py index --rebuild"):
        found(index_dir, "강")
    build(source, index_dir, rebuild=True)
    assert found(index_dir, "강") == ["a/1"]


@pytest.mark.parametrize("pattern", ["*.toc", "*.seg"])
@pytest.mark.parametrize("content", [b"", b"\x00" * 500])
@pytest.mark.parametrize("new", [(), (STAR,)])
def test_what_a_power_cut_leaves_empty_is_built_again_and_that_is_said(
    index_dir: Path, pattern: str, content: bytes, new: tuple[Document, ...]
) -> None:
    source = ListSource.of(RIVER, FIELD)
    build(source, index_dir)
    (file,) = index_dir.glob(f"built-*/{pattern}")
    file.write_bytes(content)
    if new:
        source.put(*new)
    assert counts(build(source, index_dir)) == (2 + len(new), 0, 2 + len(new), "it could not be read")
    assert found(index_dir, "강") == ["a/1"]


def test_opening_an_index_does_not_read_all_of_it(index_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(ListSource.of(RIVER, FIELD), index_dir)
    copied: list[str] = []
    original = BufferFile.__init__

    def copying(self: BufferFile, buffer: Any, **options: Any) -> None:
        copied.extend([options["name"]] if buffer else [])
        original(self, buffer, **options)

    monkeypatch.setattr(BufferFile, "__init__", copying)
    assert found(index_dir, "강") == ["a/1"]
    assert copied == []


def test_an_index_can_be_moved(index_dir: Path) -> None:
    build(ListSource.of(RIVER), index_dir)
    moved = index_dir.with_name("moved")
    shutil.move(index_dir, moved)
    assert found(moved, "강") == ["a/1"]


# --- Days ---


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2024-05-20T20:00:00+00:00", "2024-05-21"),
        ("2024-05-21T00:00:00+09:00", "2024-05-21"),
        ("2024-05-21T08:59:00+09:00", "2024-05-21"),
        ("2024-05-20T23:30:00-05:00", "2024-05-21"),
    ],
)
def test_a_moment_is_filed_under_the_day_it_was_in_korea(index_dir: Path, moment: str, day: str) -> None:
    build(ListSource.of(document("a/1", date=moment)), index_dir)
    assert found(index_dir, f"date:{day}") == ["a/1"]
    assert korean_day(None) is None


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_what_is_deleted_is_not_counted_before_it_is_merged(index_dir: Path) -> None:
    once = document("a/1", "다리", "한강다리(Bridge)를 건넜다")
    source = ListSource.of(once, document("a/2", "bridge 공사", "누비온이 bridge를 놓는다"))
    build(source, index_dir)
    source.put(document("a/1", "다리", "한강다리(Bridge)를 다시 건넜다"))
    build(source, index_dir)
    assert known_aliases("bridge", index_dir=index_dir) == []
    source.remove("a/2")
    build(source, index_dir)
    folder = index_dir / read_meta(index_dir).folder  # type: ignore[union-attr]  # it was just built
    assert "누비온" not in Vocabulary(folder)
    assert "한강다리" in Vocabulary(folder)


@pytest.mark.parametrize("name", [LEARNT, WORDS])
def test_an_index_that_lacks_a_file_beside_it_is_built_again(index_dir: Path, name: str) -> None:
    source = ListSource.of(RIVER)
    build(source, index_dir)
    folder = index_dir / read_meta(index_dir).folder  # type: ignore[union-attr]  # it was just built
    (folder / name).unlink()
    assert build(source, index_dir).rebuilt == "it could not be read"


@pytest.mark.parametrize("at", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_damage_in_the_midst_of_an_index_ends_in_a_new_one(index_dir: Path, at: float) -> None:
    source = ListSource.of(*(document(f"a/{number}", "강", f"나루 {number}") for number in range(50)))
    build(source, index_dir)
    [segment] = index_dir.glob("built-*/*.seg")
    content = bytearray(segment.read_bytes())
    middle = int(len(content) * at)
    content[middle : middle + 400] = b"\xff" * 400
    segment.write_bytes(content)
    source.put(*(document(f"a/{number}", "강", "배") for number in range(40)))
    build(source, index_dir)
    build(source, index_dir, rebuild=True)
    assert search("배", index_dir=index_dir).total == 40


def test_a_file_beside_the_index_is_on_the_disk_before_it_has_its_name_and_its_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: done.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
    )
    replaced = Path.replace
    monkeypatch.setattr(Path, "replace", lambda self, target: (done.append("replace"), replaced(self, target))[1])
    replace_file(tmp_path / "words.txt", ["강\t1\n"])
    assert done == [str(tmp_path / "words.txt.new"), "replace", str(tmp_path)]
    assert (tmp_path / "words.txt").read_text(encoding="utf-8") == "강\t1\n"
