"""One writer at a time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from factpl_crawler.lock import LockedError, writing

ROOT = Path(__file__).parent.parent


def test_who_writes_keeps_others_out_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTPL_NOW", "2024-07-19T03:17:00+09:00")
    held = rf"by process {os.getpid()} since 2024-07-19 03:17\. Wait until"
    with writing(), pytest.raises(LockedError, match=held), writing():
        pass
    with writing():
        pass


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("-m scrapy crawl mailbox -a path=README.md", 4),
        ("search_cli.py import README.md", 2),
        ("-m factpl_crawler.nightly factpl", 4),
    ],
)
def test_every_command_that_writes_waits_for_nobody(command: str, code: int) -> None:
    with writing():
        run = subprocess.run(
            [sys.executable, *command.split()], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
    assert (run.returncode, "is being written to by process" in run.stderr) == (code, True), run.stderr


HOLDER = """
import time
from factpl_crawler.lock import writing
with writing():
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_is_gone_with_a_process_that_was_killed() -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(LockedError), writing():
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with writing():
        pass
