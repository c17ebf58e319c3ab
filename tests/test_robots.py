"""robots.txt that answers, that is missing, and that cannot be had."""

import asyncio
from types import SimpleNamespace

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response, TextResponse
from scrapy.utils.test import get_crawler

from factpl_crawler.robots import RobotsMiddleware, RobotsUnreachableError

FORBIDS_ALL = b"User-agent: *\nDisallow: /"


def ask(answer: Response | Exception, url: str = "https://n.example/article/1") -> None:
    """Pass a request for *url* through the middleware, on a site that answers for robots.txt with *answer*."""

    async def download(_: Request) -> Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    crawler = get_crawler(settings_dict={"ROBOTSTXT_OBEY": True})
    crawler.engine = SimpleNamespace(download_async=download)  # type: ignore[assignment]  # all it needs of one
    asyncio.run(RobotsMiddleware(crawler).process_request(Request(url)))


def test_every_request_that_waits_for_robots_txt_gets_its_answer() -> None:
    async def download(_: Request) -> Response:
        await asyncio.sleep(0.01)
        return answer(200, FORBIDS_ALL)

    async def ask_all() -> list[BaseException | None]:
        crawler = get_crawler(settings_dict={"ROBOTSTXT_OBEY": True})
        crawler.engine = SimpleNamespace(download_async=download)  # type: ignore[assignment]  # all it needs of one
        middleware = RobotsMiddleware(crawler)
        requests = [Request(f"https://n.example/article/{number}") for number in range(5)]
        return await asyncio.gather(*map(middleware.process_request, requests), return_exceptions=True)

    assert [str(outcome) for outcome in asyncio.run(ask_all())] == ["Forbidden by robots.txt"] * 5


def answer(status: int, body: bytes) -> Response:
    return TextResponse("https://n.example/robots.txt", status=status, body=body)


def test_what_robots_txt_forbids_is_not_asked_for() -> None:
    with pytest.raises(IgnoreRequest, match=r"Forbidden by robots\.txt"):
        ask(answer(200, FORBIDS_ALL))


def test_what_it_does_not_forbid_is_asked_for() -> None:
    ask(answer(200, b"User-agent: *\nDisallow: /private"))


@pytest.mark.parametrize("status", [404, 410, 403])
def test_a_site_without_robots_txt_forbids_nothing(status: int) -> None:
    ask(answer(status, FORBIDS_ALL))


@pytest.mark.parametrize("failure", [answer(503, b""), answer(500, b"User-agent: *\nAllow: /"), TimeoutError("slow")])
def test_a_site_whose_robots_txt_cannot_be_had_is_not_asked_now(failure: Response | Exception) -> None:
    with pytest.raises(RobotsUnreachableError, match=r"its robots\.txt could not be had: (HTTP 50[03]|slow)"):
        ask(failure)


def test_the_request_for_robots_txt_itself_passes() -> None:
    request = Request("https://n.example/robots.txt", meta={"dont_obey_robotstxt": True})
    asyncio.run(RobotsMiddleware(get_crawler(settings_dict={"ROBOTSTXT_OBEY": True})).process_request(request))


def test_the_crawl_delay_goes_with_the_request() -> None:
    async def download(_: Request) -> Response:
        return answer(200, b"User-agent: factpl\nCrawl-delay: 7\n")

    crawler = get_crawler(settings_dict={"ROBOTSTXT_OBEY": True, "ROBOTSTXT_USER_AGENT": "factpl"})
    crawler.engine = SimpleNamespace(download_async=download)  # type: ignore[assignment]  # all it needs of one
    request = Request("https://n.example/article/1")
    asyncio.run(RobotsMiddleware(crawler).process_request(request))
    assert request.meta["crawl_delay"] == 7
