import json
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from benchmarks.korean_cases import TABLE as TABLE_FILE
from benchmarks.korean_cases import Bar, Case, Outcome, Score, Table, TableError, main, read_table, run, score

TABLE = read_table(TABLE_FILE)


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return run(TABLE, TABLE.groups)


@pytest.mark.parametrize("group", TABLE.groups)
def test_the_group_reaches_its_bar(outcomes: list[Outcome], group: str) -> None:
    result = score(group, outcomes)
    assert result.is_reached, "\n".join(str(o) for o in outcomes if o.case.group == group and not o.is_right)


# --- The table ---


def test_the_table_has_at_least_three_hundred_pairs_each_once() -> None:
    pairs = Counter((case.group, case.query, case.target) for case in TABLE.cases)
    assert len(pairs) >= 320
    assert [pair for pair, count in pairs.items() if count > 1] == []


def test_every_group_says_what_must_and_what_must_not_be_found() -> None:
    assert {(case.group, case.must) for case in TABLE.cases} == {
        (g, must) for g in TABLE.groups for must in (True, False)
    }


def test_no_pair_must_and_must_not_be_found() -> None:
    must, must_not = ({(c.query, c.target) for c in TABLE.cases if c.must is verdict} for verdict in (True, False))
    assert must & must_not == set()


def test_every_document_is_judged_or_there_to_learn_words_from() -> None:
    idle = set(TABLE.documents) - {case.target for case in TABLE.cases}
    assert sorted(id for id in idle if not id.startswith(("pair-", "slip-"))) == []


def test_every_name_in_particles_is_in_all_eighteen_documents() -> None:
    for prefix, words in (
        ("name", "그로크 누비온 샤르페 이루샘 토비고 뭉클리"),
        ("noun", "플랫폼 통신사 스타트업 은행"),
    ):
        texts = [body for id, body in TABLE.documents.items() if fnmatchcase(id, f"{prefix}-*")]
        assert len(texts) >= 18
        assert [(word, text) for word in words.split() for text in texts if word not in text] == []


def table_file(path: Path, cases: str) -> Path:
    path.write_text(f'[documents]\nchip-1 = "칩"\nchip-2 = "새 칩"\n[cases.short]\n{cases}', encoding="utf-8")
    return path


def test_a_pattern_stands_for_every_document_it_fits(tmp_path: Path) -> None:
    assert read_table(
        table_file(tmp_path / "cases.toml", '"칩" = { must = ["chip-*"], must_not = ["혹시 집?"] }')
    ) == Table(
        documents={"chip-1": "칩", "chip-2": "새 칩"},
        cases=[
            Case("short", "칩", "chip-1", must=True),
            Case("short", "칩", "chip-2", must=True),
            Case("short", "칩", "혹시 집?", must=False),
        ],
    )


@pytest.mark.parametrize(
    ("cases", "message"),
    [
        ('"칩" = { must = ["chap-1"] }', "short: 칩: no document is called chap-1"),
        ('"칩" = { most = ["chip-1"] }', "short: 칩: most is neither must nor must_not"),
    ],
)
def test_a_mistake_in_the_table_is_named(tmp_path: Path, cases: str, message: str) -> None:
    with pytest.raises(TableError, match=f"^{message}$"):
        read_table(table_file(tmp_path / "cases.toml", cases))


# --- The score ---


def outcome(*, must: bool, returned: bool, group: str = "short") -> Outcome:
    return Outcome(Case(group, "칩", "chip-1", must), returned)


def test_recall_is_of_what_must_come_and_precision_of_what_came() -> None:
    outcomes = [
        outcome(must=True, returned=True),
        outcome(must=True, returned=True),
        outcome(must=True, returned=True),
        outcome(must=True, returned=False),
        outcome(must=False, returned=True),
        outcome(must=False, returned=False),
        outcome(must=False, returned=True, group="verbs"),
    ]
    assert score("short", outcomes) == Score("short", cases=6, recall=0.75, precision=0.75)


@pytest.mark.parametrize(
    ("group", "recall", "precision", "reached"),
    [
        ("short", 0.95, 0.95, True),
        ("short", 0.94, 1.0, False),
        ("short", 1.0, 0.94, False),
        ("particles", 0.99, 0.97, True),
        ("particles", 0.98, 1.0, False),
        ("unknown_names", 1.0, 0.96, False),
    ],
)
def test_a_bar_is_reached_by_both_measures(group: str, recall: float, precision: float, reached: bool) -> None:
    assert Score(group, 1, recall, precision).is_reached is reached


# --- The command ---


def test_a_group_that_reaches_its_bar_ends_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"
    assert main(["--group", "particles", "--json", str(report)]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[0] == "particles"
    result = score("particles", run(TABLE, ["particles"]))
    assert json.loads(report.read_text(encoding="utf-8"))["groups"] == [
        {
            "group": "particles",
            "cases": result.cases,
            "recall": result.recall,
            "precision": result.precision,
            "bar": {"recall": 0.99, "precision": 0.97},
            "reached": True,
        }
    ]


def test_a_group_below_its_bar_fails_and_names_the_cases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = table_file(tmp_path / "cases.toml", '"칩" = { must = ["chip-1"], must_not = ["chip-2"] }')
    monkeypatch.setattr("benchmarks.korean_cases.TABLE", table)
    assert main(["--failures"]) == 1
    assert capsys.readouterr().out.splitlines()[1:] == [
        "short                2   1.000      0.500  0.95 / 0.95 below",
        "short: 칩 must not find chip-2",
    ]
    assert Score("short", 2, 1.0, 0.5).bar == Bar(recall=0.95, precision=0.95)
