"""What an address asks for, of pages, API and feeds alike: the options of `search_cli.py search`."""

from collections.abc import Iterable
from datetime import date
from functools import cache, cached_property, lru_cache
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote_plus

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from starlette.datastructures import QueryParams

from factpl_crawler.text import DateError, parse_period
from index.query import MAX_LENGTH
from index.search import Filters

MOST_VALUES, LONGEST_VALUE = 20, 200
# To reach a page, all before it are ranked.
DEEPEST = 10_000

Value = Annotated[str, Field(min_length=1, max_length=LONGEST_VALUE)]
Values = Annotated[tuple[Value, ...], Field(max_length=MOST_VALUES)]


class AskedError(ValueError):
    """One line: which parameter, what is wrong with it, and what it may be."""


class Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def of(cls, params: QueryParams, *, ignored: Iterable[str] = (), strictly: bool = False) -> Self:
        """Raise `AskedError`. Parameters that are not known are errors, but for those that are *ignored*.

        A form sends what was left empty, and an address may be added to. *strictly*, neither is let pass.
        """
        given = {name: params.getlist(name) for name in params if name not in ignored}
        if strictly and (twice := [name for name, values in given.items() if values[1:] and not cls.is_repeated(name)]):
            raise AskedError(f"{twice[0]}: given more than once")
        if not strictly:
            given = {name: kept for name, values in given.items() if (kept := list(filter(None, values)))}
        values = {name: kept if cls.is_repeated(name) else kept[-1] for name, kept in given.items()}
        try:
            asked = cls.model_validate(values)
        except ValidationError as e:
            raise AskedError(_told(e, cls.model_fields)) from e
        asked.check()
        return asked

    @classmethod
    def is_repeated(cls, name: str) -> bool:
        return name in cls.model_fields and cls.model_fields[name].default == ()

    def check(self) -> None:
        """Raise `AskedError` for what does not go together."""

    def but(self, **changes: Any) -> Self:
        """Return what is asked for with *changes*, on its first page unless they name one."""
        changed = self.model_copy(update=self._first_page() | changes)
        for worked_out in changed.__dict__.keys() - type(self).model_fields:  # which a copy takes along
            del changed.__dict__[worked_out]
        return changed

    def _first_page(self) -> dict[str, int]:
        return {"page": 1} if "page" in type(self).model_fields else {}

    def to_query(self, **changes: Any) -> str:
        """Return the parameters of `but(**changes)` as they stand in an address, those alone that are not as always.

        >>> Asked(q="그로크", section=("인터뷰",), page=2).to_query()
        'q=%EA%B7%B8%EB%A1%9C%ED%81%AC&section=%EC%9D%B8%ED%84%B0%EB%B7%B0&page=2'
        """
        written = self.parameters
        if changes:
            written = written | {name: self._parameter(name, v) for name, v in (self._first_page() | changes).items()}
        return "&".join(filter(None, written.values()))

    # A page has a hundred addresses, all of much the same search.
    @cached_property
    def parameters(self) -> dict[str, str]:
        return {name: self._parameter(name, getattr(self, name)) for name in type(self).model_fields}

    @classmethod
    def _parameter(cls, name: str, value: Any) -> str:
        return "" if value == _defaults(cls)[name] else _parameter(name, value)


@cache
def _defaults(model: type[BaseModel]) -> dict[str, Any]:
    return {name: field.default for name, field in model.model_fields.items()}


def _parameter(name: str, value: str | int | tuple[str, ...]) -> str:
    values = value if isinstance(value, tuple) else (str(int(value)) if isinstance(value, int) else value,)
    return "&".join(f"{name}={_quoted(one)}" for one in values)


_quoted = lru_cache(maxsize=10_000)(quote_plus)


class Narrowed(Given):
    """Of one filter's values any will do; of the filters, all must. Days are Korea's, both included."""

    since: Annotated[
        str, Field(max_length=40, examples=["2023-10"], description="From this day on: 2023-10, 2023-10-26, 3개월.")
    ] = ""
    until: Annotated[str, Field(max_length=40, description="Up to the end of this day, month or year.")] = ""
    section: Values = ()
    author: Values = ()
    site: Values = ()
    issue: Values = ()
    publication: Values = ()
    kind: tuple[Literal["entry", "article"], ...] = ()

    @field_validator("since", "until")
    @classmethod
    def _is_period(cls, text: str) -> str:
        if text:
            parse_period(text)
        return text

    def check(self) -> None:
        if self.filters.since and self.filters.until and self.filters.since > self.filters.until:
            raise AskedError(f"since: {self.since} is after until, {self.until}; exchange them")

    @cached_property
    def filters(self) -> Filters:
        since, until = self.period
        names = ("section", "author", "site", "issue", "publication", "kind")
        return Filters(since=since, until=until, **{name: getattr(self, name) for name in names})

    @cached_property
    def period(self) -> tuple[date | None, date | None]:
        first = parse_period(self.since)[0] if self.since else None
        last = parse_period(self.until)[1] if self.until else None
        return first, last


class _Typed(Given):
    q: Annotated[str, Field(max_length=MAX_LENGTH, description='Words, "a phrase", -without, OR, 섹션:인터뷰.')] = ""


# What is typed stands first in an address, and its filters after it.
class Asked(Narrowed, _Typed):
    sort: Annotated[
        Literal["", "score", "date"], Field(description="Best or newest first; without words the newest.")
    ] = ""
    exact: Annotated[bool, Field(description="Only what was typed: no other names, no corrections.")] = False
    page: Annotated[int, Field(ge=1, le=DEEPEST)] = 1
    limit: Annotated[int, Field(ge=1, le=100)] = 10

    def check(self) -> None:
        if self.offset + self.limit > DEEPEST:
            raise AskedError(f"page: documents after the {DEEPEST:,}th are not listed; narrow the search")
        super().check()

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.limit


def _told(error: ValidationError, known: Iterable[str]) -> str:
    first = error.errors()[0]
    name, cause = str(first["loc"][0]), first.get("ctx", {}).get("error")
    if first["type"] == "extra_forbidden":
        return f"{name}: there is no such parameter; known are {', '.join(known)}"
    return f"{name}: {cause if isinstance(cause, DateError) else first['msg']}"
