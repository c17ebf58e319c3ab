from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from invented import ListSource, document

from index.build import build
from index.duplicates import MOST_COMPARED, groups
from index.search import search

LEAD = "강가에 새로 들어선 물레방아 발전소가 시험 가동을 마쳤다고 마을 사람들이 전했다. 전기는 다음 달부터 쓸 수 있다."


def story(name: str, sentences: int) -> str:
    """Return sentences that no story of another name has."""
    words = Random(name)
    return " ".join(f"{name} {number}번째 {words.randrange(10**12)} 걸음이었다." for number in range(sentences))


def groups_of(*bodies: str) -> list[list[int]]:
    return groups([document(f"a/{number}", body=body) for number, body in enumerate(bodies)])


def test_a_text_that_repeats_the_lead_of_another_is_like_it() -> None:
    article = f"{LEAD}\n{story('하늘마을', 40)}"
    assert groups_of(article, LEAD) == [[0, 1]]
    assert groups_of(LEAD, article) == [[0, 1]]
    assert groups_of(article, f"‘{LEAD.replace(' ', '  ')}’", story("별마을", 40)) == [[0, 1], [2]]


def test_an_issue_that_was_sent_again_with_a_correction_is_like_the_first() -> None:
    sent = story("하늘마을", 60)
    assert groups_of(sent, sent.replace("30번째", "서른 번째")) == [[0, 1]]


def test_long_texts_that_share_only_their_beginning_are_not_alike() -> None:
    greeting = story("인사말", 20)
    assert groups_of(greeting + story("하늘마을", 60), greeting + story("별마을", 60)) == [[0], [1]]


def test_short_texts_are_alike_only_when_they_are_the_same() -> None:
    assert groups_of("배가 왔다.", "배가 왔다.", "배가 갔다.") == [[0, 1], [2]]
    assert groups_of("", "") == [[0], [1]]


def test_only_the_best_of_a_page_are_compared() -> None:
    assert groups_of(*[LEAD] * (MOST_COMPARED + 2)) == [[*range(MOST_COMPARED)], [MOST_COMPARED], [MOST_COMPARED + 1]]


@given(st.lists(st.sampled_from([LEAD, story("하늘마을", 9), story("별마을", 30), "배", ""]) | st.text(), max_size=9))
@settings(max_examples=50, deadline=None)
def test_every_document_is_in_one_group_in_order(bodies: list[str]) -> None:
    found = groups_of(*bodies)
    assert sorted(position for group in found for position in group) == [*range(len(bodies))]
    assert [group[0] for group in found] == sorted(group[0] for group in found)
    assert all(group == sorted(group) for group in found)


def test_the_best_hit_names_what_is_similar_and_the_total_stays(tmp_path: Path) -> None:
    documents = [
        document("a/1", "물레방아 발전소", f"{LEAD}\n{story('하늘마을', 40)}"),
        document("naru/1#1", "물레방아 소식", LEAD),
        document("a/2", "물레방아 축제", story("물레방아", 30)),
    ]
    build(ListSource.of(*documents), tmp_path)
    plain = search("물레방아", index_dir=tmp_path)
    folded = search("물레방아", index_dir=tmp_path, collapse=True)
    first = next(hit.document.id for hit in plain.hits if hit.document.id != "a/2")
    similar = {"a/1": ("naru/1#1",), "naru/1#1": ("a/1",)}[first]
    assert {hit.document.id: tuple(one.id for one in hit.similar) for hit in folded.hits} == {first: similar, "a/2": ()}
    assert (folded.total, plain.total) == (3, 3)
    assert all(hit.similar == () for hit in plain.hits)
