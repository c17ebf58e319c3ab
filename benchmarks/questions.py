"""What is asked when speed is measured: kinds of queries, their words drawn from the texts themselves."""

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Literal, Self

from benchmarks.corpora import Text
from index.korean import analyse
from index.learning import believed
from index.pairs import pair_terms

OF_EACH_KIND = 20
_SAMPLED_TEXTS = 200
_QUARTER = timedelta(days=90)
_HANGUL = re.compile("[가-힣]{2,5}")
_PHRASE = re.compile("(?<![가-힣])[가-힣]{2,6} [가-힣]{2,6}(?![가-힣])")

Way = Literal["all", "any", "phrase"]


@dataclass(frozen=True)
class Question:
    """`since` and `until` are days, 2023-08-08, both included. Any of `others` does as well as the one word."""

    kind: str
    words: tuple[str, ...]
    way: Way = "all"
    others: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    newest_first: bool = False
    count_years: bool = False

    @property
    def typed(self) -> str:
        joined = (" OR " if self.way == "any" else " ").join(self.words)
        return f'"{joined}"' if self.way == "phrase" else joined

    @property
    def days(self) -> tuple[date, date] | None:
        return (date.fromisoformat(self.since), date.fromisoformat(self.until)) if self.since and self.until else None

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        return cls(**values | {name: tuple(values[name]) for name in ("words", "others")})


class Chooser:
    """Is shown every text, with its stripped words, and then draws questions from a fixed seed."""

    def __init__(self, size: int) -> None:
        self._every = max(1, size // _SAMPLED_TEXTS)
        self._numbers = count()
        self._frequency: Counter[str] = Counter()
        self._pairs: Counter[str] = Counter()
        self._sampled: list[tuple[Text, list[str]]] = []

    def show(self, text: Text, stems: list[str]) -> None:
        words = sorted({stem for stem in stems if _HANGUL.fullmatch(stem)})
        self._frequency.update(words)
        self._pairs.update(pair_terms(text.whole))
        if next(self._numbers) % self._every == 0:
            self._sampled.append((text, words))

    def questions(self) -> list[Question]:
        draw = random.Random(20)  # noqa: S311  # draws words, keeps no secret
        return [question for kind in self._kinds(draw) for question in draw.sample(kind, min(OF_EACH_KIND, len(kind)))]

    def _kinds(self, draw: random.Random) -> Iterator[list[Question]]:
        common = [word for word, _ in self._frequency.most_common(100)]
        rare = sorted(word for word, texts in self._frequency.items() if texts <= 10)
        yield [Question("rare word", (word,)) for word in rare]
        yield [Question("common word", (word,)) for word in common]
        yield [Question("OR of 3", tuple(draw.sample(common, min(3, len(common)))), "any") for _ in common]
        yield [Question("AND of 3", tuple(draw.sample(words, 3))) for _, words in self._sampled if len(words) >= 3]
        yield [Question("phrase", tuple(phrase.split(" ")), "phrase") for phrase in self._phrases()]
        yield [_in_a_quarter(draw.choice(common), day) for text, _ in self._sampled if (day := text.date)]
        yield [Question("newest first", (word,), newest_first=True) for word in common]
        yield [Question("facet of years", (word,), count_years=True) for word in common]
        names = (alias.names for alias in believed(self._pairs.items()))
        yield [Question("alias", (latin,), others=(korean,)) for korean, latin in sorted(names) if " " not in latin]
        yield [Question("name", (word,)) for word in draw.sample(rare, min(400, len(rare))) if _is_taken_apart(word)]

    def _phrases(self) -> Iterator[str]:
        found = (_PHRASE.search(text.body, len(text.body) // 2) for text, _ in self._sampled)
        return (match[0] for match in found if match)


def _in_a_quarter(word: str, day: str) -> Question:
    since = date.fromisoformat(day) - _QUARTER / 2
    return Question("90 days", (word,), since=since.isoformat(), until=(since + _QUARTER).isoformat())


def _is_taken_apart(word: str) -> bool:
    """As a name is that no dictionary knows."""
    return len(word) >= 3 and len(analyse(word).morphemes) >= 2


def write_questions(file: Path, questions: list[Question]) -> None:
    file.write_text(json.dumps([asdict(question) for question in questions], ensure_ascii=False), encoding="utf-8")


def read_questions(file: Path) -> list[Question]:
    return [Question.from_dict(values) for values in json.loads(file.read_text(encoding="utf-8"))]
