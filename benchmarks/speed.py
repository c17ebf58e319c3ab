"""How fast texts are indexed and found: this project's search beside other engines on the same tokens.

python -m benchmarks.speed --sizes 1000,20000 --json speed.json
"""

import argparse
import json
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ParamSpec, TypeVar

from benchmarks.corpora import DEFAULT_DATA, DataMissing, Text, TextSource, document, statutes
from benchmarks.questions import Chooser, Question, read_questions, write_questions
from benchmarks.stopwatch import Stopwatch
from benchmarks.token_engines import BUILDERS, OPENERS, VIEWS, Batch, Tokens, timed
from factpl_crawler.paths import ROOT
from index.build import BATCH as COMMITTED
from index.build import build
from index.korean import Token, analyse
from index.records import record
from index.search import Filters, Results, search
from index.whoosh_engine import Writer
from index.workers import MOST_PROCESSES

OURS = "factpl"
GIVEN = "factpl, given tokens"
BATCH = 500
ROUNDS = 3
COLD_RUNS = 11
_INDEX = "index"
_TOKENS = "tokens.jsonl"
_QUESTIONS = "questions.json"

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Built:
    """`peak_bytes` is the most that the processes held, Python and its libraries included."""

    engine: str
    documents: int
    seconds: float
    cpu_seconds: float
    bytes: int
    peak_bytes: int

    def __str__(self) -> str:
        return (
            f"{self.engine:<24} {self.documents / self.cpu_seconds:>11,.0f}"
            f" {self.seconds:>9.1f} {self.cpu_seconds:>9.1f} {self.bytes / 1e6:>9.1f} {self.peak_bytes / 1e6:>9.0f}"
        )


@dataclass(frozen=True)
class Cold:
    """The middle one of several fresh processes with one word to look for, and what they took of the processors.

    `python_milliseconds` is what Python takes that does nothing: how fast the machine is at the moment.
    """

    milliseconds: float
    cpu_milliseconds: float
    peak_bytes: int
    python_milliseconds: float

    def __str__(self) -> str:
        beside = f"{self.cpu_milliseconds:.0f} of processor, Python alone {self.python_milliseconds:.0f}"
        times = f"{self.milliseconds:.0f} ms ({beside})"
        return f"search_cli.py, a fresh process: {times}, {self.peak_bytes / 1e6:.0f} MB"


@dataclass(frozen=True)
class Times:
    """Milliseconds of processor over the questions of one kind."""

    p50: float
    p95: float

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> "Times":
        ordered = sorted(milliseconds)
        return cls(statistics.median(ordered), ordered[round(0.95 * (len(ordered) - 1))])


@dataclass(frozen=True)
class Measured:
    """`analysis_cpu_seconds` is what factpl, whose indexing contains it, spends on finding the tokens.

    `given` is its indexing without that, of the tokens as the others are given them. `marking` is what showing a page
    takes it besides: to find in its ten documents what was looked for.
    """

    analysis_cpu_seconds: float
    given: Built
    indexing: list[Built]
    cold: Cold
    warm: dict[str, dict[str, Times]]
    marking: Times


def measure(data: Path, size: int, folder: Path) -> Measured:
    analysis_cpu_seconds = apart(analyse_all, data, size, folder)
    given = apart(build_given, data, size, folder)
    indexing = [apart(build_ours, data, size, folder)]
    indexing += [apart(build_other, name, size, folder) for name in BUILDERS]
    warm = {OURS: apart(ask_ours, folder)} | {name: apart(ask_other, name, folder) for name in OPENERS}
    return Measured(analysis_cpu_seconds, given, indexing, cold(folder), warm, apart(mark_ours, folder))


def apart(step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run *step* in a process of its own, so that its memory can be told from another's."""
    print(f"{step.__name__} {' '.join(map(str, args))} ...", file=sys.stderr, flush=True)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(step, *args, **kwargs).result()


# --- Indexing -----------------------------------------------------------------------------------------------------


def analyse_all(data: Path, size: int, folder: Path) -> float:
    """Write down the tokens and the questions; return the seconds that finding the tokens took."""
    chooser = Chooser(size)
    stopwatch = Stopwatch()
    with (folder / _TOKENS).open("w", encoding="utf-8") as lines:
        for text in statutes(data, size):
            with stopwatch:
                analysis = analyse(text.whole)
                views: dict[str, list[Token]] = {view: getattr(analysis, view) for view in VIEWS}
            lines.write(json.dumps(asdict(_joined(text, views)), ensure_ascii=False) + "\n")
            chooser.show(text, [token.text for token in views["stems"]])
    write_questions(folder / _QUESTIONS, chooser.questions())
    return stopwatch.cpu


def _joined(text: Text, views: dict[str, list[Token]]) -> Tokens:
    day = date.fromisoformat(text.date).toordinal() if text.date else 0
    return Tokens(
        text.id, day, text.whole, {view: " ".join(token.text for token in tokens) for view, tokens in views.items()}
    )


def build_ours(data: Path, size: int, folder: Path) -> Built:
    stopwatch = Stopwatch()
    with stopwatch:
        build(TextSource(statutes(data, size)), folder / _INDEX)
    return _built(OURS, size, stopwatch, folder / _INDEX)


def build_given(data: Path, size: int, folder: Path) -> Built:
    place = folder / "given"
    place.mkdir()
    writer = Writer(place, create=True)
    records = (record(document(text), {}) for text in statutes(data, size))
    batches = iter(lambda: list(islice(records, COMMITTED)), [])
    stopwatch = timed(batches, partial(writer.write, replace=False), partial(writer.merge, whatever=True))
    return _built(GIVEN, size, stopwatch, place)


def build_other(name: str, size: int, folder: Path) -> Built:
    place = folder / name
    place.mkdir()
    return _built(name, size, BUILDERS[name](place, _batches(folder / _TOKENS)), place)


def _batches(file: Path) -> Iterator[Batch]:
    with file.open(encoding="utf-8") as lines:
        tokens = (Tokens(**json.loads(line)) for line in lines)
        while batch := list(islice(tokens, BATCH)):
            yield batch


def _built(name: str, size: int, stopwatch: Stopwatch, place: Path) -> Built:
    return Built(
        engine=name,
        documents=size,
        seconds=stopwatch.wall,
        cpu_seconds=stopwatch.cpu,
        bytes=sum(file.stat().st_size for file in place.rglob("*") if file.is_file()),
        peak_bytes=_peak_bytes(),
    )


def _peak_bytes() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    helpers = min(os.cpu_count() or 1, MOST_PROCESSES)
    own, each = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return (own + helpers * each) * unit


# --- Asking -------------------------------------------------------------------------------------------------------


def cold(folder: Path) -> Cold:
    word = next(q for q in read_questions(folder / _QUESTIONS) if q.kind == "common word").typed
    search_cli = [sys.executable, str(ROOT / "search_cli.py"), "--data", str(folder), "search", word]
    taken, nothing = _taken(search_cli), _taken([sys.executable, "-c", "pass"])
    return Cold(
        milliseconds=1000 * statistics.median(taken["seconds"]),
        cpu_milliseconds=1000 * taken["cpu_seconds"] / COLD_RUNS,
        peak_bytes=taken["peak_bytes"],
        python_milliseconds=1000 * statistics.median(nothing["seconds"]),
    )


def _taken(command: list[str]) -> dict[str, Any]:
    measuring = [sys.executable, "-m", "benchmarks.cold", str(COLD_RUNS), *command]
    run = subprocess.run(measuring, check=True, cwd=ROOT, stdout=subprocess.PIPE)  # noqa: S603  # our own program
    taken: dict[str, Any] = json.loads(run.stdout)
    return taken


def ask_ours(folder: Path) -> dict[str, Times]:
    return _times(partial(_search, folder), read_questions(folder / _QUESTIONS))


def _search(folder: Path, question: Question) -> Results:
    since, until = question.days or (None, None)
    return search(
        question.typed,
        index_dir=folder / _INDEX,
        filters=Filters(since=since, until=until),
        sort="date" if question.newest_first else "score",
        facets=("year",) if question.count_years else (),
    )


def mark_ours(folder: Path) -> Times:
    def mark(question: Question) -> float:
        hits = _search(folder, question).hits
        stopwatch = Stopwatch()
        with stopwatch:
            for hit in hits:
                _ = hit.highlights
        return 1000 * stopwatch.cpu

    return Times.of([mark(question) for question in read_questions(folder / _QUESTIONS)])


def ask_other(name: str, folder: Path) -> dict[str, Times]:
    builder, open_index = OPENERS[name]
    return _times(open_index(folder / builder), read_questions(folder / _QUESTIONS))


def _times(ask: Callable[[Question], object], questions: list[Question]) -> dict[str, Times]:
    taken: dict[str, list[float]] = defaultdict(list)
    for question in questions:
        ask(question)
        taken[question.kind].append(statistics.median(_milliseconds(ask, question) for _ in range(ROUNDS)))
    return {kind: Times.of(milliseconds) for kind, milliseconds in taken.items()}


def _milliseconds(ask: Callable[[Question], object], question: Question) -> float:
    stopwatch = Stopwatch()
    with stopwatch:
        ask(question)
    return 1000 * stopwatch.cpu


# --- Reporting ----------------------------------------------------------------------------------------------------


def report(size: int, measured: Measured) -> Iterator[str]:
    yield f"{size:,} documents"
    yield f"{'indexing':<24} {'docs/cpu s':>11} {'seconds':>9} {'cpu s':>9} {'index MB':>9} {'peak MB':>9}"
    yield from map(str, measured.indexing)
    yield str(measured.given)
    analysis = measured.analysis_cpu_seconds
    yield f"{'factpl, its analysis':<24} {size / analysis:>11,.0f} {'':>9} {analysis:>9.1f}"
    yield str(measured.cold)
    yield f"{'warm, p50 / p95':<16}" + "".join(f"{name:>24}" for name in measured.warm)
    for kind in measured.warm[OURS]:
        yield f"{kind:<16}  " + "".join(
            _cell(times[kind], measured.warm[OURS][kind]) for times in measured.warm.values()
        )
    yield f"factpl, to mark what was found in ten documents: {measured.marking.p50:.2f} / {measured.marking.p95:.2f}"
    yield ""


def _cell(times: Times, ours: Times) -> str:
    ratio = "" if times is ours else f" x{ours.p50 / times.p50:.2f}"
    return f"{f'{times.p50:.2f} / {times.p95:.2f}{ratio}':>24}"


def sizes(text: str) -> list[int]:
    return [int(size) for size in text.split(",")]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help="where the collections are")
    parser.add_argument("--sizes", type=sizes, default=[1_000, 20_000, 100_000], help="such as 1000,20000,100000")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there, too")
    options = parser.parse_args(arguments)
    results: dict[int, Measured] = {}
    for size in options.sizes:
        with TemporaryDirectory(prefix="factpl-speed-") as folder:
            try:
                results[size] = measure(options.data, size, Path(folder))
            except DataMissing as e:
                sys.exit(str(e))
        print("\n".join(report(size, results[size])), flush=True)
    if options.json:
        numbers = {size: asdict(measured) for size, measured in results.items()}
        options.json.write_text(json.dumps(numbers, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
