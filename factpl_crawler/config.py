"""factpl.toml: what a person sets. Found in the project, or where FACTPL_CONFIG points."""

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from factpl_crawler.paths import ROOT


class ConfigError(Exception):
    """factpl.toml cannot be used; the message says which line of it, or which name."""


@dataclass(frozen=True)
class Config:
    """`delay` is in seconds, between two requests to one site."""

    publications: tuple[str, ...] = ("factpl",)
    contact: str = ""
    delay: float = 3.0


def load_config(path: Path | None = None) -> Config:
    path = path or Path(os.environ.get("FACTPL_CONFIG") or ROOT / "factpl.toml")
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Config()
    except (OSError, ValueError) as e:
        raise ConfigError(f"{path}: {e}") from e
    known = {field.name for field in fields(Config)}
    if unknown := sorted(data.keys() - known):
        raise ConfigError(f"{path}: unknown setting {unknown[0]!r}; known are {', '.join(sorted(known))}")
    return _checked(path, data)


def _checked(path: Path, data: dict[str, Any]) -> Config:
    publications = data.get("publications", list(Config.publications))
    if (
        not isinstance(publications, list)
        or not all(isinstance(name, str) for name in publications)
        or not publications
    ):
        raise ConfigError(f'{path}: publications is {publications!r}, it must be a list such as ["factpl"]')
    contact = data.get("contact", Config.contact)
    if not isinstance(contact, str) or not contact.isprintable():
        raise ConfigError(f"{path}: contact is {contact!r}, it must be a mail address or a page, on one line")
    delay = data.get("delay", Config.delay)
    if not isinstance(delay, int | float) or not 1 <= delay < float("inf"):
        raise ConfigError(f"{path}: delay is {delay!r}, it must be a number of seconds, 1 or more")
    return Config(tuple(publications), contact, delay)
