"""The pages to read: an issue as it was laid out, and an article; both are private copies, and say so."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from factpl_crawler.documents import Document, DocumentLink, LinkedFrom
from factpl_crawler.history import DiffLine, Version, changed_fields, diff_lines, with_older
from factpl_crawler.store import IssueSummary, Store
from index.highlights import spans
from index.query import Query
from index.search import MARKED_CHARACTERS, Highlight
from web.archive import Archive, within_document, within_issue
from web.asked import Asked, AskedError
from web.paths import EVERYTHING, document_path
from web.rendering import page
from web.turns import Endpoint

_RELATED = 6


@dataclass(frozen=True)
class Marks:
    headline: list[Highlight]
    body: list[Highlight]


@dataclass(frozen=True)
class WayOut:
    """`article` is the copy that the link leads to, if there is one."""

    link: DocumentLink
    article: Document | None


@dataclass(frozen=True)
class WayIn:
    way: LinkedFrom
    entry: Document | None


@dataclass(frozen=True)
class VersionShown:
    version: Version
    changed: list[str]
    lines: list[DiffLine]


@dataclass(frozen=True)
class EntryShown:
    document: Document
    marks: Marks
    ways_out: list[WayOut]
    versions: list[VersionShown]


def endpoints(archive: Archive) -> dict[str, Endpoint]:
    def issue(request: Request) -> Response:
        return issue_page(request, archive, "{publication}/{name}".format(**request.path_params))

    def article(request: Request) -> Response:
        return article_page(request, archive, f"a/{request.path_params['rest']}")

    return {"/issue/{publication}/{name}": issue, "/article/{rest:path}": article}


def issue_page(request: Request, archive: Archive, id: str) -> Response:
    store, came_from = archive.store, _came_from(request)
    entries = store.issue_documents(id)
    if not entries or entries[0].issue is None:
        raise HTTPException(404)
    query = archive.marking(came_from.q, within_issue(id))
    linked = [link.article for entry in entries for link in entry.links]
    articles = store.documents_by_id(linked)
    older, newer = _neighbours(archive.issues(), id)
    return page(
        request,
        "issue.html",
        came_from=came_from,
        issue=entries[0].issue,
        titles=archive.titles(),
        entries=[_entry(store, entry, articles, query) for entry in entries],
        articles=len(set(linked)),
        older=older,
        newer=newer,
    )


def article_page(request: Request, archive: Archive, id: str) -> Response:
    store, came_from = archive.store, _came_from(request)
    article, versions = store.document(id), store.history(id)
    if article is None and (other := store.turned_out(id)):
        return RedirectResponse(document_path(other, came_from), 307)
    if not versions:
        raise HTTPException(404, "article")
    if article is None:
        return page(request, "removed.html", status=410, version=versions[0], versions=_shown(versions))
    entries = store.documents_by_id([way.entry for way in article.linked_from])
    return page(
        request,
        "article.html",
        came_from=came_from,
        article=article,
        titles=archive.titles(),
        marks=_marks(archive.marking(came_from.q, within_document(id)), article),
        ways_in=[WayIn(way, entries.get(way.entry)) for way in article.linked_from],
        versions=_shown(versions),
        related=archive.related(id, _RELATED),
    )


def _came_from(request: Request) -> Asked:
    """Return the search that the reader comes from: as much of it as can be asked."""
    params = request.query_params
    unknown = [name for name in params if name not in Asked.model_fields]
    for given in (params, QueryParams({"q": params.get("q", "")})):
        with suppress(AskedError):
            asked = Asked.of(given, ignored=unknown)
            return asked.but(q=asked.q.strip(), page=asked.page)
    return EVERYTHING


def _entry(store: Store, entry: Document, articles: Mapping[str, Document], query: Query | None) -> EntryShown:
    ways_out = [WayOut(link, articles.get(link.article)) for link in entry.links]
    versions = _shown(store.history(entry.id)) if entry.version > 1 else []
    return EntryShown(entry, _marks(query, entry), ways_out, versions)


def _marks(query: Query | None, document: Document) -> Marks:
    texts: Mapping[str, str] = {"headline": document.headline, "body": document.body[:MARKED_CHARACTERS]}
    found = {
        field: [Highlight(field, *span) for span in spans(query, field, text)] if query else []
        for field, text in texts.items()
    }
    return Marks(**found)


def _shown(versions: list[Version]) -> list[VersionShown]:
    """Return the versions, newest first, each with what it changed; a document that never changed has none."""
    if len(versions) < 2:
        return []
    return [
        VersionShown(newer, changed_fields(older, newer), list(diff_lines(older, newer)) if older else [])
        for newer, older in with_older(versions)
    ]


def _neighbours(issues: Iterable[IssueSummary], id: str) -> tuple[IssueSummary | None, IssueSummary | None]:
    """Return the issues before and after *id* of the same publication; *issues* are the newest first."""
    of_one = [issue for issue in issues if issue.publication.id == id.partition("/")[0]]
    places = {issue.id: place for place, issue in enumerate(of_one)}
    place = places.get(id)
    if place is None:
        return None, None
    return (of_one[place + 1] if place + 1 < len(of_one) else None), (of_one[place - 1] if place else None)
