"""Pages decide what is there; spiders decide where to go."""

from parsel import Selector
from scrapy.http import HtmlResponse, JsonResponse, Response, TextResponse

from factpl_crawler.limits import TooMuchError, check_html
from factpl_crawler.text import clean


class PageError(Exception):
    """The page is not what it was asked for; the message says what it is instead."""


def checked(text: str) -> str:
    """Return *text*, which is HTML, for a parser; raise `PageError` for what no parser should be given."""
    try:
        check_html(text)
    except TooMuchError as e:
        raise PageError(str(e)) from e
    return text


def text_of(response: Response) -> TextResponse:
    """Raise `PageError` for what is no text: a picture, a PDF."""
    if not isinstance(response, TextResponse):
        declared = response.headers.get("Content-Type") or b"of no declared type"
        raise PageError(f"not a text: {declared.decode('latin-1')}")
    return response


def html_of(response: TextResponse) -> HtmlResponse:
    """Return *response* as HTML, whatever text it was declared to be.

    Raise `PageError` for JSON, and for what no parser should be given.
    """
    if isinstance(response, JsonResponse):
        raise PageError("JSON, not a page")
    checked(response.text)
    return response if isinstance(response, HtmlResponse) else response.replace(cls=HtmlResponse)


def first_text(found: Selector | TextResponse, css: str) -> str:
    texts = (clean(text) for text in found.css(css).getall())
    return next(filter(None, texts), "")
