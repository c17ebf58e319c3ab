"""Stored texts as HTML. What was crawled holds whatever its writer liked: it is escaped, and then sanitised."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Protocol
from urllib.parse import urlsplit

from markupsafe import Markup, escape
from nh3 import Cleaner

# All that a text of the archive is ever shown with. A second lock: what was escaped has none of its own.
_CLEANER = Cleaner(tags={"p", "br", "mark", "ins", "del"}, attributes={}, link_rel=None)
# Overrides of the direction reach beyond the text they stand in. One for one, so that offsets stay true.
_BIDI = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
_CONTROLS = (*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000))
_HARMLESS = dict.fromkeys((*_BIDI, *_CONTROLS), "\ufffd")
_HARMFUL = re.compile("[" + "".join(map(re.escape, map(chr, _HARMLESS))) + "]")
_PARAGRAPH = re.compile(r"[^\n]+(?:\n[^\n]+)*")
_LONGEST_ADDRESS = 4_000


class Place(Protocol):
    """Code points `start:end` of a text."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


def harmless(text: str) -> str:
    """Return *text*, as long as before, without what a browser would obey.

    >>> harmless("a\\u202eb")
    'a\\ufffdb'
    """
    # To look takes less than to go through every character, and hardly any text holds one.
    return text.translate(_HARMLESS) if _HARMFUL.search(text) else text


def marked(text: str, places: Iterable[Place] = (), tag: str = "mark") -> Markup:
    """Return *text* with *places*, which neither overlap nor go back, in a *tag*.

    >>> from index.search import Highlight
    >>> marked("a < b", [Highlight("body", 0, 1)])
    Markup('<mark>a</mark> &lt; b')
    """
    return _cleaned(_inline(harmless(text), places, tag))


def paragraphs(text: str, places: Sequence[Place] = ()) -> Markup:
    """Return each paragraph of *text*, with its *places* marked.

    >>> paragraphs("하나\\n둘\\n\\n셋")
    Markup('<p>하나<br>둘</p><p>셋</p>')
    """
    text = harmless(text.replace("\r", " "))
    starts = [place.start for place in places]
    found = []
    for paragraph in _PARAGRAPH.finditer(text):
        inside = places[bisect_left(starts, paragraph.start()) : bisect_left(starts, paragraph.end())]
        found.append(_paragraph(paragraph, inside))
    return _cleaned("".join(found))


def web_address(url: str | None) -> str | None:
    """Return *url* if a reader may follow it: of the web, and nothing that runs.

    >>> web_address("https://naru.example/1"), web_address("javascript:alert(1)")
    ('https://naru.example/1', None)
    """
    if not url or len(url) > _LONGEST_ADDRESS or harmless(url) != url or re.search(r"[\s\\]", url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname else None


def _cleaned(html: str) -> Markup:
    return Markup(_CLEANER.clean(html))  # noqa: S704  # nosec B704 - cleaned here


def _paragraph(paragraph: re.Match[str], places: Sequence[Place]) -> str:
    inside = (_Place(place.start - paragraph.start(), place.end - paragraph.start()) for place in places)
    return f"<p>{_inline(paragraph[0], inside, 'mark')}</p>".replace("\n", "<br>")


class _Place:
    def __init__(self, start: int, end: int) -> None:
        self.start, self.end = start, end


def _inline(text: str, places: Iterable[Place], tag: str) -> str:
    pieces, at = [], 0
    for place in places:
        pieces += [escape(text[at : place.start]), f"<{tag}>{escape(text[place.start : place.end])}</{tag}>"]
        at = place.end
    return "".join([*pieces, escape(text[at:])])
