"""A letter from a mailbox → the issue."""

import re
from collections.abc import Iterable

from parsel import Selector

from factpl_crawler.items import Issue, RawDate
from factpl_crawler.mail import Letter
from factpl_crawler.pages.archive import MERGE_TAG
from factpl_crawler.pages.blocks import Block, html_blocks, text_blocks
from factpl_crawler.pages.issue import read_issue
from factpl_crawler.pages.links import resolve_links
from factpl_crawler.pages.sites import Sites
from factpl_crawler.publication import Publication
from factpl_crawler.text import clean

# Added by mailers and by law to the subject that the writer gave.
SUBJECT_PREFIX = re.compile(r"^(?:\s*(?:(?:re|fwd?|fw|전달|회신)\s*:|[(\[](?:광고|재발송|AD)[)\]]))+\s*", re.IGNORECASE)


def recognise(letter: Letter, publications: Iterable[Publication]) -> Publication | None:
    """Return the publication that sent *letter*: by its address, else by what the letter says."""
    sender = letter.sender.casefold()
    written = "\n".join((letter.subject, letter.text, letter.html))
    known = list(publications)
    by_sender = (p for p in known if any(address.casefold() in sender for address in p.senders))
    by_mark = (p for p in known if any(mark in written for mark in p.marks))
    return next(by_sender, None) or next(by_mark, None)


def read_letter(letter: Letter, publication: Publication, sites: Sites) -> Issue:
    subject = SUBJECT_PREFIX.sub("", clean(MERGE_TAG.sub("", letter.subject)))
    dates = [RawDate(letter.date, "mail")] if letter.date else []
    blocks = resolve_links(_blocks(letter, publication), sites)
    issue = read_issue(publication, blocks, headline=subject or None, dates=dates)
    issue.raw = letter.raw
    return issue


def _blocks(letter: Letter, publication: Publication) -> list[Block]:
    if not letter.html.strip():
        return text_blocks(letter.text)
    page = Selector(text=letter.html, type="html")
    bodies = page.css(publication.issue_page.body) or page.css("body") or [page]
    return html_blocks(bodies[0].root)
