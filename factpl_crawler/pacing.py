"""What a site is asked in one night, and how fast: its Crawl-delay, its Retry-After, our budget."""

import asyncio
import logging
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from factpl_crawler.clock import now

BUSY = frozenset({429, 503})
# Seconds: how long a busy site that names no time is left alone, and what is too long to wait for tonight.
PAUSE, LONGEST_WAIT = 30.0, 120.0

logger = logging.getLogger(__name__)


class PostponedError(IgnoreRequest):
    """Neither refused nor failed: it waits for another night."""


@dataclass
class Pace:
    """What a night has asked of one site. Times are those of `monotonic`."""

    began: float = field(default_factory=lambda: monotonic())
    pages: int = 0
    next_turn: float = 0.0
    free_again: float = 0.0


class Paces(defaultdict[str, Pace]):
    """Those of all sites, by host; one for all the crawls of a night."""

    def __init__(self) -> None:
        super().__init__(Pace)

    def __deepcopy__(self, memo: object) -> Self:
        # Each crawl of a process gets a copy of the settings.
        return self


class PacingMiddleware:
    def __init__(self, paces: Paces, most_pages: int, most_minutes: float) -> None:
        self.paces = paces
        self.most_pages = most_pages
        self.most_minutes = most_minutes

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings: Any = crawler.settings
        return cls(
            settings.get("PACES") or Paces(), settings.getint("BUDGET_PAGES"), settings.getfloat("BUDGET_MINUTES")
        )

    async def process_request(self, request: Request) -> None:
        if request.meta.get("dont_obey_robotstxt"):  # it is the one for robots.txt
            return
        pace = self.paces[_host(request)]
        self._check_budget(pace)
        pace.pages += 1
        await self._wait(pace, request.meta.get("crawl_delay") or 0.0)

    def _check_budget(self, pace: Pace) -> None:
        if pace.pages >= self.most_pages:
            raise PostponedError(f"the site's {self.most_pages} pages of tonight are spent")
        if monotonic() - pace.began > 60 * self.most_minutes:
            raise PostponedError(f"the site's {self.most_minutes:g} minutes of tonight are spent")

    async def _wait(self, pace: Pace, delay: float) -> None:
        turn = max(monotonic(), pace.next_turn, pace.free_again)
        if (wait := turn - monotonic()) > LONGEST_WAIT:
            raise PostponedError(f"the site asked to be left alone for {wait:.0f} s")
        pace.next_turn = turn + delay
        await asyncio.sleep(wait)

    def process_response(self, request: Request, response: Response) -> Response:
        if response.status in BUSY:
            again = retry_after(response)
            seconds = PAUSE if again is None else max(0.0, (again - now()).total_seconds())
            logger.info("%s is busy and left alone for %.0f s", _host(request), seconds)
            pace = self.paces[_host(request)]
            pace.free_again = max(pace.free_again, monotonic() + seconds)
        return response


def retry_after(response: Response) -> datetime | None:
    """Return when a busy site asks to be asked again, None where it does not say (RFC 9110, 10.2.3)."""
    if response.status not in BUSY:
        return None
    said = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    try:
        if said.isascii() and said.isdigit():
            return now() + timedelta(seconds=min(int(said), 10**8))
        return parsedate_to_datetime(said).astimezone(now().tzinfo)
    except ValueError:  # what cannot be read is as good as nothing
        return None


def _host(request: Request) -> str:
    return urlparse_cached(request).hostname or ""
