"""A period of the archive as a letter: what it has for each saved search, its issues, and the words that rose."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

from factpl_crawler.documents import Document, IssueRef
from index.saved import SavedSearch
from index.search import Filters, Hit, search
from index.words import NothingBeforeError, RisingWord, rising_words

# Those of more than a hundred issues. A letter that is longer is read by nobody.
MOST_ENTRIES = 1_000
MOST_WORDS = 15


@dataclass(frozen=True)
class Found:
    """Of the *total* documents that a saved search finds in the period, the best or newest."""

    search: SavedSearch
    total: int
    hits: list[Hit]
    publications: dict[str, str]


@dataclass(frozen=True)
class IssueContents:
    """The entries of an issue by section, both in the order they have there; a section has its label, or None."""

    issue: IssueRef
    publication: str
    date: str | None
    sections: list[tuple[str | None, list[Document]]]


@dataclass(frozen=True)
class Digest:
    """`documents` are dated from `since` to `until`; `omitted` entries are too many to be among `issues`."""

    since: date
    until: date
    documents: int
    entries: int
    searches: list[Found]
    issues: list[IssueContents]
    omitted: int
    words: list[RisingWord]

    @property
    def articles(self) -> int:
        return self.documents - self.entries


def digest(searches: Iterable[SavedSearch], *, index_dir: Path, since: date, until: date, limit: int = 10) -> Digest:
    """Return what is dated from *since* to *until*, both included; of each search the best *limit* documents."""
    period = Filters(since=since, until=until)
    entries = search("", index_dir=index_dir, filters=period._replace(kind=("entry",)), sort="date", limit=MOST_ENTRIES)
    return Digest(
        since,
        until,
        documents=search("", index_dir=index_dir, filters=period, limit=1).total,
        entries=entries.total,
        searches=[_found(one, period, index_dir, limit) for one in searches],
        issues=_issues([hit.document for hit in entries.hits]),
        omitted=entries.total - len(entries.hits),
        words=_words(period, index_dir),
    )


def _found(saved: SavedSearch, period: Filters, index_dir: Path, limit: int) -> Found:
    filters = saved.filters._replace(since=period.since, until=period.until)
    results = search(saved.query, index_dir=index_dir, filters=filters, limit=limit, collapse=True, reread=False)
    return Found(saved, results.total, results.hits, dict(results.publications))


def _issues(entries: Sequence[Document]) -> list[IssueContents]:
    """*entries* stand newest first, those of an issue in any order."""
    by_issue: dict[str, list[Document]] = {}
    for entry in entries:
        assert entry.issue is not None
        by_issue.setdefault(entry.issue.id, []).append(entry)
    return [_contents(sorted(of_one, key=lambda entry: entry.position or 0)) for of_one in by_issue.values()]


def _contents(entries: list[Document]) -> IssueContents:
    first = entries[0]
    assert first.issue is not None
    title = first.publication.title if first.publication else ""
    sections = [(label, list(of_one)) for label, of_one in groupby(entries, _label)]
    return IssueContents(first.issue, title, first.date_published, sections)


def _label(entry: Document) -> str | None:
    return entry.section.label if entry.section else None


def _words(period: Filters, index_dir: Path) -> list[RisingWord]:
    try:
        return rising_words(period, index_dir=index_dir, limit=MOST_WORDS)
    except NothingBeforeError:
        return []
