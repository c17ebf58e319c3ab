"""Hanja as they are read in Korean: of several readings, the one that makes the likelier word."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path

TABLE = Path(__file__).with_suffix(".txt")

# A longer word is read in parts, so that no text takes longer than its length.
_LONGEST = 16
_SAID_AT_START = (("^[ᄂᄅ](?=[ᅣᅤᅧᅨᅭᅲᅵ])", "ᄋ"), ("^ᄅ", "ᄂ"))

# Readings of few words, which have to be that much likelier: 敗北 is 패배, and 北京 is not 배경.
_SELDOM = dict(
    pair.split(":") for pair in "北:배 車:거 說:열 樂:요 度:탁 數:삭 見:현 省:생 食:사 布:보 句:귀 木:모".split()
)
_SURCHARGE = 1_000

# How unlikely it is that somebody writes this.
Cost = Callable[[str], int]


def read_hanja(text: str, cost: Cost) -> str:
    """Return *text*, as long as it was, with a syllable for each Hanja that the table has."""
    pieces: list[str] = []
    done = 0
    for start, end in _words(text):
        is_counted = "0" <= text[start - 1 : start] <= "9"
        pieces += (text[done:start], _read(text[start:end], cost, is_counted=is_counted))
        done = end
    return "".join([*pieces, text[done:]])


def _words(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the words with Hanja are, and parts of long ones. By hand: wide classes take long to compile."""
    end = 0
    for place, character in enumerate(text):
        if place < end or not _is_hanja(character):
            continue
        start = place
        while start > end and _is_written(text[start - 1]):
            start -= 1
        end = place + 1
        while end < len(text) and _is_written(text[end]):
            end += 1
        yield from ((at, min(at + _LONGEST, end)) for at in range(start, end, _LONGEST))


def _is_hanja(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff"


def _is_written(character: str) -> bool:
    return "가" <= character <= "힣" or _is_hanja(character)


def _read(word: str, cost: Cost, *, is_counted: bool) -> str:
    if not any(map(_is_hanja, word)):
        return word
    choices = [_readings(character) for character in word]
    if not is_counted:
        choices[0] = tuple(dict.fromkeys(map(at_start, choices[0])))
    read = [readings[0] for readings in choices]
    for i, readings in enumerate(choices if len(choices) > 1 else ()):
        if len(readings) > 1:
            seldom = _SELDOM.get(word[i], "")
            costs = {
                one: cost("".join([*read[:i], one, *read[i + 1 :]])) + _SURCHARGE * (one in seldom) for one in readings
            }
            read[i] = min(costs, key=lambda one: costs[one])
    return "".join(read)


@lru_cache(maxsize=10_000)
def _readings(character: str) -> tuple[str, ...]:
    """Return what *character* may be read as, in the midst of a word; what is no Hanja of the table is itself."""
    readings = list(_lines_with(character)) if _is_hanja(character) else []
    return tuple(dict.fromkeys([*readings, *map(at_start, readings)])) or (character,)


def _lines_with(character: str) -> Iterator[str]:
    """Yield the readings of the table's lines that have *character*: to take all of them apart takes longer."""
    place = _table().find(character)
    while place >= 0:
        yield _table()[_table().rindex("\n", 0, place) + 1]
        place = _table().find(character, place + 1)


@cache
def _table() -> str:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return "\n" + "\n".join(line for line in lines if not line.startswith("#"))


def at_start(syllable: str) -> str:
    """Return *syllable* as it is said and written at the beginning of a word.

    >>> "".join(map(at_start, "녀로룡가"))
    '여노용가'
    """
    if not "가" <= syllable <= "힣":
        return syllable
    jamo = unicodedata.normalize("NFD", syllable)
    for pattern, initial in _SAID_AT_START:
        jamo = re.sub(pattern, initial, jamo)
    return unicodedata.normalize("NFC", jamo)
