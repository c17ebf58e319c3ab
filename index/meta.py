"""What is known of an index without opening it: `meta.json`, whose replacement is the swap to a new index."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from index.errors import IndexBroken
from index.korean import ANALYSIS_VERSION
from index.schema import SCHEMA_VERSION

_NAME = "meta.json"


class Meta(NamedTuple):
    """`folder` is where in the index's directory the engine's files are; `changed` is the store's at the build."""

    schema_version: int
    analysis_version: str
    store_id: str
    changed: int
    publications: dict[str, str]
    built_at: str
    documents: int
    folder: str

    @property
    def is_ours(self) -> bool:
        return (self.schema_version, self.analysis_version) == (SCHEMA_VERSION, ANALYSIS_VERSION)


def read_meta(index_dir: Path) -> Meta | None:
    """Return None where there is no index; raise IndexBroken for one whose description cannot be read."""
    try:
        data: dict[str, Any] = json.loads((index_dir / _NAME).read_text(encoding="utf-8"))
        return Meta(**{name: data[name] for name in Meta._fields})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise IndexBroken(index_dir, f"{_NAME}: {e!r}") from e


def write_meta(index_dir: Path, meta: Meta) -> None:
    """Replace the description, and with it the index in use, in one step that outlives a power cut."""
    replace_file(index_dir / _NAME, [json.dumps(meta._asdict(), ensure_ascii=False, indent=1)])


def replace_file(path: Path, lines: Iterable[str]) -> None:
    """Write *lines* to *path*: after a power cut it has what it had before, or all of them."""
    aside = path.with_name(f"{path.name}.new")
    with aside.open("w", encoding="utf-8") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
