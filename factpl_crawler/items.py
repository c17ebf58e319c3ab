"""What the spiders yield: an issue with its entries, an article, and what could not be read.

The names are schema.org's. A page fills in what is printed (`section_label`, `dates`); the
normalising pipeline adds what it means (`section_id`, `date_published`).
"""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class RawDate:
    """A date as printed, and where: `body`, `json-ld`, `meta`, `page`, `list` or `mail`."""

    text: str
    source: str


@dataclass
class Link:
    """A link of an entry. `url` may be requested: trackers are decoded, readers' tokens gone."""

    url: str
    text: str = ""
    canonical_url: str = ""
    article_id: str = ""


@dataclass
class Entry:
    position: int
    headline: str
    body: str = ""
    section_label: str | None = None
    section_id: str | None = None
    authors: list[str] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


@dataclass(frozen=True)
class Listing:
    """What a list says of an issue; an empty `date` is one that it does not print."""

    url: str
    headline: str
    date: str = ""


@dataclass(frozen=True)
class Fetch:
    """How a page was had: `url` is what was asked for, `etag` and `last_modified` what it is known by next time."""

    url: str
    status: int
    etag: str | None = None
    last_modified: str | None = None


class FromPage:
    """What an item was read from. Kept for the quarantine and the next night; no fields, so never exported.

    `had_at` is when it was had, where that was not just now: `3일 전` counts from it.
    """

    raw: bytes = b""
    fetch: Fetch | None = None
    had_at: datetime | None = None


@dataclass
class Issue(FromPage):
    """One mailing. `dates` holds what is printed, the most trusted first."""

    publication: str
    publication_title: str
    number: int | None = None
    headline: str | None = None
    url: str | None = None
    dates: list[RawDate] = field(default_factory=list)
    date_published: datetime | None = None
    date_published_source: str | None = None
    entries: list[Entry] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        """`factpl/55`, or `factpl/2023-10-26` for an issue without a number."""
        if self.number is not None:
            return f"{self.publication}/{self.number}"
        if self.date_published is not None:
            return f"{self.publication}/{self.date_published:%Y-%m-%d}"
        raise ValueError(f"an issue of {self.publication} with neither number nor date: {self.url}")


@dataclass
class Article(FromPage):
    """A page that an entry links to. Paragraphs of `body` are parted by a blank line."""

    id: str
    url: str
    site: str
    headline: str
    body: str
    requested_id: str = ""
    layout: str = ""
    authors: list[str] = field(default_factory=list)
    section_label: str | None = None
    section_id: str | None = None
    published: list[RawDate] = field(default_factory=list)
    modified: list[RawDate] = field(default_factory=list)
    date_published: datetime | None = None
    date_published_source: str | None = None
    date_modified: datetime | None = None
    date_modified_source: str | None = None
    captions: list[str] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)
    truncated: bool = False
    problems: list[str] = field(default_factory=list)


@dataclass
class Quarantined(FromPage):
    """What could not be read, kept with the reason. `url` may be a file's path."""

    url: str
    kind: str
    reason: str
