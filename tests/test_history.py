import doctest
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from invented import document

import cli_commands
from factpl_crawler import history
from factpl_crawler.documents import Document
from factpl_crawler.history import Span, changed_words
from factpl_crawler.items import Entry, Issue, Link
from factpl_crawler.paths import store_path
from factpl_crawler.store import Store
from factpl_crawler.text import parse_date

Run = Callable[..., Result]

ARTICLE = document(
    "a/naru/1",
    "조용한 항만",
    "느린 배가 간다.\n\n물은 차다.\n\n등대에 불이 켜졌다.",
    url="https://naru.example/1",
    site="naru.example",
    captions=["부두의 밤."],
)


def issue(*entries: Entry) -> Issue:
    return Issue(
        publication="naru",
        publication_title="나루 편지",
        number=1,
        headline="첫 편지",
        url="https://naru.example/letters/1",
        date_published=parse_date("2024-03-07"),
        date_published_source="body",
        entries=list(entries),
    )


def put(document: Document) -> None:
    with Store.open(store_path()) as store, store.importing() as put:
        put(document)


@pytest.fixture
def run() -> Run:
    return lambda *arguments: CliRunner().invoke(cli_commands.cli, ["history", *arguments], prog_name="search_cli.py")


@pytest.fixture
def night(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    return lambda day: monkeypatch.setenv("FACTPL_NOW", f"2024-03-{day:02}T03:17:00+09:00")


@pytest.fixture
def _corrected(night: Callable[[int], None]) -> None:
    """An article of three versions, the last of which changed its author alone."""
    night(8)
    put(ARTICLE)
    night(9)
    corrected = ARTICLE._replace(
        body="느린 배가 간다.\n\n물은 차고 깊다.\n\n등대에 불이 켜졌다.", headline="조용하던 항만"
    )
    put(corrected)
    night(11)
    put(corrected._replace(authors=["도하린"]))


TEXT = """\
version 3  current  changed: authors

version 2  until 2024-03-11T03:17:00+09:00  changed: headline, body
--- version 1
+++ version 2
@@ -1,4 +1,4 @@
-조용한 항만
+조용하던 항만
 느린 배가 간다.
-물은 차다.
+물은 차고 깊다.
 등대에 불이 켜졌다.

version 1  until 2024-03-09T03:17:00+09:00
"""


@pytest.mark.usefixtures("_corrected")
def test_versions_are_listed_newest_first_with_what_changed(run: Run) -> None:
    result = run("a/naru/1")
    assert (result.stdout, result.stderr, result.exit_code) == (TEXT, "", 0)


@pytest.mark.usefixtures("_corrected")
def test_json_has_every_version_whole(run: Run) -> None:
    shown = json.loads(run("a/naru/1", "--format", "json").stdout)
    versions = shown.pop("versions")
    assert shown == {"id": "a/naru/1", "removed_at": None}
    assert [(one["version"], one["superseded_at"], one["changed"]) for one in versions] == [
        (3, None, ["authors"]),
        (2, "2024-03-11T03:17:00+09:00", ["headline", "body"]),
        (1, "2024-03-09T03:17:00+09:00", []),
    ]
    assert versions[2]["content"] == {
        "url": "https://naru.example/1",
        "site": "naru.example",
        "section_id": None,
        "section_label": None,
        "headline": "조용한 항만",
        "authors": [],
        "body": "느린 배가 간다.\n\n물은 차다.\n\n등대에 불이 켜졌다.",
        "date_published": "2024-03-07T00:00:00+09:00",
        "date_published_source": None,
        "date_modified": None,
        "date_modified_source": None,
        "captions": ["부두의 밤."],
        "keywords": [],
        "truncated": False,
    }
    assert versions[0]["content"] == {**versions[1]["content"], "authors": ["도하린"]}


@pytest.mark.usefixtures("_corrected")
def test_in_colour_the_words_that_changed_stand_out(run: Run) -> None:
    lines = run("a/naru/1", "--color", "always").stdout.splitlines()
    assert lines[9:11] == [
        "\x1b[31m-\x1b[0m\x1b[31m물은 \x1b[0m\x1b[1;7;31m차다.\x1b[0m",
        "\x1b[32m+\x1b[0m\x1b[32m물은 \x1b[0m\x1b[1;7;32m차고 깊다.\x1b[0m",
    ]


def test_a_document_that_never_changed_has_one_version(run: Run) -> None:
    put(ARTICLE)
    assert run("a/naru/1").stdout == "version 1  current\n"


def test_a_removed_entry_keeps_its_versions(run: Run, night: Callable[[int], None]) -> None:
    link = Link("https://naru.example/2", "읽기", "https://naru.example/2", "a/naru/2")
    night(8)
    with Store.open(store_path()) as store:
        store.put_issue(issue(Entry(1, "배", "간다."), Entry(2, "비", "온다.")))
        store.put_issue(issue(Entry(1, "배", "간다."), Entry(2, "비", "온다.", links=[link])))
        night(9)
        store.put_issue(issue(Entry(1, "배", "간다.")))
    assert run("naru/1#2").stdout == (
        "removed 2024-03-09T03:17:00+09:00\n"
        "\n"
        "version 2  until 2024-03-09T03:17:00+09:00  changed: links\n"
        "\n"
        "version 1  until 2024-03-08T03:17:00+09:00\n"
    )
    removed_at = json.loads(run("naru/1#2", "--format", "json").stdout)["removed_at"]
    assert removed_at == "2024-03-09T03:17:00+09:00"


def test_an_entry_that_came_back_is_not_removed(run: Run, night: Callable[[int], None]) -> None:
    night(8)
    with Store.open(store_path()) as store:
        for entries in ([Entry(1, "배", "간다."), Entry(2, "비", "온다.")], [Entry(1, "배", "간다.")]) * 2:
            store.put_issue(issue(*entries))
        store.put_issue(issue(Entry(1, "배", "간다."), Entry(2, "비", "그친다.")))
    assert run("naru/1#2").stdout.splitlines()[0] == "version 3  current  changed: body"


def test_an_id_that_is_not_there_is_exit_status_1_with_a_hint(run: Run, tmp_path: Path) -> None:
    put(ARTICLE)
    data = str(tmp_path / "data")
    result = run("a/naru/9", "--data", data)
    hint = f"Nothing has or had the id a/naru/9. Run: search_cli.py --data {data} issues\n"
    assert (result.stdout, result.stderr, result.exit_code) == ("", hint, 1)


def test_an_issue_is_referred_to_its_entries(run: Run) -> None:
    with Store.open(store_path()) as store:
        store.put_issue(issue(Entry(1, "배", "간다.")))
    result = run("naru/1")
    hint = "naru/1 is an issue; its entries have versions. Run: search_cli.py history naru/1#1\n"
    assert (result.stdout, result.stderr, result.exit_code) == ("", hint, 1)


def test_what_a_terminal_would_obey_is_shown(run: Run) -> None:
    put(ARTICLE)
    put(ARTICLE._replace(body="\x1b[31m빨강"))
    assert "+␛[31m빨강\n" in run("a/naru/1").stdout


@pytest.mark.parametrize(
    ("older", "newer", "expected"),
    [
        ("물은 차다", "물은 차다", ([], [])),
        ("", "물은 차다", ([], [Span(0, 5)])),
        ("물은 참 차다", "물은 차다", ([Span(3, 4)], [])),
        ("배가 간다 느리게", "등대가 간다 빠르게", ([Span(0, 2), Span(6, 9)], [Span(0, 3), Span(7, 10)])),
    ],
)
def test_changed_words_are_found_in_both_texts(older: str, newer: str, expected: tuple[list[Span], list[Span]]) -> None:
    assert changed_words(older, newer) == expected


def test_doctests() -> None:
    assert doctest.testmod(history).failed == 0


def test_texts_of_too_many_words_are_marked_whole() -> None:
    older, newer = " ".join(["물"] * 3_000), " ".join(["불"] * 3_000)
    assert changed_words(older, newer) == ([Span(0, len(older))], [Span(0, len(newer))])
