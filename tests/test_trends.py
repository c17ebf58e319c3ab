import re
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import ListSource, document

import charts
from index.build import build
from index.query import QueryError
from index.search import Filters, search
from index.trends import NothingDatedError, PeriodCount, TooManyPeriodsError, Trend, trends

DAYS = {
    "a/1": ("2023-11-30", "나루 배"),
    "a/2": ("2024-01-01", "나루"),
    "a/3": ("2024-01-07", "나루"),
    "a/4": ("2024-01-08", "배"),
    "a/5": (None, "나루 배"),
}


@pytest.fixture(scope="module")
def index_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trends")
    build(ListSource.of(*(document(id, text, date=day) for id, (day, text) in DAYS.items())), folder)
    return folder


def test_months_without_documents_are_counted_as_none(index_dir: Path) -> None:
    assert trends(["나루의", "나루 -배"], index_dir=index_dir) == [
        Trend("나루의", [PeriodCount("2023-11", 1, 1), PeriodCount("2023-12", 0, 0), PeriodCount("2024-01", 2, 3)]),
        Trend("나루 -배", [PeriodCount("2023-11", 0, 1), PeriodCount("2023-12", 0, 0), PeriodCount("2024-01", 2, 3)]),
    ]


def test_a_trend_counts_what_a_search_finds(tmp_path: Path) -> None:
    build(ListSource.of(document("a/1", body="섬 학교가 문을 닫았다")), tmp_path)
    ((counted,),) = [one.counts for one in trends(["학교의"], index_dir=tmp_path)]
    assert counted.found == search("학교의", index_dir=tmp_path).total == 1


def test_a_wrong_date_is_named_and_not_drawn_a_thousand_years_wide(tmp_path: Path) -> None:
    build(
        ListSource.of(document("a/1", "나루", date="0203-01-01"), document("a/2", "나루", date="2024-01-01")), tmp_path
    )
    told = r"From 0203-01-01 to 2024-01-01 are more than 4,200 weeks: a date is wrong\. Leave it out: --since 2000"
    with pytest.raises(TooManyPeriodsError, match=told):
        trends(["나루"], index_dir=tmp_path, by="week")
    (trend,) = trends(["나루"], index_dir=tmp_path, by="week", filters=Filters(since=date(2000, 1, 1)))
    assert trend.counts == [PeriodCount("2024-W01", 1, 1)]


def test_a_share_is_of_all_documents_of_the_period() -> None:
    assert [PeriodCount("2024-01", 2, 3).share, PeriodCount("2023-12", 0, 0).share] == [pytest.approx(2 / 3), 0.0]


def test_weeks_are_those_of_the_calendar(index_dir: Path) -> None:
    (found,) = trends(["나루"], index_dir=index_dir, filters=Filters(kind=("article",)), by="week")
    assert [one.period for one in found.counts] == [
        *("2023-W48", "2023-W49", "2023-W50", "2023-W51", "2023-W52", "2024-W01", "2024-W02"),
    ]
    assert found.counts[-2:] == [PeriodCount("2024-W01", 2, 2), PeriodCount("2024-W02", 0, 1)]


def test_where_nothing_has_a_date_that_is_said(index_dir: Path) -> None:
    with pytest.raises(NothingDatedError, match="No document that the filters let through has a date"):
        trends(["나루"], index_dir=index_dir, filters=Filters(site=("nowhere.example",)))
    with pytest.raises(QueryError):
        trends(["나루", '"나루'], index_dir=index_dir)


# --- Charts ---


def trend(query: str, *found: int) -> Trend:
    return Trend(query, [PeriodCount(f"20{n // 12:02}-{n % 12 + 1:02}", one, 40) for n, one in enumerate(found)])


def test_a_terminal_chart_is_as_wide_as_the_terminal_and_plain() -> None:
    up, down = charts.terminal_charts([trend("올랐다", 0, 5, 10), trend("내렸다", 10, 5, 0)], 60, absolute=False)
    assert "올랐다: % of documents, 15 in all" in up
    assert re.findall(r"2000-\d\d", up) == ["2000-01", "2000-02", "2000-03"]
    assert "25.0" in up
    assert "25.0" in down
    assert up.splitlines()[2:] != down.splitlines()[2:]
    assert {len(line) for line in up.splitlines()[1:]} == {60}
    assert "\x1b" not in up


@given(st.lists(st.integers(0, 40), min_size=1, max_size=200), st.integers(20, 250), st.booleans())
@settings(max_examples=15, deadline=None)
def test_any_trend_can_be_drawn(found: list[int], width: int, absolute: bool) -> None:
    assert len(list(charts.terminal_charts([trend("나루", *found)], width, absolute=absolute))) == 1


def test_an_svg_names_every_query_and_loads_nothing() -> None:
    drawn = charts.svg([trend("그로크 <칩>", 1, 2, 3), trend("배", 3, 2, 1)], absolute=True)
    assert drawn == charts.svg([trend("그로크 <칩>", 1, 2, 3), trend("배", 3, 2, 1)], absolute=True)
    texts = [element.text for element in ET.fromstring(drawn).iter() if element.tag.endswith("}text")]
    assert {"그로크 <칩>", "배", "documents", "2000-01", "2000-03"} <= set(texts)
    assert "나루" in charts.svg([trend("나루", 7)], absolute=True)
    assert not re.search(r"<script[^>]*href|@import|url\(http", drawn)


def test_a_png_is_a_picture_of_the_trend() -> None:
    one = charts.png([trend("a", 1, 2, 3)], absolute=True)
    assert one.startswith(b"\x89PNG\r\n\x1a\n")
    assert (int.from_bytes(one[16:20], "big"), int.from_bytes(one[20:24], "big")) == (1000, 500)
    assert one != charts.png([trend("a", 3, 2, 1)], absolute=True)


def test_every_line_of_a_picture_has_its_name_and_colour() -> None:
    many = [trend(f"낱말{number}", 1, 2) for number in range(10)]
    drawn = charts.svg(many, absolute=True)
    assert all(f"낱말{number}" in drawn for number in range(10))
    assert len(set(re.findall(r'stroke="(#[0-9a-f]{6})"', drawn))) >= 10
    with pytest.raises(charts.TooManyLinesError, match="A picture shows up to 10 words, not 11: leave some out"):
        charts.svg([*many, many[0]], absolute=True)


def test_one_period_is_a_dot_with_its_name() -> None:
    drawn = charts.svg([trend("그로크", 1), trend("칩", 2)], absolute=True)
    assert "Unnamed" not in drawn
    assert drawn.count("<circle") == 2
