"""normalise → validate."""

import logging
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from scrapy.extension import ExtensionManager
from scrapy.utils.test import get_crawler

from demo_site.spiders.narutech import NarutechSpider
from factpl_crawler.items import Article, Entry, Fetch, Issue, Quarantined, RawDate
from factpl_crawler.pipelines import NormalisePipeline, StorePipeline, ValidatePipeline
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


def test_days_ago_count_from_when_the_page_was_had(normalise: NormalisePipeline) -> None:
    item = article(published=[RawDate("3일 전", "page")])
    item.had_at = datetime(2024, 3, 14, 3, tzinfo=KST)
    normalise.process_item(item)
    assert item.date_published == datetime(2024, 3, 11, tzinfo=KST)


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


def test_an_article_without_a_date_is_kept_where_anything_else_says_that_it_is_one() -> None:
    for item in (article(body="본" * 200), article(section_label="산업"), article(date_published=datetime.now(KST))):
        assert ValidatePipeline().process_item(item) is item
    kept = ValidatePipeline().process_item(article())
    assert isinstance(kept, Quarantined)
    assert (kept.kind, kept.reason) == ("article", "no date, no section and 2 characters of text")


def test_an_article_that_has_lost_its_text_is_quarantined_and_the_known_one_kept(tmp_path: Path) -> None:
    crawler = get_crawler(settings_dict={"EXTENSIONS": {"factpl_crawler.frontier.Frontier": 0}})
    crawler.extensions = ExtensionManager.from_crawler(crawler)
    pipeline = StorePipeline.from_crawler(crawler)
    whole, cut = article(body="글 " * 500), article(body="글 " * 150)
    cut.fetch = Fetch("http://n.example/1", 200)
    pipeline.process_item(whole)
    kept = pipeline.process_item(cut)
    assert isinstance(kept, Quarantined)
    assert kept.reason == "only 300 of 1000 characters are left; has the layout changed?"
    store = pipeline.frontier.store
    assert [document.body for document in store.documents()] == [whole.body]
    assert [row.reason for row in store.quarantined()] == [kept.reason]
    assert pipeline.process_item(article(body="글 " * 150, truncated=True)).headline == "제목"  # type: ignore[union-attr]
    pipeline.frontier.close()
