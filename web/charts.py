"""Counts as places in a picture; templates draw them. Lengths are those of the picture's own box."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from index.trends import Trend

WIDTH, HEIGHT = 720.0, 96.0
LINES_HEIGHT = 240.0
# More bars could not be hit with a finger, and say no more.
MOST_BARS = 60
_LEAST = 2.0


@dataclass(frozen=True)
class Bar:
    """`period` is a month, 2024-03, or a year; `slot` is the width that it has with the gap beside it."""

    period: str
    count: int
    x: float
    y: float
    width: float
    height: float
    slot: float


@dataclass(frozen=True)
class Line:
    """`points` as SVG's polyline takes them."""

    query: str
    points: str
    found: int


def bars(months: Mapping[str, int]) -> list[Bar]:
    """Return a bar for each month from the first to the last, for each year where those are too many.

    >>> [(bar.period, bar.count, bar.height) for bar in bars({"2024-03": 4, "2024-01": 8})]
    [('2024-01', 8, 96.0), ('2024-02', 0, 0.0), ('2024-03', 4, 48.0)]
    """
    counts = _periods(months)
    if not counts:
        return []
    slot, highest = WIDTH / len(counts), max(counts.values())
    gap = min(3.0, slot / 5)
    return [
        _bar(period, count, number * slot, slot, gap, highest)
        for number, (period, count) in enumerate(sorted(counts.items()))
    ]


def lines(trends: Sequence[Trend], *, absolute: bool) -> tuple[list[Line], float]:
    """Return a line for each, all on one scale, and what its top stands for: documents, or a share of 0 to 1."""
    values = [[one.found if absolute else one.share for one in trend.counts] for trend in trends]
    highest = max((value for line in values for value in line), default=0) or 1
    drawn = [
        Line(trend.query, _points(line, highest), sum(one.found for one in trend.counts))
        for trend, line in zip(trends, values, strict=True)
    ]
    return drawn, highest


def _periods(months: Mapping[str, int]) -> dict[str, int]:
    if not months:
        return {}
    every = list(_months(min(months), max(months)))
    if len(every) <= MOST_BARS:
        return {month: months.get(month, 0) for month in every}
    years: Counter[str] = Counter()
    for month, count in months.items():
        years[month[:4]] += count
    first, last = int(min(years)), int(max(years))
    if last - first < MOST_BARS:
        return {f"{year:04}": years[f"{year:04}"] for year in range(first, last + 1)}
    # A date is wrong.
    return {year: years[year] for year in sorted(years)[-MOST_BARS:]}


def _months(first: str, last: str) -> Iterator[str]:
    (year, month), (last_year, last_month) = (map(int, one.split("-")) for one in (first, last))
    # One more than can be shown tells that they are too many.
    for number in range(min(12 * (last_year - year) + last_month - month, MOST_BARS) + 1):
        years, months = divmod(month - 1 + number, 12)
        yield f"{year + years:04}-{months + 1:02}"


def _bar(period: str, count: int, x: float, slot: float, gap: float, highest: int) -> Bar:
    height = max(_LEAST, HEIGHT * count / highest) if count else 0.0
    return Bar(period, count, *(round(one, 2) for one in (x, HEIGHT - height, slot - gap, height, slot)))


def _points(values: Sequence[float], highest: float) -> str:
    values = values if len(values) > 1 else [*values, *values]
    step = WIDTH / (len(values) - 1)
    return " ".join(f"{n * step:.1f},{LINES_HEIGHT * (1 - value / highest):.1f}" for n, value in enumerate(values))
