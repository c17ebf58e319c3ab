import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from jsonschema import Draft202012Validator
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import positive_data_acceptance
from served import CHIP_ID, DOCUMENTS, archive_of, asking
from starlette.datastructures import QueryParams
from starlette.testclient import TestClient

import cli_output
import search_web
from factpl_crawler.documents import SCHEMA_VERSION
from index.search import Results, search
from web.api import AskedSearch
from web.archive import Archive
from web.asked import Asked, AskedError
from web.guard import Protection


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return archive_of(tmp_path_factory.mktemp("data"), *DOCUMENTS)


@pytest.fixture(scope="module")
def client(archive: Archive) -> Iterator[TestClient]:
    with asking(archive) as client:
        yield client


def ids(answer: dict[str, Any]) -> list[str]:
    return [hit["document"]["id"] for hit in answer["hits"]]


def test_a_search_is_what_the_command_line_prints_with_what_it_says_beside(
    archive: Archive, client: TestClient
) -> None:
    response = client.get("/api/search", params={"q": "그로크", "facet": ["year", "section"], "explain": "true"})
    results = search("그로크", index_dir=archive.index_dir, facets=["year", "section"], explain=True, collapse=True)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert response.json() == {
        "schema_version": SCHEMA_VERSION,
        **json.loads("".join(cli_output.hits_as_json(results, 10, 0))),
        "reading": list(results.reading),
        "warnings": [],
        "next": None,
        "previous": None,
    }


def test_a_fault_of_the_program_is_a_problem_without_details(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str, **options: Any) -> Results:
        if text == "broken":
            raise RuntimeError("secret")
        return search(text, **options)

    with TestClient(search_web.app(archive), base_url="http://localhost", raise_server_exceptions=False) as client:
        monkeypatch.setattr("web.archive.search", broken)
        response = client.get("/api/search?q=broken")
    assert (response.status_code, response.headers["content-type"]) == (500, "application/problem+json")
    assert "secret" not in response.text


def test_every_parameter_narrows_a_search(client: TestClient) -> None:
    def found(**params: Any) -> list[str]:
        return ids(client.get("/api/search", params=params).json())

    assert found(q="그로크", kind="article", since="2024") == [CHIP_ID]
    assert found(q="그로크", section="인터뷰") == ["naru/12#1"]
    assert found(author=["도담", "한결"], until="2024-03-06") == [CHIP_ID]
    assert found(issue="14", publication="naru") == ["naru/14#1"]
    assert found(site="news.example", sort="date") == [CHIP_ID, "a/news.example/2"]
    assert found(q="groq", exact="true") == [CHIP_ID]


def test_pages_name_their_neighbours_and_lead_through_all_that_is_found(client: TestClient) -> None:
    first = client.get("/api/search?q=%EA%B7%B8%EB%A1%9C%ED%81%AC&limit=1&facet=year").json()
    assert (first["total"], first["previous"]) == (3, None)
    second = client.get(first["next"]).json()
    third = client.get(second["next"]).json()
    assert third["next"] is None
    assert client.get(third["previous"]).json() == second
    assert sorted(ids(first) + ids(second) + ids(third)) == [CHIP_ID, "a/news.example/2", "naru/12#1"]
    assert second["facets"] == first["facets"]


def test_how_a_query_was_read_is_told(client: TestClient) -> None:
    answer = client.get("/api/search", params={"q": "rmfhzm"}).json()
    assert answer["correction"] == {"kind": "keyboard", "typed": "rmfhzm", "used": "그로크"}


def test_a_document_is_what_is_exported(client: TestClient) -> None:
    for document in DOCUMENTS:
        response = client.get(f"/api/document/{quote(document.id)}")
        assert response.json() == json.loads(document.to_json())


def test_issues_are_counted_newest_first(client: TestClient) -> None:
    answer = client.get("/api/issues?limit=1").json()
    assert answer == {
        "total": 2,
        "issues": [
            {
                "id": "naru/14",
                "publication": {"id": "naru", "title": "나루 편지"},
                "number": 14,
                "headline": "봄 편지",
                "date_published": "2024-03-14T00:00:00+09:00",
                "url": "https://naru.example/14",
                "entries": 1,
                "linked_articles": 0,
                "fetched_articles": 0,
            }
        ],
        "next": "/api/issues?page=2&limit=1",
        "previous": None,
    }
    assert [one["id"] for one in client.get(answer["next"]).json()["issues"]] == ["naru/12"]
    assert client.get("/api/issues?publication=maru").json()["total"] == 0


def test_trends_count_each_query(client: TestClient) -> None:
    answer = client.get("/api/trends", params={"q": ["그로크", "봄"], "by": "month"}).json()
    assert answer == {
        "trends": [
            {"query": "그로크", "counts": [{"period": "2024-03", "found": 2, "documents": 4, "share": 0.5}]},
            {"query": "봄", "counts": [{"period": "2024-03", "found": 1, "documents": 4, "share": 0.25}]},
        ]
    }


def test_words_that_rose_need_something_before(client: TestClient) -> None:
    response = client.get("/api/words?since=2024-03")
    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")


def test_no_letter_of_a_text_breaks_the_answer(client: TestClient) -> None:
    text = client.get(f"/api/document/{CHIP_ID}").text
    assert json.loads(text)["body"] == next(one.body for one in DOCUMENTS if one.id == CHIP_ID)
    assert not set(text) & set("\x07\x1b\u202e")


def test_head_answers_as_get_without_the_text(client: TestClient) -> None:
    head, get = client.head("/api/search?q=a"), client.get("/api/search?q=a")
    assert (head.status_code, head.headers, head.content) == (200, get.headers, b"")


# --- Mistakes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "parameter", "detail"),
    [
        (
            "/api/issues?limt=1",
            "limt",
            "limt: there is no such parameter; known are publication, page, limit",
        ),
        ("/api/search?limit=101", "limit", "limit: Input should be less than or equal to 100"),
        ("/api/search?limit=", "limit", "limit: Input should be a valid integer"),
        ("/api/search?page=1&page=2", "page", "page: given more than once"),
        ("/api/search?page=1000&limit=100", "page", "page: documents after the 10,000th are not listed"),
        ("/api/search?since=2024&until=2023", "since", "since: 2024 is after until, 2023; exchange them"),
        ("/api/search?since=morgen", "since", "since: not a date or a period: 'morgen'."),
        ("/api/search?facet=day", "facet", "facet: Input should be 'section', 'author', 'site', 'year', 'month'"),
        ("/api/search?q=%22naru", "q", "the quote at position 1 is not closed"),
        ("/api/search?q=" + "%28" * 17 + "a", "q", "more than 16 parentheses"),
        ("/api/trends", "q", "q: name what is to be counted"),
        ("/api/trends?q=a&q=b&q=c&q=d&q=e&q=f", "q", "q: Tuple should have at most 5 items"),
        ("/api/words", "since", "since: name from when on"),
        ("/api/document/naru?x=1", "x", "x: there is no such parameter"),
    ],
)
def test_a_mistake_names_the_parameter(client: TestClient, address: str, parameter: str, detail: str) -> None:
    response = client.get(address)
    told = response.json()
    assert (response.status_code, response.headers["content-type"]) == (400, "application/problem+json")
    assert (told["type"], told["title"], told["status"]) == ("about:blank", "Bad Request", 400)
    assert (told["parameter"], told["detail"][: len(detail)]) == (parameter, detail)


@pytest.mark.parametrize("address", ["/api/", "/api/nothing", "/api/document/naru/99", "/api/search/x"])
def test_what_is_not_there_is_a_problem_too(client: TestClient, address: str) -> None:
    response = client.get(address)
    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")


def test_an_archive_that_cannot_be_read_is_not_described_to_strangers(tmp_path: Path) -> None:
    with asking(Archive(tmp_path / "index", tmp_path / "archive.sqlite3")) as client:
        for address in ("/api/search?q=a", "/api/document/a", "/api/issues", "/api/trends?q=a"):
            response = client.get(address)
            assert (response.status_code, response.headers["retry-after"]) == (503, "60")
            assert str(tmp_path) not in response.text


@pytest.mark.parametrize(
    "id",
    [
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "%2fetc%2fpasswd",
        "naru%2F12%27%20OR%201%3D1",
        "%ff%fe",
        "a" * 9_000,
    ],
)
def test_an_id_is_only_ever_looked_up(client: TestClient, id: str) -> None:
    assert client.get(f"/api/document/{id}").status_code == 404


def test_what_was_worked_out_of_one_address_is_not_taken_to_the_next() -> None:
    asked = Asked(since="2024", q="나루")
    assert asked.filters.since is not None
    assert asked.but(since="").filters.since is None


def test_a_form_may_leave_fields_empty_and_a_program_may_not() -> None:
    params = QueryParams("q=a&limit=&section=&since=")
    assert AskedSearch.of(params) == AskedSearch(q="a")
    with pytest.raises(AskedError):
        AskedSearch.of(params, strictly=True)


# --- The description ----------------------------------------------------------------------------------------------

OPENAPI = "testserver"


def described(archive: Archive) -> Any:
    # What is too long is no less refused.
    config = {"checks": {"negative_data_rejection": {"expected-statuses": [400, 404, 414]}}}
    app = search_web.app(archive, Protection(hosts=(OPENAPI,)))
    return schemathesis.openapi.from_asgi("/api/schema", app, config=SchemathesisConfig.from_dict(config))


def test_answers_are_as_described(client: TestClient) -> None:
    description = client.get("/api/schema").json()
    asked = {
        "/api/search": "/api/search?q=그로크&facet=author&facet=year&explain=1",
        "/api/document/{id}": f"/api/document/{CHIP_ID}",
        "/api/issues": "/api/issues",
        "/api/trends": "/api/trends?q=그로크",
    }
    assert asked.keys() | {"/api/words"} == description["paths"].keys()
    for path, address in asked.items():
        schema = description["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        validator = Draft202012Validator({**schema, "components": description["components"]})
        assert list(validator.iter_errors(client.get(address).json())) == []
        assert list(validator.iter_errors({"unknown": 1})) != []


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_what_the_description_allows_and_forbids_is_answered_as_it_says(archive: Archive) -> None:
    for found in described(archive).get_all_operations():
        operation = found.ok()
        for mode in schemathesis.GenerationMode:

            @seed(8025)
            @settings(max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            @given(operation.as_strategy(generation_mode=mode))
            def holds(case: Any) -> None:
                response = case.call()
                case.validate_response(response, excluded_checks=[positive_data_acceptance])
                if case.meta.generation.mode.is_positive and response.status_code == 400:
                    # No schema says what a query is, nor which of two days is the earlier.
                    assert response.json()["parameter"] in {"q", "since", "until", "page"}

            holds()
