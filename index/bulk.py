"""Plans answered for a whole segment at once, over the arrays of `index/codec.py`.

Two engines give the same answers to the last bit: one of sets and dicts, which a fresh process has at once, and one of
numpy, which takes longer to load than a search of few postings takes.
"""

import os
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, reduce
from heapq import nlargest
from itertools import chain, compress, repeat
from math import inf
from operator import mul
from typing import Any, NamedTuple, Protocol, TypeVar

from index.codec import Numbers, Postings
from index.plan import AllOf, AnyOf, Days, Every, Issues, Near, Plan, Prefix, Term, Without, ranges, terms

# From so many postings on, of one search or of several, numpy's loading is paid for by its speed.
MANY_POSTINGS = 60_000
# And where numpy is loaded already.
SOME_POSTINGS = 2_000
# So many times as many postings are there before it pays to look for each document among them.
FEW = 8
# Of how many terms a segment that is searched again and again knows the place.
MANY_TERMS = 10_000

Part = list[Postings]
Docs = TypeVar("Docs")


class ScoredField(NamedTuple):
    """What a field adds to a term's frequency: an occurrence is worth `shares`, by the byte of the field's length."""

    name: str
    postings: Postings
    lengths: bytes
    shares: Sequence[float]


class Scored(NamedTuple):
    """BM25F of one term, `factor * tf / (1 + tf)`: its fields make one frequency together, `tf`."""

    factor: float
    fields: list[ScoredField]

    def parts(self, engine: "Engine[Any]", docs: Sequence[int]) -> dict[str, dict[int, float]]:
        """Return what each field that has the term adds to the score of those of *docs* that have it there."""
        frequencies: dict[str, dict[int, float]] = {}
        for one in self.fields:
            freq, shares, lengths = one.postings.freq, one.shares, one.lengths
            found = engine.indexes(one.postings.docs, docs)
            frequencies[one.name] = {doc: freq(i) * shares[lengths[doc]] for doc, i in found}
        together: dict[int, float] = {}
        for of_field in frequencies.values():
            for doc, tf in of_field.items():
                together[doc] = together.get(doc, 1.0) + tf
        return {
            field: {doc: self.factor * tf / together[doc] for doc, tf in of_field.items()}
            for field, of_field in frequencies.items()
        }


class Engine(Protocol[Docs]):
    """Sets of documents, numbered from 0 to `size`, and what is done with them."""

    def every(self) -> Docs: ...
    def of(self, postings: Iterable[Sequence[int]]) -> Docs: ...
    def union(self, sets: list[Docs]) -> Docs: ...
    def both(self, one: Docs, other: Docs) -> Docs: ...
    def without(self, one: Docs, other: Docs) -> Docs: ...
    def near(self, parts: list[Part], slop: int, among: Docs | None = None) -> Docs: ...
    def between(self, docs: Docs, values: Sequence[int], low: float, high: float) -> Docs: ...
    def members(self, docs: Docs) -> Sequence[int]: ...
    def count(self, docs: Docs) -> int: ...
    def tally(self, docs: Docs, numbers: Sequence[int]) -> Mapping[int, int]: ...
    def has(self, docs: Docs, doc: int) -> bool: ...
    def indexes(self, numbers: Sequence[int], docs: Sequence[int]) -> Iterable[tuple[int, int]]: ...
    def scores(self, docs: Docs, scored: list[Scored], bonuses: list[tuple[Docs, float]]) -> "Ranked": ...


class Ranked(Protocol):
    def best(self, count: int, second: Sequence[int]) -> list[tuple[float, int, int]]:
        """Return the best *count* (score, its value in *second*, document), and all that equal the last of them."""
        ...


class Sets:
    def __init__(self, size: int) -> None:
        self.size = size

    def every(self) -> set[int]:
        return set(range(self.size))

    def of(self, postings: Iterable[Sequence[int]]) -> set[int]:
        return set().union(*postings)

    def union(self, sets: list[set[int]]) -> set[int]:
        return set().union(*sets)

    def both(self, one: set[int], other: set[int]) -> set[int]:
        return one & other

    def without(self, one: set[int], other: set[int]) -> set[int]:
        return one - other

    def near(self, parts: list[Part], slop: int, among: set[int] | None = None) -> set[int]:
        common = set.intersection(*(self.of(p.docs for p in part) for part in parts))
        if among is not None:
            common &= among
        reached, *others = (_occurrences(part, common) for part in parts)
        for here in others:
            reached = here.intersection(key + i for i in range(1, slop + 1) for key in reached)
        return {key >> 32 for key in reached}

    def between(self, docs: set[int], values: Sequence[int], low: float, high: float) -> set[int]:
        return {doc for doc in docs if low <= values[doc] <= high}

    def members(self, docs: set[int]) -> Sequence[int]:
        return sorted(docs)

    def count(self, docs: set[int]) -> int:
        return len(docs)

    def tally(self, docs: set[int], numbers: Sequence[int]) -> Mapping[int, int]:
        """Return how many of *docs*, whose numbers are in *numbers*, have which."""
        return Counter(map(numbers.__getitem__, docs))

    def has(self, docs: set[int], doc: int) -> bool:
        return doc in docs

    def indexes(self, numbers: Sequence[int], docs: Sequence[int]) -> Iterable[tuple[int, int]]:
        """Return those of *docs* that are among *numbers*, which ascend, each with its index there."""
        indexes = (bisect_left(numbers, doc) for doc in docs)
        return [(doc, i) for doc, i in zip(docs, indexes, strict=True) if i < len(numbers) and numbers[i] == doc]

    def scores(self, docs: set[int], scored: list[Scored], bonuses: list[tuple[set[int], float]]) -> "SetRanked":
        scores = dict.fromkeys(docs, 0.0)
        for one in scored:
            factor = one.factor
            for doc, tf in _frequencies(one, docs).items():
                scores[doc] += factor * tf / (1 + tf)
        for earning, bonus in bonuses:
            for doc in earning & docs:
                scores[doc] += bonus
        return SetRanked(scores)


def _occurrences(part: Part, within: set[int]) -> set[int]:
    """Return document and position of each occurrence as one number."""
    return set().union(*(_placed(postings, within) for postings in part))


def _placed(postings: Postings, within: set[int]) -> set[int]:
    if len(within) * 20 < len(postings.docs):
        found = ((doc, i) for doc in within if (i := postings.index(doc)) is not None)
        return {doc << 32 | place for doc, i in found for place in postings.places(i)}
    docs = chain.from_iterable(map(repeat, postings.docs, postings.freqs)) if postings.freqs else postings.docs
    return {doc << 32 | place for doc, place in zip(docs, postings.positions, strict=False) if doc in within}


def _frequencies(one: Scored, docs: set[int]) -> dict[int, float]:
    frequencies: dict[int, float] = {}
    for _, postings, lengths, shares in one.fields:
        found, freqs = _within(postings, docs)
        worth = map(mul, freqs, map(shares.__getitem__, map(lengths.__getitem__, found)))
        if not frequencies:
            frequencies = dict(zip(found, worth, strict=True))
            continue
        for doc, tf in zip(found, worth, strict=True):
            frequencies[doc] = frequencies.get(doc, 0.0) + tf
    return frequencies


def _within(postings: Postings, docs: set[int]) -> tuple[Numbers, Numbers]:
    """Return those of *docs* that have the term, and how often."""
    # To look each document up takes some twenty times as long as to pass it by.
    if len(docs) * 20 < len(postings.docs):
        indexes = [(doc, i) for doc in docs if (i := postings.index(doc)) is not None]
        return [doc for doc, _ in indexes], [postings.freq(i) for _, i in indexes]
    freqs = postings.freqs or [1] * len(postings.docs)
    if docs.issuperset(postings.docs):
        return postings.docs, freqs
    here = [doc in docs for doc in postings.docs]
    return list(compress(postings.docs, here)), list(compress(freqs, here))


class SetRanked:
    def __init__(self, scores: dict[int, float]) -> None:
        self.scores = scores

    def best(self, count: int, second: Sequence[int]) -> list[tuple[float, int, int]]:
        scores = self.scores
        lowest = min(nlargest(count, scores.values()), default=inf)
        ranked = sorted(((scores[doc], second[doc], doc) for doc in scores if scores[doc] >= lowest), reverse=True)
        last = ranked[count - 1][:2] if 0 < count <= len(ranked) else None
        return [one for i, one in enumerate(ranked) if i < count or one[:2] == last]


class Arrays:
    """A set is an array of booleans, one for each document."""

    def __init__(self, size: int) -> None:
        # Nothing here is computed by more than one thread, and to start the others takes a quarter of the loading.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        import numpy

        self.np = numpy
        self.size = size

    def every(self) -> Any:
        return self.np.ones(self.size, dtype=bool)

    def of(self, postings: Iterable[Sequence[int]]) -> Any:
        docs = self.np.zeros(self.size, dtype=bool)
        for one in postings:
            docs[self.np.asarray(one)] = True
        return docs

    def union(self, sets: list[Any]) -> Any:
        return reduce(self.np.logical_or, sets) if sets else self.of(())

    def both(self, one: Any, other: Any) -> Any:
        return one & other

    def without(self, one: Any, other: Any) -> Any:
        return one & ~other

    def near(self, parts: list[Part], slop: int, among: Any = None) -> Any:
        within = reduce(self.np.logical_and, (self.of(p.docs for p in part) for part in parts))
        if among is not None:
            within &= among
        reached = self._keys(parts[0], within)
        for part in parts[1:]:
            if not len(reached):
                break
            here = self._keys(part, within)
            nearest = reached[self.np.minimum(self.np.searchsorted(reached, here - slop), len(reached) - 1)]
            reached = here[(nearest >= here - slop) & (nearest < here)]
        return self.of([reached >> 32])

    def _keys(self, part: Part, within: Any) -> Any:
        """Return document and position of each occurrence as one number, ascending."""
        keys = [self._occurrences(postings, within) for postings in part]
        return keys[0] if len(keys) == 1 else self.np.sort(self.np.concatenate(keys))

    def _occurrences(self, postings: Postings, within: Any) -> Any:
        np = self.np
        docs = np.asarray(postings.docs)
        kept = within[docs]
        if np.count_nonzero(kept) <= FEW:
            found = np.flatnonzero(kept).tolist()
            keys = [int(docs[i]) << 32 | int(place) for i in found for place in postings.places(i)]
            return np.array(keys, dtype=np.int64)
        if len(postings.freqs):
            freqs = np.asarray(postings.freqs)
            docs, kept = np.repeat(docs, freqs), np.repeat(kept, freqs)
        return docs[kept].astype(np.int64) << 32 | np.asarray(postings.positions)[kept]

    def between(self, docs: Any, values: Sequence[int], low: float, high: float) -> Any:
        numbers = self.np.asarray(values)
        return docs & (low <= numbers) & (numbers <= high)

    def members(self, docs: Any) -> Sequence[int]:
        members: list[int] = self.np.flatnonzero(docs).tolist()
        return members

    def count(self, docs: Any) -> int:
        return int(self.np.count_nonzero(docs))

    def tally(self, docs: Any, numbers: Sequence[int]) -> Mapping[int, int]:
        counts = self.np.bincount(self.np.asarray(numbers)[docs])
        return {number: int(counts[number]) for number in self.np.flatnonzero(counts).tolist()}

    def has(self, docs: Any, doc: int) -> bool:
        return bool(docs[doc])

    def indexes(self, numbers: Sequence[int], docs: Sequence[int]) -> Iterable[tuple[int, int]]:
        all_numbers, sought = self.np.asarray(numbers), self.np.asarray(docs)
        places = self.np.minimum(self.np.searchsorted(all_numbers, sought), len(all_numbers) - 1)
        here = all_numbers[places] == sought
        return zip(sought[here].tolist(), places[here].tolist(), strict=True)

    def scores(self, docs: Any, scored: list[Scored], bonuses: list[tuple[Any, float]]) -> "ArrayRanked":
        np = self.np
        members = np.flatnonzero(docs)
        scores = np.zeros(len(members))
        for one in scored:
            tf = np.zeros(len(members))
            for field in one.fields:
                tf += self._frequencies(field, members)
            scores += one.factor * tf / (1 + tf)
        for earning, bonus in bonuses:
            scores[earning[members]] += bonus
        return ArrayRanked(np, scores, members)

    def _frequencies(self, field: ScoredField, members: Any) -> Any:
        """Return what the term's frequency in *field* is worth in each of *members*, 0 where it has none."""
        np = self.np
        numbers = np.asarray(field.postings.docs)
        freqs = np.asarray(field.postings.freqs)
        shares, lengths = np.asarray(field.shares), np.frombuffer(field.lengths, np.uint8)
        if len(members) * FEW < len(numbers):
            places = np.minimum(np.searchsorted(numbers, members), len(numbers) - 1)
            here = numbers[places] == members
            return here * (freqs[places] if len(freqs) else 1) * shares[lengths[members]]
        everywhere = np.zeros(self.size)
        everywhere[numbers] = (freqs if len(freqs) else 1) * shares[lengths[numbers]]
        return everywhere[members]


class ArrayRanked:
    """`scores` are those of `docs`, in their order."""

    def __init__(self, np: Any, scores: Any, docs: Any) -> None:
        self.np = np
        self.scores = scores
        self.docs = docs

    def best(self, count: int, second: Sequence[int]) -> list[tuple[float, int, int]]:
        np, docs = self.np, self.docs
        if not len(docs) or not count:
            return []
        highest = self._highest(self.scores, count)
        docs, scores = docs[highest], self.scores[highest]
        values = np.asarray(second)[docs].astype(np.int64)
        # All of them where nothing scores.
        lowest = np.flatnonzero(scores == scores.min())
        left_out = lowest[~self._highest(values[lowest], count - len(docs) + len(lowest))]
        docs, scores, values = (np.delete(numbers, left_out) for numbers in (docs, scores, values))
        order = np.lexsort((-docs, -values, -scores))
        ranked = list(zip(scores[order].tolist(), values[order].tolist(), docs[order].tolist(), strict=True))
        last = ranked[count - 1][:2] if count <= len(ranked) else None
        return ranked[:count] + [one for one in ranked[count:] if one[:2] == last]

    def _highest(self, numbers: Any, count: int) -> Any:
        """Return which of *numbers* are the highest *count*, and all that equal the last of them."""
        rest = max(0, len(numbers) - count)
        return numbers >= self.np.partition(numbers, rest)[rest]


# --- A segment ----------------------------------------------------------------------------------------------------


class Segment:
    """What searches read of one segment, each thing once."""

    def __init__(self, reader: Any, offset: int) -> None:
        self.offset = offset
        self.size: int = reader.doc_count_all()
        self._reader = reader
        self._seen = 0
        self._postings: dict[tuple[str, str | bytes], Postings | None] = {}
        self._near: dict[str, Any] = {}
        self._places: dict[tuple[str, str], dict[int, set[int]]] = {}
        self._lengths: dict[str, bytes] = {}
        self._numbered: dict[str, tuple[Sequence[int], Sequence[str]]] = {}
        self.engine: Engine[Any] = Sets(self.size)

    def begin(self, plans: Iterable[Plan]) -> None:
        """Forget the search before, and choose the engine for *plans*."""
        self._near.clear()
        self._places.clear()
        if len(self._postings) > MANY_TERMS:
            self._postings.clear()
        self.engine = Sets(self.size)
        plans = list(plans)
        count = sum(len(p.docs) for plan in plans for term in terms(plan) if (p := self.postings(*term)))
        # One range is found as fast either way.
        count += sum(max(0, ranges(plan) - 1) for plan in plans) * self.size // FEW
        self._seen += count
        if count > SOME_POSTINGS and (self._seen > MANY_POSTINGS or "numpy" in sys.modules):
            self.engine = Arrays(self.size)

    def postings(self, field: str, text: str | bytes) -> Postings | None:
        key = field, text
        if key not in self._postings:
            encoded = self._reader.schema[field].to_bytes(text)
            self._postings[key] = self._reader._terms.postings(field, encoded)
        return self._postings[key]

    def lengths(self, field: str) -> bytes:
        """Return each document's length, in Whoosh's one byte."""
        if field not in self._lengths:
            self._lengths[field] = _column(self._reader, f"_{field}_len").ljust(self.size, b"\0")
        return self._lengths[field]

    @cached_property
    def days(self) -> Sequence[int]:
        days = array("I", _column(self._reader, "date"))
        if sys.byteorder == "little":
            days.byteswap()
        days.extend([0] * (self.size - len(days)))
        return days

    def matching(self, plan: Plan) -> Any:
        deleted = sorted(self._reader._perdoc.deleted_docs())
        docs = self.docs(plan)
        return self.engine.without(docs, self.engine.of([deleted])) if deleted else docs

    def docs(self, plan: Plan, among: Any = None) -> Any:
        """Return what matches; of *among*, where that is known, and maybe others besides."""
        engine = self.engine
        match plan:
            case Every():
                return engine.every()
            case AllOf(parts):
                # Days last: of few documents they are looked up, not of all.
                return reduce(self._both, sorted(parts, key=lambda part: isinstance(part, Days)), among)
            case AnyOf(parts):
                # Not a set for each of what may be thousands of terms.
                single = [part for part in parts if isinstance(part, Term)]
                others = [self.docs(part, among) for part in parts if not isinstance(part, Term)]
                return engine.union([engine.of(p.docs for term in single for p in self._part(term)), *others])
            case Without(part):
                return engine.without(engine.every(), self.docs(part))
            case Days(first, last):
                return engine.between(engine.every(), self.days, first, last)
            case Issues(first, last):
                return engine.of([self._of_issues(first, last)])
            case Near():
                return self._nearby(plan, among)
        return engine.of(postings.docs for postings in self._part(plan))

    def _both(self, docs: Any, plan: Plan) -> Any:
        if docs is None:
            return self.docs(plan)
        if isinstance(plan, Days):
            return self.engine.between(docs, self.days, plan.first, plan.last)
        return self.engine.both(docs, self.docs(plan, docs))

    def _of_issues(self, low: float, high: float) -> Sequence[int]:
        numbers, starts, docs = self._issues
        return docs[starts[bisect_left(numbers, low)] : starts[bisect_right(numbers, high)]]

    @cached_property
    def _issues(self) -> tuple[list[int], list[int], "array[int]"]:
        """Return the numbers of the issues, where the documents of each start, and the documents, issue by issue."""
        numbered = sorted((int(text), text) for text in self._reader.lexicon("issue") if text.isdigit())
        starts, docs = [0], array("I")
        for _, text in numbered:
            docs.extend(self._reader._terms.postings("issue", text).docs)
            starts.append(len(docs))
        return [number for number, _ in numbered], starts, docs

    def _nearby(self, near: Near, among: Any) -> Any:
        if among is not None and self.engine.count(among) <= FEW:
            parts = [self._part(part) for part in near.parts]
            return self.engine.near(parts, near.slop, among) if all(parts) else self.engine.of(())
        # Not by the plan itself: as tuples, a term and a prefix are equal.
        key = repr(near)
        if key not in self._near:
            parts = [self._part(part) for part in near.parts]
            self._near[key] = self.engine.near(parts, near.slop) if all(parts) else self.engine.of(())
        return self._near[key]

    def _part(self, plan: Plan) -> Part:
        """Return the postings of a term, or of any of several."""
        match plan:
            case Term(field, text):
                return [found] if (found := self.postings(field, text)) else []
            case Prefix(field, text):
                begun = self._reader.expand_prefix(field, text)
                return [found for term in begun if (found := self.postings(field, term))]
            case AnyOf(parts):
                return [postings for part in parts for postings in self._part(part)]
        raise NotImplementedError(f"{plan!r} has no place in a text")

    def places(self, field: str, text: str, docs: Sequence[int]) -> dict[int, set[int]]:
        """Return where in each of *docs*, which are the same at each call, a term stands."""
        key = field, text
        if key not in self._places:
            found = self.postings(field, text)
            self._places[key] = (
                {doc: set(found.places(i)) for doc, i in self.engine.indexes(found.docs, docs)} if found else {}
            )
        return self._places[key]

    def tally(self, column: str, docs: Any) -> dict[str, int]:
        """Return how many of *docs* have which value of a column that numbers its values."""
        if column not in self._numbered:
            reader = self._reader.column_reader(column, translate=False)
            self._numbered[column] = reader.numbers(), [value.decode() for value in reader.values()]
        numbers, values = self._numbered[column]
        return {values[number]: count for number, count in self.engine.tally(docs, numbers).items()}

    def id(self, doc: int) -> str:
        return str(self._ids[doc])

    def document(self, doc: int) -> bytes:
        """Return the document as it was stored."""
        return bytes(self._documents[doc])

    @cached_property
    def _ids(self) -> Any:
        return self._reader.column_reader("id")

    @cached_property
    def _documents(self) -> Any:
        return self._reader.column_reader("document")


def _column(reader: Any, name: str) -> bytes:
    """Return a column as it lies on the disk, without the defaults at its end."""
    if not reader._perdoc.has_column(name):
        return b""
    file, start, length = reader._perdoc._get_column_file(name)
    return bytes(file.get(start, length))


def proximity(segment: Segment, field: str, pair: str, distance: int, docs: list[int]) -> dict[int, int]:
    """Return how often in each of *docs* the second word of *pair* stands up to *distance* after the first."""
    first, second = (segment.places(field, text, docs) for text in pair.split(" "))
    counts = {
        doc: sum(len(second[doc].intersection(map(i.__add__, first[doc]))) for i in range(1, distance + 1))
        for doc in first
        if doc in second
    }
    return {doc: count for doc, count in counts.items() if count}
