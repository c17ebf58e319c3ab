from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from index.keyboard import jamo
from index.spelling import Guess, Vocabulary, is_clear, slips, write_words

COUNTED = [
    ("그로크", 9),
    ("가람쿠키", 1),
    ("가락", 3),
    ("그림", 2),
    ("엔비디아", 5),
    ("groq", 4),
    ("나루", 3),
    ("마루", 3),
    ("12", 8),
    ("가", 8),
    ("a", 2),
]


@pytest.fixture
def vocabulary(tmp_path: Path) -> Vocabulary:
    write_words(tmp_path, COUNTED)
    return Vocabulary(tmp_path)


def test_words_are_kept_most_frequent_first_and_numbers_and_single_letters_are_not(tmp_path: Path) -> None:
    write_words(tmp_path, COUNTED)
    assert (tmp_path / "words.txt").read_text(encoding="utf-8").split() == (
        "그로크 9 엔비디아 5 groq 4 가락 3 나루 3 마루 3 그림 2 가람쿠키 1".split()
    )


def test_a_word_is_in_it_only_whole(vocabulary: Vocabulary) -> None:
    assert [word in vocabulary for word in ("groq", "그로크", "gro", "roq", "로크", "4", "")] == [
        True,
        True,
        *[False] * 5,
    ]


@pytest.mark.parametrize(
    ("initials", "words"),
    [("ㄱㄹㅋ", ["그로크"]), ("ㄱㄹ", ["가락", "그림"]), ("ㅇㅂ", ["엔비디아"]), ("ㅎㅎ", [])],
)
def test_initials_find_whole_words_before_longer_ones(vocabulary: Vocabulary, initials: str, words: list[str]) -> None:
    assert vocabulary.with_initials(initials, 5) == words


@pytest.mark.parametrize(
    ("typed", "guesses"),
    [
        ("그르크", [Guess(1, "그로크", 9)]),
        ("엔비디야", [Guess(1, "엔비디아", 5)]),
        ("앤비디야", [Guess(2, "엔비디아", 5)]),
        ("gorq", [Guess(1, "groq", 4)]),
        ("다루", [Guess(1, "나루", 3), Guess(1, "마루", 3)]),
        ("파도소리", []),
        ("긇", []),
    ],
)
def test_a_slip_of_the_finger_finds_the_word(vocabulary: Vocabulary, typed: str, guesses: list[Guess]) -> None:
    assert vocabulary.alike(typed, 3) == guesses


def test_at_most_so_many_words_are_guessed(vocabulary: Vocabulary) -> None:
    assert (vocabulary.alike("다루", 1), vocabulary.with_initials("ㄱㄹ", 1)) == ([Guess(1, "나루", 3)], ["가락"])


def test_a_guess_is_clear_when_it_is_near_and_no_other_is_as_good() -> None:
    far, near, rare, frequent = Guess(2, "가", 9), Guess(1, "나", 3), Guess(1, "다", 1), Guess(1, "라", 3)
    judged = [is_clear(guesses) for guesses in ([], [far], [near], [near, far], [near, rare], [near, frequent])]
    assert judged == [False, False, True, True, True, False]


def test_an_index_without_words_has_no_guesses(tmp_path: Path) -> None:
    vocabulary = Vocabulary(tmp_path)
    assert (vocabulary.alike("그르크", 3), vocabulary.with_initials("ㄱㄹㅋ", 3), "그로크" in vocabulary) == (
        [],
        [],
        False,
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("그르크", "그로크"), ("인공지는", "인공지능"), ("데이타", "데이터"), ("로버", "로봇")],
)
def test_a_slip_changes_one_part_of_one_syllable(typed: str, meant: str) -> None:
    assert (meant in slips(typed)) is (OSA.distance(jamo(typed), jamo(meant)) == 1)


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.text(st.sampled_from("그로크각값뷁힣가"), min_size=1, max_size=6), st.text("gro", min_size=1, max_size=6)
    )
)
def test_slips_are_just_what_is_one_key_away(word: str) -> None:
    found = slips(word)
    assert {OSA.distance(jamo(word), jamo(other)) for other in found} == {1}
    assert all(word in slips(other) for other in found if other)
