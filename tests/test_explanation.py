from pathlib import Path

import pytest
from invented import ListSource, document

from index.build import build
from index.explanation import readable
from index.query import parse
from index.search import search


def test_views_of_a_text_are_folded_into_it_and_named_by_the_word_typed() -> None:
    parts = {
        "headline:로크": 2.0,
        "headline_bigrams:그로": 0.5,
        "headline_bigrams:로크": 0.25,
        'headline:"그로크"': 8.0,
        "bigrams:그로": 1.0,
        "stems:그로크": 0.125,
        "body:칩": 3.0,
        "body:로크 칩": 0.5,
    }
    assert readable(parts, parse("그로크의 OR 칩")) == {
        "headline 그로크의": 2.75,
        'headline "그로크"': 8.0,
        "body 그로크의": 1.0,
        "headline+body 그로크의": 0.125,
        "body 칩": 3.0,
        "body 그로크의 칩": 0.5,
    }


def test_the_highest_part_goes_first_and_the_parts_add_up(tmp_path: Path) -> None:
    build(ListSource.of(document("a/1", "그로크의 칩", "그로크가 칩을 만든다."), document("a/2", "칩")), tmp_path)
    hit = search("그로크 칩", index_dir=tmp_path, explain=True).hits[0]
    assert hit.explanation is not None
    assert {name.split(" ", 1)[1] for name in hit.explanation} == {"그로크", "칩", "그로크 칩"}
    assert [*hit.explanation.values()] == sorted(hit.explanation.values(), reverse=True)
    assert sum(hit.explanation.values()) == pytest.approx(hit.score)
