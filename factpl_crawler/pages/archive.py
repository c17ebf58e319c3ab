"""An archive's list page → its issues, newest first as printed, and the next page."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scrapy.http import TextResponse

from factpl_crawler.items import Listing
from factpl_crawler.limits import bounded
from factpl_crawler.pages import PageError, first_text, html_of
from factpl_crawler.publication import HtmlList, JsonList
from factpl_crawler.text import clean

MERGE_TAG = re.compile(r"\$%[^%$]*%\$")


@dataclass(frozen=True)
class ListPage:
    """`problems` says which items of the list were passed over, and why."""

    listings: list[Listing]
    next_page: str | None = None
    problems: tuple[str, ...] = ()


@bounded(PageError)
def read_list(response: TextResponse, rules: HtmlList | JsonList) -> ListPage:
    """Raise `PageError` when the publication's rules find no list in the page."""
    next_page, problems = None, list[str]()
    if isinstance(rules, JsonList):
        found = _json_listings(response, rules, problems)
    else:
        response = html_of(response)
        found = _html_listings(response, rules, problems)
        next_page = _next_page(response, rules, problems)
    listings = {listing.url: listing for listing in found}
    if not listings:
        raise PageError("; ".join(["no issue found in the list", *problems[:1]]))
    return ListPage(list(listings.values()), next_page, tuple(problems))


def _next_page(response: TextResponse, rules: HtmlList, problems: list[str]) -> str | None:
    href = response.css(rules.next_page).get() if rules.next_page else None
    try:
        return _absolute(response, href) if href else None
    except PageError as e:
        problems.append(str(e))
        return None


def _absolute(response: TextResponse, href: str) -> str:
    try:
        return response.urljoin(href.strip())
    except ValueError as e:
        raise PageError(f"no address: {href}") from e


def _html_listings(response: TextResponse, rules: HtmlList, problems: list[str]) -> Iterator[Listing]:
    for item in response.css(rules.item):
        href = item.css(rules.link).get()
        if href:
            date = first_text(item, rules.date) if rules.date else ""
            try:
                yield Listing(_absolute(response, href), first_text(item, rules.headline), date)
            except PageError as e:
                problems.append(str(e))


def _json_listings(response: TextResponse, rules: JsonList, problems: list[str]) -> Iterator[Listing]:
    for position, mail in enumerate(_mails(response), start=1):
        try:
            headline = clean(MERGE_TAG.sub("", _stated(mail, rules.headline)))
            if not re.search(rules.skip, headline):
                url = _absolute(response, _stated(mail, rules.link))
                yield Listing(url, headline, str(mail.get(rules.date) or ""))
        except PageError as e:
            problems.append(f"mail {position} of the list: {e}")


def _mails(response: TextResponse) -> list[Any]:
    try:
        mails = response.json()
    except (ValueError, RecursionError) as e:
        raise PageError(f"the archive's JSON cannot be read: {e}") from e
    if not isinstance(mails, list):
        raise PageError("the archive's JSON is no list")
    return mails


def _stated(mail: Any, key: str) -> str:
    if not isinstance(mail, dict):
        raise PageError("not an object")
    value = mail.get(key)
    if not isinstance(value, str):
        raise PageError(f"no {key}")
    return value
