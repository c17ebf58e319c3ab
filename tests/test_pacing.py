"""How fast a site is asked, and how much of it in one night."""

import asyncio
from copy import deepcopy
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest
from scrapy import Request
from scrapy.http import Response

from factpl_crawler import pacing
from factpl_crawler.pacing import Paces, PacingMiddleware, PostponedError, retry_after
from factpl_crawler.text import KST

NIGHT = datetime(2026, 11, 1, 3, 17, tzinfo=KST)


class Clock:
    """Time that passes only where somebody waits for it."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += max(0.0, seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pacing, "monotonic", clock.monotonic)
    monkeypatch.setattr(pacing.asyncio, "sleep", clock.sleep)
    monkeypatch.setenv("FACTPL_NOW", NIGHT.isoformat())
    return clock


def ask(middleware: PacingMiddleware, url: str = "https://n.example/1", delay: float | None = None) -> None:
    asyncio.run(middleware.process_request(Request(url, meta={"crawl_delay": delay})))


def answer(middleware: PacingMiddleware, status: int, **headers: str) -> None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    middleware.process_response(Request("https://n.example/1"), Response("https://n.example/1", status, named))


def test_the_crawl_delay_of_a_site_lies_between_any_two_requests_to_it(clock: Clock) -> None:
    middleware = PacingMiddleware(Paces(), 10, 60)
    times = []
    for url in ("https://n.example/1", "https://n.example/2", "https://other.example/1", "https://n.example/3"):
        ask(middleware, url, delay=10 if "n.example" in url else None)
        times.append(clock.seconds - 1000)
    assert times == [0, 10, 10, 20]


def test_a_night_asks_a_site_for_so_many_pages_whichever_crawl_asks(clock: Clock) -> None:
    paces = Paces()
    ask(PacingMiddleware(paces, 2, 60))
    other = PacingMiddleware(deepcopy(paces), 2, 60)
    ask(other)
    with pytest.raises(PostponedError, match="the site's 2 pages of tonight are spent"):
        ask(other)
    ask(other, "https://other.example/1")


def test_a_night_asks_a_site_for_so_many_minutes(clock: Clock) -> None:
    middleware = PacingMiddleware(Paces(), 10, 1.5)
    ask(middleware)
    clock.seconds += 91
    with pytest.raises(PostponedError, match=r"the site's 1\.5 minutes of tonight are spent"):
        ask(middleware)


def test_robots_txt_counts_for_nothing(clock: Clock) -> None:
    middleware = PacingMiddleware(Paces(), 1, 60)
    request = Request("https://n.example/robots.txt", meta={"dont_obey_robotstxt": True})
    asyncio.run(middleware.process_request(request))
    ask(middleware)


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (503, {"Retry_After": "7"}, 7),
        (429, {"Retry_After": format_datetime(NIGHT + timedelta(seconds=40))}, 40),
        (429, {}, pacing.PAUSE),
        (503, {"Retry_After": "soon"}, pacing.PAUSE),
        (503, {"Retry_After": format_datetime(NIGHT - timedelta(days=1))}, 0),
        (500, {"Retry_After": "7"}, 0),
        (200, {}, 0),
    ],
)
def test_a_busy_site_is_left_alone_as_long_as_it_asks(
    clock: Clock, status: int, headers: dict[str, str], seconds: float
) -> None:
    middleware = PacingMiddleware(Paces(), 10, 60)
    answer(middleware, status, **headers)
    ask(middleware)
    assert clock.seconds - 1000 == seconds
    ask(middleware, "https://other.example/1")
    assert clock.seconds - 1000 == seconds


def test_what_would_have_to_wait_for_long_waits_for_another_night(clock: Clock) -> None:
    middleware = PacingMiddleware(Paces(), 10, 60)
    answer(middleware, 429, Retry_After="3600")
    with pytest.raises(PostponedError, match="the site asked to be left alone for 3600 s"):
        ask(middleware)


def test_when_to_come_again_is_a_time_in_korea() -> None:
    later = Response("https://n.example/1", 503, {"Retry-After": "Sun, 01 Nov 2026 20:00:00 GMT"})
    assert retry_after(later) == datetime(2026, 11, 2, 5, 0, tzinfo=KST)
    assert retry_after(Response("https://n.example/1", 200, {"Retry-After": "7"})) is None
    assert str(retry_after(Response("https://n.example/1", 503, {"Retry-After": "9" * 40})))[:4] == "2030"
    assert retry_after(Response("https://n.example/1", 503, {"Retry-After": "9" * 5000})) is None
