"""The routes of the invented hosts and the files they answer with."""

import json
import string
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

TEMPLATES = Path(__file__).parent / "templates"
HTML = "text/html; charset=utf-8"


@dataclass
class SiteFiles:
    """`routes` are the rows of routes.json, `files` the contents by path below the site's folder."""

    routes: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def page(self, host: str, target: str, content: bytes, *, status: int = 200, content_type: str = HTML) -> None:
        """Serve *content* at *target*: a path, with a query if only that query is meant."""
        file = self._file(host, target, content_type)
        if file in self.files:
            raise ValueError(f"two pages at {host}{target}")
        self.files[file] = content
        self._route(host, target, status, headers={"Content-Type": content_type}, file=file)

    def same_page(self, host: str, target: str, other_target: str) -> None:
        """Serve at *target* what *other_target* answers with."""
        row = next(r for r in self.routes if (r["host"], r["target"]) == (host, other_target))
        self.routes.append({**row, "target": target})

    def redirect(self, host: str, target: str, location: str, status: int = 301) -> None:
        self._route(host, target, status, headers={"Location": location})

    def manifest(self) -> bytes:
        rows = sorted(self.routes, key=lambda row: (row["host"], row["target"]))
        lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        return f"[\n{lines}\n]\n".encode()

    def _route(self, host: str, target: str, status: int, **answer: Any) -> None:
        self.routes.append({"host": host, "target": target, "status": status, **answer})

    @staticmethod
    def _file(host: str, target: str, content_type: str) -> str:
        path = urlsplit(target)
        name = path.path.strip("/") + (f"-{path.query.replace('=', '-')}" if path.query else "")
        suffix = {"text/html": ".html", "application/json": ".json"}.get(content_type.split(";")[0], "")
        return f"{host.removesuffix('.localhost')}/{name.removesuffix(suffix) or 'index'}{suffix}"


@cache
def _template(name: str) -> string.Template:
    return string.Template((TEMPLATES / name).read_text("utf-8"))


def fill(template: str, **markup: str) -> str:
    return _template(template).substitute(markup)


def meta(**content: str) -> str:
    """Return the tags; `og__title` is og:title."""
    names = {name.replace("__", ":"): escape(value) for name, value in content.items()}
    return "\n".join(f'<meta {_name_attribute(name)}="{name}" content="{value}">' for name, value in names.items())


def _name_attribute(name: str) -> str:
    return "property" if ":" in name and not name.startswith("dable") else "name"


def json_ld(data: dict[str, Any]) -> str:
    text = json.dumps({"@context": "https://schema.org", **data}, ensure_ascii=False, indent=1)
    return f'<script type="application/ld+json">\n{text}\n</script>'
