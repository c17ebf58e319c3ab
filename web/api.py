"""Every search as JSON, and its description."""

from starlette.routing import Route

from web.archive import Archive


def routes(archive: Archive) -> list[Route]:
    return []
