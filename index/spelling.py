"""The words of the index in a small file, and which of them somebody may have meant."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from heapq import nsmallest
from pathlib import Path
from string import ascii_lowercase
from typing import NamedTuple

from index.keyboard import initials_pattern, jamo
from index.meta import replace_file

# A line for a word: `word<tab>documents`, the most frequent first.
WORDS = "words.txt"
MAX_WORDS = 200_000
_WORD = "[가-힣]{2,12}|[a-z]{3,20}"  # compiled by who writes
# No word of an index is as long as what is longer.
_SHORTEST, _LONGEST = 4, 200
_FIRST = ord("가")
_LONG = 9


class Guess(NamedTuple):
    """`distance` counts keys: added, left out, exchanged or taken for another."""

    distance: int
    word: str
    documents: int


def write_words(folder: Path, counted: Iterable[tuple[str, int]]) -> None:
    is_word = re.compile(_WORD).fullmatch
    words = ((-documents, word) for word, documents in counted if is_word(word))
    replace_file(folder / WORDS, (f"{word}\t{-negative}\n" for negative, word in nsmallest(MAX_WORDS, words)))


class Vocabulary:
    """The words of the index in *folder*; an index without its file has none."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / WORDS

    @cached_property
    def _text(self) -> str:
        try:
            return _read(self._file, self._file.stat().st_mtime_ns)
        except FileNotFoundError:  # it may have been replaced since it was opened
            return ""

    def __contains__(self, word: str) -> bool:
        return f"\n{word}\t" in self._text

    def with_initials(self, initials: str, limit: int) -> list[str]:
        """Return the most frequent words whose syllables begin with *initials*, else those that go on after them."""
        pattern = initials_pattern(initials)
        return self._matching(pattern, limit) or self._matching(f"{pattern}[가-힣]+", limit)

    def _matching(self, pattern: str, limit: int) -> list[str]:
        found = re.finditer(f"^({pattern})\t", self._text, re.MULTILINE)
        return [match[1] for match, _ in zip(found, range(limit), strict=False)]

    def alike(self, word: str, limit: int) -> list[Guess]:
        """Return the words that are a slip or two away from *word*, the nearest and most frequent first."""
        typed = jamo(word)
        if not _SHORTEST <= len(typed) <= _LONGEST:
            return []
        # Only here: most searches find something.
        from rapidfuzz.distance import OSA
        from rapidfuzz.process import extract_iter

        lines = self._text.splitlines()
        taken_apart = jamo(self._text).splitlines()
        choices = (line.partition("\t")[0] for line in taken_apart)
        farthest = 1 if len(typed) < _LONG else 2
        found = extract_iter(typed, choices, scorer=OSA.distance, score_cutoff=farthest)
        return nsmallest(limit, (_guess(lines[number], distance) for _, distance, number in found), key=_order)


@lru_cache(maxsize=2)
def _read(file: Path, _changed: int) -> str:
    return "\n" + file.read_text(encoding="utf-8")


def _guess(line: str, distance: int) -> Guess:
    word, _, documents = line.partition("\t")
    return Guess(distance, word, int(documents))


def _order(guess: Guess) -> tuple[int, int, str]:
    return guess.distance, -guess.documents, guess.word


def slips(word: str) -> set[str]:
    """Return what Hangul or small Latin letters may have been meant for, one key away; not all of it is a word.

    >>> sorted(slips("ab"))[:3]
    ['a', 'aa', 'aab']
    """
    if word.isascii():
        return _letter_slips(word) - {word}
    changed = ((i, other) for i, syllable in enumerate(word) for other in _alike(syllable))
    return {word[:i] + other + word[i + 1 :] for i, other in changed} - {word}


def _alike(syllable: str) -> Iterator[str]:
    """Yield the syllables with another initial, another vowel, or another final or none."""
    number = ord(syllable) - _FIRST
    medial, final = number % 588 // 28, number % 28
    yield from (chr(_FIRST + initial * 588 + number % 588) for initial in range(19))
    yield from (chr(_FIRST + number + (other - medial) * 28) for other in range(21))
    yield from (chr(_FIRST + number + other - final) for other in range(28))


def _letter_slips(word: str) -> set[str]:
    cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    left_out = {before + after[1:] for before, after in cuts if after}
    exchanged = {before + after[1] + after[0] + after[2:] for before, after in cuts if len(after) > 1}
    added = {before + letter + after for before, after in cuts for letter in ascii_lowercase}
    taken = {before + letter + after[1:] for before, after in cuts if after for letter in ascii_lowercase}
    return left_out | exchanged | added | taken


def is_clear(guesses: list[Guess]) -> bool:
    """Say whether the first guess stands alone: one slip away, and no other as near is nearly as frequent."""
    if not guesses or guesses[0].distance > 1:
        return False
    return all(other.distance > 1 or other.documents * 3 <= guesses[0].documents for other in guesses[1:])
