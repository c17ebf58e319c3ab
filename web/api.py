"""Every search as JSON, and its description."""

from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from typing_extensions import TypedDict

from factpl_crawler.documents import SCHEMA_VERSION
from factpl_crawler.store import IssueSummary, StoreError
from index.answers import results_dict, to_json, trends_list
from index.query import MAX_LENGTH, QueryError
from index.search import Correction, FacetCount, Highlight, Results, SearchError
from index.trends import NothingDatedError, TooManyPeriodsError
from index.words import NothingBeforeError, RisingWord
from web.archive import Archive
from web.asked import DEEPEST, LONGEST_VALUE, Asked, AskedError, Given, Narrowed
from web.guard import problem
from web.openapi import ExportedDocument, Operation, description
from web.turns import in_turn

Facet = Literal["section", "author", "site", "year", "month", "publication", "kind"]
MOST_COMPARED = 5
_LATER = {"Retry-After": "60"}

Answer = Callable[[Request], dict[str, Any]]

# --- What is taken ------------------------------------------------------------------------------------------------


class AskedSearch(Asked):
    facet: tuple[Facet, ...] = ()
    explain: Annotated[bool, Field(description="Say how the query was read, and what each score is made of.")] = False


class AskedTrends(Narrowed):
    q: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=MAX_LENGTH)], ...],
        Field(min_length=1, max_length=MOST_COMPARED, description="Queries, each counted by itself."),
    ] = ()
    by: Literal["month", "week"] = "month"

    def check(self) -> None:
        if not self.q:
            raise AskedError("q: name what is to be counted, as in /api/trends?q=그로크&q=반도체")
        super().check()


class AskedWords(Narrowed):
    limit: Annotated[int, Field(ge=1, le=300)] = 20

    def check(self) -> None:
        if not self.since:
            raise AskedError("since: name from when on, as in /api/words?since=1주")
        super().check()


class AskedIssues(Given):
    publication: Annotated[str, Field(max_length=LONGEST_VALUE, description="Only this newsletter's, by its id.")] = ""
    page: Annotated[int, Field(ge=1, le=DEEPEST)] = 1
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class AskedNothing(Given):
    pass


# --- What is answered ---------------------------------------------------------------------------------------------

_EXACTLY = ConfigDict(extra="forbid")


@with_config(_EXACTLY)
class HitAnswer(TypedDict):
    score: float
    issues: list[str]
    similar: list[str]
    highlights: list[Highlight]
    lacks: NotRequired[list[str]]
    explanation: NotRequired[dict[str, float]]
    document: ExportedDocument


@with_config(_EXACTLY)
class SearchAnswer(TypedDict):
    """What is not as it was typed is said by `correction` to `suggestions`; see docs/results.md."""

    schema_version: Literal[1]
    query: str
    total: int
    offset: int
    limit: int
    correction: NotRequired[Correction]
    partial: NotRequired[bool]
    complete: NotRequired[int]
    dropped: NotRequired[list[str]]
    suggestions: NotRequired[list[str]]
    facets: NotRequired[dict[Facet, list[FacetCount]]]
    hits: list[HitAnswer]
    reading: NotRequired[list[str]]
    warnings: list[str]
    next: str | None
    previous: str | None


@with_config(_EXACTLY)
class IssuesAnswer(TypedDict):
    total: int
    issues: list[IssueSummary]
    next: str | None
    previous: str | None


@with_config(_EXACTLY)
class PeriodAnswer(TypedDict):
    period: str
    found: int
    documents: int
    share: float


@with_config(_EXACTLY)
class TrendAnswer(TypedDict):
    query: str
    counts: list[PeriodAnswer]


@with_config(_EXACTLY)
class TrendsAnswer(TypedDict):
    trends: list[TrendAnswer]


@with_config(_EXACTLY)
class WordsAnswer(TypedDict):
    words: list[RisingWord]


OPERATIONS = (
    Operation("/api/search", "search", "What is found, the best first.", AskedSearch, SearchAnswer),
    Operation(
        "/api/document/{id}",
        "document",
        "The entry or the article with this id, as it is exported.",
        AskedNothing,
        ExportedDocument,
        in_path={"id": {"type": "string", "pattern": "^[^\\x00-\\x1f\\x7f]+$"}},
    ),
    Operation("/api/issues", "issues", "The issues, newest first.", AskedIssues, IssuesAnswer),
    Operation(
        "/api/trends", "trends", "How often something is written of.", AskedTrends, TrendsAnswer, frozenset({"q"})
    ),
    Operation(
        "/api/words",
        "words",
        "The names and nouns that rose since a day, against the three months before.",
        AskedWords,
        WordsAnswer,
        frozenset({"since"}),
    ),
)

# --- Answering ----------------------------------------------------------------------------------------------------


class NothingThereError(Exception):
    """What was named is not in the archive."""


def routes(archive: Archive) -> list[Route]:
    def search(request: Request) -> dict[str, Any]:
        asked = AskedSearch.of(request.query_params, strictly=True)
        results = archive.search(asked, facets=asked.facet, explain=asked.explain)
        return search_answer(asked, results)

    def document(request: Request) -> dict[str, Any]:
        AskedNothing.of(request.query_params, strictly=True)
        found = archive.store.document(id := request.path_params["id"])
        if found is None:
            raise NothingThereError(f"Nothing has the id {id[:LONGEST_VALUE]}. Ask /api/search, or /api/issues.")
        return found.to_dict()

    def issues(request: Request) -> dict[str, Any]:
        asked = AskedIssues.of(request.query_params, strictly=True)
        found = [one for one in archive.issues() if asked.publication in ("", one.publication.id)]
        first = (asked.page - 1) * asked.limit
        return {
            "total": len(found),
            "issues": [asdict(issue) for issue in found[first : first + asked.limit]],
            **_neighbours("/api/issues", asked, len(found)),
        }

    def trends_of(request: Request) -> dict[str, Any]:
        asked = AskedTrends.of(request.query_params, strictly=True)
        return {"trends": trends_list(archive.trends(asked.q, asked.by, asked.filters))}

    def words(request: Request) -> dict[str, Any]:
        asked = AskedWords.of(request.query_params, strictly=True)
        return {"words": [asdict(word) for word in archive.rising(asked.filters, asked.limit)]}

    def schema(request: Request) -> dict[str, Any]:
        AskedNothing.of(request.query_params, strictly=True)
        return description(OPERATIONS)

    def nothing(request: Request) -> dict[str, Any]:
        raise NothingThereError("There is no such address. Ask /api/schema for those that there are.")

    answers: dict[str, Answer] = {
        "/api/search": search,
        "/api/document/{id:path}": document,
        "/api/issues": issues,
        "/api/trends": trends_of,
        "/api/words": words,
        "/api/schema": schema,
        "/api/{rest:path}": nothing,
    }
    return [Route(path, in_turn(answering(answer))) for path, answer in answers.items()]


def search_answer(asked: AskedSearch, results: Results) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        **results_dict(results, asked.limit, asked.offset),
        **({"reading": list(results.reading)} if asked.explain else {}),
        "warnings": results.warnings,
        **_neighbours("/api/search", asked, min(results.total, DEEPEST)),
    }


def _neighbours(path: str, asked: AskedSearch | AskedIssues, total: int) -> dict[str, str | None]:
    after = asked.but(page=asked.page + 1) if asked.page * asked.limit < total else None
    before = asked.but(page=asked.page - 1) if asked.page > 1 else None
    return {
        "next": f"{path}?{after.to_query()}" if after else None,
        "previous": f"{path}?{before.to_query()}" if before else None,
    }


def answering(answer: Answer) -> Callable[[Request], Response]:
    """Return the endpoint of *answer*, with a mistake as RFC 9457 writes it."""

    @wraps(answer)
    def endpoint(request: Request) -> Response:
        try:
            return Response(to_json(answer(request)), media_type="application/json")
        except AskedError as e:
            return problem(400, str(e), parameter=str(e).partition(":")[0])
        except QueryError as e:
            return problem(400, str(e), parameter="q")
        except TooManyPeriodsError as e:
            return problem(400, str(e), parameter="since")
        except (NothingThereError, NothingDatedError, NothingBeforeError) as e:
            return problem(404, str(e))
        except (SearchError, StoreError):
            # Not what exactly: it names folders of the machine.
            told = "The archive or its index cannot be read. On its machine, run: search_cli.py doctor"
            return problem(503, told, headers=_LATER)

    return endpoint
