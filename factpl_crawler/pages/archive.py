"""An archive's list page → its issues, newest first as printed, and the next page."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from parsel import Selector
from scrapy.http import TextResponse

from factpl_crawler.pages import PageError
from factpl_crawler.publication import HtmlList, JsonList
from factpl_crawler.text import clean

MERGE_TAG = re.compile(r"\$%[^%$]*%\$")


@dataclass(frozen=True)
class Listing:
    """What a list says of an issue; an empty `date` is one that it does not print."""

    url: str
    headline: str
    date: str = ""


@dataclass(frozen=True)
class ListPage:
    listings: list[Listing]
    next_page: str | None = None


def read_list(response: TextResponse, rules: HtmlList | JsonList) -> ListPage:
    """Raise `PageError` when the publication's rules find no list in the page."""
    next_page = None
    if isinstance(rules, JsonList):
        found = _json_listings(response, rules)
    else:
        found = _html_listings(response, rules)
        next_page = response.css(rules.next_page).get() if rules.next_page else None
    listings = {listing.url: listing for listing in found}
    if not listings:
        raise PageError("no issue found in the list")
    return ListPage(list(listings.values()), response.urljoin(next_page) if next_page else None)


def _html_listings(response: TextResponse, rules: HtmlList) -> Iterator[Listing]:
    for item in response.css(rules.item):
        href = item.css(rules.link).get()
        if href:
            date = _first(item, rules.date) if rules.date else ""
            yield Listing(response.urljoin(href.strip()), _first(item, rules.headline), date)


def _first(item: Selector, css: str) -> str:
    texts = (clean(text) for text in item.css(css).getall())
    return next(filter(None, texts), "")


def _json_listings(response: TextResponse, rules: JsonList) -> Iterator[Listing]:
    try:
        mails = response.json()
        for mail in mails:
            headline = clean(MERGE_TAG.sub("", str(mail[rules.headline])))
            if not re.search(rules.skip, headline):
                yield Listing(response.urljoin(mail[rules.link]), headline, str(mail.get(rules.date, "")))
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise PageError(f"the archive's JSON is not as expected: {e!r}") from e
