"""The word lists of words.toml, and the grammar that makes sentences of them."""

import hashlib
import string
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

SEED = "나루"
HANGUL = range(0xAC00, 0xD7A4)
# Digits and letters whose Korean reading ends in a consonant: 영 일 삼 육 칠 팔, 엘 엠 엔 알.
CLOSED = frozenset("013678LMNRlmnr")
RIEUL = 8


@cache
def words() -> Mapping[str, Any]:
    return tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))


def rank(*key: object) -> int:
    """Return a number that depends on *key* alone, so that a new page leaves all others as they are."""
    text = "\0".join(map(str, (SEED, *key)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def pick(options: Sequence[T], *key: object) -> T:
    return options[rank(*key) % len(options)]


def draw(options: Sequence[T], count: int, *key: object) -> list[T]:
    """Return *count* different options."""
    order = sorted(range(len(options)), key=lambda i: rank(*key, i))
    return [options[i] for i in order[:count]]


def particle(word: str, pair: str) -> str:
    """Return the half of *pair* that *word* asks for.

    >>> particle("서점", "은/는"), particle("회사", "은/는"), particle("서울", "으로/로")
    ('은', '는', '로')
    """
    closed, open_ = pair.split("/")
    last = word.rstrip("’”)]%")[-1]
    if ord(last) not in HANGUL:
        return closed if last in CLOSED else open_
    coda = (ord(last) - HANGUL.start) % 28
    return open_ if coda == 0 or (coda == RIEUL and open_ == "로") else closed


class _Sentence(string.Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        text = str(value)
        return text + particle(text, format_spec) if format_spec else text


def sentence(pattern: str, slots: Mapping[str, object]) -> str:
    """Fill in *pattern*: `{company:은/는}` is the company with its particle.

    >>> sentence("{company:이/가} {place:으로/로} 간다.", {"company": "낮잠게임즈", "place": "두물시"})
    '낮잠게임즈가 두물시로 간다.'
    """
    return _Sentence().vformat(pattern, (), slots)
