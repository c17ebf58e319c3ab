"""One night: collect the configured publications, index what changed, say what happened.

Ends with 0 when all went well, 2 when it was called wrongly, 3 when the store or the index cannot
be used, 5 when it came to its end and something did not go well.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence

from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.utils.project import get_project_settings

from factpl_crawler.config import ConfigError, load_config
from factpl_crawler.outcome import Outcome, judge
from factpl_crawler.paths import index_dir, store_path
from factpl_crawler.publications import load_publications
from factpl_crawler.store import Store, StoreError
from index.build import build
from index.errors import SearchError

EXIT_USAGE, EXIT_UNUSABLE, EXIT_UNHEALTHY = 2, 3, 5


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./nightly", description="Collect, index and report.")
    parser.add_argument("publications", nargs="*", help="instead of those in factpl.toml")
    chosen = parser.parse_args(arguments).publications
    try:
        return night(chosen or load_config().publications)
    except OSError as e:
        return _fail(e, EXIT_UNUSABLE)
    except ConfigError as e:
        return _fail(e, EXIT_USAGE)
    except (StoreError, SearchError) as e:
        return _fail(e, EXIT_UNUSABLE)


def _fail(error: Exception, code: int) -> int:
    print(f"Error: {error}", file=sys.stderr)
    return code


def night(publications: Sequence[str]) -> int:
    outcomes = collect(publications)
    for line in (line for outcome in outcomes for line in outcome.lines()):
        print(line)
    with Store.open(store_path()) as store:
        print(f"index: {build(store, index_dir())}")
    return 0 if all(outcome.ok for outcome in outcomes) else EXIT_UNHEALTHY


def collect(publications: Sequence[str]) -> list[Outcome]:
    """Crawl *publications*, spiders' names, in turn; raise `ConfigError` for one that is not known.

    Side by side, two of them would ask one site at once, and for the article that both link to.
    """
    settings = get_project_settings()
    known = load_publications(settings)
    if unknown := [name for name in publications if name not in known]:
        raise ConfigError(f"no publication is named {unknown[0]!r}; known are {', '.join(known)}")
    Store.open(store_path()).close()
    process = AsyncCrawlerProcess(settings)
    crawlers = {name: process.create_crawler(name) for name in publications}
    _crawl_next(process, iter(crawlers.values()))
    process.start()
    return [judge(name, crawler.stats.get_stats() if crawler.stats else {}) for name, crawler in crawlers.items()]


def _crawl_next(process: AsyncCrawlerProcess, waiting: Iterator[Crawler]) -> None:
    if (crawler := next(waiting, None)) is None:
        return

    def done(_: object) -> None:
        if crawler.stats and crawler.stats.get_value("finish_reason") != "shutdown":  # Ctrl-C ends them all
            _crawl_next(process, waiting)

    process.crawl(crawler).add_done_callback(done)


if __name__ == "__main__":
    sys.exit(main())
