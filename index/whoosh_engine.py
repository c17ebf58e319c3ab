"""The query tree and the records, for Whoosh: the only module that knows it.

What Whoosh gets wrong is avoided here: answers cut short by `limit`, two documents of one key, files that a power cut
leaves empty, and segments copied into memory when they are opened.
"""

# Whoosh is typed only in part.
# mypy: disallow-untyped-calls=False, warn-return-any=False

import io
import os
import pickle
import struct
import zlib
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from heapq import nlargest
from math import log
from pathlib import Path
from typing import Any, Literal, Self, cast

from whoosh import fields, formats, scoring
from whoosh.analysis.analyzers import Analyzer, IDAnalyzer
from whoosh.codec.whoosh3 import W3Codec, W3Segment
from whoosh.collectors import TopCollector
from whoosh.filedb.compound import CompoundStorage
from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import BufferFile, StructFile
from whoosh.index import FileIndex
from whoosh.matching.mcore import ListMatcher
from whoosh.query import compound, qcore, ranges, terms, wrappers
from whoosh.query.spans import SpanNear2

from index.errors import IndexBroken
from index.korean import WORD_SLOP, QueryTerms, Token, query_terms
from index.meta import sync_folder
from index.query import And, Everything, FieldQuery, Not, Or, Phrase, Query, Range, Word, wanted
from index.schema import BIGRAMS, KEYWORDS, STEMS, TEXTS, Record, fold_value

# BM25's, and the weights of the views, as measured on Korean queries.
K1, B = 0.9, 0.75
MORPHEME_WEIGHT = {"headline": 2.0, "body": 1.0}
STEM_WEIGHT = 0.5
BIGRAM_WEIGHT = 0.25
# Times the rarest bigram's idf, over the square of the number of words: what a document earns that has a word as typed.
# A single word as typed goes before its other forms, and a long question is not decided by it.
LITERAL_WEIGHT = 8.0
MERGE_ABOVE_SEGMENTS = 8
_LONGEST_TERM = 1_000

# --- Files --------------------------------------------------------------------------------------------------------


def _sync(file: StructFile) -> None:
    file.flush()
    os.fsync(file.raw_file().fileno())


class _Storage(FileStorage):
    """Files that are named by a commit are on the disk before it is."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self._opened: list[StructFile] = []

    def open_file(self, name: str, **options: Any) -> StructFile:
        file: StructFile = super().open_file(name, **options)
        self._opened.append(file)
        return file

    def close(self) -> None:
        """Close what Whoosh leaves open when it cannot read it."""
        for file in self._opened:
            if not file.is_closed:
                file.close()

    def create_file(self, name: str, excl: bool = False, mode: str = "wb", **options: Any) -> StructFile:
        lasting = name.endswith(".seg") or ".toc" in name
        return super().create_file(name, excl, mode, onclose=_sync if lasting else None, **options)

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        super().rename_file(oldname, newname, safe=safe)
        sync_folder(Path(self.folder))


class _View(io.RawIOBase):
    """A file over a buffer, read where it lies."""

    def __init__(self, buffer: memoryview) -> None:
        super().__init__()
        self._buffer = buffer
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: len(self._buffer)}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def readinto(self, target: Any) -> int:
        piece = self._buffer[self._at : self._at + len(target)]
        target[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


class _MappedFile(BufferFile):
    def __init__(self, buffer: memoryview, name: str) -> None:
        # Whoosh's own copies the buffer, which is a whole segment.
        super().__init__(b"", name=name)
        self._buf = buffer
        self.file = io.BufferedReader(_View(buffer))


class _MappedSegment(CompoundStorage):
    def open_file(self, name: str, *args: Any, **kwargs: Any) -> StructFile:
        if not self._source:
            return super().open_file(name, *args, **kwargs)
        offset, length = self.range(name)
        return _MappedFile(memoryview(self._source)[offset : offset + length], name)


class _Segment(W3Segment):
    def open_compound_file(self, storage: FileStorage) -> CompoundStorage:
        file = storage.open_file(self.make_filename(self.COMPOUND_EXT))
        return _MappedSegment(file, use_mmap=storage.supports_mmap)


class _Codec(W3Codec):
    def new_segment(self, storage: FileStorage, indexname: str) -> _Segment:
        return _Segment(self, indexname)


# --- Fields -------------------------------------------------------------------------------------------------------


def _encode(term: str) -> bytes:
    return term.encode("utf-8", "replace")[:_LONGEST_TERM]


_POSITIONS = formats.Positions()
# The term, how often, its weight, and where as the field's format writes it.
_Postings = Generator[tuple[bytes, int, float, bytes], None, None]


class _TermField(fields.FieldType):
    """Holds terms that were made by us; its value is a list of them."""

    def __init__(self, format: formats.Format, **options: Any) -> None:
        # The analyser is never asked, but every field has one.
        super().__init__(format, cast(Analyzer, IDAnalyzer()), **options)

    def to_bytes(self, value: Any) -> bytes:
        return value if isinstance(value, bytes) else _encode(value)


class _Keywords(_TermField):
    def __init__(self, *, sortable: bool = False) -> None:
        super().__init__(formats.Existence(), sortable=sortable)

    def index(self, value: Sequence[str], **_: Any) -> _Postings:
        for term in {_encode(term): None for term in value}:
            yield term, 1, 1.0, b""

    def to_column_value(self, value: Sequence[str]) -> bytes:
        return value[0].encode("utf-8", "replace")


class _Tokens(_TermField):
    def __init__(self) -> None:
        super().__init__(_POSITIONS, scorable=True)

    def index(self, value: Sequence[Token], **_: Any) -> _Postings:
        positions: dict[bytes, list[int]] = defaultdict(list)
        for token in value:
            positions[_encode(token.text)].append(token.position)
        for term, places in positions.items():
            yield term, len(places), float(len(places)), _POSITIONS.encode(places)


def _schema() -> fields.Schema:
    schema = fields.Schema(document=fields.STORED(), date=fields.NUMERIC(signed=False, sortable=True, default=0))
    for name in KEYWORDS:
        schema.add(name, _Keywords(sortable=name == "id"))
    for name in (*TEXTS, *BIGRAMS.values(), STEMS):
        schema.add(name, _Tokens())
    return schema


def _values(record: Record) -> dict[str, Any]:
    return {"document": record.stored, "date": record.day, **record.keywords, **record.tokens}


# --- Writing ------------------------------------------------------------------------------------------------------


class Writer:
    """Raises IndexBroken for a folder that holds no index that can be opened."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        storage = _Storage(folder)
        with _opening(storage):
            self._index = FileIndex.create(storage, _schema()) if create else FileIndex(storage)

    def write(self, records: Iterable[Record], removed: Iterable[str] = (), *, replace: bool = True) -> int:
        """Write one commit and return how many of *removed* there were; with *replace*, records replace their like."""
        # One update to a key: a second one in the same commit would leave two documents.
        latest = {record.id: record for record in records}
        writer = self._index.writer(codec=_Codec())
        try:
            gone = sum(writer.delete_by_term("id", id) for id in removed if id not in latest)
            for record in latest.values():
                if replace:
                    writer.delete_by_term("id", record.id)
                writer.add_document(**_values(record))
        except BaseException:
            writer.cancel()
            raise
        writer.commit()
        return gone

    def merge(self) -> None:
        """Make one segment of many: every segment costs every search."""
        if len(self._index._segments()) > MERGE_ABOVE_SEGMENTS:
            self._index.optimize(codec=_Codec())

    def count(self) -> int:
        return int(self._index.doc_count())


# --- Searching ----------------------------------------------------------------------------------------------------

_DAMAGE = (OSError, EOFError, struct.error, zlib.error, pickle.UnpicklingError)


@contextmanager
def _reading(folder: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as e:
        raise IndexBroken(folder, repr(e)) from e


@contextmanager
def _opening(storage: _Storage) -> Iterator[None]:
    """An index is pickles, which can fail in any way."""
    try:
        yield
    except Exception as e:
        storage.close()
        raise IndexBroken(storage.folder, repr(e)) from e


@dataclass(frozen=True)
class Found:
    """`stored` is the document as `schema.stored_document` reads it."""

    stored: bytes
    score: float
    explanation: dict[str, float] | None


class _BM25(scoring.BM25F):
    def idf(self, searcher: Any, fieldname: str, text: str) -> float:
        everywhere = searcher.get_parent()
        having = everywhere.doc_frequency(fieldname, text)
        return log(1 + (everywhere.doc_count_all() - having + 0.5) / (having + 0.5))


class _Unscored(qcore.Query):
    """What *child* matches, each document with a score of nothing, which ConstantScoreQuery cannot give."""

    def __init__(self, child: qcore.Query) -> None:
        self.child = child

    def matcher(self, searcher: Any, context: Any = None) -> ListMatcher:
        ids = list(self.child.docs(searcher))
        return ListMatcher(ids, [0.0] * len(ids))


class Reader:
    """An open index. Raises IndexBroken for one that cannot be read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        storage = _Storage(folder)
        with _opening(storage):
            self._searcher = FileIndex(storage).searcher(weighting=_BM25(B=B, K1=K1))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._searcher.close()

    def search(
        self, query: Query, sort: Literal["score", "date"], limit: int, offset: int, *, explain: bool = False
    ) -> tuple[list[Found], int]:
        """Return a page of what matches, and how many match in all."""
        with _reading(self._folder):
            match, ranking = _matching(query, self._searcher), _ranking(query, self._searcher)
            if sort == "score":
                page, total = self._best(match, ranking, limit, offset)
            else:
                page, total = self._newest(match, limit, offset)
            return [self._found(number, score, ranking if explain else None) for score, number in page], total

    def ids(self, query: Query) -> Iterator[str]:
        with _reading(self._folder):
            numbers = list(self._searcher.docs_for_query(_matching(query, self._searcher)))
            if numbers:
                column = self._searcher.reader().column_reader("id")
                yield from (column[number] for number in numbers)

    def _best(
        self, match: qcore.Query, ranking: dict[str, qcore.Query], limit: int, offset: int
    ) -> tuple[list[tuple[float, int]], int]:
        # Exact, and with an exact count: Whoosh's shortcuts to the best few lose some of them.
        collector = TopCollector(max(1, offset + limit), usequality=False, replace=0)
        scored = (
            compound.AndMaybe(_Unscored(match), compound.Or(list(ranking.values()))) if ranking else _Unscored(match)
        )
        self._searcher.search_with_collector(scored, collector)
        return collector.results().top_n[offset : offset + limit], collector.count()

    def _newest(self, match: qcore.Query, limit: int, offset: int) -> tuple[list[tuple[float, int]], int]:
        numbers = list(self._searcher.docs_for_query(match))
        if not numbers:
            return [], 0
        days = self._searcher.reader().column_reader("date")
        newest = nlargest(offset + limit, ((days[number], -number) for number in numbers))
        return [(0.0, -number) for _, number in newest[offset:]], len(numbers)

    def _found(self, number: int, score: float, ranking: dict[str, qcore.Query] | None) -> Found:
        stored = self._searcher.reader().stored_fields(number)["document"]
        return Found(stored, score, None if ranking is None else self._explanation(number, ranking))

    def _explanation(self, number: int, ranking: dict[str, qcore.Query]) -> dict[str, float]:
        searcher, offset = next(
            (leaf, offset) for leaf, offset in reversed(self._searcher.leaf_searchers()) if offset <= number
        )
        scores = {name: _score(query, searcher, number - offset) for name, query in ranking.items()}
        return {name: score for name, score in scores.items() if score}


def _score(query: qcore.Query, searcher: Any, number: int) -> float:
    matcher = query.matcher(searcher, searcher.context())
    if matcher.is_active() and matcher.id() < number:
        matcher.skip_to(number)
    return float(matcher.score()) if matcher.is_active() and matcher.id() == number else 0.0


# --- Translation --------------------------------------------------------------------------------------------------


def _looked_for(value: Word | Phrase) -> QueryTerms:
    return query_terms(value.text, phrase=isinstance(value, Phrase))


def _matching(query: Query, searcher: Any) -> qcore.Query:
    match query:
        case Everything():
            return qcore.Every()
        case Word() | Phrase():
            return _text(query, TEXTS)
        case FieldQuery(field, value):
            return _text(value, (field,)) if field in TEXTS else terms.Term(field, fold_value(field, value.text))
        case Range():
            return _range(query, searcher)
        case Or(children):
            return compound.Or([_matching(child, searcher) for child in children])
        case And(children):
            return compound.And([_matching(child, searcher) for child in children])
        case Not(child):
            return wrappers.Not(_matching(child, searcher))


def _range(query: Range, searcher: Any) -> qcore.Query:
    low, high = query.low, query.high
    if query.field == "date":
        first, last = (end.toordinal() if isinstance(end, date) else None for end in (low, high))
        return ranges.NumericRange("date", first, last)
    numbers = (term.decode() for term in searcher.reader().lexicon(query.field) if term.isdigit())
    return compound.Or([terms.Term(query.field, number) for number in numbers if _is_between(int(number), low, high)])


def _is_between(number: int, low: date | int | None, high: date | int | None) -> bool:
    return not (isinstance(low, int) and number < low) and not (isinstance(high, int) and number > high)


def _text(value: Word | Phrase, names: Iterable[str]) -> qcore.Query:
    sought = _looked_for(value)
    slop = 1 + value.slop if isinstance(value, Phrase) else 1
    ways = [way for name in names for way in (_literal(sought, name, slop), _in_other_form(sought, name))]
    return compound.Or([way for way in ways if way is not None])


def _literal(sought: QueryTerms, name: str, slop: int = 1) -> qcore.Query | None:
    field = BIGRAMS[name]
    parts: list[qcore.Query] = [terms.Term(field, text) for text in sought.literal]
    if sought.open_ended:
        parts[-1] = terms.Prefix(field, sought.literal[-1])
    return _near(parts, slop)


def _in_other_form(sought: QueryTerms, name: str) -> qcore.Query | None:
    return _near([terms.Term(name, text) for text in sought.morphemes], WORD_SLOP)


def _near(parts: list[qcore.Query], slop: int) -> qcore.Query | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    return SpanNear2(parts, slop=slop)


def _ranking(query: Query, searcher: Any) -> dict[str, qcore.Query]:
    """Return what scores, by the name it has in an explanation."""
    ranked = [
        (value, TEXTS if field is None else (field,)) for field, value in wanted(query) if field in (None, *TEXTS)
    ]
    weights: dict[tuple[str, str], float] = defaultdict(float)
    literals: dict[str, qcore.Query] = {}
    for value, names in ranked:
        sought = _looked_for(value)
        for key, weight in _weighted_terms(sought, names):
            weights[key] += weight
        for name in names:
            if literal := _literal(sought, name):
                rarest = max(searcher.idf(BIGRAMS[name], text) for text in sought.literal)
                bonus = LITERAL_WEIGHT / len(ranked) ** 2 * rarest
                literals[f'{name}:"{value.text}"'] = wrappers.ConstantScoreQuery(literal, bonus)
    single = {f"{field}:{text}": terms.Term(field, text, boost=weight) for (field, text), weight in weights.items()}
    return {**single, **literals}


def _weighted_terms(sought: QueryTerms, names: Sequence[str]) -> Iterator[tuple[tuple[str, str], float]]:
    for name in names:
        for text in sought.ranked_morphemes:
            yield (name, text), MORPHEME_WEIGHT[name]
        for text in sought.literal:
            yield (BIGRAMS[name], text), BIGRAM_WEIGHT
    if names == TEXTS:
        for text in sought.ranked_stems:
            yield (STEMS, text), STEM_WEIGHT
