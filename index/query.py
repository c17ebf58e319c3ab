"""What people type, as a tree. The language is described in docs/query.md; no engine is known here."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from index.korean import is_particle, is_searchable
from index.schema import FIELD_BY_PREFIX, KINDS, SAME_FIELD, Field

MAX_LENGTH = 1_000
MAX_TERMS = 64
MAX_DEPTH = 16
MAX_SLOP = 20

# --- The tree -----------------------------------------------------------------------------------------------------

# Each has a docstring: without one, a dataclass writes its signature there, which takes as long as all the rest of it.


@dataclass(frozen=True)
class Word:
    """With any particle or ending, or as part of a compound."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Phrase:
    """`slop` is how many positions the words may be apart beyond standing side by side."""

    text: str
    slop: int = 0

    def __str__(self) -> str:
        return f'"{self.text}"' + (f"~{self.slop}" if self.slop else "")


@dataclass(frozen=True)
class Stem(Phrase):
    """What stands as a word of its own, but for its particle: found and ranked fast, and never typed."""


@dataclass(frozen=True)
class Prefix:
    """Every word that begins with `text`."""

    text: str

    def __str__(self) -> str:
        return f"{self.text}*"


Text = Word | Phrase | Prefix


@dataclass(frozen=True)
class FieldQuery:
    """`field` is one of `schema.FIELDS`."""

    field: str
    value: Text

    def __str__(self) -> str:
        return f"{self.field}:{self.value}"


@dataclass(frozen=True)
class Range:
    """From `low` to `high`, both included; None is open. Days for `date`, numbers for `issue`."""

    field: str
    low: date | int | None
    high: date | int | None

    def __str__(self) -> str:
        low, high = ("" if end is None else str(end) for end in (self.low, self.high))
        return f"{self.field}:{low}..{high}"


@dataclass(frozen=True)
class Everything:
    """What nobody has to type."""

    def __str__(self) -> str:
        return ""


@dataclass(frozen=True)
class Not:
    """All that `child` does not match."""

    child: "Query"

    def __str__(self) -> str:
        return f"-({self.child})" if isinstance(self.child, Not | And | Or) else f"-{self.child}"


@dataclass(frozen=True)
class And:
    """What all of `children` match."""

    children: "tuple[Query, ...]"

    def __str__(self) -> str:
        return " ".join(_grouped(child) for child in self.children)


@dataclass(frozen=True)
class Or:
    """What any of `children` matches."""

    children: "tuple[Query, ...]"

    def __str__(self) -> str:
        return " OR ".join(_grouped(child) for child in self.children)


@dataclass(frozen=True)
class Weighted:
    """What matches as `child` does and scores `weight` times as much; never typed."""

    child: "Query"
    weight: float

    def __str__(self) -> str:
        return f"{_grouped(self.child)}^{self.weight:g}"


Query = Text | FieldQuery | Range | Everything | Not | And | Or | Weighted


def _grouped(query: Query) -> str:
    return f"({query})" if isinstance(query, And | Or) else str(query)


def all_of(queries: list[Query]) -> Query:
    flat = [part for query in queries for part in (query.children if isinstance(query, And) else (query,))]
    flat = [part for part in flat if part != Everything()]
    return flat[0] if len(flat) == 1 else And(tuple(flat)) if flat else Everything()


def any_of(queries: list[Query]) -> Query:
    flat = [part for query in queries for part in (query.children if isinstance(query, Or) else (query,))]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def wanted(query: Query) -> Iterator[tuple[str | None, Text]]:
    """Yield what is looked for, not what is excluded, each with the field it is looked for in."""
    return ((field, value) for field, value, _ in weighted(query))


def weighted(query: Query, weight: float = 1.0) -> Iterator[tuple[str | None, Text, float]]:
    """Yield what is wanted, each with its field and how much it counts."""
    match query:
        case Word() | Phrase() | Prefix():
            yield None, query, weight
        case FieldQuery():
            yield query.field, query.value, weight
        case Weighted():
            yield from weighted(query.child, weight * query.weight)
        case And() | Or():
            for child in query.children:
                yield from weighted(child, weight)


class QueryError(ValueError):
    """One line: what is wrong, at which character (from 1), and what to do."""


# --- Reading ------------------------------------------------------------------------------------------------------

_QUOTES = '"“”„‟'
_PREFIX = re.compile(r"[^\W\d_]+(?=:)")
_FIELD_OF_MANY = re.compile(r"([^\W\d_]+):([-(])")
_NUMBER = re.compile(r"#?([0-9]{1,9})호?")
_SLOP = re.compile(r"~([0-9]*)")
_FULL_WIDTH = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)}


class _Lexeme(NamedTuple):
    """`kind` is one of `( ) - or term`."""

    kind: str
    position: int
    query: Query = Everything()


def parse(text: str) -> Query:
    """Raise QueryError when *text* does not say what to look for."""
    # Hangul taken apart is up to three times as long.
    if len(text) > 3 * MAX_LENGTH or len(text := unicodedata.normalize("NFC", text)) > MAX_LENGTH:
        raise QueryError(f"the query has {len(text)} characters, more than {MAX_LENGTH}: shorten it")
    lexemes = list(_Lexer(text.translate(_FULL_WIDTH)).lexemes())
    if sum(lexeme.kind == "term" for lexeme in lexemes) > MAX_TERMS:
        raise QueryError(f"the query has more than {MAX_TERMS} words: leave some out")
    if not lexemes and text.strip():
        raise QueryError(f"nothing to look for in {text.strip()!r}: type a word with letters or digits")
    return _Parser(lexemes).parse()


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def lexemes(self) -> Iterator[_Lexeme]:
        while self.at < len(self.text):
            position = self.at + 1
            if (char := self.text[self.at]).isspace():
                self.at += 1
            elif char in "()-|":
                self.at += 1
                yield _Lexeme("or" if char == "|" else char, position)
            elif char in _QUOTES:
                yield _Lexeme("term", position, self.phrase())
            else:
                yield from self.word(position)

    def phrase(self) -> Phrase:
        start = self.at + 1
        end = next((i for i in range(start, len(self.text)) if self.text[i] in _QUOTES), -1)
        if end < 0:
            raise QueryError(f"the quote at position {start} is not closed: close it or leave it out")
        self.at = end + 1
        text = " ".join(self.text[start:end].split())
        if not is_searchable(text):
            raise QueryError(f"the quotes at position {start} hold no word: write one in them or leave them out")
        return Phrase(text, self.slop())

    def slop(self) -> int:
        if not (tilde := _SLOP.match(self.text, self.at)):
            return 0
        if not tilde[1] or len(tilde[1]) > 2 or int(tilde[1]) > MAX_SLOP:
            raise QueryError(f"'~' at position {self.at + 1} needs a number up to {MAX_SLOP}: write \"two words\"~3")
        self.at = tilde.end()
        return int(tilde[1])

    def word(self, position: int) -> Iterator[_Lexeme]:
        if (many := _FIELD_OF_MANY.match(self.text, self.at)) and _field(many[1]):
            right = f"-{many[1]}:…" if many[2] == "-" else f"({many[1]}:… OR {many[1]}:…)"
            raise QueryError(f"{many[1]}: at position {position} takes one word or phrase: write {right}")
        follows = position > 1 and self.text[position - 2] in f"){_QUOTES}"
        text = self.take()
        # All words are asked for as it is, and particles are not.
        if text == "AND" or (follows and is_particle(text)):
            return
        if text == "OR":
            yield _Lexeme("or", position)
        elif query := self.field_query(text, position):
            yield _Lexeme("term", position, query)
        elif word := _word(text, position):
            yield _Lexeme("term", position, word)

    def take(self) -> str:
        """Read to the end of a word, which may hold whole parentheses: 그로크(Groq). An address may hold a bar."""
        start, opened = self.at, []
        while self.at < len(self.text) and not (char := self.text[self.at]).isspace() and char not in _QUOTES:
            if char == "|" and "://" not in self.text[start : self.at]:
                break
            if char == "(":
                opened.append(self.at + 1)
            elif char == ")" and not opened:
                break
            elif char == ")":
                opened.pop()
            self.at += 1
        if opened:
            raise QueryError(f"'(' at position {opened[0]} is not closed: close it, or put the words in quotes")
        return self.text[start : self.at]

    def field_query(self, text: str, position: int) -> Query | None:
        prefix = _PREFIX.match(text)
        value = text[prefix.end() + 1 :] if prefix else ""
        if not prefix or value.startswith("//"):
            return None
        field = _field(prefix[0])
        quoted = not value and self.at < len(self.text) and self.text[self.at] in _QUOTES
        if field is None and (value or quoted):
            raise _unknown_field(prefix[0], text, position)
        if field is None:
            return None
        if quoted:
            return _field_query(field, self.phrase(), position)
        word = _word(value, position + prefix.end() + 1)
        if not word:
            raise QueryError(f"{prefix[0]}: at position {position} has no value: write it after the colon")
        return _field_query(field, word, position)


def _word(text: str, position: int) -> Word | Prefix | None:
    """Return None for signs alone."""
    if text.startswith("*"):
        raise QueryError(f"'*' at position {position} has no beginning of a word before it: write 반도*, or drop it")
    if not is_searchable(text):
        return None
    if "*" in text.rstrip("*"):
        raise QueryError(f"'*' at position {position + text.index('*')} is not at the end of a word: write 반도*")
    return Prefix(text.rstrip("*")) if text.endswith("*") else Word(text)


def _field(prefix: str) -> Field | None:
    name = prefix.casefold()
    return FIELD_BY_PREFIX.get(SAME_FIELD.get(name, name))


def _unknown_field(name: str, text: str, position: int) -> QueryError:
    from difflib import get_close_matches

    close = get_close_matches(name.casefold(), FIELD_BY_PREFIX, n=1)
    hint = f"did you mean {close[0]}:" if close else f"use one of {', '.join(FIELD_BY_PREFIX)}"
    return QueryError(f'unknown field {name}: at position {position}; {hint}, or put it in quotes: "{text}"')


def _field_query(field: Field, value: Text, position: int) -> Query:
    if isinstance(value, Prefix) and field.type != "text":
        raise QueryError(f"only headline: and body: take a '*': at position {position} write {field.name}:{value.text}")
    if field.type == "day":
        return _days(field.name, value.text, position)
    if field.name == "issue" and ".." in value.text:
        return _numbers(field.name, value.text, position)
    if field.name == "kind":
        return FieldQuery(field.name, Word(_kind(value.text, position)))
    return FieldQuery(field.name, value)


def _kind(text: str, position: int) -> str:
    if kind := KINDS.get(text.casefold()):
        return kind
    raise QueryError(f"no kind {text} at position {position}: write one of {', '.join(KINDS)}")


def _days(field: str, text: str, position: int) -> Range:
    low, dots, high = text.partition("..")
    first = _period(low, position)[0] if low else None
    last = _period(high or low, position)[1] if high or not dots else None
    if first and last and first > last:
        raise _reversed(field, text, f"{high}..{low}", position)
    return Range(field, first, last)


def _period(text: str, position: int) -> tuple[date, date]:
    from factpl_crawler.text import DateError, parse_period

    try:
        return parse_period(text)
    except DateError as e:
        raise QueryError(f"{text!r} at position {position} is not a date: write 2023, 2023-10 or 2023-10-26") from e


def _numbers(field: str, text: str, position: int) -> Range:
    low, _, high = text.partition("..")
    ends = [_NUMBER.fullmatch(end) if end else None for end in (low, high)]
    if any(end and not number for end, number in zip((low, high), ends, strict=True)):
        raise QueryError(f"{text!r} at position {position} is not a range of issues: write issue:50..60")
    first, last = (int(number[1]) if number else None for number in ends)
    if first is not None and last is not None and first > last:
        raise _reversed(field, text, f"{high}..{low}", position)
    return Range(field, first, last)


def _reversed(field: str, text: str, other: str, position: int) -> QueryError:
    return QueryError(f"the range {text} at position {position} ends before it begins: write {field}:{other}")


class _Parser:
    """query := either*; either := one (OR one)*; one := [-] (term | '(' query ')')."""

    def __init__(self, lexemes: list[_Lexeme]) -> None:
        self.lexemes = lexemes
        self.at = 0

    def peek(self) -> _Lexeme | None:
        return self.lexemes[self.at] if self.at < len(self.lexemes) else None

    def next_is(self, kind: str) -> bool:
        lexeme = self.peek()
        return lexeme is not None and lexeme.kind == kind

    def parse(self) -> Query:
        query = self.every(depth=0)
        if lexeme := self.peek():
            raise QueryError(f"')' at position {lexeme.position} closes nothing: leave it out, or put it in quotes")
        return query

    def every(self, depth: int) -> Query:
        queries: list[Query] = []
        while self.peek() and not self.next_is(")"):
            queries.append(self.either(depth))
        return all_of(queries)

    def either(self, depth: int) -> Query:
        queries = [self.one(depth)]
        while self.next_is("or"):
            operator = self.lexemes[self.at]
            self.at += 1
            if not self.peek() or self.next_is(")") or self.next_is("or"):
                raise _dangling("OR", operator)
            queries.append(self.one(depth))
        return any_of(queries)

    def one(self, depth: int) -> Query:
        lexeme = self.lexemes[self.at]
        self.at += 1
        if lexeme.kind == "or":
            raise _dangling("OR", lexeme)
        if lexeme.kind == "-":
            if not (self.next_is("term") or self.next_is("(")) or self.lexemes[self.at].position != lexeme.position + 1:
                raise _dangling("-", lexeme)
            return Not(self.one(depth))
        return self.group(lexeme, depth + 1) if lexeme.kind == "(" else lexeme.query

    def group(self, opening: _Lexeme, depth: int) -> Query:
        if depth > MAX_DEPTH:
            raise QueryError(f"more than {MAX_DEPTH} parentheses inside each other: use fewer")
        query = self.every(depth)
        if not self.next_is(")"):
            raise QueryError(f"'(' at position {opening.position} is not closed: write ')' after its words")
        self.at += 1
        if query == Everything():
            raise QueryError(f"the parentheses at position {opening.position} hold no word: fill them or drop them")
        return query


def _dangling(operator: str, lexeme: _Lexeme) -> QueryError:
    if operator == "-":
        return QueryError(f"'-' at position {lexeme.position} excludes nothing: write -word without a space or drop it")
    return QueryError(f'OR at position {lexeme.position} needs a word on both sides: add it, or quote it: "OR"')
