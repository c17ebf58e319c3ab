"""robots.txt as RFC 9309 has it: a site whose robots.txt cannot be had now is not asked for anything else now.

Scrapy asks on, reads the page of an error as if it were a robots.txt, and logs the failure as an error of the crawl.
"""

import asyncio
import logging
from collections import defaultdict

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.robotstxt import ProtegoRobotParser, RobotParser
from scrapy.utils.httpobj import urlparse_cached


class RobotsUnreachableError(IgnoreRequest):
    """Not a refusal: another time it may be allowed."""


class RobotsMiddleware(RobotsTxtMiddleware):
    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        # It reports a site that does not answer as an error with a traceback; the request's own failure says as much.
        logging.getLogger(RobotsTxtMiddleware.__module__).setLevel(logging.CRITICAL)
        self._unreachable: dict[str, str] = {}
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def process_request(self, request: Request, spider: Spider | None = None) -> None:
        if request.meta.get("dont_obey_robotstxt"):  # it is the one for robots.txt
            return
        await super().process_request(request)
        if reason := self._unreachable.get(urlparse_cached(request).netloc):
            raise RobotsUnreachableError(f"its robots.txt could not be had: {reason}")
        parser = await self.robot_parser(request)
        if isinstance(parser, ProtegoRobotParser):
            # The one thing that it says and that Scrapy does not ask for.
            request.meta["crawl_delay"] = parser.rp.crawl_delay(self._robotstxt_useragent or self._default_useragent)

    async def robot_parser(self, request: Request) -> RobotParser | None:
        # One at a time: of the requests that wait for one robots.txt, Scrapy tells only the first what it says.
        async with self._asking[urlparse_cached(request).netloc]:
            return await super().robot_parser(request)

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500:
            self._robots_error(RobotsUnreachableError(f"HTTP {response.status}"), netloc)
            return
        if response.status >= 400:  # there is none, so nothing is forbidden
            response = response.replace(body=b"")
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        self._unreachable[netloc] = str(exc) or type(exc).__name__
        super()._robots_error(exc, netloc)
