"""Articles: identity, what the standards say, what a site's rules find. Whole pages are in the demo site."""

import json

import pytest
from scrapy.http import HtmlResponse, JsonResponse, Response, XmlResponse

from factpl_crawler.items import RawDate
from factpl_crawler.pages import PageError, text_of
from factpl_crawler.pages.article import ArticlePage
from factpl_crawler.pages.joongang import JoongangPage
from factpl_crawler.pages.sites import Identity, Sites

SITES = Sites([JoongangPage])
SENTENCE = "바다 위에 떠 있는 데이터센터가 파도로 전기를 만들고 찬 물로 열을 식힌다고 회사는 설명했다. "


def page(
    html: str, url: str = "https://www.joongang.co.kr/article/7", site: type[ArticlePage] = JoongangPage
) -> ArticlePage:
    return site(HtmlResponse(url, body=html.encode(), encoding="utf-8"))


def json_ld(**fields: object) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", **fields})}</script>'


@pytest.mark.parametrize(
    "url",
    [
        "https://www.joongang.co.kr/article/25202312",
        "http://www.joongang.co.kr/article/25202312#home",
        "https://www.joongang.co.kr/article/25202312?cloc=joongang|home|newslist1",
        "https://www.joongang.co.kr/article/25202312/?utm_source=factpl",
        "https://news.joins.com/article/25202312",
        "https://mnews.joins.com/article/25202312",
        "https://joongang.joins.com/article/25202312",
        "http://article.joins.com/news/article/article.asp?total_id=25202312&cloc=x",
        "http://article.joins.com/news/article/article.asp?Total_ID=25202312",
    ],
)
def test_every_address_of_an_article_is_one_article(url: str) -> None:
    expected = Identity("a/joongang/25202312", "https://www.joongang.co.kr/article/25202312", True, numbered=True)
    assert SITES.identify(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "https://www.joongang.co.kr/article/olink/25202312",
        "https://www.joongang.co.kr/plus",
        "https://news.joins.com/article/article.asp?total_id=7%27",
    ],
)
def test_an_address_of_a_known_site_that_is_no_article_is_not_followed(url: str) -> None:
    assert not SITES.identify(url).follow


@pytest.mark.parametrize(
    "url",
    [
        "https://koreajoongangdaily.joins.com/article/7",
        "https://news.jtbc.joins.com/article/7",
        "https://isplus.joins.com/article/7",
    ],
)
def test_another_paper_of_the_house_is_a_site_of_its_own(url: str) -> None:
    identity = SITES.identify(url)
    assert (SITES.page_class(url), identity.canonical_url, identity.follow) == (ArticlePage, url, True)


@pytest.mark.parametrize("url", ["https://blog.example.kr", "https://blog.example.kr/?utm_source=mail#top"])
def test_a_home_page_is_no_article(url: str) -> None:
    assert not SITES.identify(url).follow
    with pytest.raises(PageError, match="home page"):
        read(BODY, url)


def test_an_article_may_be_named_by_a_query_alone() -> None:
    assert SITES.identify("https://blog.example.kr/?p=12").follow


def test_an_article_of_an_unknown_site_is_known_by_its_canonical_address() -> None:
    one = SITES.identify("https://Blog.example.kr:443/post?b=2&a=1&utm_medium=mail#c")
    assert one.canonical_url == "https://blog.example.kr/post?a=1&b=2"
    assert one == SITES.identify("https://blog.example.kr/post?a=1&b=2")
    assert one.id.startswith("a/")
    assert len(one.id) == len("a/") + 16


def test_a_host_that_only_ends_like_a_known_one_is_not_it() -> None:
    assert SITES.page_class("https://notjoongang.co.kr/article/1") is ArticlePage


def read(html: str, url: str) -> tuple[str, str]:
    article = SITES.read(HtmlResponse(url, body=html.encode(), encoding="utf-8"))
    return article.id, article.url


BODY = json_ld(headline="제목", articleBody="본문")


def test_what_a_page_declares_of_its_address_is_believed_on_its_own_host() -> None:
    html = f'<link rel="canonical" href="https://blog.example.kr/p/1">{BODY}'
    assert read(html, "https://blog.example.kr/p/1?page=2")[1] == "https://blog.example.kr/p/1"


@pytest.mark.parametrize(
    "declared", ["https://www.joongang.co.kr/article/1", "https://other.example/p", "/", "http://["]
)
def test_a_page_cannot_take_another_pages_place(declared: str) -> None:
    html = f'<link rel="canonical" href="{declared}">{BODY}'
    assert read(html, "https://blog.example.kr/p/2")[1] == "https://blog.example.kr/p/2"


def test_standards_come_before_selectors() -> None:
    found = page(
        json_ld(
            headline="제이슨", datePublished="2024-03-14T05:00:00+09:00", author={"@type": "Person", "name": "남가람"}
        )
        + '<meta property="og:title" content="오픈그래프 | 중앙일보"><h1 class="headline">셀렉터</h1>'
        + '<meta property="article:published_time" content="2024-03-14T06:00:00+09:00">'
    )
    assert (found.headline, found.authors) == ("제이슨", ["남가람"])
    assert found.published == [
        RawDate("2024-03-14T05:00:00+09:00", "json-ld"),
        RawDate("2024-03-14T06:00:00+09:00", "meta"),
    ]
    without_json = page('<meta property="og:title" content="오픈그래프 | 중앙일보"><h1 class="headline">셀렉터</h1>')
    assert without_json.headline == "오픈그래프"


@pytest.mark.parametrize(
    "broken",
    ['{"@type": "NewsArticle", ', "[" * 100_000, '{"@type": [{"a": 1}]}', '{"@type": {"a": 1}}', '["글"]', "7"],
    ids=["cut", "deep", "list", "object", "text", "figure"],
)
def test_broken_json_ld_does_no_harm(broken: str) -> None:
    html = f'<script type="application/ld+json">{broken}</script><h1 class="headline">제목</h1>'
    assert page(html).headline == "제목"


def test_keywords_may_be_defined_terms() -> None:
    keywords = [{"@type": "DefinedTerm", "name": "부두"}, "칩", {"@type": "DefinedTerm"}, 2024]
    assert page(json_ld(keywords=keywords)).keywords == ["부두", "칩", "2024"]


def test_markup_in_json_ld_is_read_as_text() -> None:
    found = page(json_ld(headline="&quot;칩&quot;의 <b>부두</b>", articleBody="<p>하나 &amp;\n둘</p><p>셋<br>넷</p>"))
    assert (found.headline, found.body) == ('"칩"의 부두', ["하나 & 둘", "셋", "넷"])


@pytest.mark.parametrize(
    ("written", "body"),
    [
        ("</b>", []),
        ("첫 <b>문</b>단\n둘째", ["첫 문단", "둘째"]),
        ("&lt;p&gt;하나&lt;/p&gt;&lt;p&gt;둘&lt;/p&gt;", ["하나", "둘"]),
        ("<AI 시대> 1 < 2 그리고 ?a=1&copy=2, R&D", ["<AI 시대> 1 < 2 그리고 ?a=1&copy=2, R&D"]),
    ],
)
def test_only_real_markup_in_json_ld_is_taken_for_markup(written: str, body: list[str]) -> None:
    assert page(json_ld(headline="제목", articleBody=written)).body == body


def test_an_article_inside_a_graph_is_found() -> None:
    graph = {"@graph": [{"@type": "WebSite"}, {"@type": ["NewsArticle"], "headline": "제목"}]}
    assert page(f'<script type="application/ld+json">{json.dumps(graph)}</script>').headline == "제목"


def test_the_brand_is_no_author() -> None:
    brand = '<meta property="og:site_name" content="중앙일보">'
    assert page(brand + json_ld(headline="제목", author=[{"name": "중앙일보"}, {"name": "남가람"}])).authors == [
        "남가람"
    ]


def test_the_brand_is_no_section_and_a_facebook_address_no_author() -> None:
    found = page(
        '<meta property="og:site_name" content="중앙일보"><meta property="article:section" content="중앙일보">'
        '<meta property="article:section2" content="경제">'
        '<meta property="article:author" content="https://www.facebook.com/joongang">'
        '<meta property="dable:author" content="남가람">'
    )
    assert (found.section_label, found.authors) == ("경제", ["남가람"])


MODERN = """
<div id="article_body" class="article_body fs3">
 <p data-divno="1">첫 <b>문</b>단이다.</p>
 <div class="ab_photo"><img><p class="caption">부두의 칩. 사진 나루</p></div>
 <p class="caption">홀로 선 설명</p>
 <div class="ad_wrap">광고</div>
 <div class="ab_sub_heading"><h2>중간 제목</h2></div>
 <p>둘째 문단이다.</p>
 <div class="tag_vod">영상</div><div class="reporter_info">기자 소개</div>
</div>
"""


def test_captions_and_advertisements_are_no_paragraphs() -> None:
    found = page(MODERN)
    assert found.body == ["첫 문단이다.", "중간 제목", "둘째 문단이다."]
    assert found.captions == ["부두의 칩. 사진 나루", "홀로 선 설명"]


def test_bare_text_split_by_line_breaks_is_read() -> None:
    found = page('<div id="article_body">첫 줄이다.<br><br>둘째 줄이다.<br>셋째 줄이다.</div>')
    assert found.body == ["첫 줄이다.", "둘째 줄이다.", "셋째 줄이다."]


def test_a_body_that_is_only_in_json_ld_is_taken() -> None:
    assert page(json_ld(headline="제목", articleBody="하나\n\n둘")).body == ["하나", "둘"]


def test_a_site_nobody_described_is_left_to_extraction() -> None:
    story = f"<article><h1>바다 센터</h1><p>{SENTENCE * 4}</p><p>{SENTENCE * 3}</p></article>"
    html = f"<html><body><nav>메뉴</nav>{story}</body></html>"
    assert page(html, "https://blog.example.kr/1", ArticlePage).body == [(SENTENCE * 4).strip(), (SENTENCE * 3).strip()]


@pytest.mark.parametrize("free", [False, "False", "false"])
def test_a_body_behind_a_paywall_is_marked(free: object) -> None:
    assert page(json_ld(headline="제목", articleBody="첫 문단", isAccessibleForFree=free)).truncated


def test_a_box_that_invites_to_subscribe_marks_nothing() -> None:
    assert not page(f'{BODY}<div class="comment_box">지금 바로 시작하기</div>').truncated


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ('<h1 class="headline">로그인</h1><form><input type="password"></form>', "login page"),
        ('<h1 class="headline">제목</h1><div id="article_body"> </div>', "no body"),
        ("<p>글</p>", "no headline"),
    ],
)
def test_a_page_that_is_no_article_says_what_it_is(html: str, reason: str) -> None:
    with pytest.raises(PageError, match=reason):
        page(html).article("a/joongang/7", "https://www.joongang.co.kr/article/7")


PASSWORD = '<form><input type="password"></form>'
STORY = f"<article><h1>바다 센터</h1><p>{SENTENCE * 4}</p><p>{SENTENCE * 3}</p></article>"


@pytest.mark.parametrize(
    ("html", "site"),
    [
        (MODERN, JoongangPage),
        ('<meta property="og:type" content="article">', ArticlePage),
        ('<time datetime="2024-03-14">', ArticlePage),
        ("<textarea></textarea>", ArticlePage),
        (STORY, ArticlePage),
    ],
)
def test_a_page_with_a_password_for_comments_is_no_login_page(html: str, site: type[ArticlePage]) -> None:
    assert not page(f"<html><body>{html}{PASSWORD}</body></html>", site=site).is_login


def test_a_login_page_of_an_unknown_site_is_known_despite_its_text() -> None:
    html = f"<html><body><main><h1>로그인</h1><p>{SENTENCE}</p>{PASSWORD}<p>{SENTENCE}</p></main></body></html>"
    with pytest.raises(PageError, match="login page"):
        page(html, site=ArticlePage).article("a/1", "https://blog.example.kr/1")


def test_json_is_no_page() -> None:
    with pytest.raises(PageError, match="JSON, not a page"):
        SITES.read(JsonResponse("https://n.example/1", body=b'{"headline": "x"}'))


def test_a_page_sent_as_xml_is_read_as_a_page() -> None:
    html = f'<?xml version="1.0" encoding="utf-8"?><html><body>{STORY}</body></html>'
    found = ArticlePage(XmlResponse("https://n.example/1", body=html.encode(), encoding="utf-8"))
    assert (found.headline, len(found.body)) == ("바다 센터", 2)


def test_a_picture_is_no_page() -> None:
    with pytest.raises(PageError, match="not a text: image/png"):
        text_of(Response("https://n.example/1", headers={"Content-Type": "image/png"}))
