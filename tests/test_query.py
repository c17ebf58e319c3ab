import unicodedata
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.query import (
    And,
    Everything,
    FieldQuery,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    QueryError,
    Range,
    Word,
    parse,
    wanted,
)

ROME, OSLO, CAIRO = Word("로마"), Word("오슬로"), Word("카이로")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", Everything()),
        ("  \n", Everything()),
        ("로마", ROME),
        ("로마 오슬로", And((ROME, OSLO))),
        ("로마 OR 오슬로", Or((ROME, OSLO))),
        ("로마 | 오슬로", Or((ROME, OSLO))),
        ("로마 오슬로 OR 카이로", And((ROME, Or((OSLO, CAIRO))))),
        ("(로마 오슬로) OR 카이로", Or((And((ROME, OSLO)), CAIRO))),
        ("(로마 (오슬로)) 카이로", And((ROME, OSLO, CAIRO))),
        ("-로마", Not(ROME)),
        ("로마 -(오슬로 OR 카이로)", And((ROME, Not(Or((OSLO, CAIRO)))))),
        ('"로마  오슬로" 카이로', And((Phrase("로마 오슬로"), CAIRO))),
        ("“로마 오슬로”", Phrase("로마 오슬로")),
        ('-"로마 오슬로"', Not(Phrase("로마 오슬로"))),
        ('"OR"', Phrase("OR")),
        ('"로마 오슬로"~3 카이로', And((Phrase("로마 오슬로", 3), CAIRO))),
        ("로마*", Prefix("로마")),
        ("-로마*", Not(Prefix("로마"))),
        ("제목:로마*", FieldQuery("headline", Prefix("로마"))),
        ("or", Word("or")),
        ("로마 & 오슬로", And((ROME, OSLO))),
        ("섹션:인터뷰", FieldQuery("section", Word("인터뷰"))),
        ('기자:"한 결"', FieldQuery("author", Phrase("한 결"))),
        ("SITE:maru.example", FieldQuery("site", Word("maru.example"))),
        ("주소:https://maru.example/7?a=1", FieldQuery("url", Word("https://maru.example/7?a=1"))),
        ("호:55", FieldQuery("issue", Word("55"))),
        ("호:50..60", Range("issue", 50, 60)),
        ("issue:50..", Range("issue", 50, None)),
        ("issue:..60호", Range("issue", None, 60)),
        ("date:2023-10", Range("date", date(2023, 10, 1), date(2023, 10, 31))),
        ("날짜:2023-10..2023-12", Range("date", date(2023, 10, 1), date(2023, 12, 31))),
        ("날짜:..2023", Range("date", None, date(2023, 12, 31))),
        ("로마|오슬로", Or((ROME, Word("오슬로")))),
        ('"로마"는 오슬로', And((Phrase("로마"), Word("오슬로")))),
        ("“로마”에서", Phrase("로마")),
        ("(로마)의", ROME),
        ("로마 ㆍ 오슬로", And((ROME, Word("오슬로")))),
        ("제목：로마", FieldQuery("headline", ROME)),
        ("로마 ＯＲ 오슬로", Or((ROME, Word("오슬로")))),
        ("－로마", Not(ROME)),
        ("로마＊", Prefix("로마")),
        ("㎏", Word("㎏")),
        ("주소:https://maru.example/?a=1|2", FieldQuery("url", Word("https://maru.example/?a=1|2"))),
        ('날짜:"2023년 10월"', Range("date", date(2023, 10, 1), date(2023, 10, 31))),
    ],
)
def test_what_is_typed_becomes_a_tree(text: str, tree: Query) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    "word",
    ["http://maru.example/a", "12:30", "C++", "GPT-4o", "R&D", "그로크(Groq)의", "질문:", "a..b", "#1", "x-", "50%"],
)
def test_signs_inside_a_word_belong_to_it(word: str) -> None:
    assert parse(word) == Word(word)


def test_decomposed_hangul_is_composed() -> None:
    assert parse(unicodedata.normalize("NFD", "섹션:로마")) == FieldQuery("section", Word("로마"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("로마 안녕:반가워", "unknown field 안녕: at position 4; use one of id, kind, 종류,"),
        ("sectoin:x", 'unknown field sectoin: at position 1; did you mean section:, or put it in quotes: "sectoin:x"'),
        ("제목:", "제목: at position 1 has no value: write it after the colon"),
        ("제목:(로마 OR 오슬로)", "제목: at position 1 takes one word or phrase: write (제목:… OR 제목:…)"),
        ("제목:-로마", "제목: at position 1 takes one word or phrase: write -제목:…"),
        ("로*마", "'*' at position 2 is not at the end of a word: write 반도*"),
        ("ㆍ", "nothing to look for in 'ㆍ'"),
        ('"ㆍ"', "the quotes at position 1 hold no word"),
        ("e\u0301" * 200_000, "the query has 400000 characters, more than 1000"),
        ('로마 "오슬로', "the quote at position 4 is not closed: close it or leave it out"),
        ('로마 "!"', "the quotes at position 4 hold no word"),
        ("(로마", "'(' at position 1 is not closed: write ')' after its words"),
        ("로마)", "')' at position 3 closes nothing"),
        ("로(마", "'(' at position 2 is not closed"),
        ("로마 ()", "the parentheses at position 4 hold no word"),
        ("OR 로마", "OR at position 1 needs a word on both sides"),
        ("로마 OR", "OR at position 4 needs a word on both sides"),
        ("로마 OR OR 오슬로", "OR at position 4 needs a word on both sides"),
        ("로마 - 오슬로", "'-' at position 4 excludes nothing: write -word without a space or drop it"),
        ("--로마", "'-' at position 1 excludes nothing"),
        (
            "날짜:2023-12..2023-10",
            "the range 2023-12..2023-10 at position 1 ends before it begins: write date:2023-10..2023-12",
        ),
        ("호:60..50", "the range 60..50 at position 1 ends before it begins: write issue:50..60"),
        ("호:a..b", "'a..b' at position 1 is not a range of issues: write issue:50..60"),
        ("날짜:나루", "'나루' at position 1 is not a date: write 2023, 2023-10 or 2023-10-26"),
        ("?!", "nothing to look for in '?!': type a word with letters or digits"),
        ("*", "'*' at position 1 has no beginning of a word before it: write 반도*, or drop it"),
        ("로마 *슬로", "'*' at position 4 has no beginning of a word before it"),
        ("제목:*", "'*' at position 4 has no beginning of a word before it"),
        ("*로마*", "'*' at position 1 has no beginning of a word before it"),
        ('"[a to "' * 70, "the query has more than 64 words: leave some out"),
        ("기자:한*", "only headline: and body: take a '*': at position 1 write author:한"),
        ('"로마 오슬로"~', "'~' at position 9 needs a number up to 20: write \"two words\"~3"),
        ('"로마 오슬로"~21', "'~' at position 9 needs a number up to 20"),
        ("가" * 1001, "the query has 1001 characters, more than 1000: shorten it"),
        ("가 " * 65, "the query has more than 64 words: leave some out"),
        ("(" * 17 + "가" + ")" * 17, "more than 16 parentheses inside each other: use fewer"),
    ],
)
def test_a_mistake_is_named_with_its_position_and_the_next_step(text: str, message: str) -> None:
    with pytest.raises(QueryError) as error:
        parse(text)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_what_is_wanted_leaves_out_what_is_excluded() -> None:
    query = parse("로마 -오슬로 (제목:카이로 OR 섹션:여행) 호:1..2")
    assert list(wanted(query)) == [(None, ROME), ("headline", CAIRO), ("section", Word("여행"))]


PIECES = st.sampled_from(
    [
        "로마",
        "GPT-4o",
        " ",
        " OR ",
        " AND ",
        "-",
        "(",
        ")",
        '"',
        "“",
        "제목:",
        "호:",
        "날짜:",
        "2023-10",
        "*",
        "~3",
        "..",
        "7",
        ":",
        "a",
        "|",
        "ㆍ",
        "㎏",
    ]
)


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=20).map("".join)))
@example("\ud800")
@example("\x00")
@example("날짜:0000-00..9999-99")
@example("호:999999999999..1")
def test_any_text_is_a_query_or_a_query_error(text: str) -> None:
    try:
        query = parse(text)
    except QueryError as error:
        assert str(error)  # noqa: PT017  a query is as good as an error here
    else:
        assert parse(str(query)) == query


@pytest.mark.parametrize(
    ("typed", "read"), [("종류:기사", "kind:article"), ("kind:Entry", "kind:entry"), ("종류:꼭지", "kind:entry")]
)
def test_a_kind_is_one_of_two(typed: str, read: str) -> None:
    assert str(parse(typed)) == read


def test_a_kind_that_is_none_is_refused() -> None:
    with pytest.raises(QueryError, match="no kind artcle at position 1: write one of entry, 꼭지, article, 기사"):
        parse("종류:artcle")


@pytest.mark.parametrize(
    ("typed", "read"), [("title:칩", "headline:칩"), ("작가:이슬", "author:이슬"), ("저자:이슬", "author:이슬")]
)
def test_a_field_is_known_by_what_people_also_call_it(typed: str, read: str) -> None:
    assert str(parse(typed)) == read


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("나루 AND 마루", "나루 마루"),
        ("(나루 AND 마루) OR 여울", "(나루 마루) OR 여울"),
        ("나루 and 마루", "나루 and 마루"),
        ('"AND" 나루', '"AND" 나루'),
        ("제목:AND", "headline:AND"),
    ],
)
def test_and_in_capitals_is_no_word_of_its_own(typed: str, read: str) -> None:
    assert str(parse(typed)) == read


def test_and_alone_says_nothing_to_look_for() -> None:
    with pytest.raises(QueryError, match="nothing to look for in 'AND'"):
        parse("AND")
