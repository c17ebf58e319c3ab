"""The description of the API (OpenAPI 3.1), made of what it takes, what it answers and the schema of the export."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, TypeAdapter
from typing_extensions import TypedDict

from factpl_crawler.paths import ROOT

_COMPONENTS = "#/components/schemas/"


class ExportedDocument(TypedDict):
    """Stands for what docs/document.schema.json describes."""


_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, and what to do."},
        "parameter": {"type": "string"},
    },
}
_PROBLEMS = {
    "400": "A parameter is not known, or has a value that it cannot have.",
    "401": "The server has a password, and it was not given.",
    "404": "There is nothing of that name, or nothing to count.",
    "414": "The address is too long: search for less at once.",
    "429": "Too many requests; Retry-After says when to go on.",
    "500": "A fault of the program; its log has more.",
    "503": "The index or the archive cannot be read.",
}


@dataclass(frozen=True)
class Operation:
    """`takes` are the parameters of the query, `answers` is the type of what is answered."""

    path: str
    name: str
    summary: str
    takes: type[BaseModel]
    answers: Any
    required: frozenset[str] = frozenset()
    in_path: Mapping[str, Any] = field(default_factory=dict)


def description(operations: Iterable[Operation]) -> dict[str, Any]:
    operations = list(operations)
    schemas: dict[str, Any] = {}
    paths = {operation.path: {"get": _described(operation, schemas)} for operation in operations}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "factpl",
            "version": "1",
            "summary": "An archive of newsletters and of the articles that they link to.",
            "description": "The texts are a private copy: they belong to their publishers.",
        },
        "paths": paths,
        "components": {"schemas": {**schemas, **_document_schemas(), "Problem": _PROBLEM}},
    }


def _described(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    # Of a list, whose items are a reference.
    schema = TypeAdapter(list[operation.answers]).json_schema(ref_template=f"{_COMPONENTS}{{model}}")  # type: ignore[name-defined]
    schemas |= schema.pop("$defs")
    answered = {"description": operation.summary, "content": {"application/json": {"schema": schema["items"]}}}
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*_path_parameters(operation), *_query_parameters(operation)],
        "responses": {"200": answered} | {status: _refused(told) for status, told in _PROBLEMS.items()},
    }


def _refused(told: str) -> dict[str, Any]:
    schema = {"$ref": f"{_COMPONENTS}Problem"}
    return {"description": told, "content": {"application/problem+json": {"schema": schema}}}


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": schema} for name, schema in operation.in_path.items()
    ]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        _parameter(name, schema, required=name in operation.required)
        for name, schema in operation.takes.model_json_schema()["properties"].items()
    ]


def _parameter(name: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    told = schema.pop("description", None)
    schema.pop("title", None)
    if required:
        schema.pop("default", None)
    described = {"description": told} if told else {}
    return {"name": name, "in": "query", "required": required, **described, "schema": schema}


def _document_schemas() -> dict[str, Any]:
    """Return the schema of an exported line, its parts beside it."""
    text = (ROOT / "docs" / "document.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text.replace('"#/$defs/', f'"{_COMPONENTS}document_'))
    parts = {f"document_{name}": part for name, part in schema.pop("$defs").items()}
    schema.pop("$schema")
    return {ExportedDocument.__name__: schema, **parts}
