"""A crawl's statistics → what is said of it."""

from factpl_crawler.outcome import FAULTS, judge


def test_what_is_new_noted_and_at_fault_is_said() -> None:
    stats = {
        "factpl/issue/new": 3,
        "factpl/article/new": 9,
        "factpl/article/changed": 2,
        "factpl/article/failed": 1,
        "factpl/article/postponed": 4,
        "factpl/issue/gone": 1,
        FAULTS: ["errors: 2; see the log"],
    }
    outcome = judge("narutech", stats)
    assert not outcome.ok
    assert outcome.lines() == [
        "narutech: issues 3 new, 0 changed; articles 9 new, 2 changed",
        "  note: articles that failed, to be tried again another night: 1",
        "  note: articles left for another night: 4",
        "  note: issues in the list that are gone: 1",
        "  FAULT: errors: 2; see the log",
    ]
    assert judge("narutech", {FAULTS: []}).ok
