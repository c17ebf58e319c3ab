"""A period as a letter: what it says, and that nothing that was crawled can say it differently."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import example, given, settings
from hypothesis import strategies as st
from invented import ListSource, document, linked_from, section
from lxml import html
from markdown_it import MarkdownIt

import cli_commands
import digests
from digests import Piece
from factpl_crawler.clock import now
from factpl_crawler.documents import Document, IssueRef
from factpl_crawler.harmless import one_line
from factpl_crawler.paths import index_dir, searches_path
from index import digest as digest_module
from index.build import build
from index.digest import digest
from index.saved import SavedSearch
from index.search import search

ISSUE = IssueRef("naru/12", 12, "속도의 값", "https://naru.example/12", "2024-03-07T00:00:00+09:00", "body")
HOSTILE = '*[](<x>\n# `칩` <b>"&amp;</b> \x1b[31m\u202e_끝_ ~~$x$~~ https://x.example'
WEEK = ("--since", "2024-03-04", "--until", "2024-03-10")
RENDERED = MarkdownIt("commonmark").enable("strikethrough")


def entry(position: int, headline: str, body: str = "", label: str = "", **fields: Any) -> Document:
    shown = section(label) if label else None
    return document(f"naru/12#{position}", headline, body, issue=ISSUE, section=shown, **fields)


def article(number: int, headline: str, body: str = "", date: str = "2024-03-06", **fields: Any) -> Document:
    values = {"url": f"https://news.example/{number}", "site": "news.example", **fields}
    return document(f"a/{number}", headline, body, date, **values)


def archive(*documents: Document) -> None:
    build(ListSource.of(*documents), index_dir())


def save(**searches: str) -> None:
    searches_path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    rows = (f"[[search]]\nname = {json.dumps(name)}\nquery = {json.dumps(query)}\n" for name, query in searches.items())
    searches_path().write_text("".join(rows), encoding="utf-8")


def cli(*arguments: str) -> Result:
    return CliRunner().invoke(cli_commands.cli, ["digest", *arguments], prog_name="search_cli.py")


@pytest.fixture
def week() -> None:
    """An issue and two articles of the week, and one of the week before."""
    archive(
        entry(1, "강가에서", "배가 간다."),
        entry(2, "칩을 묻다", "한결이 물었다. 그로크(Groq)의 칩이다.", "나루 인터뷰", url="https://news.example/1"),
        entry(3, "칩의 값", "값이 올랐다.", "나루 인터뷰"),
        article(1, "그로크, 판을 바꾸다", "작은 칩이 온다.", linked_from=linked_from("naru/12#2")),
        article(2, "밤의 부두", "등불이 켜졌다."),
        article(3, "그로크 옛 소식", "지난 일이다.", "2024-02-28"),
    )
    save(그로크="그로크", 로봇="로봇")


@pytest.mark.usefixtures("week")
def test_a_letter_has_the_searches_the_issues_and_links_to_what_it_names() -> None:
    run = cli(*WEEK)
    assert (run.exit_code, run.stderr) == (0, "")
    assert run.stdout.splitlines() == [
        "# factpl: 2024-03-04 – 2024-03-10",
        "",
        "3 entries of 1 issue, 2 articles.",
        "",
        "## Saved searches",
        "",
        "### 그로크: 2",
        "",
        "- [칩을 묻다](https://news.example/1)  ",
        "  2024-03-07 · 나루 편지 #12 · 나루 인터뷰  ",
        "  한결이 물었다. **그로크**(**Groq**)의 칩이다.",
        "- [그로크, 판을 바꾸다](https://news.example/1)  ",
        "  2024-03-06 · ← 나루 편지 #12 · news.example  ",
        "  작은 칩이 온다.",
        "",
        "### 로봇: nothing",
        "",
        "## Issues",
        "",
        "### [2024-03-07 · 나루 편지 #12 · 속도의 값](https://naru.example/12)",
        "",
        "- 강가에서",
        "",
        "**나루 인터뷰**",
        "",
        "- [칩을 묻다](https://news.example/1)",
        "- 칩의 값",
    ]


@pytest.mark.usefixtures("week")
def test_html_says_the_same_in_one_document_that_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    run = cli(*WEEK, "-o", str(tmp_path / "week.html"))
    assert (run.exit_code, run.stdout) == (0, "")
    assert run.stderr == f"5 documents, written to {tmp_path / 'week.html'}\n"
    text = (tmp_path / "week.html").read_text(encoding="utf-8")
    assert text.startswith('<!DOCTYPE html>\n<html lang="en">\n')
    page = html.fromstring(text)
    headings = [(one.tag, one.text_content()) for one in page.iter("title", "h1", "h2", "h3", "h4")]
    assert headings == [
        ("title", "factpl: 2024-03-04 – 2024-03-10"),
        ("h1", "factpl: 2024-03-04 – 2024-03-10"),
        ("h2", "Saved searches"),
        ("h3", "그로크: 2"),
        ("h3", "로봇: nothing"),
        ("h2", "Issues"),
        ("h3", "2024-03-07 · 나루 편지 #12 · 속도의 값"),
        ("h4", "나루 인터뷰"),
    ]
    assert [(one.text_content(), one.get("href")) for one in page.iter("a")] == [
        ("칩을 묻다", "https://news.example/1"),
        ("그로크, 판을 바꾸다", "https://news.example/1"),
        ("2024-03-07 · 나루 편지 #12 · 속도의 값", "https://naru.example/12"),
        ("칩을 묻다", "https://news.example/1"),
    ]
    assert [one.text for one in page.iter("mark")] == ["그로크", "Groq"]
    assert [one.tag for one in page.iter("script", "link", "img", "iframe", "style")] == []


@pytest.mark.usefixtures("week")
def test_json_has_the_hits_as_a_search_has_them() -> None:
    found = json.loads(cli(*WEEK, "--format", "json", "--limit", "1").stdout)
    assert (found["since"], found["until"]) == ("2024-03-04", "2024-03-10")
    assert (found["documents"], found["entries"], found["articles"], found["words"]) == (5, 3, 2, [])
    assert [(one["name"], one["query"], one["total"]) for one in found["searches"]] == [
        ("그로크", "그로크", 2),
        ("로봇", "로봇", 0),
    ]
    [hit] = found["searches"][0]["hits"]
    assert (hit["document"]["id"], hit["issues"]) == ("naru/12#2", ["naru/12"])
    assert found["issues"][0]["sections"][1] == {
        "label": "나루 인터뷰",
        "entries": [{"id": "naru/12#2", "headline": "칩을 묻다"}, {"id": "naru/12#3", "headline": "칩의 값"}],
    }


@pytest.mark.usefixtures("week")
def test_what_is_left_out_is_said() -> None:
    assert "- and 1 more" in cli(*WEEK, "--limit", "1").stdout.splitlines()
    assert "<p>and 1 more</p>" in cli(*WEEK, "--limit", "1", "--format", "html").stdout.splitlines()


@pytest.mark.usefixtures("week")
def test_a_period_without_documents_is_said_and_ends_with_1() -> None:
    run = cli("--since", "2023-01", "--until", "2023-02")
    assert (run.exit_code, run.stderr) == (1, "Nothing found.\n")
    assert run.stdout.splitlines()[2] == "Nothing is of these days."


def test_the_week_up_to_today_is_what_nobody_has_to_ask_for() -> None:
    archive(document("a/1", "그로크", date=str(now().date())))
    run = cli()
    assert (run.exit_code, run.stdout.splitlines()[2]) == (0, "0 entries of 0 issues, 1 article.")


@pytest.mark.usefixtures("week")
def test_a_week_ends_where_it_is_told_to(tmp_path: Path) -> None:
    assert cli("--until", "2024-03-10").stdout.startswith("# factpl: 2024-03-03 – 2024-03-10\n")
    run = cli(*WEEK, "-o", str(tmp_path / "week.pdf"))
    assert (run.exit_code, list(tmp_path.glob("week.*"))) == (2, [])
    assert run.stderr == "Error: In which format? Give week.pdf an ending: .md, .html, .htm, .json, or say --format.\n"


@pytest.mark.usefixtures("week")
def test_a_search_that_cannot_be_read_is_named_and_the_letter_is_written() -> None:
    with searches_path().open("a", encoding="utf-8") as file:
        file.write('[[search]]\nname = "물"\nquery = "(물"\n')
    run = cli(*WEEK)
    assert run.exit_code == 0
    assert run.stderr.startswith(f"Warning: {searches_path()}: the search '물': query is '(물': ")
    assert "### 그로크: 2" in run.stdout


def test_without_an_index_the_next_command_is_named() -> None:
    run = cli()
    assert (run.exit_code, "Run: ./nightly" in run.stderr) == (2, True)


def test_what_a_search_finds_is_as_it_was_typed_and_never_a_guess() -> None:
    archive(article(1, "그로크 소식"), article(2, "그로크와 칩"))
    assert search("그르크", index_dir=index_dir()).total == 2
    assert search("그르크", index_dir=index_dir(), reread=False).total == 0
    searches = [SavedSearch(name="칩", query="그르크")]
    found = digest(searches, index_dir=index_dir(), since=date(2024, 3, 1), until=date(2024, 3, 9))
    assert [(one.total, one.hits) for one in found.searches] == [(0, [])]


def test_words_that_rose_are_named_with_their_numbers() -> None:
    before = [article(number, "강가의 물레방아", date="2024-02-01") for number in range(5)]
    archive(*before, *(article(number, "하늘봇이 물레방아를 만났다") for number in range(10, 14)))
    lines = cli(*WEEK).stdout.splitlines()
    assert lines[lines.index("## Words that rose") + 2].startswith("하늘봇 (4, before 0)")
    assert '<li><span lang="ko">하늘봇</span> (4, before 0)</li>' in cli(*WEEK, "--format", "html").stdout


def test_of_a_long_period_the_older_entries_are_left_out_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest_module, "MOST_ENTRIES", 2)
    archive(*(document(f"naru/{number}#1", f"글 {number}", date=f"2024-03-0{number}") for number in range(1, 6)))
    run = cli("--since", "2024-03")
    assert run.stdout.splitlines()[-1] == "3 older entries are left out. Choose a shorter period."
    assert "### 2024-03-05 · 나루 편지 #5" in run.stdout.splitlines()


# --- What strangers wrote -----------------------------------------------------------------------------------------


def shown(markdown: str) -> html.HtmlElement:
    return html.fromstring(f"<div>{RENDERED.render(markdown)}</div>")


def test_a_headline_that_would_be_markup_is_text_in_both(tmp_path: Path) -> None:
    archive(
        article(1, HOSTILE, "그로크가 강가에서 쉰다.", url="javascript:alert(1)"),
        article(
            2, HOSTILE, "등불 아래 그로크를 켰다.", url="https://news.example/2?a=(1)<b>&copy;\\_\n)[x](javascript:x)"
        ),
        entry(1, HOSTILE, label=HOSTILE, url="http://[broken/"),
    )
    save(그로크="그로크")
    text = " ".join(one_line(HOSTILE).split())
    markdown = shown(cli(*WEEK).stdout)
    page = html.fromstring(cli(*WEEK, "--format", "html").stdout)
    for letter in (markdown, page):
        assert {one.tag for one in letter.iter("script", "code", "b", "em", "s", "img")} == set()
        assert {one.get("href").partition("?")[0] for one in letter.iter("a")} == {
            "https://naru.example/12",
            "https://news.example/2",
        }
        # Twice of the articles, of the entry and of its section.
        assert " ".join(letter.text_content().split()).count(text) == 4
    assert [one.get("href") for one in markdown.iter("a") if "news" in one.get("href")] == [
        "https://news.example/2?a=%281%29%3Cb%3E&copy%3B%5C_%20%29%5Bx%5D%28javascript:x%29"
    ]


@given(st.text())
@settings(deadline=None)
@example("1. 칩")
@example("- 칩")
@example("# 칩 #")
@example("칩  \n끝")
def test_any_text_is_shown_as_it_is(text: str) -> None:
    clean = " ".join(one_line(text).split())
    page = shown(f"- {digests.linked(clean, 'https://naru.example/')}\n- {digests.escaped(clean)}\n")
    assert [" ".join(one.text_content().split()) for one in page.iter("li")] == [clean, clean]
    assert {one.tag for one in page.iter()} <= {"div", "ul", "li", "a", "p"}


@given(st.lists(st.tuples(st.text(max_size=5), st.booleans()), max_size=5))
@settings(deadline=None)
@example([("앞", False), ("그로크(Groq)", True), ("의", False)])
@example([("*", True), ("_칩_", True)])
def test_any_text_is_marked_as_it_is(parts: list[tuple[str, bool]]) -> None:
    pieces: list[Piece] = []
    for text, marked in parts:
        piece = Piece(" ".join(one_line(text).split()), marked)
        # As a digest has them: none is empty, and two marks beside each other are one.
        if piece.text and not (marked and pieces and pieces[-1].marked):
            pieces.append(piece)
    page = shown(f"끝 {''.join(map(digests.marked, pieces))}")
    whole = "".join(piece.text for piece in pieces)
    assert " ".join(page.text_content().split()) == " ".join(f"끝 {whole}".split())
    assert {one.tag for one in page.iter()} <= {"div", "p", "strong"}


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "//news.example/",
        "https:",
        "http://[",
        "mailto:a@n.example",
    ],
)
def test_only_the_web_is_linked_to(url: str | None) -> None:
    assert digests.link(url) is None
    assert digests.linked("칩", url) == "칩"
