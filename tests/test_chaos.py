"""A few rounds of benchmarks/chaos.py: nights that are killed, without room, on a read-only disk."""

import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import chaos
from demo_site.server import DemoSite

mounts = pytest.mark.skipif(
    os.geteuid() != 0 or subprocess.run(["mount", "--version"], capture_output=True, check=False).returncode != 0,
    reason="to make a small disk takes root",
)


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with DemoSite(port=0) as site:
        yield site


@pytest.fixture(scope="module")
def expected(site: DemoSite, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, float]:
    return chaos.undisturbed(site, tmp_path_factory.mktemp("undisturbed"))


@pytest.mark.parametrize("part", [0.35, 0.5, 0.65, 0.9])
def test_a_night_that_is_killed_loses_and_doubles_nothing(
    site: DemoSite, tmp_path: Path, expected: tuple[str, float], part: float
) -> None:
    export, took = expected
    chaos.killed(site, tmp_path, export, took * (part + random.uniform(-0.1, 0.1)))


@mounts
@pytest.mark.parametrize("kilobytes", [64, 600])
def test_a_night_without_room_says_so_and_loses_nothing(
    site: DemoSite, tmp_path: Path, expected: tuple[str, float], kilobytes: int
) -> None:
    chaos.without_room(site, tmp_path, expected[0], kilobytes)


@mounts
def test_a_night_on_a_read_only_disk_says_so_and_breaks_nothing(
    site: DemoSite, tmp_path: Path, expected: tuple[str, float]
) -> None:
    chaos.read_only(site, tmp_path, expected[0])
