"""How many of the texts that are related to one are of the same page of an encyclopedia.

python -m benchmarks.related
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.corpora import DEFAULT_DATA, DataMissing, Text, TextSource, korquad_pages
from benchmarks.stopwatch import Stopwatch
from index.build import build
from index.related import NothingTellingError, related

DEPTH = 6


def measure(pages: dict[str, str], index_dir: Path) -> dict[str, float]:
    """Return means over all paragraphs whose page has DEPTH others; *pages* is the title of each."""
    sizes = Counter(pages.values())
    asked = [id for id, title in pages.items() if sizes[title] > DEPTH]
    stopwatch = Stopwatch()
    with stopwatch:
        found = [[pages[other] == pages[id] for other in _related(id, index_dir)] for id in asked]
    return {
        "paragraphs": len(asked),
        f"precision_at_{DEPTH}": sum(map(sum, found)) / len(asked) / DEPTH,
        "precision_at_1": sum(sum(right[:1]) for right in found) / len(asked),
        "milliseconds": 1_000 * stopwatch.cpu / len(asked),
    }


def _related(id: str, index_dir: Path) -> list[str]:
    try:
        return [hit.document.id for hit in related(id, index_dir=index_dir, limit=DEPTH, collapse=False).hits]
    except NothingTellingError:
        return []


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.related", description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help="where the collections are")
    options = parser.parse_args(arguments)
    try:
        pages = korquad_pages(options.data)
    except DataMissing as e:
        sys.exit(str(e))
    ids = {f"p{number}": text for number, text in enumerate(pages)}
    with TemporaryDirectory(prefix="factpl-related-") as folder:
        build(TextSource(Text(id, "", text) for id, text in ids.items()), Path(folder))
        print(json.dumps(measure({id: pages[text] for id, text in ids.items()}, Path(folder)), indent=1))


if __name__ == "__main__":
    main()
