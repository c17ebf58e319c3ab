"""What makes a crawl unhealthy, from its statistics, the nights before it and the archive."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.utils.test import get_crawler
from spidermon.runners import MonitorRunner  # type: ignore[import-untyped]  # it has no types

from demo_site.pages import NaruilboPage
from factpl_crawler.frontier import Frontier
from factpl_crawler.items import Entry, Issue
from factpl_crawler.monitors import CrawlSuite
from factpl_crawler.outcome import FAULTS, judge
from factpl_crawler.pages.sites import Sites
from factpl_crawler.paths import store_path
from factpl_crawler.store import NightRow, Store
from factpl_crawler.text import KST

GOOD = {"finish_reason": "finished", "factpl/issue/new": 3, "factpl/article/new": 9, "factpl/article/unchanged": 1}
TODAY = datetime(2024, 3, 29, 3, 17, tzinfo=KST)

Faults = Callable[..., list[str]]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("FACTPL_NOW", TODAY.isoformat())
    return Store.open(store_path())


@pytest.fixture
def faults(store: Store) -> Faults:
    """Return what runs the monitors over statistics and events, and what they found."""

    def run(stats: dict[str, Any], *events: tuple[str, str, str, str]) -> list[str]:
        collector = get_crawler().stats
        assert collector
        frontier = Frontier(store, Sites([NaruilboPage]), collector)
        for event in events:
            frontier.note(*event)
        crawler = SimpleNamespace(
            get_extension=lambda _: frontier, stats=collector, spider=SimpleNamespace(name="narutech")
        )
        MonitorRunner().run(CrawlSuite(crawler=crawler), stats={**collector.get_stats(), **stats}, crawler=crawler)
        found: list[str] = collector.get_value(FAULTS)
        return found

    return run


def test_a_crawl_that_went_well_has_no_faults(faults: Faults) -> None:
    assert faults(GOOD) == []
    assert faults({"finish_reason": "finished"}) == []


@pytest.mark.parametrize(
    ("stats", "fault"),
    [
        ({"finish_reason": "shutdown"}, "ended early: shutdown"),
        ({"log_count/ERROR": 2}, "errors: 2; see the log"),
        ({"spider_exceptions/count": 1}, "errors: 1; see the log"),
        ({"factpl/item/error": 3}, "errors: 3; see the log"),
        ({"factpl/article/unreachable": 11}, "articles that could not be had: 11 of 21"),
        ({"factpl/list/refused": 1}, "pages of the archive's list that could not be read: 1"),
        ({"factpl/list/gone": 1}, "pages of the archive's list that could not be read: 1"),
        ({"factpl/issue/failed": 1}, "issues that could not be had, to be tried again another night: 1"),
        ({"factpl/issue/quarantined": 2}, "issues that could not be read (see search_cli.py stats): 2"),
        ({"factpl/article/failed": 11}, "articles that could not be had: 11 of 21"),
        (
            {"factpl/article/quarantined": 5, "factpl/article/new": 15},
            "articles that could not be read (see search_cli.py stats): 5 of 20",
        ),
        (
            {"downloader/response_status_count/503": 9, "downloader/response_status_count/429": 3,
             "downloader/response_status_count/200": 40},
            "answers that were errors (HTTP 429 or 5xx): 12 of 52",
        ),
    ],
)  # fmt: skip
def test_each_failure_is_a_fault(faults: Faults, stats: dict[str, object], fault: str) -> None:
    assert [one for one in faults({**GOOD, **stats}) if one != fault] == []
    assert fault in faults({**GOOD, **stats})


def test_what_is_rare_enough_is_no_fault(faults: Faults) -> None:
    assert faults({**GOOD, "factpl/article/quarantined": 4, "factpl/article/new": 20}) == []
    assert faults({**GOOD, "factpl/article/quarantined": 5, "factpl/article/new": 30}) == []
    assert faults({"finish_reason": "finished", "factpl/article/failed": 9}) == []
    assert faults({**GOOD, "downloader/response_status_count/503": 9, "downloader/response_status_count/200": 9}) == []


def test_the_page_that_failed_last_is_named(faults: Faults) -> None:
    events = [("list", "failed", f"http://n.example/{n}", "HTTP 500") for n in (1, 2)]
    assert faults(GOOD, *events) == [
        "pages of the archive's list that could not be read: 2; http://n.example/2 (HTTP 500)"
    ]


def test_letters_that_were_all_unreadable_are_a_fault_and_some_are_none(faults: Faults) -> None:
    stats = {"finish_reason": "finished", "factpl/mail/quarantined": 2}
    assert faults(stats) == ["letters, none of which could be read (see search_cli.py stats): 2"]
    assert faults({**stats, "factpl/issue/new": 1}) == []


def test_that_few_of_a_new_issues_articles_could_be_had_is_a_fault(faults: Faults) -> None:
    stats = {"finish_reason": "finished", "factpl/issue/new": 1, "factpl/article/failed": 2, "factpl/article/new": 2}
    assert faults(stats) == []
    assert faults({**stats, "factpl/article/failed": 3}) == ["articles that could not be had: 3 of 5"]


# --- Fields -------------------------------------------------------------------------------------------------------


def fields(where: str, items: int, **counts: int) -> dict[str, int]:
    complete = dict.fromkeys(("items", "headline", "body", "date", "section"), items) | counts
    return {f"factpl/coverage/{where}/{name}": count for name, count in complete.items() if count}


def test_a_layout_has_the_fields_that_its_site_is_to_have(faults: Faults) -> None:
    naru = "www.naruilbo.localhost naruilbo"
    assert faults(GOOD | fields(naru, 10, section=6)) == []
    assert faults(GOOD | fields(naru, 10, date=8)) == [f"{naru}: only 80% have a date, at least 90% should"]
    assert faults(GOOD | fields("other.example generic", 10, date=0, section=0)) == []
    assert faults(GOOD | fields("other.example generic", 10, body=4)) == [
        "other.example generic: only 40% have a body, at least 50% should"
    ]
    assert faults(GOOD | fields("narutech issue", 8, section=3)) == [
        "narutech issue: only 38% have a section, at least 50% should"
    ]
    assert faults(GOOD | fields(naru, 4, date=0)) == []


def test_a_layout_has_the_fields_that_it_used_to_have(faults: Faults, store: Store) -> None:
    where = "other.example generic"
    for days in range(1, 5):
        coverage = {where: {"items": 20, "headline": 20, "body": 20, "date": 20 - days, "section": 10}}
        report = {"publications": [{"name": "narutech", "coverage": coverage}]}
        store.put_night(NightRow((TODAY - timedelta(days)).isoformat(), "then", 0, report))
    assert faults(GOOD | fields(where, 10, date=6, section=3)) == []
    assert faults(GOOD | fields(where, 10, date=5, section=3)) == [
        f"{where}: only 50% have a date, 88% had on the last 4 nights"
    ]


# --- Rhythm -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days_ago", "fault"),
    [
        ((1, 8, 15, 22), []),
        ((16, 23, 30, 37), []),
        ((18, 25, 32, 39), ["no new issue since 2024-03-11, 18 days ago; one came every 7 days"]),
        ((100, 107), []),
        ((4, 5, 6, 7), []),
        ((6, 7, 8, 9), ["no new issue since 2024-03-23, 6 days ago; one came every 1 days"]),
    ],
)
def test_an_issue_that_is_due_is_missed(
    faults: Faults, store: Store, days_ago: tuple[int, ...], fault: list[str]
) -> None:
    for number, days in enumerate(days_ago):
        day = (TODAY - timedelta(days)).replace(hour=0, minute=0)
        entries = [Entry(1, "제목", "본문")]
        store.put_issue(Issue("narutech", "나루테크 레터", 100 - number, date_published=day, entries=entries))
    assert faults(GOOD) == fault


def test_a_crawl_that_never_began_is_at_fault() -> None:
    assert judge("narutech", {}).faults == ["it never started; see the log"]
