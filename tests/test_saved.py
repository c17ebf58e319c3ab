"""Saved searches: the file that a person keeps, and that each night tells what is new exactly once."""

import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from scrapy.settings import Settings

import cli_commands
from demo_site.server import DemoSite
from factpl_crawler import nightly
from factpl_crawler.backup import back_up, restore
from factpl_crawler.config import Config, Notify
from factpl_crawler.doctor import examine
from factpl_crawler.items import Article, Entry, Issue
from factpl_crawler.nightly import Chosen
from factpl_crawler.paths import searches_path, settings_files
from factpl_crawler.store import Store
from factpl_crawler.text import KST
from index.errors import SearchError, SearchesBroken
from index.saved import (
    SavedSearch,
    SavedSearchError,
    read_searches,
    remove_search,
    save_search,
    saved_search,
)
from index.search import Filters

ROOT = Path(cli_commands.__file__).parent
BY_HAND = """\
# 아침에 읽을 것

[[search]]   # 처음 것
name = "반도체"
# 두 이름으로 불린다
query = "그로크 OR LPU"
section = ["인터뷰"]

# 이것은 나중에
[[search]]
query = '"전기 배"'
name = "배터리"
kind = "article"
"""


@pytest.fixture
def path() -> Path:
    searches_path().parent.mkdir(mode=0o700, parents=True)
    return searches_path()


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


# --- The file -----------------------------------------------------------------------------------------------------


def test_a_file_written_by_hand_is_read(path: Path) -> None:
    saved = read_searches(write(path, BY_HAND))
    assert saved.problems == ()
    assert saved.known == (
        SavedSearch(name="반도체", query="그로크 OR LPU", section=("인터뷰",)),
        SavedSearch(name="배터리", query='"전기 배"', kind=("article",)),
    )
    assert saved.known[1].filters == Filters(kind=("article",))


def test_without_a_file_nothing_is_saved(path: Path) -> None:
    assert read_searches(path).known == ()


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ('name = "물"', "the search '물': it has no query"),
        ('query = "물"', "the search number 2: it has no name"),
        (
            'name = "물"\nquery = " "',
            "the search '물': query is ' ': it asks for nothing; to list all of a section, write",
        ),
        ('name = "물"\nquery = "(물"', "the search '물': query is '(물': '(' at position 1 is not closed: write"),
        (
            'name = "물"\nquery = "물"\nsince = "1주"',
            "the search '물': unknown setting 'since'; there are name, query, ",
        ),
        (f'name = "물"\nquery = "({"물" * 500}"', f"query is '({'물' * 78}…: "),
        ('name = "물"\nquery = 7', "the search '물': query is 7: Input should be a valid string"),
        ('name = "물"\nquery = "물"\nkind = ["letter"]', "kind is 'letter': Input should be 'entry' or 'article'"),
        ('name = "물\\n불"\nquery = "물"', "name is '물\\n불': write it on one line"),
        ('name = "불"\nquery = "물"', "the search '불' is there twice, and only the first is asked. Give the other"),
    ],
)
def test_a_mistake_is_named_with_its_search_and_the_others_are_read_all_the_same(
    path: Path, row: str, problem: str
) -> None:
    saved = read_searches(write(path, f'[[search]]\nname = "불"\nquery = "불"\n[[search]]\n{row}\n'))
    assert [search.name for search in saved.known if search.query == "불"] == ["불"]
    [said] = saved.problems
    assert said.startswith(f"{path}: the search ")
    assert problem in said


@pytest.mark.parametrize("text", ["[[search]", "[search]\nname = 1", "search = 3", "searches = []", "name = '물'"])
def test_a_file_of_which_nothing_can_be_read_is_named(path: Path, text: str) -> None:
    with pytest.raises(SearchesBroken, match=rf"^{path} cannot be read \(.*\). Mend it in an editor$"):
        read_searches(write(path, text))


def test_what_is_saved_leaves_comments_and_order_as_they_are(path: Path) -> None:
    write(path, BY_HAND)
    assert save_search(path, saved_search("로봇", "-청소 로봇", Filters(site=("naru.example",))))
    added = '\n[[search]]\nname = "로봇"\nquery = "-청소 로봇"\nsite = ["naru.example"]\n'
    assert path.read_text(encoding="utf-8") == BY_HAND + added
    assert save_search(path, saved_search("반도체", "그로크", Filters()), replace=True)
    changed = BY_HAND.replace('"그로크 OR LPU"\nsection = ["인터뷰"]\n', '"그로크"\n')
    assert path.read_text(encoding="utf-8") == changed + added
    remove_search(path, "반도체")
    remove_search(path, "로봇")
    assert (
        path.read_text(encoding="utf-8")
        == "# 아침에 읽을 것\n\n# 이것은 나중에\n" + BY_HAND.partition("나중에\n")[2] + "\n"
    )
    remove_search(path, "배터리")
    assert path.read_text(encoding="utf-8").rstrip("\n") == "# 아침에 읽을 것\n\n# 이것은 나중에"
    assert read_searches(path).known == ()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_name_that_is_taken_is_refused_unless_the_search_is_the_same(path: Path) -> None:
    write(path, BY_HAND)
    same = saved_search("배터리", '"전기 배"', Filters(kind=("article",)))
    assert not save_search(path, same)
    with pytest.raises(SavedSearchError, match=r"'배터리' already, and looks for '\"전기 배\"' --kind article"):
        save_search(path, saved_search("배터리", "전지", Filters()))
    assert path.read_text(encoding="utf-8") == BY_HAND


def test_a_search_that_cannot_be_read_can_be_replaced_and_removed(path: Path) -> None:
    write(path, '[[search]]\nname = "물"\nquery = "(물"\n')
    save_search(path, saved_search("물", "물", Filters()), replace=True)
    assert read_searches(path).known == (SavedSearch(name="물", query="물"),)
    write(path, '[[search]]\nname = "물"\nquery = "(물"\n')
    remove_search(path, "물")
    assert path.read_text(encoding="utf-8") == ""


def test_a_file_of_which_nothing_can_be_read_is_not_written_to(path: Path) -> None:
    write(path, "[[search]")
    for arguments in (("칩",), ("--remove", "칩"), ()):
        run = cli("watch", *arguments)
        assert (run.exit_code, run.stderr.startswith(f"Error: {path} cannot be read (")) == (2, True)
    assert path.read_text(encoding="utf-8") == "[[search]"


def test_a_name_on_two_lines_is_in_nobodys_way(path: Path) -> None:
    text = '[[search]]\nname = "물\\n불"\nquery = "물"\n\n'
    write(path, text)
    save_search(path, saved_search("칩", "칩", Filters()))
    remove_search(path, "칩")
    assert path.read_text(encoding="utf-8") == text


def test_a_file_in_another_form_is_read_and_left_to_an_editor(path: Path) -> None:
    text = 'search = [{name = "물", query = "물"}]\n'
    assert read_searches(write(path, text)).named("물")
    for change in (
        lambda: save_search(path, saved_search("불", "불", Filters())),
        lambda: remove_search(path, "물"),
    ):
        with pytest.raises(SavedSearchError, match="only an editor can change"):
            change()
    assert path.read_text(encoding="utf-8") == text


def test_what_a_link_leads_to_is_written(path: Path, tmp_path: Path) -> None:
    kept = write(tmp_path / "kept.toml", BY_HAND)
    path.symlink_to(kept)
    save_search(path, saved_search("로봇", "로봇", Filters()))
    assert path.is_symlink()
    assert kept.read_text(encoding="utf-8").startswith(BY_HAND)


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


@given(st.lists(st.tuples(names, st.booleans()), max_size=6))
@settings(max_examples=40, deadline=None)
def test_whatever_is_saved_and_removed_the_file_says_what_was_meant(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, bool]]
) -> None:
    path = tmp_path_factory.mktemp("saved") / "searches.toml"
    write(path, BY_HAND)
    expected = {search.name: search for search in read_searches(path).known}
    for name, keep in steps:
        try:
            search = saved_search(name, f"물 OR {'칩' * len(name)}", Filters(author=(name,)))
        except SavedSearchError:
            continue  # nothing to call it by
        if keep:
            save_search(path, search, replace=True)
            expected[search.name] = search
        elif expected.pop(search.name, None):
            remove_search(path, search.name)
    assert {search.name: search for search in read_searches(path).known} == expected


# --- Nights -------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """As good as a signal that nothing can catch."""


NOBODY = Notify()
FIRST = datetime(2024, 3, 8, 3, 17, tzinfo=KST)


@dataclass
class Nights:
    """Real nights, whose crawl is what a test puts into the archive."""

    data: Path
    monkeypatch: pytest.MonkeyPatch
    number: int = 0

    def night(self, *found: Article | Issue, notify: Notify = NOBODY) -> dict[str, Any]:
        """Return the night's report; raise what ended it."""
        self.number += 1
        now = FIRST + timedelta(days=self.number)
        self.monkeypatch.setenv("FACTPL_NOW", now.isoformat())

        def collect(chosen: Chosen, settings: Settings, report: object) -> None:
            put(*found)

        self.monkeypatch.setattr(nightly, "collect", collect)
        nightly.night(Chosen([]), Settings(), Config(notify=notify))
        written = self.data / "reports" / f"{now:%Y-%m-%dT%H%M%S}.json"
        report: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
        return report

    def told(self, *found: Article | Issue) -> dict[str, set[str]]:
        return told(self.night(*found))

    def killed_in(self, place: str, *found: Article | Issue) -> None:
        def kill(*_: object, **__: object) -> None:
            raise Killed

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(nightly, place, kill)
            with pytest.raises(Killed):
                self.night(*found)


def put(*found: Article | Issue) -> None:
    with Store.open(searches_path().with_name("archive.sqlite3")) as store:
        for item in found:
            if isinstance(item, Article):
                store.put_article(item)
            else:
                store.put_issue(item)


def told(report: dict[str, Any]) -> dict[str, set[str]]:
    return {one["name"]: {document["id"] for document in one["documents"]} for one in report["searches"]}


def article(number: int, headline: str = "그로크 소식", body: str = "강가의 글.") -> Article:
    return Article(
        id=f"a/naru/{number}",
        url=f"https://naru.example/{number}",
        site="naru.example",
        headline=headline,
        body=body,
        layout="generic",
        date_published=datetime(2024, 3, 6, 9, tzinfo=KST) + timedelta(minutes=number),
        date_published_source="meta",
    )


def issue(number: int, *headlines: str) -> Issue:
    return Issue(
        publication="naru",
        publication_title="나루 편지",
        number=number,
        headline="강가",
        url=f"https://naru.example/letters/{number}",
        date_published=datetime(2024, 3, 7, tzinfo=KST),
        date_published_source="body",
        entries=[Entry(at, headline, "배가 간다.") for at, headline in enumerate(headlines, 1)],
    )


@pytest.fixture
def nights(path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Nights:
    return Nights(path.parent, monkeypatch)


def cli(*arguments: str) -> Result:
    return CliRunner().invoke(cli_commands.cli, arguments, prog_name="search_cli.py")


def test_what_is_new_is_told_once(nights: Nights) -> None:
    nights.night(article(1))
    cli("watch", "그로크")
    assert nights.told() == {"그로크": set()}
    assert nights.told(article(2), article(3, "다른 소식"), issue(1, "그로크의 봄")) == {
        "그로크": {"a/naru/2", "naru/1#1"}
    }
    assert nights.told() == {"그로크": set()}


def test_what_a_night_brings_is_new_for_a_search_that_it_sees_for_the_first_time(nights: Nights) -> None:
    nights.night(article(1))
    write(searches_path(), '[[search]]\nname = "칩"\nquery = "그로크"\n')
    assert nights.told(article(2)) == {"칩": {"a/naru/2"}}


def test_what_is_corrected_or_comes_back_is_not_new(nights: Nights) -> None:
    nights.night(article(1), article(2, "다른 소식"), issue(1, "배 소식", "그로크의 봄"))
    cli("watch", "그로크")
    assert nights.told(article(3)) == {"그로크": {"a/naru/3"}}
    corrected = (
        article(1, body="고친 글."),
        article(2, "그로크였다"),
        article(3, body="고친 글."),
        issue(1, "배 소식"),
    )
    assert nights.told(*corrected) == {"그로크": set()}
    assert nights.told(issue(1, "배 소식", "그로크의 봄")) == {"그로크": set()}


def test_an_entry_that_was_put_in_is_new_and_those_that_it_moved_are_not(nights: Nights) -> None:
    cli("watch", "그로크")
    assert nights.told(issue(1, "그로크의 봄", "배 소식")) == {"그로크": {"naru/1#1"}}
    assert nights.told(issue(1, "그로크의 가을", "그로크의 봄", "배 소식")) == {"그로크": {"naru/1#1"}}


def test_a_search_that_asks_something_else_begins_anew(nights: Nights) -> None:
    cli("watch", "그로크", "--name", "칩")
    assert nights.told(article(1)) == {"칩": {"a/naru/1"}}
    assert cli("watch", "소식", "--name", "칩", "--replace").exit_code == 0
    assert nights.told(article(2)) == {"칩": {"a/naru/2"}}


def test_the_filters_of_a_search_are_those_of_a_saved_one(nights: Nights) -> None:
    cli("watch", "그로크", "--kind", "entry")
    cli("watch", "그로크", "--name", "사이트", "--site", "naru.example")
    assert nights.told(article(1), issue(1, "그로크의 봄")) == {"그로크": {"naru/1#1"}, "사이트": {"a/naru/1"}}


def test_a_search_that_is_taken_out_and_comes_back_begins_anew(nights: Nights) -> None:
    cli("watch", "그로크")
    nights.night(article(1))
    write(searches_path(), "")
    nights.night(article(2))
    cli("watch", "그로크")
    assert nights.told(article(3)) == {"그로크": {"a/naru/3"}}


def test_an_index_that_is_built_anew_makes_nothing_new(nights: Nights) -> None:
    cli("watch", "그로크")
    nights.night(article(1))
    shutil.rmtree(nights.data / "index")
    assert nights.told(article(2)) == {"그로크": {"a/naru/2"}}


@pytest.mark.parametrize("place", ["build", "new_for", "notify", "write_report"])
def test_what_a_night_had_that_was_killed_is_told_by_the_next(nights: Nights, place: str) -> None:
    cli("watch", "그로크")

    nights.killed_in(place, article(1))
    assert nights.told(article(2)) == {"그로크": {"a/naru/1", "a/naru/2"}}
    assert nights.told() == {"그로크": set()}


def test_a_broken_search_is_a_fault_and_the_others_are_told_and_it_goes_on_when_it_is_mended(nights: Nights) -> None:
    cli("watch", "그로크")
    cli("watch", "배")
    nights.night(article(1))
    whole = searches_path().read_text(encoding="utf-8")
    write(searches_path(), whole.replace('query = "그로크"', 'query = "(그로크"'))
    report = nights.night(article(2), issue(1, "배 소식"))
    assert (told(report), report["exit_code"]) == ({"배": {"naru/1#1"}}, 5)
    why = "query is '(그로크': '(' at position 1 is not closed: write ')' after its words"
    assert report["faults"] == [f"{searches_path()}: the search '그로크': {why}. Mend it there"]
    write(searches_path(), whole)
    assert nights.told() == {"그로크": {"a/naru/2"}, "배": set()}


def test_a_file_that_cannot_be_read_is_a_fault_and_nothing_is_forgotten(nights: Nights) -> None:
    cli("watch", "그로크")
    nights.night(article(1))
    whole = searches_path().read_text(encoding="utf-8")
    report = nights.night(article(2)) if write(searches_path(), "[[search]") else {}
    assert report["exit_code"] == 5
    assert "searches.toml cannot be read" in report["faults"][0]
    write(searches_path(), whole)
    assert nights.told() == {"그로크": {"a/naru/2"}}


def test_what_could_be_said_to_nobody_is_told_again(nights: Nights) -> None:
    cli("watch", "그로크")
    broken = Notify(when="news", command=("false",))
    assert told(nights.night(article(1), notify=broken)) == {"그로크": {"a/naru/1"}}
    assert told(nights.night(notify=Notify(when="news", command=("true",)))) == {"그로크": {"a/naru/1"}}
    assert nights.told() == {"그로크": set()}


def test_news_of_a_saved_search_are_news_of_the_night(nights: Nights, tmp_path: Path) -> None:
    cli("watch", "그로크")
    command = ("sh", "-c", f"cat > {tmp_path}/told")
    nights.night(notify=Notify(when="news", command=command))
    assert not (tmp_path / "told").exists()
    put(article(1))
    nights.night(notify=Notify(when="news", command=command))
    assert "saved search 그로크, new: 1" in (tmp_path / "told").read_text(encoding="utf-8")


def test_the_report_lists_the_newest_and_names_the_command_that_lists_the_others(nights: Nights) -> None:
    cli("watch", "-로봇 그로크", "--name", "칩", "--site", "naru.example")
    cli("watch", "로봇")
    report = nights.night(*(article(number) for number in range(1, 23)), article(30, "그로크\x1b[31m와 \u202e배"))
    text = next((nights.data / "reports").glob("*.txt")).read_text(encoding="utf-8")
    lines = text.splitlines()
    assert "saved search 칩: 23 new" in lines
    assert "saved search 로봇: nothing new" in lines
    begin = lines.index("saved search 칩, new: 23")
    assert lines[begin + 1 : begin + 5] == [
        "  2024-03-06  그로크␛[31m와 �배",
        "    naru.example  https://naru.example/30  a/naru/30",
        "  2024-03-06  그로크 소식",
        "    naru.example  https://naru.example/22  a/naru/22",
    ]
    command = "search_cli.py search --sort date --site naru.example -- '-로봇 그로크'"
    assert lines[begin + 41] == f"  and 3 more: {command}"
    [found, nothing] = report["searches"]
    assert (found["name"], found["number"], len(found["documents"])) == ("칩", 23, 20)
    assert nothing == {
        "name": "로봇", "number": 0, "documents": [], "command": "search_cli.py search --sort date '로봇'",
    }  # fmt: skip
    again = cli(*command.removeprefix("search_cli.py ").replace("'", "").split(" -- ")[0].split(), "--", "-로봇 그로크")
    assert "of 23" in again.stderr


def test_a_night_that_ends_without_an_index_tells_nothing_and_the_next_one_all(nights: Nights) -> None:
    cli("watch", "그로크")

    def broken(*_: object) -> None:
        raise SearchError("no index today")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nightly, "build", broken)
        assert nights.night(article(1))["searches"] == []
    assert nights.told() == {"그로크": {"a/naru/1"}}


def test_searches_and_what_they_were_told_outlive_a_backup(nights: Nights, tmp_path: Path) -> None:
    cli("watch", "그로크")
    nights.night(article(1))
    back_up(nights.data, tmp_path / "backups", settings_files())
    shutil.rmtree(nights.data)
    restore(tmp_path / "backups", nights.data, settings_files())
    assert nights.told(article(2)) == {"그로크": {"a/naru/2"}}


def test_what_a_night_told_that_was_killed_before_it_noted_that_is_told_again_and_once(path: Path) -> None:
    write(path, '[[search]]\nname = "장바구니"\nquery = "사과"\npublication = ["한줄경제"]\n')
    settings = path.with_name("factpl.toml")
    settings.write_text('[notify]\nwhen = "always"\ncommand = ["sh", "-c", "kill -9 $PPID"]\n')
    codes = []
    with DemoSite(port=0) as site:
        for day in (19, 20, 21):
            codes.append(real_night(path.parent, day, site.url("page.hanjul.localhost", "/archives/77001/emails")))
            settings.write_text("")
    assert codes == [-9, 0, 0]
    assert not (path.parent / "reports" / "2024-07-19T031700.json").exists()
    [second], [third] = (
        json.loads((path.parent / "reports" / f"2024-07-{day}T031700.json").read_text(encoding="utf-8"))["searches"]
        for day in (20, 21)
    )
    assert (second["name"], second["number"] > 1, third["number"]) == ("장바구니", True, 0)


def real_night(data: Path, day: int, archive: str) -> int:
    variables = {
        "FACTPL_DATA": str(data),
        "FACTPL_CONFIG": str(data / "factpl.toml"),
        "FACTPL_NOW": f"2024-07-{day}T03:17:00+09:00",
        "SCRAPY_PROJECT": "demo",
    }
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "factpl_crawler.nightly", "hanjul", "--archive", archive],
        cwd=ROOT, env={**os.environ, **variables}, capture_output=True, timeout=120, check=False,
    ).returncode  # fmt: skip


# --- Exactly once -------------------------------------------------------------------------------------------------

HEADLINES = ("그로크 소식", "배터리 소식", "그로크와 배터리")
QUERIES = ("그로크", "배터리")
ENDS = ("well", "well", "well", "build", "notify", "write_report")

step = st.fixed_dictionaries(
    {
        "articles": st.dictionaries(st.integers(1, 5), st.sampled_from(HEADLINES), max_size=3),
        "entries": st.none() | st.lists(st.sampled_from(HEADLINES), max_size=3),
        "rebuild": st.booleans(),
        "searches": st.none() | st.dictionaries(st.sampled_from("가나"), st.sampled_from(QUERIES)),
        "end": st.sampled_from(ENDS),
    }
)


@dataclass
class Model:
    """What is to be told: of the documents that came since a search began, those that nobody was told of."""

    asked: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    headlines: dict[str, str] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    def begin(self, asked: dict[str, str]) -> None:
        self.waiting = defaultdict(
            set, {name: self.waiting[name] for name in asked if self.asked.get(name) == asked[name]}
        )
        self.asked = asked

    def arrive(self, headlines: dict[str, str]) -> None:
        self.headlines |= headlines
        for name in self.asked:
            self.waiting[name] |= headlines.keys() - self.known
        self.known |= headlines.keys()

    def told(self) -> dict[str, set[str]]:
        found = {
            name: {id for id in self.waiting[name] if query in self.headlines.get(id, "")}
            for name, query in self.asked.items()
        }
        self.waiting.clear()
        return found


@given(st.lists(step, min_size=2, max_size=6))
@settings(max_examples=30, deadline=None)
def test_over_any_nights_each_new_document_is_told_exactly_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[dict[str, Any]]
) -> None:
    data = tmp_path_factory.mktemp("nights") / "data"
    data.mkdir(mode=0o700)
    model = Model()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("FACTPL_DATA", str(data))
        nights = Nights(data, monkeypatch)
        for one in steps:
            _one_night(nights, model, one)


def _one_night(nights: Nights, model: Model, one: dict[str, Any]) -> None:
    if one["rebuild"]:
        shutil.rmtree(nights.data / "index", ignore_errors=True)
    if one["searches"] is not None:
        rows = (f"[[search]]\nname = '{name}'\nquery = '{query}'\n" for name, query in one["searches"].items())
        write(nights.data / "searches.toml", "".join(rows))
        model.begin(one["searches"])
    found: list[Article | Issue] = [article(number, headline) for number, headline in one["articles"].items()]
    model.arrive({f"a/naru/{number}": headline for number, headline in one["articles"].items()})
    if one["entries"] is not None:
        # Each place has its own words: none has moved.
        headlines = [f"{headline} {at}" for at, headline in enumerate(one["entries"], 1)]
        found.append(issue(1, *headlines))
        for id in [id for id in model.headlines if "#" in id]:
            del model.headlines[id]
        model.arrive({f"naru/1#{at}": headline for at, headline in enumerate(headlines, 1)})
    if one["end"] == "well":
        assert nights.told(*found) == model.told()
        return
    nights.killed_in(one["end"], *found)


# --- The command --------------------------------------------------------------------------------------------------


def test_a_search_is_saved_and_what_it_finds_today_is_no_news(nights: Nights) -> None:
    nights.night(article(1), article(2))
    run = cli("watch", "그로크", "OR", "LPU", "--name", "칩")
    assert (run.exit_code, run.stderr) == (
        0,
        "칩 is saved. Today 2 documents match, which are no news. ./nightly tells what is new.\n",
    )
    again = cli("watch", "그로크 OR LPU", "--name", "칩")
    assert again.stderr.startswith("칩 is saved already. Today 2 documents match")


def test_a_search_may_be_saved_before_anything_was_collected(path: Path) -> None:
    run = cli("watch", "그로크")
    assert run.stderr == "그로크 is saved. Nothing is indexed yet. ./nightly tells what is new.\n"
    listed = cli("watch")
    assert listed.stdout.splitlines() == ["name    documents  new  search", "그로크                  '그로크'"]
    assert listed.stderr.startswith("Warning: No archive at ")


def test_what_is_saved_is_listed_with_what_it_finds_and_what_is_new(nights: Nights) -> None:
    nights.night(article(1))
    cli("watch", "그로크 OR LPU", "--name", "칩")
    cli("watch", "배", "--kind", "entry")
    put(article(2), issue(1, "강가의 배"))
    assert cli("index").exit_code == 0
    assert cli("watch").stdout.splitlines() == [
        "name  documents  new  search",
        "칩            2    1  '그로크 OR LPU'",
        "배            1    1  '배' --kind entry",
    ]
    shown = json.loads(cli("watch", "--format", "json").stdout)
    assert shown[1] == {
        "name": "배", "query": "배", "section": [], "author": [], "site": [], "publication": [], "kind": ["entry"],
        "documents": 1, "new": 1,
    }  # fmt: skip
    nights.night()
    assert [one["new"] for one in json.loads(cli("watch", "--format", "json").stdout)] == [0, 0]


def test_of_two_searches_with_one_name_none_is_removed(path: Path) -> None:
    text = '[[search]]\nname = "물"\nquery = "강"\n\n[[search]]\nname = "물"\nquery = "바다"\n'
    write(path, text)
    run = cli("watch", "--remove", "물")
    told = f"Error: 2 searches are named '물'. Give all but one another name, in {path}\n"
    assert (run.exit_code, run.stderr, path.read_text(encoding="utf-8")) == (2, told, text)


def test_a_file_of_another_system_is_read(path: Path) -> None:
    path.write_text('[[search]]\nname = "물"\nquery = "강"\n', encoding="utf-8-sig")
    assert [search.name for search in read_searches(path).known] == ["물"]
    assert cli("watch", "바다").exit_code == 0
    assert [search.name for search in read_searches(path).known] == ["물", "바다"]


def test_a_search_is_removed_by_its_name(nights: Nights) -> None:
    cli("watch", "그로크")
    nights.night()
    assert cli("watch", "--remove", "그로크").stderr == "그로크 is watched no more.\n"
    assert nights.told(article(1)) == {}
    none = cli("watch")
    assert (none.exit_code, none.stdout) == (1, "")
    assert none.stderr == "No search is saved. Run: search_cli.py watch '그로크 OR LPU' --name 반도체\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("(그로크",), "query is '(그로크': '(' at position 1 is not closed"),
        (("--name", "칩"), "What is to be watched for? Run: search_cli.py watch "),
        (("--remove", "칩"), "No search is saved as '칩'. Run: search_cli.py watch"),
        (("그로크", "--remove", "칩"), "--remove goes with nothing else. Run: search_cli.py watch --remove NAME"),
        (("그로크", "--since", "1주"), "No such option"),
    ],
)
def test_a_mistake_in_the_command_is_named_and_nothing_is_written(
    path: Path, arguments: tuple[str, ...], message: str
) -> None:
    run = cli("watch", *arguments)
    assert (run.exit_code, message in run.stderr) == (2, True), run.stderr
    assert not path.exists()


def test_the_doctor_names_what_is_wrong_with_the_file(path: Path) -> None:
    def said() -> list[tuple[str, str, str]]:
        return [(one.state, one.text, one.command) for one in examine(path.parent) if one.check == "searches"]

    assert said() == [("ok", "none is saved", "")]
    write(path, BY_HAND)
    assert said() == [("ok", "2 saved", "")]
    write(path, BY_HAND + '[[search]]\nname = "물"\n')
    edit = f"${{EDITOR:-vi}} {path}"
    assert said() == [("fault", f"{path}: the search '물': it has no query. Mend it there", edit)]
    write(path, "[[search]")
    assert [(state, command) for state, _, command in said()] == [("fault", edit)]
