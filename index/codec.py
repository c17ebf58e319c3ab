"""Whoosh's files with postings of our own: of each term its documents, frequencies and positions as three raw arrays.

An array is read where the file is mapped, without a call for each posting. Its numbers are as wide as the largest of
them needs. The machine's byte order is used: an index is built where it is searched.
"""

# Whoosh is typed only in part.
# mypy: disallow-untyped-calls=False, warn-return-any=False

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from struct import Struct
from typing import Any

from whoosh.codec.base import FieldWriter
from whoosh.codec.whoosh3 import W3Codec, W3FieldWriter, W3TermInfo, W3TermsReader
from whoosh.matching.mcore import ListMatcher
from whoosh.reading import SegmentReader
from whoosh.system import pack_ushort

# Codes of the three arrays (a blank for one that is left out), how many documents, how many positions.
_HEAD = Struct("=ccc x II")
_WIDTHS = (("B", 1 << 8), ("H", 1 << 16), ("I", 1 << 32))
NONE: "array[int]" = array("B")

Numbers = Sequence[int]
Key = tuple[str, bytes]


class Postings:
    """`docs` ascend. `freqs` is empty where each is 1; `positions` are those of the first document, then the next's."""

    def __init__(self, docs: Numbers, freqs: Numbers = NONE, positions: Numbers = NONE) -> None:
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
                parts.append(NONE)
                continue
            end = at + array(code.decode()).itemsize * count
            parts.append(buffer[at:end].cast(code.decode()))
            at = end
        return cls(*parts)


def narrow(numbers: Numbers) -> "array[int]":
    largest = max(numbers, default=0)
    return array(next(code for code, limit in _WIDTHS if largest < limit), numbers)


# --- Writing ------------------------------------------------------------------------------------------------------


class _FieldWriter(W3FieldWriter):
    def add_postings(self, schema: Any, lengths: Any, items: Iterable[tuple[Key, Postings]]) -> None:
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

    def __iter__(self) -> Iterator[tuple[Key, Postings]]:
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


def segment_postings(reader: SegmentReader) -> Iterator[tuple[Key, Postings]]:
    return iter(reader._terms)


class Codec(W3Codec):
    def field_writer(self, storage: Any, segment: Any) -> FieldWriter:
        return _FieldWriter(self, storage, segment)

    def terms_reader(self, storage: Any, segment: Any) -> TermsReader:
        name = segment.make_filename(self.TERMS_EXT)
        postings = segment.open_file(storage, self.POSTS_EXT)
        return TermsReader(self, storage.open_file(name), storage.file_length(name), postings)
