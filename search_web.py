"""The archive in a browser: rooms of `web/` put together; no search logic."""

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from factpl_crawler.paths import ROOT
from web import api, feeds, guard, pages, serving, suggestions
from web.archive import Archive
from web.guard import LOOPBACK_ONLY, Protection


class _Guarded(Starlette):
    """The guard stands around what answers for a mistake of ours, too."""

    def __init__(self, protection: Protection, **settings: object) -> None:
        super().__init__(**settings)  # type: ignore[arg-type]  # as Starlette takes them
        self.protection = protection

    def build_middleware_stack(self) -> ASGIApp:
        return guard.guarded(super().build_middleware_stack(), self.protection)


def app(archive: Archive, protection: Protection = LOOPBACK_ONLY) -> Starlette:
    static = Mount("/static", StaticFiles(directory=ROOT / "static"), name="static")
    rooms = (pages, api, feeds, suggestions)
    return _Guarded(
        protection,
        routes=[*(route for room in rooms for route in room.routes(archive)), *guard.routes(), static],
        exception_handlers=pages.ERROR_PAGES,
        lifespan=serving.lifespan(archive),
    )


def factory() -> Starlette:
    """Return what a worker of `search_cli.py serve` serves, as its environment says."""
    settings = serving.Settings.from_environment()
    return app(Archive(settings.index_dir, settings.store_path), settings.protection)
