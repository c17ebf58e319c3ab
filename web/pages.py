"""The pages: the search itself here, and with it those to browse and to read."""

from collections.abc import Awaitable, Callable

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from index.search import Results
from web import browsing, reading
from web.archive import Archive
from web.asked import Asked
from web.charts import bars
from web.errors import ERROR_PAGES
from web.language import language
from web.narrowing import MOST_OFFERED, chosen, facets, pages, period_path
from web.rendering import page
from web.turns import Endpoint, take_turn, with_own_headers

__all__ = ["ERROR_PAGES", "routes"]

_NEWEST_ISSUES, _SECTIONS = 6, 12


def routes(archive: Archive) -> list[Route]:
    def search(request: Request) -> Response:
        asked = Asked.of(request.query_params, ignored=("lang",))
        asked = asked.but(q=asked.q.strip(), page=asked.page)
        return home_page(request, archive) if asked == Asked() else results_page(request, archive, asked)

    found = {"/": search, **browsing.endpoints(archive), **reading.endpoints(archive)}
    return [Route(path, _kept(archive, endpoint)) for path, endpoint in found.items()]


def _kept(archive: Archive, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def answered(request: Request) -> Response:
        key = request.scope["path"], request.url.query, language(request)
        kept = await to_thread.run_sync(archive.known_page, key)
        if kept is None:
            return await take_turn(request, lambda: archive.keep_page(key, lambda: endpoint(request)))
        return with_own_headers(kept)

    return answered


def home_page(request: Request, archive: Archive) -> Response:
    everything = archive.search(Asked(limit=1), facets=("section",), most_values=_SECTIONS)
    since = archive.last_week()
    return page(
        request,
        "home.html",
        asked=Asked(),
        total=everything.total,
        warnings=everything.warnings,
        sections=everything.facets["section"],
        issues=archive.issues()[:_NEWEST_ISSUES],
        issue_count=len(archive.issues()),
        since=since,
        rising=archive.rising_lately(),
    )


def results_page(request: Request, archive: Archive, asked: Asked) -> Response:
    results = archive.search(asked, most_values=MOST_OFFERED)
    documents = sum(1 + len(hit.similar) for hit in results.hits)
    drawn = bars({one.value: one.count for one in results.facets["month"]})
    return page(
        request,
        "search.html",
        asked=asked,
        results=results,
        first=asked.offset + 1,
        last=asked.offset + documents,
        sort=_sort(results),
        facets=facets(asked, results),
        chosen=list(chosen(asked, results, archive.label)),
        pages=pages(asked, results.total),
        bars=[(bar, period_path(asked, bar.period)) for bar in drawn],
    )


def _sort(results: Results) -> str:
    """Return what the hits are sorted by: the newest first have no score."""
    return "score" if any(hit.score for hit in results.hits) else "date"
