"""Postings and the two engines that answer from them, against Whoosh's own matching and against each other."""

import random
import subprocess
import sys
from itertools import product
from math import inf
from pathlib import Path

import pytest
import whoosh
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import ListSource, document
from test_search import QUERIES
from whoosh.query import compound, qcore, ranges, terms
from whoosh.query.spans import SpanNear2
from whoosh.query.wrappers import Not as NotMatching
from whoosh.searching import Searcher

from index import bulk, plan, whoosh_engine
from index.build import build
from index.bulk import Arrays, Scored, ScoredField, Sets
from index.codec import Postings
from index.meta import read_meta
from index.query import Query, Word, any_of, parse
from index.records import record
from index.schema import stored_document
from index.search import search

# --- Postings ---

DOCUMENTS = st.dictionaries(
    st.integers(0, 70_000), st.lists(st.integers(0, 70_000), min_size=1, unique=True), min_size=1
)


def postings(places: dict[int, list[int]], *, positioned: bool = True) -> Postings:
    docs = sorted(places)
    freqs = [len(places[doc]) for doc in docs]
    return Postings(
        docs,
        freqs if max(freqs) > 1 else [],
        [place for doc in docs for place in sorted(places[doc])] if positioned else [],
    )


@settings(max_examples=100, deadline=None)
@given(DOCUMENTS, st.binary(max_size=7))
def test_postings_are_read_as_they_were_written(places: dict[int, list[int]], before: bytes) -> None:
    read = Postings.from_buffer(memoryview(before + postings(places).to_bytes() + b"after"), len(before))
    assert list(read.docs) == sorted(places)
    for i, doc in enumerate(read.docs):
        assert (read.index(doc), read.freq(i), list(read.places(i))) == (i, len(places[doc]), sorted(places[doc]))
    assert read.index(70_001) is None


def test_numbers_are_as_wide_as_the_largest_needs() -> None:
    narrow, wide = (len(postings({1: [1, 2], n: [n]}).to_bytes()) for n in (255, 256))
    # Two documents and three positions of twice the width; the frequencies stay small.
    assert wide - narrow == 5


# --- Two engines, one answer ---

SMALL = st.dictionaries(st.integers(0, 19), st.sets(st.integers(0, 12), min_size=1).map(sorted), min_size=1)


COMMON = st.just({doc: [doc % 5, 7] for doc in range(60)})


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(SMALL | COMMON, min_size=1, max_size=2), min_size=1, max_size=3),
    st.integers(1, 4),
    st.sets(st.integers(0, 59), max_size=30),
)
def test_both_engines_find_the_same_words_near_each_other(
    parts: list[list[dict[int, list[int]]]], slop: int, some: set[int]
) -> None:
    asked = [[postings(one) for one in part] for part in parts]
    sets, arrays = Sets(60), Arrays(60)
    found = sets.near(asked, slop)
    assert sorted(found) == arrays.members(arrays.near(asked, slop))
    among = arrays.of([sorted(some)]) if some else arrays.of(())
    assert sorted(found & some) == sorted(sets.near(asked, slop, some))
    assert sorted(found & some) == arrays.members(arrays.near(asked, slop, among))


@given(SMALL, st.sets(st.integers(0, 19)), st.integers(0, 5), st.integers(0, 5))
@settings(max_examples=100, deadline=None)
def test_both_engines_find_what_is_of_a_range_among_what_was_found(
    term: dict[int, list[int]], some: set[int], low: int, more: int
) -> None:
    sets, arrays, days = Sets(20), Arrays(20), [doc % 7 for doc in range(20)]
    among = arrays.of([sorted(some)]) if some else arrays.of(())
    found = sorted(doc for doc in some if low <= days[doc] <= low + more)
    assert sorted(sets.between(some, days, low, low + more)) == found
    assert arrays.members(arrays.between(among, days, low, low + more)) == found


@given(st.sets(st.integers(0, 19)), st.lists(st.integers(0, 300), min_size=20, max_size=20))
@settings(max_examples=100, deadline=None)
def test_both_engines_tally_the_same(matching: set[int], numbers: list[int]) -> None:
    sets, arrays = Sets(20), Arrays(20)
    mask = arrays.of([sorted(matching)] if matching else [])
    assert arrays.count(mask) == sets.count(matching) == len(matching)
    assert arrays.tally(mask, numbers) == sets.tally(matching, numbers)


@settings(max_examples=200, deadline=None)
@given(st.lists(SMALL, min_size=1, max_size=4), st.sets(st.integers(0, 19)), st.integers(1, 25), st.randoms())
def test_both_engines_give_the_same_best_with_the_same_scores(
    terms: list[dict[int, list[int]]], matching: set[int], count: int, chosen: random.Random
) -> None:
    days = [chosen.randint(1, 3) for _ in range(20)]
    lengths = bytes(chosen.choices(range(4), k=20))
    fields = [ScoredField(str(n), postings(term), lengths, [0.2, 0.5, 0.9, 1.7]) for n, term in enumerate(terms)]
    scored = [Scored(chosen.choice([0.3, 1.0]), fields[i:]) for i in range(len(fields))]
    sets, arrays = Sets(20), Arrays(20)
    mask = arrays.of([sorted(matching)]) if matching else arrays.of(())
    best = sets.scores(matching, scored, [({1, 2}, 0.7)]).best(count, days)
    assert arrays.scores(mask, scored, [(arrays.of([[1, 2]]), 0.7)]).best(count, days) == best
    everything = sets.scores(matching, scored, [({1, 2}, 0.7)]).best(100, days)
    assert best[:count] == everything[:count]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of three segments with documents that were deleted."""
    chosen = random.Random(3)
    words = ["나루", "마루", "여울", "강가", "배", "기차", "GPT", "4", "나루의", "마루에서", "강가를", "나루마루"]
    source = ListSource()
    folder = tmp_path_factory.mktemp("engine") / "index"
    for part in range(3):
        source.put(
            *(
                document(f"a/{n}", "", " ".join(chosen.choices(words, k=9)), f"2024-03-{n % 5 + 1:02}")
                for n in range(part * 30, part * 30 + 40)
            )
        )
        build(source, folder)
    return folder


def opened(index_dir: Path) -> whoosh_engine.Reader:
    meta = read_meta(index_dir)
    assert meta is not None
    return whoosh_engine.Reader(index_dir / meta.folder)


@settings(max_examples=80, deadline=None)
@given(query=QUERIES, sort=st.sampled_from(["score", "date"]))
def test_a_search_is_the_same_with_either_engine(texts: Path, query: Query, sort: str) -> None:
    answers = []
    for limit in (-1, 10**9):
        with pytest.MonkeyPatch.context() as patch, opened(texts) as reader:
            patch.setattr(bulk, "MANY_POSTINGS", limit)
            patch.setattr(bulk, "SOME_POSTINGS", limit)
            answers.append(reader.search(query, sort, 20, 0, explain=20))  # type: ignore[arg-type]  # one of the two
    assert answers[0] == answers[1]


def as_whoosh(sought: plan.Plan) -> qcore.Query:
    match sought:
        case plan.Every():
            return qcore.Every()
        case plan.Term(field, text):
            return terms.Term(field, text)
        case plan.Prefix(field, text):
            return terms.Prefix(field, text)
        case plan.Near(parts, slop):
            return SpanNear2(list(map(as_whoosh, parts)), slop=slop)
        case plan.AnyOf(parts):
            return compound.Or(list(map(as_whoosh, parts)))
        case plan.AllOf(parts):
            return compound.And(list(map(as_whoosh, parts)))
        case plan.Without(part):
            return NotMatching(as_whoosh(part))
        case plan.Days(first, last):
            return ranges.NumericRange("date", first, None if last == inf else last)
    raise AssertionError(sought)


@pytest.mark.skipif(whoosh.versionstring() == "2.7.4", reason="its own phrases end in a NameError")
@settings(max_examples=80, deadline=None)
@given(query=QUERIES)
def test_what_matches_is_what_whoosh_itself_finds(texts: Path, query: Query) -> None:
    with opened(texts) as reader:
        searcher = Searcher(reader._terms.reader)
        found = searcher.docs_for_query(as_whoosh(whoosh_engine._matching(query, reader._terms)))
        # Of what does not have a word, Whoosh finds also what was deleted.
        matching = reader._answered(query).matching
        numbers = [segment.offset + doc for segment, docs in matching for doc in segment.engine.members(docs)]
        assert numbers == sorted(n for n in found if not reader._terms.reader.is_deleted(n))


# --- Order ---


def test_equals_stand_newest_first_and_then_by_id_however_they_were_indexed(tmp_path: Path) -> None:
    days = ["2024-03-01", "2024-03-02", None]
    documents = [document(f"a/{n}{letter}", "나루", date=day) for n, day in enumerate(days) for letter in "xyz"]
    expected = ["a/1x", "a/1y", "a/1z", "a/0x", "a/0y", "a/0z", "a/2x", "a/2y", "a/2z"]
    for number, order in enumerate((documents, documents[::-1])):
        build(ListSource.of(*order), tmp_path / str(number))
        for sort, limit in product(("score", "date"), (2, 4, 9)):
            hits = search("나루", index_dir=tmp_path / str(number), sort=sort, limit=limit).hits  # type: ignore[arg-type]
            assert [hit.document.id for hit in hits] == expected[:limit]


def test_words_that_stand_as_close_as_in_the_query_count_more(tmp_path: Path) -> None:
    near, far = "푸른 기차 바다 학교 하늘", "푸른 하늘 학교 바다 기차"
    build(ListSource.of(document("a/1", body=far), document("a/2", body=near)), tmp_path)
    best, other = search("푸른 기차", index_dir=tmp_path, explain=True).hits
    assert (best.document.id, best.score > other.score) == ("a/2", True)
    assert set(best.explanation or {}) - set(other.explanation or {}) == {"body 푸른 기차"}


def test_closeness_changes_the_order_of_the_same_few_whatever_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whoosh_engine, "CLOSE_CANDIDATES", 3)
    # Short and scattered, or longer and side by side.
    bodies = [(4, 0), (0, 5), (7, 0), (0, 6), (5, 0)]
    texts = [" ".join(["하늘", *["학교"] * between, "기차", *["학교"] * after]) for between, after in bodies]
    build(ListSource.of(*(document(f"a/{n}", body=text) for n, text in enumerate(texts))), tmp_path)
    with opened(tmp_path) as reader:
        query = any_of([Word("하늘"), Word("기차")])
        whole = [stored_document(one.stored).id for one in reader.search(query, "score", 5, 0)[0]]
        single = [stored_document(reader.search(query, "score", 1, at)[0][0].stored).id for at in range(5)]
        assert whole == single
        assert whole[:2] == ["a/1", "a/0"]


# --- Segments ---


def test_segments_that_are_merged_answer_as_before(tmp_path: Path) -> None:
    writer = whoosh_engine.Writer(tmp_path, create=True)
    for n in range(4):
        writer.write(
            [record(document(f"a/{n}-{i}", "나루 배", "마루 " * i + "여울"), {}) for i in range(3)], [f"a/{n - 1}-1"]
        )
    answers = []
    for _ in range(2):
        with whoosh_engine.Reader(tmp_path) as reader:
            found, total = reader.search(parse("마루 여울"), "score", 20, 0)
            words = [one for segment in reader._segments if (one := segment.postings("body", "마루"))]
            places = sorted(tuple(one.places(i)) for one in words for i in range(len(one.docs)))
            answers.append(({stored_document(one.stored).id for one in found}, total))
        writer.merge(whatever=True)
    assert answers[0] == answers[1]
    assert answers[0][0] == {f"a/{n}-{i}" for n in range(4) for i in (1, 2)} - {f"a/{n}-1" for n in range(3)}
    assert len(list(tmp_path.glob("*.seg"))) == 1
    # What was deleted is gone, and of the rest everything is there: once or twice.
    assert places == [(0,), (0, 1), (0, 1), (0, 1), (0, 1)]


def test_a_search_of_few_postings_does_not_wait_for_numpy(texts: Path) -> None:
    program = f"import sys; from pathlib import Path; from index.search import search; assert search('나루', index_dir=Path({str(texts)!r})).total; print('numpy' in sys.modules)"  # noqa: E501  # one program
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent
    )
    assert ran.stdout == "False\n"
