"""Whoosh's files with postings of our own: of each term its documents, frequencies and positions as three raw arrays.

An array is read where the file is mapped, without a call for each posting. Its numbers are as wide as the largest of
them needs. The machine's byte order is used: an index is built where it is searched.
"""

# Whoosh is typed only in part.
# mypy: disallow-untyped-calls=False, warn-return-any=False

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from heapq import merge
from itertools import accumulate, groupby
from operator import itemgetter
from struct import Struct
from typing import Any, NamedTuple

from whoosh.codec.base import FieldWriter
from whoosh.codec.whoosh3 import W3Codec, W3FieldWriter, W3TermInfo, W3TermsReader
from whoosh.matching.mcore import ListMatcher
from whoosh.reading import SegmentReader
from whoosh.system import pack_ushort
from whoosh.writing import SegmentWriter

# Codes of the three arrays (a blank for one that is left out), how many documents, how many positions.
_HEAD = Struct("=ccc x II")
_WIDTHS = (("B", 1 << 8), ("H", 1 << 16), ("I", 1 << 32))
_NONE: "array[int]" = array("B")

Numbers = Sequence[int]


class Postings:
    """`docs` ascend. `freqs` is empty where each is 1; `positions` are those of the first document, then the next's."""

    def __init__(self, docs: Numbers, freqs: Numbers = _NONE, positions: Numbers = _NONE) -> None:
        self.docs = docs
        self.freqs = freqs
        self.positions = positions

    @cached_property
    def starts(self) -> Numbers:
        return [0, *accumulate(self.freqs)] if len(self.freqs) else range(len(self.docs) + 1)

    def index(self, doc: int) -> int | None:
        i = bisect_left(self.docs, doc)
        return i if i < len(self.docs) and self.docs[i] == doc else None

    def freq(self, index: int) -> int:
        return self.freqs[index] if len(self.freqs) else 1

    def places(self, index: int) -> Numbers:
        """Return nothing for a term without positions."""
        return self.positions[self.starts[index] : self.starts[index + 1]]

    def to_bytes(self) -> bytes:
        arrays = [narrow(numbers) for numbers in (self.docs, self.freqs, self.positions)]
        codes = (a.typecode.encode() if a else b" " for a in arrays)
        return _HEAD.pack(*codes, len(self.docs), len(self.positions)) + b"".join(a.tobytes() for a in arrays)

    @classmethod
    def from_buffer(cls, buffer: memoryview, start: int) -> "Postings":
        *codes, docs, positions = _HEAD.unpack_from(buffer, start)
        at = start + _HEAD.size
        parts: list[Numbers] = []
        for code, count in zip(codes, (docs, docs, positions), strict=True):
            if code == b" ":
                parts.append(_NONE)
                continue
            end = at + array(code.decode()).itemsize * count
            parts.append(buffer[at:end].cast(code.decode()))
            at = end
        return cls(*parts)


def narrow(numbers: Numbers) -> "array[int]":
    largest = max(numbers, default=0)
    return array(next(code for code, limit in _WIDTHS if largest < limit), numbers)


# --- Writing ------------------------------------------------------------------------------------------------------


class _Term(NamedTuple):
    """The postings of one term while they grow: four bytes a number."""

    docs: "array[int]"
    freqs: "array[int]"
    positions: "array[int]"

    @classmethod
    def empty(cls) -> "_Term":
        return cls(array("I"), array("I"), array("I"))

    def postings(self) -> Postings:
        return Postings(self.docs, self.freqs if max(self.freqs) > 1 else _NONE, self.positions)


_Key = tuple[str, bytes]


class _Pool:
    """What a writer was given, term by term, and the segments that are to become part of its own."""

    def __init__(self) -> None:
        self._terms: dict[_Key, _Term] = {}
        self._merged: list[Iterator[tuple[_Key, Postings]]] = []
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

    def iter_postings(self) -> Iterator[tuple[_Key, Postings]]:
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


class _FieldWriter(W3FieldWriter):
    def add_postings(self, schema: Any, lengths: Any, items: Iterable[tuple[_Key, Postings]]) -> None:
        for (field, text), postings in items:
            number = self._fieldmap.setdefault(field, len(self._fieldmap))
            self._tindex.add(pack_ushort(number) + text, self._written(postings).to_bytes())

    def _written(self, postings: Postings) -> W3TermInfo:
        weights = postings.freqs if len(postings.freqs) else [1]
        count = len(postings.docs)
        total = sum(weights) if len(postings.freqs) else count
        info = W3TermInfo(total, count, None, 0, max(weights), postings.docs[0], postings.docs[-1])
        info.set_extent(self._postfile.tell(), 0)
        self._postfile.write(postings.to_bytes())
        return info


# --- Reading ------------------------------------------------------------------------------------------------------


class TermsReader(W3TermsReader):
    @cached_property
    def _buffer(self) -> memoryview:
        return memoryview(self._postfile._buf)

    def postings(self, field: str, text: bytes) -> Postings | None:
        try:
            start, length = self._range_for_key(field, text)
        except KeyError:
            return None
        info = W3TermInfo.from_bytes(self._dbfile.get(start, length))
        return Postings.from_buffer(self._buffer, info.extent()[0])

    def __iter__(self) -> Iterator[tuple[_Key, Postings]]:
        for key, info in self.items():
            yield key, Postings.from_buffer(self._buffer, info.extent()[0])

    def matcher(self, field: str, text: bytes, format: Any, scorer: Any = None) -> ListMatcher:
        """Return what Whoosh's own queries read, posting by posting."""
        info = self.term_info(field, text)
        postings = Postings.from_buffer(self._buffer, info.extent()[0])
        range_ = range(len(postings.docs))
        positioned = len(postings.positions) > 0
        return ListMatcher(
            list(postings.docs),
            [float(postings.freq(i)) for i in range_],
            [format.encode(list(postings.places(i))) if positioned else b"" for i in range_],
            format,
            scorer=scorer,
            term=(field, text),
            terminfo=info,
        )


def segment_postings(reader: SegmentReader) -> Iterator[tuple[_Key, Postings]]:
    return iter(reader._terms)


class Codec(W3Codec):
    def field_writer(self, storage: Any, segment: Any) -> FieldWriter:
        return _FieldWriter(self, storage, segment)

    def terms_reader(self, storage: Any, segment: Any) -> TermsReader:
        name = segment.make_filename(self.TERMS_EXT)
        postings = segment.open_file(storage, self.POSTS_EXT)
        return TermsReader(self, storage.open_file(name), storage.file_length(name), postings)
