"""What the rules of a publication's file find on its live pages: one list, one issue, one article."""

import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response, TextResponse
from scrapy.settings import Settings
from scrapy.utils.project import get_project_settings
from twisted.python.failure import Failure

from factpl_crawler.items import Issue, Listing
from factpl_crawler.pages import PageError, html_of, text_of
from factpl_crawler.pages.archive import read_list
from factpl_crawler.pages.article import ArticlePage
from factpl_crawler.pages.issue_page import read_issue_page
from factpl_crawler.pages.sites import Sites
from factpl_crawler.publication import HtmlList, Publication
from factpl_crawler.publications import load_publications
from factpl_crawler.text import clean

ARTICLE_RULES = ("headline", "authors", "section", "published", "modified", "body", "captions", "keywords", "truncated")
OPTIONAL_ARTICLE_RULES = frozenset({"modified", "captions", "keywords", "truncated"})
EXAMPLE_LENGTH = 60


class ProbeError(Exception):
    """There is nothing to probe."""


@dataclass(frozen=True)
class Finding:
    """What one rule found on one page; `example` is the first thing it found."""

    rule: str
    found: int
    example: str = ""
    optional: bool = False
    inferred: str = ""

    @property
    def missing(self) -> bool:
        return not self.found and not self.optional

    def line(self) -> str:
        mark = str(self.found) if self.found else "-" if self.optional else "MISSING"
        example = f"“{self.example[:EXAMPLE_LENGTH]}”" if self.example else ""
        inferred = f"(inferred: {self.inferred})" if self.inferred and not self.found else ""
        return "  ".join(filter(None, (f"  {mark:>7}", f"{self.rule:<24}", example, inferred))).rstrip()


def list_findings(response: TextResponse, publication: Publication) -> Iterator[Finding]:
    rules, inferred = publication.issue_list, publication.inferred.get("issue_list", "")
    if isinstance(rules, HtmlList):
        response = html_of(response)
        items = response.css(rules.item)
        yield Finding(f"item: {rules.item}", len(items), inferred=inferred)
        for name, css in (("link", rules.link), ("headline", rules.headline), ("date", rules.date)):
            texts = [clean(text) for item in items for text in item.css(css).getall()[:1]] if css else []
            yield Finding(f"{name}: {css}", len(texts), _first(texts), name == "date", inferred)
        pages = response.css(rules.next_page).getall() if rules.next_page else []
        yield Finding(f"next_page: {rules.next_page}", len(pages), _first(pages), True, inferred)


def issue_findings(response: TextResponse, issue: Issue, publication: Publication) -> Iterator[Finding]:
    rules, inferred = publication.issue_page, publication.inferred.get("issue_page", "")
    for name, css in (("body", rules.body), ("headline", rules.headline), ("date", rules.date)):
        if css:
            found = response.css(css)
            yield Finding(f"{name}: {css}", len(found), optional=name != "body", inferred=inferred)
    labels = list(dict.fromkeys(entry.section_label for entry in issue.entries if entry.section_label))
    unknown = [label for label in labels if publication.section_id(label) is None]
    yield _texts("number", [] if issue.number is None else [str(issue.number)], optional=True)
    yield _texts("dates", [f"{date.text} ({date.source})" for date in issue.dates])
    yield _texts("sections", labels)
    yield _texts("sections without an id", unknown, optional=True)
    yield _texts("entries", [entry.headline for entry in issue.entries])
    yield _texts("authors", [author for entry in issue.entries for author in entry.authors], optional=True)
    links = [link.canonical_url for entry in issue.entries for link in entry.links]
    yield _texts("article links", links)
    own = [url for url in links if not publication.stranger(url)]
    yield _texts("  to its sites", own)
    others = [urlsplit(url).hostname or "" for url in links if url not in own]
    yield _texts("  other sites", list(dict.fromkeys(others)), optional=True)
    yield _texts("notices set aside", issue.notices, optional=True)


def article_findings(page: ArticlePage) -> Iterator[Finding]:
    yield _texts("JSON-LD", sorted(page.json_ld), optional=True)
    found: dict[str, Any] = {
        "headline": page.headline,
        "authors": page.authors,
        "section": page.section_label,
        "published": [f"{date.text} ({date.source})" for date in page.published],
        "modified": [f"{date.text} ({date.source})" for date in page.modified],
        "body": page.body,
        "captions": page.captions,
        "keywords": page.keywords,
        "truncated": "yes" if page.truncated else "",
    }
    for rule in ARTICLE_RULES:
        texts = found[rule] if isinstance(found[rule], list) else list(filter(None, [found[rule]]))
        yield _texts(rule, texts, optional=rule in OPTIONAL_ARTICLE_RULES)
        for css in getattr(page, f"{rule}_css"):
            yield _texts(f"  {css}", page.css([css]), optional=True)


def _texts(rule: str, texts: list[str], *, optional: bool = False) -> Finding:
    return Finding(rule, len(texts), _first(texts), optional)


def _first(texts: list[str]) -> str:
    return clean(texts[0]) if texts else ""


class ProbeSpider(Spider):
    """Asks for three pages, stores nothing, and prints what it found. `missing` counts what it did not."""

    name = "probe"

    def __init__(self, publication: Publication, archive: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.publication = publication
        self.archive = archive or publication.archive
        self.missing = 0

    async def start(self) -> AsyncIterator[Request]:
        if reason := self.publication.inferred.get("archive"):
            sys.stdout.write(f"Archive: {self.archive} (inferred: {reason})\n")
        yield self._request(self.archive, self.parse_list)

    def _request(self, url: str, callback: Any, **kwargs: Any) -> Request:
        is_article = callback == self.parse_article
        meta = {"archive": not is_article, "keeps_to": self.publication if is_article else None}
        return Request(url, callback, errback=self.failed, meta=meta, cb_kwargs=kwargs)

    def parse_list(self, response: Response) -> Iterator[Request]:
        try:
            page = text_of(response)
            self._report("List", response, list_findings(page, self.publication))
            found = read_list(page, self.publication.issue_list)
            listings = found.listings
        except PageError as e:
            self._fail(f"{response.url}: {e}")
            return
        for problem in found.problems:
            self._fail(problem)
        self._say(_texts("issues listed", [listing.headline for listing in listings]))
        try:
            yield self._request(listings[0].url, self.parse_issue, listing=listings[0])
        except ValueError as e:
            self._fail(f"{listings[0].url}: {e}")

    def parse_issue(self, response: Response, listing: Listing) -> Iterator[Request]:
        sites = Sites.from_settings(self.settings)
        try:
            page = text_of(response)
            issue = read_issue_page(page, self.publication, listing, sites)
        except PageError as e:
            self._fail(f"{response.url}: {e}")
            return
        self._report("Issue", response, issue_findings(page, issue, self.publication))
        links = [link for entry in issue.entries for link in entry.links if not self.publication.stranger(link.url)]
        # An article of a described site, where there is one, so that its rules are tried.
        described = [link for link in links if sites.page_class(link.canonical_url).site_id]
        for url in [link.url for link in described + links][:1]:
            yield self._request(url, self.parse_article, sites=sites)

    def parse_article(self, response: Response, sites: Sites) -> None:
        try:
            page = sites.page_class(response.url)(text_of(response))
        except PageError as e:
            self._fail(f"{response.url}: {e}")
            return
        self._report(f"Article, read as {page.site_id or 'of no described site'}", response, article_findings(page))

    def failed(self, failure: Failure) -> None:
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy puts it there
        self._fail(f"{request.url}: {failure.value}")

    def _report(self, what: str, response: Response, findings: Iterator[Finding]) -> None:
        sys.stdout.write(f"{what}: {response.url}\n")
        for finding in findings:
            self._say(finding)

    def _say(self, finding: Finding) -> None:
        self.missing += finding.missing
        sys.stdout.write(f"{finding.line()}\n")

    def _fail(self, reason: str) -> None:
        self.missing += 1
        sys.stdout.write(f"  FAILED   {reason}\n")


def probe(publication_id: str, archive: str = "") -> int:
    """Print what the rules find and return how many that are needed found nothing."""
    settings = _settings()
    known = load_publications(settings)
    if publication_id not in known:
        raise ProbeError(f"no publication is named {publication_id!r}; known are {', '.join(known)}")
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(ProbeSpider)
    process.crawl(crawler, publication=known[publication_id], archive=archive)
    process.start()
    spider, stats = crawler.spider, crawler.stats
    assert isinstance(spider, ProbeSpider)
    assert stats is not None
    return spider.missing + int(stats.get_value("spider_exceptions/count", 0))


def _settings() -> Settings:
    settings = get_project_settings()
    settings.setdict({"ITEM_PIPELINES": {}, "EXTENSIONS": {}, "RAW_ARCHIVE": False, "LOG_LEVEL": "ERROR"}, "cmdline")
    return settings
