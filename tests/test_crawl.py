"""The real crawler against the invented publications, over HTTP on loopback."""

import json
import os
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from demo_site import expected
from demo_site.server import DemoSite
from demo_site.tokens import expand
from factpl_crawler.documents import Document
from factpl_crawler.store import Store

ROOT = Path(__file__).parent.parent
SCRAPY = [sys.executable, "-W", "error", "-m", "scrapy"]
ARCHIVES = {
    "narutech": ("www.naruilbo.localhost", "/newsletter/narutech"),
    "hanjul": ("page.hanjul.localhost", "/archives/77001/emails"),
}
# What a hash is made of holds the port, which is another in each run; here it stays a token.
EXPECTED = (ROOT / "demo_site" / "expected.jsonl").read_bytes().splitlines()
PROBLEMS = json.loads((ROOT / "demo_site" / "expected_problems.json").read_text(encoding="utf-8"))


@dataclass
class Crawl:
    site: DemoSite
    data: Path
    documents: dict[str, Document]
    requests: Counter[str]
    outputs: dict[str, subprocess.CompletedProcess[str]]
    again: dict[str, subprocess.CompletedProcess[str]]
    requests_again: Counter[str]
    unchanged_again: Counter[str]


def scrapy(
    data: Path, *arguments: str, project: str = "demo", now: str = "2024-07-19T03:17:00+09:00"
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "FACTPL_DATA": str(data), "SCRAPY_PROJECT": project, "FACTPL_NOW": now}
    command = [*SCRAPY, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


def crawl_all(site: DemoSite, data: Path, day: int) -> dict[str, subprocess.CompletedProcess[str]]:
    now = f"2024-07-{day}T03:17:00+09:00"
    return {
        name: scrapy(data, "crawl", name, "-a", f"archive={site.url(host, path)}", now=now)
        for name, (host, path) in ARCHIVES.items()
    }


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawl]:
    data = tmp_path_factory.mktemp("crawl")
    with DemoSite(port=0) as site:
        outputs = crawl_all(site, data, 19)
        requests = Counter(site.requests)
        with Store.open(data / "archive.sqlite3") as store:
            documents = {document.id: document for document in store.documents()}
        again = crawl_all(site, data, 20)
        yield Crawl(site, data, documents, requests, outputs, again, Counter(site.requests) - requests, site.unchanged)


def test_the_crawl_says_that_it_went_well(crawl: Crawl) -> None:
    assert {name: (run.returncode, "FAULT" in run.stderr) for name, run in crawl.outputs.items()} == {
        "narutech": (0, False),
        "hanjul": (0, False),
    }, crawl.outputs["narutech"].stderr[-3000:]


@pytest.mark.parametrize("line", EXPECTED, ids=[json.loads(line)["id"] for line in EXPECTED])
def test_each_document_is_as_expected(crawl: Crawl, line: bytes) -> None:
    wanted = Document.from_json(expand(line, crawl.site.port))
    assert crawl.documents.get(wanted.id) == wanted


def test_there_is_no_document_that_was_not_expected(crawl: Crawl) -> None:
    wanted = {document.id for document in expected.load(crawl.site.port)}
    assert crawl.documents.keys() - wanted == set()


def test_no_harmful_link_was_requested(crawl: Crawl) -> None:
    assert crawl.site.mistakes == {}


def test_robots_txt_was_obeyed(crawl: Crawl) -> None:
    refused = [url for url, reason in PROBLEMS["articles"].items() if reason == "robots"]
    paths = [url.split("{{PORT}}")[1] for url in refused]
    assert paths
    assert [request for request in crawl.requests if request.split(" ", 1)[1] in paths] == []


def test_every_page_was_asked_for_once(crawl: Crawl) -> None:
    twice = {request: count for request, count in crawl.requests.items() if count > 1 and "robots.txt" not in request}
    retried = [
        url.split("{{PORT}}")[1] for url, reason in PROBLEMS["articles"].items() if reason in ("500", "redirect loop")
    ]
    assert {request for request in twice if not any(path in request for path in retried)} == set()


def test_each_failed_article_has_its_reason(crawl: Crawl) -> None:
    reasons = {
        "404": ("gone", "HTTP 404"), "403": ("refused", "HTTP 403"), "500": ("failed", "HTTP 500"),
        "robots": ("refused", "Forbidden by robots.txt"), "redirect loop": ("refused", "max redirections reached"),
        "login page": ("failed", "login page"), "no body": ("failed", "no body"),
    }  # fmt: skip
    log = crawl.outputs["narutech"].stderr + crawl.outputs["hanjul"].stderr
    for url, problem in PROBLEMS["articles"].items():
        outcome, reason = reasons[problem]
        path = url.split("{{PORT}}")[1]
        lines = [line for line in log.splitlines() if f"article {outcome}:" in line and path in line]
        assert any(reason in line for line in lines), (url, problem)


def test_what_was_no_article_is_kept_in_the_quarantine(crawl: Crawl) -> None:
    with Store.open(crawl.data / "archive.sqlite3") as store:
        kept = {row.reason: row.content for row in store.quarantined()}
    assert {"login page", "no body"} <= kept.keys()
    assert all(kept.values())


def test_odd_labels_and_weekdays_are_reported(crawl: Crawl) -> None:
    log = crawl.outputs["narutech"].stderr
    for label in PROBLEMS["unknown_labels"]["narutech"]:
        assert log.count(f"Unknown section of narutech: {label}.") == 1
    assert "printed weekdays that do not fit their dates: 1" in log


def test_a_second_crawl_asks_only_for_the_lists_and_what_failed(crawl: Crawl) -> None:
    assert {name: run.returncode for name, run in crawl.again.items()} == {"narutech": 0, "hanjul": 0}
    assert "narutech: issues 0 new, 0 changed; articles 0 new, 0 changed" in crawl.again["narutech"].stderr
    issues = [request for request in crawl.requests_again if "/newsletter/narutech/" in request or "/share/" in request]
    missing = [url.split("{{PORT}}")[1] for url in PROBLEMS["issues"]]
    assert {request for request in issues if not any(path in request for path in missing)} == set()


def test_a_second_crawl_tries_again_what_failed(crawl: Crawl) -> None:
    again = {request.split(" ", 1)[1] for request in crawl.requests_again}
    failed = [url.split("{{PORT}}")[1] for url, why in PROBLEMS["articles"].items() if why in ("500", "no body", "403")]
    assert failed
    assert [path for path in failed if path not in again] == []
    gone = [url.split("{{PORT}}")[1] for url, why in PROBLEMS["articles"].items() if why == "404"]
    assert [path for path in gone if path in again] == []


def test_a_second_crawl_looks_for_corrections_of_what_is_young_and_is_told_that_there_are_none(crawl: Crawl) -> None:
    articles = [document for document in crawl.documents.values() if document.kind == "article"]
    addresses = {str(article.url).partition("//")[2].replace(f":{crawl.site.port}", " ", 1) for article in articles}
    asked = crawl.requests_again.keys() & addresses
    assert 5 < len(asked) < len(articles) / 2
    assert {request: crawl.unchanged_again[request] for request in asked} == dict.fromkeys(asked, 1)
    lists = [request for request in crawl.unchanged_again if request.endswith(("/newsletter/narutech", "/emails"))]
    assert len(lists) == 2


def test_a_second_crawl_changes_nothing(crawl: Crawl) -> None:
    with Store.open(crawl.data / "archive.sqlite3") as store:
        assert {document.id: document for document in store.documents()} == crawl.documents


def test_items_can_be_exported_as_any_scrapy_user_would(crawl: Crawl, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("2024.03.14 Thursday #99\n나루 인터뷰\n제목이다\n본문입니다.\n", encoding="utf-8")
    run = scrapy(
        tmp_path, "crawl", "mailbox", "-a", f"path={letter}", "-a", "publication=narutech", "-O", f"{tmp_path}/x.jsonl"
    )
    assert run.returncode == 0, run.stderr
    [item] = (json.loads(line) for line in (tmp_path / "x.jsonl").read_text(encoding="utf-8").splitlines())
    assert (item["number"], item["entries"][0]["headline"]) == (99, "제목이다")
    assert run.stderr.endswith("Next, run: ./search_cli.py index\n")


def test_links_in_mail_are_followed_only_on_request(crawl: Crawl, tmp_path: Path) -> None:
    document = next(d for d in crawl.documents.values() if d.kind == "article" and d.site == "www.naruilbo.localhost")
    letter = tmp_path / "letter.html"
    letter.write_text(
        f'<p>2024.03.14 #99</p><p>나루 인터뷰</p><p>제목</p><p><a href="{document.url}">글</a></p>', encoding="utf-8"
    )
    arguments = ("crawl", "mailbox", "-a", f"path={letter}", "-a", "publication=narutech")
    for follow, articles in (((), 0), (("-a", "follow=1"), 1)):
        data = tmp_path / str(articles)
        run = scrapy(data, *arguments, *follow)
        assert run.returncode == 0, run.stderr
        with Store.open(data / "archive.sqlite3") as store:
            assert store.counts()["articles"] == articles


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("path=nowhere.txt",), "Cannot read the mail: nowhere.txt: No such file or directory"),
        ((), "Which mail? Run: scrapy crawl mailbox -a path=FILE_OR_FOLDER"),
        (("path=README.md", "publication=nobody"), "No publication 'nobody'; known are: factpl, hanjul, narutech"),
    ],
)
def test_a_mistake_with_mail_is_named_and_the_command_fails(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    run = scrapy(tmp_path, "crawl", "mailbox", *(part for argument in arguments for part in ("-a", argument)))
    assert run.returncode == 1
    assert message in run.stderr


def test_mail_that_cannot_be_read_is_kept_and_the_command_fails(tmp_path: Path) -> None:
    (tmp_path / "picture.txt").write_bytes(bytes(range(256)))
    run = scrapy(tmp_path / "data", "crawl", "mailbox", "-a", f"path={tmp_path / 'picture.txt'}")
    assert run.returncode == 1
    assert "letters, none of which could be read" in run.stderr
    with Store.open(tmp_path / "data" / "archive.sqlite3") as store:
        [row] = store.quarantined()
    assert (row.content, row.reason) == (bytes(range(256)), "not a text: neither UTF-8 nor CP949")


def test_an_archive_that_does_not_answer_is_a_failure(tmp_path: Path) -> None:
    run = scrapy(tmp_path, "crawl", "narutech", "-a", "archive=http://www.naruilbo.localhost:9/newsletter/narutech")
    assert run.returncode == 1
    assert (
        "FAULT: pages of the archive's list that could not be read: 1; http://www.naruilbo.localhost:9/" in run.stderr
    )


def test_a_spider_that_is_not_there_is_named(tmp_path: Path) -> None:
    run = scrapy(tmp_path, "crawl", "nobody")
    assert run.returncode == 2
    assert "no spider is named 'nobody'; see: scrapy list" in run.stderr


class _Counting(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.hits.append(self.path)  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


LETTER = "<p>2024.03.14 Thursday #99</p><p>나루 인터뷰</p><p>제목</p><p>본문입니다.</p>{link}"


def test_a_redirect_to_a_harmful_link_is_not_followed(tmp_path: Path) -> None:
    hits: list[str] = []

    class Redirecting(_Counting):
        def do_GET(self) -> None:
            hits.append(self.path)
            self.send_response(404 if self.path == "/robots.txt" else 302)
            self.send_header("Location", "/v2/click/reader/target")
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Redirecting)
    Thread(target=server.serve_forever, daemon=True).start()
    letter = tmp_path / "letter.html"
    link = f'<p><a href="http://blog.localhost:{server.server_port}/p/1">글</a></p>'
    letter.write_text(LETTER.format(link=link), encoding="utf-8")
    arguments = ("-a", f"path={letter}", "-a", "publication=narutech", "-a", "follow_any=1")
    run = scrapy(tmp_path / "data", "crawl", "mailbox", *arguments)
    server.shutdown()
    server.server_close()
    assert hits == ["/robots.txt", "/p/1"]
    assert "never requested: tracks the reader" in run.stderr


def test_links_of_a_letter_are_not_followed_by_the_next_crawl_either(tmp_path: Path) -> None:
    letter = tmp_path / "letter.html"
    letter.write_text(LETTER.format(link='<p><a href="http://blog.localhost:9/p/1">글</a></p>'), encoding="utf-8")
    data = tmp_path / "data"
    assert scrapy(data, "crawl", "mailbox", "-a", f"path={letter}", "-a", "publication=narutech").returncode == 0
    archive = "archive=http://www.naruilbo.localhost:9/newsletter/narutech"
    assert "blog.localhost" not in scrapy(data, "crawl", "narutech", "-a", archive).stderr


class _Everywhere(ThreadingHTTPServer):
    """Listens on every address of this machine, IPv6 too where it has that."""

    address_family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET


SPELLINGS = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.1.",
    "localhost", "LOCALHOST", "localhost.", "naru.localhost", "0.0.0.0", "0", "[::1]", "[::ffff:127.0.0.1]",
    "[0:0:0:0:0:ffff:7f00:1]", "[::]", "127.127.127.127", "１２７.0.0.1", "①②⑦.0.0.1", "127。0。0。1",
]  # fmt: skip


def test_this_machine_is_not_reached_however_it_is_spelt(tmp_path: Path) -> None:
    server = _Everywhere(("", 0), _Counting)
    server.hits = []  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    links = "".join(
        f'<p><a href="http://{host}:{server.server_port}/{n}">글</a></p>' for n, host in enumerate(SPELLINGS)
    )
    letter = tmp_path / "letter.html"
    letter.write_text(f"<p>2023.10.26 #55</p><p>팩플 인터뷰</p><p>제목</p>{links}", encoding="utf-8")
    arguments = ("-a", f"path={letter}", "-a", "publication=factpl", "-a", "follow_any=1")
    run = scrapy(
        tmp_path, "crawl", "mailbox", *arguments, "-s", "DOWNLOAD_DELAY=0", "-s", "RETRY_TIMES=0", project="default"
    )
    server.shutdown()
    server.server_close()
    assert server.hits == [], run.stderr  # type: ignore[attr-defined]
    assert "not a public address" in run.stderr
