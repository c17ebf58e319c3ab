"""The pages: what was asked for, found and put into a template."""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from web.archive import Archive
from web.asked import Asked
from web.language import TEMPLATES, language, translations

ERROR_PAGES: Mapping[Any, Callable[..., Response]] = {}


def _environment(name: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(default=True), extensions=["jinja2.ext.i18n"]
    )
    environment.install_gettext_translations(translations(name), newstyle=True)  # type: ignore[attr-defined]
    return environment


_ENVIRONMENTS = {name: _environment(name) for name in ("ko", "en")}


def routes(archive: Archive) -> list[Route]:
    def search_page(request: Request) -> Response:
        asked = Asked.of(request.query_params, ignored=("lang",))
        results = archive.search(asked)
        spoken = language(request)
        page = _ENVIRONMENTS[spoken].get_template("search.html")
        return HTMLResponse(page.render(asked=asked, results=results, language=spoken))

    return [Route("/", search_page, name="search")]
