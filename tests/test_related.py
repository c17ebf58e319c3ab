from pathlib import Path

import pytest
from invented import ListSource, document

from index.build import build
from index.related import MOST_TERMS, NoDocumentError, NothingTellingError, related
from index.search import Filters, Results

DOCUMENTS = [
    document("a/1", "그로크의 추론 칩", "그로크가 추론 칩을 공개했다. 모래알반도체도 보았다.", site="one.example"),
    document("a/2", "모래알반도체와 그로크", "추론 칩을 견주었다.", site="two.example"),
    document("a/3", "칩 소식", "모래알반도체가 공장을 짓는다.", site="two.example"),
    document("a/4", "강가의 물레방아", "물레방아가 돈다.", site="two.example"),
    document("a/5", "물레방아 축제", "축제가 강가에서 열린다.", site="two.example"),
    document("a/6", "오솔길", "", site="two.example"),
]


@pytest.fixture(scope="module")
def index_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("related")
    build(ListSource.of(*DOCUMENTS), folder)
    return folder


def ids(results: Results) -> list[str]:
    return [hit.document.id for hit in results.hits]


def test_documents_that_share_rare_words_are_related_the_most_alike_first(index_dir: Path) -> None:
    assert ids(related("a/1", index_dir=index_dir)) == ["a/2", "a/3"]
    assert ids(related("a/4", index_dir=index_dir)) == ["a/5"]


def test_filters_and_a_limit_narrow_what_is_related(index_dir: Path) -> None:
    assert ids(related("a/1", index_dir=index_dir, limit=1)) == ["a/2"]
    assert ids(related("a/3", index_dir=index_dir, filters=Filters(site=("one.example",)))) == ["a/1"]


def test_what_says_the_same_is_related_once(tmp_path: Path) -> None:
    body = "강가에 들어선 물레방아 발전소가 시험 가동을 마쳤다고 마을 사람들이 전했다. 전기는 다음 달부터 쓴다."
    copies = [document(f"b/{n}", "물레방아 발전소", body) for n in range(3)]
    build(ListSource.of(*copies, *(document(f"c/{n}", "달") for n in range(3))), tmp_path)
    assert [[one.id for one in hit.similar] for hit in related("b/0", index_dir=tmp_path).hits] == [["b/2"]]
    assert [hit.similar for hit in related("b/0", index_dir=tmp_path, collapse=False).hits] == [(), ()]


def test_a_document_that_is_not_there_or_says_nothing_is_named(index_dir: Path) -> None:
    with pytest.raises(NoDocumentError, match="No entry or article of the index has the id a/9"):
        related("a/9", index_dir=index_dir)
    with pytest.raises(NothingTellingError, match="No other document has a name or noun of a/6"):
        related("a/6", index_dir=index_dir)


def test_a_long_document_is_asked_about_by_its_most_telling_words(tmp_path: Path) -> None:
    words = [f"나루터{letter}{other}" for letter in "가나다라마바사" for other in "사아자차카"]
    texts = [document(f"a/{n}", body=" ".join(words)) for n in range(2)]
    build(ListSource.of(*texts, *(document(f"b/{n}", "달") for n in range(3))), tmp_path)
    results = related("a/0", index_dir=tmp_path)
    assert (ids(results), results.query.count(" OR ")) == (["a/1"], MOST_TERMS - 1)


def test_a_book_is_asked_about_by_its_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.related._MOST_CHARACTERS", 4)
    texts = [document("a/0", body="물레방아 오솔길"), document("a/1", body="물레방아"), document("a/2", body="오솔길")]
    build(ListSource.of(*texts, document("a/3", body="달"), document("a/4", body="달")), tmp_path)
    assert ids(related("a/0", index_dir=tmp_path)) == ["a/1"]


def test_long_words_and_odd_ids_are_no_query(tmp_path: Path) -> None:
    words = " ".join(f"{letter * 200}가" for letter in "갈날달랄말발살알")
    documents = [document('a/"1"', "긴 말", words), document("a/2", "긴 말", words), document("a/3", "다른 말", "강")]
    build(ListSource.of(*documents), tmp_path)
    assert ids(related('a/"1"', index_dir=tmp_path)) == ["a/2"]
