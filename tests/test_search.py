import random
import re
import subprocess
import sys
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import ListSource, document, linked_from, section

from factpl_crawler.documents import Document
from index import whoosh_engine
from index.build import build
from index.korean import query_terms
from index.meta import read_meta
from index.query import And, Not, Or, Phrase, Query, Range, Word, any_of
from index.schema import stored_document
from index.search import (
    Filters,
    Highlight,
    Hit,
    IndexMismatch,
    NoIndexError,
    QueryError,
    search,
    search_ids,
)
from index.snippets import Snippet, snippet

ROOT = Path(__file__).parent.parent


def build_of(folder: Path, *documents: Document) -> Path:
    build(ListSource.of(*documents), folder)
    return folder


def ids(hits: list[Hit]) -> list[str]:
    return [hit.document.id for hit in hits]


def found(text: str, index_dir: Path, **options: object) -> list[str]:
    return ids(search(text, index_dir=index_dir, limit=100, **options).hits)  # type: ignore[arg-type]  # of any kind


# --- The examples of docs/query.md ---

DOC = (ROOT / "docs" / "query.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line[1:-1].split("|")] for line in DOC.splitlines() if line.startswith("| ")]
CORPUS = [row for row in ROWS if re.match(r"(naru|a)/", row[0])]
EXAMPLES = [(row[0].strip("`"), row[1]) for row in ROWS if row[0].startswith("`")]


def corpus_document(row: list[str]) -> Document:
    id, day, issue, label, author, site, keyword, headline, body = row
    return document(
        id,
        headline,
        body,
        day,
        section=section(label) if label else None,
        authors=[author] if author else [],
        site=site or None,
        keywords=[keyword] if keyword else [],
        url="https://news.maru.example/7" if site else None,
        linked_from=linked_from(f"{issue}#2") if site else [],
    )


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_of(tmp_path_factory.mktemp("documented") / "index", *map(corpus_document, CORPUS))


@pytest.mark.parametrize(("query", "expected"), EXAMPLES)
def test_the_examples_of_the_documentation_are_true(documented: Path, query: str, expected: str) -> None:
    assert sorted(found(query, documented)) == sorted(filter(None, expected.split(", ")))


def test_the_documentation_has_its_examples() -> None:
    assert (len(CORPUS), len(EXAMPLES)) == (5, 61)


# --- Words ---

NAMES = ["그로크", "하늘봇", "토리젠", "나비쿠", "두루미톡"]
CONTEXTS = [
    *("{}가 나왔다.", "{}는 빠르다.", "{}의 값", "{}를 샀다", "{}에서 본 것", "{}와 함께", "{}까지"),
    *("{}처럼 말한다", "{}(X1)가 왔다", "‘{}’라는 이름", "{}로 적은 글", "{}도 좋다"),
    *("{}만의 길", "새{}", "{}, 그 뒤", "{}였다", "[{}]", "{}에게"),
]


def test_a_name_that_no_dictionary_knows_is_found_in_every_context(tmp_path: Path) -> None:
    texts = [(name, context.format(name)) for name in NAMES for context in CONTEXTS]
    index_dir = build_of(tmp_path / "i", *(document(f"a/{n:03}", body=text) for n, (_, text) in enumerate(texts)))
    for name in NAMES:
        expected = [f"a/{n:03}" for n, (one, _) in enumerate(texts) if one == name]
        assert sorted(found(name, index_dir)) == expected
        assert sorted(found(f"{name}의", index_dir)) == expected


def test_a_name_is_not_found_by_a_part_of_it_that_is_another_name(tmp_path: Path) -> None:
    index_dir = build_of(
        tmp_path / "i",
        document("a/1", "존 로크의 책"),
        document("a/2", body="그로크(Groq)의 칩"),
        document("a/3", body="Groquist 모임"),
        document("a/4", body="그 로크라는 사람"),
    )
    assert found("그로크", index_dir) == ["a/2"]
    assert found("groq", index_dir) == ["a/2"]
    assert found("존 로크", index_dir) == ["a/1"]


def test_words_of_a_headline_and_a_body_do_not_make_a_phrase(tmp_path: Path) -> None:
    index_dir = build_of(tmp_path / "i", document("a/1", "푸른 나루", "마을 이야기\n강가"))
    assert found('"나루 마을"', index_dir) == []
    assert found('"이야기 강가"', index_dir) == []
    assert found("나루 마을", index_dir) == ["a/1"]


def test_a_query_that_is_decomposed_full_width_or_in_capitals_is_the_same(tmp_path: Path) -> None:
    index_dir = build_of(tmp_path / "i", document("a/1", "나루 ＧＰＴ-4o"), document("a/2", "나루 gpt 4 o"))
    for query in ("나루 gpt-4o", "나루 GPT-4O", "나루 ｇｐｔ-４ｏ"):
        assert found(query, index_dir) == ["a/1", "a/2"]


@pytest.mark.parametrize(
    "query", ["😀갸", "\ud800갸", "갸\x00", "ㅋㅋ", "漢字", "http://x.example/?q=1", "가" * 900, "©1"]
)
def test_no_word_breaks_the_search(documented: Path, query: str) -> None:
    assert found(query, documented) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("학교의", ["a/1"]),
        ("제목:학교의", []),
        ("칩은", ["a/2"]),
        ("집의", ["a/3"]),
        ("집도", []),
        ("하늘비트는", ["a/4"]),
        ("전문의", ["a/6"]),
        ("전문가", ["a/5"]),
        ("할 수도", []),
        ("하지만", []),
        ("일어나", []),
    ],
)
def test_a_particle_is_not_demanded_where_the_word_may_be_read_otherwise(
    tmp_path: Path, query: str, expected: list[str]
) -> None:
    build_of(
        tmp_path,
        document("a/1", body="섬 학교가 문을 닫았다."),
        document("a/2", "칩을 만든다"),
        document("a/3", "집을 고친다"),
        document("a/4", "하늘비트가 음반을 냈다"),
        document("a/5", "전문가를 만났다. 그럴 수가 없다. 하지 마라. 일어 수업"),
        document("a/6", "전문 지식"),
    )
    assert ids(search(query, index_dir=tmp_path, reread=False).hits) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("지어", ["a/1", "a/2"]),
        ("지은", ["a/1", "a/2"]),
        ("가게", ["a/3"]),
        ("입구", []),
        ("누비온", ["a/4"]),
        ("하는", ["a/5"]),
    ],
)
def test_what_is_a_noun_by_itself_is_a_form_of_a_verb_where_the_texts_have_it_so(
    tmp_path: Path, query: str, expected: list[str]
) -> None:
    build_of(
        tmp_path,
        document("a/1", body="목수가 집을 지었다"),
        document("a/2", body="아이가 지은 이름이다. 밥을 지어 먹었다"),
        document("a/3", body="가게가 섰다"),
        document("a/4", body="누비온이 옷을 입었다. 길을 누빈다. 길을 간다."),
        document("a/5", body="일을 하는 사람"),
    )
    assert sorted(ids(search(query, index_dir=tmp_path, reread=False).hits)) == expected


@pytest.mark.parametrize(("nouns", "hits"), [(19, 1), (20, 21)])
def test_a_noun_of_one_syllable_is_meant_where_it_is_so_much_more_frequent(
    tmp_path: Path, nouns: int, hits: int
) -> None:
    build_of(tmp_path, document("b/1", "눈이 칩은"), *(document(f"a/{n}", "칩을 캔다") for n in range(nouns)))
    assert len(found("칩은", tmp_path)) == hits


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("커지다", ["a/1", "a/2"]),
        ("본문:커지다", ["a/2"]),
        ("이뤄지다", ["a/2", "a/3", "a/4"]),
        ("이루어지다", ["a/2", "a/4"]),
        ("더해지다", ["a/2", "a/3"]),
        ("가지다", ["a/5"]),
        ("던지다", ["a/5"]),
        ("편지다", []),
    ],
)
def test_a_verb_is_found_where_the_dictionary_takes_its_form_for_another(
    tmp_path: Path, query: str, expected: list[str]
) -> None:
    build_of(
        tmp_path,
        document("a/1", headline="커지는 틈", body="크다"),
        document("a/2", body="틈이 커진 날 합의가 이뤄졌고 짐이 더해졌다."),
        document("a/3", body="합의가 이뤄질 때 더해지는 짐"),
        document("a/4", body="이루어진 일"),
        document("a/5", body="공을 가진 사람이 던졌다."),
        document("a/6", body="두 가지 사지, 봉오리, 더 할 일, 편집"),
    )
    assert sorted(ids(search(query, index_dir=tmp_path, reread=False).hits)) == expected
    assert search(query, index_dir=tmp_path, reread=False, exact=True).total <= len(expected)


def test_what_is_exact_is_read_in_one_way(tmp_path: Path) -> None:
    build_of(tmp_path, document("a/1", body="섬 학교가 문을 닫았다."))
    assert [found("학교의", tmp_path, aliases=False), found("학교의", tmp_path, exact=True)] == [["a/1"], []]


def test_an_explanation_names_what_a_word_may_be_besides(tmp_path: Path) -> None:
    build_of(tmp_path, document("a/1", "섬 학교가 문을 닫았다."))
    reading = search("학교의", index_dir=tmp_path, explain=True).reading
    assert '학교의: perhaps a form of "학교"' in reading
    assert '커지다: also as "커진"' in search("커지다", index_dir=tmp_path, explain=True).reading


# --- Order ---


def test_what_is_found_as_typed_goes_before_other_forms(tmp_path: Path) -> None:
    forms = "번역을 적용했다. 적용된 번역을 적용할 사람이 적용했다."
    index_dir = build_of(
        tmp_path / "i", document("a/1", "적용했다", forms), document("a/2", body=f"적용하는 날. {'긴 글이다. ' * 50}")
    )
    assert found("적용하는", index_dir) == ["a/2", "a/1"]


def test_a_word_in_the_headline_counts_more(tmp_path: Path) -> None:
    index_dir = build_of(tmp_path / "i", document("a/1", "나루", "기차"), document("a/2", "기차", "나루"))
    assert found("기차", index_dir) == ["a/2", "a/1"]


def test_without_words_the_newest_goes_first(tmp_path: Path) -> None:
    days = {"a/1": "2024-03-07", "a/2": None, "a/3": "2024-05-01", "a/4": "2023-01-01"}
    index_dir = build_of(tmp_path / "i", *(document(id, "나루", date=day) for id, day in days.items()))
    newest_first = ["a/3", "a/1", "a/4", "a/2"]
    assert found("", index_dir) == newest_first
    assert found("종류:article", index_dir) == newest_first
    assert found("나루", index_dir, sort="date") == newest_first


def test_pages_follow_each_other_and_the_count_is_of_all(tmp_path: Path) -> None:
    index_dir = build_of(tmp_path / "i", *(document(f"a/{n}", "나루", "배 " * n) for n in range(23)))
    for sort in ("score", "date"):
        whole = found("나루", index_dir, sort=sort)
        pages = [search("나루", index_dir=index_dir, sort=sort, limit=5, offset=at) for at in range(0, 30, 5)]
        assert [id for page in pages for id in ids(page.hits)] == whole
        assert {page.total for page in pages} == {23}


def test_an_explanation_adds_up_to_the_score(documented: Path) -> None:
    for hit in search("반도체 OR 그로크 OR 적용하는", index_dir=documented, explain=True).hits:
        assert hit.explanation is not None
        assert sum(hit.explanation.values()) == pytest.approx(hit.score, rel=1e-5)
        assert all(hit.explanation.values())
    assert search("반도체", index_dir=documented).hits[0].explanation is None


# --- Filters ---


def test_values_of_a_filter_are_alternatives_and_filters_add_up(documented: Path) -> None:
    def filtered(**filters: object) -> list[str]:
        return sorted(found("", documented, filters=Filters(**filters)))  # type: ignore[arg-type]  # of any kind

    assert filtered(issue=("12", "naru/14")) == sorted(row[0] for row in CORPUS)
    assert filtered(issue=("14",), kind=("article",)) == ["a/maru/7"]
    assert filtered(section=("인터뷰",), author=("한결",), issue=("14",)) == ["naru/14#1"]
    assert filtered(site=("news.maru.example",)) == ["a/maru/7"]
    assert filtered(publication=("naru",), kind=("entry",), until=date(2024, 3, 7)) == ["naru/12#1", "naru/12#2"]
    assert filtered(since=date(2024, 3, 7), until=date(2024, 3, 7)) == ["naru/12#1", "naru/12#2"]
    assert filtered(since=date(2030, 1, 1)) == []


def test_what_has_no_date_is_of_no_period(tmp_path: Path) -> None:
    build(ListSource.of(document("a/1", "강", date="2024-03-07"), document("a/2", "강", date=None)), tmp_path)
    assert found("강", tmp_path) == ["a/1", "a/2"]
    assert found("강 날짜:..2024", tmp_path) == ["a/1"]
    assert [
        hit.document.id for hit in search("강", index_dir=tmp_path, filters=Filters(until=date(2024, 12, 31))).hits
    ] == ["a/1"]
    assert found("강 -날짜:..2024", tmp_path) == ["a/2"]


def test_the_order_of_alternatives_changes_nothing(tmp_path: Path) -> None:
    # The first says both side by side, in one order.
    bodies = ["그로크(Groq)가 왔다", "groq 이야기", "그로크와 배", "배와 강"]
    build(ListSource.of(*(document(f"a/{n}", "", body) for n, body in enumerate(bodies))), tmp_path)
    scores = [
        {hit.document.id: pytest.approx(hit.score) for hit in search(query, index_dir=tmp_path).hits[1:]}
        for query in ("그로크 OR Groq", "Groq OR 그로크")
    ]
    assert scores[0] == scores[1]


def test_filters_narrow_a_query_with_or(documented: Path) -> None:
    results = search("칩 OR 판", index_dir=documented, filters=Filters(section=("인터뷰",)))
    assert ids(results.hits) == ["naru/12#1"]
    assert results.query == '(칩 OR 판) section:"인터뷰"'


def test_every_id_that_matches_is_listed(documented: Path) -> None:
    assert sorted(search_ids("로크", index_dir=documented)) == ["naru/12#1", "naru/14#1"]
    assert len(list(search_ids("", index_dir=documented, filters=Filters(kind=("entry",))))) == 4


# --- Hits ---


def test_a_hit_has_its_document_and_the_issues_that_lead_to_it(tmp_path: Path) -> None:
    article = document("a/1", "나루", linked_from=linked_from("naru/12#1", "naru/12#3", "naru/9#1"))
    entry = document("naru/12#1", "나루", section=section("새 물건", "things"))
    hits = search("나루", index_dir=build_of(tmp_path / "i", article, entry)).hits
    assert {(hit.document.id, hit.issues) for hit in hits} == {
        ("a/1", ("naru/12", "naru/9")),
        ("naru/12#1", ("naru/12",)),
    }
    assert sorted((hit.document for hit in hits), key=lambda one: one.id) == [article, entry]


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("그로크", "그로크의 칩, 그로크(Groq)와 존 로크", ["그로크", "그로크", "Groq"]),
        ("그로크의", "그로크는 그로크다", ["그로크", "그로크"]),
        ("적용하는", "번역을 적용했다", ["적용했다"]),
        ("여울파운드리", "여울전자 파운드리가", ["여울", "파운드리"]),
        ("파운드리", "여울 파운드리를", ["파운드리"]),
        ('"푸른 나루"', "푸른 나루의 푸른 배", ["푸른 나루"]),
        ('"한 번"', "한 번만", ["한 번"]),
        ("groq", "Ｇｒｏｑ의 groquist", ["Ｇｒｏｑ"]),
        ("지능", "인공지능의 지능", ["지능", "지능"]),
        ("1200만", "1,200만원", ["1,200만"]),
        ("나루 -배", "나루의 배", []),
        ("나루 -배", "나루의 배꼽", ["나루"]),
        ("나루 -제목:배", "나루의 배", ["나루"]),
        ("제목:나루 배", "나루의 배", ["배"]),
        ("나루", "나\u200b루의", ["나\u200b루"]),
    ],
)
def test_what_was_found_is_marked_without_its_particles(
    tmp_path: Path, query: str, text: str, marked: list[str]
) -> None:
    index_dir = build_of(tmp_path / "i", document("a/1", "나루" if "제목:나루" in query else "", text))
    hits = search(query, index_dir=index_dir).hits
    marks = [mark for hit in hits for mark in hit.highlights if mark.field == "body"]
    assert [text[mark.start : mark.end] for mark in marks] == marked


def test_headline_and_body_are_marked_apart(tmp_path: Path) -> None:
    (hit,) = search("나루", index_dir=build_of(tmp_path / "i", document("a/1", "푸른 나루", "나루의 배"))).hits
    assert hit.highlights == (Highlight("headline", 3, 5), Highlight("body", 0, 2))


def test_a_page_of_long_texts_is_marked_in_part_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.search.MARKED_CHARACTERS", 8)
    texts = [document(f"a/{n}", body="나루터 나루터 나루터") for n in range(2)]
    index_dir = build_of(tmp_path / "i", *texts)
    long = search("나루터", index_dir=index_dir)
    assert [hit.highlights for hit in long.hits] == [(Highlight("body", 0, 3), Highlight("body", 4, 7)), ()]
    assert long.warnings[0].startswith("What was found is marked in the first 8 characters of this page.")
    many = search(" ".join(["나루터"] * 16), index_dir=index_dir)
    assert [hit.highlights for hit in many.hits] == [(Highlight("body", 0, 3),), ()]
    assert search("", index_dir=index_dir).warnings == []


# --- What is wrong with an index ---


def test_no_index_names_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(NoIndexError, match=r"^No index at .*/none\. Run: search_cli\.py index$"):
        search("나루", index_dir=tmp_path / "none")


def test_an_index_of_another_analysis_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index_dir = build_of(tmp_path / "i", document("a/1"))
    monkeypatch.setattr("index.meta.ANALYSIS_VERSION", "other")
    with pytest.raises(IndexMismatch, match=r"Run: search_cli\.py index --rebuild$"):
        search("나루", index_dir=index_dir)


def test_a_mistake_in_the_query_is_told_before_the_index_is_looked_at(tmp_path: Path) -> None:
    with pytest.raises(QueryError):
        search('"나루', index_dir=tmp_path / "none")


def test_an_index_older_than_the_archive_answers_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = ListSource.of(document("a/1", "나루"))
    build(source, tmp_path / "i")
    monkeypatch.setattr("index.search.read_stamp", lambda _: source.stamp())
    fresh = search("나루", index_dir=tmp_path / "i", store_path=tmp_path / "store")
    source.put(document("a/2", "나루"))
    stale = search("나루", index_dir=tmp_path / "i", store_path=tmp_path / "store")
    assert (fresh.warnings, ids(stale.hits), len(stale.warnings)) == ([], ["a/1"], 1)
    assert stale.warnings[0].endswith("Run: search_cli.py index")


def test_a_search_loads_neither_the_store_nor_the_crawler(documented: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from index.search import search; "
        f"assert search('그로크', index_dir=Path({str(documented)!r})).total == 1; "
        "print({'sqlalchemy', 'scrapy', 'lxml', 'dateparser', 'w3lib', 'numpy'} & sys.modules.keys())"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"


# --- Against a search that looks at every document ---

SYLLABLES = ["나루", "마루", "여울", "강가", "배", "기차", "GPT", "4", "나루의", "마루에서", "강가를"]


def matches(query: Query, text: str) -> bool:
    """Say whether *text* matches, for words whose bigrams and morphemes the text's are compared with one by one."""
    match query:
        case Word() | Phrase():
            return _has(query, text)
        case And(children):
            return all(matches(child, text) for child in children)
        case Or(children):
            return any(matches(child, text) for child in children)
        case Not(child):
            return not matches(child, text)
    raise AssertionError(query)


def _has(value: Word | Phrase, text: str) -> bool:
    from index.korean import analyse

    terms = query_terms(value.text, phrase=isinstance(value, Phrase))
    analysis = analyse(text)
    literal = [f"{terms.at_start}{terms.literal[0]}", *terms.literal[1:]] if terms.literal else []
    views = (
        (analysis.starts + analysis.bigrams, literal, 1),
        *((analysis.morphemes, reading, terms.apart) for reading in terms.readings),
    )
    for tokens, wanted, slop in views:
        places = [[token.position for token in tokens if token.text == one] for one in wanted]
        if terms.open_ended and slop == 1:
            places[-1] = [token.position for token in tokens if token.text.startswith(wanted[-1])]
        if places and _chained(places, slop):
            return True
    return False


def _chained(places: list[list[int]], slop: int) -> bool:
    reached = set(places[0])
    for here in places[1:]:
        reached = {p for p in here if any(p - slop <= q < p for q in reached)}
    return bool(reached)


@pytest.fixture(scope="module")
def random_texts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    chosen = random.Random(7)
    texts = {f"a/{n}": " ".join(chosen.choices(SYLLABLES, k=chosen.randint(1, 7))) for n in range(120)}
    folder = tmp_path_factory.mktemp("random") / "index"
    return build_of(folder, *(document(id, body=text) for id, text in texts.items())), texts


WORDS = st.sampled_from(SYLLABLES)
LEAVES = WORDS.map(Word) | st.lists(WORDS, min_size=1, max_size=3).map(" ".join).map(Phrase) | st.just(Word("나루마루"))
QUERIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(tuple).map(And),
        st.lists(inner, min_size=2, max_size=3).map(tuple).map(Or),
        inner.map(Not),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(query=QUERIES, limit=st.integers(1, 130))
def test_any_query_finds_exactly_what_a_look_at_every_document_finds(
    random_texts: tuple[Path, dict[str, str]], query: Query, limit: int
) -> None:
    index_dir, texts = random_texts
    meta = read_meta(index_dir)
    assert meta is not None
    expected = {id for id, text in texts.items() if matches(query, text)}
    with whoosh_engine.Reader(index_dir / meta.folder) as reader:
        page, total = reader.search(query, "score", limit, 0, explain=limit)
        every, _ = reader.search(query, "score", len(texts), 0)
        assert (set(reader.ids(query)), total, len(every)) == (expected, len(expected), len(expected))
    # The best of all are the best few, with the scores that their parts add up to.
    assert [one.score for one in page] == [one.score for one in every[:limit]]
    assert all(one.score >= other.score for one, other in pairwise(every))
    assert [sum((one.explanation or {}).values()) for one in page] == pytest.approx(
        [one.score for one in page], rel=1e-5
    )
    assert {stored_document(one.stored).id for one in every} == expected


def test_a_range_of_issues_is_open_at_either_end(documented: Path) -> None:
    assert found("호:13..", documented) == found("호:14", documented)
    assert sorted(found("호:..12", documented)) == ["naru/12#1", "naru/12#2"]
    assert str(Range("issue", None, 12)) == "issue:..12"


# --- Snippets ---


def marks(text: str, word: str) -> list[Highlight]:
    return [Highlight("body", match.start(), match.end()) for match in re.finditer(word, text)]


LONG = "첫 문장이 길게 이어진다. " * 8 + "나루에 배가 왔다. 나루는 넓다. " + "끝 문장이 길게 이어진다. " * 8


def test_a_short_text_is_its_own_snippet() -> None:
    assert snippet("나루의 배", marks("나루의 배", "나루"), 40) == Snippet("나루의 배", (Highlight("body", 0, 2),))


def test_a_snippet_begins_with_the_sentence_that_was_found() -> None:
    assert snippet(LONG, marks(LONG, "나루"), 36) == Snippet(
        "…나루에 배가 왔다. 나루는 넓다. 끝 문장이 길게 이어진다.…",
        (Highlight("body", 1, 3), Highlight("body", 12, 14)),
    )


def test_a_mark_longer_than_the_snippet_is_cut() -> None:
    part = snippet(LONG, [Highlight("body", 0, len(LONG))], 20)
    assert part.highlights == (Highlight("body", 0, len(part.text) - 1),)


def test_a_snippet_without_marks_is_the_beginning() -> None:
    assert snippet(LONG, [], 20).text == "첫 문장이 길게 이어진다.…"


def test_a_snippet_is_where_the_most_marks_are() -> None:
    text = "나루 " + "물 " * 100 + "나루 나루 나루 " + "물 " * 100
    part = snippet(text, marks(text, "나루"), 30)
    assert [part.text[mark.start : mark.end] for mark in part.highlights] == ["나루"] * 3


@pytest.mark.parametrize("character", ["👩‍💻", "🇰🇷", "e\u0301", "👍🏽", "나루"[0]])
def test_a_snippet_cuts_no_character(character: str) -> None:
    text = character * 60
    for width in range(8, 20):
        part = snippet(text, [], width).text.removesuffix("…")
        assert part == character * (len(part) // len(character))


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="가나 .\n👍\u200d\u0301🇰", max_size=120), st.integers(10, 60), st.data())
def test_marks_of_a_snippet_stand_where_they_stood(text: str, width: int, data: st.DataObject) -> None:
    found = marks(text, "가나")
    part = snippet(text, found, width)
    assert len(part.text) <= width + 3
    assert [part.text[mark.start : mark.end] for mark in part.highlights] == ["가나"] * len(part.highlights)
    assert part.text.strip("…") in re.sub(r"\s+", " ", text)


def test_a_snippet_is_one_line_with_single_spaces() -> None:
    text = "나루가 열렸다. \n\n다시  나루다.\t나루."
    part = snippet(text, marks(text, "나루"), 80)
    assert part.text == "나루가 열렸다. 다시 나루다. 나루."
    assert [part.text[mark.start : mark.end] for mark in part.highlights] == ["나루"] * 3


# --- Real questions ---

KORQUAD = ROOT.parent / "shared" / "data" / "KorQuAD_v1.0_dev.json"


@pytest.mark.skipif(not KORQUAD.exists(), reason="the questions are not part of the project")
def test_real_questions_find_their_paragraphs(tmp_path: Path) -> None:
    import json

    paragraphs = [p for one in json.loads(KORQUAD.read_text())["data"][:40] for p in one["paragraphs"]]
    index_dir = build_of(tmp_path / "i", *(document(f"a/{n}", body=p["context"]) for n, p in enumerate(paragraphs)))
    questions = [(p["qas"][0]["question"], f"a/{n}") for n, p in enumerate(paragraphs)]
    meta = read_meta(index_dir)
    assert meta is not None
    reciprocal = 0.0
    with whoosh_engine.Reader(index_dir / meta.folder) as reader:
        for question, relevant in questions:
            page, _ = reader.search(any_of([Word(word) for word in question.split()]), "score", 10, 0)
            ranked = [stored_document(one.stored).id for one in page]
            reciprocal += 1 / (ranked.index(relevant) + 1) if relevant in ranked else 0.0
    assert reciprocal / len(questions) > 0.9


@pytest.mark.parametrize("query", ["에듀테크", "에듀 칩", "에듀 OR 칩"])
def test_a_word_that_the_dictionary_writes_with_a_blank_is_found(tmp_path: Path, query: str) -> None:
    index_dir = build_of(tmp_path, document("a/1", "에듀테크 칩", body="에듀 칩을 만드는 에듀테크 이야기"))
    assert found(query, index_dir) == ["a/1"]


def test_many_prefixes_share_what_one_has_time_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whoosh_engine, "MAX_SCANNED", 40)
    monkeypatch.setattr(whoosh_engine, "MAX_EXPANSIONS", 8)
    names = [f"{first}{second}루" for first in "나다라마바사자차" for second in "거너더러머버서어"]
    build(ListSource.of(*(document(f"a/{n}", body=name) for n, name in enumerate(names))), tmp_path)

    def found(*beginnings: str) -> int:
        return search(" OR ".join(f"{one}*" for one in beginnings), index_dir=tmp_path, exact=True).total

    assert [found("나"), found("나", "다", "라")] == [8, 24]
    assert found(*"나다라마바사자차") == 8 * (8 // 2)
    # Those that are left out, too.
    assert search(" ".join(f"-{one}*" for one in "나다라마바사자차"), index_dir=tmp_path, exact=True).total == 32


def test_the_parts_of_many_scores_are_those_of_each(tmp_path: Path) -> None:
    texts = [document(f"a/{n}", "나루" if n % 3 else "마루", "나루 마루 나루터 " * (1 + n % 5)) for n in range(30)]
    build(ListSource.of(*texts), tmp_path)
    for text in ("나루", "나루 OR 마루", '"나루 마루" OR 마루*'):
        for hit in search(text, index_dir=tmp_path, limit=30, explain=True, exact=True).hits:
            assert hit.explanation is not None
            assert sum(hit.explanation.values()) == pytest.approx(hit.score)


def test_as_many_scores_are_explained_as_there_is_time_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.search.MOST_EXPLAINED", 6)
    build(ListSource.of(*(document(f"a/{n}", f"나루 마루 {n}") for n in range(5))), tmp_path)
    for text, explained in (("나루", 5), ("나루 마루", 3)):
        results = search(text, index_dir=tmp_path, explain=True)
        assert [hit.explanation is not None for hit in results.hits] == [True] * explained + [False] * (5 - explained)
    assert results.warnings == ["The scores of the first 3 documents are explained. Ask for fewer"]
    assert search("나루", index_dir=tmp_path, explain=True).warnings == []
