"""한줄경제: a mailer's archive and issues, and the news site that nobody described."""

import json
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import timedelta
from html import escape
from typing import Any

from demo_site.model import HANJUL, Column, Letter, Paragraph, Piece, Story, address
from demo_site.news_pages import inline
from demo_site.oneline import MERGE_TAG, click, share_path
from demo_site.site_files import SiteFiles, fill, json_ld, meta
from demo_site.words import words

ARCHIVE = "/archives/77001"
NEWS = f"news.{HANJUL}"
PAGE = f"page.{HANJUL}"
STIBEE = f"stibee.{HANJUL}"
BLANK = "<div><br></div>"


def add_oneline(site: SiteFiles, letters: list[Letter], stories: Iterable[Story]) -> None:
    for number, letter in enumerate(letters, start=1):
        _add_issue(site, letter, number)
    _add_archive(site, letters)
    site.page(NEWS, "/", _article_page("한줄뉴스", "<p>오늘의 경제 소식을 모았습니다.</p>").encode())
    for story in stories:
        _add_article(site, story)


def _add_issue(site: SiteFiles, letter: Letter, number: int) -> None:
    if "rehosted" in letter.traits:
        html = _issue_html(letter, "euc-kr")
        site.page(NEWS, f"/letter/{number}.html", html.encode("euc_kr"), content_type="text/html; charset=euc-kr")
        return
    html = _issue_html(letter, "utf-8")
    content = (unicodedata.normalize("NFD", html) if "nfd" in letter.traits else html).encode()
    site.page(STIBEE, share_path(number), content)
    if "short link" in letter.traits:
        site.redirect(f"stib.{HANJUL}", letter.url.partition("{{PORT}}")[2], address(STIBEE, share_path(number)), 302)


def _add_archive(site: SiteFiles, letters: list[Letter]) -> None:
    newest_first = sorted(letters, key=lambda letter: letter.date, reverse=True)
    mails = [_mail(letter) for letter in newest_first]
    again = {**mails[2], "subject": f"(재발송) {mails[2]['subject']}", "permanentLink": address(STIBEE, share_path(99))}
    mails.insert(2, again)
    content = json.dumps(mails, ensure_ascii=False, indent=1).encode()
    site.page(PAGE, f"{ARCHIVE}/emails", content, content_type="application/json; charset=utf-8")
    site.same_page(STIBEE, share_path(99), newest_first[2].url.partition("{{PORT}}")[2])
    items = "\n".join(f'<li><a href="{m["permanentLink"]}">{escape(m["subject"])}</a></li>' for m in mails)
    description = words()["hanjul"]["subject_extra"]
    site.page(PAGE, ARCHIVE, fill("hanjul_archive.html", description=description, items=items).encode())


def _mail(letter: Letter) -> dict[str, str]:
    sent = letter.date if letter.date_source == "list" else letter.date + timedelta(hours=7)
    preview = letter.intro.paragraphs[-1].before
    subject = letter.listed_headline
    return {"subject": subject, "permanentLink": letter.url, "previewText": preview, "sentTime": sent.isoformat()}


def _issue_html(letter: Letter, charset: str) -> str:
    boxes = "\n".join([*_opening(letter), *(box for column in letter.columns for box in _column(column)), *_footer()])
    return fill(
        "hanjul_issue.html",
        charset=charset,
        headline=escape(letter.listed_headline.replace(MERGE_TAG, "").strip()),
        preheader=escape(letter.intro.paragraphs[-1].before),
        body=_container(boxes, letter.traits),
    )


def _container(boxes: str, traits: frozenset[str]) -> str:
    """Older mails have the class on a cell, a mail that was hosted anew has lost its outer box."""
    if "old container" in traits:
        return (
            f'<table width="100%"><tbody><tr><td class="stb-container" align="center">{boxes}</td></tr></tbody></table>'
        )
    table = f'<table class="stb-container"><tbody><tr><td>{boxes}</td></tr></tbody></table>'
    return table if "rehosted" in traits else f'<div class="stb-container-full">{table}</div>'


def _opening(letter: Letter) -> Iterator[str]:
    if letter.date_line:
        yield _block(_text_box(f'<div style="text-align:right">{letter.date_line}</div>'))
    yield _block(_text_box(BLANK.join(f"<div>{_text(p)}</div>" for p in letter.intro.paragraphs)))


def _column(column: Column) -> Iterator[str]:
    yield _block(_text_box(f'<div style="text-align:center"><span>{column.section.label}</span></div>'))
    if not column.is_list:
        yield _block(_text_box(_main(column.pieces[0])))
        return
    cells = [_item(piece) for piece in column.pieces]
    yield from (_block(*cells[i : i + 2]) for i in range(0, len(cells), 2))


def _main(piece: Piece) -> str:
    heading = "".join(f'<div style="font-size:22px;font-weight:bold">{escape(line)}</div>' for line in piece.heading)
    return f"{heading}{BLANK}{BLANK.join(f'<div>{_text(p)}</div>' for p in piece.paragraphs)}"


def _text(paragraph: Paragraph) -> str:
    if paragraph.anchor is None:
        return _split_word(paragraph.before)
    link = f'<a href="{paragraph.anchor.href}" target="_blank">{escape(paragraph.anchor.text)}</a>'
    return escape(paragraph.before) + link + escape(paragraph.after)


def _split_word(text: str) -> str:
    """The mailer's editor splits a word over two tags where its writer stopped typing."""
    return f"<span>{escape(text[:7])}</span><strong>{escape(text[7:9])}</strong>{escape(text[9:])}"


def _item(piece: Piece) -> str:
    image, summary = piece.paragraphs
    assert image.anchor is not None  # an item is what its image links to
    picture = f'<img src="{address(f"img.{HANJUL}", f"/{image.anchor.story.number}.png")}" alt="">'
    box = f'<div class="stb-image-box"><a href="{image.anchor.href}" target="_blank">{picture}</a></div>'
    title = f'<div style="font-weight:bold">{escape(piece.headline)}</div>'
    return box + _text_box(f"{title}<div>{escape(summary.before)}</div>")


def _text_box(content: str) -> str:
    return f'<div class="stb-text-box" style="text-align:left">{content}</div>'


def _block(*cells: str) -> str:
    sides = ("stb-left-cell", "stb-right-cell")
    wraps = "".join(
        '<td><table class="stb-cell-wrap"><tbody><tr><td>'
        f'<div class="{side}">{cell}</div></td></tr></tbody></table></td>'
        for side, cell in zip(sides, cells, strict=False)
    )
    return (
        f'<div class="stb-block-outer"><table class="stb-block stb-cols-{len(cells)}"><tbody><tr>{wraps}</tr>'
        f"</tbody></table></div>"
    )


def _footer() -> Iterator[str]:
    unsubscribe = click(address(PAGE, "/unsubscribe?list=77001"))
    lines = (
        "한줄경제 | 두물시 강변로 12",
        f'<a href="{unsubscribe}">수신거부</a> <a href="{unsubscribe}">Unsubscribe</a>',
    )
    yield _block(_text_box("".join(f"<div>{line}</div>" for line in lines)))


def _add_article(site: SiteFiles, story: Story) -> None:
    charset = "euc-kr" if story.oddity == "euc-kr" else "utf-8"
    html = _article_page(
        story.headline,
        "\n".join(f"<p>{inline(text, story.number, i)}</p>" for i, text in enumerate(story.paragraphs)),
        meta_tags=_article_meta(story),
        times=_times(story),
        charset=charset,
    )
    site.page(NEWS, story.path, html.encode(charset.replace("-", "_")), content_type=f"text/html; charset={charset}")


def _article_page(headline: str, body: str, *, meta_tags: str = "", times: str = "", charset: str = "utf-8") -> str:
    title = escape(headline)
    return fill("hanjul_article.html", charset=charset, headline=title, meta=meta_tags, times=times, body=body)


def _article_meta(story: Story) -> str:
    if story.layout == "bare" or story.section is None:
        return ""
    if story.layout == "json-ld":
        return f'<link rel="canonical" href="{story.url}">\n{json_ld(_structured(story, story.section.label))}'
    modified = {"article__modified_time": story.modified.isoformat()} if story.modified else {}
    return meta(
        og__type="article",
        og__title=story.headline,
        og__site_name="한줄뉴스",
        article__published_time=story.published.isoformat(),
        article__section=story.section.label,
        article__author=story.authors[0],
        news_keywords=", ".join(story.keywords),
        **modified,
    )


def _structured(story: Story, section: str) -> dict[str, Any]:
    modified = {"dateModified": story.modified.isoformat()} if story.modified else {}
    return {
        "@type": "NewsArticle",
        "headline": story.headline,
        "datePublished": story.published.isoformat(),
        **modified,
        "author": {"@type": "Person", "name": story.authors[0]},
        "articleSection": section,
        "keywords": ", ".join(story.keywords),
    }


def _times(story: Story) -> str:
    shown = f"{story.published:%Y.%m.%d %H:%M}"
    return f'<p class="view-date"><time datetime="{story.published.isoformat()}">{shown}</time></p>'
