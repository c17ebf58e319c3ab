"""How often something is written of: documents found per month or week, beside all there are."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from index.facets import day_counts
from index.query import Everything, parse
from index.search import NO_FILTERS, AskedIndex, Filters, SearchError, opened

Unit = Literal["month", "week"]

# Eighty years of weeks. Where there are more, a date is wrong.
MOST_PERIODS = 4_200
_DAYS = {"month": 30, "week": 7}


class NothingDatedError(SearchError):
    def __init__(self) -> None:
        super().__init__(
            "No document that the filters let through has a date. Leave out a filter, or run: search_cli.py index"
        )


class TooManyPeriodsError(SearchError):
    def __init__(self, first: date, last: date, by: Unit) -> None:
        super().__init__(
            f"From {first} to {last} are more than {MOST_PERIODS:,} {by}s: a date is wrong. "
            "Leave it out: --since 2000 --until 2030"
        )


@dataclass(frozen=True)
class PeriodCount:
    """`documents` counts all that the filters let through, found or not; a week is one of ISO 8601, 2023-W43."""

    period: str
    found: int
    documents: int

    @property
    def share(self) -> float:
        """Of all documents of the period, 0 to 1."""
        return self.found / self.documents if self.documents else 0.0


@dataclass(frozen=True)
class Trend:
    """`counts` has every period from the first document's to the last one's."""

    query: str
    counts: list[PeriodCount]


def trends(
    texts: Sequence[str],
    *,
    index_dir: Path,
    filters: Filters = NO_FILTERS,
    by: Unit = "month",
    aliases: bool = True,
) -> list[Trend]:
    """Return a trend for each query in *texts*, all over the same periods; names count under their other names too.

    Raises QueryError and SearchError; of the latter NothingDatedError and TooManyPeriodsError.
    """
    queries = [parse(text) for text in texts]
    with opened(index_dir) as (reader, meta):
        asked = AskedIndex(reader, index_dir / meta.folder, filters, aliases=aliases)
        everything = day_counts(reader, filters.narrow(Everything()))
        found = [day_counts(reader, asked.narrowed(query)) for query in queries]
    if not everything:
        raise NothingDatedError
    first, last = min(everything), max(everything)
    if (last - first).days > MOST_PERIODS * _DAYS[by]:
        raise TooManyPeriodsError(first, last, by)
    periods = list(dict.fromkeys(_periods(first, last, by)))
    documents = _by_period(everything, by)
    return [
        Trend(str(query), [PeriodCount(period, counts[period], documents[period]) for period in periods])
        for query, counts in zip(queries, (_by_period(days, by) for days in found), strict=True)
    ]


def _period(day: date, by: Unit) -> str:
    if by == "month":
        return f"{day:%Y-%m}"
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def _periods(first: date, last: date, by: Unit) -> Iterator[str]:
    day = first
    while day < last:
        yield _period(day, by)
        day += timedelta(days=7)
    yield _period(last, by)


def _by_period(days: Counter[date], by: Unit) -> Counter[str]:
    counts: Counter[str] = Counter()
    for day, count in days.items():
        counts[_period(day, by)] += count
    return counts
