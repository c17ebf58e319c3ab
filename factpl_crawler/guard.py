"""What is never requested, however it got into a mail: private addresses, and links that act for the reader."""

import ipaddress
import logging
import re
from collections.abc import Sequence
from typing import Self
from urllib.parse import unquote, urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import DNSLookupError

logger = logging.getLogger(__name__)

ACTS_FOR_THE_READER = re.compile(
    r"(?<![a-z])unsub|(?<![a-z])opt[-_]?out(?=$|[/?&=.])|수신\s*거부|reject_?mail|refuse_?mail|mail_?(?:reject|refuse)"
    r"|list-manage\.com/profile|(?<![a-z])(?:e?mail|subscription|notification)s?[-_/](?:preferences?|settings?)(?![a-z])"
    r"|preferences?[-_]?cent(?:er|re)|manage[-_/]?(?:subscriptions?|preferences)",
    re.IGNORECASE,
)
# Whole texts of links, and of the short lines around them: a headline may well be about cancelled subscriptions.
SAYS_SO = re.compile(
    r"\W*(?:여기(?:서|를|에서)?\s*)?(?:이?메일|뉴스레터|레터)?\s*(?:수신|구독)\s*(?:을\s*)?(?:거부|해지|취소)"
    r"(?:\s*(?:하기|하시려면|하려면|신청|는|은|링크|여기(?:를|서|에서)?|클릭|눌러\s*주세요))*\W*"
    r"|.{0,20}(?:메일|레터).{0,12}(?:받고\s*싶지\s*않|그만\s*받).{0,20}|\W*그만\s*받기\W*"
    r"|(?:.{0,20}\b)?(?:unsubscribe|opt[- ]?out)(?: here| from .{0,40})?\W*"
    r"|(?:manage|update|change)(?: your)?(?: e?mail| subscription| notification)*"
    r" (?:preferences|settings|subscriptions?)\W*",
    re.IGNORECASE,
)
TRACKS_THE_READER = re.compile(
    r"/v\d/(?:click|open)/|/track(?:ing)?/(?:click|open)|/(?:wf|ls)/(?:click|open)|//(?:click|track)\d*\."
    r"|//event\.stibee\.com|substack\.com/redirect/|list-manage\.com/track",
    re.IGNORECASE,
)
SHARES = re.compile(
    r"//(?:(?:www|m|mobile|web)\.)?(?:facebook|instagram|pinterest|threads|tiktok|twitter|x|youtube)\.(?:com|net)(?:/|$)"
    r"|//t\.co/|linkedin\.com/(?:share|company|in)\b|//(?:story|pf|accounts)\.kakao\.com|//share\.",
    re.IGNORECASE,
)
NOT_A_PAGE = re.compile(
    r"\.(?:7z|apk|avi|bmp|docx?|exe|gif|gz|hwpx?|ico|jpe?g|mov|mp[34]|pdf|png|pptx?|rar|svg|webp|xlsx?|zip)$",
    re.IGNORECASE,
)


def refusal(url: str, text: str = "") -> str | None:
    """Return why *url*, linked with *text*, is never requested; None when it may be."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return "not a web address"
    if parts.scheme not in ("http", "https") or not host:
        return "not a web address"
    if ACTS_FOR_THE_READER.search(unquote(url)) or SAYS_SO.fullmatch(text.strip()):
        return "acts for the reader (unsubscribe, preferences)"
    place = f"//{host}{unquote(parts.path)}"
    if TRACKS_THE_READER.search(place):
        return "tracks the reader"
    if SHARES.search(place):
        return "a social network"
    if NOT_A_PAGE.search(parts.path):
        return "not a page"
    return None


class ForbiddenAddressError(DNSLookupError):
    """The name resolves to an address that the crawler does not talk to."""


class PublicResolver(CachingThreadedResolver):
    """Resolves to public addresses only; with LOOPBACK_ONLY to loopback only.

    Every connection passes here, redirects and addresses spelt as numbers included, and it is
    the resolved address that is judged: a name that resolves otherwise next time gains nothing.
    """

    def __init__(self, reactor: ReactorBase, cache_size: int, timeout: float, loopback_only: bool = False) -> None:
        super().__init__(reactor, cache_size, timeout)
        self.loopback_only = loopback_only

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        resolver = super().from_crawler(crawler, reactor)
        resolver.loopback_only = crawler.settings.getbool("LOOPBACK_ONLY")
        return resolver

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> "Deferred[str]":  # noqa: N802 - Twisted's name
        if self.loopback_only:
            return self._loopback(name)
        return super().getHostByName(name, timeout).addCallback(self._public, name)

    @staticmethod
    def _loopback(name: str) -> "Deferred[str]":
        if name == "127.0.0.1" or name == "localhost" or name.endswith(".localhost"):
            return succeed("127.0.0.1")
        return fail(ForbiddenAddressError(f"{name}: only loopback may be asked (LOOPBACK_ONLY)"))

    @staticmethod
    def _public(address: str, name: str) -> str:
        ip = ipaddress.ip_address(address)
        if not ip.is_global or ip.is_multicast:
            # Twisted tells the request no more than that the name did not resolve.
            logger.warning("Not asked: %s: %s is not a public address", name, address)
            raise ForbiddenAddressError(f"{name}: {address} is not a public address")
        return address


class GuardMiddleware:
    """Looks at every request, each hop of a redirect too, before it leaves."""

    def process_request(self, request: Request) -> None:
        # Named by the publication's file and not by a mail; and robots.txt, which is asked for what has passed here.
        if request.meta.get("archive") or request.meta.get("dont_obey_robotstxt"):
            return
        if reason := refusal(request.url):
            raise IgnoreRequest(f"never requested: {reason}")
