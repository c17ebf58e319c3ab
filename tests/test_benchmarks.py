"""The benchmarks run, over a dozen invented texts; what they compare with is not in every environment."""

# ruff: noqa: E402  # what is skipped must not be imported first

import json
import lzma
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

for package in ("bm25s", "ir_measures", "tantivy"):
    pytest.importorskip(package, reason="tools/bootstrap bench installs what the benchmarks compare with")

from benchmarks import speed, token_engines, worst_case
from benchmarks.corpora import Collection, Text
from benchmarks.peers import PEERS, Ranker
from benchmarks.questions import Chooser, Question
from benchmarks.related import main as related
from benchmarks.retrieval import main as retrieval
from benchmarks.retrieval import score

ROOT = Path(__file__).parent.parent
BODIES = [
    "나루터에 안개가 끼어 배가 늦게 떠났다",
    "도서관은 저녁마다 이웃에게 책을 읽어 준다",
    "감자를 캐던 농부가 오래된 항아리를 찾았다",
    "새 전차는 강을 따라 세 도시를 잇는다",
    "천문대의 망원경이 혜성을 처음으로 찍었다",
    "제빵사는 호밀과 보리로 빵을 굽는다",
    "등대지기가 폭풍 속에서 어선을 이끌었다",
    "합창단은 가을 축제에서 민요를 불렀다",
    "온실의 선인장이 십 년 만에 꽃을 피웠다",
    "우체부는 산골 마을까지 자전거로 다닌다",
    "수달 가족이 복원된 하천으로 돌아왔다",
    "시계 장인은 손자에게 태엽을 가르친다",
]
TEXTS = [
    Text(f"t{number}", "", body, f"{2024 if number else 2023}-03-{number + 1:02}") for number, body in enumerate(BODIES)
]


def write_korquad(folder: Path) -> None:
    paragraphs = [
        {"context": text.body, "qas": [{"id": text.id, "question": text.body}, {"id": f"{text.id}-", "question": "-"}]}
        for text in TEXTS
    ]
    data = {"data": [{"title": "", "paragraphs": paragraphs}]}
    (folder / "KorQuAD_v1.0_dev.json").write_text(json.dumps(data), encoding="utf-8")


def write_statutes(folder: Path) -> None:
    lines = [{"id": text.id, "title": text.title, "text": text.body, "date": text.date} for text in TEXTS]
    with lzma.open(folder / "statutes-100k.jsonl.xz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


@pytest.mark.parametrize("peer", PEERS.values(), ids=PEERS.keys())
def test_every_peer_finds_the_text_that_has_a_word(peer: Callable[[Sequence[Text]], Ranker]) -> None:
    rank = peer(TEXTS)
    assert (rank("등대지기가", 10), rank("없는말씀", 10)) == (["t6"], [])


def test_a_question_without_an_answer_counts_as_nothing() -> None:
    collection = Collection("", TEXTS, dict.fromkeys("abcd", ""), {id: [f"t-{id}"] for id in "abcd"})
    answers = iter([["t-a"], ["t1", "t-b"], [], ["t1"]])
    result = score("", collection, lambda question, limit: next(answers))
    assert (result.mrr, result.recall, result.unanswered) == (0.375, 0.5, 1)


def test_a_sample_is_spread_over_all_queries() -> None:
    collection = Collection("", [], {str(n): "" for n in range(10)}, {})
    assert list(collection.sample(4).queries) == ["0", "3", "6", "9"]
    assert collection.sample(None).queries == collection.queries


def test_retrieval_is_measured_beside_the_peers(tmp_path: Path) -> None:
    write_korquad(tmp_path)
    retrieval(["--data", str(tmp_path), "--collection", "korquad", "--json", str(tmp_path / "out.json")])
    result = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["korquad"]
    assert (result["texts"], result["queries"]) == (12, 24)
    assert [(one["system"], one["mrr"], one["unanswered"]) for one in result["systems"]] == [
        (name, 0.5, 12) for name in ("factpl (typed)", *PEERS)
    ]


def test_what_is_related_is_of_the_same_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = [
        {"title": title, "paragraphs": [{"context": f"{title}의 {text.body}", "qas": []} for text in TEXTS[:7]]}
        for title in ("물레방아", "뒤웅박", "하늬바람")
    ]
    (tmp_path / "KorQuAD_v1.0_dev.json").write_text(json.dumps({"data": pages}), encoding="utf-8")
    related(["--data", str(tmp_path)])
    measured = json.loads(capsys.readouterr().out)
    # The same sentence on another page is more like it than another sentence of its own.
    assert (measured["paragraphs"], measured["precision_at_1"], measured["precision_at_6"]) == (21, 0.0, 4 / 6)


@pytest.mark.parametrize("module", ["related", "retrieval", "speed", "worst_case"])
def test_missing_data_is_said_in_one_line(module: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", f"benchmarks.{module}", "--data", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    said = run.stderr.strip().splitlines()[-1]
    assert run.returncode == 1
    assert said.startswith(f"No collection at {tmp_path}")
    assert said.endswith("Name the folder that holds it with --data DIR")
    assert "Traceback" not in run.stderr


QUESTIONS = [
    (Question("", ("망원경",)), ["t4"]),
    (Question("", ("나루터", "어선"), "any"), ["t0", "t6"]),
    (Question("", ("나루터",), others=("어선",)), ["t0", "t6"]),
    (Question("", ("나루터", "어선")), []),
    (Question("", ("저녁마다", "이웃에게"), "phrase"), ["t1"]),
    (Question("", ("찾았다", "찍었다"), "any", since="2024-03-04", until="2024-03-31"), ["t4"]),
    (Question("", ("나루터", "수달"), "any", newest_first=True), ["t10", "t0"]),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything indexed in it."""
    data, folder = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("built")
    write_statutes(data)
    speed.analyse_all(data, len(TEXTS), folder)
    for name in token_engines.BUILDERS:
        speed.build_other(name, len(TEXTS), folder)
    return folder


@pytest.mark.parametrize("name", token_engines.OPENERS)
def test_engines_answer_the_same_questions(built: Path, name: str) -> None:
    builder, open_index = token_engines.OPENERS[name]
    ask = open_index(built / builder)
    ids = {token_engines.Tokens("", 0, text.whole, {}).stored: text.id for text in TEXTS}
    for question, expected in QUESTIONS:
        found = [ids[stored] for stored in ask(question)[0]]
        assert (found if question.newest_first else sorted(found)) == expected


@pytest.mark.parametrize("name", token_engines.OPENERS)
def test_engines_count_the_years_of_what_they_find(built: Path, name: str) -> None:
    builder, open_index = token_engines.OPENERS[name]
    question = Question("", ("나루터", "수달", "망원경"), "any", count_years=True)
    assert open_index(built / builder)(question)[1] == {2023: 1, 2024: 2}


def test_questions_are_drawn_from_the_texts_and_the_same_each_time() -> None:
    def draw() -> list[Question]:
        chooser = Chooser(len(TEXTS))
        for text in TEXTS:
            chooser.show(text, text.body.split())
        return chooser.questions()

    questions = draw()
    assert questions == draw()
    assert {word for question in questions for word in question.words} <= {w for body in BODIES for w in body.split()}
    assert questions[0].kind == "rare word"


def test_speed_is_measured_beside_the_peers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed, "COLD_RUNS", 1)
    write_statutes(tmp_path)
    speed.main(["--data", str(tmp_path), "--sizes", "12", "--json", str(tmp_path / "out.json")])
    measured: dict[str, Any] = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["12"]
    assert [one["engine"] for one in measured["indexing"]] == ["factpl", *token_engines.BUILDERS]
    assert all(one["bytes"] and one["peak_bytes"] and one["cpu_seconds"] for one in measured["indexing"])
    assert list(measured["warm"]) == ["factpl", *token_engines.OPENERS]
    assert measured["cold"]["milliseconds"] > 0
    assert "12 documents" in capsys.readouterr().out


def test_slow_queries_are_measured_and_one_that_takes_too_long_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worst_case, "LONG", 2)
    write_statutes(tmp_path)
    folders = ["--data", str(tmp_path), "--keep", str(tmp_path)]
    arguments = [*folders, "--size", "12", "--random", "1", "--only", "64 fields"]
    worst_case.main(arguments)
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == ["seconds", "of", "processor", "warm", "cold", "refused"]
    assert sorted(line.split()[0] for line in table[1:]) == ["64", "by"]
    monkeypatch.setattr(worst_case, "LIMIT_SECONDS", 0.0)
    with pytest.raises(SystemExit, match="Over 0 s: 64 fields, by chance 0"):
        worst_case.main(arguments)
