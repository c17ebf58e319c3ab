"""What a word would have been in the keyboard's other layout (the two-set one, KS X 5002)."""

import re
import unicodedata

_LETTERS = "qwertyuiopasdfghjklzxcvbnmQWERTOP"
_JAMO = "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡㅃㅉㄸㄲㅆㅒㅖ"
_JAMO_OF = dict(zip(_LETTERS, _JAMO, strict=True))
_LETTER_OF = dict(zip(_JAMO, _LETTERS, strict=True))

_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_MEDIALS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_TYPED_AS_TWO = {
    two[0]: two[1:]
    for two in (
        *"ㅘㅗㅏ ㅙㅗㅐ ㅚㅗㅣ ㅝㅜㅓ ㅞㅜㅔ ㅟㅜㅣ ㅢㅡㅣ".split(),
        *"ㄳㄱㅅ ㄵㄴㅈ ㄶㄴㅎ ㄺㄹㄱ ㄻㄹㅁ ㄼㄹㅂ ㄽㄹㅅ ㄾㄹㅌ ㄿㄹㅍ ㅀㄹㅎ ㅄㅂㅅ".split(),
    )
}
_TYPED_AS_ONE = {two: one for one, two in _TYPED_AS_TWO.items()}


def _any_of(jamo: str) -> str:
    """Return a pattern for one of *jamo*, those typed with two keys first."""
    return "|".join(sorted((_TYPED_AS_TWO.get(one, one) for one in jamo.strip()), key=len, reverse=True))


# A consonant before a vowel begins the next syllable. Compiled when first used, as most searches are spared it.
_SYLLABLE = (
    f"(?P<initial>[{_INITIALS}])(?P<medial>{_any_of(_MEDIALS)})(?P<final>(?:{_any_of(_FINALS)})(?![{_MEDIALS}]))?"
)
_HANGUL, _IN_TURN = "[가-힣ㄱ-ㅣ]+", "[a-zA-Z]+"


def other_layout(word: str) -> str | None:
    """Return what the same keys type in the other layout, or None where they type no word.

    >>> other_layout("rmfhzm"), other_layout("ㅎ갭"), other_layout("groq")
    ('그로크', 'groq', None)
    """
    if re.search(_HANGUL, word):
        return None if re.search(_IN_TURN, word) else re.sub(_HANGUL, lambda run: _as_letters(run[0]), word)
    hangul = re.sub(_IN_TURN, lambda run: _as_hangul(run[0]), word)
    return None if hangul == word or re.search("[ㄱ-ㅣ]", hangul) else hangul


def _as_letters(hangul: str) -> str:
    return "".join(_LETTER_OF[key] for syllable in hangul for jamo in _parts(syllable) for key in _keys(jamo))


def _parts(syllable: str) -> str:
    if not "가" <= syllable <= "힣":
        return syllable
    number = ord(syllable) - ord("가")
    initial, medial, final = number // 588, number % 588 // 28, number % 28
    return (_INITIALS[initial] + _MEDIALS[medial] + _FINALS[final]).rstrip()


def _keys(jamo: str) -> str:
    return _TYPED_AS_TWO.get(jamo, jamo)


def _as_hangul(letters: str) -> str:
    jamo = "".join(_JAMO_OF.get(letter) or _JAMO_OF[letter.lower()] for letter in letters)
    return re.sub(_SYLLABLE, _composed, jamo)


def _composed(syllable: re.Match[str]) -> str:
    initial, medial, final = (_TYPED_AS_ONE.get(part, part) for part in syllable.groups(default=" "))
    number = _INITIALS.index(initial) * 588 + _MEDIALS.index(medial) * 28 + _FINALS.index(final)
    return chr(ord("가") + number)


def is_initials(word: str) -> bool:
    """Say whether *word* is two or more consonants that can begin syllables, and nothing else: ㄱㄹㅋ."""
    return re.fullmatch(f"[{_INITIALS}]{{2,}}", word) is not None


def initials_pattern(initials: str) -> str:
    """Return a regular expression for the syllables that begin with *initials*.

    >>> bool(re.fullmatch(initials_pattern("ㄱㄹㅋ"), "그로크"))
    True
    """
    return "".join(_range(_INITIALS.index(initial)) for initial in initials)


def _range(initial: int) -> str:
    first = ord("가") + initial * 588
    return f"[{chr(first)}-{chr(first + 587)}]"


def jamo(text: str) -> str:
    """Return *text* with its syllables taken apart, which is as far as a slip of the finger goes."""
    return unicodedata.normalize("NFD", text)


class _Keys(dict[int, str]):
    def __missing__(self, code: int) -> str:
        char = chr(code)
        is_typed_so = "가" <= char <= "힣" or "ㄱ" <= char <= "ㅣ"
        self[code] = "".join(map(_keys, _parts(char))) if is_typed_so else char
        return self[code]


_KEYS_OF = _Keys()


def keys(text: str) -> str:
    """Return what is pressed to type *text*, without spaces: what is typed by half is its beginning.

    >>> keys("그로크").startswith(keys("그롴")), keys("그로ㅋ") == keys("그롴"), keys("각 a")
    (True, True, 'ㄱㅏㄱa')
    """
    return "".join(text.translate(_KEYS_OF).split())


def initials(word: str) -> str:
    """
    >>> initials("그로크")
    'ㄱㄹㅋ'
    """
    return "".join(_parts(syllable)[0] for syllable in word)


def without_final(word: str) -> str:
    """
    >>> without_final("반돛"), without_final("gro")
    ('반도', 'gro')
    """
    number = ord(word[-1]) - ord("가")
    return f"{word[:-1]}{chr(ord(word[-1]) - number % 28)}" if 0 <= number < 11_172 else word
