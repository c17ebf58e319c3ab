"""Names that a text gives in two scripts: 그로크(Groq), 거대 언어 모델(LLM), Groq(그로크).

A pair is a guess from one place; `index.aliases` decides, when it has seen them all, which are believed.
"""

import re
import unicodedata
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

# `sound`: one says the other. `initials`: Korean words that end with the name, and an abbreviation.
# `meaning`: what may be a translation.
Kind = Literal["sound", "initials", "meaning"]


class Pair(NamedTuple):
    kind: Kind
    korean: str
    latin: str


MOST_WORDS = 4
# How alike two names have to sound, and a name that ends as a sentence does: 이루다, but not 말했다.
_ALIKE, _SURELY_ALIKE = 0.65, 0.85
# Of three consonants, two are soon the same: 반도체 and Intel.
_FEW_SOUNDS, _FEW_ALIKE = 3, 0.7

_BRACKETS = re.compile(r"\(([^()\n]{2,60})\)")
_LOOK_BACK = 60
_QUOTED = re.compile(r"[‘“'\"<《「]([^‘’“”'\"<>《》「」]{2,30})[’”'\">》」]$")
_WORDS = re.compile(r"(?:[\w·&.-]+ ){0,3}[\w·&.-]+$")
_PIECE = re.compile(r"[^,;:/·]+")
# 이하 오픈AI, 옛 트위터: what is said of a name and is none of it.
_BESIDES = re.compile("^(?:이하|옛|구|현|전|당시) ")
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9&.'-]*(?: [A-Za-z0-9][A-Za-z0-9&.'-]*){0,3}")
_KOREAN = re.compile(r"(?=.*[가-힣])[가-힣A-Za-z]+(?: [가-힣A-Za-z]+){0,3}")
_ABBREVIATION = re.compile(r"[A-Z](?:[A-Z&]|&){1,5}")
_UNITS = frozenset("km kg cm mm gb mb tb kb mhz ghz hz kw mw gw kwh nm ml usd krw kst am pm tel fax vs".split())
_SENTENCE = re.compile("(?:[다요은는을를.]|에서|에게|으로|이라|라는|라고|하며|했고|의)$")


def pairs(text: str) -> Iterator[Pair]:
    """Yield what *text* gives in two scripts, in its order."""
    for brackets in _BRACKETS.finditer(text):
        left = text[max(0, brackets.start() - _LOOK_BACK) : brackets.start()]
        quoted = _QUOTED.search(left)
        words = quoted or _WORDS.search(left)
        if words is None:
            continue
        before = (quoted[1] if quoted else words[0].lstrip("·.-")).split()
        for piece in _PIECE.finditer(brackets[1]):
            if pair := _pair(before, _BESIDES.sub("", piece[0].strip())):
                yield pair


def _pair(before: list[str], inside: str) -> Pair | None:
    if not before:
        return None
    if re.search("[가-힣]", before[-1]) and _LATIN.fullmatch(inside):
        return _korean_first(before, inside) if inside.lower() not in _UNITS else None
    if before[-1].isascii() and _KOREAN.fullmatch(inside):
        return _latin_first(before, inside)
    return None


def _korean_first(before: list[str], latin: str) -> Pair | None:
    before = _without_digits(before)
    if korean := _sounding_like(latin, before):
        return Pair("sound", korean, latin)
    if not before or _SENTENCE.search(before[-1]):
        return None
    if _ABBREVIATION.fullmatch(latin):
        return Pair("initials", " ".join(before), latin)
    if not _is_telling(latin):
        return None
    words = len(latin.split())
    korean = before[-1] if syllables(before[-1]) >= 2 * words else " ".join(before[-words:])
    return Pair("meaning", korean, latin)


def _latin_first(before: list[str], korean: str) -> Pair | None:
    latin_words: list[str] = []
    for word in reversed(before):
        if not _LATIN.fullmatch(word):
            break
        latin_words.insert(0, word)
    if latin := _sounding_like(korean, latin_words):
        return Pair("sound", korean, latin)
    last = before[-1]
    is_long_enough = syllables(korean) >= max(4, 2 * len(last) - 1)
    if not _ABBREVIATION.fullmatch(last) or not is_long_enough or _SENTENCE.search(korean):
        return None
    return Pair("meaning", korean, last)


def _is_telling(latin: str) -> bool:
    """IoT and Fleet may be translations; F5, mg and tba are codes, units and notes."""
    letters = "".join(filter(str.isalpha, latin))
    return len(letters) > 3 or (len(letters) == 3 and not letters.islower())


def _without_digits(words: list[str]) -> list[str]:
    """Keep the words after the last one that is a date, an amount or an age."""
    numbered = [i for i, word in enumerate(words) if re.match("[0-9]", word) or re.search("[0-9]$", word)]
    return words[numbered[-1] + 1 :] if numbered else words


def syllables(korean: str) -> int:
    return len(re.findall("[가-힣A-Za-z]", korean))


def pair_terms(*texts: str) -> list[str]:
    """Return the pairs of *texts* as terms, which an index can count."""
    return list(dict.fromkeys("\t".join(pair) for text in texts for pair in pairs(text)))


# --- Sounds -------------------------------------------------------------------------------------------------------

# Consonants that Hangul and Latin letters spell in each other's place are one class.
_HANGUL_SOUNDS = {
    **dict.fromkeys("ᄀᄁᄏᆨᆩᆿ", "k"),
    **dict.fromkeys("ᄂᆫᆼ", "n"),
    **dict.fromkeys("ᄃᄄᄐᄉᄊᄌᄍᄎᆮᇀᆺᆻᆽᆾ", "s"),
    **dict.fromkeys("ᄅᆯ", "l"),
    **dict.fromkeys("ᄆᆷ", "m"),
    **dict.fromkeys("ᄇᄈᄑᆸᇁ", "p"),
}
_LATIN_SOUNDS = {
    **dict.fromkeys("ckqg", "k"),
    **dict.fromkeys("n", "n"),
    **dict.fromkeys("dtszj", "s"),
    **dict.fromkeys("lr", "l"),
    **dict.fromkeys("m", "m"),
    **dict.fromkeys("bpfv", "p"),
    "x": "ks",
}
# As they are said, in this order.
_SPELLINGS = (
    *(("ng(?![aeiou])", "n"), ("ch|sh|th|tch", "s"), ("ph", "f"), ("gh", ""), ("c(?=[eiy])", "s")),
    *(("g(?=[eiy])", "j"), ("r(?![aeiouy])|(?<=[aeiou])re(?![a-z])", ""), ("(?<=[aeiou])w", "")),
)


def _sounding_like(name: str, words: list[str]) -> str | None:
    """Return the last of *words*, as many as sound most like *name*, or None where none do."""
    sound = _sound(name)
    if not sound or not all(map(_is_spoken, (name, *words[-1:]))):
        return None
    ends = [" ".join(words[-count:]) for count in range(1, min(MOST_WORDS, len(words)) + 1)]
    alike = [(SequenceMatcher(None, sound, _sound(end)).ratio(), -len(end), end) for end in ends]
    best = max(alike, default=(0.0, 0, ""))
    enough = _SURELY_ALIKE if _SENTENCE.search(best[2]) else _FEW_ALIKE if len(sound) <= _FEW_SOUNDS else _ALIKE
    return best[2] if best[0] >= enough else None


def _is_spoken(name: str) -> bool:
    """NASA is said as it is written; CEO and TSMC are spelled out."""
    return not _ABBREVIATION.fullmatch(name) or (len(name) > 3 and re.search("[AEIOU]", name) is not None)


def _sound(name: str) -> str:
    """Return the consonants of a name in either script, neighbours that are alike as one."""
    latin = name.lower()
    for spelling, said in _SPELLINGS:
        latin = re.sub(spelling, said, latin)
    letters = unicodedata.normalize("NFD", latin)
    return re.sub(r"(.)\1+", r"\1", "".join(_HANGUL_SOUNDS.get(one) or _LATIN_SOUNDS.get(one, "") for one in letters))
