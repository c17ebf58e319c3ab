"""One night as one command: collect the configured publications, index what changed, say what happened.

Exit status: 0 healthy, also when there was nothing new; 2 called wrongly; 3 the archive or the index cannot be used;
4 another night, or whoever else writes, is at it; 5 it came to its end and something did not go well; 130 interrupted.
"""

import argparse
import asyncio
import logging
import os
import shlex
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import Settings
from scrapy.utils.project import get_project_settings

from factpl_crawler.clock import now
from factpl_crawler.config import Config, ConfigError, load_config
from factpl_crawler.frontier import Frontier
from factpl_crawler.lock import LockedError, writing
from factpl_crawler.monitors import coverage
from factpl_crawler.notify import notify
from factpl_crawler.outcome import judge
from factpl_crawler.pacing import Paces
from factpl_crawler.paths import PRIVATE_UMASK, data_dir, index_dir, searches_path, store_path, warc_dir
from factpl_crawler.publications import load_publications
from factpl_crawler.report import Crawled, News, Report, tidy, write_report
from factpl_crawler.store import NightRow, Store, StoreError
from factpl_crawler.text import DateError, parse_period
from factpl_crawler.warc import RawArchive, WarcError
from index.build import build
from index.errors import SearchError
from index.saved import SavedSearches, new_for, read_searches

EXIT_USAGE, EXIT_UNUSABLE, EXIT_LOCKED, EXIT_UNHEALTHY, EXIT_INTERRUPTED = 2, 3, 4, 5, 130
# What is being downloaded when a night is interrupted may take so long to come to its end.
GRACE_SECONDS = 6
KEPT_NIGHTS = 400
REPORTS = "reports"


@dataclass(frozen=True)
class Chosen:
    """What a night was asked to do."""

    publications: Sequence[str]
    backfill: bool = False
    since: str = ""
    archive: str = ""
    follow_any: bool = False


@dataclass(frozen=True)
class Told:
    """What the saved searches ask that were told of the documents up to a change of the archive, by their names."""

    asked: Mapping[str, str] = field(default_factory=dict)
    up_to: int = 0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./nightly", description="Collect, index and report.", epilog=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("publications", nargs="*", help="instead of those in factpl.toml")
    parser.add_argument("--backfill", action="store_true", help="walk through the whole archive, over several nights")
    parser.add_argument(
        "--since", default="", metavar="WHEN", help="ask for no issue older than this: 2023-10, 3개월 전"
    )
    parser.add_argument("--follow-any", action="store_true", help="fetch articles from any site that is linked")
    parser.add_argument("--archive", default="", metavar="URL", help="another list page than the publication's own")
    parser.add_argument("--dry-run", action="store_true", help="say what would be asked for, and ask for nothing")
    options = parser.parse_args(arguments)
    try:
        config = load_config()
        settings = get_project_settings()
        names = options.publications or config.publications
        chosen = Chosen(names, options.backfill, options.since, options.archive, options.follow_any)
        _check(chosen, settings)
        if options.dry_run:
            return _tell_what_is_due(chosen)
        with writing():
            return night(chosen, settings, config)
    except OSError as e:
        return _fail(e, EXIT_UNUSABLE)
    except (ConfigError, DateError) as e:
        return _fail(e, EXIT_USAGE)
    except LockedError as e:
        return _fail(e, EXIT_LOCKED)
    except (StoreError, WarcError, SearchError) as e:
        return _fail(e, EXIT_UNUSABLE)
    except KeyboardInterrupt:
        return _fail(KeyboardInterrupt("interrupted before anything was asked for"), EXIT_INTERRUPTED)


def _fail(error: BaseException, code: int) -> int:
    place = f"{error.filename or data_dir()}: {error.strerror}" if isinstance(error, OSError) else error
    print(f"Error: {place}", file=sys.stderr)
    return code


def _check(chosen: Chosen, settings: Settings) -> None:
    known = load_publications(settings)
    if unknown := [name for name in chosen.publications if name not in known]:
        raise ConfigError(f"no publication is named {unknown[0]!r}; known are {', '.join(known)}")
    if chosen.archive and len(chosen.publications) > 1:
        raise ConfigError(f"--archive is of one publication, and these are {len(chosen.publications)}: name one")
    if chosen.since:
        parse_period(chosen.since, now=now())


def night(chosen: Chosen, settings: Settings, config: Config) -> int:
    report = Report(started_at=now())
    with Store.open(store_path()) as store:
        if (last := next(iter(store.nights(1)), None)) and last.finished_at is None:
            print(f"note: the night of {last.started_at} was cut off; this one goes on where it ended", file=sys.stderr)
        _keep(store, report, None)
        told = Told()
        try:
            # What was there before this night is no news for a search that it sees for the first time.
            _saved_searches(store)
            collect(chosen, settings, report)
            changed = store.stamp().changed
            report.index = str(build(store, index_dir()))
            told = _find_news(store, report, changed)
            report.exit_code = 0 if report.ok else EXIT_UNHEALTHY
        except KeyboardInterrupt:
            report.faults.append("interrupted; what was collected is kept, and the next night goes on")
            report.exit_code = EXIT_INTERRUPTED
        except (OSError, SearchError, StoreError, WarcError) as e:
            report.faults.append(str(e))
            report.exit_code = EXIT_UNUSABLE
        report.finished_at = now()
        written = _conclude(store, report, config, told)
    tidy(data_dir() / REPORTS, ("*.txt", "*.json", "*.log"), KEPT_NIGHTS)
    print("\n".join(report.lines()))
    print(f"report: {_shown(written)}")
    return report.exit_code


def _conclude(store: Store, report: Report, config: Config, told: Told) -> Path:
    """Tell of the night, and note of what: a power cut in between lets news be told twice rather than never."""
    if report.exit_code != EXIT_INTERRUPTED:
        notified = notify(report, config.notify)
        report.faults += notified.problems
        report.exit_code = report.exit_code or (EXIT_UNHEALTHY if notified.problems else 0)
        told = Told() if notified.in_vain else told
    read = Told()
    try:
        written = write_report(report, data_dir() / REPORTS)
        read = told
    finally:
        _keep(store, report, report.finished_at, read)
    return written


def _keep(store: Store, report: Report, finished_at: datetime | None, told: Told = Told()) -> None:
    started = report.started_at.isoformat(timespec="seconds")
    if finished_at is None:
        store.put_night(NightRow(started, None, None, None))
    else:
        finished = finished_at.isoformat(timespec="seconds")
        night = NightRow(started, finished, report.exit_code, report.to_dict())
        store.put_night(night, told.asked, told.up_to)


# --- Saved searches -----------------------------------------------------------------------------------------------


def _saved_searches(store: Store) -> SavedSearches:
    """Return those of searches.toml, and let the archive know of them."""
    try:
        saved = read_searches(searches_path())
    except SearchError as e:
        return SavedSearches(problems=(str(e),))
    known = store.searches()
    if not saved.problems:  # a slip of the pen is to make no search begin anew
        store.forget_searches(known.keys() - {search.name for search in saved.known})
    store.begin_searches({search.name: search.asked for search in saved.known})
    return saved


def _find_news(store: Store, report: Report, changed: int) -> Told:
    """Report what is new for each saved search in the index, which has what the archive had at change *changed*."""
    saved = _saved_searches(store)
    report.faults += saved.problems
    asked = {}
    for search in saved.known:
        try:
            new = new_for(search, store, changed, index_dir=index_dir())
        except SearchError as e:
            report.faults.append(f"the saved search {search.name!r} could not be asked: {e}")
            continue
        command = shlex.join(["search_cli.py", "search", "--sort", "date", *search.arguments])
        report.searches.append(News.of(search.name, store.documents(new) if new else (), command))
        asked[search.name] = search.asked
    return Told(asked, changed)


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


# --- Crawling -----------------------------------------------------------------------------------------------------


def collect(chosen: Chosen, settings: Settings, report: Report) -> None:
    """Crawl the publications in turn, for *report*; raise `KeyboardInterrupt` when a signal ended that.

    Side by side, two of them would ask one site at once, and for the article that both link to.
    """
    log = data_dir() / REPORTS / f"{report.name}.log"
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    ours = {"LOG_FILE": str(log), "NIGHT": report.name, "PACES": Paces(), "SHOW_PROGRESS": True}
    settings.setdict(ours, priority="cmdline")
    with RawArchive(warc_dir(), report.name) as archive:
        for line in archive.repaired:
            print(f"note: raw archive: {line}", file=sys.stderr)
        settings.set("RAW_ARCHIVE", archive, "cmdline")
        # A disk that is full has no room for the log either; what is wrong is said at the end.
        logging.raiseExceptions = False
        process = AsyncCrawlerProcess(settings)
        crawlers = {name: process.create_crawler(name) for name in chosen.publications}
        arguments = {
            "backfill": "1" if chosen.backfill else "",
            "since": chosen.since,
            "archive": chosen.archive,
            "follow_any": "1" if chosen.follow_any else "",
        }
        stop = _Stop(process)
        _crawl_next(process, iter(crawlers.values()), arguments, stop)
        process.start(install_signal_handlers=False)
    report.publications = [_crawled(name, crawler) for name, crawler in crawlers.items() if crawler.stats]
    if stop.asked:
        raise KeyboardInterrupt


class _Stop:
    """Ends a crawl cleanly on SIGINT and SIGTERM and, when that takes too long, at once: the store loses nothing."""

    def __init__(self, process: AsyncCrawlerProcess) -> None:
        self.asked = False
        self._process = process
        self._task: asyncio.Task[None] | None = None
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        reactor = _reactor()
        if self.asked or not reactor.running:
            raise KeyboardInterrupt
        self.asked = True
        reactor.callFromThread(self._begin)

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._process.stop())
        # It waits for no download, and a stop that has already come to its end is no error.
        _reactor().callLater(GRACE_SECONDS, _reactor().crash)


def _reactor() -> Any:
    from twisted.internet import reactor

    return reactor


def _crawl_next(
    process: AsyncCrawlerProcess, waiting: Iterator[Crawler], arguments: dict[str, str], stop: _Stop
) -> None:
    if stop.asked or (crawler := next(waiting, None)) is None:
        return
    task = process.crawl(crawler, **arguments)
    task.add_done_callback(lambda _: _crawl_next(process, waiting, arguments, stop))


def _crawled(name: str, crawler: Crawler) -> Crawled:
    stats: dict[str, Any] = crawler.stats.get_stats() if crawler.stats else {}
    frontier = crawler.get_extension(Frontier)
    return Crawled(
        outcome=judge(name, stats),
        events=frontier.events if frontier else [],
        coverage=coverage(stats),
        requests=stats.get("downloader/request_count", 0),
        bytes=stats.get("downloader/response_bytes", 0),
        seconds=stats.get("elapsed_time_seconds", 0.0),
    )


def _tell_what_is_due(chosen: Chosen) -> int:
    since = parse_period(chosen.since, now=now())[0] if chosen.since else None
    with Store.open(store_path(), create=False) as store:
        for name in chosen.publications:
            due = {
                "pages of the list": ["the first", *store.open_lists(name)],
                "issues": [listing.url for listing in store.due_issues(name)],
                "articles": [link.url for link in store.pending(name, since=since)],
                "articles, for corrections": [link.url for link in store.due_checks(name)],
            }
            for what, urls in due.items():
                print(f"{name}: {what}: {len(urls)}")
                for url in urls:
                    print(f"  {url}")
    return 0


if __name__ == "__main__":
    os.umask(PRIVATE_UMASK)
    sys.exit(main())
