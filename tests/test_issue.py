"""Blocks → an issue and its entries, from invented letters and from the one real issue where it lies."""

from pathlib import Path

import lxml.html
import pytest

from demo_site.spiders.narutech import NarutechSpider
from factpl_crawler.items import Issue, RawDate
from factpl_crawler.mail import Letter, read_letters
from factpl_crawler.pages.blocks import html_blocks, text_blocks
from factpl_crawler.pages.issue import read_issue
from factpl_crawler.pages.joongang import JoongangPage
from factpl_crawler.pages.letter import read_letter, recognise
from factpl_crawler.pages.sites import Sites
from factpl_crawler.spiders.factpl import FactplSpider

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
(이미지 클릭하면 기사 본문으로 Go!)
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
        "(이미지 클릭하면 기사 본문으로 Go!)",
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


@pytest.mark.parametrize("html", [CARDS, STACKED, SIDE_BY_SIDE, LINKED_TITLES, LINK_LAST])
def test_recommended_items_are_told_apart_however_they_are_laid_out(html: str) -> None:
    root = lxml.html.document_fromstring(f"<body><p>나루가 추천하는 기사</p>{html}</body>")
    entries = read_issue(NARUTECH, html_blocks(root)).entries
    assert [(e.headline, e.body, [link.url for link in e.links]) for e in entries] == [
        ("첫째 제목", "첫째 요약", ["http://n.example/1"]),
        ("둘째 제목", "둘째 요약", ["http://n.example/2"]),
    ]


def test_an_item_that_is_only_a_picture_is_not_lost() -> None:
    root = lxml.html.document_fromstring('<p>나루가 추천하는 기사</p><a href="http://n.example/1"><img></a>')
    [entry] = read_issue(NARUTECH, html_blocks(root)).entries
    assert (entry.headline, [link.url for link in entry.links]) == ("나루가 추천하는 기사", ["http://n.example/1"])


def test_mail_is_recognised_by_its_sender_then_by_what_it_says() -> None:
    known = [FACTPL, NARUTECH]
    assert recognise(Letter("a", b"", sender="나루 <NARUTECH@naruilbo.example>"), known) is NARUTECH
    assert recognise(Letter("a", b"", text=LETTER), known) is NARUTECH
    assert recognise(Letter("a", b"", text="생활정보 안내문"), known) is None


@pytest.mark.parametrize("subject", ["(광고) 봄 항구", "Fwd: 봄 항구", "RE: FW: (재발송) 봄 항구", "봄 항구 #12"])
def test_a_subject_loses_what_mailers_add(subject: str) -> None:
    letter = Letter("a", b"", subject=subject, text=LETTER)
    assert read_letter(letter, NARUTECH, Sites([JoongangPage])).headline == "봄 항구"


@pytest.fixture(scope="module")
def real_issue() -> Issue:
    if not SEED.exists():
        pytest.skip("the real issue is not here")
    [letter] = read_letters(SEED)
    assert isinstance(letter, Letter)
    assert recognise(letter, [NARUTECH, FACTPL]) is FACTPL
    return read_letter(letter, FACTPL, Sites([JoongangPage]))


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
