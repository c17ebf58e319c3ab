"""Which documents of a page say the same: an entry that repeats the lead of its article, an issue sent twice."""

from collections.abc import Sequence
from functools import cached_property
from itertools import islice

from factpl_crawler.documents import Document

# Of a page, the best so many are compared, each with each.
MOST_COMPARED = 50
_WINDOW = 400
_SHINGLE = 5
_FEWEST_SHINGLES = 30
_SHARED = 0.8


def groups(documents: Sequence[Document]) -> list[list[int]]:
    """Return positions in *documents*: each group is headed by its first, and the groups are in their heads' order."""
    found: list[tuple[_Outline, list[int]]] = []
    for position, document in enumerate(documents[:MOST_COMPARED]):
        outline = _Outline(document)
        like = next((members for head, members in found if head.is_like(outline)), None)
        if like is None:
            found.append((outline, [position]))
        else:
            like.append(position)
    rest = [[position] for position in range(MOST_COMPARED, len(documents))]
    return [*(members for _, members in found), *rest]


class _Outline:
    """The letters and digits of a text, as runs of a few characters, where it begins and where it ends."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @cached_property
    def lead(self) -> frozenset[str]:
        return _shingles(_letters(self.document.body))

    @cached_property
    def end(self) -> frozenset[str]:
        return _shingles(_letters(self.document.body[::-1]))

    @property
    def is_long(self) -> bool:
        return len(_letters(self.document.body)) == _WINDOW

    def is_like(self, other: "_Outline") -> bool:
        if min(len(self.lead), len(other.lead)) < _FEWEST_SHINGLES:
            return self._text == other._text != ("", "")
        if _shared(self.lead, other.lead) < _SHARED:
            return False
        # Long texts may begin with the same greeting.
        return not (self.is_long and other.is_long) or _shared(self.end, other.end) >= _SHARED

    @property
    def _text(self) -> tuple[str, str]:
        return self.document.headline, self.document.body


def _letters(text: str) -> str:
    return "".join(islice(filter(str.isalnum, text), _WINDOW))


def _shingles(text: str) -> frozenset[str]:
    return frozenset([text[start : start + _SHINGLE] for start in range(len(text) - _SHINGLE + 1)])


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    """Return how much of the smaller set the larger one holds: a lead is a small part of its article."""
    return len(one & other) / min(len(one), len(other))
