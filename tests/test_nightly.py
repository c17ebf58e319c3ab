"""The night as one command: collect, index, report."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def nightly(data: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "FACTPL_DATA": str(data), "SCRAPY_PROJECT": "demo", **environment}
    command = [sys.executable, "-W", "error", "-m", "factpl_crawler.nightly", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_a_publication_that_nobody_declared_is_named(tmp_path: Path) -> None:
    run = nightly(tmp_path, "nobody")
    assert (run.returncode, run.stderr) == (
        2,
        "Error: no publication is named 'nobody'; known are factpl, hanjul, narutech\n",
    )
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_in_the_settings_is_named(tmp_path: Path) -> None:
    (tmp_path / "factpl.toml").write_text("delay = 0")
    run = nightly(tmp_path / "data", FACTPL_CONFIG=str(tmp_path / "factpl.toml"))
    assert run.returncode == 2
    assert run.stderr.endswith("factpl.toml: delay is 0: Input should be greater than or equal to 1\n")
    assert "Traceback" not in run.stderr


def test_an_archive_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "archive.sqlite3").write_bytes(b"no database" * 100)
    run = nightly(tmp_path, "narutech")
    assert run.returncode == 3
    assert run.stderr.startswith("Error: ")
    assert "archive.sqlite3" in run.stderr


def test_a_night_without_an_answer_is_unhealthy_and_says_so(tmp_path: Path) -> None:
    run = nightly(tmp_path, "factpl")  # the demo's settings shut out all but loopback
    assert run.returncode == 5
    assert "  FAULT: pages of the archive's list that could not be read: 1" in run.stdout
    assert run.stdout.splitlines()[-1].startswith("index: ")
