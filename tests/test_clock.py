"""What time it is."""

from datetime import UTC, datetime, timedelta

import pytest

from factpl_crawler.clock import now


def test_it_is_korean_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FACTPL_NOW", raising=False)
    assert now().utcoffset() == timedelta(hours=9)
    assert abs(now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_rehearsal_sets_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTPL_NOW", "2026-03-01T18:30:00+00:00")
    assert now().isoformat() == "2026-03-02T03:30:00+09:00"
