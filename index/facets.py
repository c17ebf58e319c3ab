"""What a whole result is made of: how many of its documents have which section, author, site, month …"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from heapq import nlargest
from typing import Protocol

from index.query import Query
from index.schema import LABEL_SEPARATOR, VALUE_SEPARATOR

FACETS = ("section", "author", "site", "year", "month", "publication", "kind")
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
    reader: Counting,
    query: Query,
    facets: Iterable[str],
    publications: Mapping[str, str],
    *,
    most: int | None = None,
    kept: Mapping[str, Collection[str]] = {},
) -> dict[str, list[FacetCount]]:
    """Return of each facet the values, most frequent first, periods newest first.

    A document with two authors counts for both, one without any for none. *publications* maps ids to titles. Of what is
    no period, at most *most* values are returned, and those that are *kept* of the facet.
    """
    columns = {facet: "day" if facet in _DATES else facet for facet in facets}
    if not columns:
        return {}
    counts = reader.counts(query, dict.fromkeys(columns.values()))
    return {
        facet: _periods(counts[column], length)
        if (length := _DATES.get(facet))
        else _values(counts[column], publications, most, kept.get(facet, ()))
        for facet, column in columns.items()
    }


def day_counts(reader: Counting, query: Query) -> Counter[date]:
    """Return how many documents are of which day; what has no date is left out."""
    return Counter(
        {date.fromordinal(int(day)): count for day, count in reader.counts(query, ["day"])["day"].items() if day}
    )


def _values(
    counts: Counter[str], publications: Mapping[str, str], most: int | None, kept: Collection[str]
) -> list[FacetCount]:
    # Plain dictionaries: there may be thousands of values.
    totals: dict[str, int] = {}
    labels: dict[str, dict[str, int]] = {}
    for printed, count in counts.items():
        for value, label in _named(printed):
            totals[value] = totals.get(value, 0) + count
            if label:
                counted = labels.setdefault(value, {})
                counted[label] = counted.get(label, 0) + count
    least = min(nlargest(most, totals.values()), default=0) if most is not None else 0
    frequent = sorted((v for v in totals if totals[v] >= least), key=lambda value: (-totals[value], value))[:most]
    shown = [*frequent, *(value for value in dict.fromkeys(kept) if value in totals and value not in frequent)]
    return [FacetCount(value, _usual(value, labels, publications), totals[value]) for value in shown]


def _usual(value: str, labels: Mapping[str, Mapping[str, int]], publications: Mapping[str, str]) -> str:
    counted = labels.get(value, {})
    return min(counted, key=lambda label: (-counted[label], label), default=publications.get(value, value))


# The same documents are counted for every search.
@lru_cache(maxsize=50_000)
def _named(printed: str) -> tuple[tuple[str, str], ...]:
    """Return (value, label) of each, without a label where there is none."""
    parts = (one.partition(LABEL_SEPARATOR) for one in printed.split(VALUE_SEPARATOR) if one)
    return tuple((value, label) for value, _, label in parts)


def _periods(counts: Counter[str], length: int) -> list[FacetCount]:
    periods: dict[str, int] = {}
    for day, count in counts.items():
        if day:
            period = _iso(day)[:length]
            periods[period] = periods.get(period, 0) + count
    return [FacetCount(period, period, periods[period]) for period in sorted(periods, reverse=True)]


@lru_cache(maxsize=50_000)
def _iso(day: str) -> str:
    return date.fromordinal(int(day)).isoformat()
