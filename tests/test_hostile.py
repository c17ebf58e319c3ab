"""The real crawler and sites that mean harm, on loopback."""

import gzip
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import brotli
from backports import zstd
from crawling import ROOT, SCRAPY
from small_site import ARTICLE, Answer, SmallSite, html, newsletter, send

from factpl_crawler.store import Store

MIB = 1 << 20
BOMB = 1024 * MIB  # what each of them unpacks to


# A process counts as its own what the one that began it held, so a small one begins it.
MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)
"""


def run(data: Path, *arguments: str, project: str = "demo") -> tuple[str, int]:
    """Return what a crawl logged and the most memory it took, in MiB."""
    environment = {**os.environ, "FACTPL_DATA": str(data), "SCRAPY_PROJECT": project}
    environment["FACTPL_NOW"] = "2024-07-19T03:17:00+09:00"
    data.mkdir(exist_ok=True)
    command = [sys.executable, "-c", MEASURED, *SCRAPY, *arguments, "-s", "RETRY_TIMES=0"]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    return ran.stderr, int(ran.stdout.split()[-1])


def crawl(site: SmallSite, data: Path, pages: dict[str, Answer], *arguments: str) -> tuple[dict[str, Any], str, int]:
    """Return what came of each page, what a crawl of a newsletter that links to all of them logged, and its memory."""
    site.pages |= newsletter(*(site.url("www.naruilbo.localhost", path) for path in pages)) | pages
    archive = f"archive={site.url('www.naruilbo.localhost', '/newsletter/narutech')}"
    log, memory = run(data, "crawl", "narutech", "-a", archive, *arguments)
    with sqlite3.connect(data / "archive.sqlite3") as connection:
        rows = connection.execute("SELECT url, outcome, reason FROM fetches WHERE kind = 'article'").fetchall()
    return {url.partition(f":{site.server_port}")[2]: (outcome, reason) for url, outcome, reason in rows}, log, memory


# --- Size and time ------------------------------------------------------------------------------------------------


def gzip_bomb() -> bytes:
    return gzip.compress(bytes(64 * MIB), 1) * (BOMB // (64 * MIB))


def deflate_bomb() -> bytes:
    return zlib.compress(bytes(BOMB // 4), 1)


def brotli_bomb() -> bytes:
    packer = brotli.Compressor(quality=1)
    return b"".join(packer.process(bytes(64 * MIB)) for _ in range(BOMB // (64 * MIB))) + packer.finish()


def zstd_bomb() -> bytes:
    return zstd.compress(bytes(64 * MIB)) * (BOMB // (64 * MIB))


def without_end(content: bytes) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.end_headers()
        while True:
            handler.wfile.write(content)

    return answer


def drop_by_drop(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.end_headers()
    for _ in range(600):
        handler.wfile.write(b"<p>")
        time.sleep(0.1)


def endless_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for _ in range(4096):
        handler.wfile.write(b"".join(b"X-%d: %s\r\n" % (n, b"x" * 8000) for n in range(128)))


def announcements(handler: BaseHTTPRequestHandler) -> None:
    for _ in range(100_000):
        handler.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" * 100)


def test_what_is_too_large_or_too_slow_is_dropped_with_its_reason_and_costs_little(tmp_path: Path) -> None:
    too_large = "larger than what is read at most"
    unpacks = "UnpackError: it unpacks to more than 16 MiB"
    pages = {
        "/article/1": (send(gzip_bomb(), Content_Encoding="gzip"), unpacks),
        "/article/2": (send(brotli_bomb(), Content_Encoding="br"), unpacks),
        "/article/3": (send(zstd_bomb(), Content_Encoding="zstd"), unpacks),
        "/article/4": (send(deflate_bomb(), Content_Encoding="deflate"), unpacks),
        "/article/5": (
            send(gzip.compress(gzip.compress(gzip.compress(b"x"))), Content_Encoding="gzip, gzip, gzip"),
            "UnpackError: compressed 3 times over",
        ),
        "/article/6": (without_end(bytes(MIB)), too_large),
        "/article/7": (send(b"", Content_Length=str(BOMB)), too_large),
        "/article/8": (drop_by_drop, "DownloadTimeoutError: .* 3"),
        "/article/9": (endless_headers, ".*more than 256 KiB of headers"),
        "/article/10": (announcements, ".*more than 256 KiB of headers"),
        "/article/11": (send(b"\x1f\x8b no gzip", Content_Encoding="gzip"), "BadGzipFile|.*rror: .+"),
    }
    with SmallSite() as site:
        answers = {path: answer for path, (answer, _) in pages.items()}
        fetches, log, memory = crawl(site, tmp_path / "data", answers, "-s", "DOWNLOAD_TIMEOUT=3")
    assert {path: fetches[path][0] for path in pages} == dict.fromkeys(pages, "failed"), log
    assert [path for path, (_, reason) in pages.items() if not re.match(reason, fetches[path][1])] == [], fetches
    assert memory < 500


# --- Addresses ----------------------------------------------------------------------------------------------------

# The crawler as it is for sites on the web, except that this machine's second address counts as the web's only one,
# that names resolve as the test says, and that each connection is a new one.
ON_THE_WEB = """
import json, socket, sys
from scrapy.cmdline import execute
from factpl_crawler import guard

answers = json.loads(sys.argv[1])

def look_up(name):
    sys.stderr.write(f"LOOKED UP {name}\\n")
    known = answers.get(name)
    return (known.pop(0) if len(known) > 1 else known[0]) if known else by_the_system(name)

by_the_system, socket.gethostbyname = socket.gethostbyname, look_up
guard.is_public = lambda address: address == "127.0.0.2"
options = ["LOOPBACK_ONLY=False", "DNSCACHE_ENABLED=False", "RETRY_TIMES=0"]
execute(["scrapy", *sys.argv[2:], *(part for option in options for part in ("-s", option))])
"""


class _Everywhere(SmallSite):
    """Listens on every address of this machine, IPv6 too where it has that."""

    address_family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET

    def __init__(self) -> None:
        super().__init__(address="")


def on_the_web(data: Path, answers: dict[str, list[str]], links: list[str]) -> str:
    letter = data.parent / "letter.html"
    entries = "".join(f'<p><a href="{link}">글</a></p>' for link in links)
    letter.write_text(f"<p>2024.03.14 #99</p><p>나루 인터뷰</p><p>제목</p>{entries}", encoding="utf-8")
    environment = {**os.environ, "FACTPL_DATA": str(data), "SCRAPY_PROJECT": "demo"}
    arguments = ("-a", f"path={letter}", "-a", "publication=narutech", "-a", "follow_any=1")
    command = [sys.executable, "-c", ON_THE_WEB, json.dumps(answers), "crawl", "mailbox", *arguments]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    return ran.stderr


def test_a_name_that_moves_to_a_private_address_is_not_followed_there(tmp_path: Path) -> None:
    pages = {f"/p/{n}": html(ARTICLE.replace("제목", f"제목 {n}"), Connection="close") for n in (1, 2)}
    pages["/robots.txt"] = send(b"", 404, Connection="close")
    with SmallSite(pages, "127.0.0.2") as site, SmallSite(pages, "127.0.0.1", site.server_port) as private:
        links = [site.url("moves.example", f"/p/{n}") for n in (1, 2)]
        # For robots.txt, for the first page, and for the second.
        answers = {"moves.example": ["127.0.0.2", "127.0.0.2", "127.0.0.1"]}
        log = on_the_web(tmp_path / "data", answers, links)
    # An address is looked up once for a connection: what was judged is what was connected to.
    assert log.count("LOOKED UP moves.example") == 3, log
    assert site.asked == ["GET moves.example/robots.txt", "GET moves.example/p/1"]
    assert private.asked == []
    assert "Not asked: moves.example: 127.0.0.1 is not a public address" in log


SPELLINGS = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7f.1", "0177.0.0.1", "0177.1",
    "017700000001", "127.0.0.1.", "127.0.0.01", "localhost", "LOCALHOST", "localhost.", "naru.localhost", "0.0.0.0",
    "0", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25lo]", "[::1%25lo]", "127.127.127.127", "１２７.0.0.1",
    "①②⑦.0.0.1", "127。0。0。1", "127．0．0．1", "ｌｏｃａｌｈｏｓｔ", "web.example@127.0.0.1", "web.example:80@127.1",
    "127.0.0.1%00.web.example", "web.example%40127.0.0.1", "127.0.0.1\\@web.example", "127.0.0.1%2f@web.example",
    "169.254.169.254", "100.64.0.1", "10.0.0.1", "192.168.0.1", "moved.example",
]  # fmt: skip


def ways(spelling: str, port: int, path: str) -> dict[str, Answer]:
    """The ways in which a page can send on who asks for it."""
    url = f"http://{spelling}:{port}{path}"
    location = url.encode().decode("latin-1")
    return {
        "location": send(b"", 302, Location=location),
        "permanent": send(b"", 308, Location=location),
        "no-scheme": send(b"", 301, Location=location.removeprefix("http:")),
        "refresh": html(ARTICLE, Refresh=f"0; url={location}"),
        "meta": html(f'<meta http-equiv="refresh" content="0; url={url}">{ARTICLE}'),
    }


def test_no_redirect_leads_to_this_machine_however_it_is_spelt(tmp_path: Path) -> None:
    with _Everywhere() as private:
        pages = {
            f"/{n}/{way}": answer
            for n, spelling in enumerate(SPELLINGS)
            for way, answer in ways(spelling, private.server_port, f"/private/{n}").items()
        }
        with SmallSite(pages, "127.0.0.2") as site:
            answers = {"web.example": ["127.0.0.2"], "moved.example": ["127.0.0.1"]}
            links = [site.url("web.example", path) for path in pages]
            log = on_the_web(tmp_path / "data", answers, links)
    assert private.asked == [], log
    assert sorted(site.asked_for()) == sorted(f"GET web.example{path}" for path in pages), log


def test_nothing_but_the_web_is_read_by_a_redirect(tmp_path: Path) -> None:
    targets = [
        "file:///etc/hostname",
        "data:text/html,<h1>x</h1>",
        "ftp://127.0.0.1/x",
        "gopher://127.0.0.1/x",
        "s3://a/b",
    ]
    pages = {f"/article/{n}": send(b"", 302, Location=target) for n, target in enumerate(targets)}
    with SmallSite() as site:
        fetches, log, _ = crawl(site, tmp_path / "data", pages)
    assert {path: fetches[path][0] for path in pages} == dict.fromkeys(pages, "failed"), log
    with Store.open(tmp_path / "data" / "archive.sqlite3") as store:
        assert store.counts()["articles"] == 0


# --- What acts ----------------------------------------------------------------------------------------------------


def test_nothing_acts_for_the_reader_whatever_a_site_does(tmp_path: Path) -> None:
    form = '<form method="post" action="/form" onsubmit="x()"><input name="q"><button>보내기</button></form>'
    frames = (
        '<iframe src="/frame"></iframe><img src="/pixel"><link rel="prefetch" href="/next"><script src="/s"></script>'
    )
    pages = {
        "/article/1": html(f"{ARTICLE}{form}{frames}"),
        "/article/2": send(b"", 302, Location="/unsubscribe?id=7"),
        "/article/3": send(b"", 307, Location="/v2/click/reader/target"),
        "/article/4": html(f'<meta http-equiv="refresh" content="0; url=/next">{ARTICLE}', Refresh="0; url=/next"),
    }
    with SmallSite() as site:
        fetches, log, _ = crawl(site, tmp_path / "data", pages)
    acts = "never requested: acts for the reader (unsubscribe, preferences)"
    assert fetches["/article/1"] == ("ok", None), log
    assert fetches["/article/2"] == ("refused", acts)
    assert fetches["/article/4"] == ("ok", None)
    assert fetches["/article/3"] == ("refused", "never requested: tracks the reader")
    assert {line.partition(" ")[0] for line in site.asked} == {"GET"}
    assert [line for line in site.asked if re.search("form|frame|pixel|next|/s$|click|unsub", line)] == []


def test_robots_txt_that_leads_to_what_acts_for_the_reader_is_not_had(tmp_path: Path) -> None:
    with SmallSite({"/robots.txt": send(b"", 302, Location="/email-preferences?id=7")}) as site:
        crawl(site, tmp_path / "data", {})
    assert site.asked == ["GET www.naruilbo.localhost/robots.txt"]


def test_no_port_is_open_while_the_crawler_runs(tmp_path: Path) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def wait(handler: BaseHTTPRequestHandler) -> None:
        reached.set()
        go_on.wait(60)
        html(ARTICLE)(handler)

    with SmallSite({"/newsletter/narutech": wait}) as site:
        environment = {**os.environ, "FACTPL_DATA": str(tmp_path / "data"), "SCRAPY_PROJECT": "demo"}
        archive = f"archive={site.url('www.naruilbo.localhost', '/newsletter/narutech')}"
        command = [*SCRAPY, "crawl", "narutech", "-a", archive]
        with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
            try:
                assert reached.wait(60)
                listening = listening_sockets(process.pid)
            finally:
                go_on.set()
                log = process.communicate(timeout=60)[1]
    assert listening == []
    extensions = log.partition("Enabled extensions:")[2].partition("]")[0]
    assert "corestats" in extensions
    assert re.search("telnet|remote", extensions, re.IGNORECASE) is None


def listening_sockets(pid: int) -> list[str]:
    """The addresses on which a process listens, as Linux writes them."""
    files = list(Path(f"/proc/{pid}/fd").iterdir())
    opened = {str(file.readlink()) for file in files if file.is_symlink()}
    found = []
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if f"socket:[{fields[9]}]" in opened and fields[3] in ("0A", "07"):  # LISTEN, and UDP without a peer
                found.append(f"{table} {fields[1]}")
    return found


def test_the_test_for_open_ports_would_see_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert f"tcp 0100007F:{server.getsockname()[1]:04X}" in listening_sockets(os.getpid())


# --- Content ------------------------------------------------------------------------------------------------------


def test_no_external_entity_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("열쇠는 화분 밑에", encoding="utf-8")
    with SmallSite() as site:
        places = {"file": secret.as_uri(), "web": site.url("www.naruilbo.localhost", "/entity")}
        entities = "".join(f'<!ENTITY {name} SYSTEM "{url}">' for name, url in places.items())
        entities += '<!ENTITY a "하하하하하하하하하하">' + "".join(
            f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
        )
        page = f'<?xml version="1.0"?><!DOCTYPE html [{entities}]><html><body>{ARTICLE}&file;&web;&i;</body></html>'
        page = page.replace("</p>", "&file;&web;&i;</p>")
        types = ["text/html", "application/xhtml+xml", "application/xml", "text/xml", "application/rss+xml"]
        pages = {f"/article/{n}": html(page, Content_Type=type) for n, type in enumerate(types)}
        fetches, log, memory = crawl(site, tmp_path / "data", pages)
    assert [line for line in site.asked if "entity" in line] == []
    assert memory < 500
    assert {outcome for outcome, _ in fetches.values()} <= {"ok", "failed"}, log
    kept = [file for file in (tmp_path / "data").rglob("*") if file.is_file()]
    assert [file for file in kept if "화분".encode() in file.read_bytes()] == []
    assert "화분" not in log


def test_no_name_of_a_file_is_made_of_what_a_stranger_wrote(tmp_path: Path) -> None:
    evil = "../../../../tmp/evil|touch evil;$(touch evil)`touch evil`"
    letter = tmp_path / "letter.html"
    link = f'<p><a href="http://www.naruilbo.localhost:9/article/../{evil}">글</a></p>'
    letter.write_text(f"<p>2024.03.14 #99</p><p>나루 인터뷰</p><p>{evil}</p>{link}", encoding="utf-8")
    data = tmp_path / "inner" / "data"
    data.parent.mkdir()
    log, _ = run(data, "crawl", "mailbox", "-a", f"path={letter}", "-a", "publication=narutech", "-a", "follow=1")
    assert "issues 1 new" in log
    for command in ("index", "export -o export.jsonl", "evil --explain"):
        arguments = [sys.executable, str(ROOT / "search_cli.py"), "--data", str(data), *command.split()]
        subprocess.run(arguments, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert [file for file in tmp_path.rglob("*") if "evil" in file.name] == []
    assert {file.name for file in tmp_path.iterdir()} == {"letter.html", "inner", "export.jsonl"}
