"""A browser and a server for it, both on this machine."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import search_web
from web.archive import Archive

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Quiet: what a browser asks its maker for is nobody's business here. Root's has no sandbox.
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
# The strictest that the pages are to work under, whatever is served with them.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def chromium() -> str | None:
    return os.environ.get("FACTPL_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def serving(archive: Archive) -> Iterator[str]:
    """Yield the address at which *archive* is served."""
    server = uvicorn.Server(uvicorn.Config(_under_policy(search_web.app(archive)), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            assert time.monotonic() < deadline, "the server did not start in time"
            time.sleep(0.02)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)


def _under_policy(app: ASGIApp) -> ASGIApp:
    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                name = b"content-security-policy"
                others = [header for header in message["headers"] if header[0] != name]
                message["headers"] = [*others, (name, POLICY.encode())]
            await send(message)

        await app(scope, receive, sent)

    return served
