"""What a finished crawl amounted to, from its statistics. Scrapy itself ends with success whatever happened."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

ITEM_KINDS = ("issue", "article")
FAULTS = "factpl/faults"


@dataclass(frozen=True)
class Outcome:
    """`faults` is empty for a crawl that did what it should; `notes` says what else is worth a look."""

    spider: str
    new: dict[str, int]
    changed: dict[str, int]
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.faults

    def lines(self) -> list[str]:
        found = "; ".join(f"{kind}s {self.new[kind]} new, {self.changed[kind]} changed" for kind in ITEM_KINDS)
        head = f"{self.spider}: {found}"
        return [head, *(f"  note: {note}" for note in self.notes), *(f"  FAULT: {fault}" for fault in self.faults)]


def judge(spider: str, stats: Mapping[str, Any]) -> Outcome:
    """Return what the statistics say, and the faults that `factpl_crawler.monitors` left in them."""

    def count(key: str) -> int:
        return int(stats.get(key, 0))

    return Outcome(
        spider,
        new={kind: count(f"factpl/{kind}/new") for kind in ITEM_KINDS},
        changed={kind: count(f"factpl/{kind}/changed") for kind in ITEM_KINDS},
        faults=list(stats.get(FAULTS, ["it never started; see the log"])),
        notes=list(_notes(count)),
    )


def _notes(count: Callable[[str], int]) -> Iterator[str]:
    for key, what in (
        ("factpl/contact/missing", "factpl.toml names no contact for the sites' operators; crawls without one"),
        ("factpl/mail/quarantined", "letters that could not be read and are kept aside"),
        ("factpl/article/failed", "articles that failed, to be tried again another night"),
        ("factpl/article/refused", "articles refused by the site or its robots.txt, to be tried again another night"),
        ("factpl/article/unreachable", "articles whose site could not be reached, to be tried again another night"),
        ("factpl/article/gone", "articles that are gone"),
        ("factpl/article/quarantined", "articles that could not be read and are kept aside"),
        ("factpl/article/postponed", "articles left for another night"),
        ("factpl/issue/postponed", "issues left for another night"),
        ("factpl/list/postponed", "pages of the archive's list left for another night"),
        ("factpl/article/skipped", "articles on other sites, linked and not fetched; --follow-any fetches them"),
        ("factpl/issue/gone", "issues in the list that are gone"),
        ("factpl/section/unknown", "section labels without an id"),
        ("factpl/date/refused", "printed dates that were refused"),
        ("factpl/date/weekday_mismatch", "printed weekdays that do not fit their dates"),
    ):
        if number := count(key):
            yield f"{what}: {number}"
