"""Today's parsers over what was collected: the raw archive and the letters. Nothing is asked of any site.

Of each page the newest answer counts that can be read, and of each issue or article the newest page.
"""

import heapq
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Headers, Response, TextResponse
from scrapy.responsetypes import responsetypes
from scrapy.settings import Settings
from scrapy.statscollectors import MemoryStatsCollector
from scrapy.utils.project import get_project_settings

from factpl_crawler.captures import Capture, Captures, Purpose
from factpl_crawler.documents import Document
from factpl_crawler.frontier import Frontier
from factpl_crawler.guard import UnpackError, UnpackMiddleware
from factpl_crawler.items import Article, Issue, Quarantined
from factpl_crawler.lock import writing
from factpl_crawler.mail import read_letter_from
from factpl_crawler.mail_archive import KeptMail, kept_letters
from factpl_crawler.pages import PageError, text_of
from factpl_crawler.pages.issue_page import read_issue_page
from factpl_crawler.pages.letter import read_mail
from factpl_crawler.pages.sites import Sites
from factpl_crawler.paths import mail_dir, store_path, warc_dir
from factpl_crawler.pipelines import Item, NormalisePipeline, StorePipeline, ValidatePipeline
from factpl_crawler.publications import load_publications
from factpl_crawler.spiders.newsletter import fetch_of
from factpl_crawler.store import Store
from factpl_crawler.text import KST, UrlError, canonical_url
from factpl_crawler.warc import WarcError, open_captures, read_stored, repair_all

Fate = Literal["new", "changed", "removed", "unchanged", "unreadable", "lost"]

# What is an entry's because it is its issue's is told of the issue. The ways into an article are those out of entries.
OF_THE_ISSUE = ("publication", "issue", "date_published", "date_published_source")
NOT_COMPARED = ("schema_version", "id", "kind", "version", "linked_from")


class ReparseError(Exception):
    """Nothing can be read again; the message says why."""


@dataclass(frozen=True)
class Difference:
    field: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Reparsed:
    """What became of an issue, an entry or an article. Where none came of a page, `id` is its address.

    An `unreadable` page is as unreadable as before; one that is `lost` could be read when it was crawled.
    """

    id: str
    fate: Fate
    differences: tuple[Difference, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Choice:
    """What to read again: had since a day, from a host, of the issue, entry or article with an id."""

    since: date | None = None
    site: str | None = None
    id: str | None = None


def reparse(choice: Choice, *, dry_run: bool = False) -> Iterator[Reparsed]:
    """Yield what became of each document, and write it unless it is a *dry_run*. Raise `ReparseError`."""
    if not (warc_dir().is_dir() or mail_dir().is_dir()):
        raise ReparseError(f"Nothing to read again: neither {warc_dir()} nor {mail_dir()} is there. Run: ./nightly")
    with ExitStack() as stack:
        if not dry_run:
            stack.enter_context(writing())
        store = stack.enter_context(Store.open(store_path(), create=False))
        if dry_run:
            store = stack.enter_context(_copy_of(store))
        captures = stack.enter_context(_captures(repair=not dry_run))
        yield from _Reparser(store, captures, get_project_settings(), choice).run()


@contextmanager
def _copy_of(store: Store) -> Iterator[Store]:
    """A dry run is a run on a copy that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="factpl-") as folder:
        path = Path(folder) / store.path.name
        with closing(sqlite3.connect(store.path)) as source, closing(sqlite3.connect(path)) as target:
            source.backup(target)
        with Store.open(path) as copy:
            yield copy


@contextmanager
def _captures(*, repair: bool) -> Iterator[Captures | None]:
    if not warc_dir().is_dir():
        yield None
        return
    if repair:
        repair_all(warc_dir())
    with closing(open_captures(warc_dir())) as captures:
        yield captures


class _Reparser:
    def __init__(self, store: Store, captures: Captures | None, settings: Settings, choice: Choice) -> None:
        crawler = Crawler(Spider, settings)
        stats = crawler.stats = MemoryStatsCollector(crawler)
        self.store = store
        self.captures = captures
        self.choice = choice
        self.issue_id = (choice.id or "").partition("#")[0]
        self.article_ids = store.known_as(choice.id) if choice.id else set[str]()
        self.issue_urls = {entry.issue.url for entry in store.issue_documents(self.issue_id) if entry.issue}
        self.publications = load_publications(settings)
        collected = captures.publications() if captures else set()
        if collected and not collected & self.publications.keys():
            # Read by the rules of another project, every article would become another.
            raise ReparseError(
                f"The raw archive is of {', '.join(sorted(collected))}; known are {', '.join(self.publications)}. "
                "Run it with the SCRAPY_PROJECT that collected it."
            )
        self.sites = Sites.from_settings(settings)
        frontier = Frontier(store, self.sites, stats)
        self.compression = UnpackMiddleware(crawler=crawler)  # with the limits of a crawl
        self.normalise = NormalisePipeline(self.publications, stats)
        self.validate = ValidatePipeline()
        self.write = StorePipeline(lambda: frontier)
        self._read: set[tuple[str, str]] = set()
        self._unreadable: set[str] = set()

    def run(self) -> Iterator[Reparsed]:
        sources = heapq.merge(self._pages(), self._letters(), key=itemgetter(0), reverse=True)
        for _, source in sources:
            yield from self._capture(*source) if isinstance(source[0], Capture) else self._letter(*source)

    # --- What there is --------------------------------------------------------------------------------------------

    def _pages(self) -> Iterator[tuple[datetime, tuple[Any, Any]]]:
        """Yield the answers that had a page, newest first, each with whether it is the last word on its address."""
        answered: set[str] = set()
        for capture in self.captures.of_kinds("issue", "article") if self.captures else ():
            purpose, had_at = capture.purpose, _time(capture)
            assert purpose is not None  # it has a kind
            is_last = purpose.asked not in answered
            answered.add(purpose.asked)
            if 200 <= capture.status <= 299 and self._is_chosen(capture, purpose, had_at):
                yield had_at, (capture, is_last)

    def _is_chosen(self, capture: Capture, purpose: Purpose, had_at: datetime) -> bool:
        choice = self.choice
        if choice.since and had_at.date() < choice.since:
            return False
        if choice.site and urlsplit(capture.url).hostname != choice.site.lower():
            return False
        if choice.id is None:
            return True
        if purpose.kind == "article":
            return purpose.article_id in self.article_ids
        return purpose.publication == self.issue_id.rpartition("/")[0]

    def _letters(self) -> Iterator[tuple[datetime, tuple[Any, Any]]]:
        if self.choice.site or self.issue_id.startswith("a/"):
            return
        for about, path in kept_letters(mail_dir()):
            if self.choice.since is None or about.read_at.date() >= self.choice.since:
                yield about.read_at.astimezone(KST), (about, path)

    # --- From a source to an item ---------------------------------------------------------------------------------

    def _letter(self, about: KeptMail, path: Path) -> Iterator[Reparsed]:
        letter = read_letter_from(about.source, path.read_bytes(), path.suffix)
        item = read_mail(letter, self.publications, self.sites, about.publication)
        item.had_at = about.read_at
        yield from self._put(item, ("mail", path.name), was_read=False)

    def _capture(self, capture: Capture, is_last: bool) -> Iterator[Reparsed]:
        purpose = capture.purpose
        assert purpose is not None  # it has a kind
        page = (purpose.kind, purpose.article_id or purpose.asked)
        if page in self._read:
            return
        was_read = self.store.was_read(purpose.asked)
        item = self._item(capture, purpose)
        if was_read or not is_last:
            item.fetch = None  # when it is due does not change by reading it again
        item.had_at = _time(capture)
        yield from self._put(item, page, was_read=was_read)

    def _item(self, capture: Capture, purpose: Purpose) -> Item:
        item: Item
        body = b""
        try:
            response = self._response(capture, purpose)
            body = response.body
            item = self._issue(response, purpose) if purpose.kind == "issue" else self._article(response, purpose)
            item.fetch = replace(fetch_of(response), url=purpose.asked)
        except (PageError, UrlError, UnpackError, WarcError) as e:
            item = Quarantined(canonical_url(capture.url), purpose.kind, str(e))
        except Exception as e:  # noqa: BLE001  as in a crawl, where a parser stumbles the next page is read all the same
            item = Quarantined(canonical_url(capture.url), purpose.kind, f"{type(e).__name__}: {e}")
        item.raw = body
        return item

    def _response(self, capture: Capture, purpose: Purpose) -> TextResponse:
        assert self.captures is not None  # the capture is of them
        stored = read_stored(warc_dir(), capture, self.captures)
        headers = Headers()
        for name, value in stored.headers:
            headers.appendlist(name, value)
        request = Request(capture.url, meta={"redirect_urls": [purpose.asked]})
        response_class = responsetypes.from_args(headers=headers, url=capture.url, body=stored.body)
        response = response_class(capture.url, capture.status, headers, stored.body, request=request)
        unpacked = self.compression.process_response(request, response)
        assert isinstance(unpacked, Response)  # it makes no requests
        return text_of(unpacked)

    def _issue(self, response: TextResponse, purpose: Purpose) -> Issue:
        publication = self.publications.get(purpose.publication or "")
        if publication is None or purpose.listing is None:
            raise PageError(f"no publication is named {purpose.publication!r}; known: {', '.join(self.publications)}")
        return read_issue_page(response, publication, purpose.listing, self.sites)

    def _article(self, response: TextResponse, purpose: Purpose) -> Article:
        article = self.sites.read(response)
        article.requested_id = purpose.article_id or ""
        return article

    # --- From an item to the store --------------------------------------------------------------------------------

    def _put(self, item: Item, page: tuple[str, str], *, was_read: bool) -> Iterator[Reparsed]:
        item = self.validate.process_item(self.normalise.process_item(item))
        if isinstance(item, Quarantined):
            yield from self._set_aside(item, page, was_read=was_read)
            return
        if not self._is_due(item):
            return
        ids = [item.id] if isinstance(item, Issue) else list(dict.fromkeys((item.id, item.requested_id or item.id)))
        before = self._state(ids)
        put = self.write.process_item(item)
        if isinstance(put, Quarantined):
            yield Reparsed(item.id, "lost" if was_read else "unreadable", reason=put.reason)
            return
        self._read |= {page, _document(item)}
        yield from _changes(before, self._state(ids))

    def _is_due(self, item: Issue | Article) -> bool:
        """Say whether nothing newer is known of what *item* is."""
        if self.choice.id and item.id != self.issue_id and item.id not in self.article_ids:
            return False
        if isinstance(item, Issue):
            return not {_document(item), ("issue", item.id)} & self._read
        return ("document", item.id) not in self._read and (
            item.requested_id == item.id or ("article", item.id) not in self._read
        )

    def _set_aside(self, item: Quarantined, page: tuple[str, str], *, was_read: bool) -> Iterator[Reparsed]:
        is_other = self.choice.id and item.kind != "article" and page[1] not in self.issue_urls
        if is_other or page[1] in self._unreadable:
            return
        self._unreadable.add(page[1])
        item.fetch = None  # nothing was tried
        self.write.process_item(item)
        yield Reparsed(item.url, "lost" if was_read else "unreadable", reason=item.reason)

    def _state(self, ids: list[str]) -> dict[str, dict[str, Any]]:
        """Return the fields of the issue or article with one of *ids*, and of its entries, by their ids."""
        state: dict[str, dict[str, Any]] = {}
        for id in ids:
            article, entries = self.store.document(id), self.store.issue_documents(id)
            if article:
                state[id] = _fields(article) | self.store.notes(id)
            elif entries:
                of_issue = {name: _fields(entries[0])[name] for name in OF_THE_ISSUE}
                state[id] = of_issue.pop("issue") | of_issue | self.store.notes(id)
                state |= {entry.id: _without_issue(_fields(entry)) for entry in entries}
        return state


def _time(capture: Capture) -> datetime:
    return datetime.fromisoformat(capture.date).astimezone(KST)


def _document(item: Issue | Article) -> tuple[str, str]:
    """Return what *item* takes the place of. A plain text takes that of no letter with links."""
    if isinstance(item, Article):
        return "document", item.id
    is_plain = item.url is None and not any(entry.links for entry in item.entries)
    return "plain issue" if is_plain else "issue", item.id


def _fields(document: Document) -> dict[str, Any]:
    return {name: value for name, value in document.to_dict().items() if name not in NOT_COMPARED}


def _without_issue(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in OF_THE_ISSUE}


def _changes(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> Iterator[Reparsed]:
    for id in dict.fromkeys((*after, *before)):
        old, new = before.get(id), after.get(id)
        if old is None or new is None:
            yield Reparsed(id, "new" if old is None else "removed", reason=str((new or old or {})["headline"] or ""))
            continue
        names = [name for name in dict.fromkeys((*old, *new)) if old.get(name) != new.get(name)]
        differences = tuple(Difference(name, old.get(name), new.get(name)) for name in names)
        yield Reparsed(id, "changed" if differences else "unchanged", differences)
