"""Saved searches, `searches.toml`: read with every mistake named, written with a person's comments left, and asked."""

import fcntl
import json
import os
import shlex
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictStr, ValidationError

from factpl_crawler.paths import private_folder
from index.errors import SearchError, SearchesBroken
from index.meta import replace_file
from index.query import QueryError, parse
from index.search import Filters, search_ids

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

FIELDS = ("section", "author", "site", "publication", "kind")
_TABLE = "search"
_LONGEST_SHOWN = 80


class SavedSearchError(SearchError):
    """A saved search cannot be written; the message says which, and what to do."""


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip())


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("write it on one line")
    return _composed(text)


def _readable(query: str) -> str:
    if not query:
        raise ValueError("it asks for nothing; to list all of a section, write query = '섹션:NAME'")
    try:
        parse(query)
    except QueryError as e:
        raise ValueError(str(e)) from e
    return query


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Line = Annotated[StrictStr, AfterValidator(_one_line)]
Values = Annotated[tuple[Annotated[Line, Field(min_length=1)], ...], BeforeValidator(_listed)]


class SavedSearch(BaseModel):
    """What a person wants to hear of: a query, and the filters that a search has but for its days."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[Line, Field(min_length=1)]
    query: Annotated[Line, AfterValidator(_readable)]
    section: Values = ()
    author: Values = ()
    site: Values = ()
    publication: Values = ()
    kind: Annotated[tuple[Literal["entry", "article"], ...], BeforeValidator(_listed)] = ()

    @property
    def filters(self) -> Filters:
        return Filters(**{field: getattr(self, field) for field in FIELDS})

    @property
    def asked(self) -> str:
        """What it asks for, as text: another one is another search."""
        chosen = {field: sorted(values) for field in FIELDS if (values := getattr(self, field))}
        return json.dumps({"query": self.query, **chosen}, ensure_ascii=False)

    @property
    def arguments(self) -> list[str]:
        """What is typed to search for it."""
        options = [part for field in FIELDS for value in getattr(self, field) for part in (f"--{field}", value)]
        return [*options, "--", self.query] if self.query.startswith("-") else [self.query, *options]


@dataclass(frozen=True)
class Watched:
    """How many *documents* a saved search finds, and how many of them are *new*; None where there is no index."""

    search: SavedSearch
    documents: int | None = None
    new: int | None = None


class Noted(Protocol):
    """What the archive knows of a saved search: what it asks, and up to which change it was told what is new."""

    @property
    def asked(self) -> str: ...

    @property
    def told(self) -> int: ...


class Arrivals(Protocol):
    """The store, as far as it knows what is new."""

    def searches(self) -> Mapping[str, Noted]: ...

    def arrived(self, after: int, up_to: int) -> set[str]: ...


@dataclass(frozen=True)
class SavedSearches:
    """Those of a file that can be asked; `problems` says what is wrong with the others."""

    known: tuple[SavedSearch, ...] = ()
    problems: tuple[str, ...] = ()

    def named(self, name: str) -> SavedSearch | None:
        return next((search for search in self.known if search.name == name), None)


def saved_search(name: str, query: str, filters: Filters) -> SavedSearch:
    """Raise SavedSearchError for what cannot be asked."""
    chosen = {field: values for field in FIELDS if (values := getattr(filters, field))}
    try:
        return SavedSearch(name=name, query=query, **chosen)
    except ValidationError as e:
        raise SavedSearchError(_first_of(e)) from e


def matching(search: SavedSearch, *, index_dir: Path) -> set[str]:
    """Return the ids of all documents that a search for the same would find."""
    try:
        return set(search_ids(search.query, index_dir=index_dir, filters=search.filters))
    except QueryError as e:
        raise SavedSearchError(str(e)) from e


def new_for(search: SavedSearch, arrivals: Arrivals, up_to: int, *, index_dir: Path) -> set[str]:
    """Return the ids of what *search* finds among the documents that came since it was told, up to a change.

    A search that the archive does not know yet has no news: it begins with what is there.
    """
    noted = arrivals.searches().get(search.name)
    if noted is None or noted.asked != search.asked:
        return set()
    arrived = arrivals.arrived(noted.told, up_to)
    return arrived & matching(search, index_dir=index_dir) if arrived else arrived


def watched(search: SavedSearch, arrivals: Arrivals, up_to: int, *, index_dir: Path) -> Watched:
    found = matching(search, index_dir=index_dir)
    return Watched(search, len(found), len(new_for(search, arrivals, up_to, index_dir=index_dir)))


# --- Reading ------------------------------------------------------------------------------------------------------


def read_searches(path: Path) -> SavedSearches:
    """Return none where there is no file; raise SearchesBroken for one of which nothing can be read."""
    try:
        written = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        return SavedSearches()
    except (OSError, ValueError) as e:
        raise SearchesBroken(path, e) from e
    if unknown := written.keys() - {_TABLE}:
        raise SearchesBroken(path, f"{min(unknown)!r} is nothing that it may say; each search begins with [[search]]")
    rows = written.get(_TABLE, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SearchesBroken(path, "each search begins with [[search]]")
    return _checked(rows, path)


def _checked(rows: Sequence[dict[str, Any]], path: Path) -> SavedSearches:
    known: dict[str, SavedSearch] = {}
    problems = []
    for number, row in enumerate(rows, 1):
        which = f"{path}: the search {repr(row['name']) if row.get('name') else f'number {number}'}"
        try:
            search = SavedSearch.model_validate(row)
        except ValidationError as e:
            problems.append(f"{which}: {_first_of(e)}. Mend it there")
            continue
        if search.name in known:
            problems.append(f"{which} is there twice, and only the first is asked. Give the other another name")
        known.setdefault(search.name, search)
    return SavedSearches(tuple(known.values()), tuple(problems))


def _first_of(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    name, given = str(first["loc"][0]), repr(first["input"])
    if first["type"] == "extra_forbidden":
        return f"unknown setting {name!r}; there are name, query, {', '.join(FIELDS)}"
    if first["type"] == "missing":
        return f"it has no {name}"
    shown = given if len(given) <= _LONGEST_SHOWN else f"{given[:_LONGEST_SHOWN]}…"
    return f"{name} is {shown}: {first['msg'].removeprefix('Value error, ')}"


# --- Writing ------------------------------------------------------------------------------------------------------


def save_search(path: Path, search: SavedSearch, *, replace: bool = False) -> bool:
    """Write *search* to the file, and say whether that changed it; comments and order are left as they are.

    Raises SavedSearchError where another one has its name, unless it is to be replaced.
    """
    with _alone_with(path):
        old = read_searches(path).named(search.name)
        if old == search:
            return False
        document = _document(path)
        at = _places(document, search.name)
        if at and not replace:
            asks = f"looks for {shlex.join(old.arguments)}" if old else "cannot be read"
            raise SavedSearchError(
                f"A search is saved as {search.name!r} already, and {asks}. --replace puts this one in its place; "
                "--name gives it another name"
            )
        expected = _plain(document)
        expected[slice(at[0], at[0] + 1) if at else slice(len(expected), None)] = [_row(search)]
        _put(document, at, search)
        _write(path, document, expected)
    return True


def remove_search(path: Path, name: str) -> None:
    """Raise SavedSearchError where no search has that name."""
    with _alone_with(path):
        read_searches(path)
        document = _document(path)
        at = _places(document, name)
        if not at:
            raise SavedSearchError(f"No search is saved as {name!r}. Run: search_cli.py watch")
        if len(at) > 1:
            raise SavedSearchError(f"{len(at)} searches are named {name!r}. Give all but one another name, in {path}")
        expected = [row for number, row in enumerate(_plain(document)) if number not in at]
        _take_out(document, at[0])
        _write(path, document, expected)


def _document(path: Path) -> "TOMLDocument":
    import tomlkit
    from tomlkit.items import AoT

    try:
        document = tomlkit.parse(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        return tomlkit.document()
    if not document.get(_TABLE):
        document.pop(_TABLE, None)
    elif not isinstance(document[_TABLE], AoT):
        raise _left_alone(path)
    return document


def _left_alone(path: Path) -> SavedSearchError:
    return SavedSearchError(f"{path} is written in a way that only an editor can change. Mend it there")


def _plain(document: "TOMLDocument") -> list[Any]:
    return list(document.unwrap().get(_TABLE, []))


def _places(document: "TOMLDocument", name: str) -> list[int]:
    return [at for at, row in enumerate(_plain(document)) if _composed(str(row.get("name", ""))) == name]


def _put(document: "TOMLDocument", at: Sequence[int], search: SavedSearch) -> None:
    import tomlkit

    before = document.as_string()
    rows: Any = document.setdefault(_TABLE, tomlkit.aot())
    row: Any = rows[at[0]] if at else tomlkit.table()
    for name, value in _row(search).items():
        row[name] = value
    for name in set(row) - _row(search).keys():
        del row[name]
    if not at:
        row.trivia.indent = "\n" if before and not before.endswith("\n\n") else ""
        rows.append(row)


def _row(search: SavedSearch) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in search.model_dump().items() if value
    }


def _take_out(document: "TOMLDocument", place: int) -> None:
    """Leave the comments that stand after the search: they are of the next one."""
    rows: Any = document[_TABLE]
    after = list(takewhile(lambda part: part[0] is None, reversed(rows[place].value.body)))[::-1]
    del rows[place]
    if place < len(rows):
        following = rows[place].trivia
        following.indent = "".join(part.as_string() for _, part in after).lstrip("\r\n") + following.indent
    elif rows:
        rows[-1].value.body.extend(after)
    else:
        del document[_TABLE]
        document.body.extend(after)


def _write(path: Path, document: "TOMLDocument", expected: Sequence[Any]) -> None:
    text = document.as_string()
    try:
        written = tomllib.loads(text).get(_TABLE, [])
    except ValueError as e:
        raise _left_alone(path) from e
    if written != expected:
        raise _left_alone(path)
    # Where the name is a link, what it leads to is written.
    replace_file(path.resolve(), [text])
    path.chmod(0o600)


@contextmanager
def _alone_with(path: Path) -> Iterator[None]:
    private_folder(path.parent)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
