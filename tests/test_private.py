"""What lies on the disk is its owner's alone."""

import logging
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from crawling import ROOT, scrapy

from factpl_crawler.paths import private_folder


@pytest.fixture
def lax() -> Iterator[None]:
    """Folders and files are made for all to read, as most systems have it."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): stat.filemode(path.stat().st_mode) for path in folder.rglob("*")}


def collect(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    letter = tmp_path / "letter.txt"
    letter.write_text("2024.03.14 Thursday #99\n나루 인터뷰\n제목이다\n본문입니다.\n", encoding="utf-8")
    assert scrapy(data, "crawl", "mailbox", "-a", f"path={letter}", "-a", "publication=narutech").returncode == 0
    command = [sys.executable, "search_cli.py", "--data", str(data), "index"]
    subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=True)
    return data


@pytest.mark.usefixtures("lax")
def test_what_is_made_is_the_owners_alone(tmp_path: Path) -> None:
    data = collect(tmp_path)
    assert stat.filemode(data.stat().st_mode) == "drwx------"
    assert {name: mode for name, mode in modes(data).items() if mode[4:] != "------"} == {}
    assert {"archive.sqlite3", "index"} <= modes(data).keys()


@pytest.mark.usefixtures("lax")
def test_what_others_could_read_is_shut(tmp_path: Path) -> None:
    data = collect(tmp_path)
    for path in (data, data / "index"):
        path.chmod(0o777)
    (data / "archive.sqlite3").chmod(0o666)
    collect(tmp_path)
    shut = {name: stat.filemode((data / name).stat().st_mode) for name in (".", "index", "archive.sqlite3")}
    assert shut == {".": "drwx------", "index": "drwx------", "archive.sqlite3": "-rw-------"}


def test_a_folder_that_is_shut_is_named_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tmp_path.chmod(0o755)
    private_folder(tmp_path)
    private_folder(tmp_path)
    assert caplog.messages == [f"{tmp_path} was open to others (drwxr-xr-x) and is yours alone now."]


def test_a_folder_that_others_use_too_stays_as_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, home = tmp_path / "shared", tmp_path / "home"
    for folder, mode in ((shared, 0o1777), (home, 0o755)):
        folder.mkdir()
        folder.chmod(mode)
    monkeypatch.setenv("HOME", str(home))
    with caplog.at_level(logging.WARNING):
        private_folder(shared)
        private_folder(home)
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (shared, home)] == [0o1777, 0o755]
    assert caplog.messages == [
        f"{shared} is open to others (drwxrwxrwt). Keep the archive in a folder of its own.",
        f"{home} is open to others (drwxr-xr-x). Keep the archive in a folder of its own.",
    ]
