"""나루테크 레터: list pages and issues, in the mark-up of a newspaper's own newsletter archive."""

from collections.abc import Iterator
from html import escape

from demo_site.letters import ISSUES, cms_id
from demo_site.model import NARU, Column, Letter, Paragraph, Piece, address
from demo_site.news_pages import inline
from demo_site.site_files import SiteFiles, fill

WWW = f"www.{NARU}"
ARCHIVE = "/newsletter/narutech"
ITEMS_A_PAGE = 24
HIDDEN_ISSUE = f"{ARCHIVE}/{cms_id(ISSUES) + 20}"
IMAGE_NOTICE = "(이미지를 누르면 기사 본문으로 Go!)"
FOOTER_YEARS = (2024, 2019)
SHARE_IMAGE = f'<img src="{address(f"img.{NARU}", "/share.png")}" alt="">'
SHARE = f'<p><a href="{address(f"share.{NARU}", "/narutech")}">{SHARE_IMAGE}</a></p>'


def add_letters(site: SiteFiles, letters: list[Letter]) -> None:
    for letter in letters:
        site.page(WWW, letter.url.partition("{{PORT}}")[2], _issue_html(letter).encode())
    site.page(
        WWW,
        HIDDEN_ISSUE,
        fill("error.html", title="비공개 뉴스레터", body="<p>볼 수 없는 편지입니다.</p>").encode(),
        status=404,
    )
    _add_archive(site, letters)


def _add_archive(site: SiteFiles, letters: list[Letter]) -> None:
    newest_first = sorted(letters, key=lambda letter: letter.date, reverse=True)
    items = [_card(letter) for letter in newest_first]
    items.insert(5, _card_html(address(WWW, HIDDEN_ISSUE), "이번 주는 쉬어 갑니다", "2024.06.19", twice=False))
    pages = [items[i : i + ITEMS_A_PAGE] for i in range(0, len(items), ITEMS_A_PAGE)]
    for number, page in enumerate(pages, start=1):
        html = fill("list.html", items="\n".join(page), pager=_pager(number, len(pages)))
        site.page(WWW, f"{ARCHIVE}?page={number}", html.encode())
    site.same_page(WWW, ARCHIVE, f"{ARCHIVE}?page=1")


def _pager(current: int, last: int) -> str:
    numbers = [_pager_item(str(n), n, "active" if n == current else "") for n in range(1, last + 1)]
    return "\n".join([*numbers, _pager_item("다음", min(current + 1, last), "disabled" if current == last else "")])


def _pager_item(text: str, page: int, state: str) -> str:
    attribute = f' class="{state}"' if state else ""
    href = "#" if state == "disabled" else f"{ARCHIVE}?page={page}"
    return f'<li{attribute}><a href="{href}"{attribute}>{text}</a></li>'


def _card(letter: Letter) -> str:
    twice = "twice in the list" in letter.traits
    return _card_html(letter.url, letter.listed_headline, f"{letter.date:%Y.%m.%d}", twice)


def _card_html(url: str, headline: str, date: str, twice: bool) -> str:
    attributes = (' class="lg_hidden"', ' class="sm_hidden"') if twice else ("",)
    links = "".join(f'<a href="{url}"{attribute}>{escape(headline)}</a>' for attribute in attributes)
    return (
        f'<li class="card"><div class="card_body"><h2 class="headline">{links}</h2>'
        f'<div class="meta"><p class="date">{date}</p></div></div></li>'
    )


def _issue_html(letter: Letter) -> str:
    render = _span_body if "span" in letter.traits else _table_body
    return fill(
        "issue.html", headline=escape(letter.listed_headline), number=str(letter.number), body="\n".join(render(letter))
    )


def _table_body(letter: Letter) -> Iterator[str]:
    """The mail as it was sent: boxes in tables."""
    yield '<table width="600" cellpadding="0" cellspacing="0" align="center"><tbody><tr><td>'
    yield _box(f'<p style="font-size:13px;color:#888">{letter.date_line}</p>')
    yield _box(*(f"<p>{_text(p)}</p>" for p in letter.intro.paragraphs))
    for column in letter.columns:
        if column.is_list:
            yield from (f"<hr>{_box(*map(_notice, letter.notices))}" for _ in letter.notices[:1])
        yield f"<hr>{_box(f'<strong>{escape(column.section.label)}</strong>')}"
        yield from _recommended(column) if column.is_list else [_main_box(column.pieces[0])]
    yield f"<hr>{_box(*map(_footer, FOOTER_YEARS))}"
    yield "</td></tr></tbody></table>"


def _span_body(letter: Letter) -> Iterator[str]:
    """The mail after the publisher's editor: paragraphs of styled spans, tables only for the list."""
    style = '<span style="font-size:16px">'
    yield f'<p><span style="font-size:13px">{letter.date_line}</span></p>'
    yield _joined_paragraphs(letter, style)
    for column in letter.columns:
        if column.is_list:
            yield from (f"<hr>{''.join(map(_notice, letter.notices))}" for _ in letter.notices[:1])
        yield f"<hr><p>{style}<strong>{escape(column.section.label)}</strong></span></p>"
        if column.is_list:
            yield from _recommended(column)
        else:
            piece = column.pieces[0]
            yield "".join(f"<p><span style='font-size:24px'><b>{escape(line)}</b></span></p>" for line in piece.heading)
            yield from (f"<p>{style}{_text(p)}</span></p>" for p in piece.paragraphs)
            yield SHARE
    yield f"<hr>{''.join(map(_footer, FOOTER_YEARS))}"


def _joined_paragraphs(letter: Letter, style: str) -> str:
    texts = [_text(p) for p in letter.intro.paragraphs]
    if "long paragraphs" in letter.traits:
        return f"<p>{style}{'<br><br>'.join(texts)}</span></p>"
    return "".join(f"<p>{style}{text}</span></p>" for text in texts)


def _box(*contents: str) -> str:
    return f'<table width="100%"><tbody><tr><td style="padding:20px">{"".join(contents)}</td></tr></tbody></table>'


def _main_box(piece: Piece) -> str:
    heading = [f'<p style="font-size:24px"><strong>{escape(line)}</strong></p>' for line in piece.heading]
    return _box(*heading, *(f"<p>{_text(p)}</p>" for p in piece.paragraphs))


def _text(paragraph: Paragraph) -> str:
    anchor = paragraph.anchor
    if anchor is None:
        return inline(paragraph.before, paragraph.before)
    link = f'<a href="{escape(anchor.href)}" target="_blank">{escape(anchor.text)}</a>'
    return escape(paragraph.before) + link + escape(paragraph.after)


def _recommended(column: Column) -> Iterator[str]:
    """Rows of two, each cell an image that is the link, a title and a line."""
    cells = [f'<td width="50%" valign="top">{_item(piece)}</td>' for piece in column.pieces]
    cells += ["<td>&nbsp;</td>"] * (len(cells) % 2)
    yield f'<p style="text-align:center">{IMAGE_NOTICE}</p>'
    yield '<table width="100%"><tbody>'
    yield from (f"<tr>{''.join(cells[i : i + 2])}</tr>" for i in range(0, len(cells), 2))
    yield "</tbody></table>"


def _item(piece: Piece) -> str:
    image, summary = piece.paragraphs
    assert image.anchor is not None  # an item is what its image links to
    picture = f'<img src="{address(f"img.{NARU}", f"/thumb/{image.anchor.story.number}.jpg")}" width="280" alt="">'
    link = f'<a href="{escape(image.anchor.href)}" target="_blank">{picture}</a>'
    return f"{link}<p><strong>{escape(piece.headline)}</strong></p><p>{escape(summary.before)}</p>"


def _notice(text: str) -> str:
    link = f'<a href="{address(WWW, "/plus")}">여기</a>'
    return f'<p style="color:#888">{text.replace("여기", link)}</p>'


def _footer(year: int) -> str:
    lines = (
        "나루테크 NARUTECH",
        f'<a href="mailto:naru@{NARU}">naru@{NARU}</a>',
        f"copyright 나루테크 {year}.",
        "나루테크의 글을 허락 없이 옮겨 실으면 저작권 침해입니다.",
        "두물시 강변로 12",
        f'<a href="{address(f"member.{NARU}", "/unsubscribe?letter=narutech")}">수신거부</a>',
        f'<a href="{address(f"member.{NARU}", "/mail/preferences")}">받는 편지 바꾸기</a>',
    )
    return "".join(f'<p style="font-size:12px">{line}</p>' for line in lines)
