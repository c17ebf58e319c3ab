"""What is written of the same: documents that share the rare words of one."""

from collections import Counter
from math import log
from pathlib import Path
from typing import TYPE_CHECKING

from factpl_crawler.documents import Document
from index.errors import SearchError
from index.query import FieldQuery, Not, Phrase, Stem, all_of, any_of
from index.schema import STEMS, stored_document
from index.search import NO_FILTERS, Filters, Results, opened, search
from index.words import names

if TYPE_CHECKING:
    from index.whoosh_engine import Reader

# More find no more that is like it, and take longer.
MOST_TERMS = 30
_HEADLINE_WEIGHT = 3
# What a book is about is said often enough in so many characters.
_MOST_CHARACTERS = 100_000


class NoDocumentError(SearchError):
    def __init__(self, id: str) -> None:
        super().__init__(f"No entry or article of the index has the id {id}. Run: search_cli.py show {id}")


class NothingTellingError(SearchError):
    def __init__(self, id: str) -> None:
        super().__init__(f"No other document has a name or noun of {id}. Search for what it is about")


def related(
    id: str, *, index_dir: Path, filters: Filters = NO_FILTERS, limit: int = 10, collapse: bool = True
) -> Results:
    """Return the documents that are most like that named *id*, best first, without itself.

    Raises NoDocumentError, NothingTellingError and what `search` raises.
    """
    itself = FieldQuery("id", Phrase(id))
    with opened(index_dir) as (reader, meta):
        found, _ = reader.search(itself, "date", 1, 0)
        if not found:
            raise NoDocumentError(id)
        terms = _telling(stored_document(found[0].stored), reader, meta.documents)
    if not terms:
        raise NothingTellingError(id)
    query = all_of([any_of([Stem(term) for term in terms]), Not(itself)])
    return search(query, index_dir=index_dir, filters=filters, sort="score", limit=limit, collapse=collapse, exact=True)


def _telling(document: Document, reader: "Reader", documents: int) -> list[str]:
    """Return the names and nouns with the highest tf-idf, of those that other documents have and not most do."""
    headline, body = names([document.headline, document.body[:_MOST_CHARACTERS]])
    counts = Counter(headline * _HEADLINE_WEIGHT + body)
    having = reader.frequencies(STEMS, counts)
    weights = {
        term: (1 + log(count)) * log(documents / having[term])
        for term, count in counts.items()
        if 1 < having[term] <= max(2, documents // 2)
    }
    return sorted(weights, key=lambda term: (-weights[term], term))[:MOST_TERMS]
