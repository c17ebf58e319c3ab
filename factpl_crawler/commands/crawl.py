"""`scrapy crawl`, with an exit code that is true: 0 only when it did what it should, 4 when another writes, else 1."""

import argparse
import os
import sys

from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.exceptions import UsageError

from factpl_crawler.lock import LockedError, writing
from factpl_crawler.outcome import judge
from factpl_crawler.paths import PRIVATE_UMASK, store_path, warc_dir
from factpl_crawler.recording import night_name
from factpl_crawler.store import Store, StoreError
from factpl_crawler.warc import RawArchive, WarcError

EXIT_LOCKED = 4


class Command(ScrapyCrawl):
    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.crawler_process  # Scrapy sets it before it runs the command
        os.umask(PRIVATE_UMASK)
        try:
            Store.open(store_path()).close()
            with RawArchive(warc_dir(), night_name(self.crawler_process.settings)) as archive:
                repaired = archive.repaired
        except (StoreError, WarcError) as e:
            raise UsageError(str(e), print_help=False) from e
        sys.stderr.writelines(f"raw archive: {line}\n" for line in repaired)
        if len(args) != 1:
            raise UsageError("name one spider; see: scrapy list", print_help=False)
        try:
            crawler = self._create_crawler(args[0])
        except KeyError as e:
            raise UsageError(f"no spider is named {args[0]!r}; see: scrapy list", print_help=False) from e
        try:
            with writing():
                self.crawler_process.crawl(crawler, **opts.spargs)
                self.crawler_process.start()
        except LockedError as e:
            sys.stderr.write(f"Error: {e}\n")
            self.exitcode = EXIT_LOCKED
            return
        outcome = judge(args[0], crawler.stats.get_stats() if crawler.stats else {})
        sys.stderr.writelines(f"{line}\n" for line in outcome.lines())
        if any([*outcome.new.values(), *outcome.changed.values()]):
            sys.stderr.write("Next, run: ./search_cli.py index\n")
        self.exitcode = 0 if outcome.ok else 1
