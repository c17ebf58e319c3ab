"""Who may ask, how often, and what a browser may do with the answer: around all that is served, errors included."""

import hmac
import json
import re
import secrets
import unicodedata
from base64 import b64decode
from binascii import Error as NotBase64
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from math import ceil
from threading import Lock
from time import time
from typing import Any

from anyio import Lock as Turn
from anyio import to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = ("GET", "HEAD")
# A query may have a thousand syllables, each of nine characters in an address, and filters beside it.
LONGEST_ADDRESS, MOST_HEADERS, LONGEST_HEADERS = 16_384, 100, 32_768
LONGEST_PASSWORD = 1_000
WRONG_TRIES = "5/minute"
# More clients than that share a memory that is bounded; who has not asked for longest is forgotten first.
MOST_CLIENTS = 2_000

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    # What somebody searches for is nobody else's business.
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # It is a private copy.
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
_STATIC = "/static/"
_CONTROL = re.compile("[\\x00-\\x1f\\x7f]")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")
_A_YEAR = 31_536_000


@dataclass(frozen=True)
class Protection:
    """Without a password whoever reaches the page may read; `hosts` are the names that it is asked by.

    `rate` is how often one client may ask, as in 120/minute; empty for no limit.
    """

    password_hash: str = field(default="", repr=False)
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    rate: str = ""


LOOPBACK_ONLY = Protection()


class ProtectionError(ValueError):
    """One line: which setting cannot be used, and what it may be."""


def routes() -> list[Route]:
    def robots(request: Request) -> Response:
        return PlainTextResponse("User-agent: *\nDisallow: /\n")

    return [Route("/robots.txt", robots)]


def guarded(app: ASGIApp, protection: Protection) -> ASGIApp:
    """Return *app* behind what *protection* asks for; raise `ProtectionError` for what it cannot ask for."""
    if protection.password_hash:
        app = _Password(app, protection.password_hash)
    if protection.rate:
        app = _Rate(app, rate_of(protection.rate))
    return _Headers(_Bounds(_Hosts(app, protection.hosts)), private=bool(protection.password_hash))


def rate_of(text: str) -> RateLimitItem:
    """
    >>> str(rate_of("120/minute"))
    '120 per 1 minute'
    """
    told = f"{text!r} is no rate: write 120/minute, 10/second, or none"
    try:
        item = parse(text)
    except ValueError as e:
        raise ProtectionError(told) from e
    if item.amount < 1:
        raise ProtectionError(told)
    return item


# --- Answers ------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class _Refused(Exception):  # noqa: N818  # an answer, not a fault
    """`korean` is for people, where `detail` is for programs."""

    status: int
    detail: str
    korean: str
    headers: dict[str, str] = field(default_factory=dict)

    def to_response(self, path: str) -> Response:
        if path.startswith("/api/"):
            return problem(self.status, self.detail, headers=self.headers)
        return PlainTextResponse(f"{self.korean}\n{self.detail}\n", self.status, self.headers)


def problem(status: int, detail: str, *, headers: dict[str, str] | None = None, **members: Any) -> Response:
    """Return a mistake as RFC 9457 writes it."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **members}
    # All that is not ASCII is escaped: what is told may quote whatever was asked.
    return Response(json.dumps(body), status, headers, "application/problem+json")


def too_many(path: str) -> Response:
    told = "Too many are asking at once. Try again in a few seconds."
    korean = "지금은 찾는 이가 많습니다. 잠시 뒤에 다시 해 보세요."
    return _Refused(503, told, korean, {"Retry-After": "5"}).to_response(path)


class _Headers:
    """Outermost, so that no answer is without."""

    def __init__(self, app: ASGIApp, *, private: bool) -> None:
        self.app = app
        self.private = private

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.add(MutableHeaders(scope=message), scope, message["status"])
            await send(message)

        try:
            await self.app(scope, receive, send_guarded)
        except _Refused as refusal:
            await refusal.to_response(scope["path"])(scope, receive, send_guarded)

    def add(self, headers: MutableHeaders, scope: Scope, status: int) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        if scope["path"].startswith(_STATIC) and status < HTTPStatus.BAD_REQUEST:
            headers["Cache-Control"] = self.of_a_file(scope)
        elif self.private:
            headers["Cache-Control"] = "private, no-store"
        else:
            headers.setdefault("Cache-Control", "private, no-cache")

    def of_a_file(self, scope: Scope) -> str:
        # An address with a version never changes what it means.
        lasting = scope["query_string"].startswith(b"v=")
        return f"private, max-age={_A_YEAR}, immutable" if lasting else "private, no-cache"


# --- What may be asked --------------------------------------------------------------------------------------------


class _Bounds:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        if scope["type"] == "http":
            self.check(scope)
        await self.app(scope, receive, send)

    def check(self, scope: Scope) -> None:
        if scope["method"] not in METHODS:
            allowed = ", ".join(METHODS)
            raise _Refused(405, f"Only {allowed} are answered.", "읽기만 할 수 있습니다.", {"Allow": allowed})
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST_ADDRESS:
            raise _Refused(414, "The address is too long; search for less at once.", "주소가 너무 깁니다.")
        if _CONTROL.search(scope["path"]):
            raise _Refused(404, "No address has a control character.", "그런 주소는 없습니다.")
        headers = scope["headers"]
        if len(headers) > MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > LONGEST_HEADERS:
            raise _Refused(431, "The headers are too many or too long.", "요청 헤더가 너무 깁니다.")


class _Hosts:
    """A page elsewhere can make its own name mean this machine, and ask by it in a reader's browser (DNS rebinding)."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self.app = app
        self.hosts = frozenset(host.lower().rstrip(".") for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self.knows(Headers(scope=scope).getlist("host")):
            told = "This server is not asked by that name; name it with --allowed-host."
            raise _Refused(421, told, "이 서버가 아는 이름이 아닙니다.")
        await self.app(scope, receive, send)

    def knows(self, given: list[str]) -> bool:
        host = _HOST.fullmatch(given[0].lower()) if len(given) == 1 else None
        # Who asks by a number cannot have been led here by a name.
        return host is not None and (host[1].rstrip(".") in self.hosts or _is_address(host[1]))


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


# --- How often ----------------------------------------------------------------------------------------------------


class Counter:
    """Counts what clients do in a moving window, in bounded memory."""

    def __init__(self, item: RateLimitItem) -> None:
        self.item = item
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._clients: OrderedDict[str, None] = OrderedDict()
        self._lock = Lock()

    def hit(self, client: str) -> bool:
        """Count one, and say whether it was still within the limit."""
        with self._lock:
            self._clients[client] = None
            self._clients.move_to_end(client)
            if len(self._clients) > MOST_CLIENTS:
                longest_away, _ = self._clients.popitem(last=False)
                self._storage.clear(self.item.key_for(longest_away))
        return self._limiter.hit(self.item, client)

    def is_spent(self, client: str) -> bool:
        return not self._limiter.test(self.item, client)

    def refusal(self, client: str) -> _Refused:
        seconds = max(1, ceil(self._limiter.get_window_stats(self.item, client).reset_time - time()))
        told = f"Too many requests. Wait {seconds} seconds."
        return _Refused(
            429, told, f"요청이 너무 많습니다. {seconds}초 뒤에 다시 해 보세요.", {"Retry-After": str(seconds)}
        )


def client_of(scope: Scope) -> str:
    """Return who asks: an address, of IPv6 the network that one household has."""
    host = scope["client"][0] if scope.get("client") else ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or int(address) >> 64)


class _Rate:
    """Suggestions, a few for each search, are counted by themselves; files are not counted."""

    def __init__(self, app: ASGIApp, item: RateLimitItem) -> None:
        self.app = app
        self.counter, self.of_suggestions = Counter(item), Counter(item)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(_STATIC):
            counter = self.of_suggestions if scope["path"] == "/suggest" else self.counter
            if not counter.hit(client := client_of(scope)):
                raise counter.refusal(client)
        await self.app(scope, receive, send)


# --- The password -------------------------------------------------------------------------------------------------


class _Password:
    """HTTP Basic, so that feed readers and scripts can use it; any user name will do.

    What was right once is remembered by a digest under a key of this process: argon2 is slow on purpose.
    """

    def __init__(self, app: ASGIApp, password_hash: str) -> None:
        self.app = app
        self.hash = password_hash
        self.wrong = Counter(parse(WRONG_TRIES))
        self._key = secrets.token_bytes(32)
        self._right = b""

    @cached_property
    def _one_at_a_time(self) -> Turn:
        # Each takes tens of megabytes; and to ask many at once does not make guessing faster.
        return Turn()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.check(scope)
        await self.app(scope, receive, send)

    async def check(self, scope: Scope) -> None:
        password = _password_in(Headers(scope=scope).get("authorization", ""))
        if password is not None and (self.is_known(password) or await self.turns_out_right(password, client_of(scope))):
            return
        asks = {"WWW-Authenticate": 'Basic realm="factpl", charset="UTF-8"'}
        raise _Refused(401, "A password is needed; any user name will do.", "비밀번호가 필요합니다.", asks)

    async def turns_out_right(self, password: str, client: str) -> bool:
        async with self._one_at_a_time:
            # A feed reader asks for all its feeds at once, and the first of them may have shown it.
            if self.is_known(password):
                return True
            if self.wrong.is_spent(client):
                raise self.wrong.refusal(client)
            if await to_thread.run_sync(self.is_right, password):
                self._right = self.digest(password)
                return True
            self.wrong.hit(client)
            return False

    def is_known(self, password: str) -> bool:
        return hmac.compare_digest(self.digest(password), self._right)

    def digest(self, password: str) -> bytes:
        return hmac.digest(self._key, password.encode("utf-8", "surrogatepass"), sha256)

    def is_right(self, password: str) -> bool:
        try:
            return PasswordHasher().verify(self.hash, password)
        except (VerificationError, InvalidHashError):
            return False


def _password_in(authorization: str) -> str | None:
    """
    >>> _password_in("Basic OnNlY3JldA=="), _password_in("Bearer x")
    ('secret', None)
    """
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic" or len(credentials) > 4 * LONGEST_PASSWORD:
        return None
    try:
        _, colon, password = b64decode(credentials.strip(), validate=True).decode("utf-8").partition(":")
    except (NotBase64, UnicodeDecodeError, ValueError):
        return None
    return composed(password) if colon and len(password) <= LONGEST_PASSWORD else None


def composed(password: str) -> str:
    """Return *password* as it is compared: macOS may take its Hangul apart."""
    return unicodedata.normalize("NFC", password)
