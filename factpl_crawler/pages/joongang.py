"""중앙일보: articles of the three generations from 2015 on, under whichever of its hosts."""

import re
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from factpl_crawler.pages.article import ArticlePage


class JoongangPage(ArticlePage):
    """Class names differ by generation, and within one by year; none is tied to a host.

    Seen on live pages: the class names. Inferred: `truncated_css`, the ids of `sections`.
    """

    site_id = "joongang"
    # One by one: under joins.com other papers of the house number their own articles.
    domains: ClassVar[tuple[str, ...]] = (
        "www.joongang.co.kr",
        "news.joins.com",
        "mnews.joins.com",
        "article.joins.com",
        "joongang.joins.com",
    )
    scheme: ClassVar[str] = "https"
    title_suffixes: ClassVar[tuple[str, ...]] = (" | 중앙일보", " - 중앙일보")
    sections: ClassVar[dict[str, tuple[str, ...]]] = {
        "politics": ("정치",),
        "money": ("경제",),
        "industry": ("산업",),
        "society": ("사회",),
        "world": ("국제",),
        "culture": ("문화",),
        "tech": ("IT·과학", "테크", "과학"),
    }

    headline_css = ("h1.headline", "#article_title", ".article_head .headline")
    authors_css = (".byline a", ".ab_byline", ".article_body .byline", ".byline em")
    section_css = (".article_header .subhead a", ".article_head .subhead a")
    published_css = (
        'time[itemprop="datePublished"]::attr(datetime)',
        ".byline em:contains('입력')",
        ".time_bx .date:contains('입력')",
        ".article_head .date",
        ".date",
    )
    modified_css = (
        'time[itemprop="dateModified"]::attr(datetime)',
        ".byline em:contains('수정')",
        ".time_bx .date:contains('수정')",
    )
    body_css = ("#article_body",)
    floors: ClassVar[Mapping[str, float]] = {"date": 0.9, "section": 0.6, "body": 0.7}
    captions_css = ("p.caption", ".ab_photo .caption", ".ab_photo figcaption")
    dropped_css = (
        ".ad_wrap",
        ".ab_photo",
        ".ab_player",
        ".ab_byline",
        ".tag_vod",
        ".tag_sns",
        ".tag_wrap",
        ".reporter_info",
        ".article_foot",
        ".comment_box",
        "#ja_read_tracker",
    )
    keywords_css = (".tag_wrap .tag",)

    @classmethod
    def article_number(cls, url: str) -> str | None:
        parts = urlsplit(url)
        if match := re.fullmatch(r"/article/(\d+)/?", parts.path):
            return match[1]
        if parts.path.endswith("/article.asp"):
            query = {name.lower(): values for name, values in parse_qs(parts.query).items()}
            number = query.get("total_id", [""])[0]
            return number if number.isdigit() else None
        return None

    @classmethod
    def canonical(cls, url: str, number: str) -> str:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        return f"{cls.scheme}://www.{cls.domains[0].removeprefix('www.')}{port}/article/{number}"
