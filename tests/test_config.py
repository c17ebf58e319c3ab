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
        ("delay = 0.1", "delay is 0.1: Input should be greater than or equal to 1"),
        ('delay = "slow"', "delay is 'slow': Input should be a valid number"),
        ("delay = nan", "delay is nan: Input should be a finite number"),
        ("publications = 5", "publications is 5: Input should be a valid tuple"),
        ('publications = "factpl"', "publications is 'factpl': Input should be a valid tuple"),
        ("publications = []", r"publications is \[\]"),
        ('publications = [""]', "publications.0 is '': String should have at least 1 character"),
        ('contact = "a\\nb"', r"contact is 'a\\nb': Value error, it must be on one line"),
        ("speed = 3", "unknown setting 'speed'; see the settings"),
        ("[budget]\npages = 0", "budget.pages is 0: Input should be greater than or equal to 1"),
        ("[budget]\nhours = 1", "unknown setting 'budget.hours'"),
        ('[notify]\nwhen = "never"', "notify.when is 'never': Input should be 'unhealthy', 'news' or 'always'"),
        ('[notify.mail]\nhost = "mail.example"\nsender = "a@b.example"', "notify.mail.to is"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "factpl.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_config(path)
