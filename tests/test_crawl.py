"""The real crawler against the invented publications, over HTTP on loopback."""

import gzip
import hashlib
import json
import os
import socket
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from warcio.cli import main as warcio

from demo_site import expected
from demo_site.server import DemoSite
from demo_site.tokens import expand
from factpl_crawler.documents import Document
from factpl_crawler.store import Store
from factpl_crawler.text import without_reader
from factpl_crawler.warc import open_captures, read_stored

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


def answers(data: Path) -> Counter[str]:
    """Return what the raw archive has an answer to, keyed as the site keys its requests."""
    with closing(open_captures(data / "warc")) as captures:
        urls = [urlsplit(capture.url) for capture in captures.all()]
    return Counter(f"{url.hostname} {url._replace(scheme='', netloc='').geturl()}" for url in urls)


def test_the_raw_archive_has_the_answer_to_every_request(crawl: Crawl) -> None:
    asked = Counter(
        without_reader(f"http://{request.replace(' ', '', 1)}") for request in crawl.site.requests.elements()
    )
    assert Counter(f"http://{answer.replace(' ', '', 1)}" for answer in answers(crawl.data).elements()) == asked


def test_the_raw_archive_is_sound_and_complete(crawl: Crawl) -> None:
    files = sorted((crawl.data / "warc").glob("*.warc.gz*"))
    nights = ["2024-07-19-2.warc.gz", "2024-07-19.warc.gz", "2024-07-20-2.warc.gz", "2024-07-20.warc.gz"]
    assert [file.name for file in files] == nights
    with pytest.raises(SystemExit) as ended:
        warcio(["check", *map(str, files)])
    assert ended.value.code == 0


def test_the_raw_archive_knows_why_each_page_was_asked_for(crawl: Crawl) -> None:
    with closing(open_captures(crawl.data / "warc")) as captures:
        purposes = [capture.purpose for capture in captures.all() if capture.purpose]
    assert len(purposes) == sum(crawl.site.requests.values())
    assert {(purpose.kind, purpose.publication) for purpose in purposes} == {
        (kind, publication) for kind in ("robots", "list", "issue", "article") for publication in ("narutech", "hanjul")
    }
    assert {purpose.listing is not None for purpose in purposes if purpose.kind == "issue"} == {True}
    assert {purpose.article_id is not None for purpose in purposes if purpose.kind == "article"} == {True}


NIGHT_OF_TWO = """
import sys
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.utils.project import get_project_settings
from factpl_crawler.paths import warc_dir
from factpl_crawler.warc import RawArchive, WarcError

class Small(RawArchive):
    room = int(sys.argv[1])

    def write(self, exchange):
        self.room -= 1
        if self.room < 0:
            raise WarcError("the raw archive cannot be written: No space left on device")
        super().write(exchange)

settings = get_project_settings()
with Small(warc_dir(), "night-of-two") as archive:
    settings.set("RAW_ARCHIVE", archive)
    process = AsyncCrawlerProcess(settings)
    crawlers = [process.create_crawler(name) for name in ("narutech", "hanjul")]
    first = process.crawl(crawlers[0], archive=sys.argv[2])
    first.add_done_callback(lambda _: process.crawl(crawlers[1], archive=sys.argv[3]))
    process.start()
print([crawler.stats.get_value("finish_reason") for crawler in crawlers])
"""


def night_of_two(crawl: Crawl, data: Path, *, room: int) -> str:
    urls = [crawl.site.url(host, path) for host, path in ARCHIVES.values()]
    environment = {**os.environ, "FACTPL_DATA": str(data), "SCRAPY_PROJECT": "demo", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", "-c", NIGHT_OF_TWO, str(room), *urls]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=True)
    return run.stdout


def test_the_publications_of_a_night_share_a_file(crawl: Crawl, tmp_path: Path) -> None:
    before = Counter(crawl.site.requests)
    assert night_of_two(crawl, tmp_path, room=100_000) == "['finished', 'finished']\n"
    assert [path.name for path in (tmp_path / "warc").glob("*.warc*")] == ["night-of-two.warc.gz"]
    assert sum(answers(tmp_path).values()) == sum((Counter(crawl.site.requests) - before).values())


def test_a_response_that_cannot_be_kept_is_not_read_and_ends_the_crawl(crawl: Crawl, tmp_path: Path) -> None:
    before = sum(crawl.site.requests.values())
    reason = "the raw archive cannot be written: No space left on device"
    assert night_of_two(crawl, tmp_path, room=12) == f"{[reason, reason]}\n"
    already_under_way = 16
    assert sum(crawl.site.requests.values()) - before <= 12 + already_under_way + 1
    assert sum(answers(tmp_path).values()) == 12
    with Store.open(tmp_path / "archive.sqlite3") as store:
        had = store.counts()
        assert 0 < had["issues"] + had["articles"] < 12
        assert list(store.quarantined()) == []


class _Telling(BaseHTTPRequestHandler):
    """Answers with a cookie, compressed; its first page redirects to an address that names the reader."""

    def do_GET(self) -> None:
        moved = self.path == "/p/1"
        body = b"" if moved else gzip.compress(ARTICLE.encode())
        self.send_response(302 if moved else 404 if self.path == "/robots.txt" else 200)
        self.send_header("Set-Cookie", "sid=s3cret")
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if moved:
            self.send_header("Location", "/p/2?page=2&subscriber_id=s3cret")
        else:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


WORDS = "배가 부두에 불이 켜졌다 항구는 밤새 붐볐고 선원들은 그물을 손질했다".split()
PARAGRAPHS = "".join(f"<p>{' '.join(WORDS[n:] + WORDS[:n])}, 그날 {n}번째로 들어온 배였다.</p>" for n in range(8))
ARTICLE = f"<html><title>부두의 밤</title><article><h1>부두의 밤</h1>{PARAGRAPHS}</article></html>"


def test_a_page_is_kept_compressed_as_it_came_and_names_no_reader(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Telling) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        letter = tmp_path / "letter.html"
        link = f'<p><a href="http://blog.localhost:{server.server_port}/p/1">글</a></p>'
        letter.write_text(LETTER.format(link=link), encoding="utf-8")
        arguments = ("-a", f"path={letter}", "-a", "publication=narutech", "-a", "follow_any=1", "-s", "NIGHT=blog")
        run = scrapy(tmp_path / "data", "crawl", "mailbox", *arguments)
        server.shutdown()
    assert "articles 1 new" in run.stderr
    folder = tmp_path / "data" / "warc"
    assert b"s3cret" not in gzip.decompress((folder / "blog.warc.gz").read_bytes())
    with closing(open_captures(folder)) as captures:
        found = list(captures.all())
        stored = read_stored(folder, found[-1], captures)
    assert [(urlsplit(capture.url).path, capture.status) for capture in found] == [
        ("/robots.txt", 404),
        ("/p/1", 302),
        ("/p/2", 200),
    ]
    assert found[-1].url.endswith("/p/2?page=2")
    assert gzip.decompress(stored.body).decode() == ARTICLE
    assert dict(stored.headers)["Set-Cookie"] == "masked"


def test_a_file_that_a_crash_left_open_is_completed_by_the_next_crawl_which_says_so(tmp_path: Path) -> None:
    (tmp_path / "warc").mkdir()
    (tmp_path / "warc" / "2024-07-18.warc.gz.open").write_bytes(gzip.compress(b"WARC/1.1") + b"torn")
    run = scrapy(tmp_path, "crawl", "narutech", "-a", "archive=http://www.naruilbo.localhost:9/newsletter/narutech")
    assert (
        "raw archive: 2024-07-18.warc.gz was left open by a crash and is complete now; the last 4 bytes were no "
        "complete record and lie in 2024-07-18.warc.gz.torn\n"
    ) in run.stderr


def test_letters_are_kept_as_they_came_each_once(tmp_path: Path) -> None:
    letter, other = tmp_path / "letter.html", tmp_path / "picture.txt"
    letter.write_text(LETTER.format(link=""), encoding="utf-8")
    other.write_bytes(bytes(range(256)))
    data = tmp_path / "data"
    for arguments in ((), ("-a", "publication=narutech")):
        for path in (letter, other):
            scrapy(data, "crawl", "mailbox", "-a", f"path={path}", *arguments)
    names = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in (letter, other)}
    assert stat.S_IMODE((data / "mail").stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in (data / "mail").iterdir()} == {
        f"{name}{suffix}": 0o600 for path, name in names.items() for suffix in (path.suffix, ".json")
    }
    assert (data / "mail" / f"{names[letter]}.html").read_bytes() == letter.read_bytes()
    assert json.loads((data / "mail" / f"{names[letter]}.json").read_bytes()) == {
        "source": str(letter),
        "read_at": "2024-07-19T03:17:00+09:00",
        "publication": "narutech",
    }


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
