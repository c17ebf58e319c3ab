"""What a finished crawl amounted to, from its statistics. Scrapy itself ends with success whatever happened."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

ITEM_KINDS = ("issue", "article")
MANY = 10  # fewer failed articles can be the same dead links, tried again on a night without news


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
    def count(key: str) -> int:
        return int(stats.get(key, 0))

    return Outcome(
        spider,
        new={kind: count(f"factpl/{kind}/new") for kind in ITEM_KINDS},
        changed={kind: count(f"factpl/{kind}/changed") for kind in ITEM_KINDS},
        faults=list(_faults(count, stats)),
        notes=list(_notes(count)),
    )


def _faults(count: Callable[[str], int], stats: Mapping[str, Any]) -> Iterator[str]:
    if (reason := stats.get("finish_reason")) != "finished":
        yield f"ended early: {reason or 'never started'}"
    # Of an error, the log and the other counts tell; the log may be set to say nothing.
    logged = count("log_count/ERROR") + count("log_count/CRITICAL")
    if errors := max(logged, count("spider_exceptions/count") + count("factpl/item/error")):
        yield f"errors: {errors}; see the log"
    if failed := _not_had(count, "list") + count("factpl/list/gone"):
        yield f"pages of the archive's list that could not be read: {failed}{_last(stats, 'list')}"
    if failed := _not_had(count, "issue"):
        yield f"issues that could not be had, to be tried again next time: {failed}{_last(stats, 'issue')}"
    if quarantined := count("factpl/quarantined/issue"):
        yield f"issues that could not be read (see search_cli.py stats): {quarantined}"
    if (letters := count("factpl/quarantined/mail")) and not _had(count, "issue"):
        yield f"letters, none of which could be read (see search_cli.py stats): {letters}"
    had, failed = _had(count, "article"), _not_had(count, "article")
    if failed > had and (failed >= MANY or count("factpl/issue/new")):
        yield f"articles that could not be had: {failed} of {failed + had}"


def _not_had(count: Callable[[str], int], kind: str) -> int:
    return sum(count(f"factpl/{kind}/{outcome}") for outcome in ("failed", "refused", "unreachable"))


def _last(stats: Mapping[str, Any], kind: str) -> str:
    last = (stats.get(f"factpl/{kind}/{outcome}/last") for outcome in ("failed", "refused", "unreachable", "gone"))
    return "".join(f"; {page}" for page in last if page)


def _had(count: Callable[[str], int], kind: str) -> int:
    return sum(count(f"factpl/{kind}/{change}") for change in ("new", "changed", "unchanged"))


def _notes(count: Callable[[str], int]) -> Iterator[str]:
    for key, what in (
        ("factpl/contact/missing", "factpl.toml names no contact for the sites' operators; crawls without one"),
        ("factpl/quarantined/mail", "letters that could not be read and are kept aside"),
        ("factpl/article/failed", "articles that failed, to be tried again next time"),
        ("factpl/article/refused", "articles refused by the site or its robots.txt, to be tried again next time"),
        ("factpl/article/unreachable", "articles whose site could not be reached, to be tried again next time"),
        ("factpl/article/gone", "articles that are gone"),
        ("factpl/issue/gone", "issues in the list that are gone"),
        ("factpl/section/unknown", "section labels without an id"),
        ("factpl/date/refused", "printed dates that were refused"),
        ("factpl/date/weekday_mismatch", "printed weekdays that do not fit their dates"),
    ):
        if number := count(key):
            yield f"{what}: {number}"
