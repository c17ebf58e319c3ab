"""What may be typed on, as somebody types."""

from starlette.routing import Route

from web.archive import Archive


def routes(archive: Archive) -> list[Route]:
    return []
