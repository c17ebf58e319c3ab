"""A crawl's statistics → whether it did what it should."""

import pytest

from factpl_crawler.outcome import judge

GOOD = {"finish_reason": "finished", "factpl/issue/new": 3, "factpl/article/new": 9, "factpl/article/unchanged": 1}


def test_a_crawl_that_went_well_has_no_faults() -> None:
    outcome = judge("narutech", GOOD)
    assert outcome.ok
    assert outcome.lines() == ["narutech: issues 3 new, 0 changed; articles 9 new, 0 changed"]


def test_nothing_new_is_no_fault() -> None:
    assert judge("narutech", {"finish_reason": "finished"}).ok


@pytest.mark.parametrize(
    ("stats", "fault"),
    [
        ({"finish_reason": "shutdown"}, "ended early: shutdown"),
        ({"finish_reason": None}, "ended early: never started"),
        ({"log_count/ERROR": 2}, "errors: 2; see the log"),
        ({"spider_exceptions/count": 1}, "errors: 1; see the log"),
        ({"factpl/item/error": 3}, "errors: 3; see the log"),
        ({"factpl/article/unreachable": 11}, "articles that could not be had: 11 of 21"),
        (
            {"factpl/list/failed": 1, "factpl/list/failed/last": "http://n.example/ (HTTP 500)"},
            "pages of the archive's list that could not be read: 1; http://n.example/ (HTTP 500)",
        ),
        ({"factpl/list/refused": 1}, "pages of the archive's list that could not be read: 1"),
        ({"factpl/issue/failed": 1}, "issues that could not be had, to be tried again next time: 1"),
        ({"factpl/quarantined/issue": 2}, "issues that could not be read (see search_cli.py stats): 2"),
        ({"factpl/article/failed": 11}, "articles that could not be had: 11 of 21"),
    ],
)
def test_each_failure_is_a_fault(stats: dict[str, object], fault: str) -> None:
    outcome = judge("narutech", {**GOOD, **stats})
    assert outcome.faults == [fault]
    assert not outcome.ok
    assert f"  FAULT: {fault}" in outcome.lines()


def test_letters_that_were_all_unreadable_are_a_fault_and_some_are_a_note() -> None:
    stats = {"finish_reason": "finished", "factpl/quarantined/mail": 2}
    assert not judge("mailbox", stats).ok
    some = judge("mailbox", {**stats, "factpl/issue/new": 1})
    assert some.ok
    assert some.notes == ["letters that could not be read and are kept aside: 2"]


def test_a_few_dead_links_on_a_night_without_news_are_no_fault() -> None:
    assert judge("narutech", {"finish_reason": "finished", "factpl/article/failed": 9}).ok


def test_that_few_of_a_new_issues_articles_could_be_had_is_a_fault() -> None:
    stats = {"finish_reason": "finished", "factpl/issue/new": 1, "factpl/article/failed": 2, "factpl/article/new": 2}
    assert judge("narutech", stats).ok
    assert judge("narutech", {**stats, "factpl/article/failed": 3}).faults == ["articles that could not be had: 3 of 5"]


def test_a_few_articles_that_failed_are_noted() -> None:
    assert judge("narutech", {**GOOD, "factpl/article/failed": 1, "factpl/issue/gone": 1}).notes == [
        "articles that failed, to be tried again next time: 1",
        "issues in the list that are gone: 1",
    ]
