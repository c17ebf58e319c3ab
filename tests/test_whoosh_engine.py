"""What is found, and in which order, against a reckoning that looks at every text, one after the other."""

import random
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import document, linked_from
from whoosh.filedb.filestore import RamStorage
from whoosh.util.numeric import byte_to_length, length_to_byte

from index import bulk, plan, whoosh_engine
from index.query import (
    And,
    Everything,
    FieldQuery,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Range,
    Weighted,
    Word,
)
from index.records import Record, record
from index.schema import stored_document
from index.whoosh_engine import CLOSE, FIELD_WEIGHT, K1, B, Reader, Writer, _CountedColumn

WORDS = "나루 마루 여울 강가 배 기차 GPT 4 나루의 마루에서 강가를 나루마루 적용하는 적용했다 푸른기차".split()
CANDIDATES = 7


@dataclass
class Collection:
    """An index in *folder*, and what is in it and not deleted."""

    folder: Path
    records: dict[str, Record]


def collection(folder: Path, seed: int) -> Collection:
    """Index random texts in several segments, some of them deleted again, some replaced by a later one."""
    chosen = random.Random(seed)
    records: dict[str, Record] = {}
    writer = Writer(folder, create=True)
    for _ in range(chosen.randint(1, 4)):
        gone = chosen.sample(sorted(records), len(records) // 5)
        batch = [record(_random_document(chosen, id), {}) for id in _new_and_gone(chosen, gone)]
        writer.write([], gone, replace=False)
        writer.write(batch, replace=False)
        for id in gone:
            del records[id]
        records |= {one.id: one for one in batch}
    return Collection(folder, records)


def _new_and_gone(chosen: random.Random, gone: list[str]) -> list[str]:
    return [*(f"a/{chosen.getrandbits(40)}" for _ in range(chosen.randint(5, 50))), *gone[::2]]


def _random_document(chosen: random.Random, id: str) -> Any:
    # Few days and short texts, so that many are equals.
    headline, body = (" ".join(chosen.choices(WORDS, k=chosen.randint(0, most))) for most in (3, 12))
    authors = chosen.sample(["한결", "다온"], chosen.randint(0, 2))
    day = chosen.choice([None, "2024-03-07", "2024-03-08"])
    issues = linked_from(*(f"naru/{number}#1" for number in chosen.sample([7, 8, 12, 100], chosen.randint(0, 2))))
    return document(id, headline, body, day, authors=authors, linked_from=issues)


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> list[Collection]:
    return [collection(tmp_path_factory.mktemp("collection"), seed) for seed in range(6)]


# --- The reckoning ---


@dataclass
class Reckoning:
    """Of the index it asks only how many documents there are, how many have a term, and how long all texts are."""

    terms: Any
    records: dict[str, Record]

    def ranked(self, query: Query, sort: str) -> list[tuple[str, float]]:
        matching = whoosh_engine._matching(query, self.terms)
        found = [id for id, one in self.records.items() if matches(matching, one)]
        if sort == "date":
            return self._in_order(dict.fromkeys(found, 0.0))
        ranking = whoosh_engine._ranking(query, self.terms)
        best = self._in_order({id: self._score(ranking, self.records[id]) for id in found})
        return self._in_order(self._brought_forward(dict(best[:CANDIDATES]), ranking.pairs)) + best[CANDIDATES:]

    def _in_order(self, scores: dict[str, float]) -> list[tuple[str, float]]:
        return sorted(scores.items(), key=lambda one: (-one[1], -(self.records[one[0]].day or 0), one[0]))

    def _score(self, ranking: Any, one: Record) -> float:
        score = 0.0
        for fields, text, weight in ranking.terms:
            idf = min(self.terms.idf(field, text) for field in fields)
            tf = sum(_frequency(field, text, one) * self._share(field, one) for field in fields)
            score += weight * idf * (K1 + 1) * tf / (1 + tf)
        # One after the other, so that the last bit is the same.
        for literal in ranking.literals.values():
            if matches(literal.plan, one):
                score += literal.bonus
        return score

    def _share(self, field: str, one: Record) -> float:
        mean = self.terms.reader.field_length(field) / self.terms.reader.doc_count_all() or 1.0
        length = byte_to_length(length_to_byte(sum(len(_positions(one, field, text)) for text in one.terms[field])))
        return FIELD_WEIGHT.get(field, 1.0) / K1 / (1 - B + B * length / mean)

    def _brought_forward(self, scores: dict[str, float], pairs: list[Any]) -> dict[str, float]:
        closeness: dict[str, Counter[tuple[str, str]]] = {id: Counter() for id in scores}
        for fields, text, weight in pairs:
            tfs = {id: {field: self._closeness(field, text, self.records[id]) for field in fields} for id in scores}
            near = {id: tf for id, tf in tfs.items() if any(tf.values())}
            idf = whoosh_engine._idf(len(near), len(scores))
            for id, by_field in near.items():
                for field, tf in by_field.items():
                    closeness[id][field, text] += weight * idf * (K1 + 1) * tf / (1 + sum(by_field.values()))
        return {id: score + sum(closeness[id].values()) for id, score in scores.items()}

    def _closeness(self, field: str, pair: str, one: Record) -> float:
        first, second = (places(plan.Term(field, text), one) for text in pair.split(" "))
        return sum(0 < there - here <= CLOSE for here, there in product(first, second)) * self._share(field, one)


def _frequency(field: str, text: str, one: Record) -> int:
    return len(_positions(one, field, text))


def matches(sought: plan.Plan, one: Record) -> bool:
    match sought:
        case plan.Every():
            return True
        case plan.AllOf(parts):
            return all(matches(part, one) for part in parts)
        case plan.AnyOf(parts):
            return any(matches(part, one) for part in parts)
        case plan.Without(part):
            return not matches(part, one)
        case plan.Issues(first, last):
            return any(first <= number <= last for number in map(int, filter(str.isdigit, one.keywords["issue"])))
        case plan.Days(first, last):
            return first <= (one.day or 0) <= last
        case plan.Term(field, text) if field in one.keywords:
            return text in one.keywords[field]
    return bool(places(sought, one))


def places(sought: plan.Plan, one: Record) -> set[int]:
    """Return where what is *sought* ends."""
    match sought:
        case plan.Near(parts, slop):
            reached, *following = (places(part, one) for part in parts)
            for here in following:
                reached = {there for there in here if any(there - slop <= place < there for place in reached)}
            return reached
        case plan.AnyOf(parts):
            return {place for part in parts for place in places(part, one)}
        case plan.Prefix(field, beginning):
            begun = [text for text in one.terms[field] if text.startswith(beginning)]
            return {place for text in begun for place in _positions(one, field, text)}
        case plan.Term(field, text):
            return set(_positions(one, field, text))
    raise AssertionError(sought)


def _positions(one: Record, field: str, text: str) -> "array[int]":
    return array("I", one.terms[field].get(text, b""))


# --- What people may ask ---

TYPED = st.sampled_from(WORDS)
TEXTS = st.one_of(
    TYPED.map(Word),
    TYPED.map(lambda word: Prefix(word[:2])),
    st.builds(Phrase, st.lists(st.sampled_from(WORDS[:4]), min_size=1, max_size=3).map(" ".join), st.integers(0, 3)),
)
LEAVES = st.one_of(
    TEXTS,
    st.builds(FieldQuery, st.sampled_from(["headline", "body"]), TEXTS),
    st.builds(Weighted, TYPED.map(Word), st.just(0.3)),
    st.just(FieldQuery("author", Word("한결"))),
    st.sampled_from([Range("date", date(2024, 3, 8), None), Range("date", None, date(2024, 3, 7)), Everything()]),
    st.sampled_from([Range("issue", 8, 50), Range("issue", None, 7), Range("issue", 9, None), Range("issue", 13, 14)]),
)
QUERIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map(tuple).map(And),
        st.lists(inner, min_size=2, max_size=4).map(tuple).map(Or),
        inner.map(Not),
    ),
    max_leaves=8,
)


@pytest.fixture(params=["sets", "arrays"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    limit = {"sets": 10**9, "arrays": -1}[request.param]
    monkeypatch.setattr(bulk, "MANY_POSTINGS", limit)
    monkeypatch.setattr(bulk, "SOME_POSTINGS", limit)
    monkeypatch.setattr(whoosh_engine, "CLOSE_CANDIDATES", CANDIDATES)
    return str(request.param)


@pytest.fixture
def readers(collections: list[Collection]) -> Iterator[list[Reader]]:
    opened = [Reader(one.folder) for one in collections]
    yield opened
    for one in opened:
        one.__exit__()


def test_the_collections_have_segments_and_deleted_documents(readers: list[Reader]) -> None:
    counts = [
        (len(one._segments), one._terms.reader.doc_count_all() - one._terms.reader.doc_count()) for one in readers
    ]
    assert max(segments for segments, _ in counts) > 2
    assert max(deleted for _, deleted in counts) > 5


def test_the_best_few_are_those_of_all_whatever_is_asked(
    collections: list[Collection], readers: list[Reader], engine: str
) -> None:
    @settings(max_examples=150, deadline=None)
    @given(st.integers(0, len(collections) - 1), QUERIES, st.sampled_from(["score", "date"]), st.integers(1, 40))
    def check(number: int, query: Query, sort: Any, limit: int) -> None:
        whole = Reckoning(readers[number]._terms, collections[number].records).ranked(query, sort)
        for offset in (0, limit // 2):
            page, total = readers[number].search(query, sort, limit, offset)
            found = [(stored_document(one.stored).id, one.score) for one in page]
            assert (found, total) == (whole[offset : offset + limit], len(whole))

    check()


def test_a_column_counts_more_values_than_two_bytes_can_name() -> None:
    storage = RamStorage()
    with storage.create_file("column") as file:
        writer = _CountedColumn().writer(file)
        for number in range(70_000):
            writer.add(number, str(number).encode())
        writer.finish(70_001)
        length = file.tell()
    with storage.open_file("column") as file:
        reader = _CountedColumn().reader(file, 0, length, 70_001)
        values = [reader.values()[number] for number in reader.numbers()]
    assert values == [*(str(number).encode() for number in range(70_000)), b""]
