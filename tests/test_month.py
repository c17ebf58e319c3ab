"""Thirty nights over a publication that publishes, corrects, deletes, breaks and recovers."""

from pathlib import Path

import pytest

from demo_site import month
from factpl_crawler.store import Store

HERE = Path(__file__).parent


def test_every_night_of_a_month_is_reported_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTPL_NOW", "")  # the nights set it; this undoes that for the tests that follow
    # What `python -m demo_site.month` prints, read and found to be right.
    expected = (HERE / "month.txt").read_text(encoding="utf-8")
    told = "".join(f"{report}\n" for report in month.nights(month.NIGHTS, tmp_path))
    assert told.split("The night of ") == expected.split("The night of ")
    with Store.open(tmp_path / "archive.sqlite3", create=False) as store:
        assert [one.number for one in store.issues("hanjul")] == [8, 7, None, 5, 4, None, 2, 1]
        assert [one.headline for one in store.issues("hanjul")][1] == "택배 상자는 왜 작아졌나"
        counts = store.counts()
        changed = [(document.id, document.version) for document in store.documents() if document.version > 1]
    assert (counts["issues"], counts["articles"], counts["pending"], counts["quarantined"]) == (8, 27, 0, 1)
    assert [(id.split("/")[0], version) for id, version in changed] == [("hanjul", 2), ("a", 2)]
