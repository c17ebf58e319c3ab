"""When a page is asked for again. In days: a night may begin a little earlier than the one before."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

Kind = Literal["list", "issue", "article"]
Outcome = Literal["ok", "failed", "refused", "unreachable", "gone", "skipped"]

# Days from one check of an article for corrections to the next. One older than a month is not checked again.
CHECKS = (1, 2, 4, 7, 16)
YOUNG = timedelta(days=31)

# Days from one attempt to the next; after the last of them it is given up.
_FALLING = (1, 2, 4, 8, 16)
_RETRIES: Mapping[Outcome, Sequence[int]] = {
    "failed": _FALLING,
    "refused": _FALLING,
    "unreachable": (*_FALLING, 32, 32),
    "gone": (8,),
}
# An issue is never given up, nor is a page of the list; the last of these goes on for ever.
_NEVER_GIVEN_UP: Mapping[Kind, Sequence[int]] = {"list": (0,), "issue": (0, 1, 2, 4, 8)}


def next_attempt(kind: Kind, outcome: Outcome, attempts: int, today: date) -> date | None:
    """Return the day to try again after *attempts* (one or more) without success, None for never.

    >>> [str(next_attempt("article", "failed", n, date(2026, 11, 1))) for n in (1, 3, 5, 6)]
    ['2026-11-02', '2026-11-05', '2026-11-17', 'None']
    >>> str(next_attempt("issue", "failed", 99, date(2026, 11, 1)))
    '2026-11-09'
    """
    if kind in _NEVER_GIVEN_UP:
        days = _NEVER_GIVEN_UP[kind]
        return today + timedelta(days=days[min(attempts, len(days)) - 1])
    days = _RETRIES.get(outcome, ())
    return today + timedelta(days=days[attempts - 1]) if attempts <= len(days) else None


def next_check(checks: int, published: date, today: date) -> date | None:
    """Return the day to look for corrections of an article that was found unchanged *checks* times, None for never.

    >>> str(next_check(1, published=date(2026, 11, 1), today=date(2026, 11, 2)))
    '2026-11-04'
    >>> next_check(0, published=date(2023, 10, 26), today=date(2026, 11, 2)) is None
    True
    """
    if checks >= len(CHECKS):
        return None
    day = today + timedelta(days=CHECKS[checks])
    return day if day - published <= YOUNG else None
