"""What a night came to, for people and for programs."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from factpl_crawler.documents import Document
from factpl_crawler.frontier import Event
from factpl_crawler.harmless import one_line
from factpl_crawler.outcome import Outcome

MOST_LISTED = 20
_LISTED = ("new", "changed", "gone", "failed", "refused", "unreachable", "quarantined")


@dataclass(frozen=True)
class Crawled:
    """What came of one publication; `coverage` is that of `factpl_crawler.monitors`."""

    outcome: Outcome
    events: list[Event]
    coverage: dict[str, dict[str, int]]
    requests: int
    bytes: int
    seconds: float

    @property
    def took(self) -> str:
        return f"{self.outcome.spider}: {self.requests} requests, {self.bytes / 1e6:.1f} MB, {self.seconds:.0f} s"

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.outcome.spider,
            "ok": self.outcome.ok,
            "faults": self.outcome.faults,
            "notes": self.outcome.notes,
            "new": self.outcome.new,
            "changed": self.outcome.changed,
            "events": [asdict(event) for event in self.events],
            "coverage": self.coverage,
            "requests": self.requests,
            "bytes": self.bytes,
            "seconds": round(self.seconds, 1),
        }


@dataclass(frozen=True)
class NewDocument:
    """What a report says of a document; `origin` is its issue, or its site."""

    id: str
    date: str | None
    headline: str
    origin: str
    url: str | None

    @classmethod
    def of(cls, document: Document) -> Self:
        url = one_line(document.url) if document.url else None
        day = (document.date_published or "")[:10] or None
        return cls(document.id, day, one_line(document.headline), one_line(_origin(document)), url)


def _origin(document: Document) -> str:
    if document.issue is None:
        return document.site or ""
    title = document.publication.title if document.publication else ""
    name = document.issue.headline if document.issue.number is None else f"#{document.issue.number}"
    return " ".join(part for part in (title, name) if part)


@dataclass(frozen=True)
class News:
    """What is new for a saved search: a *number* of documents, the newest of them, and the *command* that lists all."""

    name: str
    number: int
    documents: list[NewDocument]
    command: str

    @classmethod
    def of(cls, name: str, documents: Iterable[Document], command: str) -> Self:
        newest = sorted(documents, key=lambda document: (document.date_published or "", document.id), reverse=True)
        return cls(name, len(newest), [NewDocument.of(document) for document in newest[:MOST_LISTED]], command)

    def lines(self) -> Iterator[str]:
        yield ""
        yield f"saved search {self.name}, new: {self.number}"
        for one in self.documents:
            yield f"  {one.date or 'undated'}  {one.headline}"
            yield f"    {'  '.join(filter(None, (one.origin, one.url, one.id)))}"
        if self.number > len(self.documents):
            yield f"  and {self.number - len(self.documents)} more: {self.command}"


@dataclass
class Report:
    """`faults` are those of the night itself; each publication has its own."""

    started_at: datetime
    publications: list[Crawled] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    searches: list[News] = field(default_factory=list)
    index: str = ""
    finished_at: datetime | None = None
    exit_code: int = 0

    @property
    def ok(self) -> bool:
        return not self.faults and all(crawled.outcome.ok for crawled in self.publications)

    @property
    def has_news(self) -> bool:
        found = any(news.number for news in self.searches)
        events = (event for crawled in self.publications for event in crawled.events)
        return found or any(event.outcome in ("new", "changed") for event in events)

    @property
    def name(self) -> str:
        """What the night's files are called: 2026-11-29T0317."""
        return f"{self.started_at:%Y-%m-%dT%H%M%S}"

    def to_dict(self) -> dict[str, Any]:
        return {
            "started_at": self.started_at.isoformat(timespec="seconds"),
            "finished_at": self.finished_at.isoformat(timespec="seconds") if self.finished_at else None,
            "exit_code": self.exit_code,
            "ok": self.ok,
            "faults": self.faults,
            "index": self.index,
            "searches": [asdict(news) for news in self.searches],
            "publications": [crawled.to_dict() for crawled in self.publications],
        }

    def lines(self) -> Iterator[str]:
        """Yield the report in brief."""
        for crawled in self.publications:
            yield from crawled.outcome.lines()
        yield from (f"FAULT: {fault}" for fault in self.faults)
        if self.index:
            yield f"index: {self.index}"
        yield from (f"saved search {news.name}: {news.number or 'nothing'} new" for news in self.searches)

    def text(self) -> str:
        """Return the report with what is new for saved searches, and what is new, changed, failed and quarantined."""
        state = "healthy" if self.ok else "UNHEALTHY"
        head = [f"The night of {self.started_at:%Y-%m-%d %H:%M}: {state}, exit code {self.exit_code}", ""]
        took = [crawled.took for crawled in self.publications]
        news = [line for one in self.searches if one.number for line in one.lines()]
        details = [line for crawled in self.publications for line in _details(crawled)]
        return "\n".join([*head, *self.lines(), *took, *news, *details]) + "\n"


def _details(crawled: Crawled) -> Iterator[str]:
    for outcome in _LISTED:
        events = sorted((event for event in crawled.events if event.outcome == outcome), key=_in_report)
        if events:
            yield ""
            yield f"{crawled.outcome.spider}, {outcome}: {len(events)}"
            yield from (f"  {event.kind} {event.id}  {event.text}".rstrip() for event in events[:MOST_LISTED])
            if len(events) > MOST_LISTED:
                yield f"  and {len(events) - MOST_LISTED} more"


def _in_report(event: Event) -> tuple[bool, str, str]:
    return event.kind != "issue", event.text, event.id


def write_report(report: Report, folder: Path) -> Path:
    """Write NAME.txt and NAME.json into *folder* and return the first."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = folder / f"{report.name}.txt"
    text.write_text(report.text(), encoding="utf-8", errors="backslashreplace")
    content = json.dumps(report.to_dict(), ensure_ascii=False, indent=1)
    text.with_suffix(".json").write_text(f"{content}\n", encoding="utf-8", errors="backslashreplace")
    return text


def tidy(folder: Path, patterns: Iterable[str], keep: int) -> None:
    """Delete all but the newest *keep* files of each of *patterns*, whose names begin with their time."""
    for pattern in patterns:
        for old in sorted(folder.glob(pattern), reverse=True)[keep:]:
            old.unlink()
