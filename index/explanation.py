"""What a score is made of, in the reader's words: views of a text that only the engine knows are folded into it."""

from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache

from index.korean import query_terms
from index.query import Query, Word, wanted
from index.schema import BIGRAMS, STEMS, TEXTS

_TEXT_OF_VIEW = {**{view: text for text, view in BIGRAMS.items()}, STEMS: "+".join(TEXTS)}


def readable(explanation: Mapping[str, float], query: Query) -> dict[str, float]:
    """Return scores by field and word, `headline 그로크`, highest first; they add up to the same."""
    names = _names(query)
    scores: dict[str, float] = defaultdict(float)
    for name, score in explanation.items():
        scores[names[name]] += score
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))


class _Names(dict[str, str]):
    """Of what the engine calls a part of a score, what a reader calls it."""

    def __init__(self, words: Mapping[str, str]) -> None:
        super().__init__()
        self._words = words

    def __missing__(self, name: str) -> str:
        field, _, term = name.partition(":")
        self[name] = f"{_TEXT_OF_VIEW.get(field, field)} {_named(term, self._words)}"
        return self[name]


# A page explains each of its hits.
@lru_cache(maxsize=4)
def _names(query: Query) -> _Names:
    return _Names(_words(query))


def _named(term: str, words: Mapping[str, str]) -> str:
    """Return the word of *term*, or both words where it is a pair of neighbours."""
    return words.get(term) or " ".join(dict.fromkeys(words.get(part, part) for part in term.split()))


def _words(query: Query) -> dict[str, str]:
    """Return, for each term that is looked for, the word of the query that it was made of."""
    words: dict[str, str] = {}
    for _, value in wanted(query):
        terms = query_terms(value.text, phrase=not isinstance(value, Word))
        for term in (*terms.literal, *terms.ranked_morphemes, *terms.ranked_stems, f'"{value.text}"'):
            words.setdefault(term, value.text)
    return words
