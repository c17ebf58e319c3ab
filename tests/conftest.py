"""Every test keeps to a data folder of its own."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTPL_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("FACTPL_CONFIG", raising=False)
    monkeypatch.delenv("SCRAPY_PROJECT", raising=False)
