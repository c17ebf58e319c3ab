"""Every search as a feed."""

from starlette.routing import Route

from web.archive import Archive


def routes(archive: Archive) -> list[Route]:
    return []
