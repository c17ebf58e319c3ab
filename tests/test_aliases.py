import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import ListSource, document

from index.aliases import FILE, Alias, Aliases, Learnt, key, learnt_line, read_aliases
from index.build import build
from index.errors import AliasesBroken
from index.learning import believed
from index.pairs import Pair, pair_terms, pairs
from index.search import known_aliases, search


@pytest.mark.parametrize(
    ("text", "kind", "korean", "latin"),
    [
        ("추론 칩 회사 그로크(Groq)가", "sound", "그로크", "Groq"),
        ("Groq(그로크)의 칩", "sound", "그로크", "Groq"),
        ("오픈AI(OpenAI)는", "sound", "오픈AI", "OpenAI"),
        ("코히어(Cohere)", "sound", "코히어", "Cohere"),
        ("반도체(Intel)", "meaning", "반도체", "Intel"),
        ("챗GPT(ChatGPT)에", "sound", "챗GPT", "ChatGPT"),
        ("대표 샘 올트먼(Sam Altman)이", "sound", "샘 올트먼", "Sam Altman"),
        ("이루다(Iruda)", "sound", "이루다", "Iruda"),
        ("나사(NASA)의", "sound", "나사", "NASA"),
        ("여러 거대 언어 모델(LLM)을", "initials", "여러 거대 언어 모델", "LLM"),
        ("벤처캐피털(이하 VC)이", "initials", "벤처캐피털", "VC"),
        ("LLM(거대언어모델)", "meaning", "거대언어모델", "LLM"),
        ("‘하늘봇’(SkyBot)은", "meaning", "하늘봇", "SkyBot"),
        ("강화학습(Reinforcement Learning)", "meaning", "강화학습", "Reinforcement Learning"),
    ],
)
def test_a_name_in_brackets_is_a_pair(text: str, kind: str, korean: str, latin: str) -> None:
    assert list(pairs(text)) == [(kind, korean, latin)]


@pytest.mark.parametrize(
    "text",
    [
        "홍길동(38) 대표",
        "5월(May 2024)",
        "TSMC(위탁 생산)",
        "TSMC(대만)",
        "등급 영주(F-5)",
        "기록(tba)",
        "끝났다.(Hannah 2003)",
        "20리터(5gallon)",
        "한 변이 너비(cm)로",
        "그렇게 말했다(Reuters)",
        "한결 의원(나루당)",
        "그로크(그록)",
        "Groq(USA)",
        "(Groq)",
        "그로크 (Groq",
        "그로크()",
    ],
)
def test_what_is_no_other_name_is_no_pair(text: str) -> None:
    assert list(pairs(text)) == []


def test_brackets_may_hold_two_names() -> None:
    assert list(pairs("무지개연합(MJG, Mujigae)")) == [
        Pair("initials", "무지개연합", "MJG"),
        Pair("sound", "무지개연합", "Mujigae"),
    ]


def test_what_sounds_alike_is_believed_at_once_and_a_translation_when_it_is_repeated() -> None:
    counted = [
        ("sound\t그로크\tGroq", 1),
        ("sound\t그로크\tGROQ", 2),
        ("meaning\t하늘봇\tSkyBot", 1),
        ("meaning\t바다봇\tSeaBot", 2),
        ("initials\t여러 거대 언어 모델\tLLM", 1),
        ("initials\t쓰는 거대언어모델\tLLM", 1),
        ("initials\t모델\tLLM", 5),
        ("initials\t이번에 미국\tUS", 1),
        ("initials\t기업 가치\tEV", 1),
        ("\t\t", 9),
    ]
    assert sorted(believed(counted), key=lambda alias: alias.names) == [
        Alias(("거대 언어 모델", "LLM"), "learnt", 2),
        Alias(("그로크", "GROQ"), "learnt", 3),
        Alias(("기업 가치", "EV"), "learnt", 1),
        Alias(("바다봇", "SeaBot"), "learnt", 2),
    ]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="가나다 AB(b)1,·-‘’\t\n", max_size=80))
def test_any_text_has_pairs_that_can_be_counted(text: str) -> None:
    list(believed((term, 2) for term in pair_terms(text)))


def test_an_update_counts_again(tmp_path: Path) -> None:
    source = ListSource.of(document("a/1", body="그로크(Groq)의 칩"), document("a/2", body="토리젠(Torigen) 소식"))
    build(source, tmp_path / "i")
    assert learnt(tmp_path / "i") == [Alias(("그로크", "Groq"), "learnt", 1), Alias(("토리젠", "Torigen"), "learnt", 1)]
    source.put(document("a/1", body="칩"), document("a/3", body="토리젠(Torigen)"))
    build(source, tmp_path / "i")
    assert [alias for alias in learnt(tmp_path / "i") if alias.names[0] == "토리젠"] == [
        Alias(("토리젠", "Torigen"), "learnt", 2)
    ]
    build(source, tmp_path / "i", rebuild=True)
    assert learnt(tmp_path / "i") == [Alias(("토리젠", "Torigen"), "learnt", 2)]


def learnt(index_dir: Path) -> list[Alias]:
    return [alias for alias in known_aliases(index_dir=index_dir) if alias.source == "learnt"]


def test_aliases_of_one_word_come_from_both_places(tmp_path: Path) -> None:
    build(ListSource.of(document("a/1", body="엔비디아(NVIDIA)의 칩")), tmp_path / "i")
    assert known_aliases("nvidia", index_dir=tmp_path / "i") == [
        Alias(("엔비디아", "Nvidia"), "file"),
        Alias(("엔비디아", "NVIDIA"), "learnt", 1),
    ]


def test_the_file_is_read_again_when_it_has_changed(tmp_path: Path) -> None:
    file = tmp_path / "aliases.toml"
    file.write_text('names = [["나루", "Naru"]]', encoding="utf-8")
    assert read_aliases(tmp_path, file).others("naru") == ["나루"]
    file.write_text('names = [["마루", "Naru"]]', encoding="utf-8")
    os.utime(file, ns=(1, 1))
    assert read_aliases(tmp_path, file).others("naru") == ["마루"]
    file.unlink()
    assert read_aliases(tmp_path, file).others("naru") == []


@pytest.mark.parametrize(
    "text", ["names = [", "names = 7", "names = [1]", 'names = [["a"]]', 'names = [["a", 1]]', "nmaes = []"]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "aliases.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(AliasesBroken, match=r"aliases\.toml cannot be read .* Mend it, or search with --no-aliases"):
        read_aliases(tmp_path, file)


def test_our_own_file_names_nothing_twice() -> None:
    names = [key(name) for alias in read_aliases(FILE.parent / "nowhere").known for name in alias.names]
    assert len(names) == len(set(names)) > 60


def test_other_names_are_bounded_and_never_the_name_itself() -> None:
    aliases = Aliases(
        [Alias(("나루", f"n{number}"), "learnt", 1) for number in range(9)] + [Alias(("나루", "나 루"), "file")]
    )
    assert aliases.others("나루") == ["n0", "n1", "n2", "n3"]


@pytest.mark.parametrize(
    ("word", "others"),
    [
        ("美", ["미"]),
        ("미", []),
        ("美中", ["미중"]),
        ("人工知能", ["인공지능"]),
        ("서울大", ["서울대"]),
        ("나루", []),
    ],
)
def test_hanja_are_known_by_their_reading(word: str, others: list[str]) -> None:
    assert Aliases().others(word) == others


def test_hanja_have_the_other_names_of_their_reading() -> None:
    assert Aliases([Alias(("인공지능", "AI"), "file")]).others("人工知能") == ["인공지능", "AI"]


def test_a_name_finds_what_has_its_other_name_after_what_was_typed(tmp_path: Path) -> None:
    build(
        ListSource.of(
            document("a/1", "나루", "그로크의 칩 이야기"),
            document("a/2", "나루", "Groq 이야기"),
            document("a/3", "나루", "그로크(Groq)"),
            document("a/4", "나루", "거대 언어 모델을 썼다"),
            document("a/5", "나루", "LLM을 썼다"),
        ),
        tmp_path / "i",
    )

    def found(query: str, **options: bool) -> list[str]:
        return [hit.document.id for hit in search(query, index_dir=tmp_path / "i", **options).hits]

    assert found("groq") == ["a/3", "a/2", "a/1"]
    assert found("그로크가") == ["a/3", "a/1", "a/2"]
    assert found("LLM") == ["a/5", "a/4"]
    assert found("거대 언어 모델") == ["a/4", "a/5"]
    assert found("본문:groq") == ["a/3", "a/2", "a/1"]
    assert sorted(found("나루 -groq")) == ["a/1", "a/4", "a/5"]
    for only_typed in (found('"groq"'), found("groq", aliases=False), found("groq", exact=True)):
        assert sorted(only_typed) == ["a/2", "a/3"]
    marks = search("groq", index_dir=tmp_path / "i").hits[2].highlights
    assert [(mark.field, mark.start, mark.end) for mark in marks] == [("body", 0, 3)]


def test_what_was_learnt_is_looked_up_as_it_is_listed() -> None:
    pairs = [
        Alias(("거대 언어 모델", "LLM"), "learnt", 9),
        Alias(("그로크", "Groq"), "learnt", 3),
        Alias(("그로크", "Grok"), "learnt", 2),
    ]
    known = Learnt("".join(map(learnt_line, pairs)))
    assert list(known) == pairs
    assert {own: list(known.of(own)) for own in ("거대언어모델", "llm", "그로크", "언어", "")} == {
        "거대언어모델": pairs[:1],
        "llm": pairs[:1],
        "그로크": pairs[1:],
        "언어": [],
        "": [],
    }


def test_what_was_learnt_is_lines_beside_the_index(tmp_path: Path) -> None:
    build(ListSource.of(document("a/1", body="그로크(Groq)의 칩")), tmp_path / "i")
    (file,) = tmp_path.glob("i/built-*/aliases.tsv")
    assert file.read_text(encoding="utf-8") == "\t그로크\tgroq\t그로크\tGroq\t1\n"
