"""Links as written → links that may be kept."""

import base64
import logging

import pytest

from factpl_crawler.items import Link
from factpl_crawler.pages.blocks import Block
from factpl_crawler.pages.joongang import JoongangPage
from factpl_crawler.pages.links import resolve_links
from factpl_crawler.pages.sites import Sites

SITES = Sites([JoongangPage])
READER = base64.urlsafe_b64encode(b"77/88/9001/").decode().rstrip("=")


def click(target: str) -> str:
    return (
        f"https://event.stibee.com/v2/click/{READER}/{base64.urlsafe_b64encode(target.encode()).decode().rstrip('=')}"
    )


def resolved(*links: Link, text: str = "") -> Block:
    [block] = resolve_links([Block(text, list(links))], SITES)
    return block


def test_a_click_link_becomes_what_it_leads_to() -> None:
    [link] = resolved(Link(click("https://www.joongang.co.kr/article/7?utm_source=stibee"), "읽기")).links
    address = "https://www.joongang.co.kr/article/7"
    assert link == Link(address, "읽기", address, "a/joongang/7")


def test_a_click_link_that_unsubscribes_is_no_link() -> None:
    assert resolved(Link(click("https://stibee.com/api/v1.0/unsubscribe/abc"), "여기")).links == []


def test_a_short_line_speaks_for_its_link() -> None:
    assert resolved(Link("https://letter.example/u/8f3a", "여기"), text="수신거부는 여기").links == []


def test_a_headline_about_subscriptions_does_not_cost_an_article_its_link() -> None:
    link = Link("https://www.joongang.co.kr/article/7", "구독 취소")
    assert [kept.article_id for kept in resolved(link, text="구독 취소").links] == ["a/joongang/7"]


@pytest.mark.parametrize("url", ["mailto:a@n.example", "https://www.joongang.co.kr/plus", "javascript:void(0)"])
def test_what_leads_to_no_article_is_no_link(url: str) -> None:
    assert resolved(Link(url, "더 보기")).links == []


def test_an_address_in_the_text_is_kept_as_everybody_may_see_it() -> None:
    text = (
        f"본문 {click('https://n.example/a?email=me@home.example')} 끝 https://letter.example/unsubscribe?token=SECRET"
    )
    assert resolved(text=text).text == "본문 https://n.example/a 끝"


def test_what_is_set_aside_is_logged_without_the_reader(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        resolved(Link("https://letter.example/unsubscribe?email=me@home.example", "여기"))
    assert caplog.messages == ["Link set aside: letter.example (acts for the reader (unsubscribe, preferences))"]
