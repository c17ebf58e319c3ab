"""A digest as a letter, in Markdown or HTML. What was crawled is text in it, and never markup."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cli_output import about, day, issue_name
from factpl_crawler.documents import Document
from factpl_crawler.harmless import one_line
from factpl_crawler.paths import ROOT
from index.digest import Digest, Found, IssueContents
from index.search import Highlight, Hit

_SNIPPET = 200
_MARKDOWN = re.compile(r"[\\`*_\[\]<>~$&|]")
# At the beginning of a line, where it would be a heading, a list or a rule.
_LEADING = re.compile(r"^([#+=-]|\d{1,9}(?=[.)]))")
# What ends an address in Markdown, or begins something else there.
_NOT_IN_ADDRESS = re.compile(r"[\s<>()\[\]\\\"'`\x00-\x1f\x7f]")
_ENTITY = re.compile(r"&(#?\w+);")
# Markdown takes ** for a mark only beside a letter.
_EDGES = re.compile(r"([\W_]*)(.*?)([\W_]*)", re.DOTALL)


class Piece(NamedTuple):
    text: str
    marked: bool


def link(url: str | None) -> str | None:
    """Return an address that may be followed, None for what is none: only the web's."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def headline(document: Document) -> str:
    return clean(document.headline) or document.id


def pieces(hit: Hit) -> list[Piece]:
    """Return a snippet of the text, cut where what was found in it begins and ends."""
    part = hit.snippet(_SNIPPET)
    found, at = [], 0
    for start, end in _joined(part.highlights):
        found += [Piece(part.text[at:start], False), Piece(part.text[start:end], True)]
        at = end
    return [Piece(one_line(text), marked) for text, marked in (*found, Piece(part.text[at:], False)) if text]


def _joined(marks: Sequence[Highlight]) -> list[tuple[int, int]]:
    """Return the spans of *marks*, those that touch as one."""
    spans: list[tuple[int, int]] = []
    for mark in marks:
        if spans and mark.start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], mark.end)
        else:
            spans.append((mark.start, mark.end))
    return spans


def clean(text: str) -> str:
    return " ".join(one_line(text).split())


# --- What both say ------------------------------------------------------------------------------------------------


def title(digest: Digest) -> str:
    return f"factpl: {digest.since} – {digest.until}"


def counted(digest: Digest) -> str:
    if not digest.documents:
        return "Nothing is of these days."
    entries = f"{_number(digest.entries, 'entry', 'entries')} of {_number(len(digest.issues), 'issue', 'issues')}"
    return f"{entries}, {_number(digest.articles, 'article', 'articles')}."


def _number(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"


def rest(found: Found) -> str:
    """Say how many documents are left out: those that say the same as another are not."""
    shown = sum(1 + len(hit.similar) for hit in found.hits)
    return f"and {found.total - shown} more" if found.total > shown else ""


def origin(hit: Hit, found: Found) -> str:
    similar = f" · +{len(hit.similar)} similar" if hit.similar else ""
    return clean(about(hit, found.publications)) + similar


def issue_title(contents: IssueContents) -> str:
    entry = contents.sections[0][1][0]
    name = issue_name(entry)
    said = contents.issue.headline if contents.issue.number is not None else None
    return clean(" · ".join(filter(None, (day(contents.date), name, said))))


def omitted(digest: Digest) -> str:
    return f"{digest.omitted:,} older entries are left out. Choose a shorter period." if digest.omitted else ""


# --- HTML ---------------------------------------------------------------------------------------------------------


def as_html(digest: Digest) -> Iterator[str]:
    """Yield the lines of a whole document, which needs nothing from elsewhere."""
    environment = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    said = {
        one.__name__: one for one in (clean, counted, headline, issue_title, link, omitted, origin, pieces, rest, title)
    }
    yield from environment.get_template("digest.html").render(digest=digest, **said).split("\n")


# --- Markdown -----------------------------------------------------------------------------------------------------


def as_markdown(digest: Digest) -> Iterator[str]:
    yield from (f"# {title(digest)}", "", counted(digest))
    if digest.searches:
        yield from ("", "## Saved searches")
    for found in digest.searches:
        yield from _found(found)
    if digest.issues:
        yield from ("", "## Issues")
    for contents in digest.issues:
        yield from _issue(contents)
    if digest.omitted:
        yield from ("", omitted(digest))
    if digest.words:
        words = ", ".join(f"{escaped(word.word)} ({word.documents}, before {word.before})" for word in digest.words)
        yield from ("", "## Words that rose", "", words)


def _found(found: Found) -> Iterator[str]:
    yield from ("", f"### {escaped(found.search.name)}: {found.total or 'nothing'}")
    for number, hit in enumerate(found.hits):
        if not number:
            yield ""
        yield f"- {linked(headline(hit.document), hit.document.url)}  "
        text = "".join(marked(piece) for piece in pieces(hit))
        yield f"  {escaped(origin(hit, found))}" + ("  " if text else "")
        if text:
            yield f"  {_at_start(text)}"
    if rest(found):
        yield f"- {rest(found)}"


def _issue(contents: IssueContents) -> Iterator[str]:
    yield from ("", f"### {linked(issue_title(contents), contents.issue.url)}")
    for label, entries in contents.sections:
        yield ""
        if label:
            yield from (f"**{escaped(clean(label))}**", "")
        yield from (f"- {linked(headline(entry), entry.url)}" for entry in entries)


def linked(text: str, url: str | None) -> str:
    return f"[{escaped(text)}]({_address(url)})" if url and link(url) else escaped(text)


def _address(url: str) -> str:
    safe = _NOT_IN_ADDRESS.sub(lambda sign: "".join(f"%{byte:02X}" for byte in sign[0].encode()), one_line(url))
    return _ENTITY.sub(r"&\1%3B", safe)


def marked(piece: Piece) -> str:
    if not piece.marked:
        return _escaped(piece.text)
    match = _EDGES.fullmatch(piece.text)
    assert match is not None  # it matches whatever there is
    before, core, after = map(_escaped, match.groups())
    return f"{before}**{core}**{after}" if core else before + after


def escaped(text: str) -> str:
    """Return what Markdown shows as *text*.

    >>> print(escaped("1. [칩](x) *은* #1"))
    1\\. \\[칩\\](x) \\*은\\* #1
    """
    return _at_start(_escaped(text))


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\g<0>", text)


def _at_start(text: str) -> str:
    return _LEADING.sub(lambda found: f"{found[0]}\\" if found[0].isdigit() else f"\\{found[0]}", text)
