"""What is never requested, however it got into a mail: private addresses, and links that act for the reader."""

import ipaddress
import logging
import re
import unicodedata
from collections.abc import Sequence
from typing import Self
from urllib.parse import unquote, urlsplit

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import DNSLookupError

from factpl_crawler.text import bounded_marks

logger = logging.getLogger(__name__)

ACTS_FOR_THE_READER = re.compile(
    r"(?<![a-z])unsub|(?<![a-z])opt[-_]?out(?=$|[/?&=.])|수신\s*거부|reject_?mail|refuse_?mail|mail_?(?:reject|refuse)"
    r"|list-manage\.com/profile|(?<![a-z])(?:e?mail|subscription|notification)s?[-_/](?:preferences?|settings?)(?![a-z])"
    r"|preferences?[-_]?cent(?:er|re)|manage[-_/]?(?:subscriptions?|preferences)"
    # A headline in an address says more than these, and not between its slashes alone.
    r"|(?<=[/=])(?:(?:cancel|delete|end|remove|stop)[-_/]?(?:my[-_]?)?subscriptions?|구독[-_\s]*(?:취소|해지|중단)"
    r"|subscriptions?/(?:cancel|delete|end|remove|stop)|mail/(?:refuse|reject)|수신[-_\s]*(?:해지|중단)"
    r"|(?:letter|list|mailing|newsletter|subscribers?)/(?:cancel|delete|leave|quit|remove|stop))(?=$|[/?&=.])",
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
    r"|//event\.stibee\.com|substack\.com/redirect/|list-manage\.com/track|awstrack\.me/|/CL0/https?:",
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

# IPv6 addresses that stand for one of IPv4, and what some Pythons call public and IANA does not.
DETOURS = {
    4: tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24"))),
    6: tuple(
        map(
            ipaddress.ip_network,
            ("::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "fec0::/10"),
        )
    ),
}
INVISIBLE = re.compile("[\x00-\x1f\x7f\xad\u200b-\u200f\u2060-\u2064\ufeff]")
MOST_CODINGS = 2  # compression upon compression unpacks in no time that could be foreseen


def action(url: str, text: str = "") -> str | None:
    """Return what following *url*, linked with *text*, would do in the reader's name."""
    if ACTS_FOR_THE_READER.search(_as_a_site_reads(url)) or SAYS_SO.fullmatch(text.strip()):
        return "acts for the reader (unsubscribe, preferences)"
    return None


def _as_a_site_reads(address: str) -> str:
    """Undo what hides a word from us and may hide it from no server: escapes of escapes, wide and invisible letters."""
    for _ in range(3):
        address = unquote(address)
    return INVISIBLE.sub("", unicodedata.normalize("NFKC", bounded_marks(address)))


def refusal(url: str, text: str = "") -> str | None:
    """Return why *url*, linked with *text*, is never requested; None when it may be."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return "not a web address"
    if parts.scheme not in ("http", "https") or not host:
        return "not a web address"
    if acts := action(url, text):
        return acts
    place = f"//{host}{re.sub('/+', '/', _as_a_site_reads(parts.path))}"
    if TRACKS_THE_READER.search(place):
        return "tracks the reader"
    if SHARES.search(place):
        return "a social network"
    if NOT_A_PAGE.search(parts.path):
        return "not a page"
    return None


def is_public(address: str) -> bool:
    """Tell whether *address* is one that anybody's web server may have, and none that leads to another address."""
    ip = ipaddress.ip_address(address)
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in DETOURS[ip.version])


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
        if not is_public(address):
            # Twisted tells the request no more than that the name did not resolve.
            logger.warning("Not asked: %s: %s is not a public address", name, address)
            raise ForbiddenAddressError(f"{name}: {address} is not a public address")
        return address


class StrangerError(IgnoreRequest):
    """Neither refused nor failed: the address lies on none of the publication's sites.

    `status` is that of the redirect that led there, None where a link did.
    """

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


class GuardMiddleware:
    """Looks at every request, each hop of a redirect too, before it leaves."""

    def process_request(self, request: Request) -> None:
        if request.method != "GET":
            raise IgnoreRequest(f"never requested: {request.method}")
        # Named by the publication's file and not by a mail; and robots.txt, which is asked for what has passed here.
        # Where one of these is redirected to, it may still not act for the reader.
        trusted = request.meta.get("archive") or request.meta.get("dont_obey_robotstxt")
        if reason := action(request.url) if trusted else refusal(request.url):
            raise IgnoreRequest(f"never requested: {reason}")
        publication = request.meta.get("keeps_to")
        if publication and (reason := publication.stranger(request.url)):
            redirects = request.meta.get("redirect_reasons")
            raise StrangerError(reason, redirects[-1] if redirects else None)


class UnpackError(Exception):
    """The response unpacks to more than is ever read."""


class UnpackMiddleware(HttpCompressionMiddleware):
    """Calls what is too large a failure of the site, where Scrapy says that we had refused to ask."""

    def process_response(
        self, request: Request, response: Response, spider: Spider | None = None
    ) -> Request | Response:
        codings = b",".join(response.headers.getlist("Content-Encoding")).split(b",")
        if len(codings) > MOST_CODINGS:
            raise UnpackError(f"compressed {len(codings)} times over")
        try:
            return super().process_response(request, response)
        except IgnoreRequest as e:
            raise UnpackError(f"it unpacks to more than {self._max_size >> 20} MiB") from e
