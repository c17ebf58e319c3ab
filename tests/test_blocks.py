"""HTML and plain text → blocks."""

import time

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scrapy.http import HtmlResponse

from factpl_crawler.items import Link
from factpl_crawler.pages.blocks import Block, html_blocks, text_blocks


def blocks_of(html: str, base_url: str = "https://news.example.kr/a/") -> list[Block]:
    return html_blocks(lxml.html.document_fromstring(html), base_url)


def texts(html: str) -> list[str]:
    return [block.text for block in blocks_of(html)]


def test_each_block_element_and_each_line_is_a_block() -> None:
    assert texts("<div>하나<br>둘<p>셋</p>넷<br><br>다섯</div>") == ["하나", "둘", "셋", "넷", "다섯"]


def test_inline_tags_never_part_a_word() -> None:
    assert texts("<p>그<b>로</b><span>크</span>의 <i>칩</i></p>") == ["그로크의 칩"]


def test_white_space_of_the_source_is_one_space() -> None:
    assert texts("<p>\n  나루\n\t테크&nbsp;&nbsp;레터 </p>") == ["나루 테크 레터"]


def test_text_after_a_comment_or_a_hidden_element_stays() -> None:
    assert texts("<p>앞<!-- 주석 -->가운데<script>x()</script>뒤</p>") == ["앞가운데뒤"]


def test_what_no_reader_sees_is_left_out() -> None:
    html = '<div style="display: none">미리보기</div><style>p{}</style><p>본문</p><div style="mso-hide:all">숨김</div>'
    assert texts(html) == ["본문"]


def test_a_link_keeps_its_text_and_becomes_absolute() -> None:
    [block] = blocks_of('<p>전문은 <a href="../article/7">기사 <b>보기</b></a>에서</p>')
    assert block == Block("전문은 기사 보기에서", [Link("https://news.example.kr/article/7", "기사 보기")])


def test_an_image_link_is_a_block_without_text() -> None:
    [image, title] = blocks_of('<td><a href="/1"><img src="x.png"></a><p>제목</p></td>')
    assert (image.text, image.links) == ("", [Link("https://news.example.kr/1", "")])
    assert (title.text, title.cell) == ("제목", image.cell)


def test_an_anchor_around_blocks_belongs_to_the_first_of_them() -> None:
    [title, summary] = blocks_of('<a href="/1"><div>제목</div><div>요약</div></a>')
    assert title == Block("제목", [Link("https://news.example.kr/1", "제목 요약")])
    assert summary == Block("요약")


def test_cells_are_told_apart() -> None:
    cells = [block.cell for block in blocks_of("<table><tr><td>가<p>나</p></td><td>다</td></tr></table><p>라</p>")]
    assert cells == [1, 1, 2, 0]


def test_an_address_that_is_none_keeps_the_text_around_it() -> None:
    [block] = blocks_of('<p>앞 <a href="http://[">고장</a> 뒤</p>')
    assert block == Block("앞 고장 뒤", [Link("http://[", "고장")])


def test_addresses_in_plain_text_are_links() -> None:
    [first, second] = text_blocks("자세히: https://news.example.kr/a?b=1.\n\n<https://news.example.kr/2>\n")
    assert first == Block("자세히: https://news.example.kr/a?b=1.", [Link("https://news.example.kr/a?b=1")])
    assert second.links == [Link("https://news.example.kr/2")]


def test_a_page_nested_ten_thousand_deep_is_read_in_linear_time() -> None:
    root = lxml.html.Element("div")
    inner = root
    for _ in range(10_000):
        child = lxml.html.Element("div")
        inner.append(child)
        inner = child
    inner.text = "바닥"
    started = time.process_time()
    assert [block.text for block in html_blocks(root)] == ["바닥"]
    assert time.process_time() - started < 5  # quadratic time would be minutes


def parsed(depth: int) -> list[str]:
    html = "<div>" * depth + "<p>바닥</p>" + "</div>" * depth + "<p>뒤</p>"
    response = HtmlResponse("https://news.example.kr/a", body=html.encode(), encoding="utf-8")
    return [block.text for root in response.css("body") for block in html_blocks(root.root)]


def test_a_page_is_parsed_down_to_its_two_thousandth_level() -> None:
    assert parsed(2000) == ["바닥", "뒤"]


@pytest.mark.parametrize("depth", [2100, 100_000])
def test_what_lies_deeper_than_the_parser_goes_does_not_hang(depth: int) -> None:
    started = time.process_time()
    assert parsed(depth) == []  # libxml2 gives up at 2,048 levels, even when told that a tree may be huge
    assert time.process_time() - started < 5


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_no_html_raises(html: str) -> None:
    blocks_of(f"<html><body>{html.replace(chr(0), '')}</body></html>".encode("utf-8", "replace").decode())
