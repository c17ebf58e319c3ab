"""An issue's blocks → its entries, by the publication's rules. Mail and web pages end here alike."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile

from factpl_crawler.items import Entry, Issue, Link, RawDate
from factpl_crawler.pages import PageError
from factpl_crawler.pages.blocks import Block
from factpl_crawler.publication import Publication
from factpl_crawler.text import DateError, fold_label, introduced_author, parse_date

HEAD_LINES = 10  # date and number stand this near to the top
OPEN_ENDS = ("…", "...", ",", ",'", ",’", ",”", "·")  # a heading goes on after one of these
MOST_LINES = 5_000  # a list takes the square of an item's lines of time
LONGEST_TITLE = 48  # characters; a recommended item's summary is longer than its title


@dataclass
class _Section:
    label: str | None
    blocks: list[Block] = field(default_factory=list)


def read_issue(
    publication: Publication,
    blocks: list[Block],
    *,
    url: str | None = None,
    headline: str | None = None,
    dates: Iterable[RawDate] = (),
) -> Issue:
    """Return the issue; *dates* are those known from elsewhere, the most trusted first.

    Raise `PageError` for more lines than any issue has.
    """
    if len(blocks) > MOST_LINES:
        raise PageError(f"{len(blocks):,} lines, which no issue has")
    issue = Issue(publication.id, publication.title, url=url)
    content = _set_aside(publication, blocks, issue.notices)
    _take_head(publication, content, issue)
    issue.dates.extend(dates)
    _name_issue(publication, issue, headline or "")
    issue.entries = list(_entries(publication, _split(publication, content), issue.headline))
    issue.headline = issue.headline or next((entry.headline for entry in issue.entries), None)
    for position, entry in enumerate(issue.entries, start=1):
        entry.position = position
    return issue


def _set_aside(publication: Publication, blocks: list[Block], notices: list[str]) -> list[Block]:
    content: list[Block] = []
    in_footer = False
    for block in blocks:
        in_footer = in_footer or publication.is_footer(block.text)
        if in_footer or publication.is_notice(block.text):
            notices.append(block.text)
        elif block.text or block.links:
            content.append(block)
    return content


def _take_head(publication: Publication, content: list[Block], issue: Issue) -> None:
    """Take the lines out of *content* that only date the issue or number it."""
    for block in list(takewhile(lambda block: not publication.is_label(block.text), content[:HEAD_LINES])):
        line, number = publication.without_number(block.text), publication.issue_number(block.text)
        if not issue.dates and line and _is_date(line):
            issue.dates.append(RawDate(line, "body"))
        elif number is None or (fold_label(line) and not publication.is_title(line)):
            continue
        issue.number = number if issue.number is None else issue.number
        content.remove(block)


def _name_issue(publication: Publication, issue: Issue, headline: str) -> None:
    number = publication.headline_number(headline)
    issue.number = number if issue.number is None else issue.number
    own = number == issue.number
    issue.headline = (publication.without_number(headline) if own else headline) or None


def _is_date(line: str) -> bool:
    try:
        parse_date(line)
    except DateError:
        return False
    return True


def _split(publication: Publication, content: list[Block]) -> list[_Section]:
    sections = [_Section(None)]
    for block in content:
        if block.text and publication.is_label(block.text):
            sections.append(_Section(block.text, _label_links(publication, block)))
        else:
            sections[-1].blocks.append(block)
    return sections


def _label_links(publication: Publication, label: Block) -> list[Block]:
    """A link around a label leads to what stands below; around a list's label alone, to no item of it."""
    links = [link for link in label.links if not _is_list(publication, label.text) or link.text != label.text]
    return [Block("", links, label.cell)] if links else []


def _is_list(publication: Publication, label: str | None) -> bool:
    return publication.section_id(label or "") in publication.lists


def _entries(publication: Publication, sections: list[_Section], headline: str | None) -> Iterator[Entry]:
    intro, *labelled = sections
    lead: list[Block] = intro.blocks
    if lead and not (labelled and _introduces(publication, lead, labelled[0])):
        yield _intro_entry(lead, headline)
        lead = []
    for section in labelled:
        if _is_list(publication, section.label):
            yield from _listed_entries(publication, section)
        elif entry := _main_entry(publication, section, lead):
            yield entry
            lead = []


def _introduces(publication: Publication, lead: list[Block], section: _Section) -> bool:
    """Tell whether the opening letter presents the first section by name, and so belongs to it."""
    if _is_list(publication, section.label):
        return False
    label = fold_label(section.label or "")
    return any(label in fold_label(block.text) and introduced_author(block.text) for block in lead)


def _intro_entry(lead: list[Block], headline: str | None) -> Entry:
    texts = [block.text for block in lead if block.text]
    entry = Entry(0, headline or (texts[0] if texts else ""), "\n\n".join(texts))
    entry.authors, entry.links = _authors(texts), _links(lead)
    return entry


def _main_entry(publication: Publication, section: _Section, lead: list[Block]) -> Entry | None:
    texts = [block.text for block in section.blocks if block.text and not publication.is_call(block.text)]
    if not texts and not lead and not _links(section.blocks):
        return None
    heading, rest = _heading(texts)
    texts = [block.text for block in lead if block.text] + rest
    return Entry(
        0,
        heading or section.label or "",
        "\n\n".join(texts),
        section_label=section.label,
        authors=_authors(texts),
        links=_links(lead + section.blocks),
    )


def _heading(texts: list[str]) -> tuple[str, list[str]]:
    lines = 1
    while lines < len(texts) and texts[lines - 1].endswith(OPEN_ENDS):
        lines += 1
    return " ".join(texts[:lines]), texts[lines:]


def _authors(texts: list[str]) -> list[str]:
    names = (introduced_author(text) for text in texts)
    return list(dict.fromkeys(filter(None, names)))


def _links(blocks: Iterable[Block]) -> list[Link]:
    """Return the links, each article once: its picture, its title and a button often all lead to it."""
    links: dict[str, Link] = {}
    for link in (link for block in blocks for link in block.links):
        links.setdefault(link.article_id or link.url, link)
    return list(links.values())


def _listed_entries(publication: Publication, section: _Section) -> Iterator[Entry]:
    blocks = [block for block in section.blocks if block.links or not publication.is_call(block.text)]
    starts_item = _item_rule(blocks)
    item: list[Block] = []
    for block in blocks:
        if item and starts_item(item, block):
            yield from _listed_entry(publication, section, item)
            item = []
        item.append(block)
    yield from _listed_entry(publication, section, item)


def _item_rule(blocks: list[Block]) -> Callable[[list[Block], Block], bool]:
    """Return what tells a list's items apart: the block that begins one, given the item before it.

    Each item has its link at its beginning or at its end. At the end, more lines stand before
    the first link than after the last; a line of greeting above the list changes nothing in that.
    """
    linked = [i for i, block in enumerate(blocks) if block.links]
    if not linked:
        return _plain_item_starts
    if linked[0] <= len(blocks) - 1 - linked[-1]:
        return _linked_item_starts
    cells = [blocks[i].cell for i in linked]
    return partial(_item_starts_after_link, share_a_cell=len(set(cells)) < len(cells))


def _item_starts_after_link(item: list[Block], block: Block, *, share_a_cell: bool) -> bool:
    new_cell = block.cell != item[-1].cell
    return not block.links and any(b.links for b in item) and (share_a_cell or new_cell)


def _plain_item_starts(item: list[Block], block: Block) -> bool:
    return len(block.text) <= LONGEST_TITLE


def _linked_item_starts(item: list[Block], block: Block) -> bool:
    texts = [b for b in item if b.text]
    links = {link.url for link in _links(item)}
    if not texts:
        return False
    if any(link.url not in links for link in block.links):
        return bool(links) or block.cell != item[-1].cell
    return len(texts) > 1 and bool(links) and block.cell != item[-1].cell


def _listed_entry(publication: Publication, section: _Section, item: list[Block]) -> Iterator[Entry]:
    texts = [block.text for block in item if block.text and not publication.is_call(block.text)]
    if texts or _links(item):
        headline = texts[0] if texts else section.label or ""
        yield Entry(0, headline, "\n\n".join(texts[1:]), section_label=section.label, links=_links(item))
