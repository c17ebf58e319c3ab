"""Other names of what is looked for: learnt from the documents, and written by hand in `aliases.toml`."""

import json
import os
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

from index.errors import AliasesBroken
from index.korean import normalise, read_hanja
from index.pairs import Kind, Pair, syllables

FILE = Path(__file__).parent.parent / "aliases.toml"
MAX_OTHERS = 4
_MAX_LEARNT = 5_000
_LEARNT = "aliases.json"


@dataclass(frozen=True)
class Alias:
    """Names of one thing; *documents* is how many gave them together, or None for those of the file."""

    names: tuple[str, ...]
    source: Literal["learnt", "file"]
    documents: int | None = None


class Aliases:
    def __init__(self, known: Iterable[Alias] = (), countries: str = "") -> None:
        self.known = list(known)
        self._by_name: dict[str, list[Alias]] = defaultdict(list)
        for alias in self.known:
            for name in alias.names:
                self._by_name[key(name)].append(alias)
        self._countries = countries

    def others(self, name: str) -> list[str]:
        """Return other names of *name*: those of the file first, then those given most often, then its reading."""
        own = key(name)
        spellings = list(_spellings(own, self._countries))
        known = (alias for spelling in (own, *spellings) for alias in self._by_name.get(spelling, ()))
        found = (other for alias in known for other in alias.names)
        unique = {key(other): other for other in [*found, *spellings]}
        unique.pop(own, None)
        return list(unique.values())[:MAX_OTHERS]

    def of(self, name: str) -> list[Alias]:
        return self._by_name.get(key(name), [])


def key(name: str) -> str:
    """Return what names that differ in spaces, case or width have in common."""
    return "".join(normalise(name).text.split())


def _spellings(name: str, countries: str) -> Iterator[str]:
    """Yield how *name* is read and, where it says *countries*, how headlines join them."""
    read = read_hanja(name)
    if read != name:
        yield read
    bare = read.replace("·", "")
    if 1 < len(bare) <= MAX_OTHERS and set(bare) <= set(countries):
        yield from (bare, "·".join(bare))


# --- Reading ------------------------------------------------------------------------------------------------------


def read_aliases(folder: Path, file: Path = FILE) -> Aliases:
    """Return what was learnt for the index in *folder*, and what *file* says now. Raises AliasesBroken."""
    by_hand, countries = _from_file(file, file.stat().st_mtime_ns) if file.exists() else ((), "")
    return Aliases([*by_hand, *_learnt(folder / _LEARNT)], countries)


@lru_cache(maxsize=4)
def _from_file(file: Path, _changed: int) -> tuple[tuple[Alias, ...], str]:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        groups = tuple(Alias(tuple(map(str, group)), "file") for group in data.get("names", []))
        return groups, "".join(data.get("countries", "").split())
    except (OSError, ValueError, TypeError, AttributeError) as e:
        raise AliasesBroken(file, e) from e


def _learnt(file: Path) -> Iterator[Alias]:
    if not file.exists():
        return
    for korean, latin, documents in json.loads(file.read_text(encoding="utf-8")):
        yield Alias((korean, latin), "learnt", documents)


# --- Learning -----------------------------------------------------------------------------------------------------


def write_learnt(folder: Path, counted: Iterable[tuple[str, int]]) -> None:
    """Write the pairs that are believed, of those that *counted* gives as terms with numbers of documents."""
    learnt = sorted(believed(counted), key=lambda alias: (-(alias.documents or 0), alias.names))[:_MAX_LEARNT]
    aside = folder / f"{_LEARNT}.new"
    with aside.open("w", encoding="utf-8") as file:
        json.dump([[*alias.names, alias.documents] for alias in learnt], file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(folder / _LEARNT)


def believed(counted: Iterable[tuple[str, int]]) -> Iterator[Alias]:
    """Yield the pairs that sound alike, or have the shape of an abbreviation, or were given more than once."""
    documents: Counter[tuple[str, str]] = Counter()
    sure: set[tuple[str, str]] = set()
    printed: dict[tuple[str, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    for term, count in counted:
        if (found := _read(term)) is None:
            continue
        names, is_sure = found
        same = (key(names[0]), key(names[1]))
        documents[same] += count
        printed[same][names] += count
        if is_sure:
            sure.add(same)
    for same, count in documents.items():
        if same in sure or count > 1:
            yield Alias(printed[same].most_common(1)[0][0], "learnt", count)


def _read(term: str) -> tuple[tuple[str, str], bool] | None:
    """Return the two names of a term and whether once is enough; None where no name can be cut from it."""
    kind, _, names = term.partition("\t")
    korean, tab, latin = names.partition("\t")
    if kind not in get_args(Kind) or not tab:
        return None
    if kind != "initials":
        return (korean, latin), kind == "sound"
    name = _abbreviated(Pair("initials", korean, latin))
    # One word, or a word for a letter.
    return ((name, latin), name.count(" ") in (0, len(latin) - 1)) if name else None


def _abbreviated(pair: Pair) -> str | None:
    """Return the last words that are long enough to be what the letters stand for: 거대 언어 모델 for LLM."""
    words = pair.korean.split()
    for count in range(1, len(words) + 1):
        name = " ".join(words[-count:])
        if syllables(name) >= 2 * len(pair.latin) - 1:
            return name
    return None
