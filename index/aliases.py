"""Other names of what is looked for: learnt from the documents, and written by hand in `aliases.toml`."""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from index.errors import AliasesBroken
from index.korean import normalise, read_hanja

FILE = Path(__file__).parent.parent / "aliases.toml"
MAX_OTHERS = 4
# A line for a pair, those given most often first: a tab, then the names' keys, the names and how many documents.
LEARNT = "aliases.tsv"


class Alias(NamedTuple):
    """Names of one thing; *documents* is how many gave them together, or None for those of the file."""

    names: tuple[str, ...]
    source: Literal["learnt", "file"]
    documents: int | None = None


class Learnt:
    """The pairs in the text of the file, looked up where they stand: to read them all takes as long as a search."""

    def __init__(self, text: str = "") -> None:
        self._text = text

    def __iter__(self) -> Iterator[Alias]:
        return map(_read_line, self._text.splitlines())

    def of(self, own: str) -> Iterator[Alias]:
        at = self._text.find(sought := f"\t{own}\t")
        while at >= 0:
            end = self._text.index("\n", at)
            yield _read_line(self._text[self._text.rfind("\n", 0, at) + 1 : end])
            at = self._text.find(sought, end)


def learnt_line(alias: Alias) -> str:
    return "\t".join(["", *map(key, alias.names), *alias.names, f"{alias.documents}\n"])


def _read_line(line: str) -> Alias:
    *_, korean, latin, documents = line.split("\t")
    return Alias((korean, latin), "learnt", int(documents))


class Aliases:
    def __init__(self, by_hand: Iterable[Alias] = (), learnt: str = "") -> None:
        self._by_hand = list(by_hand)
        self._by_name: dict[str, list[Alias]] = defaultdict(list)
        for alias in self._by_hand:
            for name in alias.names:
                self._by_name[key(name)].append(alias)
        self._learnt = Learnt(learnt)

    @property
    def known(self) -> list[Alias]:
        return [*self._by_hand, *self._learnt]

    def others(self, name: str) -> list[str]:
        """Return other names of *name*: those of the file first, then those given most often, then its reading."""
        own = key(name)
        reading = read_hanja(own)
        known = (alias for spelling in dict.fromkeys((own, reading)) for alias in self._named(spelling))
        found = (other for alias in known for other in alias.names)
        unique = {key(other): other for other in [*found, reading]}
        unique.pop(own, None)
        return list(unique.values())[:MAX_OTHERS]

    def of(self, name: str) -> list[Alias]:
        return list(self._named(key(name)))

    def _named(self, own: str) -> Iterator[Alias]:
        yield from self._by_name.get(own, ())
        yield from self._learnt.of(own)


def key(name: str) -> str:
    """Return what names that differ in spaces, case or width have in common."""
    return "".join(normalise(name).text.split())


# --- Reading ------------------------------------------------------------------------------------------------------


def read_aliases(folder: Path, file: Path = FILE) -> Aliases:
    """Return what was learnt for the index in *folder*, and what *file* says now. Raises AliasesBroken."""
    by_hand = _from_file(file, file.stat().st_mtime_ns) if file.exists() else ()
    learnt = folder / LEARNT
    try:
        return Aliases(by_hand, _text(learnt, learnt.stat().st_mtime_ns))
    except FileNotFoundError:  # the index may have been replaced since it was opened
        return Aliases(by_hand)


@lru_cache(maxsize=4)
def _from_file(file: Path, _changed: int) -> tuple[Alias, ...]:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        return tuple(Alias(tuple(group), "file") for group in _groups(data))
    except (OSError, ValueError) as e:
        raise AliasesBroken(file, e) from e


def _groups(data: dict[str, Any]) -> list[list[str]]:
    if unknown := data.keys() - {"names"}:
        raise ValueError(f"unknown setting {min(unknown)!r}, there is only 'names'")
    groups = data.get("names", [])
    if not isinstance(groups, list):
        raise ValueError("'names' is no list")
    for group in groups:
        if not isinstance(group, list) or len(group) < 2 or not all(isinstance(name, str) and name for name in group):
            raise ValueError(f'{group!r} is not two names or more: write ["엔비디아", "Nvidia"]')
    return groups


@lru_cache(maxsize=2)
def _text(file: Path, _changed: int) -> str:
    return file.read_text(encoding="utf-8")
