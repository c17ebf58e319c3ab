"""What becomes of postings until a commit: term by term in memory, merged with those of segments that are there.

Apart from `codec`, because a search writes nothing, and Whoosh's writing takes a while to load.
"""

# Whoosh is typed only in part.
# mypy: disallow-untyped-calls=False, warn-return-any=False

from array import array
from collections.abc import Iterator, Mapping
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from whoosh.reading import SegmentReader
from whoosh.writing import SegmentWriter

from index.codec import NONE, Key, Postings, segment_postings


class _Term(NamedTuple):
    """The postings of one term while they grow: four bytes a number."""

    docs: "array[int]"
    freqs: "array[int]"
    positions: "array[int]"

    @classmethod
    def empty(cls) -> "_Term":
        return cls(array("I"), array("I"), array("I"))

    def postings(self) -> Postings:
        return Postings(self.docs, self.freqs if max(self.freqs) > 1 else NONE, self.positions)


class _Pool:
    """What a writer was given, term by term, and the segments that are to become part of its own."""

    def __init__(self) -> None:
        self._terms: dict[Key, _Term] = {}
        self._merged: list[Iterator[tuple[Key, Postings]]] = []
        self._readers: list[SegmentReader] = []

    def add(self, posting: tuple[str, bytes, int, float, bytes]) -> None:
        field, text, doc, weight, positions = posting
        term = self._terms.get((field, text))
        if term is None:
            term = self._terms[field, text] = _Term.empty()
        term.docs.append(doc)
        term.freqs.append(int(weight))
        term.positions.frombytes(positions)

    def add_reader(self, reader: SegmentReader, start: int, renumbered: Mapping[int, int] | None) -> None:
        self._readers.append(reader)
        numbers = _numbers(reader.doc_count_all(), start, renumbered)
        self._merged.append(
            (key, kept) for key, postings in segment_postings(reader) if (kept := _renumbered(postings, numbers))
        )

    def iter_postings(self) -> Iterator[tuple[Key, Postings]]:
        """Yield terms in order. The documents of a merged segment follow those of the ones before it."""
        own = ((key, self._terms.pop(key).postings()) for key in sorted(self._terms))
        for key, parts in groupby(merge(own, *self._merged, key=itemgetter(0)), key=itemgetter(0)):
            yield key, _joined([postings for _, postings in parts])

    def cleanup(self) -> None:
        self._terms.clear()
        for reader in self._readers:
            reader.close()
        self._readers.clear()


def _numbers(count: int, start: int, renumbered: Mapping[int, int] | None) -> list[int | None] | range:
    """Return the new number of each document, None for one that was deleted."""
    return range(start, start + count) if renumbered is None else [renumbered.get(doc) for doc in range(count)]


def _renumbered(postings: Postings, numbers: list[int | None] | range) -> Postings | None:
    if isinstance(numbers, range):
        start = numbers.start
        return Postings(array("I", (doc + start for doc in postings.docs)), postings.freqs, postings.positions)
    term = _Term.empty()
    for i, doc in enumerate(postings.docs):
        if (number := numbers[doc]) is not None:
            term.docs.append(number)
            term.freqs.append(postings.freq(i))
            term.positions.extend(array("I", postings.places(i)))
    return term.postings() if term.docs else None


def _joined(parts: list[Postings]) -> Postings:
    if len(parts) == 1:
        return parts[0]
    term = _Term.empty()
    for part in parts:
        term.docs.extend(array("I", part.docs))
        term.freqs.extend(array("I", part.freqs) if len(part.freqs) else array("I", [1]) * len(part.docs))
        term.positions.extend(array("I", part.positions))
    return term.postings()


class Writer(SegmentWriter):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.pool: Any = _Pool()

    def add_postings_to_pool(self, reader: SegmentReader, startdoc: int, docmap: dict[int, int] | None) -> None:
        # Who calls closes its reader before the postings are written.
        again = SegmentReader(self.storage, self.schema, reader._segment)
        self.pool.add_reader(again, startdoc, docmap)
