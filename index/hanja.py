"""Hanja as they are read in Korean: of several readings, the one that makes the likelier word."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_suffix(".txt")

# Compiled for the first text that needs them: most searches see none.
_HANJA = "[\u3400-\u9fff]"
# A longer word is read in parts, so that no text takes longer than its length.
_WORD = "(?P<counted>(?<=[0-9]))?[가-힣\u3400-\u9fff]{1,16}"
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
    if not re.search(_HANJA, text):
        return text
    return re.sub(_WORD, lambda word: _read(word, cost) if re.search(_HANJA, word[0]) else word[0], text)


def _read(word: re.Match[str], cost: Cost) -> str:
    choices = [_readings(character) for character in word[0]]
    if word["counted"] is None:
        choices[0] = tuple(dict.fromkeys(map(at_start, choices[0])))
    read = [readings[0] for readings in choices]
    for i, readings in enumerate(choices if len(choices) > 1 else ()):
        if len(readings) > 1:
            seldom = _SELDOM.get(word[0][i], "")
            costs = {
                one: cost("".join([*read[:i], one, *read[i + 1 :]])) + _SURCHARGE * (one in seldom) for one in readings
            }
            read[i] = min(costs, key=lambda one: costs[one])
    return "".join(read)


def _readings(character: str) -> tuple[str, ...]:
    """Return what *character* may be read as, in the midst of a word; what is no Hanja of the table is itself."""
    readings = _table().get(character, ())
    return tuple(dict.fromkeys([*readings, *map(at_start, readings)])) or (character,)


@cache
def _table() -> dict[str, list[str]]:
    table: dict[str, list[str]] = defaultdict(list)
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        reading, _, characters = line.partition(" ")
        for character in characters if reading != "#" else "":
            table[character].append(reading)
    return dict(table)


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
