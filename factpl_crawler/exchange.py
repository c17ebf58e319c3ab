"""Documents to a file, one a line, and back. See docs/data.md."""

import gzip
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import UnionType
from typing import Any, BinaryIO, Literal, cast, get_args, get_origin, get_type_hints

from factpl_crawler.documents import Document, DocumentLink, IssueRef, LinkedFrom, PublicationRef, Section
from factpl_crawler.rows import (
    article_document,
    document_article_row,
    document_entry_row,
    document_link_rows,
    document_linked_from_rows,
    entry_document,
    kst,
)
from factpl_crawler.store import Change, Store

LARGEST_INTEGER = 2**63 - 1
STDOUT = Path("-")
SHAPES = {
    shape: get_type_hints(shape) for shape in (Document, PublicationRef, IssueRef, Section, DocumentLink, LinkedFrom)
}


class ExchangeError(Exception):
    """A file that cannot be read or written; the message names it, and the line if there is one."""


@dataclass(frozen=True)
class Counts:
    new: int = 0
    changed: int = 0
    unchanged: int = 0


# --- Export -------------------------------------------------------------------------------------------------------


def export(documents: Iterable[Document], out: Path | None) -> int:
    """Write the documents and return how many. A file appears whole or not at all."""
    if out is None or out == STDOUT:
        sys.stdout.flush()
        count = _write(documents, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return count
    try:
        with _aside(out.resolve()) as file:
            return _write(documents, file)
    except OSError as e:
        raise ExchangeError(f"Cannot write {out}: {e.strerror or e}") from e


def _write(documents: Iterable[Document], file: BinaryIO) -> int:
    count = 0
    for document in documents:
        file.write(document.to_json().encode() + b"\n")
        count += 1
    return count


@contextmanager
def _aside(out: Path) -> Iterator[BinaryIO]:
    """Yield a file that takes the place of *out* at the end, and leaves no trace after an exception."""
    if out.exists() and not out.is_file():  # a device or a pipe, which must not be replaced
        with out.open("wb") as file:
            yield file
        return
    aside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            with _compressed(file) if out.suffix == ".gz" else nullcontext(file) as writable:
                yield writable
            file.flush()
            os.fsync(file.fileno())
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)
    _sync_folder(out.parent)


def _compressed(file: BinaryIO) -> BinaryIO:
    # Without the time and the file's name: the same documents give the same bytes.
    return cast("BinaryIO", gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# --- Import -------------------------------------------------------------------------------------------------------


def import_documents(store: Store, path: Path) -> Counts:
    """Write every document of a `.jsonl` or `.jsonl.gz` file into *store*, or none."""
    changes = dict.fromkeys(Change, 0)
    with store.importing() as put:
        for number, line in _lines(path):
            try:
                change = put(_document(line))
            except (ValueError, RecursionError) as e:
                raise ExchangeError(f"{path}:{number}: {e}. Nothing was imported.") from e
            changes[change] += 1
    return Counts(**{change.value: count for change, count in changes.items()})


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    number = 0
    try:
        if path.suffix == ".gz" and path.stat().st_size == 0:
            raise EOFError("an empty file is no gzip")
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(cast("BinaryIO", file), 1):
                yield number, line
    except (EOFError, zlib.error) as e:
        raise ExchangeError(f"{path}: cut off or damaged after line {number}. Nothing was imported.") from e
    except OSError as e:
        raise ExchangeError(f"Cannot read {path}: {e.strerror or e}") from e


def _document(line: bytes) -> Document:
    """Raise `ValueError` for what no export holds."""
    document = Document.from_json(line)
    if wrong := [name for name, shape in SHAPES[Document].items() if not _fits(getattr(document, name), shape)]:
        raise ValueError(f"a field has the wrong type: {', '.join(wrong)}")
    if wrong := [name for name, value in _dates(document) if not _is_kst(value)]:
        raise ValueError(f"not a date like 2023-10-26T05:00:00+09:00: {', '.join(wrong)}")
    exported = _as_exported(document)
    if wrong := [name for name in Document._fields if getattr(document, name) != getattr(exported, name)]:
        raise ValueError(f"{document.id} contradicts itself: {', '.join(wrong)}")
    return document


def _fits(value: Any, shape: Any) -> bool:
    origin = get_origin(shape)
    if origin is UnionType:
        return any(_fits(value, one) for one in get_args(shape))
    if origin is Literal:
        return value in get_args(shape)
    if origin is list:
        return type(value) is list and all(_fits(item, get_args(shape)[0]) for item in value)
    if shape in SHAPES:
        return type(value) is shape and all(_fits(getattr(value, name), part) for name, part in SHAPES[shape].items())
    if shape is int:
        return type(value) is int and 0 <= value <= LARGEST_INTEGER
    return type(value) is shape


def _dates(document: Document) -> Iterator[tuple[str, str | None]]:
    yield "date_published", document.date_published
    yield "date_modified", document.date_modified
    yield "issue", document.issue.date_published if document.issue else None


def _is_kst(value: str | None) -> bool:
    if value is None:
        return True
    try:
        return kst(datetime.fromisoformat(value)) == value
    except (ValueError, OverflowError):
        return False


def _as_exported(document: Document) -> Document:
    """Return what an export says after *document* has been imported alone."""
    version = max(1, document.version)
    if document.kind == "article":
        if document.url is None or document.site is None:
            raise ValueError(f"{document.id} is an article without url or site")
        links = {(link["entry_id"], link["position"]): link for link in document_linked_from_rows(document)}
        return article_document(document_article_row(document), version, links.values())
    if document.publication is None or document.issue is None or document.position is None:
        raise ValueError(f"{document.id} is an entry without publication, issue or position")
    ways_out = {link["position"]: link for link in document_link_rows(document)}
    row = document_entry_row(document, document.issue)
    return entry_document(row, version, document.publication, document.issue, ways_out.values())
