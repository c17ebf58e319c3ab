"""What is left of a night that was killed, had no room, or could not write, and what the next one makes of it.

python -m benchmarks.chaos --rounds 50
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from demo_site.server import DemoSite
from factpl_crawler.paths import ROOT

ARCHIVE = ("page.hanjul.localhost", "/archives/77001/emails")
UNUSABLE, UNHEALTHY = 3, 5


class ChaosError(Exception):
    """Something was lost, doubled or left broken; the message says what."""


def night(site: DemoSite, data: Path, *, kill_after: float | None = None) -> tuple[int, str]:
    """Run one, or kill it and all its processes after so many seconds; return how it ended, and what it said."""
    command = [sys.executable, "-m", "factpl_crawler.nightly", "hanjul", "--archive", site.url(*ARCHIVE)]
    environment = {**os.environ, "FACTPL_DATA": str(data), "SCRAPY_PROJECT": "demo"}
    process = subprocess.Popen(  # noqa: S603  # our own program
        command, cwd=ROOT, env=environment, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        output, _ = process.communicate(timeout=kill_after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
    return process.returncode, output


def search_cli(data: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "search_cli.py", "--data", str(data), *arguments]
    environment = {**os.environ, "SCRAPY_PROJECT": "demo", "FACTPL_NOW": "2024-07-19T06:00:00+09:00"}
    return subprocess.run(  # noqa: S603  # our own program
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def undisturbed(site: DemoSite, data: Path) -> tuple[str, float]:
    """Return what is exported after a night that nothing happened to, and the seconds that it took."""
    started = time.monotonic()
    code, output = night(site, data)
    if code:
        raise ChaosError(f"an undisturbed night ended with {code}: {output}")
    took = time.monotonic() - started
    return search_cli(data, "export").stdout, took


def made_good(site: DemoSite, data: Path, expected: str) -> None:
    """Run a night and raise `ChaosError` unless it leaves what an undisturbed one does."""
    code, output = night(site, data)
    if code:
        raise ChaosError(f"the night after ended with {code}: {output}")
    if (exported := search_cli(data, "export").stdout) != expected:
        raise ChaosError(_difference(exported, expected))
    searched, documents = (
        search_cli(data, "--count", "종류:기사 OR 종류:꼭지").stdout.strip(),
        len(expected.splitlines()),
    )
    if searched != str(documents):
        raise ChaosError(f"the index finds {searched} documents, and there are {documents}")
    doctor = search_cli(data, "doctor", "--thorough", "--format", "json")
    faults = [one for one in json.loads(doctor.stdout) if one["state"] == "fault"]
    if faults:
        raise ChaosError(f"doctor finds {faults}")


def _difference(exported: str, expected: str) -> str:
    had, wanted = (set(text.splitlines()) for text in (exported, expected))
    return f"lost: {sorted(wanted - had)[:1]}, beyond what was expected: {sorted(had - wanted)[:1]}"


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[None]:
    """Mount a file system in memory there, which takes root."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)  # noqa: S603, S607
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S603, S607


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)  # noqa: S603, S607


def killed(site: DemoSite, data: Path, expected: str, after: float) -> None:
    night(site, data, kill_after=after)
    made_good(site, data, expected)


def without_room(site: DemoSite, data: Path, expected: str, kilobytes: int) -> None:
    """A night finds the disk full, says so, and loses nothing that a larger disk does not bring back."""
    with small_disk(data, f"size={kilobytes}k,mode=0700"):
        code, output = night(site, data)
        if code not in (UNUSABLE, UNHEALTHY) or "Traceback" in output:
            raise ChaosError(f"a night without room ended with {code}: {output}")
        remount(data, "size=200m")
        made_good(site, data, expected)


def read_only(site: DemoSite, data: Path, expected: str) -> None:
    with small_disk(data, "size=200m,mode=0700"):
        made_good(site, data, expected)
        remount(data, "ro")
        code, output = night(site, data)
        if code != UNUSABLE or "Traceback" in output:
            raise ChaosError(f"a night on a read-only disk ended with {code}: {output}")
        remount(data, "rw")
        made_good(site, data, expected)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50, help="nights that are killed at a moment of chance")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    moments = random.Random(options.seed)  # noqa: S311  # no secret
    with DemoSite(port=0) as site, TemporaryDirectory(prefix="factpl-chaos-") as folder:
        expected, took = undisturbed(site, Path(folder) / "undisturbed")
        for number in range(1, options.rounds + 1):
            after = moments.uniform(0, took)
            killed(site, Path(folder) / str(number), expected, after)
            print(f"{number}: killed after {after:.2f} of {took:.2f} s, and made good", flush=True)
        if os.geteuid() == 0:
            for kilobytes in (64, 256, 600, 1000):
                disk = Path(folder) / f"disk-{kilobytes}"
                disk.mkdir()
                without_room(site, disk, expected, kilobytes)
                print(f"a disk of {kilobytes} kB: full, said so, and made good", flush=True)
            disk = Path(folder) / "disk-ro"
            disk.mkdir()
            read_only(site, disk, expected)
            print("a read-only disk: said so, and made good", flush=True)


if __name__ == "__main__":
    main()
