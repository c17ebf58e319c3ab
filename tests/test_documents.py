import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from factpl_crawler.documents import (
    Document,
    DocumentLink,
    IssueRef,
    LinkedFrom,
    PublicationRef,
    Section,
)

DOCS = Path(__file__).parents[1] / "docs"
SCHEMA = json.loads((DOCS / "document.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)

ENTRY = Document(
    id="lantern/7#1",
    kind="entry",
    publication=PublicationRef("lantern", "등대 편지"),
    issue=IssueRef("lantern/7", 7, None, None, "2024-03-07T00:00:00+09:00", "body"),
    position=1,
    section=Section(None, "등대 ‘인터뷰’"),
    headline="부두의 밤",
    authors=["나루안"],
    date_published="2024-03-07T00:00:00+09:00",
    date_published_source="body",
    date_modified=None,
    date_modified_source=None,
    body="느린 배가 간다.\n\n빠른 배도 간다.",
    captions=[],
    keywords=[],
    url="https://example.org/story/1",
    site=None,
    truncated=False,
    version=1,
    links=[DocumentLink(1, "읽기", "https://example.org/story/1", "a/example/1")],
    linked_from=[],
)
ARTICLE = Document(
    id="a/example/1",
    kind="article",
    publication=None,
    issue=None,
    position=None,
    section=None,
    headline="조용한 항만",
    authors=[],
    date_published=None,
    date_published_source=None,
    date_modified="2024-03-08T11:20:00+09:00",
    date_modified_source="page",
    body="항만은 조용했다.",
    captions=["부두의 밤."],
    keywords=["항만"],
    url="https://example.org/story/1",
    site="example.org",
    truncated=True,
    version=3,
    links=[],
    linked_from=[LinkedFrom("lantern/7#1", 1, "읽기")],
)


def test_line_is_unescaped_and_begins_with_the_schema_version() -> None:
    line = ARTICLE.to_json()
    assert line.startswith('{"schema_version": 1, "id": "a/example/1", "kind": "article", ')
    assert "조용한 항만" in line
    assert "\n" not in ENTRY.to_json()


@pytest.mark.parametrize("document", [ENTRY, ARTICLE], ids=["entry", "article"])
def test_document_read_from_its_line_is_the_same(document: Document) -> None:
    assert Document.from_json(document.to_json()) == document
    assert Document.from_json(document.to_json().encode()) == document


@pytest.mark.parametrize("document", [ENTRY, ARTICLE], ids=["entry", "article"])
def test_line_is_what_the_schema_says(document: Document) -> None:
    assert list(VALIDATOR.iter_errors(json.loads(document.to_json()))) == []


def test_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("document", "change"),
    [
        (ENTRY, {"rating": 5}),
        (ENTRY, {"schema_version": 2}),
        (ENTRY, {"issue": None}),
        (ENTRY, {"site": "example.org"}),
        (ENTRY, {"date_published": "2024-03-07"}),
        (ENTRY, {"section": {"id": "x"}}),
        (ENTRY, {"authors": "나루안"}),
        (ARTICLE, {"url": None}),
        (ARTICLE, {"position": 1}),
        (ARTICLE, {"version": 0}),
        (ARTICLE, {"linked_from": [{"entry": "lantern/7#1", "position": 1, "text": "", "url": ""}]}),
    ],
)
def test_schema_refuses_what_no_export_holds(document: Document, change: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(json.loads(document.to_json()) | change)


def test_every_field_is_in_the_schema_and_on_the_page_in_the_order_of_the_line() -> None:
    names = ["schema_version", *Document._fields]
    assert list(SCHEMA["properties"]) == SCHEMA["required"] == names
    table = (DOCS / "data.md").read_text(encoding="utf-8").partition("## Fields")[2].partition("###")[0]
    assert [line.split("`")[1] for line in table.splitlines() if line.startswith("| `")] == names


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "not JSON: "),
        ("{", "not JSON: "),
        (b"\xff\xfe{", "not JSON: "),
        ("[]", "not a JSON object"),
        ("{}", "schema_version is None, this program reads 1"),
        ('{"schema_version": 2}', "schema_version is 2, this program reads 1"),
        (ENTRY.to_json().replace('"headline": "부두의 밤", ', ""), "missing: headline"),
        (ENTRY.to_json().replace('"section": {"id": null, ', '"section": {'), "a field has the wrong shape: "),
        (ARTICLE.to_json().replace('"links": []', '"links": 4'), "a field has the wrong shape: "),
    ],
)
def test_line_that_is_no_document_is_refused_with_the_reason(line: str | bytes, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        Document.from_json(line)
