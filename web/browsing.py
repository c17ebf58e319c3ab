"""The pages to browse: issues by month, sections, authors, how often words are written of and which rise."""

from datetime import date
from itertools import groupby
from typing import cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from index.errors import SearchError
from index.trends import NothingDatedError, TooManyPeriodsError, Unit
from index.words import NothingBeforeError
from web.archive import Archive
from web.asked import Asked, AskedError
from web.calendars import months
from web.charts import LINES_HEIGHT, WIDTH, lines
from web.rendering import page
from web.turns import Endpoint

MOST_COMPARED = 5
_RISING = 30
_ROWS = 500
_UNITS = ("month", "week")


def endpoints(archive: Archive) -> dict[str, Endpoint]:
    def issues(request: Request) -> Response:
        # As they come, the newest first, those of a publication together.
        ordered = sorted(archive.issues(), key=lambda issue: issue.publication.id)
        grouped = {id: list(found) for id, found in groupby(ordered, key=lambda issue: issue.publication.id)}
        return page(request, "issues.html", publications=grouped)

    def calendar(request: Request) -> Response:
        publication = request.path_params["publication"]
        found = [issue for issue in archive.issues() if issue.publication.id == publication]
        if not found:
            raise HTTPException(404)
        undated = [issue for issue in found if not issue.date_published]
        title = found[0].publication.title
        return page(
            request, "calendar.html", publication=publication, title=title, years=months(found), undated=undated
        )

    def sections(request: Request) -> Response:
        return _facet_page(request, archive, "section")

    def authors(request: Request) -> Response:
        return _facet_page(request, archive, "author")

    def trends(request: Request) -> Response:
        return trends_page(request, archive)

    def words(request: Request) -> Response:
        return words_page(request, archive)

    return {
        "/issues": issues,
        "/issues/{publication}": calendar,
        "/sections": sections,
        "/authors": authors,
        "/trends": trends,
        "/words": words,
    }


def trends_page(request: Request, archive: Archive) -> Response:
    params = request.query_params
    asked = Asked.of(params, ignored=("lang", "q", "by", "absolute"))
    queries = [text.strip() for text in params.getlist("q") if text.strip()]
    by, absolute = params.get("by") or "month", params.get("absolute", "") in ("1", "true")
    if len(queries) > MOST_COMPARED:
        raise AskedError(f"q: up to {MOST_COMPARED} are compared, not {len(queries)}; leave some out")
    if by not in _UNITS:
        raise AskedError(f"by: may be {' or '.join(_UNITS)}")
    problem, found = "", []
    try:
        found = archive.trends(queries, cast(Unit, by), asked.filters) if queries else []
    except (NothingDatedError, TooManyPeriodsError) as e:
        problem = "undated" if isinstance(e, NothingDatedError) else "too long"
    drawn, highest = lines(found, absolute=absolute)
    return page(
        request,
        "trends.html",
        asked=asked,
        queries=queries,
        by=by,
        absolute=absolute,
        boxes=MOST_COMPARED,
        problem=problem,
        trends=found,
        lines=drawn,
        highest=highest,
        box=(WIDTH, LINES_HEIGHT),
        # The newest first, without those that would be rows of noughts.
        rows=[row for row in zip(*(reversed(one.counts) for one in found), strict=True) if any(c.found for c in row)][
            :_ROWS
        ],
    )


def words_page(request: Request, archive: Archive) -> Response:
    asked = Asked.of(request.query_params, ignored=("lang",))
    since = asked.filters.since or archive.last_week()
    narrowed = asked if asked.since else asked.but(since=since.isoformat())
    try:
        found = archive.rising(narrowed.filters, _RISING)
        problem = ""
    except (NothingBeforeError, SearchError) as e:
        if not isinstance(e, NothingBeforeError):
            raise
        found, problem = [], "nothing before"
    return page(
        request,
        "words.html",
        asked=narrowed,
        since=since,
        until=narrowed.filters.until or date.max,
        words=found,
        problem=problem,
        highest=max((word.score for word in found), default=1),
    )


def _facet_page(request: Request, archive: Archive, facet: str) -> Response:
    found = archive.search(Asked(limit=1), facets=(facet,))
    values = found.facets[facet]
    highest = max((one.count for one in values), default=1)
    return page(
        request, "values.html", facet=facet, values=values, warnings=found.warnings, highest=highest, total=found.total
    )
