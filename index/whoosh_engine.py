"""The query tree and the records, for Whoosh's files: only `codec` and `pool` know it besides.

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
from array import array
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from heapq import nlargest
from itertools import groupby, islice, takewhile, zip_longest
from math import inf, log
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, cast

from whoosh import fields, formats
from whoosh.analysis.analyzers import Analyzer, IDAnalyzer
from whoosh.codec.whoosh3 import W3Segment
from whoosh.columns import RefBytesColumn, VarBytesColumn
from whoosh.filedb.compound import CompoundStorage
from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import BufferFile, StructFile
from whoosh.index import FileIndex
from whoosh.util.numeric import byte_to_length

from index import codec
from index.bulk import MANY_TERMS, Scored, ScoredField, Segment, proximity
from index.errors import IndexBroken
from index.korean import QueryTerms, analyse, normalise, query_terms
from index.meta import sync_folder
from index.plan import AllOf, AnyOf, Days, Every, Issues, Near, Placed, Plan, Term, Without
from index.plan import Prefix as BeginningOf
from index.query import (
    MAX_TERMS,
    And,
    Everything,
    FieldQuery,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Range,
    Stem,
    Text,
    Weighted,
    Word,
    wanted,
    weighted,
)
from index.schema import BIGRAMS, COUNTED, KEYWORDS, LONGEST_TERM, PAIRS, STEMS, TEXTS, fold_value

if TYPE_CHECKING:
    from index.records import Record

# BM25F's, and the weights of the views, as measured on Korean queries. What stands in a field counts as often as its
# weight says; the fields of one view are added up before a word that is frequent is held back.
K1, B = 0.6, 0.75
FIELD_WEIGHT = {"headline": 2.0, "headline_bigrams": 2.0}
MORPHEME_WEIGHT = 1.0
STEM_WEIGHT = 0.5
BIGRAM_WEIGHT = 0.5
# Two morphemes of the query that stand as close in a document, a particle between them counted, count as a term too.
# It is looked for in as many of the best documents as a search has time for.
PAIR_WEIGHT, CLOSE, CLOSE_CANDIDATES = 0.3, 3, 300
# Times the rarest bigram's idf, over the square of the number of words: what a document earns that has a word as typed.
# A single word as typed goes before its other forms, and a long question is not decided by it.
LITERAL_WEIGHT = 8.0
MERGE_ABOVE_SEGMENTS = 8
# Of the words that begin as asked: how many are looked at, and how many of those are looked for; of more than a few
# prefixes in one query, a share of that.
MAX_SCANNED, MAX_EXPANSIONS, FEW_PREFIXES = 20_000, 100, 4

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

    def close(self) -> None:
        # Whoosh's own collects garbage to be rid of views of the map, which takes as long as a search.
        self.is_closed = True
        self._source = None
        if self._file:
            self._file.close()


class _Segment(W3Segment):
    def open_compound_file(self, storage: FileStorage) -> CompoundStorage:
        file = storage.open_file(self.make_filename(self.COMPOUND_EXT))
        return _MappedSegment(file, use_mmap=storage.supports_mmap)


class _Codec(codec.Codec):
    def new_segment(self, storage: FileStorage, indexname: str) -> _Segment:
        return _Segment(self, indexname)


# --- Fields -------------------------------------------------------------------------------------------------------


def _encode(term: str) -> bytes:
    return term[:LONGEST_TERM].encode("utf-8", "replace")


_POSITIONS = formats.Positions()
_POSITION = array("I")
# The term, how often, its weight, and where, as `pool.Writer` reads it.
_Postings = Generator[tuple[bytes, int, float, bytes], None, None]


class _TermField(fields.FieldType):
    """Holds terms that were made by us; its value is a list of them."""

    def __init__(self, format: formats.Format, **options: Any) -> None:
        # The analyser is never asked, but every field has one.
        super().__init__(format, cast(Analyzer, IDAnalyzer()), **options)

    def to_bytes(self, value: Any) -> bytes:
        return value if isinstance(value, bytes) else _encode(value)


# Without offsets, to open the column takes a step for each document.
_BYTES = VarBytesColumn(write_offsets_cutoff=0)


class _Keywords(_TermField):
    def __init__(self, *, sortable: bool = False) -> None:
        super().__init__(formats.Existence(), sortable=_BYTES if sortable else False)

    def index(self, value: Sequence[str], **_: Any) -> _Postings:
        for term in {_encode(term): None for term in value}:
            yield term, 1, 1.0, b""

    def to_column_value(self, value: Sequence[str]) -> bytes:
        return value[0].encode("utf-8", "replace")


class _Tokens(_TermField):
    def __init__(self) -> None:
        super().__init__(_POSITIONS, scorable=True)

    def index(self, value: Mapping[str, bytes], **_: Any) -> _Postings:
        for term, places in value.items():
            count = len(places) // _POSITION.itemsize
            yield _encode(term), count, float(count), places


class _CountedColumn(RefBytesColumn):
    """A number for each document, and a list of the values that the numbers stand for."""

    class Writer(RefBytesColumn.Writer):
        # Whoosh's own knows 65,535 values, and takes any other for none.
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            self._refs = array("I")

        def add(self, docnum: int, v: bytes) -> None:
            self.fill(docnum)
            self._refs.append(self._uniques.setdefault(v, len(self._uniques)))
            self._count = docnum + 1

        def finish(self, doccount: int) -> None:
            self.fill(doccount)
            numbers = codec.narrow(self._refs)
            self._dbfile.write_array(numbers)
            self._write_uniques(numbers.typecode)
            self._dbfile.write_byte(ord(numbers.typecode))

    class Reader(RefBytesColumn.Reader):
        def numbers(self) -> Sequence[int]:
            return cast(Sequence[int], self._dbfile.get_array(self._basepos, self._typecode, self._doccount))

        def values(self) -> list[bytes]:
            return cast(list[bytes], self._uniques)


def _schema() -> fields.Schema:
    schema = fields.Schema(document=fields.COLUMN(_BYTES), date=fields.NUMERIC(signed=False, sortable=True, default=0))
    for name in KEYWORDS:
        schema.add(name, _Keywords(sortable=name == "id"))
    schema.add(PAIRS, _Keywords())
    for name in (*TEXTS, *BIGRAMS.values(), STEMS):
        schema.add(name, _Tokens())
    for name in COUNTED:
        schema.add(_counted(name), fields.COLUMN(_CountedColumn()))
    return schema


def _counted(name: str) -> str:
    return f"counted_{name}"


def _values(record: "Record") -> dict[str, Any]:
    counted = {_counted(name): value.encode("utf-8", "replace") for name, value in record.counted.items()}
    return {"document": record.stored, "date": record.day, **record.keywords, **record.terms, **counted}


# --- Writing ------------------------------------------------------------------------------------------------------


class Writer:
    """Raises IndexBroken for a folder that holds no index that can be opened."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        storage = _Storage(folder)
        with _opening(storage):
            self._index = FileIndex.create(storage, _schema()) if create else FileIndex(storage)

    def write(self, records: "Iterable[Record]", removed: Iterable[str] = (), *, replace: bool = True) -> int:
        """Write one commit and return how many of *removed* there were; with *replace*, records replace their like."""
        # One update to a key: a second one in the same commit would leave two documents.
        latest = {record.id: record for record in records}
        writer = self._begun()
        try:
            gone = sum(writer.delete_by_term("id", id) for id in removed if id not in latest)
            for record in latest.values():
                if replace:
                    writer.delete_by_term("id", record.id)
                writer.add_document(**_values(record))
        except BaseException:
            writer.cancel()
            raise
        # When everything is written, what is written is merged once, at the end.
        writer.commit(merge=replace)
        return gone

    def merge(self, *, whatever: bool = False) -> None:
        """Make one segment of many, or of any number: every segment costs every search."""
        if len(self._index._segments()) > (1 if whatever else MERGE_ABOVE_SEGMENTS):
            self._begun().commit(optimize=True)

    def _begun(self) -> Any:
        # Here, as a search writes nothing.
        from index.pool import Writer as PostingsWriter

        return PostingsWriter(self._index, codec=_Codec())

    def count(self) -> int:
        return int(self._index.doc_count())

    def terms(self, field: str) -> Iterator[tuple[str, int]]:
        """Yield each term of *field* that documents have, with how many."""
        with self._index.reader() as reader:
            gone = _deleted(reader, field)
            for term, info in reader.iter_field(field):
                if having := int(info.doc_frequency()) - gone[term]:
                    yield term.decode("utf-8", "replace"), having


def _deleted(reader: Any, field: str) -> Counter[bytes]:
    """Return of each term of *field* how many documents have it that are deleted, and counted until they are merged."""
    gone: Counter[bytes] = Counter()
    for leaf, _ in reader.leaf_readers():
        deleted = set(leaf._perdoc.deleted_docs()) if leaf.has_deletions() else set()
        for (name, term), postings in codec.segment_postings(leaf) if deleted else ():
            if name == field:
                gone[term] += len(deleted.intersection(postings.docs))
    return gone


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


class Found(NamedTuple):
    """`stored` is the document as `schema.stored_document` reads it."""

    stored: bytes
    score: float
    explanation: dict[str, float] | None


class Reader:
    """An open index. Raises IndexBroken for one that cannot be read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last: _Search | None = None
        storage = _Storage(folder)
        with _opening(storage):
            self._terms = _Terms(FileIndex(storage).reader())
            self._segments = [Segment(one, at) for one, at in self._terms.reader.leaf_readers() if one.doc_count_all()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._terms.reader.close()

    def search(
        self, query: Query, sort: Literal["score", "date"], limit: int, offset: int, *, explain: int = 0
    ) -> tuple[list[Found], int]:
        """Return a page of what matches, and how many match in all. Equals stand newest first, then by id.

        The scores of the first *explain* of the page are explained.
        """
        with _reading(self._folder):
            search = self._last = _Search(query, self._terms, self._segments, by_score=sort == "score")
            page = search.best(limit + offset)[offset:] if limit else []
            explanations = search.explanations(page[:explain])
            found = [
                Found(hit.segment.document(hit.doc), hit.score, explanation)
                for hit, explanation in zip_longest(page, explanations)
            ]
            return found, search.total

    def ids(self, query: Query) -> Iterator[str]:
        with _reading(self._folder):
            # At once: another search may come before the next id is asked for.
            found = [(segment, segment.engine.members(docs)) for segment, docs in self._answered(query).matching]
            yield from (segment.id(doc) for segment, docs in found for doc in docs)

    def counts(self, query: Query, names: Iterable[str]) -> dict[str, Counter[str]]:
        """Return, for each of `schema.COUNTED` in *names*, how many matching documents have which value."""
        with _reading(self._folder):
            counts: dict[str, Counter[str]] = {name: Counter() for name in names}
            for segment, docs in self._answered(query).matching:
                for name, counted in counts.items():
                    counted.update(segment.tally(_counted(name), docs))
            return counts

    def _answered(self, query: Query) -> "_Search":
        """Return the last search if it was for the same, as it is where what it found is counted."""
        if self._last is None or self._last.query != query:
            self._last = _Search(query, self._terms, self._segments, by_score=False)
        return self._last

    def frequencies(self, field: str, texts: Iterable[str]) -> dict[str, int]:
        """Return in how many documents each of *texts* is a term of *field*."""
        with _reading(self._folder):
            return {text: self._terms.frequency(field, text) for text in texts}


class _Terms:
    """The terms of all segments together. A document that was deleted counts until it is merged away."""

    def __init__(self, reader: Any) -> None:
        self.reader = reader
        self.documents = int(reader.doc_count_all())
        self.frequency = lru_cache(MANY_TERMS)(self._frequency)
        self._begun = lru_cache(4 * MAX_TERMS)(self._newly_begun)
        self._share = 1

    def _frequency(self, field: str, text: str) -> int:
        return int(self.reader.doc_frequency(field, _encode(text)))

    def idf(self, field: str, text: str) -> float:
        return _idf(self.frequency(field, text), self.documents)

    def mean_length(self, field: str) -> float:
        return self.reader.field_length(field) / max(1, self.documents) or 1.0

    def begin(self, query: Query) -> None:
        """Share what a search has time for among the prefixes of *query*."""
        self._share = max(1, _prefixes(query) // FEW_PREFIXES)

    def begun(self, field: str, beginning: str) -> list[str]:
        """Return the most frequent terms that begin so: as many as a search has time for."""
        return self._begun(field, beginning, self._share)

    @property
    def has_time(self) -> bool:
        """Say whether there are few prefixes."""
        return self._share == 1

    def _newly_begun(self, field: str, beginning: str, share: int) -> list[str]:
        prefix = _encode(beginning)
        begun = takewhile(lambda one: one[0].startswith(prefix), self.reader.iter_field(field, prefix))
        looked_at = islice(begun, MAX_SCANNED // share)
        most = nlargest(MAX_EXPANSIONS // share, looked_at, key=lambda one: one[1].doc_frequency())
        return [term.decode("utf-8", "replace") for term, _ in most]


class _Hit(NamedTuple):
    score: float
    day: int
    segment: Segment
    doc: int
    closeness: dict[str, float]


class _Sought(NamedTuple):
    """A term that scores, or two that score by standing close: where they are looked for, and how much they count."""

    fields: tuple[str, ...]
    text: str
    weight: float


class _Ranking(NamedTuple):
    """What scores; `literals` are what earns a bonus, by the name it has in an explanation."""

    terms: list[_Sought]
    literals: "dict[str, _Literal]"
    pairs: list[_Sought]

    def plans(self) -> Iterator[Plan]:
        yield from (literal.plan for literal in self.literals.values())
        for sought in self.terms:
            yield from (Term(field, sought.text) for field in sought.fields)


class _Literal(NamedTuple):
    plan: Plan
    bonus: float


class _Search:
    """One query's answer; `matching` is of each segment what matches there."""

    def __init__(self, query: Query, terms: _Terms, segments: list[Segment], *, by_score: bool) -> None:
        self.query = query
        self._terms = terms
        terms.begin(query)
        self._match = _matching(query, terms)
        self._ranking = _ranking(query, terms) if by_score else _Ranking([], {}, [])
        self._shares: dict[str, list[float]] = {}
        self._scoring: dict[tuple[int, _Sought], Scored | None] = {}
        self._earnings: dict[tuple[int, str], Any] = {}
        for segment in segments:
            segment.begin([self._match, *self._ranking.plans()])
        self.matching = [(segment, segment.matching(self._match)) for segment in segments]
        self.total = sum(segment.engine.count(docs) for segment, docs in self.matching)

    def best(self, count: int) -> list[_Hit]:
        wanted = max(count, CLOSE_CANDIDATES) if self._ranking.pairs else count
        best = _in_order([hit for segment, docs in self.matching for hit in self._best(segment, docs, wanted)])
        if self._ranking.pairs:
            # The rest score less than these did before they were given more.
            best[:CLOSE_CANDIDATES] = _in_order(self._brought_forward(best[:CLOSE_CANDIDATES]))
        return best[:count]

    def _best(self, segment: Segment, docs: Any, count: int) -> Iterator[_Hit]:
        scored = [one for sought in self._ranking.terms if (one := self._scored(segment, sought))]
        bonuses = [(self._earning(segment, name), literal.bonus) for name, literal in self._ranking.literals.items()]
        for score, day, doc in segment.engine.scores(docs, scored, bonuses).best(count, segment.days):
            yield _Hit(score, day, segment, doc, {})

    def _earning(self, segment: Segment, name: str) -> Any:
        """Return the documents that earn the bonus of the literal *name*."""
        if (segment.offset, name) not in self._earnings:
            self._earnings[segment.offset, name] = segment.docs(self._ranking.literals[name].plan)
        return self._earnings[segment.offset, name]

    def _scored(self, segment: Segment, sought: _Sought) -> Scored | None:
        if (segment.offset, sought) not in self._scoring:
            self._scoring[segment.offset, sought] = self._newly_scored(segment, sought)
        return self._scoring[segment.offset, sought]

    def _newly_scored(self, segment: Segment, sought: _Sought) -> Scored | None:
        found = ((field, segment.postings(field, sought.text)) for field in sought.fields)
        fields = [
            ScoredField(field, postings, segment.lengths(field), self.shares(field))
            for field, postings in found
            if postings is not None
        ]
        idf = min(self._terms.idf(field, sought.text) for field in sought.fields)
        return Scored(sought.weight * idf * (K1 + 1), fields) if fields else None

    def shares(self, field: str) -> list[float]:
        """Return what an occurrence in *field* is worth, in shares of K1, by the byte of the field's length."""
        if field not in self._shares:
            mean = self._terms.mean_length(field)
            worth = FIELD_WEIGHT.get(field, 1.0) / K1
            self._shares[field] = [worth / (1 - B + B * byte_to_length(byte) / mean) for byte in range(256)]
        return self._shares[field]

    def _brought_forward(self, hits: list[_Hit]) -> list[_Hit]:
        closeness: dict[tuple[int, int], dict[str, float]] = defaultdict(lambda: defaultdict(float))
        by_segment = {hit.segment.offset: hit.segment for hit in hits}
        docs = {offset: [hit.doc for hit in hits if hit.segment.offset == offset] for offset in by_segment}
        for pair in self._ranking.pairs:
            near = {
                (offset, doc): frequencies
                for offset, segment in by_segment.items()
                for doc, frequencies in self._near(segment, pair, docs[offset]).items()
            }
            factor = pair.weight * _idf(len(near), len(hits)) * (K1 + 1)
            for place, frequencies in near.items():
                divisor = 1 + sum(frequencies.values())
                for field, tf in frequencies.items():
                    closeness[place][f"{field}:{pair.text}"] += factor * tf / divisor
        return [_closer(hit, closeness[hit.segment.offset, hit.doc]) for hit in hits]

    def _near(self, segment: Segment, pair: _Sought, docs: list[int]) -> dict[int, dict[str, float]]:
        """Return, of each of *docs* in which the two stand close, how much so in each field."""
        near: dict[int, dict[str, float]] = defaultdict(dict)
        for field in pair.fields:
            shares, lengths = self.shares(field), segment.lengths(field)
            for doc, freq in proximity(segment, field, pair.text, CLOSE, docs).items():
                near[doc][field] = freq * shares[lengths[doc]]
        return near

    def explanations(self, hits: list[_Hit]) -> list[dict[str, float]]:
        """Return what the score of each hit is made of."""
        made_of: dict[tuple[int, int], dict[str, float]] = {}
        for segment in {hit.segment.offset: hit.segment for hit in hits}.values():
            of_doc = self._explained(segment, [hit.doc for hit in hits if hit.segment is segment])
            made_of |= {(segment.offset, doc): scores for doc, scores in of_doc.items()}
        return [made_of[hit.segment.offset, hit.doc] | hit.closeness for hit in hits]

    def _explained(self, segment: Segment, docs: list[int]) -> dict[int, dict[str, float]]:
        explained: dict[int, dict[str, float]] = {doc: defaultdict(float) for doc in docs}
        for sought in self._ranking.terms:
            scored = self._scored(segment, sought)
            for field, parts in scored.parts(segment.engine, docs).items() if scored else ():
                name = f"{field}:{sought.text}"
                for doc, part in parts.items():
                    explained[doc][name] += part
        for name, literal in self._ranking.literals.items():
            earning = self._earning(segment, name)
            for doc in docs:
                if segment.engine.has(earning, doc):
                    explained[doc][name] += literal.bonus
        return explained


def _closer(hit: _Hit, closeness: dict[str, float]) -> _Hit:
    return hit._replace(score=hit.score + sum(closeness.values()), closeness=closeness)


def _in_order(hits: list[_Hit]) -> list[_Hit]:
    ordered = sorted(hits, key=lambda hit: (hit.score, hit.day), reverse=True)
    groups = [list(equals) for _, equals in groupby(ordered, key=lambda hit: (hit.score, hit.day))]
    # Ids are read of equals only: each takes longer than to compare all the rest.
    return [
        hit
        for equals in groups
        for hit in (sorted(equals, key=lambda hit: hit.segment.id(hit.doc)) if len(equals) > 1 else equals)
    ]


def _idf(having: int, documents: int) -> float:
    return log(1 + (documents - having + 0.5) / (having + 0.5))


# --- Translation --------------------------------------------------------------------------------------------------


def _looked_for(value: Text) -> QueryTerms:
    return query_terms(value.text, phrase=not isinstance(value, Word))


def _matching(query: Query, terms: _Terms) -> Plan:
    match query:
        case Everything():
            return Every()
        case Word() | Phrase() | Prefix():
            return _text(query, TEXTS, terms)
        case Weighted(child):
            return _matching(child, terms)
        case FieldQuery(field, value) if field in TEXTS:
            return _text(value, (field,), terms)
        case FieldQuery(field, value):
            return Term(field, fold_value(field, value.text))
        case Range():
            return _range(query)
        case Or(children):
            return AnyOf(tuple(_matching(child, terms) for child in children))
        case And(children):
            return AllOf(tuple(_matching(child, terms) for child in children))
        case Not(child):
            return Without(_matching(child, terms))


def _prefixes(query: Query) -> int:
    match query:
        case Prefix() | FieldQuery(_, Prefix()):
            return 1
        case Weighted(child) | Not(child):
            return _prefixes(child)
        case Or(children) | And(children):
            return sum(map(_prefixes, children))
    return 0


def _range(query: Range) -> Plan:
    low, high = (end.toordinal() if isinstance(end, date) else end for end in (query.low, query.high))
    last = inf if high is None else high
    if query.field == "date":
        # What has no date is numbered 0, and is of no period.
        return Days(1 if low is None else low, last)
    return Issues(low or 0, last)


def _text(value: Text, names: Sequence[str], terms: _Terms) -> Plan:
    if isinstance(value, Prefix):
        return _prefix(value, names, terms)
    if isinstance(value, Stem):
        return Term(STEMS, value.text)
    sought = _looked_for(value)
    slop = 1 + value.slop if isinstance(value, Phrase) else 1
    ways = [_literal(sought, name, slop, mark=sought.at_start) for name in names]
    ways += [_in_other_form(said, name, sought.apart) for name in names for said in sought.readings]
    return AnyOf(tuple(way for way in ways if way is not None))


def _prefix(value: Prefix, names: Sequence[str], terms: _Terms) -> Plan:
    ways: list[Plan] = []
    *before, last = _looked_for(value).literal
    for name in names:
        field = BIGRAMS[name]
        begun = AnyOf(tuple(Term(field, text) for text in terms.begun(field, last)))
        ways.append(_near([*(Term(field, text) for text in before), begun], 1) or begun)
    words = tuple(Term(STEMS, text) for text in terms.begun(STEMS, normalise(value.text).text))
    return AllOf((AnyOf(words), AnyOf(tuple(ways)))) if words else AnyOf(tuple(ways))


def _literal(sought: QueryTerms, name: str, slop: int = 1, *, mark: str = "") -> Plan | None:
    field = BIGRAMS[name]
    parts: list[Placed] = [Term(field, text) for text in sought.literal]
    if mark:
        parts[0] = Term(field, f"{mark}{sought.literal[0]}")
    if sought.open_ended:
        parts[-1] = BeginningOf(field, sought.literal[-1])
    return _near(parts, slop)


def _in_other_form(said: list[str], name: str, apart: int) -> Plan | None:
    return _near([Term(name, text) for text in said], apart)


def _near(parts: list[Placed], slop: int) -> Plan | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    return Near(tuple(parts), slop)


def _ranking(query: Query, terms: _Terms) -> _Ranking:
    ranked = [
        (value, TEXTS if field is None else (field,), weight)
        for field, value, weight in weighted(query)
        if field in (None, *TEXTS) and not isinstance(value, Stem)
    ]
    typed = [(value, names) for value, names, weight in ranked if weight == 1]
    commonest = min((_rarity(value, names, terms) for value, names in typed), default=0.0)
    weights: dict[tuple[tuple[str, ...], str], float] = defaultdict(float)
    weights |= {((STEMS,), v.text): STEM_WEIGHT * share for _, v, share in weighted(query) if isinstance(v, Stem)}
    literals: dict[str, _Literal] = {}
    for value, names, share in ranked:
        sought = _looked_for(value)
        rarity = _rarity(value, names, terms)
        literals |= _whole_forms(value, names, terms, share * LITERAL_WEIGHT / max(1, len(typed)) ** 2)
        if isinstance(value, Prefix):
            for text in terms.begun(STEMS, normalise(value.text).text):
                weights[(STEMS,), text] += STEM_WEIGHT
        # However rare another name is, it says no more than the one that was typed.
        scale = share if share == 1 or not rarity else share * min(1.0, commonest / rarity)
        for key, weight in _weighted_terms(sought, names, morphemes=share != 1):
            weights[key] += weight * scale
        # To look for every bigram that begins with a syllable takes long.
        is_cheap = terms.has_time or not isinstance(value, Prefix) or len(sought.literal) > 1
        for name in names if is_cheap else ():
            if literal := _literal(sought, name):
                rarest = max(terms.idf(BIGRAMS[name], text) for text in sought.literal)
                bonus = scale * LITERAL_WEIGHT / max(1, len(typed)) ** 2 * rarest
                # Another name of one word may be a word that was typed.
                called = f'{name}:"{value.text}"'
                if called not in literals or literals[called].bonus < bonus:
                    literals[called] = _Literal(literal, bonus)
    spoken = _spoken(query)
    for searched, texts in spoken:
        for text in texts:
            weights[searched, text] += MORPHEME_WEIGHT
    single = [_Sought(fields, text, weight) for (fields, text), weight in weights.items()]
    return _Ranking(single, literals, list(_pairs(query, spoken)))


def _whole_forms(value: Text, names: Sequence[str], terms: _Terms, weight: float) -> dict[str, _Literal]:
    """Return what a document earns that has the word whole, which ends like a particle and is a name here: 베타로."""
    word = normalise(value.text).text
    whole = query_terms(word, phrase=True)
    if not isinstance(value, Word) or whole.literal == _looked_for(value).literal or not terms.frequency(STEMS, word):
        return {}
    literals = {BIGRAMS[name]: literal for name in names if (literal := _literal(whole, name))}
    return {
        f"{field}:{word}": _Literal(literal, weight * max(terms.idf(field, text) for text in whole.literal))
        for field, literal in literals.items()
    }


def _rarity(value: Text, names: Sequence[str], terms: _Terms) -> float:
    literal = _looked_for(value).literal
    return max((terms.idf(BIGRAMS[name], text) for name in names for text in literal), default=0.0)


def _spoken(query: Query, *, phrases: bool = True) -> list[tuple[tuple[str, ...], list[str]]]:
    """Return the morphemes of what was typed, and the texts they are looked for in.

    Words are read together: what surrounds a word tells the analyser what it is.
    """
    said: dict[tuple[str, ...], list[Text]] = defaultdict(list)
    for field, value, weight in weighted(query):
        if weight == 1 and field in (None, *TEXTS) and not isinstance(value, Stem if phrases else Phrase):
            said[TEXTS if field is None else (field,)].append(value)
    return [(names, _morphemes_of(values)) for names, values in said.items()]


def _pairs(query: Query, spoken: list[tuple[tuple[str, ...], list[str]]]) -> Iterator[_Sought]:
    """Yield each two morphemes that stand close in the query, but for phrases, which say where their words stand."""
    if any(isinstance(value, Phrase) for _, value in wanted(query)):
        spoken = _spoken(query, phrases=False)
    pairs: Counter[tuple[tuple[str, ...], str]] = Counter(
        (names, f"{first} {second}")
        for names, texts in spoken
        for distance in range(1, CLOSE + 1)
        for first, second in zip(texts, texts[distance:], strict=False)
    )
    for (names, pair), times in pairs.items():
        yield _Sought(names, pair, times * PAIR_WEIGHT)


def _morphemes_of(values: list[Text]) -> list[str]:
    if len(values) == 1:
        return _looked_for(values[0]).ranked_morphemes
    return [token.text for token in analyse(" ".join(value.text for value in values)).morphemes]


def _weighted_terms(
    sought: QueryTerms, names: tuple[str, ...], *, morphemes: bool
) -> Iterator[tuple[tuple[tuple[str, ...], str], float]]:
    for text in sought.ranked_morphemes if morphemes else ():
        yield (names, text), MORPHEME_WEIGHT
    for text in sought.literal:
        yield (tuple(BIGRAMS[name] for name in names), text), BIGRAM_WEIGHT
    if names == TEXTS:
        for text in sought.ranked_stems:
            yield ((STEMS,), text), STEM_WEIGHT
