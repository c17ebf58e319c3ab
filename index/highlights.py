"""Which characters of a stored text a query found, by analysing it again."""

from collections.abc import Iterator, Sequence
from itertools import chain

from index.korean import WORD_SLOP, Analysis, QueryTerms, Token, analyse, query_terms
from index.query import Phrase, Query, wanted

Span = tuple[int, int]


def spans(query: Query, field: str, text: str) -> list[Span]:
    """Return (start, end) of what *query* found in *text*, in order, apart from each other."""
    sought = [
        (query_terms(value.text, phrase=isinstance(value, Phrase)), value.slop if isinstance(value, Phrase) else 0)
        for name, value in wanted(query)
        if name in (None, field)
    ]
    if not sought:
        return []
    analysis = analyse(text)
    return _merged(sorted(chain.from_iterable(_spans_of(terms, slop, analysis) for terms, slop in sought)))


def _spans_of(terms: QueryTerms, slop: int, analysis: Analysis) -> Iterator[Span]:
    literal = [
        (found[0].start, found[-1].end)
        for found in _chains(analysis.bigrams, terms.literal, 1 + slop, open_ended=terms.open_ended)
    ]
    yield from literal
    # Not asked for in vain: to find morphemes is what takes long.
    for found in _chains(analysis.morphemes, terms.morphemes, WORD_SLOP) if terms.morphemes else ():
        for token in found:
            if not any(start < token.end and token.start < end for start, end in literal):
                yield token.start, token.end


def _chains(tokens: Sequence[Token], texts: list[str], slop: int, *, open_ended: bool = False) -> Iterator[list[Token]]:
    """Yield tokens that say *texts* in order, each at most *slop* positions after the one before."""
    at = {token.position: token for token in tokens}
    for first in tokens:
        found: list[Token] = []
        nearby = [first]
        for number, text in enumerate(texts):
            begins = open_ended and number == len(texts) - 1
            match = (t for t in nearby if t.text == text or (begins and t.text.startswith(text)))
            if (token := next(match, None)) is None:
                break
            found.append(token)
            nearby = [at[p] for p in range(token.position + 1, token.position + slop + 1) if p in at]
        else:
            if found:
                yield _without_rest(found, texts) if open_ended else found


def _without_rest(found: list[Token], texts: list[str]) -> list[Token]:
    """Cut the last token, a bigram, to the one syllable that was looked for."""
    last = found[-1]
    return found if last.text == texts[-1] else [*found[:-1], last._replace(end=last.start + 1)]


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in spans:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
