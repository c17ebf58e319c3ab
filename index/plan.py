"""What a query comes to in an index: sets of documents, by the terms that they have and where."""

from collections.abc import Iterator
from typing import NamedTuple


class Every(NamedTuple):
    """All documents."""


class Term(NamedTuple):
    field: str
    text: str


class Prefix(NamedTuple):
    """Any term of `field` that begins with `text`."""

    field: str
    text: str


class Near(NamedTuple):
    """Each of `parts` stands after the one before it, at most `slop` positions away."""

    parts: "tuple[Placed, ...]"
    slop: int


class AnyOf(NamedTuple):
    parts: "tuple[Plan, ...]"


class AllOf(NamedTuple):
    parts: "tuple[Plan, ...]"


class Without(NamedTuple):
    """All documents but those of `part`."""

    part: "Plan"


class Days(NamedTuple):
    """Proleptic ordinals, both included."""

    first: float
    last: float


class Issues(NamedTuple):
    """Numbers of issues, both included."""

    first: float
    last: float


# What stands at places of a text.
Placed = Term | Prefix | AnyOf
Plan = Every | Term | Prefix | Near | AnyOf | AllOf | Without | Days | Issues


def terms(plan: Plan) -> Iterator[Term]:
    match plan:
        case Term():
            yield plan
        case Near() | AnyOf() | AllOf():
            for part in plan.parts:
                yield from terms(part)
        case Without():
            yield from terms(plan.part)


def ranges(plan: Plan) -> int:
    """Return how many ranges of days or issues there are."""
    match plan:
        case Days() | Issues():
            return 1
        case AnyOf() | AllOf():
            return sum(map(ranges, plan.parts))
        case Without():
            return ranges(plan.part)
    return 0
