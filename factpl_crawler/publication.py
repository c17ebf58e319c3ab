"""What is declared of a publication. A spider's file holds one of these and nothing else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

from factpl_crawler.text import fold_label

LONGEST_HEADLINE = 300  # characters; the patterns below take a long line's square of time


@dataclass(frozen=True)
class HtmlList:
    """CSS selectors of an archive's list page; all but `item` are looked for inside an item."""

    item: str
    link: str
    headline: str
    date: str = ""
    next_page: str = ""


@dataclass(frozen=True)
class JsonList:
    """Keys of an archive that answers with a JSON array, and the subjects to pass over."""

    link: str
    headline: str
    date: str
    skip: str = r"(?!)"


@dataclass(frozen=True)
class IssueRules:
    """CSS selectors of an issue's page; the first that matches is taken."""

    body: str
    headline: str = ""
    date: str = ""


@dataclass(frozen=True)
class Publication:
    """A newsletter as a title.

    `sections` maps a stable id to the labels it has been printed with; `label` is the shape
    of a label nobody has met yet. The sections in `lists` recommend articles: each item there
    is an entry. `notices`, `footer` and `calls` are regular expressions over whole lines, the
    first two matched from the start: a notice is set aside alone, a footer with all that
    follows, a call ("read on") only ends a piece. `senders` and `marks` tell its mail from
    another's. `sites` are the domains whose articles are fetched, each with all below it: of a link
    elsewhere no more is kept than the link. `inferred` says which of these rules nobody has seen on a
    live page, and why.
    """

    id: str
    title: str
    archive: str
    issue_list: HtmlList | JsonList
    issue_page: IssueRules
    sections: Mapping[str, tuple[str, ...]]
    lists: frozenset[str] = frozenset()
    label: str = r"(?!)"
    number: str = r"#\s?(?!(?:19|20)\d\d\s+[^\W\d])(\d{1,4})\b"  # `#2024 결산` is of a year
    notices: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    inferred: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _section_ids(self) -> dict[str, str]:
        return {fold_label(label): id for id, labels in self.sections.items() for label in labels}

    def section_id(self, label: str) -> str | None:
        """Return the stable id of a printed label, whatever its spaces, emoji and decoration."""
        return self._section_ids.get(fold_label(label))

    def stranger(self, url: str) -> str | None:
        """Return why the article at *url* is not fetched, None where it lies on one of the publication's sites."""
        host = (urlsplit(url).hostname or "").removesuffix(".")
        if any(host == site or host.endswith(f".{site}") for site in self.sites):
            return None
        return f"{host} is not one of {self.id}'s sites; --follow-any follows it"

    def is_label(self, line: str) -> bool:
        if self.section_id(line) is not None:
            return True
        # A newsletter names its sections after itself, so its title has their shape.
        return not self.is_title(line) and re.fullmatch(self.label, line) is not None

    def is_title(self, line: str) -> bool:
        return fold_label(line) == fold_label(self.title)

    def is_footer(self, line: str) -> bool:
        return _starts(self.footer, line)

    def is_notice(self, line: str) -> bool:
        return _starts(self.notices, line)

    def is_call(self, line: str) -> bool:
        return any(re.fullmatch(pattern, line) for pattern in self.calls)

    def issue_number(self, line: str) -> int | None:
        match = re.search(self.number, line)
        return int(match[1]) if match else None

    def headline_number(self, headline: str) -> int | None:
        """Return the number before or after the words of *headline*; one among them counts something else."""
        match = re.search(rf"^\W*{self.number}", headline) or re.search(rf"{self.number}\W*$", headline)
        return int(match[1]) if match else None

    def without_number(self, headline: str) -> str:
        if len(headline) > LONGEST_HEADLINE:
            return headline.strip()
        return re.sub(rf"^\W*{self.number}\W*|\W*{self.number}\W*$", "", headline).strip()


def _starts(patterns: tuple[str, ...], line: str) -> bool:
    return any(re.match(pattern, line) for pattern in patterns)
