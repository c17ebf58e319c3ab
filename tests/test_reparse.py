"""What was collected, read again."""

import gzip
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from scrapy.http import TextResponse

from cli_commands import cli
from cli_output import reparsed_as_text
from demo_site.server import DemoSite
from factpl_crawler.captures import Purpose
from factpl_crawler.items import Article, Listing
from factpl_crawler.mail_archive import KeptMail, keep_letter
from factpl_crawler.pages import PageError
from factpl_crawler.pages.sites import Sites
from factpl_crawler.reparse import Difference, Reparsed
from factpl_crawler.store import Store
from factpl_crawler.warc import Exchange, RawArchive

ROOT = Path(__file__).parent.parent
HOST = "blog.localhost"
UNCHANGED = "0 new, 0 changed, 0 removed, {} unchanged, 0 unreadable, 0 lost."


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SCRAPY_SETTINGS_MODULE", "demo_site.settings")
    monkeypatch.setenv("FACTPL_NOW", "2025-03-01T03:17:00+09:00")
    monkeypatch.chdir(ROOT)
    folder = tmp_path / "data"
    Store.open(folder / "archive.sqlite3").close()
    return folder


def reparse(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["reparse", *arguments])


def page(headline: str) -> bytes:
    words = "배가 부두에 불이 켜졌다 항구는 밤새 붐볐고 선원들은 그물을 손질했다".split()
    turned = (" ".join(words[number:] + words[:number]) for number in range(8))
    paragraphs = "".join(f"<p>{words}, 그날 {number}번째로 들어온 배였다.</p>" for number, words in enumerate(turned))
    return f"<html><title>{headline}</title><article><h1>{headline}</h1>{paragraphs}</article></html>".encode()


def issue_page(headline: str) -> bytes:
    return f'<div class="stb-container-full"><p>[오늘의 한 줄]</p><p>{headline}</p><p>본문입니다.</p></div>'.encode()


def article_id(number: int) -> str:
    return Sites([]).identify(f"http://{HOST}/p/{number}").id


def answer(number: int, body: bytes, status: int = 200, **headers: str) -> Exchange:
    url = f"http://{HOST}/p/{number}"
    purpose = Purpose("article", url, "hanjul", article_id(number))
    return Exchange(url, purpose, status, [("Content-Type", "text/html; charset=utf-8"), *headers.items()], body)


def issue_answer(number: int, body: bytes, date: str = "2024-07-09") -> Exchange:
    url = f"http://page.hanjul.localhost/{number}"
    purpose = Purpose("issue", url, "hanjul", listing=Listing(url, f"한 줄 #{number}", date))
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Etag", '"e"')]
    return Exchange(url, purpose, 200, headers, body)


def keep(data: Path, monkeypatch: pytest.MonkeyPatch, day: int, *answers: Exchange) -> None:
    """Keep *answers* as those of a night of July 2024."""
    with monkeypatch.context() as patch, RawArchive(data / "warc", f"2024-07-{day}") as archive:
        patch.setenv("FACTPL_NOW", f"2024-07-{day}T03:17:00+09:00")
        for one in answers:
            archive.write(one)


def rows(data: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(data / "archive.sqlite3")) as connection, connection:
        return connection.execute(statement).fetchall()


def headlines(data: Path) -> dict[str, tuple[str, int]]:
    with Store.open(data / "archive.sqlite3") as store:
        return {document.id: (document.headline, document.version) for document in store.documents()}


# --- A real crawl -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crawled")
    environment = os.environ | {"FACTPL_DATA": str(folder), "SCRAPY_PROJECT": "demo"}
    environment["FACTPL_NOW"] = "2024-07-19T03:17:00+09:00"
    with DemoSite(port=0) as site:
        archive = site.url("page.hanjul.localhost", "/archives/77001/emails")
        command = [sys.executable, "-m", "scrapy", "crawl", "hanjul", "-a", f"archive={archive}"]
        subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
    return folder


@pytest.fixture
def collected(crawled: Path, data: Path) -> Path:
    shutil.rmtree(data)
    shutil.copytree(crawled, data)
    return data


def test_what_today_s_rules_read_as_those_of_the_night_did_does_not_change(collected: Path) -> None:
    tables = [f"SELECT * FROM {table}" for table in ("meta", "fetches", "issues", "entries", "articles", "links")]
    before = [rows(collected, table) for table in tables]
    result = reparse()
    documents = rows(
        collected, "SELECT (SELECT count(*) FROM articles) + (SELECT count(*) FROM entries) + count(*) FROM issues"
    )
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines()[-1] == UNCHANGED.format(documents[0][0])
    assert [rows(collected, table) for table in tables] == before


def spoil(data: Path) -> str:
    """Make it as if other rules had read an issue and an article; return the article's id."""
    [(id,)] = rows(data, "SELECT id FROM articles ORDER BY id LIMIT 1")
    rows(data, f"UPDATE articles SET headline = '다른 제목', authors = '[]' WHERE id = '{id}'")
    rows(data, "UPDATE entries SET headline = '또 다른 제목' WHERE id = 'hanjul/8#2'")
    rows(data, "DELETE FROM entries WHERE id = 'hanjul/8#3'")
    rows(data, "UPDATE issues SET headline = '제목이었다', notices = '[\"알림\"]' WHERE id = 'hanjul/8'")
    return str(id)


def test_what_changes_is_printed_by_field_and_kept_as_a_new_version(collected: Path) -> None:
    was = headlines(collected)
    [(issue_headline,)] = rows(collected, "SELECT headline FROM issues WHERE id = 'hanjul/8'")
    id = spoil(collected)
    result = reparse()
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    begin = lines.index("hanjul/8: changed")
    assert lines[begin : begin + 6] == [
        "hanjul/8: changed",
        f"  headline: 제목이었다 → {issue_headline}",
        '  notices: ["알림"] → ["한줄경제 | 두물시 강변로 12", "수신거부 Unsubscribe"]',
        "hanjul/8#2: changed",
        f"  headline: 또 다른 제목 → {was['hanjul/8#2'][0]}",
        f"hanjul/8#3: new ({was['hanjul/8#3'][0]})",
    ]
    assert f"{id}: changed" in lines
    assert f"  headline: 다른 제목 → {was[id][0]}" in lines
    assert result.stderr.splitlines()[-2:] == [
        f"1 new, 3 changed, 0 removed, {len(was) + 8 - 4} unchanged, 0 unreadable, 0 lost.",
        "Next, run: search_cli.py index",
    ]
    assert headlines(collected) == was | {id: (was[id][0], 2), "hanjul/8#2": (was["hanjul/8#2"][0], 2)}
    [(kept,)] = rows(collected, f"SELECT json_extract(content, '$.headline') FROM versions WHERE document_id = '{id}'")
    assert kept == "다른 제목"


def test_a_dry_run_prints_the_same_and_writes_nothing(collected: Path) -> None:
    spoil(collected)
    before = {path: path.read_bytes() for path in collected.rglob("*") if path.name == "archive.sqlite3"}
    dry = reparse("--dry-run")
    assert {path: path.read_bytes() for path in before} == before
    assert dry.stderr.endswith("lost. Nothing was written.\n")
    assert dry.stdout == reparse().stdout


@pytest.mark.parametrize(
    ("arguments", "read"),
    [
        (("--id", "hanjul/8"), 8),
        (("--id", "hanjul/8#2"), 8),
        (("--id", "nobody/8"), 0),
        (("--since", "2024-07-19", "--site", "stibee.hanjul.localhost"), 52),
        (("--since", "2024-07-20"), 0),
        (("--site", "nowhere.localhost"), 0),
    ],
)
def test_less_than_all_can_be_read(collected: Path, arguments: tuple[str, ...], read: int) -> None:
    result = reparse(*arguments)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (0 if read else 1, UNCHANGED.format(read))


def test_one_article_can_be_read(collected: Path) -> None:
    id = spoil(collected)
    assert reparse("--id", id, "--dry-run").stdout.splitlines()[0] == f"{id}: changed"
    assert "hanjul/8" not in reparse("--id", id).stdout


LISTENING = """
import sys
import trafilatura  # a library of its own looks at import time whether this machine has IPv6
asked = []
sys.addaudithook(lambda event, arguments: asked.append(event) if event.startswith("socket.") else None)
import cli_commands
try:
    cli_commands.cli(["reparse"], standalone_mode=False)
finally:
    print(asked)
"""


def test_nothing_is_asked_of_the_network(collected: Path) -> None:
    run = subprocess.run([sys.executable, "-c", LISTENING], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "0 unreadable, 0 lost." in run.stderr
    assert run.stdout == "[]\n"


@pytest.mark.parametrize("error", [PageError("no body"), TypeError("a slip")])
def test_a_page_that_can_no_longer_be_read_is_told_and_its_document_stays(
    collected: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(self: Sites, response: TextResponse) -> Article:
        raise error

    before = headlines(collected)
    monkeypatch.setattr(Sites, "read", fail)
    result = reparse()
    said = "no body" if isinstance(error, PageError) else "TypeError: a slip"
    lost = [line for line in result.stdout.splitlines() if line.endswith(f": can no longer be read ({said})")]
    assert result.stderr.splitlines()[-1].endswith(f" 0 unreadable, {len(lost)} lost.")
    assert len(lost) == sum(id.startswith("a/") for id in before)
    assert headlines(collected) == before


def test_an_archive_of_another_project_is_not_read_by_the_wrong_rules(
    collected: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRAPY_SETTINGS_MODULE", "factpl_crawler.settings")
    result = reparse()
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: The raw archive is of hanjul; known are factpl. Run it with the SCRAPY_PROJECT that collected it.\n",
    )


def test_long_texts_are_shown_from_a_little_before_where_they_differ() -> None:
    old, new = f"{'가' * 100}나루에서 {'나' * 100}", f"{'가' * 100}부두에서 {'나' * 100}"
    found = Reparsed("a/1", "changed", (Difference("body", old, new), Difference("site", None, "")))
    assert list(reparsed_as_text(found)) == [
        "a/1: changed",
        f"  body: …{'가' * 15}나루에서 {'나' * 40}… → …{'가' * 15}부두에서 {'나' * 40}…",
        "  site: null → (nothing)",
    ]


# --- Several answers of one page ----------------------------------------------------------------------------------


def test_the_newest_answer_counts(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(data, monkeypatch, 19, answer(1, page("처음")))
    keep(data, monkeypatch, 20, answer(1, page("고침")))
    keep(data, monkeypatch, 21, answer(1, b"", status=304), answer(2, b"", status=404))
    assert reparse().stdout == f"{article_id(1)}: new (고침)\n"
    assert headlines(data) == {article_id(1): ("고침", 1)}


def test_where_the_newest_answer_cannot_be_read_the_one_before_counts(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(data, monkeypatch, 19, answer(1, page("처음")))
    keep(data, monkeypatch, 20, answer(1, b"<p>?</p>"))
    keep(data, monkeypatch, 21, answer(1, b"<p>!</p>"))
    assert reparse().stdout.splitlines() == [
        f"http://{HOST}/p/1: cannot be read (no headline)",
        f"{article_id(1)}: new (처음)",
    ]


def test_an_article_that_was_asked_for_in_two_ways_is_read_once(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = answer(1, page("처음"))
    moved = Exchange(
        first.url, Purpose("article", "http://old.localhost/1", None, "a/old"), 200, first.headers, page("옛")
    )
    keep(data, monkeypatch, 19, moved)
    keep(data, monkeypatch, 20, first)
    reparse()
    assert headlines(data) == {article_id(1): ("처음", 1)}


def test_an_address_that_leads_elsewhere_by_now_does_so(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = replace(answer(1, page("다른 글")), url=f"http://{HOST}/p/2")
    keep(data, monkeypatch, 19, answer(1, page("처음")))
    keep(data, monkeypatch, 20, moved)
    reparse()
    assert headlines(data) == {article_id(2): ("다른 글", 1)}


def test_a_payload_that_lies_in_another_night_is_found(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(data, monkeypatch, 19, answer(1, page("같은 글")))
    keep(data, monkeypatch, 20, answer(2, page("같은 글")))
    reparse("--since", "2024-07-20")
    assert headlines(data) == {article_id(2): ("같은 글", 1)}


def test_a_compressed_page_is_unpacked_and_a_bomb_is_not(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = {"Content-Encoding": "gzip"}
    bomb = gzip.compress(bytes(17 * 1024 * 1024))
    keep(data, monkeypatch, 19, answer(1, gzip.compress(page("꾸러미")), **packed), answer(2, bomb, **packed))
    assert reparse().stdout.splitlines() == [
        f"http://{HOST}/p/2: cannot be read (it unpacks to more than 16 MiB)",
        f"{article_id(1)}: new (꾸러미)",
    ]


def test_three_days_ago_counts_from_the_night_when_the_page_was_had(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(data, monkeypatch, 19, issue_answer(9, issue_page("첫 줄"), "3일 전"))
    reparse()
    assert rows(data, "SELECT id, date_published FROM issues") == [("hanjul/9", "2024-07-16T00:00:00+09:00")]


def test_an_issue_that_can_be_read_now_is_not_asked_for_again(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "http://page.hanjul.localhost/9"
    keep(data, monkeypatch, 19, issue_answer(9, issue_page("첫 줄")))
    with Store.open(data / "archive.sqlite3") as store:
        store.record_fetch(url, "issue", outcome="failed", reason="no issue body", publication="hanjul")
        reparse()
        assert (store.was_read(url), store.validators(url)) == (True, {"If-None-Match": '"e"'})


def test_a_page_that_is_gone_by_now_stays_known_as_gone(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(data, monkeypatch, 19, answer(1, page("처음")))
    keep(data, monkeypatch, 20, answer(1, b"gone", status=410))
    with Store.open(data / "archive.sqlite3") as store:
        store.record_fetch(f"http://{HOST}/p/1", "article", outcome="gone", status=410, article_id=article_id(1))
    reparse()
    assert headlines(data) == {article_id(1): ("처음", 1)}
    assert rows(data, "SELECT outcome, status FROM fetches") == [("gone", 410)]


def test_an_issue_that_fails_validation_is_told_with_the_reason(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(data, monkeypatch, 19, issue_answer(9, issue_page("첫 줄"), date=""))
    assert reparse().stdout == "http://page.hanjul.localhost/9: cannot be read (no date found)\n"


def test_a_file_that_a_crash_left_open_is_read_too(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(data, monkeypatch, 19, answer(1, page("처음")))
    complete = data / "warc" / "2024-07-19.warc.gz"
    complete.rename(complete.with_name(f"{complete.name}.open"))
    assert reparse("--dry-run").stdout == f"{article_id(1)}: new (처음)\n"
    assert not complete.exists()
    assert reparse().stdout == f"{article_id(1)}: new (처음)\n"
    assert complete.exists()


# --- Letters ------------------------------------------------------------------------------------------------------

LETTER = "<p>2024.03.14 Thursday #99</p><p>[오늘의 한 줄]</p><p>{}</p><p>본문입니다.</p><p>{}</p>"
LINK = f'<a href="http://{HOST}/p/1">글</a>'


def keep_mail(data: Path, text: str, day: int, suffix: str = ".html", publication: str = "hanjul") -> None:
    about = KeptMail(f"/mail/{day}", datetime(2024, 7, day, tzinfo=UTC), publication)
    keep_letter(data / "mail", text.encode(), suffix, about)


def test_letters_are_read_again_those_read_last_first(data: Path) -> None:
    keep_mail(data, LETTER.format("처음", LINK), 19)
    keep_mail(data, LETTER.format("고침", LINK), 20)
    result = reparse()
    assert result.stdout == "hanjul/99: new (고침)\nhanjul/99#1: new (고침)\n"
    assert headlines(data) == {"hanjul/99#1": ("고침", 1)}


def test_a_letter_and_a_page_of_one_issue_are_one_issue(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(data, monkeypatch, 20, issue_answer(99, issue_page("누리집에서")))
    keep_mail(data, LETTER.format("편지에서", LINK), 19)
    rows(data, "DELETE FROM issues")
    reparse()
    assert headlines(data) == {"hanjul/99#1": ("누리집에서", 1)}


def test_a_plain_text_does_not_take_the_place_of_a_letter_with_links(data: Path) -> None:
    keep_mail(data, LETTER.format("편지에서", LINK), 19)
    keep_mail(data, "2024.03.14 Thursday #99\n\n[오늘의 한 줄]\n\n글월에서\n\n본문입니다.\n", 20, ".txt")
    reparse()
    assert headlines(data)["hanjul/99#1"][0] == "편지에서"
    assert reparse().stdout == ""


def test_a_letter_of_no_known_publication_is_told(data: Path) -> None:
    keep_mail(data, "<p>생활정보 안내문</p>", 19, publication="")
    assert reparse().stdout == (
        "/mail/19: cannot be read (of no known publication; say which with -a publication=factpl|hanjul|narutech)\n"
    )


def test_without_anything_collected_that_is_said(data: Path) -> None:
    result = reparse()
    assert (result.exit_code, result.stderr) == (
        2,
        f"Error: Nothing to read again: neither {data}/warc nor {data}/mail is there. Run: ./nightly\n",
    )
