"""What a command takes as a fresh process: python -m benchmarks.cold TIMES COMMAND...

Kept apart, and small, because a process starts with the peak memory of the one that started it. A run that is not
counted goes before the others: where Python may, it keeps there what it compiled.
"""

import json
import os
import resource
import subprocess
import sys
import time


def main() -> None:
    times, *command = sys.argv[1:]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    _seconds(command)
    before = _cpu_seconds()
    seconds = [_seconds(command) for _ in range(int(times))]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"seconds": seconds, "cpu_seconds": _cpu_seconds() - before, "peak_bytes": peak}))


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _seconds(command: list[str]) -> float:
    started = time.perf_counter()
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # what the caller measures
    seconds = time.perf_counter() - started
    if run.returncode:
        sys.exit(f"{' '.join(command)} failed: {run.stderr}")
    return seconds


if __name__ == "__main__":
    main()
