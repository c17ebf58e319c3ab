import base64
import doctest
import subprocess
import sys
import unicodedata
from datetime import date, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from factpl_crawler import text as text_module
from factpl_crawler.text import (
    KST,
    DateError,
    ImplausibleDateError,
    UrlError,
    canonical_url,
    clean,
    decode_click,
    fold_label,
    introduced_author,
    parse_bylines,
    parse_date,
    parse_period,
    printed_weekday,
    weekday_problem,
)

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=KST)  # a Tuesday
MORNING = datetime(2023, 10, 26, 5, tzinfo=KST)

few = settings(max_examples=80, deadline=None)
datelike = st.text(alphabet="0123456789.-/: 년월일오전후시분초주달지난올해작년목(), TZ+#AMPago입력제호", max_size=30)
weird = st.text(
    alphabet="가각ᄀ\u1161\u11a8e\u0301 \t\r\n\xa0\u3164\u200b\u200d\ufe0f\ufeff\ud800👩💻↚\u0338🏴\U000e0067\U000e007f"
)
urllike = st.text(alphabet="htps:/?#&=.;@%|[]+\\ aZ0가\ud800-_~", max_size=30).map("http://ex.kr/".__add__)


def test_doctests_hold() -> None:
    assert doctest.testmod(text_module).failed == 0
    assert doctest.testmod(text_module).attempted >= 8


def test_import_and_plain_periods_load_neither_dateparser_nor_w3lib() -> None:
    code = (
        "import sys; from factpl_crawler.text import parse_period; "
        "[parse_period(text) for text in ('2023', '2023-10', '2023-10-26')]; "
        "print({'dateparser', 'w3lib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


# Text


@pytest.mark.parametrize(
    ("written", "cleaned"),
    [
        (unicodedata.normalize("NFD", "나루 각본"), "나루 각본"),
        ("나\u200b루\ufeff \x00각\xad본\u034f", "나루 각본"),
        ("\u1112\u200b\u1161\u11ab", "한"),
        ("나루\xa0\u3000\u2003각본\u3164", "나루 각본"),
        ("나루  \t각본 \r\n 둘째\r셋째\u2028넷째", "나루 각본\n둘째\n셋째\n넷째"),
        ("하나\n \n\n\n둘\n\n", "하나\n\n둘"),
        ("‘따옴표’ “둘” 가·나ㆍ다 … ＡＩ ㈜", "‘따옴표’ “둘” 가·나ㆍ다 … ＡＩ ㈜"),
        (
            "👩\u200d💻 ❤\ufe0f\u200d🔥 🤷🏽\u200d♀\ufe0f 1\ufe0f\u20e3",
            "👩\u200d💻 ❤\ufe0f\u200d🔥 🤷🏽\u200d♀\ufe0f 1\ufe0f\u20e3",
        ),
        ("나\u200d루 👩\u200d", "나루 👩"),
        (
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f 숨\U000e0067은",
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f 숨은",
        ),
        ("나루\ud83d각본", "나루각본"),
        (" \n ", ""),
    ],
)
def test_text_keeps_what_the_writer_wrote_and_loses_what_nobody_sees(written: str, cleaned: str) -> None:
    assert clean(written) == cleaned


@few
@given(st.one_of(st.text(st.characters()), weird))
def test_clean_is_idempotent_and_encodable(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert cleaned.encode().decode() == cleaned


@few
@given(st.one_of(st.text(), weird))
def test_clean_forgets_how_letters_were_composed(text: str) -> None:
    assert clean(unicodedata.normalize("NFD", text)) == clean(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    "label", ["📰 나루가 고른 기사 📰", "[나루가 고른 기사]", "나루가\xa0고른·기사", "나루가고른기사…"]
)
def test_labels_that_differ_in_decoration_fold_to_one(label: str) -> None:
    assert fold_label(label) == "나루가고른기사"


def test_labels_fold_case_width_and_composition() -> None:
    assert fold_label("Ｎａｒｕ 2.0 " + unicodedata.normalize("NFD", "각본")) == "naru20각본"


# Dates


@pytest.mark.parametrize(
    "printed",
    [
        "2023.10.26 05:00",
        "입력 2023.10.26 05:00",
        "수정 2023.10.26 05:00",
        "업데이트 2023.10.26 05:00",
        "기사입력 : 2023-10-26 05:00:00",
        "2023.10.26 05:00 발행",
        "등록일시 2023/10/26 오전 5:00",
        "2023.10.26 Thursday #55 05:00",
        "2023년 10월 26일 (목) 오전 5시",
        "2023년 10월 26일 목요일 5시 0분",
        "２０２３．１０．２６　０５：００",
        "23.10.26 05:00",
        "2023 / 10 / 26, 05:00",
        "2023-10-26T05:00:00+09:00",
        "2023-10-26T05:00:00+0900",
        "2023-10-26T05:00:00.000+09:00",
        "2023-10-25T20:00:00Z",
        "2023-10-25T20:00:00.000000000Z",
        "2023-10-26 05:00 KST",
        "Wed, 25 Oct 2023 20:00:00 GMT",
        "Wed, 25 Oct 2023 13:00:00 -0700 (PDT)",
        "Thu, 26 Oct 2023 05:00:00 +0900",
        "Published on Oct 26, 2023 5:00 AM",
        "Thursday, October 26th, 2023 at 5:00",
        "26 October 2023 05:00",
    ],
)
def test_every_printed_form_of_a_time_is_read(printed: str) -> None:
    parsed = parse_date(printed, now=NOW)
    assert (parsed, parsed.tzinfo) == (MORNING, KST)


@pytest.mark.parametrize(
    ("printed", "day"),
    [
        ("2023.10.26", "2023-10-26"),
        ("2023.10.26 Thursday #55", "2023-10-26"),
        ("제55호 2023.10.26.", "2023-10-26"),
        ("'23. 10. 26.", "2023-10-26"),
        ("2026.8.21(금)", "2026-08-21"),
        ("2026.03.25. 수요일", "2026-03-25"),
        ("2026 / 3 / 10", "2026-03-10"),
        ("Oct 26, 2023", "2023-10-26"),
        ("Oct 26 (Thu), 2023", "2023-10-26"),
        ("오늘", "2026-11-24"),
        ("어제", "2026-11-23"),
        ("그저께", "2026-11-22"),
        ("yesterday", "2026-11-23"),
        ("3일 전", "2026-11-21"),
        ("2주전", "2026-11-10"),
        ("1주일 전", "2026-11-17"),
        ("3개월 전", "2026-08-24"),
        ("3달 전", "2026-08-24"),
        ("3 Months Ago", "2026-08-24"),
        ("지난달", "2026-10-24"),
        ("지난주 목요일", "2026-11-19"),
        ("이번 주 월", "2026-11-23"),
        ("올해 3월", "2026-03-01"),
        ("작년 12월 25일", "2025-12-25"),
    ],
)
def test_a_day_is_its_midnight_in_korea(printed: str, day: str) -> None:
    assert parse_date(printed, now=NOW).isoformat() == f"{day}T00:00:00+09:00"


@pytest.mark.parametrize(
    ("clock", "time"),
    [
        ("오전 12시", "00:00:00"),
        ("오후 12시", "12:00:00"),
        ("오전 12:23:17", "00:23:17"),
        ("오후 12:23:17", "12:23:17"),
        ("오후 2시 30분", "14:30:00"),
        ("오후 2시 30분 5초", "14:30:05"),
        ("오전 0시", "00:00:00"),
        ("오후 14:30", "14:30:00"),
        ("12:30 AM", "00:30:00"),
        ("12:30 pm", "12:30:00"),
    ],
)
def test_twelve_in_the_morning_is_midnight(clock: str, time: str) -> None:
    assert parse_date(f"2023년 10월 26일 {clock}", now=NOW).isoformat() == f"2023-10-26T{time}+09:00"


def test_minutes_and_hours_ago_keep_the_time() -> None:
    assert parse_date("5분 전", now=NOW) == NOW - timedelta(minutes=5)
    assert parse_date("2 hours ago", now=NOW) == NOW - timedelta(hours=2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2023",
        "2023-10",
        "2023년 10월",
        "October 2023",
        "2023-13-05",
        "2023-02-30",
        "2023.10.26 24:00",
        "2023.10.26 05:61",
        "2023-10-26T05:00:00+99:99",
        "0001-01-01T00:00:00+14:00",
        "copyright 나루 2021.",
        "나루시 모래내로 48-6",
        "1287MWh",
        "02-2031-1234",
        "목요일",
        "Room 26 2023",
        "2023.10.26 나루일보",
        "입력 2023.10.26 05:00 수정 2023.10.27 05:00",
        "https://ex.kr/2023/10/26",
        "\ud800",
        "#55 " * 30 + "2023.10.26",
    ],
)
def test_what_is_no_whole_date_is_refused_by_name(text: str) -> None:
    with pytest.raises(DateError, match=r"^not a whole date: '") as caught:
        parse_date(text, now=NOW)
    assert repr(text)[1:-1][:100] in str(caught.value)


@pytest.mark.parametrize("text", ["1989.12.31", "999년 전", "2026.11.27", "2026-11-26T15:31:00+09:00"])
def test_implausible_dates_are_refused(text: str) -> None:
    with pytest.raises(ImplausibleDateError, match="before 1990 or over two days ahead: '"):
        parse_date(text, now=NOW)


@pytest.mark.parametrize("text", ["1990.1.1", "2026.11.26", "2026-11-26T15:30:00+09:00"])
def test_dates_at_the_edge_of_the_plausible_are_taken(text: str) -> None:
    assert parse_date(text, now=NOW).tzinfo is KST


def test_relative_dates_count_from_today_in_korea() -> None:
    late_in_london = datetime.fromisoformat("2026-11-23T20:00:00+00:00")
    assert parse_date("어제", now=late_in_london).isoformat() == "2026-11-23T00:00:00+09:00"
    assert parse_date("오늘").date() == datetime.now(KST).date()


@few
@given(st.one_of(st.text(st.characters()), datelike))
@example("26 ٱ")
@example("٢٠٢٣.١٠.٢٦")
@example("0일 전")
def test_no_text_makes_parse_date_raise_anything_but_its_error(text: str) -> None:
    try:
        parsed = parse_date(text, now=NOW)
    except DateError:
        return
    assert parsed.tzinfo is KST


FORMS = [
    "{0:%Y.%m.%d %H:%M}",
    "입력 {0:%Y.%m.%d %H:%M}",
    "{0:%Y-%m-%dT%H:%M:00+09:00}",
    "{0:%a, %d %b %Y %H:%M:%S +0900}",
    "{0.year}년 {0.month}월 {0.day}일 {half} {hour}시 {0.minute}분",
    "{0:%Y.%m.%d} {half} {hour}:{0:%M}",
    "{0:%B} {0.day}, {0.year} {hour}:{0:%M} {english}",
    "{0.year} / {0.month} / {0.day} ({weekday}) {0:%H:%M}",
    "{0:%y.%m.%d. %H:%M}",
]


@few
@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2026, 11, 24)).map(
        lambda moment: moment.replace(second=0, microsecond=0)
    ),
    st.sampled_from(FORMS),
)
def test_printed_dates_come_back(moment: datetime, form: str) -> None:
    if "%y" in form:
        moment = moment.replace(year=max(moment.year, 2001))
    half = moment.hour >= 12
    printed = form.format(
        moment,
        half="오후" if half else "오전",
        english="PM" if half else "AM",
        hour=moment.hour % 12 or 12,
        weekday="월화수목금토일"[moment.weekday()],
    )
    assert parse_date(printed, now=NOW) == moment.replace(tzinfo=KST)


@pytest.mark.parametrize(
    ("text", "weekday"),
    [
        ("2023.10.26 Thursday #55", 3),
        ("Tue, 24 Oct 2023", 1),
        ("Sat.", 5),
        ("Wednesday", 2),
        ("2026.8.21(금)", 4),
        ("2026.03.25. 수요일", 2),
        ("2023년 10월 29일 일요일", 6),
        ("2023년 10 월 26 일 목", 3),
        ("2023년 10월 26일", None),
        ("2023 년 10 월 26 일", None),
        ("Monaco, 5 May 2023", None),
        ("", None),
    ],
)
def test_the_printed_weekday_is_found(text: str, weekday: int | None) -> None:
    assert printed_weekday(text) == weekday


@pytest.mark.parametrize(
    ("text", "day", "problem"),
    [
        ("2023.10.27 Thursday", date(2023, 10, 27), "printed Thursday, but 2023-10-27 is a Friday"),
        ("2023.10.29 (월)", datetime(2023, 10, 29, tzinfo=KST), "printed Monday, but 2023-10-29 is a Sunday"),
        ("2023.10.26 (목)", date(2023, 10, 26), None),
        ("2023.10.26", date(2023, 10, 26), None),
        ("Wed, 25 Oct 2023 20:00:00 GMT", MORNING, None),
        ("Wed, 25 Oct 2023 20:00:00 +0900", MORNING, "printed Wednesday, but 2023-10-26 is a Thursday"),
        ("Mon, 25 Oct 2023 20:00:00 GMT", MORNING, "printed Monday, but 2023-10-26 is a Thursday"),
    ],
)
def test_a_weekday_that_contradicts_its_date_is_told(text: str, day: date, problem: str | None) -> None:
    assert weekday_problem(text, day) == problem


@pytest.mark.parametrize(
    ("typed", "first", "last"),
    [
        ("2023", "2023-01-01", "2023-12-31"),
        ("2023년", "2023-01-01", "2023-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2023.10", "2023-10-01", "2023-10-31"),
        ("2023년 10월", "2023-10-01", "2023-10-31"),
        ("9999-12", "9999-12-01", "9999-12-31"),
        ("2023-10-26", "2023-10-26", "2023-10-26"),
        ("2023. 10. 26.", "2023-10-26", "2023-10-26"),
        ("2030-01-01", "2030-01-01", "2030-01-01"),
        ("Oct 26, 2023", "2023-10-26", "2023-10-26"),
        ("올해", "2026-01-01", "2026-12-31"),
        ("작년", "2025-01-01", "2025-12-31"),
        ("작년 2월", "2025-02-01", "2025-02-28"),
        ("이번달", "2026-11-01", "2026-11-30"),
        ("지난 달", "2026-10-01", "2026-10-31"),
        (unicodedata.normalize("NFD", "지난주"), "2026-11-16", "2026-11-22"),
        ("이번주", "2026-11-23", "2026-11-29"),
        ("Last Month", "2026-10-01", "2026-10-31"),
        ("오늘", "2026-11-24", "2026-11-24"),
        ("어제", "2026-11-23", "2026-11-23"),
        ("yesterday", "2026-11-23", "2026-11-23"),
        ("3개월 전", "2026-08-24", "2026-08-24"),
        ("3 months ago", "2026-08-24", "2026-08-24"),
        ("1주 전", "2026-11-17", "2026-11-17"),
        ("1주", "2026-11-17", "2026-11-17"),
        ("3개월", "2026-08-24", "2026-08-24"),
        ("2일", "2026-11-22", "2026-11-22"),
        ("1년", "2025-11-24", "2025-11-24"),
        ("20240301", "2024-03-01", "2024-03-01"),
        ("한달 전", "2026-10-24", "2026-10-24"),
        ("석 달", "2026-08-24", "2026-08-24"),
        ("한 해 전", "2025-11-24", "2025-11-24"),
        ("일주일 전", "2026-11-17", "2026-11-17"),
        ("보름", "2026-11-09", "2026-11-09"),
        ("이틀 전", "2026-11-22", "2026-11-22"),
    ],
)
def test_a_period_has_its_first_and_last_day(typed: str, first: str, last: str) -> None:
    assert [str(day) for day in parse_period(typed, now=NOW)] == [first, last]


def test_last_month_in_january_is_in_last_year() -> None:
    january = datetime(2026, 1, 5, tzinfo=KST)
    assert parse_period("지난달", now=january) == (date(2025, 12, 1), date(2025, 12, 31))
    assert parse_period("지난주", now=january) == (date(2025, 12, 29), date(2026, 1, 4))


@pytest.mark.parametrize("typed", ["", "foo", "2023-", "2023-13", "2023-02-30", "0000", "내후년", "999년 전"])
def test_what_is_no_period_is_refused_with_what_to_write(typed: str) -> None:
    with pytest.raises(DateError) as caught:
        parse_period(typed, now=NOW)
    assert str(caught.value) == (
        f"not a date or a period: {typed!r}. Write 2023, 2023-10, 2023-10-26, 지난달 or 3개월 전."
    )


@few
@given(st.one_of(st.text(st.characters()), datelike))
def test_no_text_makes_parse_period_raise_anything_but_its_error(text: str) -> None:
    try:
        first, last = parse_period(text, now=NOW)
    except DateError:
        return
    assert first <= last


# Addresses


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTPS://Ex.KR", "https://ex.kr/"),
        ("http://ex.kr:80/a", "http://ex.kr/a"),
        ("https://ex.kr:443/a", "https://ex.kr/a"),
        ("http://ex.kr:8055/a", "http://ex.kr:8055/a"),
        ("http://user:secret@ex.kr/a", "http://ex.kr/a"),
        ("http://ex.kr./a#top", "http://ex.kr/a"),
        ("http://한글.kr/가 나?다=라", "http://xn--bj0bj06e.kr/%EA%B0%80%20%EB%82%98?%EB%8B%A4=%EB%9D%BC"),
        ("http://[::0:1]:8055/a", "http://[::1]:8055/a"),
        ("http://ex.kr/a/../b/./c?", "http://ex.kr/b/c"),
        ("http://ex.kr/%7c?x=1|2", "http://ex.kr/|?x=1%7C2"),
        ("http://ex.kr/?z=1&a=2&a=1", "http://ex.kr/?a=1&a=2&z=1"),
        ("  http://ex.kr/a\n", "http://ex.kr/a"),
        ("https://ex.kr/a?cloc=joongang|home|newslist1#home", "https://ex.kr/a"),
        (
            "https://ex.kr/a?UTM_Source=m&utm_x&fbclid=1&gclid=2&igshid=3&mc_cid=4&mc_eid=5&mkt_tok=6&stb_a=7&_hsenc=8",
            "https://ex.kr/a",
        ),
        (
            "https://ex.kr/a?id=1&idxno=2&no=3&page=4&ref=5&sub=6",
            "https://ex.kr/a?id=1&idxno=2&no=3&page=4&ref=5&sub=6",
        ),
        ("https://ex.kr/a?subscriber=1&sub_id=2&email=x&Email_ID=3&token=4&recipientId=5&n=6", "https://ex.kr/a?n=6"),
        ("https://ex.kr/a?who=lee%2Bnews%40ex.kr&to=lee@ex.kr&n=1", "https://ex.kr/a?n=1"),
        ("https://ex.kr/board?mode=view&uid=12", "https://ex.kr/board?mode=view&uid=12"),
        ("https://ex.kr/board?mode=view&uid=5f1d7a9e", "https://ex.kr/board?mode=view"),
    ],
)
def test_one_page_has_one_address(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ex.kr/a",
        "//ex.kr/a",
        "http:///a",
        "http://e x.kr/",
        "http://[::1",
        "http://ex.kr:99999/",
        "http://ex.kr/\ud800",
        "ftp://ex.kr/a",
        "javascript:alert(1)",
        "mailto:lee@ex.kr",
        "data:text/html,x",
    ],
)
def test_what_is_no_web_address_is_refused_by_name(url: str) -> None:
    with pytest.raises(UrlError) as caught:
        canonical_url(url)
    assert str(caught.value) == f"not a web address: {url!r}"


@few
@given(st.one_of(st.text(st.characters()), urllike, st.text().map("http://".__add__)))
def test_a_canonical_address_is_its_own(url: str) -> None:
    try:
        canonical = canonical_url(url)
    except UrlError:
        return
    assert canonical_url(canonical) == canonical


def click(target: str, host: str = "event.stibee.com") -> str:
    encoded = base64.urlsafe_b64encode(target.encode()).decode().rstrip("=")
    return f"https://{host}/v2/click/MS8yLzMv/{encoded}"


@pytest.mark.parametrize(
    "target", ["https://ex.kr/a", "http://ex.kr/a?b=가&c=1", "https://ex.kr/ab", "https://ex.kr/abc?d~e"]
)
def test_a_click_link_tells_where_it_leads(target: str) -> None:
    assert decode_click(click(target)) == target


def test_a_click_link_is_known_on_any_host_and_through_others() -> None:
    target = "https://ex.kr/a"
    assert decode_click(click(target, "click.naru.kr:8055")) == target
    assert decode_click(click(click(click(target)))) == target
    assert decode_click(click(click(click(click(target))))) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://ex.kr/a",
        "https://ex.kr/v2/click/MS8yLzMv",
        "https://ex.kr/v2/click/MS8yLzMv/_",
        "https://ex.kr/v2/click/MS8yLzMv/____",
        click("mailto:lee@ex.kr"),
        click("https://"),
        click("https://ex.kr/a b"),
        click("https://ex.kr/v2/click/MS8yLzMv/____"),
        "",
    ],
)
def test_what_leads_nowhere_is_none(url: str) -> None:
    assert decode_click(url) is None


@few
@given(
    st.text(st.characters()),
    st.text(alphabet="aHR0cDovL2V4_-=", max_size=20).map("https://ex.kr/v2/click/MS8/".__add__),
)
def test_decoding_never_raises(text: str, url: str) -> None:
    for candidate in (text, url):
        target = decode_click(candidate)
        assert target is None or target.lower().startswith("http")


# Names


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("홍길순 기자", ["홍길순"]),
        ("홍길순기자", ["홍길순"]),
        ("홍길순", ["홍길순"]),
        ("홍길순·임꺽정 기자", ["홍길순", "임꺽정"]),
        ("홍길순, 임꺽정 특파원", ["홍길순", "임꺽정"]),
        ("홍길순 기자 임꺽정 기자 홍길순 기자", ["홍길순", "임꺽정"]),
        ("도쿄=홍길순 특파원", ["홍길순"]),
        ("글=홍길순 기자, 사진=임꺽정", ["홍길순", "임꺽정"]),
        ("글·사진 홍길순 기자", ["홍길순"]),
        ("글=홍길순·사진", ["홍길순"]),
        ("홍길순 기자 hong@ex.kr", ["홍길순"]),
        ("홍길순hong@ex.kr", ["홍길순"]),
        ("hong.gil+naru@ex.co.kr", []),
        ("홍영상 나루", []),
        ("https://www.facebook.com/naruilbo", []),
        ("나루일보 홍길순 기자", ["홍길순"]),
        ("[나루=나루통신] 홍길순 기자 = ", ["홍길순"]),
        ("홍길순 의학전문기자", ["홍길순"]),
        ("홍길순 산업부 기자", ["홍길순"]),
        ("홍길순 선임기자·논설위원", ["홍길순"]),
        ("홍길순 PD, 임꺽정 인턴기자, 장길산 에디터", ["홍길순", "임꺽정", "장길산"]),
        (unicodedata.normalize("NFD", "홍길순 객원기자"), ["홍길순"]),
        ("By Jane Doe and J.R. O’Hara", ["Jane Doe", "J.R. O’Hara"]),
        ("기자", []),
        ("저는 기자입니다", []),
        ("", []),
    ],
)
def test_a_byline_is_names_alone(byline: str, names: list[str]) -> None:
    assert parse_bylines(byline) == names


@few
@given(st.one_of(st.text(st.characters()), st.text(alphabet="가나다기자특파원 =·,@.krAb\0\n")))
def test_names_are_neither_empty_nor_addresses_nor_repeated(text: str) -> None:
    names = parse_bylines(text)
    assert len(set(names)) == len(names)
    assert all(name and "@" not in name for name in names)


@pytest.mark.parametrize(
    ("greeting", "name"),
    [
        ("안녕하세요, 이번주 나루 인터뷰어 홍길순 기자입니다.", "홍길순"),
        ("저는 오늘 나루 오리지널을 소개 드릴 홍길순 기자입니다.", "홍길순"),
        ("반갑습니다.\n저는 홍길순 의학전문기자예요!", "홍길순"),
        ("저는 전직 기자입니다. 안녕하세요, 홍길순 에디터입니다.", "홍길순"),
        ("그를 만난 사람은 홍길순 기자입니다.", None),
        ("안녕하세요, 홍길순 기자가 썼습니다.", None),
        ("", None),
    ],
)
def test_a_greeting_names_its_writer(greeting: str, name: str | None) -> None:
    assert introduced_author(greeting) == name
