"""How well questions find the text that answers them: this project's search beside other engines.

python -m benchmarks.retrieval --json retrieval.json
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import ir_measures
from ir_measures import RR, Qrel, R, ScoredDoc, nDCG

from benchmarks.corpora import DEFAULT_DATA, Collection, DataMissing, Text, TextSource, korquad, precedents
from benchmarks.peers import PEERS, Ranker, words
from benchmarks.stopwatch import Stopwatch
from index.build import build
from index.query import QueryError
from index.search import search

DEPTH = 10
COLLECTIONS: dict[str, Callable[[Path], Collection]] = {"korquad": korquad, "precedents": precedents}
# How a question becomes a query of this project's: as it stands, or so that any of its words will do.
ASKED: dict[str, Callable[[str], str]] = {"typed": str, "any": lambda question: " OR ".join(words(question))}


@dataclass(frozen=True)
class Score:
    """Means over all queries; `milliseconds` of processor for one, `unanswered` is how many found nothing."""

    system: str
    mrr: float
    ndcg: float
    recall: float
    unanswered: int
    milliseconds: float

    def __str__(self) -> str:
        return (
            f"{self.system:<24} {self.mrr:>7.4f} {self.ndcg:>8.4f} {self.recall:>10.4f}"
            f" {self.unanswered:>11,} {self.milliseconds:>9.1f}"
        )


HEADING = f"{'':<24} {'MRR@10':>7} {'nDCG@10':>8} {'Recall@10':>10} {'unanswered':>11} {'ms/query':>9}"


@contextmanager
def factpl(texts: Sequence[Text], asked: str) -> Iterator[Ranker]:
    with TemporaryDirectory(prefix="factpl-retrieval-") as folder:
        build(TextSource(texts), Path(folder))

        def found(query: str, limit: int) -> list[str]:
            return [hit.document.id for hit in search(query, index_dir=Path(folder), limit=limit).hits]

        def rank(question: str, limit: int) -> list[str]:
            if not words(question):
                return []
            try:
                return found(ASKED[asked](question), limit)
            except QueryError:
                # What people do who are told that a - or a ( means something here.
                return found(" ".join(words(question)), limit)

        yield rank


def scores(collection: Collection, asked: str = "typed") -> Iterator[Score]:
    with factpl(collection.texts, asked) as rank:
        yield score(f"factpl ({asked})", collection, rank)
    for name, peer in PEERS.items():
        yield score(name, collection, peer(collection.texts))


def score(system: str, collection: Collection, rank: Ranker) -> Score:
    stopwatch = Stopwatch()
    with stopwatch:
        found = {id: rank(question, DEPTH) for id, question in collection.queries.items()}
    run = [ScoredDoc(id, text, -float(place)) for id, texts in found.items() for place, text in enumerate(texts)]
    relevant = [Qrel(id, text, 1) for id in found for text in collection.relevant[id]]
    means = ir_measures.calc_aggregate([RR @ DEPTH, nDCG @ DEPTH, R @ DEPTH], relevant, run)
    return Score(
        system=system,
        mrr=means[RR @ DEPTH],
        ndcg=means[nDCG @ DEPTH],
        recall=means[R @ DEPTH],
        unanswered=sum(not texts for texts in found.values()),
        milliseconds=1000 * stopwatch.cpu / len(found),
    )


def measure(collection: Collection, asked: str) -> dict[str, object]:
    """Print one line for each system, as soon as it is known, and return them all."""
    print(f"{collection.name}: {len(collection.texts):,} texts, {len(collection.queries):,} queries")
    print(HEADING)
    systems: list[Score] = []
    for one in scores(collection, asked):
        print(one, flush=True)
        systems.append(one)
    print()
    return {
        "texts": len(collection.texts),
        "queries": len(collection.queries),
        "systems": [asdict(one) for one in systems],
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.retrieval", description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help="where the collections are")
    parser.add_argument("--collection", choices=COLLECTIONS, action="append", help="only this one; repeatable")
    parser.add_argument("--limit", type=int, metavar="N", help="at most so many queries of each collection")
    parser.add_argument("--words", choices=ASKED, default="typed", help="how questions are put to factpl")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there, too")
    options = parser.parse_args(arguments)
    try:
        results = {
            name: measure(COLLECTIONS[name](options.data).sample(options.limit), options.words)
            for name in options.collection or COLLECTIONS
        }
    except DataMissing as e:
        sys.exit(str(e))
    if options.json:
        options.json.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
