"""Templates in the reader's language. Whatever they print is escaped, and holds nothing that a browser would obey."""

from typing import Any
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from index.search import Hit
from web import markup, paths
from web.language import KOREAN, LANGUAGES, TEMPLATES, language, spoken_day, translations
from web.told import in_korean

_SNIPPET = 180
_YEAR_SECONDS = 365 * 86_400


def page(request: Request, name: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    spoken = language(request)
    html = (
        _ENVIRONMENTS[spoken]
        .get_template(name)
        .render(
            request=request,
            language=spoken,
            # What is of the archive itself, of whose words most are Korean.
            korean="" if spoken == KOREAN else Markup(' lang="ko"'),
            other_language=_other_language(request, spoken),
            **values,
        )
    )
    headers = {"Content-Language": spoken, "Vary": "Accept-Language, Cookie"}
    response = HTMLResponse(html, status, headers)
    if request.query_params.get("lang") == spoken:
        response.set_cookie("lang", spoken, max_age=_YEAR_SECONDS, httponly=True, samesite="lax")
    return response


def _other_language(request: Request, spoken: str) -> str:
    """Return the same page's address in the other language, relative: a path may look like that of another host."""
    other = next(name for name in LANGUAGES if name != spoken)
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"?{urlencode([*kept, ('lang', other)])}"


def excerpt(hit: Hit) -> Markup:
    found = hit.snippet(_SNIPPET)
    return markup.marked(found.text, found.highlights)


def host(url: str) -> str:
    return urlsplit(url).hostname or url


def _environment(name: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True),
        extensions=["jinja2.ext.i18n"],
        finalize=lambda value: markup.harmless(value) if isinstance(value, str) else value,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    # Not the new style, which takes each of a page's two hundred words for a pattern to be filled in.
    environment.install_gettext_translations(translations(name), newstyle=False)  # type: ignore[attr-defined]
    environment.filters |= {
        "day": lambda iso: spoken_day(iso, name),
        "number": lambda number: f"{number:,}",
        "marked": markup.marked,
        "paragraphs": markup.paragraphs,
        "address": markup.web_address,
        "host": host,
        "excerpt": excerpt,
        "told": in_korean if name == KOREAN else str,
    }
    environment.globals |= {
        "everything": paths.EVERYTHING,
        "search_path": paths.search_path,
        "document_path": paths.document_path,
        "keyword_path": paths.keyword_path,
        "issue_path": paths.issue_path,
        "calendar_path": paths.calendar_path,
        "issue_name": paths.issue_name,
    }
    return environment


_ENVIRONMENTS = {name: _environment(name) for name in LANGUAGES}


def load_templates() -> None:
    """Compile them all, for which the first reader of each would wait."""
    for environment in _ENVIRONMENTS.values():
        for name in environment.list_templates(extensions=["html"]):
            environment.get_template(name)
