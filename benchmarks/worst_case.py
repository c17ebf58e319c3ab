"""Queries made to be slow, at the size that is promised: each takes less than two seconds, or is refused.

python -m benchmarks.worst_case --keep DIR --random 300
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.corpora import DEFAULT_DATA, DataMissing, Text, TextSource, document, statutes
from benchmarks.hard_queries import Case, Chance, Common, cases, of_long_documents
from benchmarks.stopwatch import Stopwatch
from factpl_crawler.documents import Document, LinkedFrom, Section
from factpl_crawler.paths import ROOT
from index.build import build
from index.search import QueryError, SearchError

LIMIT_SECONDS = 2.0
# Documents as long as the longest articles, and two as long as books.
LONG, LONG_CHARACTERS, HUGE_CHARACTERS = 1_000, 5_000, 5_000_000
_SAMPLED_TEXTS = 5_000
_SLOWEST_SHOWN = 5
_FAILED = 2

# --- What is indexed ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Linked(TextSource):
    """The texts as if ten each were linked to by an issue, from many sites and by many authors."""

    def documents(self, ids: Iterable[str] | None = None, *, changed_after: int = 0) -> Iterator[Document]:
        return (_linked(number, document(text)) for number, text in enumerate(self.texts))


def _linked(number: int, document: Document) -> Document:
    issue, position = divmod(number, 10)
    return document._replace(
        authors=[f"기자{number % 2_000}"],
        site=f"news{number % 500}.example",
        section=Section(None, f"칼럼 {number % 100}"),
        linked_from=[LinkedFrom(f"weekly/{issue + 1}#{position + 1}", 1, "")],
    )


def long_texts(texts: Iterator[Text]) -> Iterator[Text]:
    """Join *texts* until they are long; the last two are the longest."""
    for number, length in enumerate([LONG_CHARACTERS] * LONG + [HUGE_CHARACTERS] * 2):
        parts: list[str] = []
        while sum(map(len, parts)) < length and (text := next(texts, None)):
            parts.append(text.whole)
        yield Text(f"long-{number}", f"긴 글 {number}", "\n".join(parts), "2024-03-07" if number % 2 else "2024-02-07")


@contextmanager
def _kept(folder: Path | None) -> Iterator[Path]:
    if folder:
        yield folder
    else:
        with TemporaryDirectory(prefix="factpl-worst-") as made:
            yield Path(made)


def built(source: TextSource, folder: Path) -> Path:
    """Return *folder*, in which search_cli.py finds an index of *source*: one that is there already, if it is ours."""
    print(f"building {folder} ...", file=sys.stderr, flush=True)
    build(source, folder / "index")
    return folder


# --- Measuring ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Taken:
    """Seconds of processor, in a process that has the index open and in a fresh one."""

    case: Case
    warm: float
    cold: float | None
    refused: str = ""

    @property
    def longest(self) -> float:
        return max(self.warm, self.cold or 0.0)

    def __str__(self) -> str:
        cold = "" if self.cold is None else f"{self.cold:.2f}"
        return f"{self.case.kind:<32} {self.warm:>8.2f} {cold:>8}  {self.refused[:80]}"


def measured(case: Case, folder: Path, *, cold: bool = True) -> Taken:
    stopwatch, refused = Stopwatch(), ""
    with stopwatch:
        try:
            case.ask(folder / "index")
        except (QueryError, SearchError) as e:
            refused = str(e)
    return Taken(case, stopwatch.cpu, fresh_process(case, folder) if cold else None, refused)


def fresh_process(case: Case, folder: Path) -> float:
    command = [sys.executable, str(ROOT / "search_cli.py"), *case.arguments]
    stopwatch = Stopwatch()
    with stopwatch:
        run = subprocess.run(  # noqa: S603  # our own program
            command, env=os.environ | {"FACTPL_DATA": str(folder)}, capture_output=True, check=False
        )
    if run.returncode > _FAILED or b"Traceback" in run.stderr:
        sys.exit(f"{case.kind}: {' '.join(case.arguments)[:200]} failed: {run.stderr.decode()}")
    return stopwatch.cpu


def by_chance(common: Common, folder: Path, count: int) -> list[Taken]:
    """Return what the slowest of *count* random queries take."""
    warm = (measured(case, folder, cold=False) for case in Chance(common).cases(count))
    slowest = sorted(warm, key=lambda taken: -taken.longest)[:_SLOWEST_SHOWN]
    for taken in slowest:
        print(f"{taken.case.kind}: {taken.case.arguments[1]}", file=sys.stderr)
    return [measured(taken.case, folder) for taken in slowest]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worst_case", description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help="where the collections are")
    parser.add_argument("--size", type=int, default=100_000, metavar="N", help="index the first N texts")
    parser.add_argument("--random", type=int, default=100, metavar="N", help="ask N random queries, too")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="build the indexes there, or use those that are there")
    parser.add_argument("--only", default="", metavar="TEXT", help="ask only what has TEXT in its name")
    options = parser.parse_args(arguments)
    with _kept(options.keep) as folder:
        try:
            taken = measure(options.data, options.size, folder, options.random, options.only)
        except DataMissing as e:
            sys.exit(str(e))
    print(f"{'seconds of processor':<32} {'warm':>8} {'cold':>8}  refused")
    print("\n".join(map(str, sorted(taken, key=lambda one: -one.longest))))
    if too_long := [one.case.kind for one in taken if one.longest > LIMIT_SECONDS]:
        sys.exit(f"Over {LIMIT_SECONDS:g} s: {', '.join(too_long)}")


def measure(data: Path, size: int, folder: Path, chances: int, only: str) -> list[Taken]:
    common = Common.of(islice(statutes(data, size), 0, size, max(1, size // _SAMPLED_TEXTS)))
    whole = built(Linked(statutes(data, size)), folder / f"whole-{size}")
    long = built(TextSource(long_texts(statutes(data, size))), folder / f"long-{size}")
    asked = [(case, whole) for case in cases(common, size)]
    asked += [(case, long) for case in of_long_documents(common.words[0], f"long-{LONG + 1}")]
    taken = [measured(case, place) for case, place in asked if only in case.kind]
    return taken + by_chance(common, whole, chances)


if __name__ == "__main__":
    main()
