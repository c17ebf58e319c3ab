"""A hundred readers at once, of this project's server and of Datasette over the same texts in SQLite's FTS5.

python -m benchmarks.web_load --keep DIR --json load.json
"""

import argparse
import json
import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

from benchmarks.corpora import DEFAULT_DATA, DataMissing, Text, document, statutes
from benchmarks.corpora import document as article_of
from factpl_crawler.documents import Document, DocumentLink, IssueRef, LinkedFrom, PublicationRef, Section
from factpl_crawler.paths import ROOT
from factpl_crawler.store import Store
from index.build import build
from index.meta import read_meta
from index.spelling import WORDS

LIMIT_MILLISECONDS = 300
SEED = 20231026
WEEKLY = PublicationRef("weekly", "주간 법령")
# Of a hundred documents ten are entries of one issue, and each leads to the nine after it.
_TO_AN_ISSUE, _TO_AN_ENTRY = 100, 10
_MOST_QUESTIONS = 2_000
# Seconds until the last reader is there.
_TO_COME = 5
_WORD = re.compile(r"\w+")

# --- What is served -----------------------------------------------------------------------------------------------


def documents(texts: Iterable[Text]) -> Iterator[Document]:
    for number, text in enumerate(texts):
        yield _entry(number, text) if number % _TO_AN_ENTRY == 0 else _article(number, text)


def _entry_id(number: int) -> str:
    return f"weekly/{number // _TO_AN_ISSUE + 1}#{number % _TO_AN_ISSUE // _TO_AN_ENTRY + 1}"


def _entry(number: int, text: Text) -> Document:
    issue_id, _, position = _entry_id(number).partition("#")
    issue_number = int(issue_id.partition("/")[2])
    made = article_of(text)
    day = made.date_published
    return made._replace(
        id=_entry_id(number),
        kind="entry",
        publication=WEEKLY,
        # Of all its entries alike.
        issue=IssueRef(
            issue_id, issue_number, f"{issue_number}호", f"https://weekly.example/{issue_number}", day, None
        ),
        position=int(position),
        section=_section(number),
        authors=_authors(number),
        url=_url(number + 1),
        links=[
            DocumentLink(place, "원문", _url(number + place), f"a/{_path(number + place)}")
            for place in range(1, _TO_AN_ENTRY)
        ],
    )


def _article(number: int, text: Text) -> Document:
    place = number % _TO_AN_ENTRY
    return document(text)._replace(
        id=f"a/{_path(number)}",
        section=_section(number),
        authors=_authors(number),
        url=_url(number),
        site=_site(number),
        linked_from=[LinkedFrom(_entry_id(number - place), place, "원문")],
    )


def _site(number: int) -> str:
    return f"news{number % 50}.example"


def _path(number: int) -> str:
    return f"{_site(number)}/{number}"


def _url(number: int) -> str:
    return f"https://{_path(number)}"


def _section(number: int) -> Section:
    return Section(None, f"칼럼 {number % 100}")


def _authors(number: int) -> list[str]:
    return [f"기자{number % 2_000}"]


def build_ours(folder: Path, texts: Iterable[Text]) -> None:
    with Store.open(folder / "archive.sqlite3") as store:
        with store.importing() as put:
            for one in documents(texts):
                put(one)
        build(store, folder / "index")


def build_table(file: Path, texts: Iterable[Text], words: Iterable[tuple[str, int]]) -> None:
    """Write the texts, an FTS5 index of their bigrams, and the words that are suggested."""
    with closing(sqlite3.connect(file)) as database, database:
        database.executescript(
            "CREATE TABLE documents (id INTEGER PRIMARY KEY, headline, body, date, year, section, author, site);"
            "CREATE VIRTUAL TABLE documents_fts USING fts5(bigrams, content='');"
            "CREATE TABLE words (word PRIMARY KEY, documents INTEGER);"
        )
        for number, text in enumerate(texts):
            labels = (_section(number).label, _authors(number)[0], _site(number))
            row = (number, text.title, text.body, text.date, (text.date or "")[:4], *labels)
            database.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
            database.execute("INSERT INTO documents_fts (rowid, bigrams) VALUES (?, ?)", (number, bigrams(text.whole)))
        database.executemany("INSERT INTO words VALUES (?, ?)", words)
        for column in ("section", "author", "site", "year"):
            database.execute(f"CREATE INDEX by_{column} ON documents ({column})")
        database.execute("INSERT INTO documents_fts (documents_fts) VALUES ('optimize')")


def bigrams(text: str) -> str:
    """
    >>> bigrams("반도체 값, 돈")
    '반도 도체 값 돈'
    """
    words = _WORD.findall(text.casefold())
    return " ".join(two for word in words for two in [word[at : at + 2] for at in range(len(word) - 1)] or [word])


@dataclass(frozen=True)
class Questions:
    """`paths` are those of articles; `common` words stand in one document of fifty or more, `rare` ones in a few."""

    documents: int
    common: list[str]
    usual: list[str]
    rare: list[str]
    sections: list[str]
    years: list[str]
    paths: list[str]


def questions(words: Sequence[tuple[str, int]], texts: Sequence[Text]) -> Questions:
    chance, size = random.Random(SEED), len(texts)  # noqa: S311  nothing secret

    def some(least: int, most: float) -> list[str]:
        fitting = [word for word, count in words if least <= count <= most and not word.isascii()]
        return sorted(chance.sample(fitting, min(len(fitting), _MOST_QUESTIONS)))

    years = Counter((text.date or "")[:4] for text in texts)
    return Questions(
        documents=size,
        common=some(max(2, size // 50), size),
        usual=some(min(50, size // 100), size // 50),
        rare=some(2, 20),
        sections=[_section(number).label for number in range(100)],
        years=[year for year, _ in years.most_common(21) if year],
        paths=[_path(number) for number in range(size) if number % _TO_AN_ENTRY],
    )


# --- Serving ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    """`page` is what a search is asked of, and `command` may name {port}."""

    name: str
    kind: str
    page: str
    command: list[str]


def servers(folder: Path, workers: int) -> list[Server]:
    ours = [sys.executable, str(ROOT / "search_cli.py"), "--data", str(folder), "serve", "--port", "{port}"]
    ours += ["--workers", str(workers)]
    datasette = [sys.executable, "-m", "datasette", "serve", "--immutable", str(folder / "bench.db"), "-p", "{port}"]
    # What our pages do not do either.
    datasette += ["--setting", "suggest_facets", "off"]
    return [
        Server("factpl, page", "ours", "/", ours),
        Server("factpl, API", "ours", "/api/search", ours),
        Server("Datasette, page", "datasette", "/bench/documents", datasette),
        Server("Datasette, API", "datasette", "/bench/documents.json", datasette),
    ]


@contextmanager
def served(server: Server) -> "Iterator[tuple[str, int]]":
    """Yield the server's address and the group of its processes."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(  # noqa: S603  our own program, and the one it is compared with
        [part.replace("{port}", str(port)) for part in server.command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}{server.page}", process)
        yield address, process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def cpu_seconds(group: int) -> float:
    """Return what the processes of *group* have taken so far, as Linux tells it."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            _, _, told = stat.read_text(encoding="utf-8").rpartition(") ")
            values = told.split()
            ticks += sum(map(int, values[11:13])) if int(values[2]) == group else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=30):  # noqa: S310  on this machine
            return True
    except OSError:
        return False


def _wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        try:
            with urlopen(address, timeout=30):  # noqa: S310  on this machine
                return
        except OSError:
            if process.poll() is not None:
                sys.exit(f"{' '.join(map(str, process.args))} ended with {process.returncode}")  # type: ignore[arg-type]  # a list of texts
            time.sleep(0.1)
    sys.exit(f"{address} does not answer")


# --- Reading ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Served:
    """Milliseconds by the clock, of the requests of one kind; of all, milliseconds of processor that each took, too."""

    server: str
    kind: str
    requests: int
    failures: int
    p50: float
    p95: float
    p99: float
    per_second: float
    cpu: float | None = None

    def __str__(self) -> str:
        return (
            f"{self.server:<17} {self.kind:<12} {self.requests:>8} {self.failures:>8}"
            f" {self.p50:>7.0f} {self.p95:>7.0f} {self.p99:>7.0f} {self.per_second:>10.1f}"
            f" {'' if self.cpu is None else f'{self.cpu:.1f}':>7}"
        )


HEADER = (
    f"{'server':<17} {'kind':<12} {'requests':>8} {'failures':>8} {'p50':>7} {'p95':>7} {'p99':>7} {'requests/s':>9}"
)


def read(server: Server, asked: Questions, options: argparse.Namespace, *, thinks: bool) -> list[Served]:
    users, seconds = (options.users, options.seconds) if thinks else (options.impatient, options.seconds / 2)
    with served(server) as (address, group), TemporaryDirectory(prefix="factpl-readers-") as made:
        wanted = {"server": server.kind, "page": server.page, "seed": SEED, "thinks": thinks, **asdict(asked)}
        wanted["has_articles"] = answers(f"{address}/article/{asked.paths[0]}")
        (Path(made) / "asked.json").write_text(json.dumps(wanted, ensure_ascii=False), encoding="utf-8")
        command = [sys.executable, "-m", "locust", "-f", str(Path(__file__).with_name("web_readers.py"))]
        command += ["--headless", "--skip-log", "--host", address, "--json-file", f"{made}/load"]
        # All at once would be no readers, but a crowd at a door.
        command += ["-u", str(users), "-r", str(max(1, users // _TO_COME)), "-t", f"{seconds + _TO_COME:.0f}s"]
        before = cpu_seconds(group)
        run = subprocess.run(  # noqa: S603  of the project's own environment
            [*command, "--exit-code-on-error", "0"],
            env=os.environ | {"WEB_READERS": f"{made}/asked.json"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if run.returncode:
            sys.exit(f"locust ended with {run.returncode}: {run.stderr[-2_000:]}")
        taken = cpu_seconds(group) - before
        found: list[dict[str, Any]] = json.loads((Path(made) / "load.json").read_text(encoding="utf-8"))
    whole, *kinds = _served(server.name, found)
    return [replace(whole, cpu=1_000 * taken / max(1, whole.requests)), *kinds]


def _served(name: str, found: list[dict[str, Any]]) -> Iterator[Served]:
    """Yield what all requests took, then those of each kind."""
    seconds = max(one["last_request_timestamp"] for one in found) - min(one["start_time"] for one in found)
    taken: dict[str, Counter[float]] = {one["name"]: _taken(one) for one in found}
    for kind, times in {"all": sum(taken.values(), Counter[float]()), **dict(sorted(taken.items()))}.items():
        failures = sum(one["num_failures"] for one in found if kind in ("all", one["name"]))
        p50, p95, p99 = (percentile(times, share) for share in (0.5, 0.95, 0.99))
        yield Served(name, kind, times.total(), failures, p50, p95, p99, times.total() / seconds)


def _taken(one: dict[str, Any]) -> "Counter[float]":
    return Counter({float(milliseconds): count for milliseconds, count in one["response_times"].items()})


def percentile(times: "Counter[float]", share: float) -> float:
    """
    >>> percentile(Counter({1.0: 95, 50.0: 5}), 0.95), percentile(Counter({1.0: 95, 50.0: 5}), 0.99)
    (1.0, 50.0)
    """
    left = share * times.total()
    for milliseconds in sorted(times):
        left -= times[milliseconds]
        if left <= 0:
            return milliseconds
    return 0.0


@contextmanager
def _kept(folder: Path | None) -> Iterator[Path]:
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
    else:
        with TemporaryDirectory(prefix="factpl-load-") as made:
            yield Path(made)


def prepared(folder: Path, texts: Sequence[Text]) -> Questions:
    """Build what is not there yet, and return what is asked."""
    print(f"building {folder} ...", file=sys.stderr, flush=True)
    if read_meta(folder / "index") is None:
        build_ours(folder, texts)
    meta = read_meta(folder / "index")
    assert meta is not None
    lines = (folder / "index" / meta.folder / WORDS).read_text(encoding="utf-8").splitlines()
    words = [(word, int(count)) for word, _, count in (line.partition("\t") for line in lines)]
    if not (folder / "bench.db").exists():
        build_table(folder / "bench.db.new", texts, words)
        (folder / "bench.db.new").rename(folder / "bench.db")
    return questions(words, texts)


def measure(options: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    asked = prepared(folder, list(statutes(options.data, options.size)))
    rows: list[dict[str, Any]] = []
    for thinks in (True, False) if options.impatient else (True,):
        told = f"{options.users} readers who think" if thinks else f"{options.impatient} who do not"
        print(f"\n{told}, {options.size:,} documents; milliseconds\n{HEADER}", flush=True)
        for server in servers(folder, options.workers):
            if options.only in server.name:
                for row in read(server, asked, options, thinks=thinks):
                    print(row, flush=True)
                    rows.append({"thinking": thinks, **asdict(row)})
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web_load", description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help="where the collections are")
    parser.add_argument("--size", type=int, default=20_000, metavar="N", help="serve the first N texts")
    parser.add_argument("--users", type=int, default=100, metavar="N", help="readers who think for 1 to 3 seconds")
    parser.add_argument("--impatient", type=int, default=16, metavar="N", help="readers who do not; 0 for none")
    parser.add_argument("--seconds", type=float, default=60, metavar="N", help="read so long; half as long impatiently")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N", help="processes of ours")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="build there, or use what is there")
    parser.add_argument("--only", default="", metavar="TEXT", help="measure only what has TEXT in its name")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there, too")
    options = parser.parse_args(arguments)
    with _kept(options.keep) as folder:
        try:
            rows = measure(options, folder)
        except DataMissing as e:
            sys.exit(str(e))
    if options.json:
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    if missed := [row["server"] for row in rows if _is_missed(row)]:
        sys.exit(f"Over {LIMIT_MILLISECONDS} ms at p95, or failed: {', '.join(missed)}")


def _is_missed(row: dict[str, Any]) -> bool:
    ours = row["server"].startswith("factpl") and row["kind"] == "all"
    return ours and bool(row["failures"] or (row["thinking"] and row["p95"] > LIMIT_MILLISECONDS))


if __name__ == "__main__":
    main()
