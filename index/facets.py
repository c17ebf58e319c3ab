"""What a whole result is made of: how many of its documents have which section, author, site, month …"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from index.query import Query
from index.schema import LABEL_SEPARATOR, VALUE_SEPARATOR

FACETS = ("section", "author", "site", "year", "month", "publication")
# Of a day, the part that is counted: 2023-10.
_DATES = {"year": 4, "month": 7}


@dataclass(frozen=True)
class FacetCount:
    """`value` can be typed as a filter's; `label` is how it was printed."""

    value: str
    label: str
    count: int


class Counting(Protocol):
    """The engine, as far as it counts."""

    def counts(self, query: Query, names: Iterable[str]) -> Mapping[str, Counter[str]]: ...


def count_facets(
    reader: Counting, query: Query, facets: Iterable[str], publications: Mapping[str, str]
) -> dict[str, list[FacetCount]]:
    """Return of each facet the values, most frequent first, periods newest first.

    A document with two authors counts for both, one without any for none. *publications* maps ids to titles.
    """
    columns = {facet: "day" if facet in _DATES else facet for facet in facets}
    if not columns:
        return {}
    counts = reader.counts(query, dict.fromkeys(columns.values()))
    return {facet: _facet(facet, counts[column], publications) for facet, column in columns.items()}


def day_counts(reader: Counting, query: Query) -> Counter[date]:
    """Return how many documents are of which day; what has no date is left out."""
    return Counter(
        {date.fromordinal(int(day)): count for day, count in reader.counts(query, ["day"])["day"].items() if day}
    )


def _facet(facet: str, counts: Counter[str], publications: Mapping[str, str]) -> list[FacetCount]:
    if length := _DATES.get(facet):
        return _periods(counts, length)
    # A plain dictionary in each: a Counter takes several times as long to make, and there may be thousands.
    labels: dict[str, dict[str, int]] = defaultdict(dict)
    for values, count in counts.items():
        for one in filter(None, values.split(VALUE_SEPARATOR)):
            value, _, label = one.partition(LABEL_SEPARATOR)
            called = label or publications.get(value, value)
            counted = labels[value]
            counted[called] = counted.get(called, 0) + count
    found = [FacetCount(value, _usual(counted), sum(counted.values())) for value, counted in labels.items()]
    return sorted(found, key=lambda one: (-one.count, one.value))


def _usual(labels: Mapping[str, int]) -> str:
    if len(labels) == 1:
        return next(iter(labels))
    return min(labels, key=lambda label: (-labels[label], label))


def _periods(counts: Counter[str], length: int) -> list[FacetCount]:
    periods: Counter[str] = Counter()
    for day, count in counts.items():
        if day:
            periods[date.fromordinal(int(day)).isoformat()[:length]] += count
    return [FacetCount(period, period, periods[period]) for period in sorted(periods, reverse=True)]
