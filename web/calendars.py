"""Issues by year, month and day."""

from calendar import SUNDAY, Calendar
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from factpl_crawler.store import IssueSummary

# In Korea a week begins on Sunday.
_CALENDAR = Calendar(SUNDAY)


@dataclass(frozen=True)
class Month:
    """`weeks` have seven days, 0 for those of other months."""

    year: int
    number: int
    weeks: tuple[tuple[int, ...], ...]
    issues: tuple[IssueSummary, ...]

    @property
    def by_day(self) -> dict[int, IssueSummary]:
        """Return the first issue of each day that has one."""
        return {_date(issue)[2]: issue for issue in reversed(self.issues)}


def months(issues: Iterable[IssueSummary]) -> dict[int, list[Month]]:
    """Return the months that have issues, by year, newest first. What has no date is in none."""
    grouped: dict[tuple[int, int], list[IssueSummary]] = defaultdict(list)
    for issue in issues:
        if issue.date_published:
            grouped[_date(issue)[:2]].append(issue)
    years: dict[int, list[Month]] = {}
    for year, month in sorted(grouped, reverse=True):
        weeks = tuple(map(tuple, _CALENDAR.monthdayscalendar(year, month)))
        years.setdefault(year, []).append(Month(year, month, weeks, tuple(grouped[year, month])))
    return years


def _date(issue: IssueSummary) -> tuple[int, int, int]:
    year, month, day = map(int, (issue.date_published or "")[:10].split("-"))
    return year, month, day
