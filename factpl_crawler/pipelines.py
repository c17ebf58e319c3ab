"""normalise → validate → store. Each does one job and counts it."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Self

from scrapy.crawler import Crawler
from scrapy.statscollectors import StatsCollector

from factpl_crawler.frontier import frontier_of
from factpl_crawler.items import Article, Issue, Quarantined, RawDate
from factpl_crawler.publication import Publication
from factpl_crawler.publications import load_publications
from factpl_crawler.store import Store
from factpl_crawler.text import DateError, parse_date, weekday_problem

Item = Issue | Article | Quarantined

logger = logging.getLogger(__name__)

ONE_ISSUE = timedelta(days=31)  # the same number on days further apart is a mistake, of the letter's or of ours


class NormalisePipeline:
    """Printed dates become times in KST, printed section labels become ids."""

    def __init__(self, publications: dict[str, Publication], stats: StatsCollector) -> None:
        self.publications = publications
        self.stats = stats
        self.reported: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(load_publications(crawler.settings), crawler.stats)

    def process_item(self, item: Item) -> Item:
        if isinstance(item, Issue):
            item.date_published, item.date_published_source = self._date(item.dates, item.problems)
            self._sections(item)
        elif isinstance(item, Article):
            item.date_published, item.date_published_source = self._date(item.published, item.problems)
            item.date_modified, item.date_modified_source = self._date(item.modified, item.problems)
            if item.section_label and not item.section_id:
                self._unknown_section(item.site, item.section_label)
        return item

    def _date(self, dates: Iterable[RawDate], problems: list[str]) -> tuple[datetime | None, str | None]:
        """Return the first that can be true; what is wrong with those passed over goes to *problems*."""
        for raw in dates:
            try:
                date = parse_date(raw.text)
            except DateError as e:
                problems.append(f"{raw.source} date: {e}")
                self.stats.inc_value("factpl/date/refused")
                continue
            if problem := weekday_problem(raw.text, date):
                problems.append(f"{raw.source} date: {problem}")
                self.stats.inc_value("factpl/date/weekday_mismatch")
            return date, raw.source
        return None, None

    def _sections(self, issue: Issue) -> None:
        publication = self.publications[issue.publication]
        for entry in issue.entries:
            if entry.section_label is None:
                continue
            entry.section_id = publication.section_id(entry.section_label)
            if entry.section_id is None:
                problem = f"unknown section: {entry.section_label}"
                if problem not in issue.problems:
                    issue.problems.append(problem)
                self._unknown_section(publication.id, entry.section_label)

    def _unknown_section(self, where: str, label: str) -> None:
        key = f"{where}: {label}"
        if key not in self.reported:
            self.reported.add(key)
            self.stats.inc_value("factpl/section/unknown")
            logger.warning("Unknown section of %s. It keeps its label; give it an id in its file.", key)


class ValidatePipeline:
    """An issue that nothing could be found in, or by, goes to the quarantine with the reason.

    An article without a headline or a body has not come this far: its page says that it is none.
    """

    def process_item(self, item: Item) -> Item:
        if not isinstance(item, Issue) or (reason := _fault(item)) is None:
            return item
        return quarantined(item, reason)


def quarantined(issue: Issue, reason: str) -> Quarantined:
    logger.warning("Quarantined: %s (%s)", issue.url or issue.headline, reason)
    item = Quarantined(issue.url or "", "issue", reason)
    item.raw = issue.raw
    return item


def _fault(issue: Issue) -> str | None:
    if not issue.entries:
        return "no entry found"
    if issue.date_published is None:
        return "; ".join(["no date found", *issue.problems])
    return None


class StorePipeline:
    """Each item in a transaction of its own, so that a crash loses none that came before."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @property
    def store(self) -> Store:
        return frontier_of(self.crawler).store

    def process_item(self, item: Item) -> Item:
        if isinstance(item, Quarantined):
            self.store.put_quarantined(item)
            self._count("quarantined", item.kind)
        elif isinstance(item, Issue) and (reason := self._mistaken(item)):
            return self.process_item(quarantined(item, reason))
        elif isinstance(item, Issue):
            self._count("issue", self.store.put_issue(item))
        else:
            self._count("article", self.store.put_article(item))
        return item

    def _mistaken(self, issue: Issue) -> str | None:
        """Say why *issue* cannot be the one whose number it bears."""
        known = self.store.issue_date(issue.id)
        if known is None or issue.date_published is None:
            return None
        apart = abs(datetime.fromisoformat(known) - issue.date_published)
        return f"{issue.id} is already the issue of {known[:10]}" if apart > ONE_ISSUE else None

    def _count(self, kind: str, what: str) -> None:
        self.crawler.stats.inc_value(f"factpl/{kind}/{what}")
