from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import ListSource, document, section
from served import archive_of, asking, entry
from starlette.testclient import TestClient

from index.build import build
from index.suggest import LONGEST, Suggestion, suggest

BODY = "그로크의 칩을 한강다리에서 보았다. 그로밋은 없었다. groq 그로크가 또 나왔다."


@pytest.fixture(scope="module")
def index_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("index")
    documents = [
        document("a/1", "그로크 칩이 온다", BODY, "2024-03-01", authors=["심가람"], section=section("나루 인터뷰")),
        document("a/2", "그로크 칩이 갔다", "그로크를 다시 보았다.", "2024-03-02", authors=["심나래"]),
        document("a/3", "파운드리 소식", "칠판에 썼다.", "2024-03-03", authors=["심가람"]),
    ]
    build(ListSource.of(*documents), folder)
    return folder


def texts(typed: str, index_dir: Path, kind: str) -> list[str]:
    return [one.text for one in suggest(typed, index_dir=index_dir) if one.kind == kind]


@pytest.mark.parametrize("typed", ["그로ㅋ", "그롴", "ㄱㄹㅋ", "rmfh", "그", "ㄱ"])
def test_a_word_is_suggested_before_it_is_typed_and_the_frequent_one_first(index_dir: Path, typed: str) -> None:
    assert texts(typed, index_dir, "word")[:1] == ["그로크"]


def test_a_half_typed_syllable_may_become_any_that_begins_so(index_dir: Path) -> None:
    assert texts("그롬", index_dir, "word") == ["그로밋"]
    assert texts("파운들", index_dir, "word") == ["파운드리"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("치", ["칩", "칩셋"]),
        ("ㅊ", ["칩", "칩셋"]),
        ("칩", ["칩셋"]),
        ("칩으", ["칩으로", "칩은", "칩을"]),
        ("vision 칩", ["vision 칩셋"]),
    ],
)
def test_a_word_is_suggested_once_whatever_its_particles(tmp_path: Path, typed: str, expected: list[str]) -> None:
    body = "칩을 칩이 칩은 칩에 칩으로 칩셋"
    build(ListSource.of(document("a/1", body=body), document("a/2", body="칩이 칩으로")), tmp_path)
    assert texts(typed, tmp_path, "word") == expected


@pytest.mark.parametrize(("typed", "word"), [("서", "서로"), ("하", "하나"), ("작", "작은"), ("파", "파란")])
def test_what_only_looks_like_a_word_with_a_particle_is_suggested(tmp_path: Path, typed: str, word: str) -> None:
    build(ListSource.of(document("a/1", body="하나 서로 파란 작은")), tmp_path)
    assert texts(typed, tmp_path, "word") == [word]


def test_the_last_word_goes_on_and_those_before_stay(index_dir: Path) -> None:
    assert "그로크 한강다리" in texts("그로크  한강ㄷ", index_dir, "word")
    assert texts("그로크 -한강", index_dir, "word") == ["그로크 -한강다리"]
    assert texts("섹션:한강", index_dir, "word") == []
    assert texts("GROQ OR 한강", index_dir, "word") == ["GROQ OR 한강다리"]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("심", ["심가람", "심나래"]),
        ("심가라", ["심가람"]),
        ("인터ㅂ", ["나루 인터뷰"]),
        ("나루인", ["나루 인터뷰"]),
        ("엔비ㄷ", ["엔비디아"]),
    ],
)
def test_names_are_suggested_by_each_of_their_words(index_dir: Path, typed: str, names: list[str]) -> None:
    assert texts(typed, index_dir, "name") == names


def test_headlines_are_suggested_newest_first_with_the_document_they_are_of(index_dir: Path) -> None:
    found = [one for one in suggest("그로크 칩", index_dir=index_dir) if one.kind == "headline"]
    assert found == [
        Suggestion("그로크 칩이 갔다", "headline", "a/2"),
        Suggestion("그로크 칩이 온다", "headline", "a/1"),
    ]
    assert texts("파운들", index_dir, "headline") == ["파운드리 소식"]


def test_what_is_typed_is_not_suggested(index_dir: Path) -> None:
    assert "심가람" not in [one.text for one in suggest("심가람", index_dir=index_dir)]


@pytest.mark.parametrize(
    "typed", ["", "  ", "가" * (LONGEST + 1), "?!", "\x00", "\ud800", "😀", '"', "(((", "a:b:c", "힣힣"]
)
def test_nothing_is_suggested_where_there_is_nothing_to_go_by(index_dir: Path, typed: str) -> None:
    assert suggest(typed, index_dir=index_dir) == []


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from('그로크칩ㄱㅋㅏ섹션: -"*()~|gr9.漢\u1100\u1161\x00'), max_size=30))
def test_nothing_that_is_typed_breaks_them(index_dir: Path, typed: str) -> None:
    assert len(suggest(typed, index_dir=index_dir)) <= 8


def test_a_new_index_suggests_what_is_new(tmp_path: Path) -> None:
    source = ListSource.of(document("a/1", "나루", "나루터가 있다."))
    build(source, tmp_path)
    assert texts("나루", tmp_path, "word") == ["나루터"]
    source.put(document("a/2", "나루", "나루미가 왔다. 나루미는 갔다.", authors=["나루한"]))
    build(source, tmp_path)
    assert (texts("나루", tmp_path, "word"), texts("나루", tmp_path, "name")) == (
        ["나루미", "나루터"],
        ["나루 편지", "나루한"],
    )


# --- Over the web -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    archive = archive_of(tmp_path_factory.mktemp("data"), entry(12, 1, "그로크가 던진 질문", "그로크는 빨랐다."))
    with asking(archive) as client:
        yield client


def test_suggestions_name_the_page_of_a_headline(client: TestClient) -> None:
    response = client.get("/suggest", params={"q": "그로"})
    assert (response.headers["content-type"], response.headers["cache-control"]) == (
        "application/json",
        "private, max-age=60",
    )
    assert response.json() == {
        "suggestions": [
            {"text": "그로크", "kind": "word", "url": None},
            {"text": "그로크가 던진 질문", "kind": "headline", "url": "/issue/naru/12#entry-1"},
        ]
    }


def test_a_browser_gets_what_it_expects(client: TestClient) -> None:
    response = client.get("/suggest", params={"q": "그로", "format": "opensearch"})
    assert response.headers["content-type"] == "application/x-suggestions+json"
    assert response.json() == ["그로", ["그로크", "그로크가 던진 질문"]]


@pytest.mark.parametrize("query", ["q=" + "a" * 2_000, "format=xml", "x=1"])
def test_what_is_not_known_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/suggest?{query}").status_code == 400
