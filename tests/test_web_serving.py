"""The server as it is started, asked over sockets."""

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
import uvicorn
from served import DOCUMENTS, archive_of
from starlette.testclient import TestClient

from factpl_crawler.store import Store
from index.build import build
from index.search import Filters, Results
from search_web import app
from web import archive as archive_room
from web import rendering, turns
from web import serving as serving_room
from web.archive import Archive
from web.asked import Asked
from web.guard import HEADERS, Protection
from web.serving import HASH_FILE, Address, ServingError, Settings, read_password_hash, settings

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    archive_of(folder, *DOCUMENTS)
    return folder


def command(data: Path, *arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "search_cli.py"), "--data", str(data), "serve", *arguments]


def ended(data: Path, *arguments: str, typed: str = "") -> tuple[int, str, str]:
    run = subprocess.run(
        command(data, *arguments), input=typed, capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    return run.returncode, run.stdout, run.stderr


@contextmanager
def serving(data: Path, *arguments: str, end: signal.Signals = signal.SIGTERM) -> Iterator[str]:
    """Yield the address of a server that is ended by *end*, and has nothing to say at it."""
    process = subprocess.Popen(
        command(data, "--port", "0", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=data,
        start_new_session=True,
    )
    assert process.stdout
    assert process.stderr
    try:
        yield process.stdout.readline().strip()
        process.send_signal(end)
        assert process.wait(timeout=20) in (0, 130, -end)
        assert process.stderr.read() == ""
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdout.close()
        process.stderr.close()


def get(address: str, **headers: str) -> tuple[int, str]:
    try:
        with urlopen(Request(address, headers=headers), timeout=30) as response:
            return response.status, response.read().decode()
    except HTTPError as e:
        with e:
            return e.code, e.read().decode()


def raw(address: str, request: bytes) -> bytes:
    place = urlsplit(address)
    with closing(socket.create_connection((place.hostname, place.port), timeout=30)) as connection:
        with suppress(OSError):  # it may have heard enough
            connection.sendall(request)
        try:
            return connection.recv(65_536)
        except ConnectionResetError:
            return b""


@pytest.mark.parametrize(("workers", "end"), [("1", signal.SIGINT), ("2", signal.SIGINT), ("2", signal.SIGTERM)])
def test_the_printed_address_answers_until_interrupted(data: Path, workers: str, end: signal.Signals) -> None:
    with serving(data, "--workers", workers, end=end) as address:
        status, text = get(f"{address}api/search?q=a")
        assert (status, '"total"' in text) == (200, True)
    with pytest.raises(OSError, match="refused"):
        raw(address, b"GET / HTTP/1.1\r\n\r\n")


def test_what_is_too_long_or_malformed_does_not_stop_it(data: Path) -> None:
    with serving(data, "--workers", "1") as address:
        for request in (
            b"GET /?q=" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: b\r\n" * 100_000 + b"\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 1_000_000,
            b"\x00\xff" * 1_000 + b"\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b"GET /\r\nSet-Cookie: a=b HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        ):
            status = raw(address, request)[:12]
            assert status == b"" or status[9:10] == b"4", request[:80]
        assert get(f"{address}api/search?q=a")[0] == 200


def test_slow_readers_hold_up_nobody(data: Path) -> None:
    with serving(data, "--workers", "1") as address:
        place = urlsplit(address)
        slow = [socket.create_connection((place.hostname, place.port)) for _ in range(50)]
        try:
            for number, connection in enumerate(slow):
                whole = b"GET /api/search?limit=100 HTTP/1.1\r\nHost: localhost\r\n\r\n"
                # Some never come to an end, and some never read the answer.
                connection.sendall(whole[: 40 if number % 2 else None])
            started = time.monotonic()
            assert get(f"{address}api/search?q=a")[0] == 200
            assert time.monotonic() - started < 5
        finally:
            for connection in slow:
                connection.close()


def test_a_port_that_is_taken_is_an_error_that_names_another(data: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        code, printed, told = ended(data, "--port", str(port))
    assert (code, printed) == (2, "")
    assert told == (
        f"Error: Cannot serve at 127.0.0.1:{port} (Address already in use). "
        f"Choose another port: search_cli.py --data {data} serve --port {port + 1}\n"
    )


def test_without_an_archive_or_an_index_the_next_step_is_named(tmp_path: Path, data: Path) -> None:
    none = tmp_path / "none"
    code, _, told = ended(none)
    to_do = f"Run: ./nightly, or: search_cli.py --data {none} import FILE.jsonl"
    assert (code, told) == (2, f"Error: No archive at {none}/archive.sqlite3. {to_do}\n")
    (tmp_path / "archive.sqlite3").write_bytes((data / "archive.sqlite3").read_bytes())
    assert ended(tmp_path)[::2] == (
        2,
        f"Error: No index at {tmp_path}/index. Run: search_cli.py --data {tmp_path} index\n",
    )


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_nothing_is_shown_beyond_this_machine_without_a_password(data: Path, host: str) -> None:
    code, printed, told = ended(data, "--host", host)
    assert (code, printed) == (2, "")
    assert told.startswith(f"Error: Whoever reaches {host} could read the archive, which is a private copy.")
    assert "--set-password" in told
    assert "--no-password" in told


def test_a_rate_that_is_none_is_an_error(data: Path) -> None:
    assert ended(data, "--rate", "often") == (
        2,
        "",
        "Error: 'often' is no rate: write 120/minute, 10/second, or none\n",
    )


def test_a_password_is_kept_as_a_hash_for_its_owner_alone_and_asked_for(data: Path, tmp_path: Path) -> None:
    for name in ("archive.sqlite3", "index"):
        (tmp_path / name).symlink_to(data / name)
    assert ended(tmp_path, "--set-password", typed="short\n")[0] == 2
    code, printed, told = ended(tmp_path, "--set-password", typed="다람쥐 헌 쳇바퀴\n")
    kept = tmp_path / HASH_FILE
    assert (code, printed, told) == (0, f"The hash of the password is kept in {kept}\n", "")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert read_password_hash(tmp_path).startswith("$argon2id$")
    with serving(tmp_path, "--workers", "1", "--host", "0.0.0.0") as address:
        assert get(f"{address}api/search?q=a")[0] == 401
        right = b64encode("naru:다람쥐 헌 쳇바퀴".encode()).decode()
        assert get(f"{address}api/search?q=a", Authorization=f"Basic {right}")[0] == 200


def test_beyond_this_machine_there_is_a_limit(data: Path) -> None:
    with serving(data, "--workers", "1", "--host", "0.0.0.0", "--no-password", "--rate", "3/minute") as address:
        assert [get(f"{address}api/search?q=a")[0] for _ in range(4)] == [200, 200, 200, 429]


def test_settings_reach_the_workers_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTPL_WEB", "")
    settings = Settings(tmp_path / "index", tmp_path / "a.sqlite3", Protection("hash", ("a.example",), "1/second"))
    settings.to_environment()
    assert Settings.from_environment() == settings


@pytest.mark.parametrize(
    ("host", "is_loopback", "url"),
    [
        ("127.0.0.1", True, "http://127.0.0.1:80/"),
        ("localhost", True, "http://localhost:80/"),
        ("::1", True, "http://[::1]:80/"),
        ("0.0.0.0", False, "http://127.0.0.1:80/"),
        ("::", False, "http://[::1]:80/"),
        ("naru.example", False, "http://naru.example:80/"),
    ],
)
def test_an_address_is_told_from_loopback(host: str, is_loopback: bool, url: str) -> None:
    address = Address(host, 80)
    assert (address.is_loopback, address.url(80)) == (is_loopback, url)


def test_the_words_of_the_first_page_are_found_before_anybody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = archive_of(tmp_path, *DOCUMENTS)
    found: list[Filters] = []
    monkeypatch.setattr(serving_room, "SECONDS_BETWEEN_LOOKS", 0.02)
    monkeypatch.setattr(archive_room, "rising_words", lambda filters, **_: found.append(filters) or [])
    with TestClient(app(archive), base_url="http://localhost") as client:
        until(lambda: len(found) == 1)
        assert client.get("/").status_code == 200
        with Store.open(archive.store_path, create=False) as store:
            build(store, archive.index_dir, rebuild=True)
        until(lambda: len(found) == 2)
        assert client.get("/").status_code == 200
    assert len(found) == 2


def test_the_templates_are_compiled_before_anybody_asks(data: Path) -> None:
    names = {"search.html", "article.html", "home.html"}
    for environment in rendering._ENVIRONMENTS.values():
        assert environment.cache is not None
        environment.cache.clear()
    with TestClient(app(Archive(data / "index", data / "archive.sqlite3"))):
        for environment in rendering._ENVIRONMENTS.values():
            until(lambda known=environment.cache: names <= {name for _, name in known})


def test_no_answer_waits_for_one_that_is_being_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = archive_of(tmp_path, *DOCUMENTS)
    search, begun, go_on = archive.search, [], threading.Event()

    def slow_search(asked: Asked, **options: Any) -> Results:
        if asked.q:  # and not what a worker looks for as it starts
            begun.append(asked.q)
            assert asked.q == "번역" or go_on.wait(20)
        return search(asked, **options)

    with TestClient(app(archive), base_url="http://localhost") as client:
        monkeypatch.setattr(archive, "search", slow_search)
        assert client.get("/?q=번역").status_code == 200
        first, second = (threading.Thread(target=client.get, args=(f"/?q={word}",)) for word in ("칩", "그로크"))
        first.start()
        until(lambda: begun == ["번역", "칩"])
        second.start()
        for address in ("/?q=번역", "/suggest?q=그", "/static/style.css", "/robots.txt"):
            assert client.get(address).status_code == 200
        assert begun == ["번역", "칩"]
        go_on.set()
        for thread in (first, second):
            thread.join(timeout=20)
    assert begun == ["번역", "칩", "그로크"]


def test_a_worker_that_others_wait_for_lets_go_of_who_has_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = archive_of(tmp_path, *DOCUMENTS)
    search, begun, go_on = archive.search, [], threading.Event()

    def slow_search(asked: Asked, **options: Any) -> Results:
        if asked.q:
            begun.append(asked.q)
            assert go_on.wait(20)
        return search(asked, **options)

    let_go: dict[str, bool] = {}
    with TestClient(app(archive), base_url="http://localhost") as client:
        monkeypatch.setattr(archive, "search", slow_search)

        def ask(word: str) -> None:
            let_go[word] = client.get(f"/?q={word}").headers.get("connection") == "close"

        waiting = [threading.Thread(target=ask, args=(word,)) for word in ("칩", "번역", "그로크")]
        waiting[0].start()
        until(lambda: begun == ["칩"])
        for thread in waiting[1:]:
            thread.start()
        until(lambda: waiting_for_a_turn(client) == 2)
        go_on.set()
        for thread in waiting:
            thread.join(timeout=20)
    assert (let_go["칩"], sorted(let_go.values())) == (True, [False, False, True])


def waiting_for_a_turn(client: TestClient) -> int:
    async def counted() -> int:
        return turns._turn.get().statistics().tasks_waiting

    assert client.portal is not None
    return client.portal.call(counted)


@contextmanager
def listening_server(data: Path) -> "Iterator[tuple[str, int]]":
    config = uvicorn.Config(app(Archive(data / "index", data / "archive.sqlite3")), http=serving_room.Impatient)
    server = uvicorn.Server(config)
    with closing(serving_room.bound(Address("127.0.0.1", 0))) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            until(lambda: server.started)
            yield listening.getsockname()
        finally:
            server.should_exit = True
            thread.join(timeout=20)
    assert not thread.is_alive()


def test_no_part_of_an_answer_waits_for_another_to_be_acknowledged(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once: list[int] = []
    made = serving_room.Impatient.connection_made

    def watched(self: serving_room.Impatient, transport: Any) -> None:
        made(self, transport)
        at_once.append(transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    monkeypatch.setattr(serving_room.Impatient, "connection_made", watched)
    with listening_server(data) as place, closing(socket.create_connection(place, timeout=20)) as asking:
        asking.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        assert asking.makefile("rb").read().startswith(b"HTTP/1.1 200 ")
    assert [bool(one) for one in at_once] == [True]


def test_what_was_asked_by_who_has_left_is_not_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = [], threading.Event()
    search = archive_room.search

    def slow_search(text: str, **options: Any) -> Results:
        if text:
            begun.append(text)
            assert go_on.wait(20)
        return search(text, **options)

    archive_of(tmp_path, *DOCUMENTS).close()
    with listening_server(tmp_path) as place:
        monkeypatch.setattr(archive_room, "search", slow_search)
        asking = [socket.create_connection(place, timeout=20) for _ in range(3)]
        for number, one in enumerate(asking):
            one.sendall(f"GET /?q=go{number} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            until(lambda: begun == ["go0"])
        asking[1].close()
        until(lambda: serving_room.Impatient.open_connections["127.0.0.1"] == 2)
        go_on.set()
        for one in (asking[0], asking[2]):
            with closing(one), one.makefile("rb") as answer:
                assert answer.read().startswith(b"HTTP/1.1 200 ")
    assert begun == ["go0", "go2"]


def test_nonsense_after_an_answer_only_ends_the_connection(data: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with listening_server(data) as place, closing(socket.create_connection(place, timeout=20)) as asking:
        head = b"GET /robots.txt HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        asking.sendall(head)
        assert asking.recv(10_000).startswith(b"HTTP/1.1 200 ")
        asking.sendall(b"ZZ\r\n")
        while asking.recv(10_000):
            pass
    assert "Traceback" not in capfd.readouterr().err


def test_what_is_no_http_is_refused_with_the_headers_of_every_answer(data: Path) -> None:
    with listening_server(data) as place, closing(socket.create_connection(place, timeout=20)) as asking:
        asking.sendall(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
        answer = asking.makefile("rb").read().decode()
    assert answer.startswith("HTTP/1.1 400 Bad Request\r\n")
    head = answer.lower().partition("\r\n\r\n")[0].splitlines()
    assert {f"{name}: {value}".lower() for name, value in HEADERS.items()} <= set(head)


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_who_only_waits_is_sent_away_and_one_address_has_so_many_connections(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_room, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(serving_room, "MOST_OF_ONE", 3)
    monkeypatch.setattr(serving_room.Impatient, "_is_trusted", lambda self: False)
    with listening_server(data) as place:
        silent, half, third, fourth = (socket.create_connection(place, timeout=20) for _ in range(4))
        assert fourth.recv(1) == b""
        half.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: ")
        third.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        assert third.makefile("rb").read().startswith(b"HTTP/1.1 200 ")
        assert (silent.recv(1), half.recv(1)) == (b"", b"")
        for one in (silent, half, third, fourth):
            one.close()
        until(lambda: not serving_room.Impatient.open_connections)


@pytest.mark.parametrize("kept", ["", "\n", "secret\n", "$2b$12$abc\n"])
def test_a_file_that_holds_no_hash_lets_nobody_in(data: Path, tmp_path: Path, kept: str) -> None:
    (tmp_path / HASH_FILE).write_text(kept)
    with pytest.raises(ServingError, match="serve --set-password"):
        read_password_hash(tmp_path)


@pytest.mark.parametrize("name", ["archive.example:8025", "http://archive.example", "*", ""])
def test_a_name_that_could_never_be_asked_by_is_refused(data: Path, name: str) -> None:
    with pytest.raises(ServingError, match="is no name of a machine"):
        settings(data, Address("127.0.0.1", 0), hosts=[name])
