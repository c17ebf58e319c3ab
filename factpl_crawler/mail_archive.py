"""The letters as they came, each once: a file named after its content, beside it what is known of it."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from factpl_crawler.mail import HTML_SUFFIXES, MESSAGE_SUFFIXES, LetterError

SUFFIXES = MESSAGE_SUFFIXES | HTML_SUFFIXES | {".txt"}
ABOUT = ".json"


@dataclass(frozen=True)
class KeptMail:
    """Where a letter came from, when it was read last, and the publication that a person chose for it."""

    source: str
    read_at: datetime
    publication: str = ""

    def to_json(self) -> str:
        return json.dumps(asdict(self) | {"read_at": self.read_at.isoformat()}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        told = json.loads(text)
        return cls(**told | {"read_at": datetime.fromisoformat(told["read_at"])})


def keep_letter(folder: Path, raw: bytes, suffix: str, about: KeptMail) -> Path:
    """Return the letter's file, which is there whole, or not at all."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = hashlib.sha256(raw).hexdigest()
    path = folder / f"{name}{suffix if suffix in SUFFIXES else ''}"
    if not path.exists():
        _write(path, raw)
    _write(folder / f"{name}{ABOUT}", about.to_json().encode())
    return path


def kept_letters(folder: Path) -> Iterator[tuple[KeptMail, Path]]:
    """Yield the letters with what is known of them, those read last first."""
    known = [(_about(file), file.stem) for file in folder.glob(f"*{ABOUT}")]
    for about, name in sorted(known, key=lambda letter: (letter[0].read_at, letter[1]), reverse=True):
        for path in sorted(folder.glob(f"{name}*")):
            if path.suffix != ABOUT:
                yield about, path


def _about(path: Path) -> KeptMail:
    try:
        return KeptMail.from_json(path.read_text("utf-8"))
    except (ValueError, TypeError, KeyError) as e:
        raise LetterError(f"{path}: not what is known of a letter: {e}. Read that letter again") from e


def _write(path: Path, content: bytes) -> None:
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=".")  # for its owner alone
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
