"""Does a Korean reader's query find what it must, and only that? The cases are in korean_cases.toml."""

import argparse
import json
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from factpl_crawler.documents import Document
from factpl_crawler.stamp import Stamp
from index.build import build
from index.search import search

TABLE = Path(__file__).with_suffix(".toml")
_OFFER = "혹시 "
_PUBLISHED = "2024-03-07T00:00:00+09:00"


@dataclass(frozen=True)
class Bar:
    recall: float
    precision: float


_BAR = Bar(recall=0.95, precision=0.95)
_BARS = {name: Bar(recall=0.99, precision=0.97) for name in ("particles", "unknown_names")}


@dataclass(frozen=True)
class Case:
    """`target` is a document's id, or what is to be offered instead of the query: 혹시 그로크?"""

    group: str
    query: str
    target: str
    must: bool


@dataclass(frozen=True)
class Table:
    documents: Mapping[str, str]
    cases: Sequence[Case]

    @property
    def groups(self) -> list[str]:
        return list(dict.fromkeys(case.group for case in self.cases))


@dataclass(frozen=True)
class Outcome:
    case: Case
    returned: bool

    @property
    def is_right(self) -> bool:
        return self.returned == self.case.must

    def __str__(self) -> str:
        missed = "must not find" if self.returned else "must find"
        return f"{self.case.group}: {self.case.query} {missed} {self.case.target}"


@dataclass(frozen=True)
class Score:
    """`recall` is of what must come back, `precision` of what came back and is judged."""

    group: str
    cases: int
    recall: float
    precision: float

    @property
    def bar(self) -> Bar:
        return _BARS.get(self.group, _BAR)

    @property
    def is_reached(self) -> bool:
        return self.recall >= self.bar.recall and self.precision >= self.bar.precision


# --- The table ----------------------------------------------------------------------------------------------------


class TableError(ValueError):
    """One line: which case of the table is wrong."""


def read_table(path: Path) -> Table:
    """Raise TableError for a target that no document has."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    documents: dict[str, str] = table["documents"]
    return Table(documents, list(_cases(table["cases"], documents)))


def _cases(groups: Mapping[str, Mapping[str, Mapping[str, list[str]]]], documents: Iterable[str]) -> Iterator[Case]:
    for group, queries in groups.items():
        for query, judged in queries.items():
            for verdict, patterns in judged.items():
                if verdict not in ("must", "must_not"):
                    raise TableError(f"{group}: {query}: {verdict} is neither must nor must_not")
                for pattern in patterns:
                    for target in _targets(pattern, documents, f"{group}: {query}"):
                        yield Case(group, query, target, verdict == "must")


def _targets(pattern: str, documents: Iterable[str], where: str) -> list[str]:
    if pattern.startswith(_OFFER):
        return [pattern]
    targets = [id for id in documents if fnmatchcase(id, pattern)]
    if not targets:
        raise TableError(f"{where}: no document is called {pattern}")
    return targets


# --- The run ------------------------------------------------------------------------------------------------------


class _Source:
    """The table's documents, as far as an index needs a store."""

    def __init__(self, documents: Mapping[str, str]) -> None:
        self._documents = [_document(id, body) for id, body in documents.items()]

    def documents(self, ids: Iterable[str] | None = None, *, changed_after: int = 0) -> Iterator[Document]:
        return iter(self._documents)

    def removed(self, changed_after: int) -> list[str]:
        return []

    def publications(self) -> dict[str, str]:
        return {}

    def stamp(self) -> Stamp:
        return Stamp("korean-cases", 1)


def _document(id: str, body: str) -> Document:
    return Document(
        id=id,
        kind="article",
        publication=None,
        issue=None,
        position=None,
        section=None,
        headline="",
        authors=[],
        date_published=_PUBLISHED,
        date_published_source=None,
        date_modified=None,
        date_modified_source=None,
        body=body,
        captions=[],
        keywords=[],
        url=None,
        site=None,
        truncated=False,
        version=1,
        links=[],
        linked_from=[],
    )


def run(table: Table, groups: Iterable[str]) -> list[Outcome]:
    chosen = set(groups)
    cases = [case for case in table.cases if case.group in chosen]
    with tempfile.TemporaryDirectory() as folder:
        index_dir = Path(folder) / "index"
        build(_Source(table.documents), index_dir)
        returned = {query: _returned(query, index_dir, len(table.documents)) for query in {c.query for c in cases}}
    # Names are offered as the index holds them, in small letters.
    return [Outcome(case, case.target.casefold() in returned[case.query]) for case in cases]


def _returned(query: str, index_dir: Path, limit: int) -> set[str]:
    results = search(query, index_dir=index_dir, limit=limit)
    offered = [*results.suggestions, *([results.correction.used] if results.correction else [])]
    return {hit.document.id for hit in results.hits} | {f"혹시 {word}?".casefold() for word in offered}


def score(group: str, outcomes: Iterable[Outcome]) -> Score:
    judged = [outcome for outcome in outcomes if outcome.case.group == group]
    wanted = [outcome.returned for outcome in judged if outcome.case.must]
    returned = [outcome.case.must for outcome in judged if outcome.returned]
    return Score(group, len(judged), _share(wanted), _share(returned))


def _share(marks: Sequence[bool]) -> float:
    return sum(marks) / len(marks) if marks else 1.0


# --- The command --------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 1 when a group is below its bar."""
    table = read_table(TABLE)
    options = _options(arguments, table.groups)
    groups = options.group or table.groups
    outcomes = run(table, groups)
    scores = [score(group, outcomes) for group in groups]
    _print(scores)
    wrong = [outcome for outcome in outcomes if not outcome.is_right]
    if options.failures:
        print(*wrong, sep="\n")
    if options.json:
        options.json.write_text(_json(scores, wrong), encoding="utf-8")
    return 0 if all(one.is_reached for one in scores) else 1


def _options(arguments: Sequence[str] | None, groups: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.korean_cases", description=__doc__)
    parser.add_argument("--group", action="append", choices=groups, help="only this group; may be given again")
    parser.add_argument("--failures", action="store_true", help="list each case that went wrong")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the scores and what went wrong")
    return parser.parse_args(arguments)


def _print(scores: Iterable[Score]) -> None:
    print(f"{'group':<16}{'cases':>6}{'recall':>8}{'precision':>11}  bar")
    for one in scores:
        verdict = "reached" if one.is_reached else "below"
        bar = f"{one.bar.recall:.2f} / {one.bar.precision:.2f}"
        print(f"{one.group:<16}{one.cases:>6}{one.recall:>8.3f}{one.precision:>11.3f}  {bar} {verdict}")


def _json(scores: Iterable[Score], wrong: Iterable[Outcome]) -> str:
    report: dict[str, list[dict[str, Any]]] = {
        "groups": [asdict(one) | {"bar": asdict(one.bar), "reached": one.is_reached} for one in scores],
        "failures": [asdict(outcome) for outcome in wrong],
    }
    return json.dumps(report, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main())
