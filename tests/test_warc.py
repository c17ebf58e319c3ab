"""The raw archive: what lies in its files, that nothing of it is lost, and that it names no reader."""

import gzip
import io
import json
import os
import signal
import stat
import subprocess
import sys
import zlib
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scrapy import Request
from scrapy.http import HtmlResponse, Response
from warcio.archiveiterator import ArchiveIterator
from warcio.cli import main as warcio

from demo_site.spiders.narutech import NarutechSpider
from factpl_crawler.captures import FILE_NAME, Capture, Purpose
from factpl_crawler.items import Listing
from factpl_crawler.recording import exchange_of, masked_url, parser_version
from factpl_crawler.spiders.factpl import FactplSpider
from factpl_crawler.warc import Exchange, RawArchive, WarcError, open_captures, read_stored, repair_all

ROOT = Path(__file__).parent.parent
NIGHT = "2026-11-01"
LISTING = Listing("http://naru.example/55", "봄 항구", "2026.11.1")
PURPOSE = Purpose("issue", "http://naru.example/55", "naru", None, LISTING)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FACTPL_NOW", "2026-11-01T03:17:00.5+09:00")
    return tmp_path / "warc"


def exchange(number: int = 1, body: bytes | None = None, **fields: Any) -> Exchange:
    content = f"<p>{number}번째 편지</p>".encode() if body is None else body
    values: dict[str, Any] = {
        "url": f"http://naru.example/{number}",
        "purpose": PURPOSE,
        "status": 200,
        "headers": [("Content-Type", "text/html; charset=utf-8"), ("Etag", f'"{number}"')],
        "body": content,
        "target": f"/{number}",
        "request_headers": [("Host", "naru.example"), ("User-Agent", "factpl")],
        "ip_address": "192.0.2.7",
    }
    return Exchange(**(values | fields))


def keep(folder: Path, *exchanges: Exchange, night: str = NIGHT) -> None:
    with RawArchive(folder, night) as archive:
        for one in exchanges:
            archive.write(one)


def records(path: Path) -> list[tuple[str, dict[str, str], str, bytes]]:
    """Return each record's type, its WARC headers, its HTTP head and what follows it."""
    found = []
    with path.open("rb") as file:
        for record in ArchiveIterator(file):
            http = record.http_headers.to_str() if record.http_headers else ""
            found.append((record.rec_type, dict(record.rec_headers.headers), http, record.raw_stream.read()))
    return found


def all_captures(folder: Path) -> list[Capture]:
    with closing(open_captures(folder)) as captures:
        return list(captures.all())


def is_sound(*paths: Path) -> bool:
    with pytest.raises(SystemExit) as ended:
        warcio(["check", *map(str, paths)])
    return ended.value.code == 0


def test_a_response_is_kept_with_its_request_and_why_it_was_asked_for(folder: Path) -> None:
    keep(folder, exchange())
    info, response, request, purpose = records(folder / f"{NIGHT}.warc.gz")
    assert (info[0], info[1]["WARC-Filename"]) == ("warcinfo", f"{NIGHT}.warc.gz")
    assert response[0::2] == (
        "response",
        'HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nEtag: "1"\r\n',
    )
    assert response[3] == "<p>1번째 편지</p>".encode()
    assert request[0::2] == ("request", "GET /1 HTTP/1.1\r\nHost: naru.example\r\nUser-Agent: factpl\r\n")
    assert (purpose[0], purpose[1]["Content-Type"]) == ("metadata", "application/json")
    assert json.loads(purpose[3]) == {
        "kind": "issue",
        "asked": "http://naru.example/55",
        "publication": "naru",
        "article_id": None,
        "listing": {"url": "http://naru.example/55", "headline": "봄 항구", "date": "2026.11.1"},
        "parser": "",
    }
    assert {headers["WARC-Date"] for _, headers, *_ in (info, response, request, purpose)} == {
        "2026-10-31T18:17:00.500000Z"
    }
    assert (response[1]["WARC-Target-URI"], response[1]["WARC-IP-Address"]) == ("http://naru.example/1", "192.0.2.7")
    assert {r[1]["WARC-Concurrent-To"] for r in (request, purpose)} == {response[1]["WARC-Record-ID"]}
    assert is_sound(folder / f"{NIGHT}.warc.gz")


def test_each_record_is_a_gzip_member_of_warc_1_1(folder: Path) -> None:
    keep(folder, exchange())
    content = (folder / f"{NIGHT}.warc.gz").read_bytes()
    assert content.count(b"\x1f\x8b\x08") == 4
    [capture] = all_captures(folder)
    with (folder / capture.file).open("rb") as file:
        file.seek(capture.offset)
        assert next(ArchiveIterator(file)).rec_headers.protocol == "WARC/1.1"


def test_an_identical_payload_is_kept_once_even_on_another_night_and_without_the_index(folder: Path) -> None:
    keep(folder, exchange(1, b"same"))
    (folder / FILE_NAME).unlink()
    keep(folder, exchange(2, b"same"), night="2026-11-02")
    first = records(folder / f"{NIGHT}.warc.gz")[1][1]
    kind, headers, http, body = records(folder / "2026-11-02.warc.gz")[1]
    assert (kind, body) == ("revisit", b"")
    assert headers["WARC-Profile"] == "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
    assert headers["WARC-Payload-Digest"] == first["WARC-Payload-Digest"]
    assert headers["WARC-Refers-To"] == first["WARC-Record-ID"]
    assert headers["WARC-Refers-To-Target-URI"] == "http://naru.example/1"
    assert headers["WARC-Refers-To-Date"] == first["WARC-Date"]
    assert 'Etag: "2"' in http
    assert is_sound(*folder.glob("*.warc.gz"))


def test_a_page_that_was_not_modified_is_a_revisit_of_the_one_that_is_known(folder: Path) -> None:
    keep(folder, exchange(1), exchange(1, b"", status=304), exchange(2, b"", status=304))
    known, unknown = (record for record in records(folder / f"{NIGHT}.warc.gz")[4::3])
    assert (known[0], known[1]["WARC-Profile"]) == (
        "revisit",
        "http://netpreserve.org/warc/1.1/revisit/server-not-modified",
    )
    assert known[1]["WARC-Refers-To-Target-URI"] == "http://naru.example/1"
    assert known[2].startswith("HTTP/1.1 304 Not Modified\r\n")
    assert unknown[0] == "response"  # of a page that lies in no file
    assert is_sound(folder / f"{NIGHT}.warc.gz")


def test_answers_without_a_body_are_no_revisits(folder: Path) -> None:
    keep(folder, exchange(1, b"", status=301), exchange(2, b"", status=301))
    assert [record[0] for record in records(folder / f"{NIGHT}.warc.gz")[1::3]] == ["response", "response"]


def test_what_was_kept_is_found_again_as_it_came(folder: Path) -> None:
    keep(folder, exchange(1, b"\x1f\x8b\x08 compressed"), exchange(2, b"\x1f\x8b\x08 compressed"))
    with closing(open_captures(folder)) as captures:
        stored = [read_stored(folder, capture, captures) for capture in captures.all()]
    assert [one.body for one in stored] == [b"\x1f\x8b\x08 compressed"] * 2
    assert [dict(one.headers)["Etag"] for one in stored] == ['"1"', '"2"']


def test_the_index_is_made_again_from_the_files(folder: Path) -> None:
    keep(folder, exchange(1), exchange(2), exchange(1, b"", status=304))
    written = all_captures(folder)
    for damage in (Path.unlink, lambda path: path.write_bytes(b"no database" * 500)):
        damage(folder / FILE_NAME)
        assert all_captures(folder) == written
    assert [capture.purpose for capture in written] == [PURPOSE] * 3


def test_files_that_come_and_go_come_and_go_in_the_index_too(folder: Path) -> None:
    keep(folder, exchange(1))
    keep(folder, exchange(2), night="2026-11-02")
    (folder / f"{NIGHT}.warc.gz").unlink()
    (folder / "2026-11-02.warc.gz").rename(folder / "elsewhere.warc.gz")
    assert [(capture.file, capture.url) for capture in all_captures(folder)] == [
        ("elsewhere.warc.gz", "http://naru.example/2")
    ]


def test_a_file_in_the_place_of_another_is_read_anew(folder: Path) -> None:
    keep(folder, exchange(1))
    keep(folder, exchange(2), exchange(3), night="2026-11-02")
    (folder / "2026-11-02.warc.gz").replace(folder / f"{NIGHT}.warc.gz")
    assert [capture.url for capture in all_captures(folder)] == ["http://naru.example/2", "http://naru.example/3"]


def test_a_file_is_named_open_until_it_is_complete_and_is_never_touched_again(folder: Path) -> None:
    with RawArchive(folder, NIGHT) as archive:
        assert [path.name for path in folder.glob("*.warc*")] == []
        archive.write(exchange(1))
        assert [path.name for path in folder.glob("*.warc*")] == [f"{NIGHT}.warc.gz.open"]
    complete = (folder / f"{NIGHT}.warc.gz").read_bytes()
    keep(folder, exchange(2))
    assert sorted(path.name for path in folder.glob("*.warc*")) == [f"{NIGHT}-2.warc.gz", f"{NIGHT}.warc.gz"]
    assert (folder / f"{NIGHT}.warc.gz").read_bytes() == complete


def test_what_comes_after_the_end_goes_into_a_file_of_its_own(folder: Path) -> None:
    archive = RawArchive(folder, NIGHT)
    for number in (1, 2):
        archive.write(exchange(number))
        archive.close()
    assert [capture.file for capture in all_captures(folder)] == [f"{NIGHT}.warc.gz", f"{NIGHT}-2.warc.gz"]


def test_the_archive_is_for_its_owner_alone(folder: Path) -> None:
    keep(folder, exchange())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / f"{NIGHT}.warc.gz").stat().st_mode) == 0o600


@pytest.mark.parametrize("night", ["", "../night", "a/b", ".hidden", "x" * 101])
def test_a_night_whose_name_is_no_name_of_a_file_is_refused(folder: Path, night: str) -> None:
    with pytest.raises(WarcError, match="no name of a file"):
        RawArchive(folder, night)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WarcError, match=r"the raw archive .*/file/warc cannot be used: Not a directory"):
        RawArchive(tmp_path / "file" / "warc", NIGHT)


# --- Crashes ------------------------------------------------------------------------------------------------------


def whole_file(folder: Path) -> tuple[bytes, list[tuple[int, str]]]:
    """Return a file with records of all kinds, and where each ends, with its id."""
    bodies = [b"<p>first</p>", os.urandom(40_000), b"<p>first</p>", b""]
    keep(folder, *(exchange(number, body) for number, body in enumerate(bodies)))
    content = (folder / f"{NIGHT}.warc.gz").read_bytes()
    ends, ids = [], []
    with io.BytesIO(content) as file:
        found = ArchiveIterator(file)
        for record in found:
            ids.append(record.rec_headers.get_header("WARC-Record-ID"))
            found.read_to_end()
            ends.append(found.get_record_offset() + found.get_record_length())
    return content, list(zip(ends, ids, strict=True))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[tuple[int, str]]]:
    return whole_file(tmp_path_factory.mktemp("whole"))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_that_is_cut_anywhere_keeps_every_complete_record(
    whole: tuple[bytes, list[tuple[int, str]]], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content, ends = whole
    near = st.sampled_from([end for end, _ in ends]).flatmap(lambda end: st.integers(max(0, end - 9), end + 9))
    cut = data.draw(st.integers(0, len(content)) | near.filter(lambda at: at <= len(content)))
    folder = tmp_path_factory.mktemp("cut")
    complete = folder / f"{NIGHT}.warc.gz"
    (folder / f"{NIGHT}.warc.gz.open").write_bytes(content[:cut])
    RawArchive(folder, "2026-11-02").close()
    kept = [id for end, id in ends if end <= cut]
    assert [headers["WARC-Record-ID"] for _, headers, *_ in (records(complete) if kept else [])] == kept
    assert complete.exists() == bool(kept)
    assert not list(folder.glob("*.open"))
    rest = content[max((end for end, _ in ends if end <= cut), default=0) : cut]
    torn = folder / f"{NIGHT}.warc.gz.torn"
    assert (torn.read_bytes() if torn.exists() else b"") == rest
    if kept:
        assert is_sound(complete)
        assert {capture.record_id for capture in all_captures(folder)} <= set(kept)


def test_what_follows_damage_is_moved_aside_and_that_is_said(
    whole: tuple[bytes, list[tuple[int, str]]], tmp_path: Path
) -> None:
    content, ends = whole
    begin = ends[3][0]
    damaged = bytearray(content)
    damaged[begin : begin + 20] = bytes(20)
    (tmp_path / f"{NIGHT}.warc.gz.open").write_bytes(damaged)
    [said] = repair_all(tmp_path)
    assert said == (
        f"{NIGHT}.warc.gz was left open by a crash and is complete now; the last {len(content) - begin} bytes were no "
        f"complete record and lie in {NIGHT}.warc.gz.torn"
    )
    assert (tmp_path / f"{NIGHT}.warc.gz").read_bytes() == content[:begin]
    assert (tmp_path / f"{NIGHT}.warc.gz.torn").read_bytes() == damaged[begin:]
    assert repair_all(tmp_path) == []


def test_a_file_that_is_being_written_is_left_alone(folder: Path) -> None:
    with RawArchive(folder, NIGHT) as archive:
        archive.write(exchange(1))
        keep(folder, exchange(2), exchange(1))
        archive.write(exchange(3))
    files = {capture.file for capture in all_captures(folder)}
    assert files == {f"{NIGHT}.warc.gz", f"{NIGHT}-2.warc.gz"}
    assert [record[0] for record in records(folder / f"{NIGHT}-2.warc.gz")[1::3]] == ["response", "revisit"]
    assert is_sound(*folder.glob("*.warc.gz"))


WRITING = """
import sys
from pathlib import Path
from tests.test_warc import RawArchive, exchange
archive = RawArchive(Path(sys.argv[1]), "night")
for number in range(100_000):
    archive.write(exchange(number, str(number).encode() * 3000))
    print(number, flush=True)
"""


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITING, str(tmp_path / "warc")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(20)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += map(int, writer.stdout.read().splitlines())
    assert [path.name for path in (tmp_path / "warc").glob("*.warc*")] == ["night.warc.gz.open"]
    [said] = RawArchive(tmp_path / "warc", NIGHT).repaired
    assert said.startswith("night.warc.gz was left open by a crash and is complete now")
    kept = [capture.url for capture in all_captures(tmp_path / "warc")]
    assert kept[: len(acknowledged)] == [f"http://naru.example/{number}" for number in acknowledged]
    assert is_sound(tmp_path / "warc" / "night.warc.gz")


FULL = """
import os, resource, sys
from pathlib import Path
from tests.test_warc import RawArchive, WarcError, exchange
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
with RawArchive(Path(sys.argv[1]), "night") as archive:
    archive.write(exchange(1))
    try:
        archive.write(exchange(2, os.urandom(200_000)))
    except WarcError as e:
        print(e)
    archive.write(exchange(3))
"""


def test_a_record_that_does_not_fit_on_the_disk_leaves_no_part_of_itself(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL, str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == "the raw archive cannot be written: File too large\n"
    assert [capture.url for capture in all_captures(tmp_path)] == ["http://naru.example/1", "http://naru.example/3"]
    assert is_sound(tmp_path / "night.warc.gz")


def test_a_payload_that_was_changed_is_noticed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(folder, exchange(1, b"as it came"))
    path = folder / f"{NIGHT}.warc.gz"
    assert is_sound(path)
    [capture] = all_captures(folder)
    member = zlib.decompressobj(wbits=31)
    record = member.decompress(path.read_bytes()[capture.offset :])
    changed = gzip.compress(record.replace(b"as it came", b"as it went"))
    path.write_bytes(path.read_bytes()[: capture.offset] + changed + member.unused_data)
    assert not is_sound(path)
    assert "payload digest failed" in capsys.readouterr().out
    with pytest.raises(WarcError, match=rf"{NIGHT}\.warc\.gz"), closing(open_captures(folder)) as captures:
        read_stored(folder, capture, captures)


# --- What names a reader ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("http://naru.example/a?z=1&b=%41&utm_source=mail", "http://naru.example/a?z=1&b=%41"),
        ("http://me:secret@naru.example:8080/a?subscriber_id=77#token=1", "http://naru.example:8080/a"),
        ("/a?to=me%40home.example&page=2", "/a?page=2"),
        ("https://stats.stibee.com/v2/click/NzcvOTk/aHR0cDovL25hcnUuZXhhbXBsZS9h", "http://naru.example/a"),
        ("https://naru.example/v2/click/reader/target", "https://naru.example/masked"),
        ("https://naru.example/unsubscribe/77", "https://naru.example/masked"),
        ("http://[broken", "masked"),
    ],
)
def test_an_address_names_no_reader(url: str, masked: str) -> None:
    assert masked_url(url, "http://naru.example/") == masked


def test_cookies_credentials_and_readers_are_left_out_of_what_was_sent_and_received() -> None:
    request = Request(
        "http://naru.example/a?page=1&reader_id=77",
        headers={
            "Cookie": "sid=77",
            "Authorization": "Basic Nzc=",
            "Referer": "http://naru.example/?email=me@home.example",
        },
    )
    headers = {
        "Set-Cookie": ["sid=77", "uid=78"],
        "Location": "/b?token=77",
        "Link": '<http://naru.example/c?jwt=77>; rel="next"',
        "Content-Type": "text/html",
    }
    response = Response("http://naru.example/a?page=1&reader_id=77", 302, headers, b"as it came")
    assert exchange_of(request, response, PURPOSE) == Exchange(
        url="http://naru.example/a?page=1",
        purpose=PURPOSE,
        status=302,
        headers=[
            ("Set-Cookie", "masked"),
            ("Set-Cookie", "masked"),
            ("Location", "/b"),
            ("Link", '<http://naru.example/c>; rel="next"'),
            ("Content-Type", "text/html"),
        ],
        body=b"as it came",
        target="/a?page=1",
        request_headers=[
            ("Host", "naru.example"),
            ("Cookie", "masked"),
            ("Authorization", "masked"),
            ("Referer", "http://naru.example/"),
        ],
    )


def test_a_header_that_is_no_text_or_a_status_of_the_sites_own_does_no_harm(folder: Path) -> None:
    headers = {"X-Name": "항구\r\n injected".encode(), "X-Latin": b"\xff\xfe"}
    response = HtmlResponse("http://naru.example/1", 299, headers, b"x")
    keep(folder, exchange_of(Request(response.url), response, PURPOSE))
    assert [capture.status for capture in all_captures(folder)] == [299]
    assert is_sound(folder / f"{NIGHT}.warc.gz")


def test_the_parsers_version_is_that_of_the_rules_and_of_the_code() -> None:
    versions = {parser_version(NarutechSpider), parser_version(NarutechSpider), parser_version(FactplSpider)}
    assert [len(version) for version in versions] == [12, 12]
