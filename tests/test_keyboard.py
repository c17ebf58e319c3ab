import doctest
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import keyboard
from index.keyboard import initials_pattern, is_initials, other_layout


def test_the_examples_in_the_source_are_true() -> None:
    assert doctest.testmod(keyboard) == doctest.TestResults(failed=0, attempted=5)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("rmfhzm", "그로크"),
        ("dpsqleldk", "엔비디아"),
        ("qksehcp", "반도체"),
        ("dlsrhdwlsmd", "인공지능"),
        ("RkaWkr", "깜짝"),
        ("RNa", "꿈"),
        ("ekfrdl", "닭이"),
        ("ekfrl", "달기"),
        ("dhksfy", "완료"),
        ("dkswdk", "앉아"),
        ("ektl1", "다시1"),
        ("ㅎ갭", "groq"),
        ("ㅜ퍙ㅁ", "nvida"),
        ("ㅁㅔㅔㅣㄷ", "apple"),
        ("ㅖㅔ", "Pp"),
    ],
)
def test_the_same_keys_in_the_other_layout(typed: str, meant: str) -> None:
    assert other_layout(typed) == meant


@pytest.mark.parametrize("word", ["groq", "llm", "1200", "그로크a", "©", ""])
def test_keys_that_type_no_word_are_left_alone(word: str) -> None:
    assert other_layout(word) is None


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=[chr(code) for code in range(0xAC00, 0xD7A4)], min_size=1, max_size=8))
def test_hangul_typed_in_latin_letters_comes_back(word: str) -> None:
    letters = other_layout(word)
    assert letters is not None
    assert letters.isascii()
    assert other_layout(letters) == word


def test_initial_consonants_are_told_from_words() -> None:
    assert [is_initials(word) for word in ("ㄱㄹㅋ", "ㄱ", "ㅏㅏ", "ㄱ로크", "ㄳㄱ", "")] == [True, *[False] * 5]


def test_initials_stand_for_every_syllable_that_begins_with_them() -> None:
    pattern = re.compile(initials_pattern("ㄱㅎ"))
    found = [word for word in ("가하", "깋힣", "까하", "나하", "가파") if pattern.fullmatch(word)]
    assert found == ["가하", "깋힣"]
