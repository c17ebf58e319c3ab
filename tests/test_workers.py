import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from invented import document

from index import workers
from index.errors import WorkerEnded
from index.records import record
from index.workers import records

DOCUMENTS = [document(f"a/{n}", f"나루 {n}", "강가에 배가 닿았다 " * (n % 7)) for n in range(130)]


class Ending(dict[str, str]):
    """Titles of publications that end the process that asks for them."""

    def get(self, key: str, default: Any = None) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(autouse=True)
def two_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "FEW", 3)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def test_records_of_several_processes_are_those_of_one_in_order() -> None:
    made = [record(one, {"naru": "나루 편지"}) for one in DOCUMENTS]
    assert list(records(DOCUMENTS, {"naru": "나루 편지"})) == made
    assert multiprocessing.active_children() == []


def test_few_documents_are_read_without_other_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(workers, "ProcessPoolExecutor")
    assert list(records(DOCUMENTS[:2], {})) == [record(one, {}) for one in DOCUMENTS[:2]]


def test_no_more_documents_are_taken_than_wait_to_be_written() -> None:
    taken = iter(DOCUMENTS * 10)
    made = records(taken, {})
    next(made)
    made.close()
    assert len(list(taken)) == 1300 - 2 * workers._AHEAD * workers._CHUNK
    assert multiprocessing.active_children() == []


def test_what_is_wrong_with_a_document_is_raised() -> None:
    with pytest.raises(ValueError, match="no day"):
        list(records([*DOCUMENTS, DOCUMENTS[0]._replace(date_published="no day")], {}))
    assert multiprocessing.active_children() == []


def test_a_process_that_is_ended_is_said() -> None:
    entry = document("naru/1#1")
    with pytest.raises(WorkerEnded, match="perhaps for want of memory"):
        list(records([entry] * 5, Ending()))
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize(
    ("end", "returncode"),
    [("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL), ("os.killpg(0, signal.SIGINT)", -signal.SIGINT)],
    ids=["killed", "interrupted"],
)
def test_no_process_outlives_the_one_that_is_ended(end: str, returncode: int) -> None:
    program = f"""
import os, signal
from index import workers
from test_workers import DOCUMENTS
workers.FEW, os.cpu_count = 3, lambda: 2
made = workers.records(DOCUMENTS * 10, {{}})
for _ in range(200):
    next(made)
{end}
"""
    folders = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parent.parent)])
    # Its processes write to the same pipe, so that this waits for them too.
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": folders},
        capture_output=True,
        check=False,
        start_new_session=True,
        timeout=60,
    )
    assert ended.returncode == returncode
