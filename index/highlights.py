"""Which characters of a stored text a query found, by analysing it again."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import chain
from math import inf
from typing import NamedTuple

from index.korean import PARAGRAPH_GAP, Analysis, QueryTerms, Token, analyse, normalise, query_terms
from index.query import Phrase, Prefix, Query, Stem, Text, Word, wanted

Span = tuple[int, int]
# Of a syllable.
_MOST_LETTERS = 3


def spans(query: Query, field: str, text: str) -> list[Span]:
    """Return (start, end) of what *query* found in *text*, in order, apart from each other."""
    return Marking(query, field, text).spans()


class Marking:
    """What *query* found in *text*: line by line, so that a part of it can be marked without the rest."""

    def __init__(self, query: Query, field: str, text: str) -> None:
        self.field = field
        self._text = text
        self._sought = _sought(query, field) if text else []

    def spans(self, start: float = 0, end: float = inf) -> list[Span]:
        """Return what was found, as `spans` does, in all lines that `start:end` has a part of."""
        lines = (line for line in self._lines if line.start < end and start < line.end)
        return list(chain.from_iterable(line.spans for line in lines))

    def candidates(self) -> Iterator[list[int]]:
        """Yield where something may have been found, in order: first what tells, then all lines in which it may be.

        To look takes a part of the time that to find takes.
        """
        yield sorted({place for line in self._lines for place in line.candidates()})
        yield [line.start for line in self._lines]

    @cached_property
    def _lines(self) -> "list[_Line]":
        # To look into each line takes less than to take every line apart.
        if not self._sought:
            return []
        analysis = analyse(self._text)
        parts = analysis.lines() if all(one.slop < PARAGRAPH_GAP - 1 for one in self._sought) else [analysis]
        return [line for part in parts if (line := _Line(part, self._sought, self._text)).sought]


class _Line:
    """`start:end` is of the text as stored; `sought` is what may stand here."""

    def __init__(self, analysis: Analysis, sought: "list[_Sought]", text: str) -> None:
        self.start, self.end = analysis.extent
        self.sought = [one for one in sought if any(map(analysis.may_say, one.ways))]
        self._analysis = analysis
        self._text = text

    def candidates(self) -> Iterator[int]:
        for one in self.sought:
            for way in filter(self._analysis.may_say, one.ways):
                yield from self._analysis.traces(max(way, key=len))

    @cached_property
    def spans(self) -> list[Span]:
        bigrams = self._analysis.bigrams_of({text for one in self.sought for text in one.terms.literal})
        return _merged(
            sorted(span for one in self.sought for span in _spans_of(one, self._analysis, bigrams, self._text))
        )


class _Sought(NamedTuple):
    """`is_word` says that it stands as a word of its own, not within a longer one."""

    terms: QueryTerms
    slop: int
    is_word: bool

    @property
    def ways(self) -> Iterator[list[str]]:
        """Yield the terms of each way to say it."""
        return filter(None, (self.terms.literal, *self.terms.readings))


# A page asks for each of its texts.
@lru_cache(maxsize=8)
def _sought(query: Query, field: str) -> list[_Sought]:
    return [
        _Sought(_looked_for(value), value.slop if isinstance(value, Phrase) else 0, isinstance(value, Stem))
        for name, value in wanted(query)
        if name in (None, field)
    ]


def _looked_for(value: Text) -> QueryTerms:
    terms = query_terms(value.text, phrase=not isinstance(value, Word))
    return terms._replace(open_ended=True) if isinstance(value, Prefix) else terms


def _spans_of(sought: _Sought, analysis: Analysis, bigrams: list[Token], text: str) -> Iterator[Span]:
    terms = sought.terms
    literal = [
        (found[0].start, found[-1].end)
        for found in _chains(bigrams, terms.literal, 1 + sought.slop, open_ended=terms.open_ended)
        if not (sought.is_word and _is_within_word(text, found[0].start))
    ]
    sure = set(literal)
    if literal and terms.at_start:
        begun = analysis.begun(terms.at_start)
        sure = {span for span in literal if span[0] in begun}
    others: list[Span] = []
    for reading in terms.readings:
        said = _chains(analysis.morphemes_beside(sure, reading), reading, terms.apart)
        others += (span for found in said for span in _joined(found, text))
    literal = [span for span in literal if span in sure or any(_overlap(span, other) for other in others)]
    yield from ((start, _past(terms.ending, end, text)) for start, end in literal)
    yield from (other for other in others if not any(_overlap(span, other) for span in literal))


def _is_within_word(text: str, at: int) -> bool:
    return at > 0 and all("가" <= syllable <= "힣" for syllable in text[at - 1 : at + 1])


def _past(ending: str, at: int, text: str) -> int:
    """Return where *ending* ends, if it stands in *text* at this place; its letters may be apart."""
    ends = range(at + 1, at + _MOST_LETTERS + 1) if ending else ()
    return next((end for end in ends if normalise(text[at:end]).text == ending), at)


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
