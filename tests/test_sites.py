"""Which links are followed: those to the publication's own sites, or any."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from crawling import scrapy
from small_site import ARTICLE, SmallSite, html, newsletter, send

from factpl_crawler.spiders.factpl import FactplSpider
from factpl_crawler.store import Store


@pytest.mark.parametrize(
    "url",
    [
        "https://www.joongang.co.kr/article/25202312",
        "https://joongang.co.kr/article/1",
        "http://news.joins.com./article/1",
        "https://JOONGANG.co.kr:8443/article/1",
    ],
)
def test_a_site_is_its_domain_and_all_below_it(url: str) -> None:
    assert FactplSpider.publication.stranger(url) is None


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://news.example/1", "news.example"),
        ("https://notjoongang.co.kr/article/1", "notjoongang.co.kr"),
        ("https://joongang.co.kr.example/article/1", "joongang.co.kr.example"),
        ("https://www.joongang.co.kr@news.example/1", "news.example"),
        ("https://co.kr/1", "co.kr"),
    ],
)
def test_what_only_looks_like_a_site_is_none(url: str, host: str) -> None:
    reason = f"{host} is not one of factpl's sites; --follow-any follows it"
    assert FactplSpider.publication.stranger(url) == reason


def fetches(data: Path) -> dict[str, tuple[Any, ...]]:
    with sqlite3.connect(data / "archive.sqlite3") as connection:
        rows = connection.execute(
            "SELECT url, outcome, status, reason, attempts, due FROM fetches WHERE kind = 'article'"
        )
        return {url: tuple(rest) for url, *rest in rows}


def crawl(site: SmallSite, data: Path, *arguments: str, day: int = 19) -> str:
    archive = f"archive={site.url('www.naruilbo.localhost', '/newsletter/narutech')}"
    run = scrapy(data, "crawl", "narutech", "-a", archive, *arguments, now=f"2024-07-{day}T03:17:00+09:00")
    assert run.returncode == 0, run.stderr
    return run.stderr


def test_a_link_elsewhere_is_kept_and_not_followed_until_any_is(tmp_path: Path) -> None:
    with SmallSite({"/p/1": html(ARTICLE), "/article/2": html(ARTICLE.replace("제목", "다른 제목"))}) as site:
        here, there = site.url("www.naruilbo.localhost", "/article/2"), site.url("blog.localhost", "/p/1")
        site.pages |= newsletter(there, here)
        said = crawl(site, tmp_path)
        reason = "blog.localhost is not one of narutech's sites; --follow-any follows it"
        assert fetches(tmp_path)[there] == ("skipped", None, reason, 0, None)
        assert "note: articles on other sites, linked and not fetched; --follow-any fetches them: 1" in said
        with Store.open(tmp_path / "archive.sqlite3") as store:
            document = store.document("narutech/99#1")
            assert document is not None
            assert [link.url for link in document.links] == [there, here]
            assert store.counts()["pending"] == 0

        assert "linked and not fetched" not in crawl(site, tmp_path, day=20)
        assert site.asked_for("blog.localhost") == []

        crawl(site, tmp_path, "-a", "follow_any=1", day=21)
        assert site.asked_for("blog.localhost") == ["GET blog.localhost/p/1"]
        assert fetches(tmp_path)[there][:3] == ("ok", 200, None)

        # It is looked at for corrections only by who follows any link.
        crawl(site, tmp_path, day=22)
        assert len(site.asked_for("blog.localhost")) == 1
        crawl(site, tmp_path, "-a", "follow_any=1", day=23)
        with Store.open(tmp_path / "archive.sqlite3") as store:
            assert store.counts()["articles"] == 2


def test_a_redirect_to_another_site_is_not_followed_until_any_is(tmp_path: Path) -> None:
    with SmallSite({"/p/1": html(ARTICLE)}) as site:
        here, there = site.url("www.naruilbo.localhost", "/article/1"), site.url("blog.localhost", "/p/1")
        site.pages |= newsletter(here) | {"/article/1": send(b"", 302, Location=there)}
        crawl(site, tmp_path)
        reason = "blog.localhost is not one of narutech's sites; --follow-any follows it"
        assert fetches(tmp_path) == {here: ("skipped", 302, reason, 0, None)}
        crawl(site, tmp_path, day=20)
        assert site.asked_for("/article/1") == ["GET www.naruilbo.localhost/article/1"]
        assert site.asked_for("blog.localhost") == []
        crawl(site, tmp_path, "-a", "follow_any=1", day=21)
        assert site.asked_for("blog.localhost") == ["GET blog.localhost/p/1"]
        assert fetches(tmp_path)[here][:3] == ("ok", 200, None)


def test_what_another_publication_left_alone_is_fetched_by_the_one_whose_site_it_is(tmp_path: Path) -> None:
    with SmallSite({"/p/1": html(ARTICLE)}) as site:
        there = site.url("news.hanjul.localhost", "/p/1")
        site.pages |= newsletter(there)
        crawl(site, tmp_path)
        letter = tmp_path / "letter.html"
        letter.write_text(
            f'<p>2024.03.15</p><p>[오늘의 한 줄]</p><p>제목</p><p><a href="{there}">글</a></p>', encoding="utf-8"
        )
        arguments = ("-a", f"path={letter}", "-a", "publication=hanjul", "-a", "follow=1")
        assert scrapy(tmp_path, "crawl", "mailbox", *arguments).returncode == 0
        assert fetches(tmp_path)[there][:3] == ("ok", 200, None)


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ((), []),
        (("-a", "follow=1"), ["GET www.naruilbo.localhost/article/2"]),
        (("-a", "follow_any=1"), ["GET blog.localhost/p/1", "GET www.naruilbo.localhost/article/2"]),
        (("-a", "follow_any=0"), []),
    ],
)
def test_links_of_mail_are_followed_as_far_as_was_asked(
    tmp_path: Path, arguments: tuple[str, ...], asked: list[str]
) -> None:
    with SmallSite({"/p/1": html(ARTICLE), "/article/2": html(ARTICLE)}) as site:
        links = [site.url("blog.localhost", "/p/1"), site.url("www.naruilbo.localhost", "/article/2")]
        letter = tmp_path / "letter.html"
        entry = "".join(f'<p><a href="{link}">글</a></p>' for link in links)
        letter.write_text(f"<p>2024.03.14 #99</p><p>나루 인터뷰</p><p>제목</p>{entry}", encoding="utf-8")
        run = scrapy(tmp_path, "crawl", "mailbox", "-a", f"path={letter}", "-a", "publication=narutech", *arguments)
        assert (run.returncode, sorted(site.asked_for())) == (0, asked), run.stderr
