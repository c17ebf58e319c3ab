import threading
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.korean import analyse, normalise, query_terms, strip_particle


def morphemes(text: str) -> list[tuple[str, str]]:
    """Each morpheme with what is marked for it in the text."""
    return [(token.text, text[token.start : token.end]) for token in analyse(text).morphemes]


def bigrams(text: str) -> list[tuple[str, int]]:
    return [(token.text, token.position) for token in analyse(text).bigrams]


def stems(text: str) -> list[tuple[str, str]]:
    return [(token.text, text[token.start : token.end]) for token in analyse(text).stems]


# --- Normalisation ---


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("ＧＰＴ－４", "gpt-4"),
        ("나루ㆍ마루‧여울∙강", "나루·마루·여울·강"),
        ("나\x00루\u200b의\ufeff 배\xad", "나루의 배"),
        ("나루\ud800", "나루"),
        (unicodedata.normalize("NFD", "나루의 Café"), "나루의 café"),
        ("㈜나루 ①", "(주)나루 1"),
        ("ㅋㅋ", "ㅋㅋ"),
        ("줄\r\n끝\u2028둘", "줄\n\n끝\n둘"),
    ],
)
def test_what_looks_alike_becomes_alike(text: str, normal: str) -> None:
    assert normalise(text).text == normal


@pytest.mark.parametrize("text", ["그로\u200b크", unicodedata.normalize("NFD", "그로크"), "그로크"])
def test_offsets_point_into_the_text_as_stored(text: str) -> None:
    sentence = f"여울, {text}의 칩"
    token = next(token for token in analyse(sentence).stems if token.text == "그로크")
    assert sentence[token.start : token.end] == text


def test_an_invisible_character_after_a_word_is_not_part_of_it() -> None:
    assert stems("그로크\u200b 칩") == [("그로크", "그로크"), ("칩", "칩")]


# --- Morphemes ---


def test_morphemes_are_marked_with_the_whole_word_but_not_its_particles() -> None:
    assert morphemes("존 로크의 그로크(Groq)를 적용했다") == [
        ("존", "존"),
        ("로크", "로크"),
        ("로크", "로크"),
        ("groq", "Groq"),
        ("적용", "적용했다"),
    ]


def test_a_particle_is_no_morpheme() -> None:
    assert [text for text, _ in morphemes("하늘봇의")] == ["하늘", "봇"]


def test_an_inflected_verb_is_its_dictionary_form() -> None:
    assert [text for text, _ in morphemes("길이 어려웠다")] == ["길", "어렵다"]


@pytest.mark.parametrize("verb", ["밝히다", "알리다", "오다", "가다", "크다", "팔리다", "사다", "어렵다"])
def test_a_dictionary_form_is_looked_for_as_the_verb_that_it_is(verb: str) -> None:
    assert query_terms(verb, phrase=False).morphemes == [verb]


@pytest.mark.parametrize(("word", "said"), [("로봇이다", ["로봇"]), ("읽는다", ["읽다"]), ("온다", ["오다"])])
def test_not_every_word_that_ends_like_one_is_a_dictionary_form(word: str, said: list[str]) -> None:
    assert query_terms(word, phrase=False).morphemes == said


@pytest.mark.parametrize(
    ("word", "said"), [("40억", ["40", "억"]), ("25일", ["25", "일"]), ("1200만원", ["1200", "만", "원"])]
)
def test_a_number_is_looked_for_with_its_unit_beside_it(word: str, said: list[str]) -> None:
    terms = query_terms(word, phrase=False)
    assert (terms.morphemes, terms.apart) == (said, 1)


def test_a_compound_is_its_parts() -> None:
    assert [text for text, _ in morphemes("인공지능")] == ["인공", "지능"]


def test_one_syllable_of_a_compound_is_the_whole_of_it() -> None:
    assert [text for text, _ in morphemes("돈가스와 통신사")] == ["돈가스", "가스", "통신", "통신사"]


@pytest.mark.parametrize(
    ("text", "verb"),
    [("듣는", "듣다"), ("들고", "들다"), ("들은", "듣다"), ("그리는", "그리다"), ("만드는", "만들다")],
)
def test_a_stem_that_its_ending_does_not_change_is_the_verb(text: str, verb: str) -> None:
    assert [text for text, _ in morphemes(text)] == [verb]


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("길을 막았다", "막다"),
        ("땅을 밟아서", "밟다"),
        ("요금을 내면", "내다"),
        ("상을 주었다", "주다"),
        ("편지를 쓰고", "쓰다"),
        ("학교에 가면", "가다"),
        ("연필을 사고", "사다"),
        ("북쪽을 가리키며", "가리키다"),
        ("그림을 그리게", "그리다"),
        ("벽돌을 쌓았다", "쌓다"),
    ],
)
def test_a_stem_is_not_another_that_the_dictionary_says_it_is(text: str, verb: str) -> None:
    assert [text for text, _ in morphemes(text)][-1] == verb


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("가게를 여는", "열다"),
        ("까닭을 물으면", "묻다"),
        ("외투를 걸은", "걷다"),
        ("건물을 지으니", "짓다"),
        ("병이 나았다", "낫다"),
        ("이웃을 도우려고", "돕다"),
    ],
)
def test_a_stem_that_changes_before_its_ending_is_the_verb(text: str, verb: str) -> None:
    assert [text for text, _ in morphemes(text)][1:] == [verb]


@pytest.mark.parametrize(
    ("text", "verbs"),
    [
        ("들었다", ["듣다", "들다"]),
        ("걸어서", ["걷다", "걸다"]),
        ("사는", ["살다", "사다"]),
        ("살까", ["사다", "살다"]),
        ("팝니다", ["파다", "팔다"]),
    ],
)
def test_what_may_be_either_of_two_verbs_is_both_at_one_position(text: str, verbs: list[str]) -> None:
    tokens = analyse(f"그것을 {text}").morphemes
    assert [token.text for token in tokens] == verbs
    assert len({(token.start, token.end, token.position) for token in tokens}) == 1


@pytest.mark.parametrize(
    ("text", "nouns"),
    [
        ("(SDR) 를", ["sdr"]),
        ("신한국당은", ["신", "한국", "당"]),
        ("행은", ["행"]),
        ("게임을", ["게임"]),
        ("문젭니다", ["문제"]),
        ("내옆에서", ["옆"]),
    ],
)
def test_a_noun_of_the_dictionary_that_is_not_in_the_text_is_not_kept(text: str, nouns: list[str]) -> None:
    assert [token.text for token in analyse(text).morphemes] == nouns


def test_a_compound_whose_parts_the_dictionary_keeps_to_itself_is_one_word() -> None:
    assert [text for text, _ in morphemes("건대입구")] == ["건대", "입구"]


@pytest.mark.parametrize(
    ("text", "found"),
    [("에듀 칩", [("에듀", "에듀"), ("칩", "칩")]), ("캘리 칩", [("캘리", "캘리"), ("칩", "칩")]), ("영치기 영차", [])],
)
def test_a_word_that_the_dictionary_writes_with_a_blank_has_none(text: str, found: list[tuple[str, str]]) -> None:
    assert [(token.text, text[token.start : token.end]) for token in analyse(text).morphemes] == found


def test_a_prefix_is_kept() -> None:
    assert [text for text, _ in morphemes("비급여")] == ["비", "급여"]


@pytest.mark.parametrize(("text", "expected"), [("GPT-4o", ["gpt", "4", "o"]), ("12,500.5원", ["12500", "5", "원"])])
def test_latin_and_digits_are_runs_of_their_own(text: str, expected: list[str]) -> None:
    assert [token for token, _ in morphemes(text)] == expected


def test_words_too_common_to_demand_are_not_required() -> None:
    assert [token.text for token in analyse("두 번째 나루에 있다").morphemes if not token.required] == ["번", "있다"]


def test_paragraphs_are_far_apart() -> None:
    first, second = analyse("나루\n나루").morphemes
    assert second.position - first.position > 16


@pytest.mark.parametrize("character", ["가", "ㅋ", "a", "7", "!", "漢", "\x01", "가 "])
def test_time_grows_with_the_length_of_a_run_and_not_with_its_square(character: str) -> None:
    def seconds(length: int) -> float:
        started = time.process_time()
        assert analyse(character * length).bigrams is not None
        assert analyse(character * length).morphemes is not None
        return time.process_time() - started

    seconds(1_000)
    assert seconds(80_000) < 40 * seconds(8_000) + 0.1


def test_threads_get_their_own_words() -> None:
    texts = [f"{word}에서 {word}까지 걸었다" for word in ("나루", "마루", "여울", "기차", "바다", "학교")] * 20
    alone = [morphemes(text) for text in texts]
    together: dict[int, list[tuple[str, str]]] = {}

    def work(first: int) -> None:
        for i in range(first, len(texts), 6):
            together[i] = morphemes(texts[i])

    threads = [threading.Thread(target=work, args=(first,)) for first in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[i] for i in range(len(texts))] == alone


# --- Stems and bigrams ---


def test_stems_lose_the_longest_particle_and_keep_two_syllables() -> None:
    assert stems("나루에서는 배의 GPT의 1,200원") == [
        ("나루", "나루"),
        ("배의", "배의"),
        ("gpt", "GPT"),
        ("1200", "1,200"),
        ("원", "원"),
    ]


def test_bigrams_stand_side_by_side_on_a_line_and_not_across_lines() -> None:
    assert bigrams("그로크(Groq) 칩\n값") == [("그로", 0), ("로크", 1), ("groq", 2), ("칩", 3), ("값", 20)]


def test_letters_of_the_east_are_taken_by_two_and_others_as_a_whole() -> None:
    by_two = ["김ㅋ", "ㅋㅋ", "ㄅㄆ", "ㄆㄇ"]
    assert [text for text, _ in bigrams("김ㅋㅋ ㄅㄆㄇ Groq칩ab ไทย")] == [*by_two, "groq", "칩", "ab", "ไทย"]
    assert {("𠮷野", 0), ("𠮷", 0)} <= {*bigrams("𠮷野家")}
    assert {("二〇", 0), ("〇", 1)} <= {*bigrams("二〇二四")}


def test_the_start_of_a_word_is_marked_and_otherwise_that_of_a_syllable_with_its_particle() -> None:
    starts = [(token.text, token.position) for token in analyse("AI반도체 하나무역이 틀릴 수도 있다").starts]
    assert starts == [("^반도", 1), ("^하나", 3), ("^틀릴", 7), ("~수도", 8), ("^있다", 9)]


def test_a_particle_or_an_ending_takes_a_position_of_the_morphemes() -> None:
    tokens = analyse("데이터 센터, 데이터를 들고 센터에 갈 사람").morphemes
    assert [(token.text, token.position) for token in tokens] == [
        ("데이터", 0),
        ("센터", 1),
        ("데이터", 2),
        ("들다", 4),
        ("센터", 6),
        ("가다", 8),
        ("사람", 9),
    ]


def test_hanja_are_there_as_they_are_written_as_they_are_read_and_each_by_itself() -> None:
    assert bigrams("美中, 서울大") == [
        *[("美中", 0), ("미중", 0), ("美", 0), ("中", 0)],
        *[("서울", 1), ("울大", 2), ("울대", 2), ("大", 2)],
    ]
    assert bigrams("美·中") == [("美中", 0), ("미중", 0), ("美", 0), ("中", 0)]


def test_the_words_of_hanja_are_those_of_their_reading_and_are_marked_as_written() -> None:
    text = "人工知能이 대통령(大統領)을"
    assert stems(text)[:3] == [("인공지능", "人工知能"), ("대통령", "대통령"), ("대통령", "大統領")]
    assert morphemes(text) == [
        ("인공", "人工知能"),
        ("지능", "人工知能"),
        ("대통령", "대통령"),
        ("대통령", "大統領"),
    ]
    starts = analyse(text).starts
    assert [(token.text, token.position) for token in starts] == [("^인공", 0), ("^대통", 4), ("^대통", 6)]


@pytest.mark.parametrize(
    ("word", "literal", "other_form", "ranked"),
    [
        ("人工知能", ["人工", "工知", "知能"], [], ["인공", "지능"]),
        ("人工知能은", ["人工", "工知", "知能"], [], ["인공", "지능"]),
        ("美·中", ["美中"], [], ["미", "중"]),
        ("女子", ["女子"], [], ["여자"]),
    ],
)
def test_hanja_are_looked_for_as_written_and_ranked_as_read(
    word: str, literal: list[str], other_form: list[str], ranked: list[str]
) -> None:
    terms = query_terms(word, phrase=False)
    assert (terms.literal, terms.morphemes, terms.ranked_morphemes, terms.at_start) == (
        literal,
        other_form,
        ranked,
        "",
    )


# --- Queries ---


@pytest.mark.parametrize(
    ("word", "literal", "other_form"),
    [
        ("그로크", ["그로", "로크"], []),
        ("그로크의", ["그로", "로크"], []),
        ("그로크(Groq)는", ["그로", "로크", "groq"], []),
        ("알파고", ["알파", "파고"], []),
        ("알파고의", ["알파", "파고"], []),
        ("누비온", ["누비", "비온"], []),
        ("핀봇", ["핀봇"], []),
        ("쓸꼬는", ["쓸꼬"], []),
        ("베타로를", ["베타", "타로"], []),
        ("은행에게서도", ["은행"], ["은행"]),
        ("나무의", ["나무"], ["나무"]),
        ("법을", ["법을"], ["법"]),
        ("숨은", ["숨은"], ["숨"]),
        ("하나은행", ["하나", "나은", "은행"], ["하나", "은행"]),
        ("그로크는?", ["그로", "로크"], []),
        ("‘그로크’의", ["그로", "로크"], []),
        ("러·일", ["러일"], ["러일"]),
        ("한·미·일은", ["한미", "미일"], []),
        ("삼성·이", ["삼성", "이"], []),
        ("미중", ["미중"], ["미", "중"]),
        ("할수있다", ["할수", "수있", "있다"], ["하다", "수", "있다"]),
        ("이루다의", ["이루", "루다"], []),
        ("전문가", ["전문", "문가"], ["전문", "전문가"]),
        ("적용하는", ["적용", "용하", "하는"], ["적용"]),
        ("여울파운드리", ["여울", "울파", "파운", "운드", "드리"], ["여울", "파운드리"]),
        ("AI반도체", ["ai", "반도", "도체"], ["ai", "반도체", "도체"]),
        ("고양이", ["고양", "양이"], ["고양이"]),
        ("groq", ["groq"], []),
        ("돈", ["돈"], ["돈"]),
        ("왜", ["왜"], ["왜"]),
        ("😀", [], []),
    ],
)
def test_a_word_says_what_it_looks_for(word: str, literal: list[str], other_form: list[str]) -> None:
    terms = query_terms(word, phrase=False)
    assert (terms.literal, terms.morphemes) == (literal, other_form)


@pytest.mark.parametrize(
    ("word", "readings"),
    [
        ("들었다", [["듣다"], ["들다"]]),
        ("막았다", [["막다"]]),
        ("여는", [["열다"]]),
        ("이었다", [["잇다"]]),
        ("나는", []),
        ("팝니다", [["파다"], ["팔다"]]),
        ("짐들었다", [["짐", "듣다"], ["짐", "들다"]]),
        ("하는", [[]]),
    ],
)
def test_a_form_of_either_of_two_verbs_looks_for_both(word: str, readings: list[list[str]]) -> None:
    assert query_terms(word, phrase=False).readings == readings


@pytest.mark.parametrize(
    ("word", "at_start"),
    [
        ("나무", "^"),
        ("나무를", "^"),
        ("로크", "^"),
        ("데이터", ""),
        ("핀봇", ""),
        ("만든", ""),
        ("법", ""),
        ("법을", "~"),
        ("숨은", "~"),
        ("하나", ""),
    ],
)
def test_a_short_noun_is_to_begin_a_word(word: str, at_start: str) -> None:
    assert query_terms(word, phrase=False).at_start == at_start


def test_syllables_that_a_dot_joins_are_one_word_and_each_a_word_too() -> None:
    assert bigrams("미·중의 한·미·일 회담") == [
        *[("미중", 0), ("미", 0), ("중의", 1), ("중", 1)],
        *[("한미", 2), ("한", 2), ("미일", 3), ("미", 3), ("일", 3)],
        ("회담", 4),
    ]
    assert stems("미·중의, 글·사진") == [("미중", "미·중"), ("글", "글"), ("사진", "사진")]
    assert bigrams("한국·미·중") == [("한국", 0), ("미", 1), ("중", 2)]


def test_marks_without_end_are_put_in_order_a_few_at_a_time() -> None:
    normal = normalise("가" + "\u0301" * 1_000)
    assert max(end - start for start, end in zip(normal.starts, normal.ends, strict=True)) == 31


def test_a_phrase_is_taken_as_it_is() -> None:
    terms = query_terms("나루의 배", phrase=True)
    assert (terms.literal, terms.open_ended, terms.morphemes) == (["나루", "루의", "배"], True, [])


# --- Any text ---

TEXTS = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from(
            "가나다라그로크의를\x00\u200b\u200d\ud800ㆍ·\n\r\t ,0aＡｱﾞé\u0301\u1100\u1161\u11a8ㅋ漢中かﬁß㎏İ"
        ),
    )
)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_every_token_of_any_text_lies_in_it_in_order(text: str) -> None:
    analysis = analyse(text)
    for tokens in (analysis.morphemes, analysis.stems, analysis.bigrams, analysis.starts):
        assert all(0 <= token.start < token.end <= len(text) for token in tokens)
        assert [token.start for token in tokens] == sorted(token.start for token in tokens)
        assert [token.position for token in tokens] == sorted(token.position for token in tokens)
    assert len({(token.start, token.end, token.position) for token in analysis.morphemes}) == len(
        {token.position for token in analysis.morphemes}
    )
    for tokens in (analysis.stems, analysis.starts):
        assert len(tokens) == len({token.position for token in tokens})


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text).text
    assert normalise(once).text == once


@settings(max_examples=100, deadline=None)
@given(TEXTS, st.booleans())
def test_any_word_can_be_looked_for(text: str, phrase: bool) -> None:
    assert query_terms(text, phrase=phrase).literal is not None


@pytest.mark.parametrize(
    ("eojeol", "stem"),
    [
        ("아들은", "아들"),
        ("결과는", "결과"),
        ("대만이", "대만"),
        ("나라는", "나라"),
        ("칩으로", "칩으로"),
        ("은행으로", "은행"),
    ],
)
def test_a_particle_is_stripped_from_what_is_left_a_word(eojeol: str, stem: str) -> None:
    assert strip_particle(eojeol) == stem
