"""Documents to records by all processors: to find the terms takes most of a build."""

import os
import signal
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import chain, islice
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from threading import Thread

from factpl_crawler.documents import Document
from index.errors import WorkerEnded
from index.records import Record, record

# As many are read before other processes have started.
FEW = 1_000
# More of them wait for the one that writes.
MOST_PROCESSES = 4
_CHUNK = 50
_AHEAD = 3


def records(documents: Iterable[Document], publications: Mapping[str, str]) -> Generator[Record, None, None]:
    """Yield the record of each document, in their order. Raises what `record` raises, and WorkerEnded."""
    rest = iter(documents)
    first = list(islice(rest, FEW))
    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    if len(first) < FEW or processes == 1:
        yield from (record(document, publications) for document in chain(first, rest))
        return
    with _pool(processes) as pool:
        waiting: deque[Future[list[Record]]] = deque()
        for chunk in _chunks(chain(first, rest)):
            waiting.append(pool.submit(_records, chunk, publications))
            if len(waiting) == processes * _AHEAD:
                yield from waiting.popleft().result()
        for future in waiting:
            yield from future.result()


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    # Not forked: the store's connections and threads are not for other processes.
    pool = ProcessPoolExecutor(processes, get_context("spawn"), _begin)
    try:
        yield pool
    except BrokenProcessPool as e:
        raise WorkerEnded from e
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    # Ctrl-C reaches every process; the one that writes ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A process that is killed cannot end those that work for it."""
    parent = parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


def _chunks(documents: Iterator[Document]) -> Iterator[list[Document]]:
    while chunk := list(islice(documents, _CHUNK)):
        yield chunk


def _records(documents: list[Document], publications: Mapping[str, str]) -> list[Record]:
    return [record(document, publications) for document in documents]
