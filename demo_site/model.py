"""What the pages and the expected documents are both made of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from factpl_crawler.documents import PublicationRef, Section

NARU = "naruilbo.localhost"
HANJUL = "hanjul.localhost"
NARUTECH = PublicationRef("narutech", "나루테크 레터")
ONELINE = PublicationRef("hanjul", "한줄경제")


@dataclass(frozen=True)
class Story:
    """An article. `slots` are the words that its sentences, and those about it, are filled with."""

    site: str
    number: int
    topic: str
    headline: str
    summary: str
    paragraphs: tuple[str, ...]
    chat: tuple[str, ...]
    heading: tuple[str, ...]
    layout: str
    published: datetime
    published_source: str
    slots: Mapping[str, object]
    modified: datetime | None = None
    authors: tuple[str, ...] = ()
    section: Section | None = None
    subheading: str | None = None
    captions: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    oddity: str = ""

    @property
    def id(self) -> str:
        return f"a/naruilbo/{self.number}" if self.site == NARU else f"a/{{{{HASH:{self.url}}}}}"

    @property
    def host(self) -> str:
        return f"www.{NARU}" if self.site == NARU else f"news.{HANJUL}"

    @property
    def path(self) -> str:
        if self.site == NARU:
            return f"/article/{self.number}"
        folder = "/private" if self.oddity == "robots" else ""
        return f"{folder}/articleView.html?idxno={self.number}"

    @property
    def url(self) -> str:
        """The canonical address."""
        return address(self.host, self.path)

    @property
    def visible(self) -> list[str]:
        """The paragraphs that a reader without a subscription sees."""
        if self.oddity == "paywalled":
            return list(self.paragraphs[:2])
        if self.subheading is None:
            return list(self.paragraphs)
        return [*self.paragraphs[:2], self.subheading, *self.paragraphs[2:]]


@dataclass(frozen=True)
class Anchor:
    """A link as printed; no text for an image."""

    story: Story
    href: str
    text: str = ""


@dataclass(frozen=True)
class Paragraph:
    """With an anchor and no words of its own it is a mere call, or an image, and no part of the body."""

    before: str = ""
    anchor: Anchor | None = None
    after: str = ""

    @property
    def text(self) -> str:
        if not self.before:
            return ""
        return self.before + (self.anchor.text if self.anchor else "") + self.after


@dataclass(frozen=True)
class Piece:
    """What becomes an entry."""

    heading: tuple[str, ...]
    paragraphs: tuple[Paragraph, ...]
    authors: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        return " ".join(self.heading)


@dataclass(frozen=True)
class Column:
    """A section of an issue: one piece, or a list of recommended articles."""

    section: Section
    pieces: tuple[Piece, ...]
    is_list: bool = False


@dataclass(frozen=True)
class Letter:
    """An issue. `intro_joins` tells that the greeting presents the first column, and so belongs to it."""

    publication: PublicationRef
    number: int | None
    date: datetime
    date_line: str
    headline: str
    listed_headline: str
    url: str
    intro: Piece
    columns: tuple[Column, ...]
    date_source: str = "body"
    intro_joins: bool = False
    notices: tuple[str, ...] = ()
    traits: frozenset[str] = field(default_factory=frozenset)

    @property
    def id(self) -> str:
        return f"{self.publication.id}/{self.number or format(self.date, '%Y-%m-%d')}"

    def entries(self) -> Iterator[tuple[Section | None, Piece]]:
        lead = self.intro.paragraphs if self.intro_joins else ()
        if not self.intro_joins:
            yield None, self.intro
        for column in self.columns:
            for piece in column.pieces:
                authors = tuple(dict.fromkeys((*self.intro.authors, *piece.authors))) if lead else piece.authors
                yield column.section, Piece(piece.heading, lead + piece.paragraphs, authors)
                lead = ()


def address(host: str, path: str) -> str:
    return f"http://{host}:{{{{PORT}}}}{path}"
