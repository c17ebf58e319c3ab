"""The load of a hundred readers, played by a few over a dozen invented texts."""

# ruff: noqa: E402  # what is skipped must not be imported first

import doctest
import json
import lzma
import subprocess
import sys
from pathlib import Path

import pytest

for package in ("locust", "datasette"):
    # In a process of its own: to import locust changes how this one waits.
    if subprocess.run([sys.executable, "-c", f"import {package}"], capture_output=True, check=False).returncode:
        pytest.skip("tools/bootstrap bench installs what the benchmarks compare with", allow_module_level=True)

from benchmarks import web_load
from benchmarks.corpora import Text

ROOT = Path(__file__).parent.parent
TEXTS = [
    Text(f"t{number}", f"나루 소식 {number}", f"나루터에 안개가 {kind} 배가 늦게 떠났다", f"2024-03-{number + 1:02}")
    for number, kind in enumerate(["끼어", "걷혀", "끼어", "짙어", "끼어", "걷혀"] * 4)
]


def write_statutes(folder: Path) -> None:
    lines = [{"id": text.id, "title": text.title, "text": text.body, "date": text.date} for text in TEXTS]
    with lzma.open(folder / "statutes-100k.jsonl.xz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


def test_the_examples_in_the_source_are_true() -> None:
    assert doctest.testmod(web_load).failed == 0


def test_the_documents_lead_to_each_other() -> None:
    documents = {one.id: one for one in web_load.documents(TEXTS)}
    assert len(documents) == len(TEXTS)
    links = [(one.id, link.position, link.article) for one in documents.values() for link in one.links]
    ways = [(way.entry, way.position, one.id) for one in documents.values() for way in one.linked_from]
    assert sorted(ways) == sorted(link for link in links if link[2] in documents)


def test_readers_are_played_against_both_servers(tmp_path: Path) -> None:
    write_statutes(tmp_path)
    command = [sys.executable, "-m", "benchmarks.web_load", "--data", str(tmp_path), "--size", str(len(TEXTS))]
    command += ["--keep", str(tmp_path / "kept"), "--users", "5", "--impatient", "0", "--seconds", "3", "--only", "API"]
    run = subprocess.run(
        [*command, "--workers", "1", "--json", str(tmp_path / "out.json")],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    # Where this machine is busy, it is said that it is too slow.
    assert "Traceback" not in run.stderr
    rows = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    whole = {row["server"]: row for row in rows if row["kind"] == "all"}
    assert whole.keys() == {"factpl, API", "Datasette, API"}, run.stderr
    assert [row["failures"] for row in whole.values()] == [0, 0]
    assert all(row["requests"] and row["p99"] >= row["p95"] >= row["p50"] > 0 for row in whole.values())
