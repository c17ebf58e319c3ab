"""The server: its settings, the password's file, and how it begins and ends."""

import gc
import json
import os
import re
import socket
from asyncio import Transport
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread
from typing import Any, ClassVar, Self

import h11
from anyio import to_thread
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from factpl_crawler.paths import private_file
from index.meta import replace_file
from web.archive import Archive
from web.asked import Asked
from web.guard import HEADERS, LONGEST_PASSWORD, LOOPBACK_ONLY, Protection, composed, rate_of

HASH_FILE = "web-password.txt"
SHORTEST_PASSWORD = 8
# Beside the one that finds answers: for what takes no time, such as suggestions. Each has a dictionary open.
THREADS = 4
MOST_CONNECTIONS = 1_000
SECONDS_BETWEEN_LOOKS = 10.0
_SETTINGS = "FACTPL_WEB"
_HEADERS_AND_ADDRESS = 65_536


class ServingError(Exception):
    """One line: why nothing is served, and what to do."""


@dataclass(frozen=True)
class Settings:
    index_dir: Path
    store_path: Path
    protection: Protection = LOOPBACK_ONLY

    @classmethod
    def from_environment(cls) -> Self:
        data: dict[str, Any] = json.loads(os.environ[_SETTINGS])
        protection = Protection(**data["protection"] | {"hosts": tuple(data["protection"]["hosts"])})
        return cls(Path(data["index_dir"]), Path(data["store_path"]), protection)

    def to_environment(self) -> None:
        """Hand them to the workers, which are processes of their own."""
        os.environ[_SETTINGS] = json.dumps(asdict(self), default=str)


@dataclass(frozen=True)
class Address:
    """`proxy` is who may say whom it asks for: an address, or several parted by commas."""

    host: str
    port: int
    proxy: str = ""

    @property
    def is_loopback(self) -> bool:
        with suppress(ValueError):
            return ip_address(self.host).is_loopback
        return self.host == "localhost"

    def url(self, port: int) -> str:
        host = self.host.strip("[]")
        with suppress(ValueError):
            if (number := ip_address(host)).is_unspecified:
                host = "127.0.0.1" if number.version == 4 else "::1"
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


_NAME = re.compile(r"[\w.-]+")
# What a household or a newsroom stays below, and what reads everything one after the other does not.
WIDER_RATE = "120/minute"


def settings(
    data: Path, address: Address, *, hosts: Sequence[str] = (), rate: str | None = None, no_password: bool = False
) -> Settings:
    """Raise ServingError for what cannot be shown, or would be to more than was meant."""
    if not (store_path := data / "archive.sqlite3").exists():
        raise ServingError(f"No archive at {store_path}. Run: ./nightly")
    password = "" if no_password else read_password_hash(data)
    if not address.is_loopback and not password and not no_password:
        raise ServingError(
            f"Whoever reaches {address.host} could read the archive, which is a private copy. Set a password: "
            "search_cli.py serve --set-password, or say that everybody may read: --no-password"
        )
    if wrong := [host for host in hosts if not _NAME.fullmatch(host)]:
        raise ServingError(
            f"{wrong[0]!r} is no name of a machine. Write it without a port: --allowed-host archive.example"
        )
    rate = rate or ("none" if address.is_loopback else WIDER_RATE)
    if rate != "none":
        rate_of(rate)
    known = dict.fromkeys([*LOOPBACK_ONLY.hosts, address.host, *hosts])
    protection = Protection(password, tuple(known), "" if rate == "none" else rate)
    return Settings(data / "index", store_path, protection)


# --- The password -------------------------------------------------------------------------------------------------


def read_password_hash(data: Path) -> str:
    """Return "" where no password was set."""
    told = f"{data / HASH_FILE} cannot be read. Run: search_cli.py serve --set-password"
    try:
        kept = (data / HASH_FILE).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as e:
        raise ServingError(told) from e
    if not kept.startswith("$argon2"):  # an empty file would let everybody in
        raise ServingError(told)
    return kept


def write_password(data: Path, password: str) -> Path:
    """Keep what tells the password from any other, and not the password."""
    from argon2 import PasswordHasher

    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise ServingError(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters. Nothing was changed.")
    # As `replace_file` writes it, with others shut out before there is anything to see.
    private_file(data / f"{HASH_FILE}.new")
    replace_file(data / HASH_FILE, [PasswordHasher().hash(composed(password)) + "\n"])
    return data / HASH_FILE


# --- Serving ------------------------------------------------------------------------------------------------------


def lifespan(archive: Archive) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def living(app: Starlette) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = THREADS
        await to_thread.run_sync(partial(_warm, archive))
        ended = Event()
        Thread(target=_keep_warm, args=(archive, ended), daemon=True).start()
        yield
        ended.set()

    return living


def _warm(archive: Archive) -> None:
    """Load what the first reader would wait for. What is wrong with the index is said to each who asks."""
    from index.errors import SearchError
    from index.suggest import suggest

    with suppress(SearchError):
        archive.search(Asked(q="가 나다"))
        suggest("가", index_dir=archive.index_dir)
    # What is loaded stays; to look through it again and again would stop every request. A page makes a lot of objects.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _keep_warm(archive: Archive, ended: Event) -> None:
    """Make ready what a first reader would wait for: the templates, and what the first page says of the index."""
    from index.errors import SearchError
    from web.rendering import load_templates

    load_templates()
    while not ended.is_set():
        with suppress(SearchError):
            archive.rising_lately()
        ended.wait(SECONDS_BETWEEN_LOOKS)


def bound(address: Address) -> socket.socket:
    """Return a socket that listens; raise ServingError where it cannot."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            address.host.strip("[]"), address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # Of TCP by name: else asyncio lets the second part of an answer wait until the first is acknowledged, 40 ms.
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen(1_024)
    except socket.gaierror as e:
        told = f"No machine is known as {address.host} ({e.strerror}). Give --host an address of this one"
        raise ServingError(told) from e
    except OSError as e:
        raise ServingError(f"Cannot serve at {address.host}:{address.port} ({e.strerror}). {_next(address)}") from e
    listening.set_inheritable(True)
    return listening


def _next(address: Address) -> str:
    return f"Choose another port: search_cli.py serve --port {address.port + 1 if address.port < 65_535 else 0}"


# A connection that says nothing, or half a request, is kept so long; and so many are kept of one address.
HEAD_SECONDS, MOST_OF_ONE = 20.0, 50


class Impatient(H11Protocol):
    """Closes what would only wait: a thousand such connections keep everybody else out."""

    open_connections: ClassVar[Counter[str]] = Counter()

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._from = self.client[0] if self.client else ""
        self.open_connections[self._from] += 1
        self._waiting = self.loop.call_later(HEAD_SECONDS, self._end)
        if self.open_connections[self._from] > MOST_OF_ONE and not self._is_trusted():
            self._end()

    def _is_trusted(self) -> bool:
        # A proxy on this machine asks for everybody.
        try:
            return ip_address(self._from).is_loopback
        except ValueError:
            return True

    def _end(self) -> None:
        if self.conn.their_state is h11.IDLE:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._waiting.cancel()
        elif self._waiting.cancelled():
            self._waiting = self.loop.call_later(HEAD_SECONDS, self._end)

    def send_400_response(self, msg: str) -> None:
        """Say of what is no HTTP that it is none, with the headers that no answer is without."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):  # the answer has been sent
            self.transport.close()
            return
        headers = {**HEADERS, "Content-Type": "text/plain; charset=utf-8", "Connection": "close"}
        for event in (
            h11.Response(status_code=400, headers=list(headers.items()), reason="Bad Request"),
            h11.Data(data=msg.encode("ascii", "replace")),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._waiting.cancel()
        self.open_connections[self._from] -= 1
        if not self.open_connections[self._from]:
            del self.open_connections[self._from]
        super().connection_lost(exc)


def serve(settings: Settings, address: Address, listening: socket.socket, workers: int) -> None:
    """Answer until interrupted."""
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    settings.to_environment()
    config = uvicorn.Config(
        "search_web:factory",
        factory=True,
        workers=workers,
        # It bounds the length of what is asked before it is whole.
        http=Impatient,
        h11_max_incomplete_event_size=_HEADERS_AND_ADDRESS,
        ws="none",
        proxy_headers=bool(address.proxy),
        forwarded_allow_ips=address.proxy or "",
        server_header=False,
        access_log=False,
        log_level="error",
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=5,
    )
    if workers > 1:
        Multiprocess(config, sockets=[listening]).run()
    else:
        uvicorn.Server(config).run(sockets=[listening])
