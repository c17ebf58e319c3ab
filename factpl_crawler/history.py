"""What became of a document from version to version. Pure: no database here."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff
from typing import Any, NamedTuple


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


def changed_words(older: str, newer: str) -> tuple[list[Span], list[Span]]:
    """Return where *older* and *newer* hold words that the other does not.

    >>> changed_words("물은 차다.", "물은 차고 깊다.")
    ([Span(start=3, end=6)], [Span(start=3, end=9)])
    """
    old, new = _words(older), _words(newer)
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
