"""What a crawl is to be like when it ends. Each monitor that fails is a fault, in the words that it fails with."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from scrapy import Spider
from scrapy.crawler import Crawler
from spidermon import Monitor, MonitorSuite  # type: ignore[import-untyped]  # it has no types
from spidermon.contrib.scrapy.extensions import Spidermon  # type: ignore[import-untyped]
from spidermon.core.actions import Action  # type: ignore[import-untyped]
from spidermon.runners import MonitorRunner  # type: ignore[import-untyped]

from factpl_crawler.clock import now
from factpl_crawler.frontier import frontier_of
from factpl_crawler.outcome import FAULTS
from factpl_crawler.paths import store_path
from factpl_crawler.pipelines import COVERAGE
from factpl_crawler.store import Store

OPEN_ENDED = ("failed", "refused", "unreachable")

MANY = 10  # fewer failed articles can be the same dead links, tried again on a night without news
FEWEST = 5  # of a layout, to judge it by
NIGHTS = 14
# A share that was common, and has fallen by so much.
FALL = 0.3
# What most pages of every site have; of a described one its class says more.
FLOORS = {"headline": 1.0, "body": 0.5}
ISSUE_FLOORS = {"headline": 1.0, "date": 1.0, "section": 0.5}
QUARANTINED, ERRORS = 0.2, 0.2

Coverage = Mapping[str, Mapping[str, int]]


def coverage(stats: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Return how many items had which field, by site and layout.

    >>> coverage({"factpl/coverage/n.example generic/items": 3, "factpl/coverage/n.example generic/date": 2})
    {'n.example generic': {'items': 3, 'date': 2}}
    """
    found: dict[str, dict[str, int]] = {}
    for key, count in stats.items():
        if key.startswith(COVERAGE):
            where, _, name = key.removeprefix(COVERAGE).rpartition("/")
            found.setdefault(where, {})[name] = count
    return found


class CrawlMonitor(Monitor):  # type: ignore[misc]  # it has no types
    @property
    def crawler(self) -> Crawler:
        return self.data.crawler  # type: ignore[no-any-return]

    @property
    def stats(self) -> Mapping[str, Any]:
        return self.data.stats  # type: ignore[no-any-return]

    def count(self, *keys: str) -> int:
        return sum(int(self.stats.get(f"factpl/{key}", 0)) for key in keys)

    def not_had(self, kind: str) -> int:
        return self.count(*(f"{kind}/{outcome}" for outcome in OPEN_ENDED))

    def had(self, kind: str) -> int:
        return self.count(*(f"{kind}/{change}" for change in ("new", "changed", "unchanged")))

    def last(self, kind: str) -> str:
        events = frontier_of(self.crawler).events
        failed = [one for one in events if one.kind == kind and one.outcome in (*OPEN_ENDED, "gone")]
        return f"; {failed[-1].id} ({failed[-1].text})" if failed else ""

    def none(self, number: int, what: str) -> None:
        if number:
            self.fail(what.format(number))


class Course(CrawlMonitor):
    """It came to its end, without errors."""

    def test_it_came_to_its_end(self) -> None:
        if (reason := self.stats.get("finish_reason")) != "finished":
            self.fail(f"ended early: {reason}")

    def test_nothing_went_wrong_in_the_program(self) -> None:
        # Of an error, the log and the other counts tell; the log may be set to say nothing.
        logged = sum(int(self.stats.get(f"log_count/{level}", 0)) for level in ("ERROR", "CRITICAL"))
        other = int(self.stats.get("spider_exceptions/count", 0)) + self.count("item/error")
        self.none(max(logged, other), "errors: {}; see the log")


class Pages(CrawlMonitor):
    """What was asked for was had, and could be read."""

    def test_the_list_could_be_read(self) -> None:
        number = self.not_had("list") + self.count("list/gone")
        self.none(number, f"pages of the archive's list that could not be read: {{}}{self.last('list')}")

    def test_the_issues_could_be_had(self) -> None:
        self.none(
            self.not_had("issue"),
            f"issues that could not be had, to be tried again another night: {{}}{self.last('issue')}",
        )

    def test_the_issues_could_be_read(self) -> None:
        self.none(self.count("issue/quarantined"), "issues that could not be read (see search_cli.py stats): {}")

    def test_some_letter_could_be_read(self) -> None:
        letters = 0 if self.had("issue") else self.count("mail/quarantined")
        self.none(letters, "letters, none of which could be read (see search_cli.py stats): {}")

    def test_most_articles_could_be_had(self) -> None:
        had, failed = self.had("article"), self.not_had("article")
        if failed > had and (failed >= MANY or self.count("issue/new")):
            self.fail(f"articles that could not be had: {failed} of {failed + had}")

    def test_few_articles_are_quarantined(self) -> None:
        aside = self.count("article/quarantined")
        seen = aside + self.count("article/new", "article/changed")
        if aside >= FEWEST and aside > QUARANTINED * seen:
            self.fail(f"articles that could not be read (see search_cli.py stats): {aside} of {seen}")

    def test_few_answers_are_errors(self) -> None:
        answers = {
            key: int(count) for key, count in self.stats.items() if key.startswith("downloader/response_status_")
        }
        errors = sum(count for key, count in answers.items() if key.rpartition("/")[2][0] == "5" or key.endswith("429"))
        if errors >= MANY and errors > ERRORS * sum(answers.values()):
            self.fail(f"answers that were errors (HTTP 429 or 5xx): {errors} of {sum(answers.values())}")


class Fields(CrawlMonitor):
    """Each layout has the fields that it is to have, and that it had before."""

    def test_no_layout_lacks_what_it_is_to_have(self) -> None:
        self._fail_with(self._below_floors())

    def test_no_layout_lacks_what_it_used_to_have(self) -> None:
        with Store.open(store_path()) as store:
            before = [night["coverage"] for night in _before(store, self.crawler.spider.name)]  # type: ignore[union-attr]
        self._fail_with(self._fallen(before))

    def _fail_with(self, faults: Iterator[str]) -> None:
        if found := list(faults):
            self.fail("; ".join(found))

    def _below_floors(self) -> Iterator[str]:
        for where, counts in self._judged():
            for field, floor in self._floors(where).items():
                if (share := counts.get(field, 0) / counts["items"]) < floor:
                    yield f"{where}: only {share:.0%} have a {field}, at least {floor:.0%} should"

    def _floors(self, where: str) -> Mapping[str, float]:
        layout = where.rpartition(" ")[2]
        if layout == "issue":
            return ISSUE_FLOORS
        pages = frontier_of(self.crawler).sites.pages
        return FLOORS | next((dict(page.floors) for page in pages if page.site_id == layout), {})

    def _fallen(self, before: list[Coverage]) -> Iterator[str]:
        for where, counts in self._judged():
            past = [one[where] for one in before if one.get(where, {}).get("items", 0) >= FEWEST]
            for field in ("headline", "body", "date", "section") if len(past) > 2 else ():
                usual = median(one.get(field, 0) / one["items"] for one in past)
                if (share := counts.get(field, 0) / counts["items"]) < usual - FALL:
                    yield f"{where}: only {share:.0%} have a {field}, {usual:.0%} had on the last {len(past)} nights"

    def _judged(self) -> Iterator[tuple[str, Mapping[str, int]]]:
        return ((where, counts) for where, counts in coverage(self.stats).items() if counts["items"] >= FEWEST)


class Rhythm(CrawlMonitor):
    """Issues come as they used to."""

    def test_an_issue_that_is_due_has_come(self) -> None:
        with Store.open(store_path()) as store:
            dates = [one.date_published for one in store.issues(self.crawler.spider.name) if one.date_published]  # type: ignore[union-attr]
        if fault := overdue([datetime.fromisoformat(date) for date in dates[:NIGHTS]], now()):
            self.fail(fault)


def overdue(newest_first: list[datetime], today: datetime) -> str | None:
    """Say since when no issue has come, where the last ones came more often.

    >>> weeks = [datetime(2024, 3, day) for day in (22, 15, 8, 1)]
    >>> overdue(weeks, datetime(2024, 4, 1)) is None, overdue(weeks, datetime(2024, 4, 9))
    (True, 'no new issue since 2024-03-22, 18 days ago; one came every 7 days')
    """
    gaps = [(one - before).total_seconds() for one, before in pairwise(newest_first)]
    if len(gaps) < 3:
        return None
    usual, since = timedelta(seconds=median(gaps)), today - newest_first[0]
    if since <= 2 * usual + timedelta(days=3):
        return None
    rhythm = f"one came every {max(1, usual.days)} days"
    return f"no new issue since {newest_first[0]:%Y-%m-%d}, {since.days} days ago; {rhythm}"


def _before(store: Store, name: str) -> Iterator[Mapping[str, Any]]:
    for night in store.nights(NIGHTS):
        for crawl in (night.report or {}).get("publications", ()):
            if crawl["name"] == name:
                yield crawl


class KeepFaults(Action):  # type: ignore[misc]  # it has no types
    def run_action(self) -> None:
        failed = self.result.monitors_failed_results
        self.data.crawler.stats.set_value(FAULTS, [one.reason or f"a monitor failed: {one.error}" for one in failed])


class Monitors(Spidermon):  # type: ignore[misc]  # it has no types
    """Spidermon, which logs through a method that Scrapy is about to drop; the faults are in the report anyway."""

    def _run_suites(self, spider: Spider, suites: list[MonitorSuite]) -> None:
        for suite in suites:
            MonitorRunner().run(suite, **self._generate_data_for_spider(spider))


class CrawlSuite(MonitorSuite):  # type: ignore[misc]  # it has no types
    monitors = (Course, Pages, Fields, Rhythm)
    monitors_finished_actions = (KeepFaults,)
