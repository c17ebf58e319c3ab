"""What went wrong, as a page that says what to do."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from factpl_crawler.store import NoStoreError, StoreError
from index.errors import IndexLocked, IndexMismatch, NoIndexError, SearchError
from index.query import QueryError
from web.asked import AskedError
from web.guard import problem
from web.rendering import page

_COMMAND = re.compile(r"search_cli\.py(?: [\w-]+)+")
_RETRY_SECONDS = 60
# What the template tells them by. Their own messages name folders of this machine, which are nobody's business.
_STATES: Mapping[type[Exception], str] = {
    NoStoreError: "no archive",
    NoIndexError: "no index",
    IndexMismatch: "other version",
    IndexLocked: "building",
}


def asked_wrongly(request: Request, error: Exception) -> Response:
    again = _without(request, str(error).partition(":")[0]) if isinstance(error, AskedError) else ""
    return page(request, "error.html", status=400, state="asked", message=str(error), command="", again=again)


def _without(request: Request, name: str) -> str:
    """Return the address without the parameter *name*, or nothing where nothing else was asked for."""
    asked = [(one, value) for one, value in request.query_params.multi_items() if one not in (name, "page")]
    return f"{request.url.path}?{urlencode(asked)}" if any(value for _, value in asked) else ""


def unavailable(request: Request, error: Exception) -> Response:
    state = next((name for kind, name in _STATES.items() if isinstance(error, kind)), "broken")
    command = "./nightly" if state == "no archive" else _command(str(error))
    response = page(request, "error.html", status=503, state=state, message="", command=command)
    response.headers["Retry-After"] = str(_RETRY_SECONDS)
    return response


def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    state = "missing" if error.status_code == 404 else "refused"
    response = page(request, "error.html", status=error.status_code, state=state, message=error.detail, command="")
    response.headers.update(error.headers or {})
    return response


def failed(request: Request, _error: Exception) -> Response:
    if request.url.path.startswith("/api/"):
        return problem(500, "The program made a mistake. The server's log says which.")
    return page(request, "error.html", status=500, state="failed", message="", command="")


def _command(message: str) -> str:
    """Return the command that *message* names.

    >>> _command("The index at /srv/index cannot be read (x). Run: search_cli.py index --rebuild")
    'search_cli.py index --rebuild'
    """
    found = _COMMAND.search(message)
    return found[0] if found else "search_cli.py doctor"


ERROR_PAGES: Mapping[Any, Callable[[Request, Exception], Response]] = {
    AskedError: asked_wrongly,
    QueryError: asked_wrongly,
    SearchError: unavailable,
    StoreError: unavailable,
    HTTPException: refused,
    Exception: failed,
}
