"""A letter from a mailbox → the issue."""

import re
from collections.abc import Iterable, Mapping, Sequence

from parsel import Selector

from factpl_crawler.items import Issue, Quarantined, RawDate
from factpl_crawler.limits import bounded
from factpl_crawler.mail import BROKEN, Letter, Unreadable
from factpl_crawler.pages import PageError, checked
from factpl_crawler.pages.archive import MERGE_TAG
from factpl_crawler.pages.blocks import Block, html_blocks, text_blocks
from factpl_crawler.pages.issue import read_issue
from factpl_crawler.pages.links import resolve_links
from factpl_crawler.pages.sites import Sites
from factpl_crawler.publication import Publication
from factpl_crawler.text import clean, fold_label

# Added by mailers and by law to the subject that the writer gave.
SUBJECT_PREFIX = re.compile(r"^(?:\s*(?:(?:re|fwd?|fw|전달|회신)\s*:|[(\[](?:광고|재발송|AD)[)\]]))+\s*", re.IGNORECASE)
REPLY = re.compile(r"\s*(?:re|회신)\s*(?:\[\d+\]\s*)?:", re.IGNORECASE)

# What mailers write above a mail that is forwarded in the text of another.
FORWARD_MARK = re.compile(
    r"\W*(?:(?:begin )?forwarded message|original message|(?:전달된|원본) ?(?:메시지|메세지|메일)(?: 시작)?)\W*",
    re.IGNORECASE,
)
FORWARD_FIELDS = {
    **dict.fromkeys(("from", "보낸사람", "보낸이"), "sender"),
    **dict.fromkeys(("to", "cc", "bcc", "받는사람", "받는이", "참조", "숨은참조"), "receiver"),
    **dict.fromkeys(("date", "sent", "날짜", "보낸날짜", "보낸시간"), "date"),
    **dict.fromkeys(("subject", "제목"), "subject"),
}
FORWARD_LINES = 20  # a forwarded letter's header begins this near to the top
LONGEST_HEADER = 500  # lines


def recognise(letter: Letter, publications: Iterable[Publication]) -> Publication | None:
    """Return the publication that sent *letter*: by its address, else by what the letter says."""
    written = "\n".join((letter.subject, letter.text, letter.html))
    known, senders = list(publications), _senders(letter)
    by_sender = (p for p in known if _is_from(p, senders))
    by_mark = (p for p in known if any(mark in written for mark in p.marks))
    return next(by_sender, None) or next(by_mark, None)


def read_mail(
    letter: Letter | Unreadable, known: Mapping[str, Publication], sites: Sites, chosen: str = ""
) -> Issue | Quarantined:
    """Return the issue, of the publication with the id *chosen* where a person has chosen; else why there is none."""
    if isinstance(letter, Unreadable):
        return _set_aside(letter, letter.reason)
    try:
        with bounded(PageError):
            publication = known.get(chosen) or recognise(letter, known.values())
            if publication is None:
                return _set_aside(letter, f"of no known publication; say which with -a publication={'|'.join(known)}")
            issue = read_letter(letter, publication, sites)
            if chosen or not (doubt := why_not_the_issue(letter, publication, issue)):
                return issue
    except (*BROKEN, PageError) as e:
        return _set_aside(letter, f"broken letter: {e}")
    hint = f"if it is, say so with -a publication={publication.id}"
    return _set_aside(letter, f"not the newsletter itself: {doubt}; {hint}")


def _set_aside(letter: Letter | Unreadable, reason: str) -> Quarantined:
    item = Quarantined(letter.source, "mail", reason)
    item.raw = letter.raw
    return item


def why_not_the_issue(letter: Letter, publication: Publication, issue: Issue) -> str | None:
    """Return what makes *letter* a mail about *issue* rather than the issue itself, if anything does."""
    if REPLY.match(letter.subject):
        return f"a reply, {letter.subject!r}"
    if any(date.source == "body" for date in issue.dates) or _is_from(publication, _senders(letter)):
        return None
    return f"no date line, and not from the address of {publication.title}"


def read_letter(letter: Letter, publication: Publication, sites: Sites) -> Issue:
    """Return the issue. Of a letter forwarded inline, date and subject are its own, not those of the forwarding."""
    forwarded, blocks = _open(letter, publication.issue_page.body)
    subject = SUBJECT_PREFIX.sub("", clean(MERGE_TAG.sub("", forwarded.get("subject") or letter.subject)))
    date = forwarded.get("date", "") if forwarded else letter.date
    dates = [RawDate(date, "mail")] if date else []
    issue = read_issue(publication, resolve_links(blocks, sites), headline=subject or None, dates=dates)
    issue.raw = letter.raw
    return issue


def _senders(letter: Letter) -> str:
    forwarded, _ = _open(letter)
    return f"{letter.sender} {forwarded.get('sender', '')}".casefold()


def _is_from(publication: Publication, senders: str) -> bool:
    return any(address.casefold() in senders for address in publication.senders)


def _open(letter: Letter, body: str = "") -> tuple[dict[str, str], list[Block]]:
    """Return the header of an inline forward, empty without one, and what comes after it, in *body* if that is there.

    What the forwarder wrote above is not the newsletter's, and the header names the reader: neither is kept.
    """
    if not letter.html.strip():
        lines = letter.text.splitlines()
        header, begin = _forwarded(lines, wrapped=True)
        return header, text_blocks("\n".join(lines[begin:]))
    page = Selector(text=checked(letter.html), type="html")
    header, blocks = _without_header(page.css("body") or [page])
    if body and (boxes := page.css(body)):
        blocks = _without_header(boxes)[1]
    return header, blocks


def _without_header(boxes: Sequence[Selector]) -> tuple[dict[str, str], list[Block]]:
    blocks = html_blocks(boxes[0].root)
    header, begin = _forwarded([block.text for block in blocks], wrapped=False)
    return header, blocks[begin:]


def _forwarded(lines: list[str], *, wrapped: bool) -> tuple[dict[str, str], int]:
    """Return the innermost header and the index of the line below it.

    Where lines are *wrapped*, a header ends at an empty line. Otherwise it ends with its last field.
    """
    header: dict[str, str] = {}
    begin = 0
    while found := _next_header(lines, begin, wrapped=wrapped):
        header, begin = found
    return header, begin


def _next_header(lines: list[str], begin: int, *, wrapped: bool) -> tuple[dict[str, str], int] | None:
    is_marked = False
    for start, line in enumerate(lines[begin : begin + FORWARD_LINES], start=begin):
        if _field(line)[0]:
            header, end = _read_header(lines, start, wrapped=wrapped)
            if is_marked or ({"sender", "receiver"} <= header.keys() and header.keys() & {"date", "subject"}):
                return header, end
        is_marked = bool(FORWARD_MARK.fullmatch(line)) or (is_marked and not line.strip())
    return None


def _read_header(lines: list[str], start: int, *, wrapped: bool) -> tuple[dict[str, str], int]:
    header: dict[str, str] = {}
    name = ""
    end = start
    for end, line in enumerate(lines[start : start + LONGEST_HEADER], start=start):
        field, value = _field(line)
        if field:
            name, header[field] = field, value
        elif line.strip() and (wrapped or not header[name]):
            header[name] = f"{header[name]} {line.strip()}".strip()
        else:
            return header, end
    return header, end + 1


def _field(line: str) -> tuple[str, str]:
    """Return what a header line tells and its value, two empty texts for any other line."""
    name, colon, value = line.partition(":")
    field = FORWARD_FIELDS.get(fold_label(name), "") if colon else ""
    return field, value.strip(" \t\xa0*") if field else ""
