"""Readers who ask while the index is made anew under them."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from invented import ListSource, document

import index.search
from index import whoosh_engine
from index.build import build
from index.related import NoDocumentError, related
from index.search import search, search_ids
from index.suggest import suggest
from index.trends import trends
from web.archive import Archive
from web.asked import Asked

READERS, SWAPS = 3, 8


def asked_meanwhile(ask: Callable[[], None], work: Callable[[], None]) -> list[BaseException]:
    """Return what went wrong for those who *ask* again and again while *work* is done."""
    faults: list[BaseException] = []
    done = threading.Event()

    def keep_asking() -> None:
        while not done.is_set():
            try:
                ask()
            except BaseException as e:  # noqa: BLE001  whatever a reader would have seen
                faults.append(e)
                return

    readers = [threading.Thread(target=keep_asking) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    try:
        work()
    finally:
        done.set()
        for reader in readers:
            reader.join()
    return faults


@pytest.mark.parametrize("rebuild", [False, True], ids=["brought up to date", "rebuilt"])
def test_no_reader_fails_and_none_is_told_what_is_no_longer_true(tmp_path: Path, rebuild: bool) -> None:
    source = ListSource.of(document("a/0", "나루 0", "나루터에 배가 있다. 그로크(Groq)"))
    build(source, tmp_path)
    archive = Archive(tmp_path, tmp_path / "archive.sqlite3")
    # How many documents the index has had for certain.
    known = [1]

    def ask() -> None:
        least = known[0]
        assert archive.search(Asked(q="나루")).total >= least
        assert search("나루터 배", index_dir=tmp_path, facets=["year"]).total >= least
        assert archive.search(Asked(q="groq 배")).total >= 1
        assert suggest("나루ㅌ", index_dir=tmp_path)
        assert trends(["나루"], index_dir=tmp_path)[0].counts[0].found >= least
        search("나르터", index_dir=tmp_path)

    def work() -> None:
        for number in range(1, SWAPS):
            source.put(document(f"a/{number}", f"나루 {number}", "나루터에 배가 있다."))
            build(source, tmp_path, rebuild=rebuild)
            known[0] = number + 1
            assert archive.search(Asked(q="나루")).total == number + 1

    assert asked_meanwhile(ask, work) == []


def test_what_is_replaced_again_and_again_while_it_is_opened_is_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = ListSource.of(document("a/0", "나루", "나루터"))
    build(source, tmp_path)
    open_reader, swapped = whoosh_engine.FileIndex.reader, [0]

    def open_what_was_replaced(index: whoosh_engine.FileIndex, **settings: Any) -> Any:
        if threading.current_thread() is threading.main_thread() and swapped[0] < 3:
            swapped[0] += 1
            rebuild = threading.Thread(target=build, args=(source, tmp_path), kwargs={"rebuild": True})
            rebuild.start()
            rebuild.join()
        return open_reader(index, **settings)

    monkeypatch.setattr(whoosh_engine.FileIndex, "reader", open_what_was_replaced)
    assert (search("나루", index_dir=tmp_path).total, swapped) == (1, [3])


def test_threads_that_open_it_anew_find_one_that_is_whole(tmp_path: Path) -> None:
    source = ListSource.of(document("a/0", "나루", "나루터"))
    build(source, tmp_path)

    def ask() -> None:
        found: list[int] = []
        fresh = threading.Thread(target=lambda: found.append(search("나루", index_dir=tmp_path).total))
        fresh.start()
        fresh.join()
        assert found

    def work() -> None:
        for number in range(1, SWAPS):
            source.put(document(f"a/{number}", "나루", "나루터"))
            build(source, tmp_path, rebuild=number % 3 == 0)
            time.sleep(0.01)

    assert asked_meanwhile(ask, work) == []


def test_a_search_takes_over_what_the_one_before_it_opened_unless_that_is_still_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(ListSource.of(document("a/0", "나루", "나루터")), tmp_path)
    opened: list[Path] = []
    begin = whoosh_engine.Reader.__init__

    def watched(self: whoosh_engine.Reader, folder: Path) -> None:
        opened.append(folder)
        begin(self, folder)

    monkeypatch.setattr(whoosh_engine.Reader, "__init__", watched)
    for _ in range(3):
        thread = threading.Thread(target=lambda: search("나루", index_dir=tmp_path))
        thread.start()
        thread.join()
    assert len(opened) == 1
    with pytest.raises(NoDocumentError):
        related("a/none", index_dir=tmp_path)
    next(search_ids("나루", index_dir=tmp_path))
    search("나루", index_dir=tmp_path)
    assert len(opened) == 1
    with index.search.opened(tmp_path) as (first, _), index.search.opened(tmp_path) as (second, _):
        assert (first is not second, len(opened)) == (True, 2)


def test_what_has_been_replaced_is_not_kept_open(tmp_path: Path) -> None:
    source = ListSource.of(document("a/0", "나루", "나루터"))
    build(source, tmp_path)
    with index.search.opened(tmp_path), index.search.opened(tmp_path):
        pass
    build(source, tmp_path, rebuild=True)
    search("나루", index_dir=tmp_path)
    assert len([key for key, _ in index.search._idle if key[0] == tmp_path.resolve()]) == 1
