"""The documents that a correct crawl of the invented publications yields, written from what made the pages."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from demo_site.model import Letter, Piece, Story
from demo_site.tokens import expand
from factpl_crawler.documents import Document, DocumentLink, IssueRef, LinkedFrom, Section

DOCUMENTS = Path(__file__).parent / "expected.jsonl"
PROBLEMS = Path(__file__).parent / "expected_problems.json"
FAILURES = frozenset({"404", "500", "redirect loop", "login page", "403", "no body", "robots"})


def load(port: int, path: Path = DOCUMENTS) -> list[Document]:
    """Return the documents in an export's order, for a server on *port*."""
    lines = expand(path.read_bytes(), port).splitlines()
    return sorted(map(Document.from_json, lines), key=_order)


def load_problems(port: int, path: Path = PROBLEMS) -> dict[str, Any]:
    """Return what cannot be read (address → reason), the unknown labels and the wrong weekdays."""
    problems: dict[str, Any] = json.loads(expand(path.read_bytes(), port))
    return problems


def documents(letters: Iterable[Letter], stories: Iterable[Story]) -> list[Document]:
    entries = [document for letter in letters for document in _entries(letter)]
    linked_from = _linked_from(entries)
    articles = [_article(story, linked_from) for story in stories if story.oddity not in FAILURES]
    return sorted(entries + articles, key=_order)


def problems(letters: Iterable[Letter], stories: Iterable[Story], hidden: str) -> dict[str, Any]:
    columns = [(letter, column) for letter in letters for column in letter.columns]
    return {
        "articles": {story.url: story.oddity for story in stories if story.oddity in FAILURES},
        "issues": {hidden: "404"},
        "unknown_labels": {letter.publication.id: [c.section.label] for letter, c in columns if c.section.id is None},
        "weekdays": {letter.id: _weekday_problem(letter) for letter in letters if "wrong weekday" in letter.traits},
    }


def _weekday_problem(letter: Letter) -> str:
    printed = letter.date_line.split()[1]
    return f"printed {printed}, but {letter.date:%Y-%m-%d} is a {letter.date:%A}"


def _order(document: Document) -> tuple[Any, ...]:
    if document.publication is None or document.issue is None:
        return (1, document.id)
    issue = document.issue
    return (0, document.publication.id, issue.date_published, issue.number or 0, document.position)


def _entries(letter: Letter) -> Iterator[Document]:
    for position, (section, piece) in enumerate(letter.entries(), start=1):
        yield _entry(letter, position, section, piece)


def _entry(letter: Letter, position: int, section: Section | None, piece: Piece) -> Document:
    date = letter.date.isoformat()
    links = _links(piece)
    return Document(
        id=f"{letter.id}#{position}",
        kind="entry",
        publication=letter.publication,
        issue=IssueRef(letter.id, letter.number, letter.headline, letter.url, date, letter.date_source),
        position=position,
        section=section,
        headline=piece.headline,
        authors=list(piece.authors),
        date_published=date,
        date_published_source=letter.date_source,
        date_modified=None,
        date_modified_source=None,
        body="\n\n".join(p.text for p in piece.paragraphs if p.text),
        captions=[],
        keywords=[],
        url=links[0].url if links else letter.url,
        site=None,
        truncated=False,
        version=1,
        links=links,
        linked_from=[],
    )


def _links(piece: Piece) -> list[DocumentLink]:
    anchors = [p.anchor for p in piece.paragraphs if p.anchor]
    first = {anchor.story.id: anchor for anchor in reversed(anchors)}
    ordered = [anchor for anchor in anchors if first[anchor.story.id] is anchor]
    return [DocumentLink(i, a.text, a.story.url, a.story.id) for i, a in enumerate(ordered, start=1)]


def _linked_from(entries: Iterable[Document]) -> Mapping[str, list[LinkedFrom]]:
    found: defaultdict[str, list[LinkedFrom]] = defaultdict(list)
    for entry in entries:
        for link in entry.links:
            found[link.article].append(LinkedFrom(entry.id, link.position, link.text))
    return found


def _article(story: Story, linked_from: Mapping[str, list[LinkedFrom]]) -> Document:
    modified = story.modified
    return Document(
        id=story.id,
        kind="article",
        publication=None,
        issue=None,
        position=None,
        section=story.section,
        headline=story.headline,
        authors=list(story.authors),
        date_published=story.published.isoformat(),
        date_published_source=story.published_source,
        date_modified=modified.isoformat() if modified else None,
        date_modified_source=story.published_source if modified else None,
        body="\n\n".join(story.visible),
        captions=list(story.captions),
        keywords=list(story.keywords),
        url=story.url,
        site=story.host,
        truncated=story.oddity == "paywalled",
        version=1,
        links=[],
        linked_from=sorted(linked_from[story.id], key=lambda link: (link.entry, link.position)),
    )
