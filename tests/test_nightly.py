"""The night as one command: collect, index, report, tell; and what it ends with."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from demo_site.server import DemoSite
from factpl_crawler.store import NightRow, Store
from index.search import search

ROOT = Path(__file__).parent.parent
ONE_LINE = ("page.hanjul.localhost", "/archives/77001/emails")


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "factpl_crawler.nightly", *arguments]


def environment(data: Path, **others: str) -> dict[str, str]:
    return {**os.environ, "FACTPL_DATA": str(data), "SCRAPY_PROJECT": "demo", **others}


def nightly(data: Path, *arguments: str, **others: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(*arguments),
        cwd=ROOT, env=environment(data, **others), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def nights(data: Path) -> list[NightRow]:
    with Store.open(data / "archive.sqlite3", create=False) as store:
        return store.nights(10)


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with DemoSite(port=0) as site:
        yield site


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--since", "someday"), "someday"),
        (("narutech", "hanjul", "--archive", "http://n.example/"), "--archive is of one publication, and these are 2"),
        (("--sinse", "2024"), "unrecognized arguments: --sinse"),
    ],
)
def test_a_mistake_in_the_command_is_named(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    run = nightly(tmp_path / "data", *arguments)
    assert run.returncode == 2
    assert message in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "data").exists()


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
    assert [line.partition(":")[0] for line in run.stdout.splitlines()[-2:]] == ["index", "report"]


def test_a_night_is_reported_and_the_next_one_has_nothing_to_do(site: DemoSite, tmp_path: Path) -> None:
    run = nightly(tmp_path, "hanjul", "--archive", site.url(*ONE_LINE))
    assert (run.returncode, run.stderr) == (0, "")
    name = "2024-07-19T031700"
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == [
        f"{name}{end}" for end in (".json", ".log", ".txt")
    ]
    report = json.loads((tmp_path / "reports" / f"{name}.json").read_text(encoding="utf-8"))
    [hanjul] = report["publications"]
    assert (report["exit_code"], report["ok"], report["faults"], hanjul["name"]) == (0, True, [], "hanjul")
    assert (hanjul["new"], hanjul["changed"]) == ({"issue": 8, "article": 27}, {"issue": 0, "article": 0})
    assert {
        "kind": "issue",
        "outcome": "new",
        "id": "hanjul/8",
        "text": "사과값이 내려도 지갑이 무거운 이유",
    } in hanjul["events"]
    assert hanjul["requests"] > 35
    text = (tmp_path / "reports" / f"{name}.txt").read_text(encoding="utf-8")
    assert text.startswith("The night of 2024-07-19 03:17: healthy, exit code 0\n")
    assert "hanjul, refused: 1\n  article http://news.hanjul.localhost" in text
    [row] = nights(tmp_path)
    assert (row.started_at, row.exit_code, row.report) == ("2024-07-19T03:17:00+09:00", 0, report)
    assert search("사과", index_dir=tmp_path / "index").total > 0

    again = nightly(tmp_path, "hanjul", "--archive", site.url(*ONE_LINE), FACTPL_NOW="2024-07-20T03:17:00+09:00")
    assert again.returncode == 0
    assert again.stdout.startswith("hanjul: issues 0 new, 0 changed; articles 0 new, 0 changed\n")
    assert len(nights(tmp_path)) == 2


def test_what_would_be_asked_for_is_said_and_not_asked_for(site: DemoSite, tmp_path: Path) -> None:
    nightly(tmp_path, "hanjul", "--archive", site.url(*ONE_LINE))
    before = site.requests.total()
    run = nightly(tmp_path, "hanjul", "--dry-run", FACTPL_NOW="2024-07-20T03:17:00+09:00")
    assert (run.returncode, site.requests.total()) == (0, before)
    lines = run.stdout.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        "hanjul: pages of the list: 1",
        "hanjul: issues: 0",
        "hanjul: articles: 1",
        "hanjul: articles, for corrections: 6",
    ]
    assert any("idxno=" in line for line in lines)
    assert nightly(tmp_path / "none", "hanjul", "--dry-run").returncode == 3


def test_a_night_may_be_limited_to_newer_issues_and_the_others_are_left_for_another(
    site: DemoSite, tmp_path: Path
) -> None:
    for since, issues, all_of_them in (("2024-06", 3, 3), ("2024-06-11", 0, 3), ("3개월 전", 3, 6), ("", 2, 8)):
        limited = ("--since", since) if since else ()
        run = nightly(tmp_path, "hanjul", "--archive", site.url(*ONE_LINE), *limited)
        assert run.stdout.startswith(f"hanjul: issues {issues} new"), run.stderr
        with Store.open(tmp_path / "archive.sqlite3", create=False) as store:
            assert store.counts()["issues"] == all_of_them


def test_a_whole_archive_is_walked_through_over_several_nights(site: DemoSite, tmp_path: Path) -> None:
    lists = site.url("www.naruilbo.localhost", "/newsletter/narutech")
    config = tmp_path / "factpl.toml"
    config.write_text("[budget]\npages = 1\n")
    data = tmp_path / "data"

    def pages(*arguments: str) -> set[str]:
        before = site.requests.copy()
        nightly(data, "narutech", "--archive", lists, *arguments, FACTPL_CONFIG=str(config))
        asked = (request.partition(" ")[2] for request in site.requests - before)
        return {
            path for path in asked if path.startswith("/newsletter/narutech") and "/newsletter/narutech/" not in path
        }

    assert pages("--backfill") == {"/newsletter/narutech"}
    # The first page is asked for every night, and with a budget of one nothing else.
    config.write_text("[budget]\npages = 2\n")
    assert pages() == {"/newsletter/narutech", "/newsletter/narutech?page=2"}
    assert pages() == {"/newsletter/narutech"}


def test_one_night_at_a_time(site: DemoSite, tmp_path: Path) -> None:
    import fcntl

    with (tmp_path / "lock").open("w") as lock:
        lock.write("process 7 since 2024-07-19 03:17\n")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = nightly(tmp_path, "hanjul", "--archive", site.url(*ONE_LINE))
    assert run.returncode == 4
    assert (
        run.stderr
        == f"Error: {tmp_path} is being written to by process 7 since 2024-07-19 03:17. Wait until that has ended\n"
    )
    assert not (tmp_path / "archive.sqlite3").exists()
    assert nightly(tmp_path, "hanjul", "--archive", site.url(*ONE_LINE)).returncode == 0


def test_a_night_that_was_cut_off_is_told_of_by_the_next(site: DemoSite, tmp_path: Path) -> None:
    with Store.open(tmp_path / "archive.sqlite3") as store:
        store.put_night(NightRow("2024-07-18T03:17:00+09:00", None, None, None))
    run = nightly(tmp_path, "hanjul", "--archive", site.url(*ONE_LINE))
    assert run.stderr == "note: the night of 2024-07-18T03:17:00+09:00 was cut off; this one goes on where it ended\n"


def test_a_budget_spreads_the_work_over_several_nights_and_nothing_is_lost(site: DemoSite, tmp_path: Path) -> None:
    config = tmp_path / "factpl.toml"
    config.write_text("[budget]\npages = 12\n")
    data = tmp_path / "data"
    for night in range(1, 9):
        run = nightly(
            data, "hanjul", "--archive", site.url(*ONE_LINE),
            FACTPL_CONFIG=str(config), FACTPL_NOW=f"2024-07-1{night}T03:17:00+09:00",
        )  # fmt: skip
        assert run.returncode == 0, run.stdout
    assert "articles left for another night" in (data / "reports" / "2024-07-11T031700.txt").read_text(encoding="utf-8")
    with Store.open(data / "archive.sqlite3", create=False) as store:
        counts = store.counts()  # one article is forbidden by robots.txt
    assert (counts["issues"], counts["articles"], counts["pending"]) == (8, 27, 1)


# --- Interrupted --------------------------------------------------------------------------------------------------


asking = Event()


class _Hanging(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path != "/robots.txt":
            asking.set()
            time.sleep(60)
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_night_ends_within_ten_seconds_when_it_is_asked_to(tmp_path: Path, number: signal.Signals) -> None:
    asking.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hanging)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    night = subprocess.Popen(
        command("hanjul", "--archive", f"http://n.localhost:{server.server_port}/list"),
        cwd=ROOT, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    asking.wait(30)
    asked = time.monotonic()
    night.send_signal(number)
    output, errors = night.communicate(timeout=30)
    took = time.monotonic() - asked
    server.shutdown()
    server.server_close()
    assert night.returncode == 130, errors
    assert took < 10
    assert "FAULT: interrupted; what was collected is kept, and the next night goes on" in output
    [row] = nights(tmp_path)
    assert row.exit_code == 130
