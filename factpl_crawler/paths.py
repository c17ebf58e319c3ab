"""Where everything generated lies: `data/` in the project, or the folder that FACTPL_DATA names."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def data_dir() -> Path:
    return Path(os.environ.get("FACTPL_DATA") or ROOT / "data").expanduser().absolute()


def store_path() -> Path:
    return data_dir() / "archive.sqlite3"


def index_dir() -> Path:
    return data_dir() / "index"


def settings_files() -> dict[str, Path]:
    """Return what a person wrote and a backup keeps, by the name that it has there."""
    return {"factpl.toml": config_path(), "aliases.toml": ROOT / "aliases.toml"}


def config_path() -> Path:
    return Path(os.environ.get("FACTPL_CONFIG") or ROOT / "factpl.toml")


def warc_dir() -> Path:
    return data_dir() / "warc"


def mail_dir() -> Path:
    return data_dir() / "mail"
