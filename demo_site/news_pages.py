"""The newspaper's articles, in the mark-up of its three generations, and what is no article."""

import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from html import escape
from typing import Any

from demo_site.model import NARU, Story, address
from demo_site.site_files import SiteFiles, fill, json_ld, meta
from demo_site.words import rank

BRAND = "나루일보"
HOMES = {"divno": f"www.{NARU}", "plain": f"www.{NARU}", "desktop": f"news.{NARU}", "mobile": f"mnews.{NARU}"}
AD = '<div class="ad_wrap"><div id="ad_mid"><p>광고 나루보험과 함께하는 든든한 하루</p></div></div>'
FILM = '<div class="tag_vod"><p>영상으로 보는 이번 주 소식</p></div>'
START_BOX = f'<p>회원만 쓸 수 있습니다.</p><a href="{address(f"www.{NARU}", "/login")}">지금 바로 시작하기</a>'


def add_news(site: SiteFiles, stories: Iterable[Story]) -> None:
    www = f"www.{NARU}"
    site.page(www, "/", _plain_page(BRAND, "오늘의 소식을 모았습니다."))
    site.page(www, "/section", _plain_page("분야별 기사", "분야를 골라 주세요."))
    site.page(www, "/reporter", _plain_page("기자", "기자를 골라 주세요."))
    site.page(www, "/plus", _plain_page("Naru Plus", "첫 달은 값을 받지 않습니다."))
    site.page(www, "/login", fill("login.html").encode())
    for story in stories:
        _ADD.get(story.oddity, _add_article)(site, story)


def _plain_page(title: str, text: str) -> bytes:
    return fill("error.html", title=escape(title), body=f"<p>{escape(text)}</p>").encode()


def _add_article(site: SiteFiles, story: Story) -> None:
    html = article_html(story)
    if story.oddity == "euc-kr":
        # The header does not say it: the page's own declaration has to be read.
        site.page(HOMES[story.layout], story.path, html.encode("euc_kr"), content_type="text/html")
    elif story.oddity == "nfd":
        site.page(HOMES[story.layout], story.path, unicodedata.normalize("NFD", html).encode())
    else:
        site.page(HOMES[story.layout], story.path, html.encode())
    _add_other_addresses(site, story)


def _add_other_addresses(site: SiteFiles, story: Story) -> None:
    home = HOMES[story.layout]
    for host in sorted({*HOMES.values()} - {home}):
        site.redirect(host, story.path, address(home, story.path))
    site.redirect(f"article.{NARU}", f"/news/article/article.asp?total_id={story.number}", story.url)


def _add_error(status: int, title: str, text: str) -> Callable[[SiteFiles, Story], None]:
    def add(site: SiteFiles, story: Story) -> None:
        site.page(story.host, story.path, _plain_page(title, text), status=status)

    return add


def _add_forbidden(site: SiteFiles, story: Story) -> None:
    """Looks like the article, and is the door-keeper's answer."""
    site.page(story.host, story.path, article_html(story).encode(), status=403)


def _add_loop(site: SiteFiles, story: Story) -> None:
    site.redirect(story.host, story.path, address(story.host, f"{story.path}?again=1"), 302)
    site.redirect(story.host, f"{story.path}?again=1", story.url, 302)


def _add_login(site: SiteFiles, story: Story) -> None:
    site.redirect(story.host, story.path, address(story.host, f"/login?next={story.path}"), 302)


_ADD: dict[str, Callable[[SiteFiles, Story], None]] = {
    "404": _add_error(404, "찾을 수 없는 기사", "지워졌거나 주소가 바뀐 기사입니다."),
    "500": _add_error(500, "잠시 후 다시 찾아 주세요", "서버에 문제가 생겼습니다."),
    "403": _add_forbidden,
    "redirect loop": _add_loop,
    "login page": _add_login,
}


def article_html(story: Story) -> str:
    template = {"desktop": "article_desktop.html", "mobile": "article_mobile.html"}.get(
        story.layout, "article_www.html"
    )
    is_www = template == "article_www.html"
    return fill(
        template,
        charset="euc-kr" if story.oddity == "euc-kr" else "utf-8",
        url=story.url,
        headline=escape(story.headline),
        section=escape(_section(story)),
        meta=_meta(story),
        json_ld=json_ld(_structured(story)) if story.layout == "divno" and story.oddity != "no body" else "",
        byline=" ".join(f'<a href="{address(story.host, "/reporter")}">{name} 기자</a>' for name in story.authors),
        times=_www_times(story) if is_www else _old_times(story),
        body=_www_body(story) if is_www else _old_body(story),
        after=_after(story),
        tags="".join(f'<a class="tag" href="{address(story.host, "/section")}">#{word}</a>' for word in story.keywords),
        comments=f'<div class="comment_box">{START_BOX}</div>' if story.oddity == "comment box" else "",
    )


def _section(story: Story) -> str:
    assert story.section is not None  # the newspaper names one for every article
    return story.section.label


def _meta(story: Story) -> str:
    tags = {
        "og__type": "article",
        "og__site_name": BRAND,
        "og__title": f"{story.headline}{' | ' if HOMES[story.layout] == story.host else ' - '}{BRAND}",
        "og__url": story.url,
        "og__description": story.summary,
        "article__author": "https://www.facebook.com/naruilbo.invented",
        "dable__author": ", ".join(story.authors),
    }
    if rank(story.number, "brand") % 2:
        tags |= {"article__section": BRAND, "article__section2": _section(story)}
    else:
        tags |= {"article__section": _section(story)}
    if HOMES[story.layout] == story.host:
        tags |= {"article__published_time": story.published.isoformat()}
        tags |= {"article__modified_time": story.modified.isoformat()} if story.modified else {}
        tags |= {"news_keywords": ",".join(story.keywords)}
    return meta(**tags)


def _structured(story: Story) -> dict[str, Any]:
    node: dict[str, Any] = {
        "@type": "NewsArticle",
        "headline": story.headline,
        "datePublished": _instant(story.published, story.number),
        "author": [{"@type": "Person", "name": f"{name} 기자"} for name in story.authors],
        "publisher": {"@type": "Organization", "name": BRAND},
        "keywords": list(story.keywords),
        "isAccessibleForFree": story.oddity != "paywalled",
    }
    if story.modified:
        node["dateModified"] = _instant(story.modified, story.number)
    if story.oddity == "json-ld body":
        node["articleBody"] = "\n\n".join(story.visible)
    return {"@graph": [{"@type": "WebSite", "name": BRAND}, node]} if story.number % 3 == 0 else node


def _instant(moment: datetime, number: int) -> str:
    """One moment in one of the three forms that pages use."""
    utc = (moment - timedelta(hours=9)).replace(tzinfo=None)
    forms = (moment.isoformat(), f"{moment:%Y-%m-%dT%H:%M:%S}.000+0900", f"{utc.isoformat()}Z")
    return forms[number % 3]


def _www_times(story: Story) -> str:
    times = f'<p class="date">입력 {_time("datePublished", story.published)}</p>'
    return times + (f'\n<p class="date">업데이트 {_time("dateModified", story.modified)}</p>' if story.modified else "")


def _time(name: str, moment: datetime) -> str:
    return f'<time itemprop="{name}" datetime="{moment.isoformat()}">{moment:%Y.%m.%d %H:%M}</time>'


def _old_times(story: Story) -> str:
    if story.layout == "mobile":
        return f"{story.published:%Y.%m.%d %H:%M}"
    times = f"<em>입력 {story.published:%Y.%m.%d %H:%M}</em>"
    return times + (f" <em>수정 {story.modified:%Y.%m.%d %H:%M}</em>" if story.modified else "")


def _www_body(story: Story) -> str:
    if story.oddity in ("no body", "json-ld body"):
        return ""
    parts = [_paragraph(story, i, text) for i, text in enumerate(story.visible, start=1)]
    parts[1:1] = [_photo(story, caption) for caption in story.captions]
    parts.insert(2, AD if story.number % 2 else FILM)
    parts.append('<div class="reporter_info"><p>골목과 기계를 함께 취재합니다.</p></div>')
    return "\n".join([*parts, _byline(story), '<div id="ja_read_tracker"></div>'])


def _paragraph(story: Story, i: int, text: str) -> str:
    if text == story.subheading:
        return f'<div class="ab_sub_heading"><div class="ab_sub_headingline"><h2>{escape(text)}</h2></div></div>'
    attribute = f' data-divno="{i}"' if story.layout == "divno" else ""
    paragraph = f"<p{attribute}>{inline(text, story.number, i)}</p>"
    return f'<div class="ab_quot">{paragraph}</div>' if text.startswith("“") else paragraph


def inline(text: str, *key: object) -> str:
    """Emphasise a few syllables, often from the midst of a word, as editors' programs do."""
    start = 2 + rank(*key, "inline") % 20
    if rank(*key, "has inline") % 3 or start + 3 > len(text):
        return escape(text)
    before, marked, after = text[:start], text[start : start + 3], text[start + 3 :]
    return f"{escape(before)}<span><b>{escape(marked)}</b></span>{escape(after)}"


def _photo(story: Story, caption: str) -> str:
    image = address(f"img.{NARU}", f"/photo/{story.number}.jpg/_ir50_/{story.number}.jpg")
    return (
        f'<div class="ab_photo photo_center"><div class="image"><img data-src="{image}" alt=""></div>'
        f'<p class="caption">{escape(caption)}</p></div>'
    )


def _byline(story: Story) -> str:
    return f'<div class="ab_byline">{escape(", ".join(story.authors))} 기자 desk@{NARU}</div>'


def _old_body(story: Story) -> str:
    """Bare text, its paragraphs parted by one line break or two."""
    line_break = "<br />\n" if story.number % 2 else "<br><br>\n"
    text = line_break.join(inline(text, story.number, i) for i, text in enumerate(story.visible))
    photos = "".join(_photo(story, caption) for caption in story.captions)
    return f"{photos}\n{text}\n{_byline(story)}"


def _after(story: Story) -> str:
    if story.oddity != "paywalled":
        return ""
    return f'<div class="ab_plus_box"><strong>이어지는 글은 Naru Plus에서 읽을 수 있습니다.</strong>{START_BOX}</div>'
