"""normalise → validate."""

import logging
from datetime import datetime
from typing import Any

import pytest
from scrapy.utils.test import get_crawler

from demo_site.spiders.narutech import NarutechSpider
from factpl_crawler.items import Article, Entry, Issue, Quarantined, RawDate
from factpl_crawler.pipelines import NormalisePipeline, ValidatePipeline
from factpl_crawler.text import KST

STATS = dict[str, Any]


def issue(**fields: Any) -> Issue:
    entries = [Entry(1, "칩이 모이는 부두", section_label="📰 나루가 추천하는 기사 📰")]
    return Issue(**{"publication": "narutech", "publication_title": "나루테크 레터", "entries": entries, **fields})


def article(**fields: Any) -> Article:
    return Article(
        **{"id": "a/1", "url": "http://n.example/1", "site": "n.example", "headline": "제목", "body": "본문", **fields}
    )


@pytest.fixture
def normalise() -> NormalisePipeline:
    return NormalisePipeline({"narutech": NarutechSpider.publication}, get_crawler().stats or pytest.fail("no stats"))


def test_the_most_trusted_date_is_taken(normalise: NormalisePipeline) -> None:
    item = issue(dates=[RawDate("2024.03.14 Thursday", "body"), RawDate("2024-03-15", "list")])
    normalise.process_item(item)
    assert (item.date_published, item.date_published_source) == (datetime(2024, 3, 14, tzinfo=KST), "body")
    assert item.problems == []


def test_an_implausible_date_is_refused_reported_and_passed_over(normalise: NormalisePipeline) -> None:
    item = article(published=[RawDate("1899-01-01", "json-ld"), RawDate("입력 2024.03.14 오전 12:30", "page")])
    normalise.process_item(item)
    assert (item.date_published, item.date_published_source) == (datetime(2024, 3, 14, 0, 30, tzinfo=KST), "page")
    [problem] = item.problems
    assert problem.startswith("json-ld date: ")
    assert "1899-01-01" in problem
    assert normalise.stats.get_value("factpl/date/refused") == 1


def test_a_wrong_weekday_is_recorded_and_not_fatal(normalise: NormalisePipeline) -> None:
    item = issue(dates=[RawDate("2024.03.14 Friday", "body")])
    normalise.process_item(item)
    assert item.date_published == datetime(2024, 3, 14, tzinfo=KST)
    assert item.problems == ["body date: printed Friday, but 2024-03-14 is a Thursday"]


def test_the_variants_of_a_label_are_one_section(normalise: NormalisePipeline) -> None:
    labels = ["나루 금요 오리지널", "나루 금요오리지널", "■ 나루 금요오리지널 ■", "나루금요오리지널"]
    item = issue(entries=[Entry(n, "제목", section_label=label) for n, label in enumerate(labels, start=1)])
    normalise.process_item(item)
    assert [(entry.section_id, entry.section_label) for entry in item.entries] == [
        ("friday", label) for label in labels
    ]


def test_an_unknown_section_keeps_its_label_and_is_reported_once(
    normalise: NormalisePipeline, caplog: pytest.LogCaptureFixture
) -> None:
    items = [issue(entries=[Entry(1, "제목", section_label="나루 번외편")]) for _ in range(3)]
    with caplog.at_level(logging.WARNING):
        for item in items:
            normalise.process_item(item)
    assert [(item.entries[0].section_id, item.entries[0].section_label) for item in items] == [
        (None, "나루 번외편")
    ] * 3
    assert [item.problems for item in items] == [["unknown section: 나루 번외편"]] * 3
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (issue(entries=[]), "no entry found"),
        (issue(problems=["body date: not a whole date"]), "no date found; body date: not a whole date"),
    ],
)
def test_what_would_never_be_found_is_quarantined_with_its_page(item: Issue, reason: str) -> None:
    item.raw = b"<html>"
    kept = ValidatePipeline().process_item(item)
    assert isinstance(kept, Quarantined)
    assert (kept.reason, kept.raw, kept.kind) == (reason, b"<html>", "issue")


def test_an_article_without_a_date_is_kept() -> None:
    item = article()
    assert ValidatePipeline().process_item(item) is item
