"""Pages decide what is there; spiders decide where to go."""

from scrapy.http import Response, TextResponse


class PageError(Exception):
    """The page is not what it was asked for; the message says what it is instead."""


def text_of(response: Response) -> TextResponse:
    """Raise `PageError` for what is no text: a picture, a PDF."""
    if not isinstance(response, TextResponse):
        declared = response.headers.get("Content-Type") or b"of no declared type"
        raise PageError(f"not a text: {declared.decode('latin-1')}")
    return response
