"""What a search can be narrowed by, what it is narrowed by, and its pages: each a state of the address."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from index.search import FacetCount, Results
from web.asked import DEEPEST, Asked
from web.paths import search_path

SHOWN_FACETS = ("section", "author", "publication", "site", "year", "kind")
# Of a facet, the most frequent values: a whole archive has hundreds of authors, and nobody reads them all.
MOST_OFFERED = 12
VALUES = ("section", "author", "site", "issue", "publication", "kind")


@dataclass(frozen=True)
class Choice:
    """`path` leads to the search with the value, or without it where it is `chosen`."""

    value: str
    label: str
    count: int | None
    chosen: bool
    path: str


@dataclass(frozen=True)
class Pages:
    """`shown` are the numbers to go to, None where some are left out."""

    number: int
    last: int
    shown: tuple[int | None, ...]


def facets(asked: Asked, results: Results) -> dict[str, list[Choice]]:
    """Return of each facet what it offers, at most MOST_OFFERED and what was chosen; none that could not narrow."""
    offered = {name: list(_choices(asked, name, results.facets.get(name, ()))) for name in SHOWN_FACETS}
    return {name: choices for name, choices in offered.items() if len(choices) > 1 or any(c.chosen for c in choices)}


def chosen(
    asked: Asked, results: Results, label_of: Callable[[str, str], str] = lambda name, value: value
) -> Iterator[tuple[str, Choice]]:
    """Yield each filter in force with the name of its parameter, labelled as it was printed.

    *label_of* is asked for the label of what was not found.
    """
    for name in ("since", "until"):
        if value := getattr(asked, name):
            yield name, Choice(value, value, None, True, search_path(asked, **{name: ""}))
    for name in VALUES:
        labels = {one.value: one.label for one in results.facets.get(name, ())}
        for value in getattr(asked, name):
            yield (
                name,
                Choice(value, labels.get(value) or label_of(name, value), None, True, _without(asked, name, value)),
            )


def period_path(asked: Asked, value: str) -> str:
    """Return where the search within a year or a month is."""
    return search_path(asked, since=value, until=value)


def pages(asked: Asked, total: int, around: int = 2) -> Pages:
    """Return the first, the last and those around the page that is shown.

    >>> pages(Asked(page=6), 300).shown
    (1, None, 4, 5, 6, 7, 8, None, 30)
    """
    last = max(1, ceil(min(total, DEEPEST) / asked.limit))
    near = range(max(1, asked.page - around), min(last, asked.page + around) + 1)
    numbers = sorted({1, *near, last})
    shown: list[int | None] = []
    for before, number in zip([0, *numbers], numbers, strict=False):
        shown += [number] if number == before + 1 else [None, number]
    return Pages(asked.page, last, tuple(shown))


def _choices(asked: Asked, facet: str, counts: Sequence[FacetCount]) -> Iterator[Choice]:
    for place, one in enumerate(counts):
        if place < MOST_OFFERED or one.value in getattr(asked, facet, ()):
            yield _choice(asked, facet, one)


def _choice(asked: Asked, facet: str, one: FacetCount) -> Choice:
    if facet == "year":
        is_chosen = asked.since == asked.until == one.value
        other = search_path(asked, since="", until="") if is_chosen else period_path(asked, one.value)
        return Choice(one.value, one.label, one.count, is_chosen, other)
    values: Sequence[str] = getattr(asked, facet)
    if one.value in values:
        return Choice(one.value, one.label, one.count, True, _without(asked, facet, one.value))
    return Choice(one.value, one.label, one.count, False, search_path(asked, **{facet: (*values, one.value)}))


def _without(asked: Asked, name: str, value: str) -> str:
    return search_path(asked, **{name: tuple(one for one in getattr(asked, name) if one != value)})
