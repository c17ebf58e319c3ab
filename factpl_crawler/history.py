"""What became of a document from version to version. Pure: no database here."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff
from itertools import islice, takewhile
from typing import Any, NamedTuple

# Pairs of words: to compare so many takes about a second, and a page may have as many as its writer likes.
_MOST_COMPARED = 4_000_000


@dataclass(frozen=True)
class Version:
    """`superseded_at` is when the next one came or the document was removed; the current one has none.

    `content` is what makes a new version when it changes; see `rows.entry_content` and `rows.article_content`.
    """

    number: int
    content: Mapping[str, Any]
    superseded_at: str | None = None


class Span(NamedTuple):
    start: int
    end: int


def with_older(versions: Sequence[Version]) -> Iterator[tuple[Version, Version | None]]:
    """Yield each of *versions*, which stand newest first, with the one before it in time."""
    for number, version in enumerate(versions, 1):
        yield version, versions[number] if number < len(versions) else None


def changed_fields(older: Version | None, newer: Version) -> list[str]:
    if older is None:
        return []
    return [name for name, value in newer.content.items() if older.content.get(name) != value]


def text_lines(version: Version) -> list[str]:
    """Return the headline, the paragraphs and the captions, a line each."""
    texts = [version.content["headline"], version.content["body"], *version.content.get("captions", ())]
    return [line for text in texts for line in text.splitlines() if line.strip()]


def text_diff(older: Version, newer: Version) -> list[str]:
    """Return a unified diff of the texts; none where something else changed."""
    names = (f"version {older.number}", f"version {newer.number}")
    return list(unified_diff(text_lines(older), text_lines(newer), *names, n=1, lineterm=""))


class DiffLine(NamedTuple):
    """`sign` is + or -, a space for what stayed, @ for the lines between; `changed` are the words that are others."""

    sign: str
    text: str
    changed: list[Span]


def diff_lines(older: Version, newer: Version) -> Iterator[DiffLine]:
    """Yield what `text_diff` says, each paragraph with the words that changed."""
    diff = text_diff(older, newer)
    yield from (DiffLine("@", line, []) for line in diff[:2])
    at = 2
    while at < len(diff):
        gone = _run(diff, at, "-")
        new = _run(diff, at + len(gone), "+")
        # As many paragraphs as before are the same ones with other words.
        paired = gone and len(gone) == len(new)
        marks = [changed_words(*pair) for pair in zip(gone, new, strict=True)] if paired else []
        for side, (sign, lines) in enumerate((("-", gone), ("+", new))):
            yield from (DiffLine(sign, text, marks[n][side] if marks else []) for n, text in enumerate(lines))
        if not gone and not new:
            sign = diff[at][0]
            yield DiffLine(sign, diff[at] if sign == "@" else diff[at][1:], [])
        at += len(gone) + len(new) or 1


def _run(diff: Sequence[str], at: int, sign: str) -> list[str]:
    return [line[1:] for line in takewhile(lambda line: line.startswith(sign), islice(diff, at, None))]


def changed_words(older: str, newer: str) -> tuple[list[Span], list[Span]]:
    """Return where *older* and *newer* hold words that the other does not: all of them, where there are too many.

    >>> changed_words("물은 차다.", "물은 차고 깊다.")
    ([Span(start=3, end=6)], [Span(start=3, end=9)])
    """
    old, new = _words(older), _words(newer)
    if len(old) * len(new) > _MOST_COMPARED:
        return [Span(0, len(older))], [Span(0, len(newer))]
    same = SequenceMatcher(
        None, [older[slice(*span)] for span in old], [newer[slice(*span)] for span in new], autojunk=False
    )
    marks: tuple[list[Span], list[Span]] = ([], [])
    for kind, *bounds in same.get_opcodes():
        for mark, words, first, end in zip(marks, (old, new), bounds[::2], bounds[1::2], strict=True):
            if kind != "equal" and first < end:
                mark.append(Span(words[first].start, words[end - 1].end))
    return marks


def _words(text: str) -> list[Span]:
    return [Span(*found.span()) for found in re.finditer(r"\S+", text)]
