import contextlib
import csv
import doctest
import gzip
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import unicodedata
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

import cli_commands
import cli_output
import digests
from factpl_crawler import harmless
from factpl_crawler.documents import Document, DocumentLink, IssueRef, LinkedFrom, PublicationRef, Section
from factpl_crawler.exchange import export, import_documents
from factpl_crawler.items import Quarantined
from factpl_crawler.store import Store
from index.answers import to_json
from index.build import build
from index.facets import FACETS

Run = Callable[..., Result]
Finished = subprocess.CompletedProcess[str]

ROOT = Path(cli_commands.__file__).parent
# Without even the packages that it may have.
BARE = (str(Path(sys.base_prefix) / "bin" / "python3"), "-S")
NARU = PublicationRef("naru", "나루 편지")
ISSUE_12 = IssueRef("naru/12", 12, "속도의 값", "https://naru.example/12", "2024-03-07T00:00:00+09:00", "body")
ISSUE_14 = IssueRef("naru/14", 14, "두 번째 봄", "https://naru.example/14", "2024-03-21T00:00:00+09:00", "body")


def entry(issue: IssueRef, position: int, headline: str, body: str, section: Section | None, link: str) -> Document:
    links = [DocumentLink(1, "원문", f"https://{link}", f"a/{link}")] if link else []
    return Document(
        id=f"{issue.id}#{position}",
        kind="entry",
        publication=NARU,
        issue=issue,
        position=position,
        section=section,
        headline=headline,
        authors=["한결"] if position == 1 else [],
        date_published=issue.date_published,
        date_published_source=issue.date_published_source,
        date_modified=None,
        date_modified_source=None,
        body=body,
        captions=[],
        keywords=[],
        url=links[0].url if links else issue.url,
        site=None,
        truncated=False,
        version=1,
        links=links,
        linked_from=[],
    )


INTERVIEW = Section("interview", "나루 인터뷰")
CHIP = "news.example/1"
FORGED = "빨간\x1b[31m 글자와 \x9b2J 뒤집힌 \u202e순서가 그로크 옆에 있다."
DOCUMENTS = [
    entry(ISSUE_12, 1, "그로크가 던진 질문", "속도를 재 보았다. 그로크는 빨랐다.", INTERVIEW, CHIP),
    entry(ISSUE_12, 2, '=HYPERLINK("x") 표', "셈은 @나루가 했다.", Section(None, "셈 마당"), ""),
    entry(ISSUE_14, 1, "봄에 다시 읽는 칩 이야기", "꽃과 칩을 함께 본다.", None, CHIP),
    Document(
        id=f"a/{CHIP}",
        kind="article",
        publication=None,
        issue=None,
        position=None,
        section=Section(None, "기술"),
        headline="추론 칩 그로크\x07, 판을 바꾸다",
        authors=["서이랑", "도담"],
        date_published="2024-03-06T09:30:00+09:00",
        date_published_source="json-ld",
        date_modified=None,
        date_modified_source=None,
        body=FORGED,
        captions=["칩을 든 손"],
        keywords=["반도체"],
        url=f"https://{CHIP}",
        site="news.example",
        truncated=True,
        version=3,
        links=[],
        linked_from=[LinkedFrom("naru/12#1", 1, "원문"), LinkedFrom("naru/14#1", 1, "원문")],
    ),
]


def archive_of(data: Path, *documents: Document) -> Path:
    """Make of *data* a data folder with an archive and its index."""
    export(documents, data / "all.jsonl")
    with Store.open(data / "archive.sqlite3") as store:
        import_documents(store, data / "all.jsonl")
        build(store, data / "index")
    return data


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Such a folder, for reading only."""
    return archive_of(tmp_path_factory.mktemp("archive"), *DOCUMENTS)


@pytest.fixture
def run(archive: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the program on the archive, as far as one process can."""
    monkeypatch.setenv("FACTPL_DATA", str(archive))
    return lambda *arguments: CliRunner().invoke(cli_commands.cli, arguments, prog_name="search_cli.py")


def shell(
    data: Path, *arguments: str, python: tuple[str, ...] = (sys.executable,), cwd: Path = ROOT, **variables: Any
) -> Finished:
    return subprocess.run(
        [*python, str(ROOT / "search_cli.py"), *arguments],
        capture_output=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, "FACTPL_DATA": str(data), **variables},
        timeout=60,
        check=False,
    )


def on_a_terminal(data: Path, *arguments: str, columns: int = 80, **variables: str) -> str:
    """Return what the program writes to a terminal."""
    ours, theirs = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    environment |= {"FACTPL_DATA": str(data), "COLUMNS": str(columns), **variables}
    command = [sys.executable, str(ROOT / "search_cli.py"), *arguments]
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.DEVNULL, env=environment):
        os.close(theirs)
        shown = b""
        # Linux answers with an error, not with an end, when the other side has closed.
        with contextlib.suppress(OSError):
            while part := os.read(ours, 4096):
                shown += part
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")


def ids(result: Result) -> list[str]:
    return [json.loads(line)["document"]["id"] for line in result.stdout.splitlines()]


FOUND = """\
그로크가 던진 질문
  2024-03-07 · 나루 편지 #12 · 나루 인터뷰 · 한결
  속도를 재 보았다. 그로크는 빨랐다.
  https://news.example/1  naru/12#1

추론 칩 그로크␇, 판을 바꾸다
  2024-03-06 · ← 나루 편지 #12, #14 · news.example · 기술 · 서이랑, 도담
  빨간␛[31m 글자와 �2J 뒤집힌 �순서가 그로크 옆에 있다.
  https://news.example/1  a/news.example/1
"""

# --- Searching ----------------------------------------------------------------------------------------------------


def test_a_word_alone_is_searched_for(run: Run) -> None:
    result = run("그로크")
    assert (result.stdout, result.stderr, result.exit_code) == (FOUND, "2 of 2\n", 0)


def test_nothing_found_is_exit_status_1(run: Run) -> None:
    result = run("없는말이다")
    assert (result.stdout, result.stderr, result.exit_code) == ("", "Nothing found.\n", 1)


def test_a_page_after_the_last_is_exit_status_1(run: Run) -> None:
    result = run("그로크", "--offset", "2")
    assert (result.stdout, result.stderr, result.exit_code) == ("", "0 of 2, after the first 2\n", 1)


def test_limit_and_offset_cut_a_page(run: Run) -> None:
    first, second = (run("그로크", "--format", "jsonl", "--limit", "1", "--offset", offset) for offset in "01")
    assert (ids(first), ids(second)) == (["naru/12#1"], ["a/news.example/1"])


def test_count_prints_only_the_number(run: Run) -> None:
    result = run("그로크", "--count", "--limit", "1")
    assert (result.stdout, result.stderr, result.exit_code) == ("2\n", "", 0)
    assert run("없는말이다", "--count").exit_code == 1


@pytest.mark.parametrize("arguments", [("칩", "-그로크"), ("-그로크", "칩"), ("칩 -그로크",), ("--", "칩", "-그로크")])
def test_a_dash_before_a_word_excludes_it(run: Run, arguments: tuple[str, ...]) -> None:
    assert ids(run("--format", "jsonl", *arguments)) == ["naru/14#1"]


def test_a_latin_word_that_looks_like_short_options_is_excluded(run: Run) -> None:
    result = run("-lpu", "--explain", "--count")
    assert (result.stdout, result.stderr) == ("4\n", "query: -lpu\n")


def test_taken_apart_hangul_finds_the_same(run: Run) -> None:
    apart = unicodedata.normalize("NFD", "그로크")
    assert run(apart).stdout == FOUND
    issue = unicodedata.normalize("NFD", "14호")
    assert ids(run("--issue", issue, "--format", "jsonl")) == ["naru/14#1", "a/news.example/1"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--issue", "14"], ["naru/14#1", "a/news.example/1"]),
        (["--issue", "naru/12", "--kind", "entry"], ["naru/12#1", "naru/12#2"]),
        (["--issue", "12", "--issue", "14", "--kind", "article"], ["a/news.example/1"]),
        (["--author", "한결"], ["naru/14#1", "naru/12#1"]),
        (["--site", "news.example"], ["a/news.example/1"]),
        (["--publication", "naru", "--since", "2024-03-07"], ["naru/14#1", "naru/12#1", "naru/12#2"]),
        (["--until", "2024-03-06"], ["a/news.example/1"]),
        (["--section", "셈 마당"], ["naru/12#2"]),
        (["칩", "--sort", "date"], ["naru/14#1", "a/news.example/1"]),
        ([], ["naru/14#1", "naru/12#1", "naru/12#2", "a/news.example/1"]),
    ],
)
def test_filters_without_words_list_the_newest_first(run: Run, arguments: list[str], expected: list[str]) -> None:
    assert ids(run("search", *arguments, "--format", "jsonl")) == expected


def test_a_commands_name_is_searched_for_with_search(run: Run) -> None:
    result = run("search", "stats")
    assert (result.stderr, result.exit_code) == ("Nothing found.\n", 1)


def test_explain_says_how_the_query_was_understood_and_what_a_score_is_made_of(run: Run) -> None:
    result = run("그로크", "--explain", "--limit", "1")
    assert result.stderr == "query: 그로크\n그로크: as typed 그로·로크\n1 of 2\n"
    total, *parts = map(float, re.findall(r"(?:score|[^ ]) (\d+\.\d{3})", result.stdout))
    assert total == pytest.approx(sum(parts), abs=0.01)
    assert len(parts) > 1


# --- Where nothing is found ---------------------------------------------------------------------------------------


def test_what_was_searched_for_in_place_of_what_was_typed_is_said(run: Run) -> None:
    result = run("rmfhzm", "--format", "urls")
    assert result.stdout == run("그로크", "--format", "urls").stdout != ""
    assert result.stderr == (
        "Nothing has rmfhzm. Searched for 그로크: the same keys in the other layout. --exact keeps to what was typed.\n"
    )
    assert (result.exit_code, run("rmfhzm", "--exact").exit_code) == (0, 1)


def test_words_that_were_dropped_are_said_and_a_misspelt_one_is_offered(run: Run) -> None:
    result = run("그르크", "질문", "--format", "urls")
    assert (result.stdout, result.exit_code) == ("https://news.example/1\n", 0)
    said = "Nothing has all the words; what has some is shown. The best lacks: 그르크\n혹시 그로크 질문?\n"
    assert result.stderr == said


def test_each_hit_says_which_words_it_lacks(run: Run) -> None:
    assert "  lacks: 그르크\n" in run("그르크", "질문").stdout
    assert json.loads(run("그르크", "질문", "--format", "jsonl").stdout)["lacks"] == ["그르크"]
    assert "lacks" not in run("질문").stdout
    assert "lacks" not in json.loads(run("질문", "--format", "jsonl").stdout)


def test_without_scores_there_is_none_to_explain(run: Run) -> None:
    assert "score" not in run("질문", "--sort", "date", "--explain").stdout
    assert "score" in run("질문", "--explain").stdout


def test_json_says_how_a_query_was_read(run: Run) -> None:
    shown = json.loads(run("rmfhzm", "--format", "json").stdout)
    assert shown["correction"] == {"kind": "keyboard", "typed": "rmfhzm", "used": "그로크"}
    assert (
        json.loads(run("그르크", "질문", "--format", "json").stdout).items()
        >= {
            "partial": True,
            "dropped": ["그르크"],
            "suggestions": ["그로크 질문"],
        }.items()
    )


def test_aliases_are_listed_with_their_origin(run: Run) -> None:
    assert run("aliases", "nvidia").stdout == (
        "names              documents  source\n엔비디아 = Nvidia             file\n"
    )
    assert json.loads(run("aliases", "nvidia", "--format", "json").stdout) == [
        {"names": ["엔비디아", "Nvidia"], "source": "file", "documents": None}
    ]
    assert run("aliases", "--format", "csv").stdout.startswith("names,documents,source\n엔비디아 = Nvidia,,file\n")
    nothing = run("aliases", "나루")
    assert (nothing.stderr, nothing.exit_code) == ("No other names are known.\n", 1)


# --- For programs -------------------------------------------------------------------------------------------------


def test_json_is_one_object_that_never_differs(run: Run) -> None:
    result = run("그로크", "--format", "json", "--limit", "1")
    shown = json.loads(result.stdout)
    hit = shown["hits"][0]
    assert hit.pop("score") > 0
    assert shown == {
        "query": "그로크",
        "total": 2,
        "offset": 0,
        "limit": 1,
        "hits": [
            {
                "issues": ["naru/12"],
                "similar": [],
                "highlights": [{"field": "headline", "start": 0, "end": 3}, {"field": "body", "start": 11, "end": 14}],
                "document": json.loads(DOCUMENTS[0].to_json()),
            }
        ],
    }
    assert (result.stderr, run("그로크", "--format", "json", "--limit", "1").stdout) == ("", result.stdout)


def test_jsonl_is_a_hit_a_line_with_hangul_as_it_is(run: Run) -> None:
    lines = run("그로크", "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["document"] for line in lines] == [
        json.loads(DOCUMENTS[0].to_json()),
        json.loads(DOCUMENTS[3].to_json()),
    ]
    assert "그로크가 던진 질문" in lines[0]


def test_json_holds_no_character_that_a_terminal_obeys(run: Run) -> None:
    for style in ("json", "jsonl"):
        shown = run("그로크", "--format", style).stdout
        assert set(re.findall("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)) == {"\n"}
    assert FORGED in [hit["document"]["body"] for hit in json.loads(run("그로크", "--format", "json").stdout)["hits"]]


FACETS_SHOWN = """
section      documents
나루 인터뷰          1
기술                 1

month    documents
2024-03          2
"""


def test_facets_count_the_whole_result(run: Run) -> None:
    facets = ("--facet", "section", "--facet", "month", "--limit", "1")
    assert run("그로크", *facets).stdout.endswith(FACETS_SHOWN)
    assert json.loads(run("그로크", *facets, "--format", "json").stdout)["facets"] == {
        "section": [
            {"value": "interview", "label": "나루 인터뷰", "count": 1},
            {"value": "기술", "label": "기술", "count": 1},
        ],
        "month": [{"value": "2024-03", "label": "2024-03", "count": 2}],
    }
    assert run("그로크", "--facet", "publication", "--format", "csv").stdout == (
        "facet,value,label,documents\npublication,naru,나루 편지,2\n"
    )
    assert [json.loads(line) for line in run("그로크", "--facet", "year", "--format", "jsonl").stdout.splitlines()] == [
        {"facet": "year", "value": "2024", "label": "2024", "count": 2}
    ]


@pytest.mark.parametrize("arguments", [("--count",), ("--format", "urls")])
def test_facets_that_would_not_be_shown_are_refused(run: Run, arguments: tuple[str, ...]) -> None:
    result = run("그로크", "--facet", "year", *arguments)
    assert (result.stdout, result.exit_code) == ("", 2)
    assert result.stderr == "Error: --facet goes with neither --count nor --format urls. Leave one out.\n"


def test_facets_of_the_program_are_those_of_the_search() -> None:
    (option,) = (one for one in cli_commands.search_command.params if one.name == "facets")
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == FACETS


TRENDS = """\
query,period,found,documents,share
그로크,2024-03,2,4,0.5
'-그로크,2024-03,2,4,0.5
"""


def test_trends_count_each_query_by_period(run: Run, tmp_path: Path) -> None:
    assert run("trends", "--format", "csv", "--", "그로크", "-그로크").stdout == TRENDS
    (trend,) = json.loads(run("trends", "그로크", "--by", "week", "--format", "json").stdout)
    assert trend["query"] == "그로크"
    assert [(one["period"], one["found"]) for one in trend["counts"]] == [
        *(("2024-W10", 2), ("2024-W11", 0), ("2024-W12", 0)),
    ]
    assert "그로크: documents, 2 in all" in run("trends", "그로크", "--absolute").stdout
    assert run("trends", "없는말이다").exit_code == 1
    result = run("trends", "그로크", "--svg", str(tmp_path / "t.svg"), "--png", str(tmp_path / "t.png"))
    assert (result.stdout, result.exit_code) == ("", 0)
    assert "그로크" in (tmp_path / "t.svg").read_text(encoding="utf-8")
    assert (tmp_path / "t.png").read_bytes().startswith(b"\x89PNG")


def test_related_documents_are_listed_as_hits(run: Run) -> None:
    result = run("related", "naru/12#1", "--format", "jsonl")
    assert (ids(result), result.exit_code) == (["a/news.example/1"], 0)
    assert run("related", "naru/12#1", "--kind", "entry").exit_code == 1
    unknown = run("related", "naru/99#1")
    assert (
        unknown.stderr
        == "Error: No entry or article of the index has the id naru/99#1. Run: search_cli.py show naru/99#1\n"
    )


def test_words_that_rose_are_a_table_or_data(tmp_path: Path) -> None:
    later = [DOCUMENTS[2]._replace(id=f"naru/14#{n}", position=n, headline="하늘봇", body="") for n in (1, 2, 3)]
    data = archive_of(tmp_path, DOCUMENTS[0], *later)
    assert shell(data, "words", "--since", "2024-03-20").stdout == (
        "word    documents  before  score\n하늘봇          3       0  4.499\n"
    )
    assert shell(data, "words", "--since", "2024-03-20", "--format", "csv").stdout == (
        "word,documents,before,score\n하늘봇,3,0,4.499\n"
    )
    assert json.loads(shell(data, "words", "--since", "2024-03-20", "--format", "json").stdout) == [
        {"word": "하늘봇", "documents": 3, "before": 0, "score": 4.499}
    ]
    assert shell(data, "words").stderr == "Error: From when on? Run: search_cli.py words --since 1주\n"


REPEATED = "강가에 새로 들어선 물레방아 발전소가 시험 가동을 마쳤다고 마을 사람들이 전했다. 전기는 다음 달부터 쓴다."


def test_what_says_the_same_is_named_under_the_best(tmp_path: Path) -> None:
    data = archive_of(
        tmp_path,
        DOCUMENTS[0]._replace(body=REPEATED),
        DOCUMENTS[3]._replace(body=f"{REPEATED} 더 긴 이야기가 뒤를 잇는다. 값은 아직 정해지지 않았다."),
    )
    result = shell(data, "물레방아")
    assert "  +1 similar: a/news.example/1\n" in result.stdout
    assert result.stderr == "2 of 2\n"
    assert "similar" not in shell(data, "물레방아", "--no-collapse").stdout
    assert len(shell(data, "물레방아", "--format", "jsonl").stdout.splitlines()) == 1


def test_csv_has_a_header_and_no_formulas(run: Run) -> None:
    rows = list(csv.DictReader(run("--section", "셈 마당", "--format", "csv").stdout.splitlines()))
    assert rows == [
        {
            "id": "naru/12#2",
            "kind": "entry",
            "date_published": "2024-03-07T00:00:00+09:00",
            "publication": "나루 편지",
            "issues": "naru/12",
            "section": "셈 마당",
            "headline": '\'=HYPERLINK("x") 표',
            "authors": "",
            "site": "",
            "url": "https://naru.example/12",
            "score": "0.0",
            "similar": "",
            "lacks": "",
        }
    ]


def test_csv_of_nothing_is_its_header(run: Run) -> None:
    result = run("없는말이다", "--format", "csv")
    header = "id,kind,date_published,publication,issues,section,headline,authors,site,url,score,similar,lacks"
    assert result.stdout == f"{header}\n"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1"])
def test_a_cell_that_a_spreadsheet_would_run_is_text(text: str) -> None:
    assert list(cli_output.csv_lines(["a", "b"], [(text, -1)])) == ["a,b", f"'{text},-1"]


def test_urls_are_one_a_line_and_each_once(run: Run) -> None:
    assert run("--issue", "12", "--format", "urls").stdout == "https://news.example/1\nhttps://naru.example/12\n"


# --- On a terminal ------------------------------------------------------------------------------------------------


def test_a_terminal_gets_colours_and_marks(archive: Path) -> None:
    shown = on_a_terminal(archive, "그로크", "--limit", "1")
    assert shown == (
        "\x1b[1;31m그로크\x1b[0m\x1b[1m가 던진 질문\x1b[0m\n"
        "  2024-03-07 · 나루 편지 #12 · 나루 인터뷰 · 한결\n"
        "  속도를 재 보았다. \x1b[1;31m그로크\x1b[0m는 빨랐다.\n"
        "\x1b[2m  https://news.example/1  naru/12#1\x1b[0m\n"
    )


def test_no_color_is_honoured(archive: Path) -> None:
    assert on_a_terminal(archive, "그로크", NO_COLOR="1") == FOUND
    assert on_a_terminal(archive, "그로크", "--color", "never") == FOUND
    assert "\x1b[1;31m그로크" in on_a_terminal(archive, "그로크", "--color", "always", NO_COLOR="1")


def test_color_can_be_sent_down_a_pipe(run: Run) -> None:
    assert "\x1b[1;31m그로크\x1b[0m는 빨랐다." in run("그로크", "--color", "always").stdout


def test_lines_are_broken_by_the_width_that_hangul_takes(archive: Path) -> None:
    shown = on_a_terminal(archive, "그로크", "--limit", "1", columns=24, NO_COLOR="1")
    assert shown.splitlines() == [
        "그로크가 던진 질문",
        "  2024-03-07 · 나루 편지",
        "  #12 · 나루 인터뷰 ·",
        "  한결",
        "  속도를 재 보았다.",
        "  그로크는 빨랐다.",
        "  https://news.example/1  naru/12#1",
    ]


def test_the_examples_in_the_source_are_true() -> None:
    assert [doctest.testmod(module) for module in (harmless, digests)] == [(0, 1), (0, 1)]


@given(st.text(st.characters(codec=None)))
@settings(max_examples=200, deadline=None)
def test_no_text_keeps_a_character_that_a_terminal_obeys(text: str) -> None:
    shown = cli_output.harmless(text)
    assert (len(shown), shown.count("\n")) == (len(text), text.count("\n"))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)
    assert json.loads(to_json(text)) == text
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", to_json(text))


# --- Showing and listing ------------------------------------------------------------------------------------------


def test_an_entry_is_shown_with_its_links(run: Run) -> None:
    assert (
        run("show", "naru/12#1").stdout
        == """\
그로크가 던진 질문

id        naru/12#1  (version 1)
kind      entry
published 2024-03-07T00:00:00+09:00  (from body)
issue     나루 편지 #12  속도의 값  naru/12
section   나루 인터뷰  (interview)
authors   한결
url       https://news.example/1

속도를 재 보았다. 그로크는 빨랐다.

links:
  1. 원문  a/news.example/1  https://news.example/1
"""
    )


def test_an_article_is_shown_with_the_ways_that_lead_to_it(run: Run) -> None:
    assert (
        run("show", "a/news.example/1").stdout
        == """\
추론 칩 그로크␇, 판을 바꾸다

id        a/news.example/1  (version 3)
kind      article
published 2024-03-06T09:30:00+09:00  (from json-ld)
section   기술
authors   서이랑, 도담
keywords  반도체
site      news.example
url       https://news.example/1
truncated yes

빨간␛[31m 글자와 �2J 뒤집힌 �순서가 그로크 옆에 있다.

captions:
  칩을 든 손

linked from:
  naru/12#1  원문
  naru/14#1  원문
"""
    )


def test_an_issue_is_shown_with_its_entries(run: Run) -> None:
    assert (
        run("show", "naru/12").stdout
        == """\
나루 편지 #12 · 2024-03-07 · 속도의 값 · https://naru.example/12

1. 그로크가 던진 질문
  나루 인터뷰 · 한결 · naru/12#1
  → 원문  a/news.example/1

2. =HYPERLINK("x") 표
  셈 마당 · naru/12#2
"""
    )


def test_what_is_shown_as_json_is_what_is_exported(run: Run) -> None:
    exported = [json.loads(document.to_json()) for document in DOCUMENTS]
    assert json.loads(run("show", "a/news.example/1", "--format", "json").stdout) == exported[3]
    assert json.loads(run("show", "naru/12", "--format", "json").stdout) == exported[:2]


def test_an_unknown_id_is_nothing_found(run: Run) -> None:
    result = run("show", "naru/99")
    assert (result.stdout, result.stderr) == ("", "Nothing has the id naru/99. Run: search_cli.py issues\n")
    assert result.exit_code == 1


def test_issues_are_listed_newest_first_in_columns(run: Run) -> None:
    assert (
        run("issues").stdout
        == """\
id       date        headline    entries  articles
naru/14  2024-03-21  두 번째 봄        1  1/1
naru/12  2024-03-07  속도의 값         2  1/1
"""
    )


def test_issues_are_listed_for_programs(run: Run) -> None:
    assert run("issues", "--limit", "1", "--format", "csv").stdout.splitlines() == [
        "id,date,headline,entries,linked_articles,fetched_articles",
        "naru/14,2024-03-21,두 번째 봄,1,1,1",
    ]
    assert json.loads(run("issues", "--limit", "1", "--format", "json").stdout) == [
        {
            "id": "naru/14",
            "publication": {"id": "naru", "title": "나루 편지"},
            "number": 14,
            "headline": "두 번째 봄",
            "date_published": "2024-03-21T00:00:00+09:00",
            "url": "https://naru.example/14",
            "entries": 1,
            "linked_articles": 1,
            "fetched_articles": 1,
        }
    ]


def test_issues_of_an_unknown_publication_are_nothing_found(run: Run) -> None:
    result = run("issues", "--publication", "other")
    assert (result.stdout, result.stderr, result.exit_code) == ("", "No issues found.\n", 1)


# --- Moving -------------------------------------------------------------------------------------------------------


def test_an_export_of_everything_is_the_same_bytes_again(run: Run, archive: Path, tmp_path: Path) -> None:
    original = (archive / "all.jsonl").read_bytes()
    assert run("export").stdout.encode() == original
    result = run("export", "-o", str(tmp_path / "all.jsonl.gz"))
    assert gzip.decompress((tmp_path / "all.jsonl.gz").read_bytes()) == original
    assert (result.stdout, result.stderr) == ("", f"4 documents written to {tmp_path}/all.jsonl.gz\n")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["그로크"], [0, 3]),
        (["--kind", "entry"], [0, 1, 2]),
        (["칩", "--", "-그로크"], [2]),
        (["--issue", "14"], [2, 3]),
    ],
)
def test_what_is_found_is_exported_in_the_archives_order(run: Run, arguments: list[str], expected: list[int]) -> None:
    assert run("export", *arguments).stdout.splitlines() == [DOCUMENTS[number].to_json() for number in expected]


def test_an_export_of_nothing_is_exit_status_1(run: Run) -> None:
    result = run("export", "없는말이다")
    assert (result.stdout, result.stderr, result.exit_code) == ("", "0 documents\n", 1)


def test_what_nobody_wrote_is_counted_as_typed_and_what_may_be_meant_is_said(run: Run) -> None:
    result = run("trends", "rmfhzm", "그로크", "--format", "csv")
    assert result.stderr == "Nothing has rmfhzm. Counted as typed; perhaps 그로크?\n"
    assert result.exit_code == 0
    assert run("trends", "없는말이다").stderr == "Nothing found.\n"


def test_a_word_to_exclude_is_not_taken_for_a_files_name(run: Run) -> None:
    assert run("export", "칩", "-foo").exit_code == 2


def test_what_an_export_leaves_out_that_a_search_shows_is_said(run: Run) -> None:
    result = run("export", "그르크")
    assert (result.stdout, result.exit_code) == ("", 1)
    assert "Nothing has 그르크. Searched for 그로크" in result.stderr
    assert "--exact" not in result.stderr  # of which an export knows nothing
    assert "An export keeps to what was typed" in result.stderr


def test_an_export_is_imported_indexed_and_found(run: Run, archive: Path, tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "copy"))
    imported = run("import", str(archive / "all.jsonl"), *data)
    assert (imported.stdout, imported.exit_code) == ("", 0)
    hint = f"Next, run: search_cli.py --data {data[1]} index"
    assert imported.stderr == f"4 new, 0 changed, 0 unchanged.\n{hint}\n"
    assert re.fullmatch(r"4 indexed, 0 removed, 4 in all, \d+\.\d s.*\n", run("index", *data).stdout)
    assert run(*data, "그로크").stdout == FOUND
    assert run("export", *data).stdout.encode() == (archive / "all.jsonl").read_bytes()


@pytest.fixture
def stale(run: Run, archive: Path, tmp_path: Path) -> Path:
    """An archive with one document more than its index."""
    data = tmp_path / "stale"
    shutil.copytree(archive, data)
    export([DOCUMENTS[2]._replace(id="naru/14#2", position=2)], tmp_path / "more.jsonl")
    run("import", str(tmp_path / "more.jsonl"), "--data", str(data))
    return data


def test_a_stale_index_answers_with_a_warning(run: Run, stale: Path) -> None:
    result = run("그로크", "--data", str(stale))
    assert (result.stdout, result.exit_code) == (FOUND, 0)
    assert re.fullmatch(r"Warning: .* Run: search_cli\.py --data \S+ index\n2 of 2\n", result.stderr)
    for command in ("export 그로크", "trends 그로크", "related naru/12#1", "words --since 2024-03"):
        assert run(*command.split(), "--data", str(stale)).stderr.startswith("Warning: The archive has changed")


def test_stats_count_the_archive_and_its_index(run: Run, stale: Path) -> None:
    stats = json.loads(run("stats", "--format", "json", "--data", str(stale)).stdout)
    built_at = stats["index"].pop("built_at")
    assert stats == {
        "archive": {
            "issues": 2,
            "entries": 4,
            "articles": 1,
            "links": 3,
            "pending": 0,
            "quarantined": 0,
            "versions": 0,
        },
        "index": {"state": "stale. Run: search_cli.py index", "documents": 4},
        "unknown_sections": {"셈 마당": 1},
        "quarantined": [],
    }
    assert f"index built_at  {built_at}\n" in run("stats", "--data", str(stale)).stdout


def test_stats_list_what_could_not_be_read(run: Run, tmp_path: Path) -> None:
    with Store.open(tmp_path / "archive.sqlite3") as store:
        store.put_quarantined(Quarantined(url="https://naru.example/15", kind="issue", reason="no\x1b date"))
    assert (
        run("stats", "--data", str(tmp_path)).stdout
        == """\
issues          0
entries         0
articles        0
links           0
pending         0
quarantined     1
versions        0
index state     missing. Run: search_cli.py index

quarantined:
  issue  https://naru.example/15  no␛ date  ×1
"""
    )


# --- What goes wrong ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (['"닫지 않은'], "quote"),
        (["없는칸:값"], "없는칸"),
        (["(그로크"], r"\("),
        (["--since", "2024-04", "--until", "2024-03"], "--since 2024-04 is after --until 2024-03. Exchange them."),
        (["--since", "언젠가"], "언젠가"),
        (
            ["그로크", "--data", "/nowhere/at/all"],
            "/nowhere/at/all/archive.sqlite3. Run: ./nightly, or: search_cli.py --data /nowhere/at/all import",
        ),
        (["issues", "--data", "/nowhere/at/all"], "No archive at /nowhere/at/all/archive.sqlite3. Run: "),
        (["export", "그로크", "-o", "/nowhere/at/all.jsonl"], "/nowhere/at/all.jsonl"),
        (["import", "/nowhere/at/all.jsonl"], "/nowhere/at/all.jsonl"),
    ],
)
def test_a_mistake_is_one_line_and_exit_status_2(run: Run, arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert re.fullmatch(rf"Error: .*{message}.*\n|Error: {re.escape(message)}\n", result.stderr)
    assert (result.stdout, result.exit_code) == ("", 2)


def test_a_file_that_is_no_archive_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "archive.sqlite3").write_bytes(b"\x00\x01 no database" * 100)
    result = run("stats", "--data", str(tmp_path))
    assert re.fullmatch(rf"Error: {tmp_path}/archive.sqlite3: .*\n", result.stderr)
    assert result.exit_code == 2


def test_a_damaged_index_names_the_command_that_mends_it(run: Run, stale: Path) -> None:
    (stale / "index" / "meta.json").write_text("{}")
    result = run("그로크", "--data", str(stale))
    assert re.fullmatch(r"Error: .*Run: search_cli\.py --data \S+ index --rebuild\n", result.stderr)
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "mistyped", "meant"),
    [(["그로크", "--sectoin", "x"], "--sectoin", "--section"), (["--limt=3"], "--limt", "--limit")],
)
def test_an_unknown_option_is_an_error_that_names_the_closest(
    run: Run, arguments: list[str], mistyped: str, meant: str
) -> None:
    result = run(*arguments)
    assert f"No such option '{mistyped}'" in result.stderr
    assert meant in result.stderr
    assert result.exit_code == 2


@pytest.mark.parametrize("arguments", [["--limit", "0"], ["--limit", "1001"], ["--offset", "-1"], ["--kind", "x"]])
def test_a_value_out_of_range_is_exit_status_2(run: Run, arguments: list[str]) -> None:
    assert run("그로크", *arguments).exit_code == 2


# --- Help ---------------------------------------------------------------------------------------------------------


def test_without_arguments_there_is_help(run: Run) -> None:
    result = run()
    assert result.stdout + result.stderr == run("--help").stdout
    assert result.exit_code == 2


def test_every_command_has_an_example_and_takes_data(run: Run) -> None:
    commands = run("--help").stdout
    for name in cli_commands.cli.commands:
        shown = run(name, "--help").stdout
        assert re.search(r"--data DIR .*Example:  search_cli\.py [^\n]+\n\Z", shown, re.DOTALL), name
        assert re.search(rf"^  {name}\*? ", commands, re.MULTILINE), name


def test_the_version_is_the_projects(run: Run) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert run("--version").stdout == f"factpl {project['version']}\n"


# --- As a program -------------------------------------------------------------------------------------------------


def test_the_file_runs_from_any_folder(archive: Path, tmp_path: Path) -> None:
    assert os.access(ROOT / "search_cli.py", os.X_OK)
    result = shell(archive, "그로크", cwd=tmp_path)
    assert (result.stdout, result.returncode) == (FOUND, 0)
    assert shell(archive, "없는말이다", cwd=tmp_path).returncode == 1
    assert shell(archive, '"닫지 않은', cwd=tmp_path).returncode == 2


def test_a_bare_python_goes_on_in_the_projects_environment(archive: Path) -> None:
    assert shell(archive, "그로크", python=BARE).stdout == FOUND


@pytest.mark.parametrize("with_empty_environment", [False, True])
def test_without_what_it_needs_the_program_names_the_set_up(tmp_path: Path, with_empty_environment: bool) -> None:
    shutil.copy(ROOT / "cli_commands.py", tmp_path)
    copy = shutil.copy(ROOT / "search_cli.py", tmp_path)
    if with_empty_environment:
        venv.create(tmp_path / ".venv")
    result = subprocess.run([*BARE, copy, "그로크"], capture_output=True, encoding="utf-8", check=False, timeout=60)
    message = f"Error: what this program needs is not installed. Run: {tmp_path}/tools/bootstrap\n"
    assert (result.stdout, result.stderr, result.returncode) == ("", message, 2)


def test_an_interrupted_import_is_exit_status_130_and_leaves_nothing(archive: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    command = [sys.executable, str(ROOT / "search_cli.py"), "import", str(pipe), "--data", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8") as process, pipe.open("w") as file:
        file.write(DOCUMENTS[0].to_json() + "\n")
        file.flush()
        process.send_signal(signal.SIGINT)
        assert (process.communicate(timeout=30)[1], process.returncode) == ("", 130)
    with Store.open(tmp_path / "archive.sqlite3", create=False) as store:
        assert list(store.documents()) == []


@pytest.mark.parametrize("variables", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}])
def test_hangul_is_printed_whatever_the_locale(archive: Path, variables: dict[str, Any]) -> None:
    assert shell(archive, "그로크", **variables).stdout == FOUND
    assert "지난달" in shell(archive, "search", "--help", **variables).stdout


def test_a_reader_that_leaves_early_is_no_error(archive: Path) -> None:
    for command in ("export", "--format jsonl"):
        script = f"trap '' PIPE; {sys.executable} search_cli.py {command} | true; echo ${{PIPESTATUS[0]}}"
        result = subprocess.run(
            ["bash", "-c", script],
            capture_output=True,
            cwd=ROOT,
            env={**os.environ, "FACTPL_DATA": str(archive)},
            encoding="utf-8",
            check=False,
        )
        assert (result.stdout, "Error" in result.stderr, "Traceback" in result.stderr) == ("0\n", False, False)


LIBRARIES = set("sqlalchemy alembic scrapy lxml dateparser wcwidth rapidfuzz numpy starlette uvicorn pydantic".split())


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["그로크", "--since", "2024-01", "--color", "always"], LIBRARIES),
        (["그로크"], LIBRARIES | {"factpl_crawler.text", "index.records", "index.pairs", "index.learning"}),
    ],
    ids=["of a period", "alone"],
)
def test_a_search_loads_nothing_of_the_store_or_the_crawler(
    archive: Path, arguments: list[str], unneeded: set[str]
) -> None:
    script = (
        "import sys, cli_commands\n"
        f"cli_commands.cli({arguments}, standalone_mode=False)\n"
        f"print(sorted({unneeded} & sys.modules.keys()))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "FACTPL_DATA": str(archive)},
        encoding="utf-8",
        check=True,
    )
    assert result.stdout.splitlines()[-1] == "[]"
