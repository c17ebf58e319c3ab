"""factpl.toml."""

from pathlib import Path

import pytest

from factpl_crawler.config import Config, ConfigError, load_config


def test_the_projects_own_file_is_valid() -> None:
    assert load_config() == Config(publications=("factpl",), contact="", delay=3.0)


def test_a_missing_file_means_the_defaults(tmp_path: Path) -> None:
    assert load_config(tmp_path / "factpl.toml") == Config()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("delay = ", "factpl.toml: Invalid value"),
        ("delay = 0.1", "delay is 0.1, it must be a number of seconds, 1 or more"),
        ('delay = "slow"', "delay is 'slow'"),
        ("delay = nan", "delay is nan"),
        ("publications = 5", r'publications is 5, it must be a list such as \["factpl"\]'),
        ('publications = "factpl"', "publications is 'factpl'"),
        ("publications = []", r"publications is \[\]"),
        ('contact = "a\\nb"', "contact is"),
        ("speed = 3", "unknown setting 'speed'; known are contact, delay, publications"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "factpl.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_config(path)
