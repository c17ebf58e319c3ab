"""Every response goes to the raw archive as it comes off the wire, before anything reads it.

What names a reader is left out: cookies, credentials, and in addresses what `canonical_url` leaves out too.
"""

import asyncio
import hashlib
import inspect
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Self
from urllib.parse import urljoin, urlsplit

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Headers, Response
from scrapy.settings import BaseSettings

from factpl_crawler.captures import Purpose
from factpl_crawler.clock import now
from factpl_crawler.guard import ACTS_FOR_THE_READER, TRACKS_THE_READER
from factpl_crawler.pacing import PostponedError
from factpl_crawler.paths import warc_dir
from factpl_crawler.text import decode_click, without_reader
from factpl_crawler.warc import Exchange, RawArchive, WarcError

MASKED = "masked"
SECRET = frozenset({"cookie", "set-cookie", "set-cookie2", "authorization", "proxy-authorization"})
ADDRESSES = frozenset({"location", "content-location", "referer"})
ADDRESS = re.compile(r"https?://[^\s<>\"',;]+", re.IGNORECASE)
READERS = ("pages/*.py", "mail.py", "pipelines.py", "publication.py", "text.py")

logger = logging.getLogger(__name__)


class RawArchiveMiddleware:
    def __init__(self, crawler: Crawler, archive: RawArchive) -> None:
        self.crawler = crawler
        self.archive = archive
        self.parser = parser_version(crawler.spidercls)
        self._closing: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """RAW_ARCHIVE holds the archive of the night, or True for one of this crawl alone, or False for none."""
        shared = crawler.settings.get("RAW_ARCHIVE")
        if isinstance(shared, RawArchive):
            return cls(crawler, shared)
        if not crawler.settings.getbool("RAW_ARCHIVE"):
            raise NotConfigured
        archive = RawArchive(warc_dir(), night_name(crawler.settings))
        for line in archive.repaired:
            logger.warning("Raw archive: %s", line)
        crawler.signals.connect(archive.close, signals.spider_closed)
        return cls(crawler, archive)

    def process_response(self, request: Request, response: Response) -> Response:
        """Raise `PostponedError`, and end the crawl, when the response cannot be kept: what is not kept is not read."""
        try:
            self.archive.write(exchange_of(request, response, self._purpose(request)))
        except WarcError as e:
            if self._closing is None:
                logger.error("Nothing more is asked for: %s", e)
                assert self.crawler.engine is not None  # it has asked for this response
                self._closing = asyncio.create_task(self.crawler.engine.close_spider_async(reason=str(e)))
            raise PostponedError(str(e)) from e
        return response

    def _purpose(self, request: Request) -> Purpose:
        meta, own = request.meta, getattr(self.crawler.spidercls, "publication", None)
        asked = str(meta.get("redirect_urls", [request.url])[0])
        return Purpose(
            kind="robots" if meta.get("dont_obey_robotstxt") else meta.get("kind", "other"),
            # A public list leads to issues, by addresses that the store keeps as they are.
            asked=asked if meta.get("archive") else masked_url(asked),
            publication=meta.get("publication") or (own.id if own else None),
            article_id=meta.get("article_id"),
            listing=request.cb_kwargs.get("listing"),
            parser=self.parser,
        )


def night_name(settings: BaseSettings) -> str:
    return str(settings.get("NIGHT") or f"{now():%Y-%m-%d}")


def parser_version(spider: type[Spider]) -> str:
    """Return what changes whenever what reads the pages of *spider* changes: a digest of its source."""
    package = Path(__file__).parent
    files = [*(file for pattern in READERS for file in sorted(package.glob(pattern))), Path(inspect.getfile(spider))]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:12]


def exchange_of(request: Request, response: Response, purpose: Purpose) -> Exchange:
    url = masked_url(response.url)
    parts = urlsplit(url)
    sent = list(_headers(request.headers, response.url))
    if not any(name.lower() == "host" for name, _ in sent):  # what the engine adds below this
        sent.insert(0, ("Host", parts.netloc))
    return Exchange(
        url=url,
        purpose=purpose,
        status=response.status,
        headers=list(_headers(response.headers, response.url)),
        body=response.body,
        target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        request_headers=sent,
        method=request.method,
        ip_address=str(response.ip_address) if response.ip_address else None,
    )


def _headers(headers: Headers, url: str) -> Iterator[tuple[str, str]]:
    for name, values in headers.items():
        for value in values:
            yield name.decode("latin-1"), _masked(name.decode("latin-1").lower(), value.decode("latin-1"), url)


def _masked(name: str, value: str, url: str) -> str:
    if name in SECRET:
        return MASKED
    if name in ADDRESSES:
        return masked_url(value, url)
    return ADDRESS.sub(lambda address: masked_url(address[0]), " ".join(value.splitlines()))


def masked_url(url: str, base: str = "") -> str:
    """Return *url* as it is written, without what names a reader; what tracks one or acts for one only by its host.

    >>> masked_url("/story/1?subscriber_id=77", "http://ex.kr/"), masked_url("https://ex.kr/unsubscribe/77")
    ('/story/1', 'https://ex.kr/masked')
    """
    url = decode_click(url) or url
    try:
        parts = urlsplit(urljoin(base, url))
    except ValueError:  # no address
        return MASKED
    if ACTS_FOR_THE_READER.search(parts.geturl()) or TRACKS_THE_READER.search(f"//{parts.hostname}{parts.path}"):
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/{MASKED}"
    return without_reader(url)
