from datetime import date, timedelta
from math import log
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import ListSource, document

from index.build import build
from index.search import Filters
from index.words import DAYS_BEFORE, NothingBeforeError, RisingWord, _rise, names, rising_words

SINCE = date(2024, 5, 1)


def test_names_and_nouns_are_told_from_other_words() -> None:
    text = "그로크가 새 칩을 공개했다. 그리고 하늘봇은 오늘 GPU 서버를 아주 빠르게 늘렸다. 2024년 반도체"
    assert names([text]) == [["그로크", "하늘봇", "gpu", "서버", "반도체"]]


def test_a_name_that_the_dictionary_takes_for_other_words_is_known_by_its_particles() -> None:
    texts = [
        "누비온은 오늘 쉰다. 알파고 소식",
        "누비온의 새 판",
        "베타로를 샀을까",
        "아이였을 때 그들이 일하는가",
        "역에서의",
    ]
    assert names(texts) == [["누비온", "소식"], ["누비온"], ["베타로"], [], []]


@given(st.text())
@settings(max_examples=50, deadline=None)
def test_any_text_has_names_that_are_longer_than_a_letter(text: str) -> None:
    assert all(len(name) > 1 and not name.isdigit() for name in names([text])[0])


@pytest.fixture(scope="module")
def index_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A name that is new, a word that is always there, and one from before the months that are compared."""
    folder = tmp_path_factory.mktemp("words")
    days = [SINCE - timedelta(days=10 * number) for number in range(1, 9)]
    documents = [
        *(document(f"a/{n}", "강가의 물레방아", date=str(day)) for n, day in enumerate(days)),
        document("a/long-ago", "하늘봇", date=str(SINCE - timedelta(days=DAYS_BEFORE + 1))),
        *(document(f"b/{n}", "물레방아", "하늘봇이 하늘봇을 만났다.", date=str(SINCE)) for n in range(3)),
        *(document(f"c/{n}", "두루미톡 소식", date=str(SINCE)) for n in range(2)),
        document("d/1", "하늘봇", date="2024-06-01", site="later.example"),
    ]
    build(ListSource.of(*documents), folder)
    return folder


def test_a_word_rises_when_more_documents_have_it_than_in_the_months_before(index_dir: Path) -> None:
    found = rising_words(Filters(since=SINCE, until=SINCE), index_dir=index_dir)
    assert found == [RisingWord("하늘봇", 3, 0, round(_rise(3, 5, 0, 8), 3))]


def test_a_new_name_that_the_dictionary_takes_for_a_verb_rises_too(tmp_path: Path) -> None:
    bodies = ["누비온을 켰다", "누비온이 꺼졌다", "누비온"]
    new = [document(f"a/{n}", "", body, date=str(SINCE)) for n, body in enumerate(bodies)]
    build(ListSource.of(document("b/1", body="강가", date=str(SINCE - timedelta(3))), *new), tmp_path)
    (found,) = rising_words(Filters(since=SINCE), index_dir=tmp_path)
    assert (found.word, found.documents, found.before) == ("누비온", 3, 0)


def test_filters_narrow_both_periods_and_the_limit_cuts(index_dir: Path) -> None:
    assert [one.documents for one in rising_words(Filters(since=SINCE), index_dir=index_dir)] == [4]
    assert rising_words(Filters(since=SINCE), index_dir=index_dir, limit=0) == []
    with pytest.raises(NothingBeforeError, match="no document is of the 91 days before 2024-05-01"):
        rising_words(Filters(since=SINCE, site=("later.example",)), index_dir=index_dir)


def test_of_many_or_long_documents_the_newest_are_read(index_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The document of June, whose three syllables and line end are read, and two of the next.
    monkeypatch.setattr("index.words.MOST_CHARACTERS", 30)
    monkeypatch.setattr("index.words.FEWEST_DOCUMENTS", 1)
    found = rising_words(Filters(since=SINCE), index_dir=index_dir)
    assert [(one.word, one.documents, one.score) for one in found] == [("하늘봇", 3, round(_rise(3, 3, 0, 8), 3))]


def test_a_rise_is_positive_a_fall_negative_and_surer_with_more_documents() -> None:
    # Dunning's G²: twice the sum of observed × ln(observed ÷ expected) over the four cells.
    by_hand = 2 * (10 * log(10 / (10 / 3)) + 2 * 10 * log(10 / (50 / 3)) + 90 * log(90 / (250 / 3)))
    assert _rise(10, 20, 10, 100) == pytest.approx(by_hand)
    assert _rise(1, 100, 10, 20) < 0 < _rise(5, 10, 50, 1000) < _rise(50, 100, 50, 1000)
    assert _rise(5, 10, 50, 100) == pytest.approx(0, abs=1e-9)


def test_before_the_first_of_all_days_there_is_nothing_to_compare_with(index_dir: Path) -> None:
    with pytest.raises(
        NothingBeforeError, match="Nothing to compare with: no document is of the 91 days before 0001-01-01"
    ):
        rising_words(Filters(since=date(1, 1, 1)), index_dir=index_dir)
