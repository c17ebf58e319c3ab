"""Other engines over the tokens that this project's analysis makes, asked the same questions."""

import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

import tantivy
from whoosh.analysis.tokenizers import SpaceSeparatedTokenizer
from whoosh.fields import ID, NUMERIC, STORED, TEXT, Schema
from whoosh.index import create_in

from benchmarks.questions import Question
from benchmarks.stopwatch import Stopwatch
from index.korean import analyse

VIEWS = ("morphemes", "bigrams", "stems")
LIMIT = 10
_FILE = "fts5.sqlite3"
_BESIDE_DAYS = "texts CROSS JOIN days ON number = texts.rowid"


@dataclass(frozen=True)
class Tokens:
    """One text; each of `views` is its tokens between spaces, `day` the proleptic ordinal."""

    id: str
    day: int
    text: str
    views: dict[str, str]

    @property
    def stored(self) -> bytes:
        return zlib.compress(self.text.encode())

    @property
    def year(self) -> int:
        return date.fromordinal(self.day).year if self.day else 0


Batch = Sequence[Tokens]
T = TypeVar("T")
# Returns the best, or newest, documents as they are stored, and how many there are of each year, if that is asked.
Ask = Callable[[Question], tuple[list[bytes], dict[int, int]]]


def timed(batches: Iterable[T], insert: Callable[[T], object], finish: Callable[[], object]) -> Stopwatch:
    """Return the time that indexing took, without what it took to read the batches."""
    stopwatch = Stopwatch()
    for batch in batches:
        with stopwatch:
            insert(batch)
    with stopwatch:
        finish()
    return stopwatch


def _ways(question: Question) -> Iterator[list[tuple[str, list[str]]]]:
    """Yield, for each word or the one phrase, the views that may hold it, and its tokens there, side by side.

    Of a word with other names, one after the other.
    """
    views = ("bigrams",) if question.way == "phrase" else ("morphemes", "bigrams")
    for word in [" ".join(question.words)] if question.way == "phrase" else question.words:
        names = (word, *question.others)
        yield [(view, tokens) for name in names for view in views if (tokens := _required(view, name))]


def _required(view: str, word: str) -> list[str]:
    tokens = getattr(analyse(word), view)
    return [token.text for token in tokens if token.required] or [token.text for token in tokens]


# --- SQLite FTS5 --------------------------------------------------------------------------------------------------


def build_fts5(folder: Path, batches: Iterable[Batch]) -> Stopwatch:
    with closing(sqlite3.connect(folder / _FILE)) as connection:
        connection.executescript(
            f"CREATE VIRTUAL TABLE texts USING fts5({', '.join(VIEWS)}, content='');"
            "CREATE TABLE days (number INTEGER PRIMARY KEY, day INTEGER, year INTEGER);"
            "CREATE INDEX by_day ON days (day);"
            "CREATE TABLE documents (number INTEGER PRIMARY KEY, document BLOB);"
        )
        return timed(batches, partial(_insert, connection), partial(_optimize, connection))


def _insert(connection: sqlite3.Connection, batch: Batch) -> None:
    (number,) = connection.execute("SELECT count(*) FROM days").fetchone()
    with connection:
        connection.executemany(
            f"INSERT INTO texts (rowid, {', '.join(VIEWS)}) VALUES (?, ?, ?, ?)",  # noqa: S608  # our own names
            ((n, *one.views.values()) for n, one in enumerate(batch, number)),
        )
        days = ((n, one.day, one.year) for n, one in enumerate(batch, number))
        connection.executemany("INSERT INTO days VALUES (?, ?, ?)", days)
        rows = ((n, one.stored) for n, one in enumerate(batch, number))
        connection.executemany("INSERT INTO documents VALUES (?, ?)", rows)


def _optimize(connection: sqlite3.Connection) -> None:
    with connection:
        connection.execute("INSERT INTO texts (texts) VALUES ('optimize')")


def open_fts5(folder: Path, *, by_morphemes_alone: bool = False) -> Ask:
    connection = sqlite3.connect(folder / _FILE)

    def ask(question: Question) -> tuple[list[bytes], dict[int, int]]:
        numbers = connection.execute(*_select(question, by_morphemes_alone)).fetchall()
        document = "SELECT document FROM documents WHERE number = ?"
        found = [connection.execute(document, number).fetchone()[0] for number in numbers]
        if not question.count_years:
            return found, {}
        years = f"SELECT year, count(*) FROM {_BESIDE_DAYS} WHERE texts MATCH ? GROUP BY year"  # noqa: S608  # our own
        return found, dict(connection.execute(years, (_match(question, by_morphemes_alone),)).fetchall())

    return ask


def _select(question: Question, by_morphemes_alone: bool) -> tuple[str, list[str | int]]:
    values: list[str | int] = [_match(question, by_morphemes_alone), LIMIT]
    source, where, order = "texts", "texts MATCH ?", "rank"
    if question.newest_first:
        source, order = _BESIDE_DAYS, "day DESC"
    if question.days:
        # Five times as fast, at 20,000 texts, as the other ways to say it.
        source, order = _BESIDE_DAYS, "bm25(texts)"
        where += " AND +day BETWEEN ? AND ?"
        values[1:1] = [day.toordinal() for day in question.days]
    return f"SELECT texts.rowid FROM {source} WHERE {where} ORDER BY {order} LIMIT ?", values  # noqa: S608  # our own parts


def _match(question: Question, by_morphemes_alone: bool) -> str:
    words = [
        " OR ".join(
            f'{view} : "{" ".join(tokens)}"' for view, tokens in ways if view == ways[0][0] or not by_morphemes_alone
        )
        for ways in _ways(question)
    ]
    return (" OR " if question.way == "any" else " AND ").join(f"({word})" for word in words)


# --- tantivy ------------------------------------------------------------------------------------------------------


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder().add_integer_field("day", indexed=True, fast=True)
    builder.add_integer_field("year", fast=True).add_bytes_field("document", stored=True)
    for view in VIEWS:
        builder.add_text_field(view, tokenizer_name="whitespace")
    return builder.build()


def build_tantivy(folder: Path, batches: Iterable[Batch]) -> Stopwatch:
    writer = tantivy.Index(_schema(), path=str(folder)).writer(heap_size=256_000_000, num_threads=1)

    def insert(batch: Batch) -> None:
        for one in batch:
            writer.add_document(tantivy.Document(day=one.day, year=one.year, document=one.stored, **one.views))

    def finish() -> None:
        writer.commit()
        writer.wait_merging_threads()

    return timed(batches, insert, finish)


def open_tantivy(folder: Path) -> Ask:
    schema = _schema()
    searcher = tantivy.Index(schema, path=str(folder)).searcher()

    def ask(question: Question) -> tuple[list[bytes], dict[int, int]]:
        query = _query(schema, question)
        order = "day" if question.newest_first else None
        hits = searcher.search(query, LIMIT, order_by_field=order).hits
        found = [searcher.doc(address)["document"][0] for _, address in hits]
        return found, _years(searcher, query) if question.count_years else {}

    return ask


def _years(searcher: tantivy.Searcher, query: tantivy.Query) -> dict[int, int]:
    counted = searcher.aggregate(query, {"years": {"terms": {"field": "year", "size": 1000}}})
    return {int(bucket["key"]): bucket["doc_count"] for bucket in counted["years"]["buckets"]}


def _query(schema: tantivy.Schema, question: Question) -> tantivy.Query:
    words = [_one_of(_near(schema, *way) for way in ways) for ways in _ways(question)]
    query = _one_of(words) if question.way == "any" else _all_of(words)
    if not question.days:
        return query
    first, last = (day.toordinal() for day in question.days)
    days = tantivy.Query.range_query(schema, "day", tantivy.FieldType.Integer, first, last)
    return _all_of([query, tantivy.Query.const_score_query(days, 0.0)])


def _one_of(queries: Iterable[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in queries])


def _all_of(queries: Iterable[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, query) for query in queries])


def _near(schema: tantivy.Schema, view: str, tokens: list[str]) -> tantivy.Query:
    if len(tokens) == 1:
        return tantivy.Query.term_query(schema, view, tokens[0])
    return tantivy.Query.phrase_query(schema, view, tokens)


# --- Whoosh as it comes -------------------------------------------------------------------------------------------


def build_stock_whoosh(folder: Path, batches: Iterable[Batch]) -> Stopwatch:
    views = {view: TEXT(SpaceSeparatedTokenizer()) for view in VIEWS}
    index = create_in(str(folder), Schema(id=ID(unique=True), day=NUMERIC(), document=STORED, **views))
    writer = index.writer(limitmb=512)

    def insert(batch: Batch) -> None:
        for one in batch:
            writer.add_document(id=one.id, day=one.day, document=one.stored, **one.views)

    return timed(batches, insert, writer.commit)


BUILDERS: dict[str, Callable[[Path, Iterable[Batch]], Stopwatch]] = {
    "SQLite FTS5": build_fts5,
    "tantivy": build_tantivy,
    "stock Whoosh": build_stock_whoosh,
}
# Each with the builder whose index it asks.
OPENERS: dict[str, tuple[str, Callable[[Path], Ask]]] = {
    "FTS5": ("SQLite FTS5", open_fts5),
    "FTS5 morphemes": ("SQLite FTS5", partial(open_fts5, by_morphemes_alone=True)),
    "tantivy": ("tantivy", open_tantivy),
}
