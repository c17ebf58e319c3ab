"""Other engines over the same texts, each asked for any of the question's terms, the best first."""

import re
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial

import bm25s
import tantivy
from whoosh.analysis.analyzers import StandardAnalyzer
from whoosh.fields import ID, TEXT, Schema
from whoosh.filedb.filestore import RamStorage
from whoosh.query.compound import Or
from whoosh.query.terms import Term

from benchmarks.corpora import Text
from index.korean import analyse

# What all the engines but bm25s have built in.
K1, B = 1.2, 0.75

Terms = Callable[[str], list[str]]
# Returns the ids of the best texts, at most so many.
Ranker = Callable[[str, int], list[str]]


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def trigrams(text: str) -> list[str]:
    """No longer ones: a question's whole words, with their particles, are rarely in the text."""
    return [word[i : i + 3] for word in words(text) for i in range(len(word) - 2)]


def bigrams(text: str) -> list[str]:
    return [token.text for token in analyse(text).bigrams]


def morphemes(text: str) -> list[str]:
    return [token.text for token in analyse(text).morphemes]


def fts5(texts: Sequence[Text], tokenizer: str, terms: Terms) -> Ranker:
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE VIRTUAL TABLE texts USING fts5(id UNINDEXED, text, tokenize='{tokenizer}')")
    connection.executemany("INSERT INTO texts VALUES (?, ?)", ((text.id, text.whole) for text in texts))

    def rank(question: str, limit: int) -> list[str]:
        sought = " OR ".join(f'"{term}"' for term in dict.fromkeys(terms(question)))
        if not sought:
            return []
        found = connection.execute("SELECT id FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT ?", (sought, limit))
        return [id for (id,) in found]

    return rank


def tantivy_of(texts: Sequence[Text], terms: Terms, tokenizer: str = "default") -> Ranker:
    """With the whitespace *tokenizer*, the texts' *terms* are what is indexed."""
    schema = (
        tantivy.SchemaBuilder()
        .add_text_field("id", stored=True, tokenizer_name="raw")
        .add_text_field("text", tokenizer_name=tokenizer)
        .build()
    )
    index = tantivy.Index(schema)
    writer = index.writer(num_threads=1)
    for text in texts:
        indexed = " ".join(terms(text.whole)) if tokenizer == "whitespace" else text.whole
        writer.add_document(tantivy.Document(id=text.id, text=indexed))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def rank(question: str, limit: int) -> list[str]:
        sought = [tantivy.Query.term_query(schema, "text", term) for term in dict.fromkeys(terms(question))]
        query = tantivy.Query.boolean_query([(tantivy.Occur.Should, term) for term in sought])
        return [searcher.doc(address)["id"][0] for _, address in searcher.search(query, limit).hits]

    return rank


def bm25s_of(texts: Sequence[Text], terms: Terms) -> Ranker:
    retriever = bm25s.BM25(k1=K1, b=B)
    retriever.index([terms(text.whole) for text in texts], show_progress=False)

    def rank(question: str, limit: int) -> list[str]:
        sought = [term for term in terms(question) if term in retriever.vocab_dict]
        if not sought:
            return []
        found, scores = retriever.retrieve([sought], k=min(limit, len(texts)), show_progress=False)
        return [texts[number].id for number, score in zip(found[0], scores[0], strict=True) if score > 0]

    return rank


def whoosh_standard(texts: Sequence[Text]) -> Ranker:
    analyzer = StandardAnalyzer()
    schema = Schema(id=ID(stored=True), text=TEXT(analyzer))
    index = RamStorage().create_index(schema)  # type: ignore[no-untyped-call]  # Whoosh is typed in parts
    writer = index.writer(limitmb=512)
    for text in texts:
        writer.add_document(id=text.id, text=text.whole)
    writer.commit()
    searcher = index.searcher()

    def rank(question: str, limit: int) -> list[str]:
        query = Or([Term("text", token.text) for token in analyzer(question)])
        return [hit["id"] for hit in searcher.search(query, limit=limit)]

    return rank


PEERS: dict[str, Callable[[Sequence[Text]], Ranker]] = {
    "SQLite FTS5 unicode61": partial(fts5, tokenizer="unicode61", terms=words),
    "SQLite FTS5 trigram": partial(fts5, tokenizer="trigram", terms=trigrams),
    "tantivy default": partial(tantivy_of, terms=words),
    "tantivy bigrams": partial(tantivy_of, terms=bigrams, tokenizer="whitespace"),
    "bm25s whitespace": partial(bm25s_of, terms=str.split),
    "bm25s bigrams": partial(bm25s_of, terms=bigrams),
    "bm25s morphemes": partial(bm25s_of, terms=morphemes),
    "Whoosh StandardAnalyzer": whoosh_standard,
}
