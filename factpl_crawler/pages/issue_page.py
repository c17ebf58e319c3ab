"""An issue's page on the web → the issue."""

from scrapy.http import TextResponse

from factpl_crawler.items import Issue, Listing, RawDate
from factpl_crawler.limits import bounded
from factpl_crawler.pages import PageError, first_text, html_of
from factpl_crawler.pages.blocks import html_blocks
from factpl_crawler.pages.issue import read_issue
from factpl_crawler.pages.links import resolve_links
from factpl_crawler.pages.sites import Sites
from factpl_crawler.publication import Publication


@bounded(PageError)
def read_issue_page(response: TextResponse, publication: Publication, listing: Listing, sites: Sites) -> Issue:
    """Raise `PageError` when the publication's rules find no issue in the page."""
    response, rules = html_of(response), publication.issue_page
    body = response.css(rules.body)
    if not body:
        raise PageError(f"no issue body: nothing matches {rules.body!r}")
    blocks = resolve_links(html_blocks(body[0].root, response.url), sites)
    printed = first_text(response, rules.date) if rules.date else ""
    meta = first_text(response, 'meta[property="article:published_time"]::attr(content)')
    dates = [RawDate(meta, "meta"), RawDate(printed, "page"), RawDate(listing.date, "list")]
    return read_issue(
        publication,
        blocks,
        url=listing.url,
        headline=listing.headline or (first_text(response, rules.headline) if rules.headline else None),
        dates=[date for date in dates if date.text],
    )
