"""A window on a long text around what was found in it."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import NamedTuple

from index.highlights import Marking
from index.search import Highlight

ELLIPSIS = "…"

_SENTENCE_START = re.compile(r"\n+|(?<=[.!?。])[\"'”’)\]]*\s+")
_WORD_START = _SPACE = re.compile(r"\s+")
_JOINER = "\u200d"
# Variation selectors, skin colours, the letters of flags, vowels and finals of Hangul taken apart.
_ATTACHED = re.compile(
    "[\u200d\u20d0-\u20f0\ufe00-\ufe0f\u1160-\u11ff\ud7b0-\ud7ff\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
)
# Of a long text, so many parts are tried before all of it is read.
_TRIES = 4
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]")


class Snippet(NamedTuple):
    """`highlights` are offsets into `text`, which is one line and has an ellipsis where it was cut."""

    text: str
    highlights: tuple[Highlight, ...]


def best_snippet(text: str, marking: Marking, width: int) -> Snippet:
    """Return the snippet where the most of what *marking* finds may stand, in which all that it does find is marked.

    No more is looked for than that takes, as a text may be long.
    """
    start, end, spans = _dense_part(text, marking, width)
    while True:
        first, last = _window(text, [at for at, _ in spans], width)
        if start <= first and last <= end:
            return snippet(text, [Highlight(marking.field, *span) for span in spans], width)
        start, end = min(start, first), max(end, last)
        spans = marking.spans(start, end)


def _dense_part(text: str, marking: Marking, width: int) -> tuple[float, float, list[tuple[int, int]]]:
    """Return (start, end) of a part in which something was found, and what; all, where it is not in the first ones."""
    for candidates in marking.candidates():
        left = candidates
        for _ in range(_TRIES):
            if not left:
                break
            start, end = _window(text, left, width)
            if spans := marking.spans(start, end):
                return start, end, spans
            left = [at for at in left if not start <= at < end]
    return 0, inf, marking.spans()


def snippet(text: str, highlights: Sequence[Highlight], width: int) -> Snippet:
    """Return about *width* characters of *text*, whole sentences where it can be, with the most highlights."""
    start, end = _window(text, [mark.start for mark in highlights], width)
    before, after = ELLIPSIS if start else "", ELLIPSIS if end < len(text.rstrip()) else ""
    shift = len(before) - start
    inside = (replace(m, end=min(m.end, end)) for m in highlights if start <= m.start < end)
    marks = tuple(Highlight(mark.field, mark.start + shift, mark.end + shift) for mark in inside)
    return _on_one_line(Snippet(before + text[start:end] + after, marks))


def _on_one_line(part: Snippet) -> Snippet:
    gone = [at for space in _SPACE.finditer(part.text) for at in range(space.start() + 1, space.end())]
    marks = (
        replace(mark, start=mark.start - bisect_left(gone, mark.start), end=mark.end - bisect_left(gone, mark.end))
        for mark in part.highlights
    )
    return Snippet(_SPACE.sub(" ", part.text), tuple(marks))


def _window(text: str, starts: Sequence[int], width: int) -> tuple[int, int]:
    if len(text) <= width:
        return 0, len(text)
    first = _densest(starts, width)
    start = _start(text, first, width)
    return start, max(_end(text, start, width), start + 1)


def _densest(starts: Sequence[int], width: int) -> int:
    """Return the one of *starts* that has the most others within *width* after it."""
    counts = [bisect_left(starts, start + width) - i for i, start in enumerate(starts)]
    return starts[counts.index(max(counts))] if starts else 0


def _start(text: str, first: int, width: int) -> int:
    """Return the start of the sentence that *first* is in, or of a word, at most a third of the window before it."""
    earliest = max(0, first - width // 3)
    if earliest == 0:
        return 0
    for boundary in (_SENTENCE_START, _WORD_START):
        starts = [match.end() for match in boundary.finditer(text, earliest, first)]
        if starts:
            return starts[-1] if boundary is _SENTENCE_START else starts[0]
    return _whole(text, earliest)


def _end(text: str, start: int, width: int) -> int:
    """Return the end of the last sentence in the last third of the window, or of a word."""
    latest = min(len(text), start + width)
    if latest == len(text):
        return latest
    for boundary in (_SENTENCE_START, _WORD_START):
        ends = [match.start() for match in boundary.finditer(text, start + 2 * width // 3, latest + 1)]
        if ends:
            # Not within a run of spaces: an accent may stand on the last of them.
            return len(text[: _after_quotes(text, ends[-1])].rstrip())
    return _whole(text, latest)


def _after_quotes(text: str, end: int) -> int:
    return end + len(text[end:]) - len(text[end:].lstrip("\"'”’)]"))


def _whole(text: str, at: int) -> int:
    """Return *at*, or the start of the character as a reader sees it that *at* would cut."""
    while 0 < at < len(text) and _is_inside(text, at):
        at -= 1
    return at


def _is_inside(text: str, at: int) -> bool:
    if _FLAG.match(text, at):
        flags = next(i for i in range(at, -2, -1) if i < 0 or not _FLAG.match(text, i))
        return (at - flags) % 2 == 0
    return bool(unicodedata.combining(text[at]) or _ATTACHED.match(text, at) or text[at - 1] == _JOINER)
