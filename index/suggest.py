"""What somebody who is typing may be about to type: words, names and headlines of the index."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from index.aliases import read_aliases
from index.keyboard import initials, is_initials, keys, other_layout, without_final
from index.korean import bare_noun
from index.meta import Meta
from index.query import Everything, FieldQuery, Phrase, Prefix, Query, Word, all_of
from index.schema import LABEL_SEPARATOR, VALUE_SEPARATOR, stored_document
from index.search import opened
from index.spelling import WORDS

if TYPE_CHECKING:
    from index.whoosh_engine import Reader

LONGEST = 60
MOST_NAMES, MOST_HEADLINES = 3, 3
# Of a shorter beginning there are too many words, and all of them would be looked through.
_SHORTEST_IN_HEADLINE = 2
# A word may be there with as many particles.
_FORMS = 5
_LAST_WORD = re.compile(r"[0-9a-zㄱ-ㅣ가-힣]+$")
_WORD = re.compile(r"[0-9a-z가-힣]+")
_HALF_TYPED = re.compile("[ㄱ-ㅣ]+$")


@dataclass(frozen=True)
class Suggestion:
    """`id` is of the document that a headline is of."""

    text: str
    kind: Literal["word", "name", "headline"]
    id: str | None = None


def suggest(typed: str, *, index_dir: Path, limit: int = 8) -> list[Suggestion]:
    """Return how what was typed may go on; its last syllable may be typed by half. Raises SearchError."""
    written = " ".join(unicodedata.normalize("NFC", typed[: 3 * LONGEST]).split())
    text = written.casefold()
    if not text or len(text) > LONGEST:
        return []
    with opened(index_dir) as (reader, meta):
        found = [
            *islice(_names(text, reader, index_dir, meta), MOST_NAMES),
            *_words(text, written, index_dir / meta.folder, limit),
        ]
        headlines = list(_headlines(text, reader))
    room = limit - min(len(headlines), MOST_HEADLINES)
    unlike = {one.text.casefold(): one for one in reversed(found) if one.text.casefold() != text}
    return [*list(reversed(unlike.values()))[:room], *headlines][:limit]


class _Book:
    """Texts by the keys that type them, in the order in which they are to be given."""

    def __init__(self, typed: Iterable[tuple[str, str]]) -> None:
        lines: dict[str, list[str]] = defaultdict(list)
        for way, text in typed:
            if way:
                lines[way[0]].append(f"{way}\t{text}\n")
        # One text for each first key: to look through all of them takes several times as long.
        self._pages = {first: "\n" + "".join(of_key) for first, of_key in lines.items()}

    def beginning(self, typed: str) -> Iterator[str]:
        page = self._pages.get(typed[:1], "")
        at = page.find(sought := f"\n{typed}")
        while at >= 0:
            end = page.index("\n", at + 1)
            yield page[page.index("\t", at) + 1 : end]
            at = page.find(sought, end)


# --- Words --------------------------------------------------------------------------------------------------------


def _words(text: str, written: str, folder: Path, limit: int) -> Iterator[Suggestion]:
    last = _LAST_WORD.search(text)
    if last is None or text[: last.start()].endswith(":"):
        return
    # What stands before may be an operator: LPU OR 반도. Folded, a few letters of other scripts are longer.
    before = (written if len(written) == len(text) else text)[: last.start()]
    by_keys, by_initials = _books_of(folder)
    if is_initials(last[0]):
        words = _begun(by_initials, initials, last[0], limit)
    else:
        words = _begun(by_keys, keys, keys(last[0]), limit)
    if not words and (meant := other_layout(last[0])):
        words = _begun(by_keys, keys, keys(meant), limit)
    yield from (Suggestion(before + word, "word") for word in words)


def _begun(book: _Book, way: Callable[[str], str], typed: str, limit: int) -> list[str]:
    """Return the first words of *book* that begin so, each once: 칩을 and 칩이 are 칩."""
    words = list(islice(book.beginning(typed), _FORMS * limit))
    nouns = {word: bare for word in words if way(bare := bare_noun(word)).startswith(typed)}
    # One word alone may be another: 서로, 하나.
    forms = Counter(nouns.values())
    meant = (nouns[word] if word in nouns and forms[nouns[word]] > 1 else word for word in words)
    return list(dict.fromkeys(meant))[:limit]


def _books_of(folder: Path) -> tuple[_Book, _Book]:
    file = folder / WORDS
    try:
        return _books(file, file.stat().st_mtime_ns)
    except FileNotFoundError:  # of an index that has been replaced meanwhile
        return _Book(()), _Book(())


@lru_cache(maxsize=2)
def _books(file: Path, _changed: int) -> tuple[_Book, _Book]:
    """Return the words of *file* by their keys, and those in Hangul by their initial consonants."""
    words = [line.partition("\t")[0] for line in file.read_text(encoding="utf-8").splitlines()]
    by_initials = ((initials(word), word) for word in words if not word.isascii())
    return _Book((keys(word), word) for word in words), _Book(by_initials)


# --- Names --------------------------------------------------------------------------------------------------------


def _names(text: str, reader: "Reader", index_dir: Path, meta: Meta) -> Iterator[Suggestion]:
    book = _name_book(reader, index_dir / meta.folder, meta)
    seen: set[str] = set()
    for name in book.beginning(keys(text)):
        if name not in seen:
            seen.add(name)
            yield Suggestion(name, "name")


# Of each thread's reader, its own: what is counted is a few thousand names.
_name_books: dict[tuple[Path, str, int], _Book] = {}


def _name_book(reader: "Reader", folder: Path, meta: Meta) -> _Book:
    key = folder, meta.built_at, meta.changed
    if key not in _name_books:
        _name_books.clear()
        _name_books[key] = _Book(_name_lines(reader, folder, meta))
    return _name_books.get(key) or _Book(())


def _name_lines(reader: "Reader", folder: Path, meta: Meta) -> Iterator[tuple[str, str]]:
    """Yield the names of authors, sections, publications and what has other names, by each word they are known by."""
    counts: Counter[str] = Counter(dict.fromkeys(meta.publications.values(), 1))
    for values, count in [
        one for counted in reader.counts(Everything(), ["author", "section"]).values() for one in counted.items()
    ]:
        for value in filter(None, values.split(VALUE_SEPARATOR)):
            counts[value.rpartition(LABEL_SEPARATOR)[2]] += count
    others = (name for alias in read_aliases(folder).known for name in alias.names)
    for name in dict.fromkeys([*(name for name, _ in counts.most_common()), *others]):
        words = " ".join(name.casefold().split())
        yield from ((keys(words[start.start() :]), name) for start in re.finditer(r"(?<!\S)\S", words))


# --- Headlines ----------------------------------------------------------------------------------------------------


def _headlines(text: str, reader: "Reader") -> Iterator[Suggestion]:
    """Yield the newest headlines that have the words, the last of which is still being typed."""
    *before, last = _WORD.findall(_HALF_TYPED.sub("", text)) or [""]
    if len(last) < _SHORTEST_IN_HEADLINE and not (last and before):
        return
    typed: list[Query] = [FieldQuery("headline", Word(word)) for word in before]
    # The last consonant may be the next syllable's first: 반돛 for 반도체.
    for beginning in dict.fromkeys((last, without_final(last))):
        # Hangul is found inside of a word; to look for all words that begin so would take ten times as long.
        begun = FieldQuery("headline", Prefix(beginning) if beginning.isascii() else Phrase(beginning))
        found, total = reader.search(all_of([*typed, begun]), "date", 2 * MOST_HEADLINES, 0)
        if total:
            documents = [stored_document(one.stored) for one in found]
            unlike = {document.headline: document.id for document in reversed(documents)}
            newest = islice(reversed(unlike.items()), MOST_HEADLINES)
            yield from (Suggestion(headline, "headline", id) for headline, id in newest)
            return
