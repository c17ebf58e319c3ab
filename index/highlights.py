"""Which characters of a stored text a query found, by analysing it again."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import chain

from index.korean import PARAGRAPH_GAP, Analysis, QueryTerms, Token, analyse, normalise, query_terms, traces
from index.query import Phrase, Prefix, Query, Text, Word, wanted

Span = tuple[int, int]


def spans(query: Query, field: str, text: str) -> list[Span]:
    """Return (start, end) of what *query* found in *text*, in order, apart from each other."""
    if not text or not (sought := _sought(query, field)):
        return []
    analysis = analyse(text)
    if all(slop < PARAGRAPH_GAP - 1 for _, slop in sought):
        # To look into each line takes less than to take every line apart.
        analysis = analysis.of_lines(lambda line: any(_may_say(terms, line) for terms, _ in sought))
    found = chain.from_iterable(_spans_of(terms, slop, analysis, text) for terms, slop in sought)
    return _merged(sorted(found))


# A page asks for each of its texts.
@lru_cache(maxsize=8)
def _sought(query: Query, field: str) -> list[tuple[QueryTerms, int]]:
    return [
        (_looked_for(value), value.slop if isinstance(value, Phrase) else 0)
        for name, value in wanted(query)
        if name in (None, field)
    ]


def _looked_for(value: Text) -> QueryTerms:
    terms = query_terms(value.text, phrase=not isinstance(value, Word))
    return replace(terms, open_ended=True) if isinstance(value, Prefix) else terms


def _may_say(terms: QueryTerms, line: str) -> bool:
    ways = filter(None, (terms.literal, *terms.readings))
    return any(all(traces(text).search(line) for text in way) for way in ways)


def _spans_of(terms: QueryTerms, slop: int, analysis: Analysis, text: str) -> Iterator[Span]:
    literal = [
        (found[0].start, found[-1].end)
        for found in _chains(analysis.bigrams, terms.literal, 1 + slop, open_ended=terms.open_ended)
    ]
    sure = set(literal)
    if terms.at_start:
        begun = {token.start for token in analysis.starts if token.text.startswith(terms.at_start)}
        sure = {span for span in literal if span[0] in begun}
    others: list[Span] = []
    for reading in terms.readings:
        said = _chains(analysis.morphemes_beside(sure, reading), reading, terms.apart)
        others += (span for found in said for span in _joined(found, text))
    literal = [span for span in literal if span in sure or any(_overlap(span, other) for other in others)]
    yield from literal
    yield from (other for other in others if not any(_overlap(span, other) for span in literal))


def _joined(found: list[Token], text: str) -> list[Span]:
    """Return where *found* stand: what a dot joins, as 미·중, is one place."""
    places = [(found[0].start, found[0].end)]
    for token in found[1:]:
        start, end = places[-1]
        if normalise(text[end : token.start]).text == "·":
            places[-1] = start, token.end
        else:
            places.append((token.start, token.end))
    return places


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _chains(tokens: Sequence[Token], texts: list[str], slop: int, *, open_ended: bool = False) -> Iterator[list[Token]]:
    """Yield tokens that say *texts* in order, each at most *slop* positions after the one before."""
    if not texts:
        return
    if open_ended and len(texts) == 1:
        firsts = [token for token in tokens if token.text.startswith(texts[0])]
    else:
        firsts = [token for token in tokens if token.text == texts[0]]
    at: dict[int, list[Token]] = defaultdict(list)
    for one in tokens if firsts and len(texts) > 1 else ():
        at[one.position].append(one)
    for first in firsts:
        if found := _chain(first, texts[1:], at, slop, open_ended=open_ended):
            yield _without_rest(found, texts) if open_ended else found


def _chain(
    first: Token, texts: list[str], at: Mapping[int, list[Token]], slop: int, *, open_ended: bool
) -> list[Token]:
    """Return *first* and tokens after it that say *texts*, each as near to the one before as can be, or nothing."""
    # What says the texts so far, by where it ends: the nearest may lead nowhere where another leads on.
    reached = {first.position: [first]}
    for number, text in enumerate(texts):
        begins = open_ended and number == len(texts) - 1
        further: dict[int, list[Token]] = {}
        for place, found in reached.items():
            for position in range(place + 1, place + slop + 1):
                match = (t for t in at.get(position, ()) if t.text == text or (begins and t.text.startswith(text)))
                if position not in further and (token := next(match, None)):
                    further[position] = [*found, token]
        reached = further
    return next(iter(reached.values()), [])


def _without_rest(found: list[Token], texts: list[str]) -> list[Token]:
    """Cut the last token to the beginning that was looked for: of a bigram, one syllable."""
    last = found[-1]
    return found if last.text == texts[-1] else [*found[:-1], last._replace(end=last.start + len(texts[-1]))]


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in spans:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
