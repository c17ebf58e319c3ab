"""Time by the clock, and of the processors: what other programs do meanwhile lengthens only the first."""

import resource
from time import perf_counter, process_time


class Stopwatch:
    """Adds up, in seconds, what runs inside it; `cpu` counts threads and finished child processes."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0
        self._started = (0.0, 0.0)

    def __enter__(self) -> None:
        self._started = perf_counter(), cpu_seconds()

    def __exit__(self, *_: object) -> None:
        wall, cpu = self._started
        self.wall += perf_counter() - wall
        self.cpu += cpu_seconds() - cpu


def cpu_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return process_time() + children.ru_utime + children.ru_stime
