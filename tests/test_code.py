"""The source itself: style, types, and that it speaks of nothing but itself."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

SHIPPED = [
    "factpl_crawler",
    "index",
    "web",
    "demo_site",
    "tools",
    *"search_cli.py search_web.py cli_commands.py cli_output.py charts.py digests.py".split(),
]


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "--no-cache"],
        ["ruff", "format", "--check", "--no-cache"],
        ["mypy", "--no-incremental"],
        ["bandit", "--quiet", "--configfile", "pyproject.toml", "--recursive", *SHIPPED],
    ],
    ids=["ruff check", "ruff format", "mypy", "bandit"],
)
def test_source_is_clean(command: list[str]) -> None:
    run = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_spider_of_a_known_mailer_is_one_short_file() -> None:
    source = (ROOT / "demo_site" / "spiders" / "hanjul.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 40
    assert source in (ROOT / "README.md").read_text(encoding="utf-8")


def test_commands_have_their_run_bit() -> None:
    commands = ["demo", "test", "nightly", "search_cli.py", "tools/bootstrap", ".ci/run"]
    assert [name for name in commands if not shutil.which(ROOT / name)] == []
