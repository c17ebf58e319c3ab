"""HTML or plain text → blocks: one paragraph or line each, with its links, in reading order."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin

from lxml import etree
from lxml.html import HtmlElement

from factpl_crawler.items import Link
from factpl_crawler.text import clean

BLOCK_TAGS = frozenset(
    "address article aside blockquote body br caption center dd details div dl dt fieldset figcaption figure footer "
    "form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody td tfoot th thead tr ul".split()
)
CELL_TAGS = frozenset({"td", "th", "li"})
INVISIBLE_TAGS = frozenset("head iframe noscript object script select style svg template textarea title".split())
HIDDEN = re.compile(r"(?:display\s*:\s*none|mso-hide\s*:\s*all|visibility\s*:\s*hidden)", re.IGNORECASE)
TEXT_URL = re.compile(r"https?://[^\s<>\"'“”‘’]+[^\s<>\"'“”‘’.,;:!?)\]]")


@dataclass
class Block:
    """`cell` tells table cells and list items apart; what lies outside of any has cell 0."""

    text: str
    links: list[Link] = field(default_factory=list)
    cell: int = 0


def text_blocks(text: str) -> list[Block]:
    """Return a block a line, with the addresses written in it as links without a text."""
    lines = filter(None, clean(text).split("\n"))
    return [Block(line, [Link(url) for url in TEXT_URL.findall(line)]) for line in lines]


def html_blocks(root: HtmlElement, base_url: str = "", skip: Collection[HtmlElement] = ()) -> list[Block]:
    """Return what a reader sees below *root*, less the elements in *skip*."""
    reader = _Reader(base_url)
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event == "start":
            if element in skip or _is_invisible(element):
                walk.skip_subtree()
            else:
                reader.open(element)
        elif event == "end" and not (element in skip or _is_invisible(element)):
            reader.close(element)
        if event != "start" and element is not root and element.tail:
            reader.write(element.tail)
    reader.flush()
    return reader.blocks


def _is_invisible(element: HtmlElement) -> bool:
    return element.tag in INVISIBLE_TAGS or bool(HIDDEN.search(element.get("style", "")))


class _Reader:
    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.blocks: list[Block] = []
        self._text: list[str] = []
        self._links: list[Link] = []
        self._cells = [0]
        self._cell_count = 0
        self._anchors: list[tuple[Link, list[str]]] = []

    def open(self, element: HtmlElement) -> None:
        if element.tag in BLOCK_TAGS:
            self.flush()
        if element.tag in CELL_TAGS:
            self._cell_count += 1
            self._cells.append(self._cell_count)
        if element.tag == "a" and (href := element.get("href", "").strip()):
            self._open_anchor(href)
        if element.text:
            self.write(element.text)

    def close(self, element: HtmlElement) -> None:
        if element.tag == "a" and element.get("href", "").strip() and self._anchors:
            link, text = self._anchors.pop()
            link.text = clean(_collapse("".join(text)))
        if element.tag in BLOCK_TAGS:
            self.flush()
        if element.tag in CELL_TAGS:
            self._cells.pop()

    def write(self, text: str) -> None:
        self._text.append(text)
        for _, anchor_text in self._anchors:
            anchor_text.append(text)

    def flush(self) -> None:
        text = clean(_collapse("".join(self._text)))
        self._text = []
        for _, anchor_text in self._anchors:
            anchor_text.append(" ")
        opened = [link for link, _ in self._anchors]
        if text or any(link not in opened for link in self._links):
            self.blocks.append(Block(text, self._links, self._cells[-1]))
            self._links = []

    def _open_anchor(self, href: str) -> None:
        try:
            url = urljoin(self.base_url, href)
        except ValueError:  # "http://[": no address, but its text is still to be read
            url = href
        link = Link(url)
        self._links.append(link)
        self._anchors.append((link, []))


def _collapse(text: str) -> str:
    return re.sub(r"[ \t\r\n\f]+", " ", text)


def paragraphs(blocks: list[Block]) -> Iterator[str]:
    return (block.text for block in blocks if block.text)
