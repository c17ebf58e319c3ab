"""factpl.toml: what a person sets. Found in the project, or where FACTPL_CONFIG points."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictStr, ValidationError

from factpl_crawler.paths import config_path


class ConfigError(Exception):
    """factpl.toml cannot be used; the message says which line of it, or which name."""


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("it must be on one line")
    return text


Line = Annotated[StrictStr, AfterValidator(_one_line)]
Name = Annotated[StrictStr, Field(min_length=1), AfterValidator(_one_line)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Budget(Section):
    """What one night asks of one site at most; what is left waits for the next."""

    pages: int = Field(default=500, ge=1)
    minutes: float = Field(default=60.0, gt=0)


class Mail(Section):
    """How a report is sent. The password stands in the environment variable that `password_env` names."""

    host: Name
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: Line = ""
    password_env: Line = ""
    sender: Name
    to: tuple[Name, ...] = Field(min_length=1)


class Notify(Section):
    """`command` gets the report on its standard input, `webhook` as JSON; `ping` is asked for after a healthy night."""

    when: Literal["unhealthy", "news", "always"] = "unhealthy"
    command: tuple[Name, ...] = ()
    webhook: Line = ""
    ping: Line = ""
    mail: Mail | None = None


class Config(Section):
    """`delay` is in seconds, between two requests to one site."""

    publications: tuple[Name, ...] = Field(default=("factpl",), min_length=1)
    contact: Line = ""
    delay: float = Field(default=3.0, ge=1, strict=True)
    budget: Budget = Budget()
    notify: Notify = Notify()


def load_config(path: Path | None = None) -> Config:
    path = path or config_path()
    try:
        return Config.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Config()
    except ValidationError as e:
        raise ConfigError(f"{path}: {_first_of(e)}") from e
    except (OSError, ValueError) as e:
        raise ConfigError(f"{path}: {e}") from e


def _first_of(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    name = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        return f"unknown setting {name!r}; see the settings in docs/operating.md"
    said = f"{name} is {first['input']!r}: " if name else ""
    return f"{said}{first['msg']}"
