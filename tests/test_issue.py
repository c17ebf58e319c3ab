"""Archive lists, and blocks → an issue and its entries: invented letters, and the one real issue where it lies."""

import json
import time
from pathlib import Path

import lxml.html
import pytest
from scrapy.http import HtmlResponse, JsonResponse, TextResponse

from demo_site.spiders.narutech import NarutechSpider
from factpl_crawler.items import Issue, Listing, RawDate
from factpl_crawler.mail import Letter, read_letters
from factpl_crawler.pages import PageError, stibee
from factpl_crawler.pages.archive import ListPage, read_list
from factpl_crawler.pages.blocks import html_blocks, text_blocks
from factpl_crawler.pages.issue import read_issue
from factpl_crawler.pages.issue_page import read_issue_page
from factpl_crawler.pages.joongang import JoongangPage
from factpl_crawler.pages.letter import read_letter, recognise, why_not_the_issue
from factpl_crawler.pages.sites import Sites
from factpl_crawler.publication import HtmlList
from factpl_crawler.spiders.factpl import FactplSpider
from factpl_crawler.text import parse_date

NARUTECH = NarutechSpider.publication
FACTPL = FactplSpider.publication
SEED = Path(__file__).parents[2] / "shared" / "seeds" / "factpl-weekly-055.txt"

LETTER = """\
2024.03.14 Thursday #12
안녕하세요, 나루테크 레터 구독자님!
저는 오늘 나루 오리지널을 소개 드릴 남가람 기자입니다.

나루 오리지널

배가 뜨는 항구…
칩이 모이는 부두

💬 목차
1. 부두의 하루

항구에는 칩이 쌓였습니다. 기사 보러 가기 GO!

나루 인터뷰
“칩은 배와 같다”
안녕하세요, 이번주 나루 인터뷰어 홍보라 기자입니다.
선장은 말을 아꼈습니다.
기사 보러 가기 GO!

나루 오리지널과 나루 인터뷰는 Naru Plus 구독 후 보실 수 있습니다.

📰 나루가 추천하는 기사 📰
(이미지를 누르면 기사로 가요)
조선소에 들어온 로봇 팔
용접을 맡은 로봇 팔이 조선소의 하루를 바꾸고 있다. 용접공들은 무엇을 걱정하고 있을까 물었다.
바다 위의 데이터센터
바닷물로 식히는 데이터센터가 남해에 뜬다. 전기는 어디에서 오고 열은 어디로 가는지 따라가 보았다.
나루테크 NARUTECH
copyright 나루테크 2019.
"""


def issue_of(text: str, **known: object) -> Issue:
    return read_issue(NARUTECH, text_blocks(text), **known)  # type: ignore[arg-type]  # a table of keywords


def test_a_letter_becomes_its_entries_in_order() -> None:
    issue = issue_of(LETTER)
    assert [(e.position, e.section_label, e.headline, e.authors) for e in issue.entries] == [
        (1, "나루 오리지널", "배가 뜨는 항구… 칩이 모이는 부두", ["남가람"]),
        (2, "나루 인터뷰", "“칩은 배와 같다”", ["홍보라"]),
        (3, "📰 나루가 추천하는 기사 📰", "조선소에 들어온 로봇 팔", []),
        (4, "📰 나루가 추천하는 기사 📰", "바다 위의 데이터센터", []),
    ]


def test_the_date_line_gives_number_and_date() -> None:
    issue = issue_of(LETTER, dates=[RawDate("2024-03-15", "list")])
    assert (issue.number, issue.dates) == (12, [RawDate("2024.03.14 Thursday", "body"), RawDate("2024-03-15", "list")])


def test_an_opening_letter_that_presents_the_first_section_belongs_to_it() -> None:
    paragraphs = issue_of(LETTER).entries[0].body.split("\n\n")
    assert paragraphs == [
        "안녕하세요, 나루테크 레터 구독자님!",
        "저는 오늘 나루 오리지널을 소개 드릴 남가람 기자입니다.",
        "💬 목차",
        "1. 부두의 하루",
        "항구에는 칩이 쌓였습니다. 기사 보러 가기 GO!",
    ]


def test_an_opening_letter_of_its_own_is_an_entry_of_its_own() -> None:
    letter = LETTER.replace("저는 오늘 나루 오리지널을 소개 드릴 남가람 기자입니다.", "봄이 왔습니다.")
    first, second = issue_of(letter, headline="#12 봄 항구").entries[:2]
    assert (first.headline, first.section_label) == ("봄 항구", None)
    assert first.body == "안녕하세요, 나루테크 레터 구독자님!\n\n봄이 왔습니다."
    assert second.body.startswith("💬 목차")


def test_notices_and_footer_are_set_aside_and_kept() -> None:
    issue = issue_of(LETTER)
    assert issue.notices == [
        "나루 오리지널과 나루 인터뷰는 Naru Plus 구독 후 보실 수 있습니다.",
        "(이미지를 누르면 기사로 가요)",
        "나루테크 NARUTECH",
        "copyright 나루테크 2019.",
    ]
    assert not any("2019" in entry.body + entry.headline for entry in issue.entries)


def test_a_line_that_only_calls_to_read_on_is_no_paragraph() -> None:
    assert issue_of(LETTER).entries[1].body.endswith("선장은 말을 아꼈습니다.")


def test_an_unknown_section_keeps_its_label() -> None:
    entry = issue_of(LETTER.replace("나루 인터뷰\n", "나루 번외편\n")).entries[1]
    assert (entry.section_label, entry.headline) == ("나루 번외편", "“칩은 배와 같다”")


def test_the_headline_loses_its_number_and_the_number_is_taken() -> None:
    issue = issue_of("나루 인터뷰\n제목\n본문입니다.", headline="#7 봄 항구")
    assert (issue.number, issue.headline) == (7, "봄 항구")


@pytest.mark.parametrize(
    ("headline", "number", "without"),
    [
        ("봄 항구 #12", 12, "봄 항구"),
        ("[#12] 봄 항구", 12, "봄 항구"),
        ("#2024", 2024, None),
        ("시총 #1 기업의 비밀", None, "시총 #1 기업의 비밀"),
        ("#2024 결산", None, "#2024 결산"),
        ("#12345 봄 항구", None, "#12345 봄 항구"),
    ],
)
def test_a_headlines_number_stands_at_its_beginning_or_end(
    headline: str, number: int | None, without: str | None
) -> None:
    issue = issue_of("나루 인터뷰\n제목\n본문입니다.", headline=headline)
    assert (issue.number, issue.headline) == (number, without or "제목")


def test_a_number_that_is_not_the_issues_own_stays_in_the_headline() -> None:
    issue = issue_of(LETTER, headline="#1 기업의 비밀")
    assert (issue.number, issue.headline) == (12, "#1 기업의 비밀")


def test_the_number_inside_a_date_line_is_taken() -> None:
    issue = issue_of("2024.03.14 #12 Thursday\n나루 인터뷰\n제목")
    assert (issue.number, len(issue.dates)) == (12, 1)


HEADS = [
    "<td>2024.03.14 Thursday</td><td>#12</td>",
    "<td>#12</td><td>2024.03.14 Thursday</td>",
    "<td>나루테크 레터 #12</td><td>2024.03.14 Thursday</td>",
]


@pytest.mark.parametrize("head", HEADS)
def test_date_and_number_are_found_in_cells_of_their_own(head: str) -> None:
    issue = issue_of_html(f"<table><tr>{head}</tr></table><p>나루 인터뷰</p><p>제목</p><p>본문</p>")
    assert (issue.number, issue.dates) == (12, [RawDate("2024.03.14 Thursday", "body")])
    assert [(e.section_label, e.headline, e.body) for e in issue.entries] == [("나루 인터뷰", "제목", "본문")]


def test_a_date_line_is_found_below_a_long_masthead() -> None:
    masthead = [f"알림 {n}" for n in "가나다라마바"]
    issue = issue_of("\n".join([*masthead, "2024.03.14 Thursday #12", "나루 인터뷰", "제목"]))
    assert (issue.number, issue.dates) == (12, [RawDate("2024.03.14 Thursday", "body")])
    assert issue.entries[0].body == "\n\n".join(masthead)


def test_a_date_inside_a_section_is_its_own() -> None:
    issue = issue_of("나루 인터뷰\n2024.03.14\n제목")
    assert (issue.dates, issue.entries[0].headline) == ([], "2024.03.14")


def test_the_publications_title_is_no_section() -> None:
    issue = read_issue(FACTPL, text_blocks("팩플 Weekly\n2024.03.14 Thursday #12\n팩플 인터뷰\n제목"))
    assert (issue.number, issue.dates) == (12, [RawDate("2024.03.14 Thursday", "body")])
    assert [e.section_label for e in issue.entries] == [None, "팩플 인터뷰"]


def issue_of_html(html: str) -> Issue:
    return read_issue(NARUTECH, html_blocks(lxml.html.document_fromstring(f"<body>{html}</body>")))


def entries_of(html: str) -> list[tuple[str | None, str, list[str]]]:
    entries = issue_of_html(html).entries
    return [(entry.section_label, entry.headline, [link.url for link in entry.links]) for entry in entries]


def test_a_section_of_only_a_picture_and_a_call_is_kept() -> None:
    picture = '<a href="http://n.example/1"><img></a><p>기사 보러 가기 GO!</p>'
    assert entries_of(f"<p>나루 인터뷰</p>{picture}") == [("나루 인터뷰", "나루 인터뷰", ["http://n.example/1"])]


def test_a_link_around_a_section_belongs_to_its_entry() -> None:
    html = '<a href="http://n.example/1"><div>나루 인터뷰</div><div>제목</div></a><p>본문</p>'
    assert entries_of(html) == [("나루 인터뷰", "제목", ["http://n.example/1"])]


def test_a_link_around_a_lists_label_and_first_item_belongs_to_that_item() -> None:
    html = (
        '<a href="http://n.example/1"><div>나루가 추천하는 기사</div><div>첫째 제목</div></a><p>첫째 요약</p>'
        '<p><a href="http://n.example/2">둘째 제목</a></p><p>둘째 요약</p>'
    )
    assert entries_of(html) == [
        ("나루가 추천하는 기사", "첫째 제목", ["http://n.example/1"]),
        ("나루가 추천하는 기사", "둘째 제목", ["http://n.example/2"]),
    ]


def test_a_link_of_a_lists_label_alone_belongs_to_no_item() -> None:
    html = '<p><a href="http://n.example/all">나루가 추천하는 기사</a></p>' + LINK_LAST
    assert [links for _, _, links in entries_of(html)] == [["http://n.example/1"], ["http://n.example/2"]]


def test_an_opening_letter_that_presents_a_list_is_an_entry_of_its_own() -> None:
    opening = "저는 오늘 나루가 추천하는 기사를 소개 드릴 남가람 기자입니다."
    issue = issue_of(f"{opening}\n나루가 추천하는 기사\n제목\n{'요약' * 30}")
    assert [(e.section_label, e.headline, e.authors) for e in issue.entries] == [
        (None, opening, ["남가람"]),
        ("나루가 추천하는 기사", "제목", []),
    ]


def test_an_issue_without_a_title_is_called_by_its_first_heading() -> None:
    assert issue_of(LETTER).headline == "배가 뜨는 항구… 칩이 모이는 부두"


CARDS = """
<table><tr>
 <td><a href="http://n.example/1"><img></a><p>첫째 제목</p><p>첫째 요약</p></td>
 <td><a href="http://n.example/2"><img></a><p>둘째 제목</p><p>둘째 요약</p></td>
</tr></table>
"""
STACKED = """
<a href="http://n.example/1"><img></a><p>첫째 제목</p><p>첫째 요약</p>
<a href="http://n.example/2"><img></a><p>둘째 제목</p><p>둘째 요약</p>
"""
SIDE_BY_SIDE = """
<table><tr><td><a href="http://n.example/1"><img></a></td><td><p>첫째 제목</p><p>첫째 요약</p></td></tr>
<tr><td><a href="http://n.example/2"><img></a></td><td><p>둘째 제목</p><p>둘째 요약</p></td></tr></table>
"""
LINKED_TITLES = """
<p><a href="http://n.example/1">첫째 제목</a></p><p>첫째 요약</p>
<p><a href="http://n.example/2">둘째 제목</a></p><p>둘째 요약</p>
"""
LINK_LAST = """
<table><tr><td><p>첫째 제목</p><p>첫째 요약</p><p><a href="http://n.example/1">기사 보러 가기</a></p></td></tr>
<tr><td><p>둘째 제목</p><p>둘째 요약</p><p><a href="http://n.example/2">기사 보러 가기</a></p></td></tr></table>
"""
LINK_LAST_STACKED = """
<p>첫째 제목</p><p>첫째 요약</p><p><a href="http://n.example/1">기사 보러 가기</a></p>
<p>둘째 제목</p><p>둘째 요약</p><p><a href="http://n.example/2">기사 보러 가기</a></p>
"""
LINK_LAST_IN_ROWS = """
<table><tr><td>첫째 제목</td></tr><tr><td>첫째 요약</td></tr><tr><td><a href="http://n.example/1"><img></a></td></tr>
<tr><td>둘째 제목</td></tr><tr><td>둘째 요약</td></tr><tr><td><a href="http://n.example/2"><img></a></td></tr></table>
"""
PICTURES_ON_THE_RIGHT = """
<table><tr><td><p>첫째 제목</p><p>첫째 요약</p></td><td><a href="http://n.example/1"><img></a></td></tr>
<tr><td><p>둘째 제목</p><p>둘째 요약</p></td><td><a href="http://n.example/2"><img></a></td></tr></table>
"""
TITLE_PICTURE_SUMMARY = """
<table><tr><td><p>첫째 제목</p><a href="http://n.example/1"><img></a><p>첫째 요약</p></td></tr>
<tr><td><p>둘째 제목</p><a href="http://n.example/2"><img></a><p>둘째 요약</p></td></tr></table>
"""
LAYOUTS = [CARDS, STACKED, SIDE_BY_SIDE, LINKED_TITLES, LINK_LAST]
LAYOUTS += [LINK_LAST_STACKED, LINK_LAST_IN_ROWS, PICTURES_ON_THE_RIGHT, TITLE_PICTURE_SUMMARY]


@pytest.mark.parametrize("html", LAYOUTS)
def test_recommended_items_are_told_apart_however_they_are_laid_out(html: str) -> None:
    root = lxml.html.document_fromstring(f"<body><p>나루가 추천하는 기사</p>{html}</body>")
    entries = read_issue(NARUTECH, html_blocks(root)).entries
    assert [(e.headline, e.body, [link.url for link in e.links]) for e in entries] == [
        ("첫째 제목", "첫째 요약", ["http://n.example/1"]),
        ("둘째 제목", "둘째 요약", ["http://n.example/2"]),
    ]


def test_recommended_items_of_plain_text_end_with_their_addresses() -> None:
    items = "첫째 제목\n첫째 요약\nhttp://n.example/1\n둘째 제목\n둘째 요약\nhttp://n.example/2\n"
    entries = issue_of(f"나루가 추천하는 기사\n{items}").entries
    assert [(e.headline, [link.url for link in e.links]) for e in entries] == [
        ("첫째 제목", ["http://n.example/1"]),
        ("둘째 제목", ["http://n.example/2"]),
    ]


def test_a_note_below_a_link_stays_with_the_item_of_its_cell() -> None:
    notes = LINK_LAST.replace("</a></p>", "</a></p><p>3분</p>")
    entries = issue_of_html(f"<p>나루가 추천하는 기사</p>{notes}").entries
    assert [(e.headline, e.body) for e in entries] == [
        ("첫째 제목", "첫째 요약\n\n3분"),
        ("둘째 제목", "둘째 요약\n\n3분"),
    ]


@pytest.mark.parametrize("layout", [CARDS, STACKED])
def test_a_line_above_the_recommended_items_does_not_part_links_from_titles(layout: str) -> None:
    found = entries_of(f"<p>나루가 추천하는 기사</p><p>이번 주에 읽은 글입니다.</p>{layout}")
    assert found[-1][1:] == ("둘째 제목", ["http://n.example/2"])


def test_an_item_that_is_only_a_picture_is_not_lost() -> None:
    root = lxml.html.document_fromstring('<p>나루가 추천하는 기사</p><a href="http://n.example/1"><img></a>')
    [entry] = read_issue(NARUTECH, html_blocks(root)).entries
    assert (entry.headline, [link.url for link in entry.links]) == ("나루가 추천하는 기사", ["http://n.example/1"])


def json_list(*mails: object) -> JsonResponse:
    return JsonResponse("https://page.n.example/archives/1/emails", body=json.dumps(mails).encode())


MAIL = {"permanentLink": "https://n.example/share/1", "subject": "봄 항구", "sentTime": "2024-03-14"}


@pytest.mark.parametrize(
    ("mail", "problem"),
    [
        ({**MAIL, "permanentLink": None}, "mail 1 of the list: no permanentLink"),
        ({"permanentLink": "https://n.example/2"}, "mail 1 of the list: no subject"),
        ({**MAIL, "permanentLink": "http://["}, "mail 1 of the list: no address: http://["),
        ("글", "mail 1 of the list: not an object"),
    ],
)
def test_a_broken_mail_of_a_list_is_passed_over_and_reported(mail: object, problem: str) -> None:
    page = read_list(json_list(mail, MAIL), stibee.ARCHIVE)
    assert page == ListPage([Listing("https://n.example/share/1", "봄 항구", "2024-03-14")], problems=(problem,))


def test_a_mail_that_was_sent_again_is_no_problem() -> None:
    page = read_list(
        json_list({"subject": "(재발송) 봄", "permanentLink": None}, {**MAIL, "sentTime": None}), stibee.ARCHIVE
    )
    assert page == ListPage([Listing("https://n.example/share/1", "봄 항구", "")])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"[{}]", "no issue found in the list; mail 1 of the list: no subject"),
        (b"{}", "the archive's JSON is no list"),
        (b"<html>", "the archive's JSON cannot be read"),
        (b"[" * 100_000, "the archive's JSON cannot be read"),
    ],
)
def test_a_list_without_an_issue_says_why(body: bytes, reason: str) -> None:
    with pytest.raises(PageError, match=reason):
        read_list(JsonResponse("https://n.example/emails", body=body), stibee.ARCHIVE)


def test_an_item_of_a_list_that_leads_nowhere_is_passed_over_and_reported() -> None:
    def item(url: str) -> str:
        return f'<li><h2><a href="{url}">봄 항구</a></h2></li>'

    html = f'<main id="container"><ul>{item("http://[")}{item("/1")}</ul></main>'
    page = read_list(HtmlResponse("https://n.example/", body=html.encode(), encoding="utf-8"), NARUTECH.issue_list)
    assert page == ListPage([Listing("https://n.example/1", "봄 항구")], problems=("no address: http://[",))


def test_a_next_page_that_is_none_does_not_cost_the_list() -> None:
    rules = HtmlList(item="li", link="a::attr(href)", headline="a::text", next_page="nav a::attr(href)")
    html = b'<li><a href="/1">1</a></li><nav><a href="http://[">2</a></nav>'
    page = read_list(HtmlResponse("https://n.example/", body=html, encoding="utf-8"), rules)
    assert page == ListPage([Listing("https://n.example/1", "1")], problems=("no address: http://[",))


@pytest.mark.parametrize("kind", [JsonResponse, TextResponse])
def test_json_is_neither_a_list_page_nor_an_issue(kind: type[TextResponse]) -> None:
    response = kind("https://n.example/1", body=b'{"message": "moved"}', encoding="utf-8")
    with pytest.raises(PageError):
        read_list(response, NARUTECH.issue_list)
    with pytest.raises(PageError):
        read_issue_page(response, NARUTECH, Listing("https://n.example/1", "봄"), Sites([]))


def test_mail_is_recognised_by_its_sender_then_by_what_it_says() -> None:
    known = [FACTPL, NARUTECH]
    assert recognise(Letter("a", b"", sender="나루 <NARUTECH@naruilbo.example>"), known) is NARUTECH
    assert recognise(Letter("a", b"", text=LETTER), known) is NARUTECH
    assert recognise(Letter("a", b"", text="생활정보 안내문"), known) is None


@pytest.mark.parametrize("subject", ["(광고) 봄 항구", "Fwd: 봄 항구", "RE: FW: (재발송) 봄 항구", "봄 항구 #12"])
def test_a_subject_loses_what_mailers_add(subject: str) -> None:
    letter = Letter("a", b"", subject=subject, text=LETTER)
    assert read_letter(letter, NARUTECH, Sites([JoongangPage])).headline == "봄 항구"


GMAIL = """\
이거 재밌어요.

---------- Forwarded message ---------
보낸사람: 나루 <narutech@naruilbo.example>
Date: 2024년 3월 15일 (금) 오전 7:00
Subject: [나루테크] 봄
 항구
To: 둘째 <second@home.example>,
<me@home.example>

"""
OUTLOOK = """\
-----Original Message-----
From: "나루" <narutech@naruilbo.example>
To: <me@home.example>;
Cc:
Sent: Friday, March 15, 2024 7:00 AM
Subject: [나루테크] 봄 항구

"""
KOREAN_OUTLOOK = """\
*보낸 사람:* 나루 <narutech@naruilbo.example>
*보낸 날짜:* 2024년 3월 15일 금요일 오전 7:00
*받는 사람:* me@home.example
*제목:* [나루테크] 봄 항구

"""
APPLE = """\
전달된 메시지 시작:

From: 나루 <narutech@naruilbo.example>
제목: [나루테크] 봄 항구
날짜: 2024. 3. 15. 오전 7:00

"""
FORWARDS = [GMAIL, OUTLOOK, KOREAN_OUTLOOK, APPLE, APPLE.replace("봄", "어제") + GMAIL, "나루!\n" * 8 + GMAIL]
OF_OLD = LETTER.partition("\n")[2]


@pytest.mark.parametrize("forward", FORWARDS)
@pytest.mark.parametrize("is_html", [False, True])
def test_of_a_letter_forwarded_inline_nothing_of_the_forwarding_is_kept(forward: str, is_html: bool) -> None:
    letter = Letter("a", b"", "Fwd: 보세요", "me <me@home.example>", "Sat, 16 Mar 2024 09:00:00 +0900")
    if is_html:  # where no line is wrapped
        lines = (forward.replace("\n 항구", " 항구").replace(",\n<", ", <") + OF_OLD).split("\n")
        letter.html = "<br>".join(f"<b>{name}</b>{colon}{rest}" for name, colon, rest in map(_parts, lines))
    else:
        letter.text = forward + OF_OLD
    issue = read_letter(letter, NARUTECH, Sites([JoongangPage]))
    assert issue.entries == issue_of(OF_OLD, headline="[나루테크] 봄 항구").entries
    assert issue.headline == "[나루테크] 봄 항구"
    [date] = issue.dates
    assert parse_date(date.text).isoformat() == "2024-03-15T07:00:00+09:00"
    assert "@" not in repr(issue)
    assert recognise(letter, [FACTPL, NARUTECH]) is NARUTECH
    assert why_not_the_issue(letter, NARUTECH, issue) is None


def _parts(line: str) -> tuple[str, str, str]:
    name, colon, rest = line.partition(":")
    return name, colon, rest.replace("<", "&lt;").replace(">", "&gt;")


@pytest.mark.parametrize("box", ["{}", "<main id=container><article><div>{}</div></article></main>"])
def test_a_forwarded_header_in_a_table_is_not_kept_either(box: str) -> None:
    fields = {"Subject": "봄 항구", "Date": "Fri, 15 Mar 2024 07:00:00 +0900", "From": "나루", "To": "me@home.example"}
    rows = "".join(f"<tr><th>{name}: </th><td>{value}</td></tr>" for name, value in fields.items())
    html = box.format(f"<p>-------- 전달된 메시지 --------</p><table>{rows}</table><p>봄입니다.</p>")
    issue = read_letter(Letter("a", b"", html=html), NARUTECH, Sites([JoongangPage]))
    assert [(entry.headline, entry.body) for entry in issue.entries] == [("봄 항구", "봄입니다.")]
    assert issue.dates == [RawDate("Fri, 15 Mar 2024 07:00:00 +0900", "mail")]


@pytest.mark.parametrize(
    "lines",
    [
        ["From: 나루", "To: 독자님", "봄이 왔습니다.", "참조: 나루일보"],
        ["From: 나루", "제목: 봄이 온다", "봄이 왔습니다."],
        ["전달된 메시지", "봄이 왔습니다.", "참조: 나루일보"],
    ],
)
def test_lines_of_a_letter_that_look_like_a_header_are_kept(lines: list[str]) -> None:
    text = "\n".join(["나루 인터뷰", "제목", *lines])
    [entry] = read_letter(Letter("a", b"", text=text), NARUTECH, Sites([JoongangPage])).entries
    assert entry.body.split("\n\n") == lines


NARU = "나루 <narutech@naruilbo.example>"


@pytest.mark.parametrize(
    ("letter", "doubt"),
    [
        (Letter("a", b"", "봄 항구", NARU, text=OF_OLD), None),
        (Letter("a", b"", "봄 항구", "me@home.example", text=LETTER), None),
        (Letter("a", b"", "Fwd: Re: 봄 항구", NARU, text=OF_OLD), None),
        (Letter("a", b"", "Re: 봄 항구", NARU, text=LETTER), "a reply, 'Re: 봄 항구'"),
        (Letter("a", b"", "회신: 봄 항구", NARU, text=LETTER), "a reply, '회신: 봄 항구'"),
        (Letter("a", b"", "RE[2]: 봄 항구", "me@home.example", text=OUTLOOK + LETTER), "a reply, 'RE[2]: 봄 항구'"),
        (
            Letter("a", b"", "Review: 봄 항구", "me@home.example", text=OF_OLD),
            "no date line, and not from the address of 나루테크 레터",
        ),
    ],
)
def test_a_mail_about_the_newsletter_is_told_from_the_newsletter(letter: Letter, doubt: str | None) -> None:
    assert recognise(letter, [FACTPL, NARUTECH]) is NARUTECH
    issue = read_letter(letter, NARUTECH, Sites([JoongangPage]))
    assert why_not_the_issue(letter, NARUTECH, issue) == doubt


@pytest.fixture(scope="module")
def real_issue() -> Issue:
    if not SEED.exists():
        pytest.skip("the real issue is not here")
    [letter] = read_letters(SEED)
    assert isinstance(letter, Letter)
    assert recognise(letter, [NARUTECH, FACTPL]) is FACTPL
    issue = read_letter(letter, FACTPL, Sites([JoongangPage]))
    assert why_not_the_issue(letter, FACTPL, issue) is None
    return issue


def test_the_real_issue_has_its_number_date_and_sections(real_issue: Issue) -> None:
    assert (real_issue.id, real_issue.dates) == ("factpl/55", [RawDate("2023.10.26 Thursday", "body")])
    labels = [entry.section_label for entry in real_issue.entries]
    assert labels[:3] == ["팩플 오리지널", "팩플 인터뷰", "팩플 금요오리지널"]
    assert labels[3:] == ["📰 팩플이 추천하는 기사 📰"] * 7


def test_the_real_issues_main_entries_have_heading_byline_and_body(real_issue: Issue) -> None:
    main = real_issue.entries[:3]
    assert [entry.authors for entry in main] == [["김경미"], ["심서현"], ["심서현"]]
    assert [len(entry.headline.split()) for entry in main] == [9, 8, 8]
    assert all(len(entry.body) > 500 for entry in main)


def test_the_real_issues_recommended_items_have_title_and_summary(real_issue: Issue) -> None:
    items = real_issue.entries[3:]
    assert all(10 < len(item.headline) < 48 < len(item.body) for item in items)


def test_the_real_issues_footer_and_paywall_notice_are_no_content(real_issue: Issue) -> None:
    content = "\n".join(entry.headline + "\n" + entry.body for entry in real_issue.entries)
    assert not any(word in content for word in ("copyright", "상암산로", "구독후 보실", "이미지 클릭하면"))
    assert sum("copyright" in notice for notice in real_issue.notices) == 2


def test_a_line_of_dashes_is_read_in_no_time() -> None:
    started = time.process_time()
    assert [entry.body for entry in issue_of("-" * 100_000).entries] == ["-" * 100_000]
    assert time.process_time() - started < 5  # its square would take a minute
