"""A site of a few pages, served on loopback under any name, which notes what it is asked."""

from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Self

Answer = Callable[[BaseHTTPRequestHandler], None]


class Handler(BaseHTTPRequestHandler):
    server: "SmallSite"

    def answer(self) -> None:
        host = self.headers.get("Host", "").partition(":")[0]
        self.server.asked.append(f"{self.command} {host}{self.path}")
        page = self.server.pages.get(f"{host}{self.path}", self.server.pages.get(self.path))
        try:
            page(self) if page else send(b"", 404)(self)
        except OSError:  # the other side has had enough
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815 - the names that http.server looks for

    def log_message(self, *_: object) -> None:
        """Quiet: what was asked is noted."""


class SmallSite(ThreadingHTTPServer):
    """`pages` has answers by path, or by host and path where that matters."""

    daemon_threads = True

    def __init__(self, pages: Mapping[str, Answer] = {}, address: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((address, port), Handler)
        self.pages = dict(pages)
        self.asked: list[str] = []

    def url(self, host: str, path: str) -> str:
        return f"http://{host}:{self.server_port}{path}"

    def asked_for(self, host: str = "") -> list[str]:
        """What was asked for of a host, robots.txt aside."""
        return [line for line in self.asked if host in line and not line.endswith("/robots.txt")]

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self.server_close()


def send(content: bytes, status: int = 200, **headers: str) -> Answer:
    """Headers are named with underscores: `Content_Encoding`."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        usual = {"Content_Type": "text/html; charset=utf-8", "Content_Length": str(len(content))}
        for name, value in (usual | headers).items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def html(text: str, **headers: str) -> Answer:
    return send(text.encode(), **headers)


def newsletter(*links: str) -> dict[str, Answer]:
    """An archive of narutech's with one issue, which leads to *links*."""
    entry = "".join(f'<p><a href="{link}">글</a></p>' for link in links)
    issue = f"<p>2024.03.14 Thursday #99</p><p>나루 인터뷰</p><p>제목이다</p><p>본문입니다.</p>{entry}"
    item = '<li><h2><a href="/newsletter/narutech/99">제목이다</a></h2></li>'
    return {
        "/newsletter/narutech": html(f'<main id="container"><ul>{item}</ul></main>'),
        "/newsletter/narutech/99": html(f'<main id="container"><article><div>{issue}</div></article></main>'),
    }


ARTICLE = (
    '<h1 class="headline">제목</h1><article id="article_body"><p>'
    + "누구나 읽을 수 있는 본문입니다. " * 20
    + "</p></article>"
)
