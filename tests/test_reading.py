from itertools import product
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import ListSource, document, section

from index.aliases import Alias, Aliases
from index.build import build
from index.query import And, FieldQuery, Not, Or, Phrase, Prefix, Query, Weighted, Word, parse
from index.reading import ALIAS_WEIGHT, MAX_EXPANDED, expand, relax
from index.search import Correction, Filters, QueryError, Results, search, search_ids

ALIASES = Aliases([Alias(("그로크", "Groq"), "file"), Alias(("거대 언어 모델", "LLM"), "learnt", 2)])
GROQ, LLM = Weighted(Word("Groq"), ALIAS_WEIGHT), Weighted(Word("LLM"), ALIAS_WEIGHT)
BODIES = [
    "그로크(Groq)가 추론 칩을 공개했다",
    "나루전자의 반도체 값이 올랐다",
    "미·중 다툼과 美中 회담",
    "GPT-4o와 H100, 5G 그리고 1287MWh",
    "토리젠이 문을 열었다. 돈독한 사이",
    "나비쿠와 나비루가 만났다",
    "SaaS 이야기",
    "한은 총재가 Node.js로 셈을 맡을 날",
]


@pytest.fixture(scope="module")
def index_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reading") / "index"
    documents = [
        document(f"a/{number}", f"소식 {number}", body, section=section("새 물건" if number % 2 else "강가"))
        for number, body in enumerate(BODIES, 1)
    ]
    build(ListSource.of(*documents), folder)
    return folder


def ids(results: Results) -> list[str]:
    return [hit.document.id for hit in results.hits]


# --- Other names ---


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("그로크", Or((Word("그로크"), GROQ))),
        ("그로크의 칩", And((Or((Word("그로크의"), GROQ)), Word("칩")))),
        ("쓰는 거대 언어 모델", And((Word("쓰는"), Or((And((Word("거대"), Word("언어"), Word("모델"))), LLM))))),
        ("그로크 OR 칩", Or((Word("그로크"), GROQ, Word("칩")))),
        ('"그로크"', Phrase("그로크")),
        ("-그로크", Not(Word("그로크"))),
        ("그로*", Prefix("그로")),
        ("기자:그로크", FieldQuery("author", Word("그로크"))),
        (
            "제목:그로크",
            Or(
                (
                    FieldQuery("headline", Word("그로크")),
                    Weighted(FieldQuery("headline", Word("Groq")), ALIAS_WEIGHT),
                )
            ),
        ),
        (
            "LLM",
            Or((Word("LLM"), Weighted(Or((Phrase("거대 언어 모델"), Word("거대언어모델"))), ALIAS_WEIGHT))),
        ),
    ],
)
def test_plain_words_get_their_other_names(text: str, tree: Query) -> None:
    assert expand(parse(text), ALIASES) == tree


def test_a_long_query_gets_no_other_names() -> None:
    longest, longer = parse("그로크 " * MAX_EXPANDED), parse("그로크 " * (MAX_EXPANDED + 1))
    assert expand(longest, ALIASES) != longest
    assert expand(longer, ALIASES) == longer


# --- Words that may be missing ---


@pytest.mark.parametrize(
    ("text", "relaxed", "optional"),
    [
        ("나루 강가", "나루 OR 강가", ["나루", "강가"]),
        ('나루 강가 "큰 배" -돛 호:1', '(나루 OR 강가) "큰 배" -돛 issue:1', ["나루", "강가"]),
        ("추론회담", "추론 OR 회담", ["추론", "회담"]),
        ('나루 "큰 배"', '나루 "큰 배"', []),
        (
            '가 나 다 라 마 바 "큰 배" -돛',
            '(가 OR 나 OR 다 OR 라 OR 마 OR 바 OR "큰 배") -돛',
            [*"가나다라마바", "큰 배"],
        ),
        ("그로크", "그로크", []),
        ("나루 OR 강가", "나루 OR 강가", []),
        ("", "", []),
    ],
)
def test_only_plain_words_become_optional(text: str, relaxed: str, optional: list[str]) -> None:
    query, words = relax(parse(text))
    assert (str(query), [word.text for word in words]) == (relaxed, optional)


def test_a_question_finds_the_documents_that_have_some_of_its_words_and_says_which_are_lacking(index_dir: Path) -> None:
    results = search("나루전자의 반도체 값이 왜 떨어졌나 회담", index_dir=index_dir)
    assert (ids(results), results.partial) == (["a/2", "a/3"], True)
    assert results.dropped == ("왜", "떨어졌나", "회담")
    assert [hit.lacks for hit in results.hits] == [results.dropped, ("나루전자의", "반도체", "값이", "왜", "떨어졌나")]
    assert ids(search("나루전자의 반도체 값이 왜 떨어졌나 회담", index_dir=index_dir, offset=1)) == ["a/3"]


def test_where_few_documents_have_a_whole_question_those_with_some_of_it_are_shown_too(index_dir: Path) -> None:
    asked = "나루전자의 반도체 값이 올랐다 소식 2"
    results = search(asked, index_dir=index_dir)
    assert (ids(results)[0], results.total, results.complete, results.dropped) == ("a/2", 8, 1, ())
    shorter = search(asked.removesuffix(" 2"), index_dir=index_dir)
    assert (ids(shorter), shorter.partial, shorter.complete) == (["a/2"], False, 0)
    assert ids(search(asked, index_dir=index_dir, exact=True)) == ["a/2"]


@pytest.mark.parametrize(("typed", "dropped"), [("반도체 and 값", ("and",)), ("반도체 AND 값", ())])
def test_and_in_small_letters_is_a_word_that_may_be_lacking(
    index_dir: Path, typed: str, dropped: tuple[str, ...]
) -> None:
    results = search(typed, index_dir=index_dir)
    assert (ids(results)[0], results.dropped) == ("a/2", dropped)


def test_when_some_document_has_all_the_words_no_other_is_shown(index_dir: Path) -> None:
    results = search("반도체 값", index_dir=index_dir)
    assert (ids(results), results.partial, results.dropped, results.suggestions) == (["a/2"], False, (), ())


@pytest.mark.parametrize(
    "query", ['"반도체 회담"', '반도체 "미 회담"', "반도체 제목:회담", "반도체 회담 -소식", "반도체 회담 호:9"]
)
def test_what_is_not_a_plain_word_is_never_dropped(index_dir: Path, query: str) -> None:
    assert ids(search(query, index_dir=index_dir)) == []


def test_filters_are_never_dropped(index_dir: Path) -> None:
    assert ids(search("반도체 회담", index_dir=index_dir, filters=Filters(section=("새 물건",)))) == ["a/3"]


# --- What may have been meant ---


@pytest.mark.parametrize(
    ("typed", "used", "kind", "found"),
    [
        ("rmfhzm", "그로크", "keyboard", ["a/1"]),
        ("ㅎ갭", "groq", "keyboard", ["a/1"]),
        ("ㄴㅁㅁㄴ", "saas", "keyboard", ["a/7"]),
        ("rmfhzm 칩", "그로크 칩", "keyboard", ["a/1"]),
        ("ㄱㄹㅋ", "그로크", "initials", ["a/1"]),
        ("ㅌㄹㅈ 문", "토리젠 문", "initials", ["a/5"]),
        ("gro", "gro*", "prefix", ["a/1"]),
        ("돈", "돈*", "prefix", ["a/5"]),
        ("그르크", "그로크", "spelling", ["a/1"]),
        ("그르크의", "그로크", "spelling", ["a/1"]),
        ("gorq", "groq", "spelling", ["a/1"]),
        ("RMFHZM", "그로크", "keyboard", ["a/1"]),
        ("한은", '"한은"', "literal", ["a/8"]),
    ],
)
def test_a_query_that_finds_nothing_is_read_as_it_may_have_been_meant_and_that_is_said(
    index_dir: Path, typed: str, used: str, kind: str, found: list[str]
) -> None:
    results = search(typed, index_dir=index_dir)
    assert results.correction == Correction(kind, typed, used)  # type: ignore[arg-type]  # one of its kinds
    assert (ids(results), results.query) == (found, used)
    exact = search(typed, index_dir=index_dir, exact=True)
    assert (ids(exact), exact.correction, exact.suggestions, exact.query) == ([], None, (), typed)


def test_a_word_that_is_found_is_not_corrected(index_dir: Path) -> None:
    results = search("groq", index_dir=index_dir)
    assert (ids(results), results.correction, results.suggestions) == (["a/1"], None, ())


def test_words_as_near_as_each_other_are_offered_and_not_taken(index_dir: Path) -> None:
    results = search("나비부", index_dir=index_dir)
    assert (ids(results), results.correction, results.suggestions) == ([], None, ("나비루", "나비쿠"))


def test_a_misspelt_word_among_others_is_offered(index_dir: Path) -> None:
    results = search("그르크 반도체", index_dir=index_dir)
    assert (ids(results), results.dropped, results.suggestions) == (["a/2"], ("그르크",), ("그로크 반도체",))


def test_two_words_that_are_both_misspelt_are_offered_together(index_dir: Path) -> None:
    results = search("그르크 토리잰", index_dir=index_dir)
    assert (ids(results), results.suggestions) == ([], ("그로크 토리젠",))


@pytest.fixture(scope="module")
def spelt_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spelt") / "index"
    bodies = [
        *["데이터를 모았다. 샤르페가 말했다"] * 40,
        "데이타를 모았다",
        "데이티를 모았다",
        "데이티의 값",
        "샤르펜글 동호회",
        "누비온을 켰다",
        "누비오나라",
        "바다에서 반짝이던 등대",
        "바다로 번졌던 소문",
        "Charpe와 Charpente",
        "번지덤과 핀볏 가게",
        "핀봇랜드에 적용하든 말든",
    ]
    build(ListSource.of(*(document(f"a/{number}", "", body) for number, body in enumerate(bodies))), folder)
    return folder


@pytest.mark.parametrize(
    ("typed", "suggestions"),
    [
        ("데이타", ("데이터",)),  # one document against forty
        ("데이타를 모았다", ("데이터 모았다",)),
        ("데이티", ()),  # two documents are no slip
        ("샤르펜", ("샤르페",)),  # found in a longer word only
        ("누비오", ("누비온",)),
        ("Charp", ("charpe",)),  # read as a beginning
        ("핀봇", ()),  # in a longer word only, but of two syllables
        ("적용하던", ()),  # another form of the same
        ("번지던", ()),  # a verb that documents have in another form
        ("데이터", ()),
        ('"데이타"', ()),
    ],
)
def test_a_word_that_hardly_any_document_has_is_doubted_and_still_searched_for(
    spelt_dir: Path, typed: str, suggestions: tuple[str, ...]
) -> None:
    results = search(typed, index_dir=spelt_dir)
    assert (results.total > 0, results.suggestions) == (True, suggestions)
    assert results.correction is None or results.correction.kind == "prefix"
    assert search(typed, index_dir=spelt_dir, exact=True).suggestions == ()


def test_a_name_that_ends_like_a_particle_goes_before_what_it_ends_in(tmp_path: Path) -> None:
    bodies = [
        "베타 시험을 마쳤다. 베타 길로 간다",
        "새 소식에 따르면 베타로를 쓰는 사람이 늘었다고 한다",
        "많은 이가 베타로의 새 판을 기다려 왔다고 한다",
        "여울로 여울에서 여울까지",
        "여울로 간 사람",
    ]
    build(ListSource.of(*(document(f"a/{number}", "", body) for number, body in enumerate(bodies))), tmp_path)
    assert sorted(ids(search("베타로", index_dir=tmp_path))[:2]) == ["a/1", "a/2"]
    assert ids(search("베타", index_dir=tmp_path))[0] == "a/0"
    as_typed = search("베타로", index_dir=tmp_path, explain=True).hits[0]
    assert as_typed.explanation is not None
    assert as_typed.score == pytest.approx(sum(as_typed.explanation.values()))
    # Where nothing is called so, it is a particle.
    assert ids(search("여울로", index_dir=tmp_path)) == ids(search("여울", index_dir=tmp_path)) == ["a/3", "a/4"]


def test_a_word_that_only_the_filters_exclude_is_not_called_misspelt(index_dir: Path) -> None:
    results = search("그로크", index_dir=index_dir, filters=Filters(section=("강가",)))
    assert (ids(results), results.correction, results.suggestions) == ([], None, ())


def test_ids_are_those_of_what_was_typed(index_dir: Path) -> None:
    assert list(search_ids("groq", index_dir=index_dir)) == ["a/1"]
    assert list(search_ids("rmfhzm", index_dir=index_dir)) == []


@pytest.mark.parametrize("query", ["미중", "미·중", "미⋅중", "미ㆍ중", "美中", "美·中"])
def test_countries_are_found_however_they_are_joined_or_written(index_dir: Path, query: str) -> None:
    assert ids(search(query, index_dir=index_dir)) == ["a/3"]


@pytest.mark.parametrize("query", ["gpt-4o", "GPT4o", "ＧＰＴ-４ｏ", "h100", "5g", "1287MWh", "1287mwh", "1,287MWh"])
def test_names_of_letters_and_digits_are_found_in_any_shape(index_dir: Path, query: str) -> None:
    assert ids(search(query, index_dir=index_dir)) == ["a/4"]


@pytest.mark.parametrize("query", ["node.js", "Node JS", "nodejs", "Node-JS", "맡을", "셈을"])
def test_a_name_is_found_however_it_is_spelt_and_a_word_as_it_stands(index_dir: Path, query: str) -> None:
    results = search(query, index_dir=index_dir)
    assert (ids(results), results.correction) == (["a/8"], None)


@pytest.mark.parametrize(
    ("query", "correction"),
    [
        ("집도", Correction("particle", "집도", "집")),
        ("startup", Correction("prefix", "startup", "startup*")),
        ("ㅁ", None),
        ("해", None),
    ],
)
def test_what_is_short_is_read_in_another_way_with_care(
    tmp_path: Path, query: str, correction: Correction | None
) -> None:
    texts = ["집을 고친다", "a go home", "startups", "start up"]
    build(ListSource.of(*(document(f"a/{n}", body=text) for n, text in enumerate(texts))), tmp_path)
    assert search(query, index_dir=tmp_path).correction == correction


def test_no_word_is_said_to_be_lacking_that_is_there(tmp_path: Path) -> None:
    texts = ["인공지능(AI) 칩", "인공지능(AI) 값", *["인공지능 세상"] * 20]
    texts += ["거대 언어 모델(LLM) 강", "LLM 칩 값이 오른 까닭", "칩 값"]
    build(ListSource.of(*(document(f"a/{n}", body=text) for n, text in enumerate(texts))), tmp_path)
    many = search("AI 없는말이다", index_dir=tmp_path, limit=20)
    assert {hit.lacks for hit in many.hits} == {("없는말이다",)}
    named = search("거대 언어 모델 칩 값이 오른 까닭", index_dir=tmp_path)
    assert (named.complete, named.hits[0].lacks) == (1, ())


def test_letters_typed_as_hangul_are_found_by_their_other_name(tmp_path: Path) -> None:
    build(ListSource.of(document("a/1", body="오픈AI가 새 판을 냈다")), tmp_path)
    results = search("ㅐㅔ둠ㅑ", index_dir=tmp_path)
    assert (ids(results), results.correction) == (["a/1"], Correction("keyboard", "ㅐㅔ둠ㅑ", "openai"))


def test_all_that_signs_join_may_be_there_apart(tmp_path: Path) -> None:
    build(ListSource.of(document("a/1", body="칩 그로크"), document("a/2", body="그로크")), tmp_path)
    results = search("그로크,칩", index_dir=tmp_path)
    assert (results.complete, {hit.document.id: hit.lacks for hit in results.hits}) == (1, {"a/1": (), "a/2": ("칩",)})


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("미중갈등", '"미중 갈등"'),
        ("미·중갈등", '"미중 갈등"'),
        ("RiverStone", '"river stone"'),
        ("미중갈등 강가", '"미중 갈등" 강가'),
        ("미중강가", None),
        ("중갈", None),
    ],
)
def test_two_words_that_stand_side_by_side_are_read_in_what_was_typed_as_one(
    tmp_path: Path, query: str, expected: str | None
) -> None:
    build(ListSource.of(document("a/1", body="미·중 갈등이 깊다. 강가의 River Stone"), document("a/2")), tmp_path)
    results = search(query, index_dir=tmp_path)
    correction = results.correction and (results.correction.kind, results.correction.used)
    assert correction == (expected and ("spacing", expected))
    assert search(query, index_dir=tmp_path, exact=True).total == 0


@pytest.mark.parametrize(
    ("query", "dropped"),
    [("그로크,엔비디아", ("엔비디아",)), ("엔비디아/그로크", ("엔비디아",)), ("그로크+토리젠+값", ("토리젠", "값"))],
)
def test_what_signs_join_may_be_found_in_part(index_dir: Path, query: str, dropped: tuple[str, ...]) -> None:
    results = search(query, index_dir=index_dir)
    assert results.partial
    assert results.hits[0].lacks == results.dropped
    assert len(results.dropped) == len(dropped)
    assert search(query, index_dir=index_dir, exact=True).total == 0


def test_what_is_searched_for_as_it_stands_may_be_lacking_like_the_word_that_was_typed(index_dir: Path) -> None:
    results = search("한은 그로크", index_dir=index_dir)
    assert (sorted(ids(results)), results.partial) == (["a/1", "a/8"], True)
    assert str(results.correction and results.correction.used) == '"한은" 그로크'


def test_a_verb_that_was_not_typed_is_no_part_of_a_word() -> None:
    assert relax(parse("엔비디아야")) == (Word("엔비디아야"), ())


def test_an_explanation_says_what_each_word_looks_for(index_dir: Path) -> None:
    assert search("groq 인공지능 들었다", index_dir=index_dir, explain=True).reading == (
        "groq: as typed groq",
        "groq: alias 그로크 = Groq (learnt, documents: 1)",
        "인공지능: as typed 인공·공지·지능; in another form 인공 + 지능",
        "인공지능: alias 인공지능 = AI (aliases.toml)",
        "들었다: as typed 들었·었다; in another form 듣다 or 들다",
    )


# --- Any query ---

PIECES = st.sampled_from(
    [
        "그로크",
        "rmfhzm",
        "ㄱㄹㅋ",
        "ㅎ갭",
        "나비부",
        "美",
        "g",
        "킵",
        "반도*",
        "*",
        '"',
        "~3",
        "-",
        "(",
        ")",
        " OR ",
        " ",
        "제목:",
        "호:1",
        "\x00",
    ]
)


@settings(max_examples=150, deadline=None)
@given(query=st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=12).map("".join)))
def test_any_query_is_answered_or_refused(index_dir: Path, query: str) -> None:
    try:
        results = search(query, index_dir=index_dir, explain=True)
    except QueryError:
        return
    assert results.total >= len(results.hits)
    assert results.partial or not results.dropped


@pytest.mark.parametrize(
    "word", ["그로크", "나비부", "rmfhzm", "ㄱㄹㅋ", "가*", "g*", '"나루 반도체"~20', "제목:나비부"]
)
def test_the_longest_query_takes_no_longer_than_it_may(index_dir: Path, word: str) -> None:
    started = perf_counter()
    search(" ".join([word] * min(64, 1000 // (len(word) + 1))), index_dir=index_dir)
    assert perf_counter() - started < 2


# --- The limits that docs/query.md names ---


def test_a_prefix_finds_the_hundred_most_frequent_words(tmp_path: Path) -> None:
    words = ["naru" + "".join(letters) for letters in product("abcdefghijkl", "mnopqrstuv")]
    documents = [document(f"a/{number}", "", word) for number, word in enumerate([*words, *words[20:]])]
    build(ListSource.of(*documents), tmp_path)
    assert search("naru*", index_dir=tmp_path).total == 200


@pytest.mark.parametrize(("times", "suggestions"), [(19, ()), (20, ("데이터",))])
def test_a_word_is_doubted_where_another_is_in_twenty_times_as_many(
    tmp_path: Path, times: int, suggestions: tuple[str, ...]
) -> None:
    documents = [document(f"a/{number}", "", f"데이터를 보았다 {number}") for number in range(times)]
    build(ListSource.of(document("b/1", "", "데이타를 보았다"), *documents), tmp_path)
    assert search("데이타", index_dir=tmp_path).suggestions == suggestions


@pytest.mark.parametrize(("words", "used"), [(8, "그로크 " * 7 + "그로크"), (9, None)])
def test_eight_words_are_read_in_the_other_layout(index_dir: Path, words: int, used: str | None) -> None:
    correction = search("rmfhzm " * words, index_dir=index_dir).correction
    assert (correction and correction.used) == used
