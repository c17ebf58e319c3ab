"""The archive in a browser: rooms of `web/` put together; no search logic."""

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from factpl_crawler.paths import ROOT
from web import api, feeds, guard, pages
from web.archive import Archive
from web.guard import LOOPBACK_ONLY, Protection


def app(archive: Archive, protection: Protection = LOOPBACK_ONLY) -> Starlette:
    static = Mount("/static", StaticFiles(directory=ROOT / "static"), name="static")
    return Starlette(
        routes=[*pages.routes(archive), *api.routes(archive), *feeds.routes(archive), static],
        middleware=guard.middleware(protection),
        exception_handlers=pages.ERROR_PAGES,
    )
