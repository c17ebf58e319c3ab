"""Serve the invented publications on loopback, every host of theirs on one port.

Run: python -m demo_site.server [--port 8055]
"""

import argparse
import errno
import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from demo_site.tokens import expand

SITE = Path(__file__).parent / "site"
DEFAULT_PORT = 8055


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    content: bytes


# What becomes of the answer to a request, keyed as in `DemoSite.requests`.
Change = Callable[[str, Answer], Answer]


class PortTakenError(OSError):
    """Something else listens on the port."""


class DemoSite:
    """A running server; port 0 takes any free one.

    `requests` counts what was asked, keyed `"host /path?query"` with the host without its port; `unchanged` what
    of it was answered with 304.
    """

    def __init__(self, port: int = DEFAULT_PORT, change: Change = lambda _, answer: answer) -> None:
        self.change = change
        self.requests: Counter[str] = Counter()
        self.unchanged: Counter[str] = Counter()
        self._lock = threading.Lock()
        try:
            self._server = _Server(("127.0.0.1", port), _Handler)
        except OSError as e:
            if e.errno != errno.EADDRINUSE:
                raise
            raise PortTakenError(f"port {port} is taken: end what listens there, or choose another port") from e
        self._server.site = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def mistakes(self) -> Counter[str]:
        """The requests that a well-behaved crawler never makes: clicks, unsubscribing, what robots.txt forbids."""
        return Counter({request: count for request, count in self.requests.items() if _is_mistake(request)})

    def url(self, host: str, path: str = "/") -> str:
        return f"http://{host}:{self.port}{path}"

    def count(self, request: str, *, unchanged: bool = False) -> None:
        with self._lock:
            (self.unchanged if unchanged else self.requests)[request] += 1

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    site: DemoSite


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body go out in two writes; without this the second waits for the first's receipt.
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        site = self.server.site
        host = self.headers.get("Host", "").partition(":")[0].lower()
        request = f"{host} {self.path}"
        site.count(request)
        status, headers, content = site.change(request, _answer(host, self.path, site.port))
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        if status == HTTPStatus.OK and self.headers.get("If-None-Match") == etag:
            site.count(request, unchanged=True)
            self._answer(HTTPStatus.NOT_MODIFIED, {"ETag": etag}, b"")
        else:
            self._answer(status, headers | {"ETag": etag}, content)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: what was asked is counted."""


@cache
def _routes() -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["host"], row["target"]): row for row in json.loads((SITE / "routes.json").read_bytes())}


@cache
def _never() -> frozenset[str]:
    return frozenset(json.loads((SITE / "never.json").read_bytes()))


def _route(host: str, target: str) -> dict[str, Any] | None:
    """What a mailer or a reader added to the address is left off, from its end, until there is a route."""
    routes = _routes()
    while (host, target) not in routes and (end := max(target.rfind("&"), target.rfind("?"))) > 0:
        target = target[:end]
    return routes.get((host, target))


def _answer(host: str, target: str, port: int) -> Answer:
    route = _route(host, target)
    if route is None:
        return Answer(404, {"Content-Type": "text/plain; charset=utf-8"}, b"no such page\n")
    content = (SITE / route["file"]).read_bytes() if "file" in route else b""
    headers = {name: expand(value.encode(), port).decode() for name, value in route["headers"].items()}
    return Answer(route["status"], headers, expand(content, port))


def _is_mistake(request: str) -> bool:
    host = request.partition(" ")[0]
    path = request.partition("?")[0]
    return host in _never() or path in _never()


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the invented publications on loopback.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes any free one (default: %(default)s)")
    try:
        site = DemoSite(parser.parse_args().port)
    except PortTakenError as e:
        parser.error(str(e))
    with site:
        print(site.url("www.naruilbo.localhost", "/newsletter/narutech"), flush=True)
        print(site.url("page.hanjul.localhost", "/archives/77001"), flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main()
