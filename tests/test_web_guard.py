import doctest
import time
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import pytest
from argon2 import PasswordHasher
from limits import parse
from served import DOCUMENTS, HOST, archive_of, asking
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from web import asked, feeds, guard, turns
from web.archive import Archive
from web.guard import HEADERS, Protection, ProtectionError, guarded, rate_of

PASSWORD = "다람쥐 헌 쳇바퀴"
# As a password's is, and quick.
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return archive_of(tmp_path_factory.mktemp("data"), *DOCUMENTS)


@pytest.fixture(scope="module")
def client(archive: Archive) -> Iterator[TestClient]:
    with asking(archive) as client:
        yield client


def plain(request: Request) -> Response:
    return PlainTextResponse("나루")


def broken(request: Request) -> Response:
    raise RuntimeError("a mistake of ours")


def small(protection: Protection = guard.LOOPBACK_ONLY, **settings: object) -> TestClient:
    """Return who asks a server of two pages, one of which is broken."""
    answering = {"/": plain, "/broken": broken, "/suggest": plain, "/static/a.css": plain}
    app = guarded(Starlette(routes=[Route(path, answer) for path, answer in answering.items()]), protection)
    return TestClient(app, **{"base_url": f"http://{HOST}", "raise_server_exceptions": False} | settings)  # type: ignore[arg-type]  # of any kind


def basic(password: str, user: str = "naru") -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize(("module", "examples"), [(asked, 1), (feeds, 2), (guard, 2)])
def test_the_examples_in_the_source_are_true(module: ModuleType, examples: int) -> None:
    assert doctest.testmod(module) == (0, examples)


# --- Headers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/search?q=a", 200),
        ("/api/search?q=%22", 400),
        ("/api/nothing", 404),
        ("/static/nothing.css", 404),
        ("/robots.txt", 200),
        ("/opensearch.xml", 200),
    ],
)
def test_no_answer_is_without_its_headers(client: TestClient, address: str, status: int) -> None:
    response = client.get(address)
    assert (response.status_code, {name: response.headers.get(name) for name in HEADERS}) == (status, HEADERS)
    assert "private" in response.headers["cache-control"]
    assert "access-control-allow-origin" not in response.headers


def test_a_mistake_of_ours_has_its_headers_too() -> None:
    response = small().get("/broken")
    assert (response.status_code, {name: response.headers.get(name) for name in HEADERS}) == (500, HEADERS)
    assert "a mistake" not in response.text


@pytest.mark.parametrize("address", ["/?q=칩", "/api/search?q=칩", "/feed.atom?q=칩"])
def test_who_would_have_to_wait_too_long_is_told_so(
    client: TestClient, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "MOST_WAITING", 0)
    response = client.get(address)
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS
    assert response.headers["content-type"].startswith("application/problem+json" if "api" in address else "text/plain")
    assert [client.get(free).status_code for free in ("/static/style.css", "/suggest?q=칩")] == [200, 200]
    monkeypatch.setattr(turns, "MOST_WAITING", 1)
    assert client.get(address).status_code == 200


def test_no_page_may_load_or_run_what_is_not_ours() -> None:
    directives = dict(part.split(" ", 1) for part in guard.CONTENT_POLICY.split("; "))
    assert directives == {
        "default-src": "'none'",
        "style-src": "'self'",
        "script-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }


def test_search_engines_are_kept_out(client: TestClient) -> None:
    assert client.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"


# --- What may be asked --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT"])
def test_only_reading_is_answered(client: TestClient, method: str) -> None:
    response = client.request(method, "/api/search?q=a")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8025", 200),
        ("localhost.", 200),
        ("127.0.0.1:8025", 200),
        ("[::1]:8025", 200),
        ("192.0.2.7", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("evil.example:8025", 421),
        ("localhost:8025@evil.example", 421),
        ("localhost/evil", 421),
        ("", 421),
    ],
)
def test_a_name_that_was_made_to_mean_this_machine_is_refused(host: str, status: int) -> None:
    assert small().get("/", headers={"Host": host}).status_code == status


def test_a_name_that_was_allowed_is_answered() -> None:
    naru = small(Protection(hosts=("Naru.example",)))
    assert [naru.get("/", headers={"Host": host}).status_code for host in ("naru.example", "localhost")] == [200, 421]


def test_what_is_too_long_is_refused_before_it_is_read(client: TestClient) -> None:
    assert client.get("/api/search?q=" + "a" * 60_000).status_code == 414
    assert client.get("/api/search?" + "&".join(f"section={n}" for n in range(4_000))).status_code == 414
    assert client.get("/api/search?" + "&".join(["kind=entry"] * 1_000)).status_code == 200
    assert client.get("/api/search?q=a", headers={"X-Long": "a" * 40_000}).status_code == 431
    assert client.get("/api/search?q=a", headers={f"X-{n}": "a" for n in range(200)}).status_code == 431
    thousand_syllables = "/api/search?q=" + "%EA%B0%80" * 1_000
    assert client.get(thousand_syllables).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/..%2f..%2fsearch_web.py",
        "/static/../search_web.py",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/..%5c..%5csearch_web.py",
        "/static/",
    ],
)
def test_no_path_leads_out_of_the_files_for_all(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/static/a%00.css", "/api/document/a%00b", "/a%0d%0aSet-Cookie:%20a=b", "/%7f"])
def test_no_path_has_a_control_character(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, "set-cookie" in response.headers) == (404, False)


@pytest.mark.parametrize("address", ["/api/search", "/feed.atom", "/suggest", "/opensearch.xml", "/api/trends"])
def test_no_parameter_gets_into_a_header(client: TestClient, address: str) -> None:
    for name in ("q", "since", "lang", "x"):
        response = client.get(f"{address}?{name}=a%0d%0aSet-Cookie:%20naru=1%0d%0a%0d%0a<script>")
        assert "set-cookie" not in response.headers
        assert not any("naru=1" in value for value in response.headers.values())
        assert not response.headers["content-type"].startswith("text/html")


# --- How often ----------------------------------------------------------------------------------------------------


def test_who_asks_too_often_is_told_when_to_go_on() -> None:
    client = small(Protection(rate="3/minute"))
    assert [client.get("/").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = client.get("/")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert client.get("/suggest").status_code == 200


def test_clients_are_told_apart_and_a_network_of_ipv6_is_one() -> None:
    protection = Protection(rate="1/minute")
    inner = Starlette(routes=[Route("/", plain)])
    app = guarded(inner, protection)
    asked = ["192.0.2.1", "192.0.2.2", "192.0.2.1", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "::ffff:192.0.2.1"]
    statuses = [TestClient(app, base_url=f"http://{HOST}", client=(host, 1)).get("/").status_code for host in asked]
    assert statuses == [200, 200, 429, 200, 429, 200, 429]


def test_a_proxy_is_not_believed_unasked() -> None:
    client = small(Protection(rate="1/minute"))
    statuses = [client.get("/", headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code for n in (1, 2)]
    assert statuses == [200, 429]


def test_counting_many_clients_takes_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "MOST_CLIENTS", 10)
    counter = guard.Counter(parse("2/hour"))
    for number in range(1_000):
        assert counter.hit(f"192.0.2.{number}")
    assert len(counter._storage.events) <= 10
    assert [counter.hit("192.0.2.999") for _ in range(2)] == [True, False]


@pytest.mark.parametrize("rate", ["fast", "0/minute", "-1/minute", "120 minutes", "1/fortnight"])
def test_a_rate_that_is_none_is_named(rate: str) -> None:
    with pytest.raises(ProtectionError, match="write 120/minute"):
        rate_of(rate)


# --- The password -------------------------------------------------------------------------------------------------


def test_a_password_is_asked_for_and_any_user_name_will_do() -> None:
    client = small(Protection(HASH))
    refused = client.get("/")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (
        401,
        'Basic realm="factpl", charset="UTF-8"',
    )
    assert "나루" not in refused.text
    for user in ("naru", "", "관리자"):
        answered = client.get("/", headers=basic(PASSWORD, user))
        assert (answered.status_code, answered.headers["cache-control"]) == (200, "private, no-store")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic " + b64encode(b"no colon").decode(),
        "Basic " + b64encode(b"a:\xff\xfe").decode(),
        "Basic " + b64encode(b"a:").decode(),
        "Basic " + b64encode(b"a:" + b"b" * 2_000).decode(),
        "Basic " + "A" * 20_000,
        "Bearer naru",
        f"Digest {PASSWORD}".encode(),
    ],
)
def test_what_is_no_password_is_refused(header: str) -> None:
    assert small(Protection(HASH)).get("/", headers={"Authorization": header}).status_code == 401


def test_what_was_right_once_is_not_worked_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    worked_out: list[str] = []
    check = guard._Password.is_right
    monkeypatch.setattr(guard._Password, "is_right", lambda self, word: worked_out.append(word) or check(self, word))
    client = small(Protection(HASH))
    statuses = [client.get("/", headers=basic(PASSWORD)).status_code for _ in range(3)]
    assert (statuses, worked_out) == ([200, 200, 200], [PASSWORD])


def test_guessing_is_slowed_down_and_does_not_lock_out_who_knows() -> None:
    client = small(Protection(HASH))
    assert client.get("/", headers=basic(PASSWORD)).status_code == 200
    guesses = [client.get("/", headers=basic(f"guess {n}")).status_code for n in range(6)]
    assert guesses == [401] * 5 + [429]
    assert client.get("/", headers=basic(PASSWORD)).status_code == 200


def test_who_asks_for_many_things_at_once_with_the_right_password_gets_all_of_them() -> None:
    with small(Protection(HASH)) as client, ThreadPoolExecutor(12) as readers:
        answers = list(readers.map(lambda _: client.get("/", headers=basic(PASSWORD)).status_code, range(12)))
        wrong = client.get("/", headers=basic("guess")).status_code
    assert (answers, wrong) == ([200] * 12, 401)


def test_how_long_a_wrong_password_takes_says_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "WRONG_TRIES", "1000/minute")
    client = small(Protection(PasswordHasher(time_cost=1, memory_cost=2_048, parallelism=1).hash(PASSWORD)))

    def seconds(password: str) -> float:
        started = time.perf_counter()
        assert client.get("/", headers=basic(password)).status_code == 401
        return time.perf_counter() - started

    near, far = PASSWORD[:-1] + "x", "x" * len(PASSWORD)
    taken = [(seconds(near), seconds(far)) for _ in range(25)]
    # The shortest, in which no other program had a part.
    nearly, not_at_all = map(min, zip(*taken, strict=True))
    assert 0.5 < nearly / not_at_all < 2


def test_a_password_that_is_kept_badly_lets_nobody_in() -> None:
    assert small(Protection("no hash")).get("/", headers=basic("no hash")).status_code == 401


def test_the_hash_is_not_told_by_what_is_printed() -> None:
    assert HASH not in repr(Protection(HASH))


@pytest.mark.parametrize(
    ("protection", "address", "kept"),
    [
        (guard.LOOPBACK_ONLY, "/", "private, no-cache"),
        (guard.LOOPBACK_ONLY, "/static/a.css", "private, no-cache"),
        (guard.LOOPBACK_ONLY, "/static/a.css?v=1", "private, max-age=31536000, immutable"),
        (Protection(HASH), "/", "private, no-store"),
        (Protection(HASH), "/static/a.css?v=1", "private, max-age=31536000, immutable"),
    ],
)
def test_what_a_browser_may_keep_is_told(protection: Protection, address: str, kept: str) -> None:
    assert small(protection).get(address, headers=basic(PASSWORD)).headers["cache-control"] == kept
