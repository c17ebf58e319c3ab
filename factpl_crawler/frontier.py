"""The store as the crawl's frontier, and what came of each page: opened once, shared by spider and pipelines."""

from dataclasses import dataclass
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.statscollectors import StatsCollector

from factpl_crawler.pages.sites import Sites
from factpl_crawler.paths import store_path
from factpl_crawler.store import Store


@dataclass(frozen=True)
class Event:
    """What came of a page: `id` is an issue, an article or an address, `text` a headline, or what was wrong."""

    kind: str
    outcome: str
    id: str
    text: str


class Frontier:
    def __init__(self, store: Store, sites: Sites, stats: StatsCollector) -> None:
        self.store = store
        self.sites = sites
        self.stats = stats
        self.events: list[Event] = []

    def note(self, kind: str, outcome: str, id: str, text: str) -> None:
        """Count what came of a page, and keep it for the report."""
        self.stats.inc_value(f"factpl/{kind}/{outcome}")
        if outcome not in ("unchanged", "postponed"):
            self.events.append(Event(kind, outcome, id, text))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        frontier = cls(Store.open(store_path()), Sites.from_settings(crawler.settings), crawler.stats)
        crawler.signals.connect(frontier.close, signals.spider_closed)
        crawler.signals.connect(frontier.count_error, signals.item_error)
        return frontier

    def count_error(self) -> None:
        """An item that a pipeline failed on is in the log only, where Scrapy is concerned."""
        self.stats.inc_value("factpl/item/error")

    def close(self) -> None:
        self.store.close()


def frontier_of(crawler: Crawler) -> Frontier:
    frontier = crawler.get_extension(Frontier)
    if frontier is None:
        raise RuntimeError("factpl_crawler.frontier.Frontier is missing from EXTENSIONS")
    return frontier
