from datetime import date
from pathlib import Path
from typing import Any

import pytest
from invented import ListSource, document, linked_from, section

from factpl_crawler.documents import PublicationRef
from index import whoosh_engine
from index.build import build
from index.facets import FacetCount, day_counts
from index.meta import read_meta
from index.query import Query, parse
from index.search import FACETS, Filters, search
from index.whoosh_engine import Reader

MARU = PublicationRef("maru", "마루 소식")
DOCUMENTS = [
    document("naru/1#1", "나루 하나", date="2023-12-31", section=section("나루 인터뷰", "interview"), authors=["한결"]),
    document("naru/1#2", "나루 둘", date="2024-01-02", section=section("나루의 인터뷰", "interview")),
    document("naru/2#1", "나루 셋", date="2024-01-09", section=section("나루 인터뷰", "interview"), authors=["도담"]),
    document("maru/5#1", "나루 넷", date=None, section=section("셈 마당"), authors=["한결", "도담"], publication=MARU),
    document(
        "a/1", "나루 다섯", date="2024-01-09", site="news.example", linked_from=linked_from("naru/1#1", "maru/5#1")
    ),
    document("a/2", "기차", date="2020-01-01", site="other.example"),
]


@pytest.fixture(scope="module")
def source() -> ListSource:
    return ListSource.of(*DOCUMENTS)


@pytest.fixture(scope="module")
def index_dir(tmp_path_factory: pytest.TempPathFactory, source: ListSource) -> Path:
    """Of several segments, one of them with documents that were replaced."""
    folder = tmp_path_factory.mktemp("facets")
    build(ListSource.of(document("a/1", "나루 여섯", site="gone.example"), *DOCUMENTS[:2]), folder)
    source.changed = 1
    source.put(*DOCUMENTS)
    build(source, folder)
    return folder


def test_each_value_is_counted_in_all_that_was_found(index_dir: Path) -> None:
    results = search("나루", index_dir=index_dir, limit=1, facets=FACETS)
    assert (results.total, len(results.hits)) == (5, 1)
    assert results.facets == {
        "section": [FacetCount("interview", "나루 인터뷰", 3), FacetCount("셈 마당", "셈 마당", 1)],
        "author": [FacetCount("도담", "도담", 2), FacetCount("한결", "한결", 2)],
        "site": [FacetCount("news.example", "news.example", 1)],
        "year": [FacetCount("2024", "2024", 3), FacetCount("2023", "2023", 1)],
        "month": [FacetCount("2024-01", "2024-01", 3), FacetCount("2023-12", "2023-12", 1)],
        "publication": [FacetCount("naru", "나루 편지", 4), FacetCount("maru", "maru", 2)],
        "kind": [FacetCount("entry", "entry", 4), FacetCount("article", "article", 1)],
    }


def test_the_most_frequent_values_come_alone_and_what_was_filtered_by(index_dir: Path) -> None:
    def found(*authors: str) -> dict[str, list[str]]:
        facets = search(
            "나루", index_dir=index_dir, filters=Filters(author=authors), facets=["author", "year"], most_values=1
        ).facets
        return {facet: [one.value for one in counts] for facet, counts in facets.items()}

    assert found() == {"author": ["도담"], "year": ["2024", "2023"]}
    assert found("한결") == {"author": ["한결"], "year": ["2023"]}
    assert found("도담", "한결", "한결", "나루 인터뷰") == {"author": ["도담", "한결"], "year": ["2024", "2023"]}
    assert found("한결", "도담") == {"author": ["도담", "한결"], "year": ["2024", "2023"]}


def test_a_value_used_as_a_filter_finds_as_many_as_it_counts(index_dir: Path) -> None:
    facets = search("나루", index_dir=index_dir, facets=["section", "author", "site"]).facets
    for facet, counts in facets.items():
        for one in counts:
            filters = Filters(**{facet: (one.value,)})  # type: ignore[arg-type]  # of a filter's name
            assert search("나루", index_dir=index_dir, filters=filters).total == one.count


def test_what_was_found_is_counted_without_being_looked_for_again(
    index_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Query] = []
    begin = whoosh_engine._Search.__init__

    def watched(self: Any, query: Query, *rest: Any, **options: Any) -> None:
        asked.append(query)
        begin(self, query, *rest, **options)

    monkeypatch.setattr(whoosh_engine._Search, "__init__", watched)
    search("나루", index_dir=index_dir, facets=FACETS)
    assert asked == [parse("나루")]


def test_no_facets_are_counted_unasked_and_none_where_nothing_is_found(index_dir: Path) -> None:
    assert search("나루", index_dir=index_dir).facets == {}
    assert search("없는말", index_dir=index_dir, facets=["section", "year"]).facets == {"section": [], "year": []}


def test_documents_of_a_day_are_counted(index_dir: Path) -> None:
    meta = read_meta(index_dir)
    assert meta is not None
    with Reader(index_dir / meta.folder) as reader:
        days = day_counts(reader, parse("나루"))
    assert days == {date(2023, 12, 31): 1, date(2024, 1, 2): 1, date(2024, 1, 9): 2}
