"""Which names are other names of each other, of the pairs that the documents give."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

from index.aliases import LEARNT, Alias, key, learnt_line
from index.korean import strip_particle
from index.meta import replace_file
from index.pairs import Kind, Pair, syllables

_MAX_LEARNT = 5_000


def write_learnt(folder: Path, counted: Iterable[tuple[str, int]]) -> None:
    """Write the pairs that are believed, of those that *counted* gives as terms with numbers of documents."""
    learnt = sorted(believed(counted), key=lambda alias: (-(alias.documents or 0), alias.names))[:_MAX_LEARNT]
    replace_file(folder / LEARNT, map(learnt_line, learnt))


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
    if not name:
        return None
    # One word, or a word for a letter, of which none but the last has a particle: not 이번에 미국(US).
    *before, _ = name.split()
    is_sure = len(before) in (0, len(latin) - 1) and all(strip_particle(word) == word for word in before)
    return (name, latin), is_sure


def _abbreviated(pair: Pair) -> str | None:
    """Return the last words that are long enough to be what the letters stand for: 거대 언어 모델 for LLM."""
    words = pair.korean.split()
    for count in range(1, len(words) + 1):
        name = " ".join(words[-count:])
        if syllables(name) >= 2 * len(pair.latin) - 1:
            return name
    return None
