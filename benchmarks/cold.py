"""What a command takes as a fresh process: python -m benchmarks.cold TIMES COMMAND...

Kept apart, and small, because a process starts with the peak memory of the one that started it.
"""

import json
import resource
import subprocess
import sys
import time


def main() -> None:
    times, *command = sys.argv[1:]
    seconds = [_seconds(command) for _ in range(int(times))]
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 1 if sys.platform == "darwin" else 1024
    cpu_seconds = used.ru_utime + used.ru_stime
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_bytes": used.ru_maxrss * unit}))


def _seconds(command: list[str]) -> float:
    started = time.perf_counter()
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # what the caller measures
    seconds = time.perf_counter() - started
    if run.returncode:
        sys.exit(f"{' '.join(command)} failed: {run.stderr}")
    return seconds


if __name__ == "__main__":
    main()
