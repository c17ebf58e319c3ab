"""The rooms of the pages that need neither index nor templates."""

import doctest
import threading
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from factpl_crawler.documents import PublicationRef
from factpl_crawler.store import IssueSummary
from index.query import Or, Word
from index.search import FacetCount, Highlight, Results
from index.trends import PeriodCount, Trend
from web import archive, asked, charts, errors, kept, markup, narrowing, paths
from web.archive import _weight
from web.asked import Asked
from web.calendars import months
from web.charts import HEIGHT, MOST_BARS, WIDTH, bars, lines
from web.kept import Kept
from web.markup import marked, paragraphs, web_address
from web.paths import search_path


@pytest.mark.parametrize("module", [archive, asked, charts, errors, kept, markup, narrowing, paths])
def test_documented_examples_hold(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


# --- Texts as HTML ---


def body(*places: tuple[int, int]) -> list[Highlight]:
    return [Highlight("body", start, end) for start, end in places]


@pytest.mark.parametrize(
    ("text", "places", "expected"),
    [
        ("", [], ""),
        ("그로크의 칩", body((0, 3)), "<mark>그로크</mark>의 칩"),
        ("칩은 그로크", body((3, 6)), "칩은 <mark>그로크</mark>"),
        ("<b>그로크</b>", body((3, 6)), "&lt;b&gt;<mark>그로크</mark>&lt;/b&gt;"),
        ('<script>alert("1")</script>', [], '&lt;script&gt;alert("1")&lt;/script&gt;'),
        ("<img src=x onerror=alert(1)>", body((0, 4)), "<mark>&lt;img</mark> src=x onerror=alert(1)&gt;"),
        ("&lt;b&gt;", [], "&amp;lt;b&amp;gt;"),
        ("👨‍👩‍👧 그로크", body((6, 9)), "👨‍👩‍👧 <mark>그로크</mark>"),
        ("a\u202eb\u2066c\x00d\x1b", [], "a\ufffdb\ufffdc\ufffdd\ufffd"),
        ("</p><!-- x -->", [], "&lt;/p&gt;&lt;!-- x --&gt;"),
    ],
)
def test_a_text_is_shown_and_never_obeyed(text: str, places: list[Highlight], expected: str) -> None:
    assert marked(text, places) == expected


@pytest.mark.parametrize(
    ("text", "places", "expected"),
    [
        ("", [], ""),
        ("하나\n\n둘", [], "<p>하나</p><p>둘</p>"),
        ("하나\n둘\n\n\n셋\n", [], "<p>하나<br>둘</p><p>셋</p>"),
        ("하나\r\n둘", [], "<p>하나 <br>둘</p>"),
        (
            "하나\n\n그로크 둘 그로크",
            body((4, 7), (10, 13)),
            "<p>하나</p><p><mark>그로크</mark> 둘 <mark>그로크</mark></p>",
        ),
        ("그로크\n\n<hr>", body((0, 3)), "<p><mark>그로크</mark></p><p>&lt;hr&gt;</p>"),
    ],
)
def test_paragraphs_keep_their_marks(text: str, places: list[Highlight], expected: str) -> None:
    assert paragraphs(text, places) == expected


@pytest.mark.parametrize(
    "url",
    [
        *("javascript://naru.example/%0aalert(1)", "ftp://naru.example/"),
        *("javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)"),
        *(
            "data:text/html,<script>",
            "vbscript:x",
            "file:///etc/passwd",
            "//elsewhere.example",
            "/local",
            "naru.example",
        ),
        *("http://", "https:///x", "http://[", "http://naru.example/\u202egnp", "http:\\\\naru.example", "", None),
        "https://naru.example/" + "a" * 4_000,
    ],
)
def test_what_is_no_address_of_the_web_is_no_link(url: str | None) -> None:
    assert web_address(url) is None


def test_an_address_of_the_web_is_a_link_as_it_is() -> None:
    for url in ("http://naru.example", "https://naru.example:8443/길?a=1&b='2'#끝"):
        assert web_address(url) == url


# --- Charts ---


def test_months_between_have_a_bar_of_no_height() -> None:
    found = bars({"2024-02": 1, "2023-11": 2})
    assert [(bar.period, bar.count, bar.x, bar.y, bar.height) for bar in found] == [
        ("2023-11", 2, 0.0, 0.0, HEIGHT),
        ("2023-12", 0, 180.0, HEIGHT, 0.0),
        ("2024-01", 0, 360.0, HEIGHT, 0.0),
        ("2024-02", 1, 540.0, HEIGHT / 2, HEIGHT / 2),
    ]
    assert {(bar.width, bar.slot) for bar in found} == {(177.0, 180.0)}


def test_too_many_months_are_years() -> None:
    found = bars({"2019-01": 1, "2024-01": 2, "2024-12": 3})
    assert [(bar.period, bar.count) for bar in found] == [
        *(("2019", 1), ("2020", 0), ("2021", 0), ("2022", 0), ("2023", 0)),
        ("2024", 5),
    ]


def test_sixty_months_are_months() -> None:
    assert len(bars({"2020-01": 1, "2024-12": 1})) == MOST_BARS
    assert len(bars({"2020-01": 1, "2025-01": 1})) == 6


def test_a_date_that_is_wrong_leaves_the_years_that_something_is_of() -> None:
    assert [bar.period for bar in bars({"0001-01": 1, "2024-01": 2, "9999-12": 1})] == ["0001", "2024", "9999"]


def test_a_few_beside_very_many_can_still_be_seen() -> None:
    assert [bar.height for bar in bars({"2024-01": 10_000, "2024-02": 1})] == [HEIGHT, 2.0]


def test_nothing_has_no_bars() -> None:
    assert bars({}) == []


def trend(*found: int) -> Trend:
    return Trend("배", [PeriodCount(f"2024-{number:02}", one, 10) for number, one in enumerate(found, 1)])


def test_lines_are_on_one_scale() -> None:
    drawn, highest = lines([trend(0, 5, 10), trend(5, 0, 0)], absolute=True)
    assert [(line.points, line.found) for line in drawn] == [
        ("0.0,240.0 360.0,120.0 720.0,0.0", 15),
        ("0.0,120.0 360.0,240.0 720.0,240.0", 5),
    ]
    assert highest == 10


def test_lines_of_shares_reach_the_largest_share() -> None:
    drawn, highest = lines([trend(1, 2)], absolute=False)
    assert (drawn[0].points, highest) == ("0.0,120.0 720.0,0.0", 0.2)


def test_one_period_is_a_line_across() -> None:
    assert lines([trend(3)], absolute=True)[0][0].points == f"0.0,0.0 {WIDTH:.1f},0.0"


def test_what_is_never_written_of_lies_on_the_ground() -> None:
    assert lines([trend(0, 0)], absolute=True)[0][0].points == "0.0,240.0 720.0,240.0"


# --- Narrowing ---


def results(total: int = 0, **facets: Sequence[FacetCount]) -> Results:
    return Results([], total, "", [], 0.0, facets, {})


def test_a_facet_adds_a_value_and_takes_it_away() -> None:
    counted = [FacetCount("ai", "인공지능", 3), FacetCount("sea", "바다", 1)]
    asked = Asked(q="배", section=("sea",), page=3)
    found = narrowing.facets(asked, results(section=counted))["section"]
    assert [(one.label, one.count, one.chosen, one.path) for one in found] == [
        ("인공지능", 3, False, "/?q=%EB%B0%B0&section=sea&section=ai"),
        ("바다", 1, True, "/?q=%EB%B0%B0"),
    ]


def test_a_year_is_a_period() -> None:
    counted = [FacetCount("2024", "2024", 3), FacetCount("2023", "2023", 1)]
    within = narrowing.facets(Asked(), results(year=counted))["year"]
    assert [one.path for one in within] == ["/?since=2024&until=2024", "/?since=2023&until=2023"]
    without = narrowing.facets(Asked(since="2024", until="2024"), results(year=counted))["year"][0]
    assert (without.chosen, without.path) == (True, "/")


def test_what_could_not_narrow_is_not_offered() -> None:
    one = [FacetCount("naru", "나루 편지", 3)]
    assert narrowing.facets(Asked(), results(publication=one)) == {}
    assert list(narrowing.facets(Asked(publication=("naru",)), results(publication=one))) == ["publication"]


def test_the_most_frequent_values_are_offered_and_what_was_chosen() -> None:
    counted = [FacetCount(f"{number}", f"{number}", 900 - number) for number in range(900)]
    offered = narrowing.facets(Asked(author=("800",)), results(author=counted))["author"]
    assert [one.value for one in offered] == [*map(str, range(narrowing.MOST_OFFERED)), "800"]


def test_each_filter_in_force_can_be_taken_away() -> None:
    asked = Asked(q="배", since="2024", section=("sea",), author=("이슬", "한결"), kind=("entry",))
    found = narrowing.chosen(asked, results(section=[FacetCount("sea", "바다", 1)]))
    assert [(name, one.label, one.path) for name, one in found] == [
        ("since", "2024", search_path(asked, since="")),
        ("section", "바다", search_path(asked, section=())),
        ("author", "이슬", search_path(asked, author=("한결",))),
        ("author", "한결", search_path(asked, author=("이슬",))),
        ("kind", "entry", search_path(asked, kind=())),
    ]


@pytest.mark.parametrize(
    ("page", "total", "expected"),
    [
        (1, 0, (1,)),
        (1, 10, (1,)),
        (1, 11, (1, 2)),
        (1, 95, (1, 2, 3, None, 10)),
        (5, 95, (1, None, 3, 4, 5, 6, 7, None, 10)),
        (10, 95, (1, None, 8, 9, 10)),
        (1, 1_000_000, (1, 2, 3, None, 1_000)),
        (7, 10, (1,)),
    ],
)
def test_pages_lead_on_back_and_to_both_ends(page: int, total: int, expected: tuple[int | None, ...]) -> None:
    assert narrowing.pages(Asked(page=page), total).shown == expected


_WORDS, _PAGES = st.text("가 &+", max_size=3), st.integers(1, 5)
_ASKED = st.builds(Asked, q=_WORDS, page=_PAGES, section=st.lists(_WORDS.filter(bool), max_size=2).map(tuple))
_CHANGES = {"q": _WORDS, "page": _PAGES, "exact": st.booleans(), "author": st.just(("이슬",))}


@given(_ASKED, st.fixed_dictionaries({}, optional=_CHANGES))
def test_an_address_with_changes_is_that_of_what_is_asked_for_with_them(asked: Asked, changes: dict[str, Any]) -> None:
    assert asked.to_query(**changes) == (asked.but(**changes) if changes else asked).to_query()
    assert Asked.of(QueryParams(asked.to_query(**changes))) == (asked.but(**changes) if changes else asked)


def test_what_is_asked_for_with_changes_forgets_what_was_worked_out_before() -> None:
    asked = Asked(since="2024")
    assert asked.filters.since is not None
    assert asked.but(since="").filters.since is None
    assert asked.but(since="").period == (None, None)


# --- Calendars ---


def issue(number: int, day: str | None) -> IssueSummary:
    return IssueSummary(f"naru/{number}", PublicationRef("naru", "나루 편지"), number, None, day, None, 0, 0, 0)


def test_issues_stand_under_their_months_newest_first() -> None:
    found = months([issue(4, "2024-02-10T00:00:00+09:00"), issue(3, None), issue(2, "2024-01-05T00:00:00+09:00")])
    assert {year: [month.number for month in of_year] for year, of_year in found.items()} == {2024: [2, 1]}
    february = found[2024][0]
    assert february.weeks[0] == (0, 0, 0, 0, 1, 2, 3)
    assert {day: one.id for day, one in february.by_day.items()} == {10: "naru/4"}


# --- What is kept ---


def test_an_answer_is_found_once() -> None:
    asked: list[str] = []
    store = Kept(10, lambda key, answer: len(answer))
    for _ in range(2):
        assert store.get("a", lambda: asked.append("a") or "답") == "답"  # type: ignore[func-returns-value]
    assert asked == ["a"]


def test_what_weighs_too_much_together_is_given_up_the_longest_unused_first() -> None:
    store = Kept(10, lambda key, answer: len(answer))
    for key in ("a", "b", "a", "c"):
        store.get(key, lambda: "1234")
    assert (list(store._answers), store.weight) == (["a", "c"], 8)
    store.get("d", lambda: "12345678901")
    assert (list(store._answers), store.weight) == ([], 0)


def test_what_holds_much_weighs_much() -> None:
    counts = [PeriodCount(f"2024-{month:02}", 1, 2) for month in range(1, 13)]
    few, many = Trend("가", counts[:1]), Trend("가", counts * 10)
    assert _weight("a", [many] * 5) > 100 * _weight("a", [few])
    assert _weight("a" * 9_000, few) > 9_000
    assert _weight("a", Or(tuple(Word("가" * 30) for _ in range(60)))) > 5_000


def test_what_went_wrong_is_asked_again() -> None:
    store = Kept(10, lambda key, answer: len(answer))
    with pytest.raises(ZeroDivisionError):
        store.get("a", lambda: str(1 / 0))
    assert store.get("a", lambda: "답") == "답"


def test_who_asks_meanwhile_waits_for_the_answer() -> None:
    store, asked = Kept(10, lambda key, answer: len(answer)), []
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> str:
        asked.append(1)
        begun.set()
        assert go_on.wait(10)
        return "답"

    found: list[str] = []
    readers = [threading.Thread(target=lambda: found.append(store.get("a", slow))) for _ in range(4)]
    for reader in readers:
        reader.start()
    assert begun.wait(10)
    go_on.set()
    for reader in readers:
        reader.join(10)
    assert (found, asked) == (["답"] * 4, [1])
