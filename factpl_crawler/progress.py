"""How a crawl is getting on, on a terminal. Where nobody looks it says nothing: the report says it all."""

import sys
from typing import Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

COUNTED = ("issue/new", "article/new", "article/changed", "article/unchanged", "article/failed")


class ShowProgress:
    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._progress.add_task("")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not crawler.settings.getbool("SHOW_PROGRESS") or not sys.stderr.isatty():
            raise NotConfigured
        progress = cls(crawler)
        crawler.signals.connect(progress.begin, signals.spider_opened)
        crawler.signals.connect(progress.show, signals.response_received)
        crawler.signals.connect(progress.show, signals.item_scraped)
        crawler.signals.connect(progress.end, signals.spider_closed)
        return progress

    def begin(self, spider: Spider) -> None:
        self._progress.start()
        self.show(spider)

    def show(self, spider: Spider) -> None:
        stats = self._crawler.stats.get_stats() if self._crawler.stats else {}
        answers = stats.get("response_received_count", 0)
        counts = [f"{key.replace('/', 's ')} {stats[name]}" for key in COUNTED if (name := f"factpl/{key}") in stats]
        self._progress.update(self._task, description=", ".join([f"{spider.name}: {answers} answers", *counts]))

    def end(self) -> None:
        self._progress.stop()
