"""normalise → validate → store. Each does one job and counts it."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Self

from scrapy.crawler import Crawler
from scrapy.statscollectors import StatsCollector

from factpl_crawler.frontier import Frontier, frontier_of
from factpl_crawler.items import Article, Issue, Quarantined, RawDate
from factpl_crawler.publication import Publication
from factpl_crawler.publications import load_publications
from factpl_crawler.text import DateError, parse_date, weekday_problem

Item = Issue | Article | Quarantined

logger = logging.getLogger(__name__)

COVERAGE = "factpl/coverage/"
SHORT = 200  # characters that the text of an article has at least
# What was that long, and has become that much shorter, was cut by a layout that we cannot read.
LONG, SHRUNK = 500, 0.4
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
            item.date_published, item.date_published_source = self._date(item, item.dates)
            self._sections(item)
        elif isinstance(item, Article):
            item.date_published, item.date_published_source = self._date(item, item.published)
            item.date_modified, item.date_modified_source = self._date(item, item.modified)
            if item.section_label and not item.section_id:
                self._unknown_section(item.site, item.section_label)
        return item

    def _date(self, item: Issue | Article, dates: Iterable[RawDate]) -> tuple[datetime | None, str | None]:
        """Return the first that can be true; what is wrong with those passed over goes to the item's problems."""
        for raw in dates:
            try:
                date = parse_date(raw.text, now=item.had_at)
            except DateError as e:
                item.problems.append(f"{raw.source} date: {e}")
                self.stats.inc_value("factpl/date/refused")
                continue
            if problem := weekday_problem(raw.text, date):
                item.problems.append(f"{raw.source} date: {problem}")
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
    """What nothing could be found in, or by, goes to the quarantine with the reason.

    An article without a headline or a body has not come this far: its page says that it is none.
    """

    def process_item(self, item: Item) -> Item:
        if isinstance(item, Quarantined) or (reason := _fault(item)) is None:
            return item
        return quarantined(item, reason)


def quarantined(item: Issue | Article, reason: str) -> Quarantined:
    kind, url = ("article", item.url) if isinstance(item, Article) else ("issue", item.url or "")
    logger.warning("Quarantined: %s (%s)", url or item.headline, reason)
    aside = Quarantined(url, kind, reason)
    aside.raw, aside.fetch = item.raw, item.fetch
    return aside


def _fault(item: Issue | Article) -> str | None:
    if isinstance(item, Article):
        is_bare = len(item.body) < SHORT and item.date_published is None and item.section_label is None
        return f"no date, no section and {len(item.body)} characters of text" if is_bare else None
    if not item.entries:
        return "no entry found"
    if item.date_published is None:
        return "; ".join(["no date found", *item.problems])
    return None


class StorePipeline:
    """Each item in a transaction of its own, so that a crash loses none that came before."""

    def __init__(self, frontier: Callable[[], Frontier]) -> None:
        self._frontier = frontier

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        # The pipelines are made before the extensions.
        return cls(lambda: frontier_of(crawler))

    @property
    def frontier(self) -> Frontier:
        return self._frontier()

    def process_item(self, item: Item) -> Item:
        if isinstance(item, Quarantined):
            self._set_aside(item)
            return item
        self._cover(item)
        store, note = self.frontier.store, self.frontier.note
        if reason := self._mistaken(item):
            return self.process_item(quarantined(item, reason))
        if isinstance(item, Issue):
            note("issue", store.put_issue(item), item.id, item.headline or "")
        else:
            note("article", store.put_article(item), item.id, item.headline)
        return item

    def _set_aside(self, item: Quarantined) -> None:
        self.frontier.store.put_quarantined(item)
        self.frontier.note(item.kind, "quarantined", item.url, item.reason)
        if item.fetch:
            self.frontier.store.record_fetch(
                item.fetch.url, item.kind, outcome="failed", status=item.fetch.status, reason=item.reason
            )

    def _mistaken(self, item: Issue | Article) -> str | None:
        """Say why *item* cannot be what it says that it is."""
        if isinstance(item, Article):
            return self._shrunk(item)
        known = self.frontier.store.issue_date(item.id)
        if known is None or item.date_published is None:
            return None
        apart = abs(datetime.fromisoformat(known) - item.date_published)
        return f"{item.id} is already the issue of {known[:10]}" if apart > ONE_ISSUE else None

    def _shrunk(self, article: Article) -> str | None:
        known = self.frontier.store.document(article.id)
        if known is None or article.truncated or len(known.body) < LONG or len(article.body) > SHRUNK * len(known.body):
            return None
        return f"only {len(article.body)} of {len(known.body)} characters are left; has the layout changed?"

    def _cover(self, item: Issue | Article) -> None:
        """Count which fields were found, by site and layout."""
        if isinstance(item, Article):
            self._covered(
                f"{item.site} {item.layout}", item.headline, item.body, item.date_published, item.section_label
            )
            return
        for entry in item.entries:
            self._covered(
                f"{item.publication} issue", entry.headline, entry.body, item.date_published, entry.section_id
            )

    def _covered(self, where: str, headline: str, body: str, date: object, section: object) -> None:
        found = {"items": True, "headline": headline, "body": len(body) >= SHORT, "date": date, "section": section}
        for name in (name for name, value in found.items() if value):
            self.frontier.stats.inc_value(f"{COVERAGE}{where}/{name}")
