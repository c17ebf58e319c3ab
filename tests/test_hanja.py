import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.hanja import TABLE, at_start
from index.hanja import read_hanja as read_with
from index.korean import read_hanja


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("人工知能 학회", "인공지능 학회"),
        ("서울大, 對中 수출", "서울대, 대중 수출"),
        ("勞動 女子 老人 來年 李舜臣", "노동 여자 노인 내년 이순신"),
        ("敬老 新女性 許諾", "경로 신여성 허락"),
        ("確率 比率", "확률 비율"),
        ("音樂 快樂", "음악 쾌락"),
        ("金利 金大中", "금리 김대중"),
        ("銀行 洞察 復活 往復 讀書", "은행 통찰 부활 왕복 독서"),
        ("北美 東北 敗北 北京", "북미 동북 패배 북경"),
        ("說明 車道 樂園 人力車", "설명 차도 낙원 인력거"),
        ("2024年 5里", "2024년 5리"),
        ("北 中 行", "북 중 행"),
        ("國学 かな 𠀀", "국学 かな 𠀀"),
        ("한글뿐", "한글뿐"),
    ],
)
def test_hanja_are_read_as_the_words_that_they_make(text: str, read: str) -> None:
    assert read_hanja(text) == read


def test_a_word_alone_needs_no_dictionary_where_there_is_nothing_to_choose() -> None:
    def refused(text: str) -> int:
        raise AssertionError(text)

    assert read_with("美國의 北", refused) == "미국의 북"


def test_every_hanja_of_the_korean_standard_has_a_reading() -> None:
    sounds = (TABLE.read_text(encoding="utf-8").splitlines())[1:]
    table = {character for line in sounds if not line.startswith("#") for character in line[2:]}
    standard = {
        unicodedata.normalize("NFKC", bytes([row, cell]).decode("euc_kr"))
        for row in range(0xCA, 0xFE)
        for cell in range(0xA1, 0xFF)
    }
    assert table == standard


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("北樂女率大統領가나 1\n國学か"), max_size=60))
def test_a_reading_is_as_long_as_what_is_read_and_changes_hanja_only(text: str) -> None:
    read = read_hanja(text)
    assert len(read) == len(text)
    assert all(was == now or "一" <= was <= "龥" for was, now in zip(text, read, strict=True))


def test_the_beginning_of_a_word_drops_its_sounds() -> None:
    assert [at_start(syllable) for syllable in "녀뇨니랴류라로가 a"] == list("여요이야유나노가 a")
