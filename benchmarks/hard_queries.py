"""What is asked to be slow: queries by kind, of the words that the texts have most of, and random ones."""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Self

from benchmarks.corpora import Text
from index.korean import analyse
from index.query import MAX_DEPTH, MAX_SLOP, MAX_TERMS
from index.related import related
from index.search import FACETS, Filters, search
from index.trends import Unit, trends
from index.words import rising_words

_HANGUL = re.compile("[가-힣]{2,4}")
_SYLLABLE = re.compile("[가-힣]")


@dataclass(frozen=True)
class Common:
    """What most texts have, the most frequent first; half of the texts are of `middle` or before."""

    words: tuple[str, ...]
    syllables: tuple[str, ...]
    middle: date

    @classmethod
    def of(cls, texts: Iterable[Text]) -> Self:
        words: Counter[str] = Counter()
        syllables: Counter[str] = Counter()
        days: list[str] = []
        for text in texts:
            words.update({token.text for token in analyse(text.whole).stems if _HANGUL.fullmatch(token.text)})
            syllables.update(set(_SYLLABLE.findall(text.whole)))
            days.extend([text.date] if text.date else [])
        days.sort()
        return cls(_commonest(words), _commonest(syllables), date.fromisoformat(days[len(days) // 2]))


def _commonest(counts: Counter[str]) -> tuple[str, ...]:
    return tuple(sorted(counts, key=lambda one: (-counts[one], one)))


@dataclass(frozen=True)
class Case:
    """One thing to ask: `ask` of an index in this process, `arguments` of search_cli.py."""

    kind: str
    ask: Callable[[Path], object]
    arguments: tuple[str, ...]


def searched(kind: str, typed: str, **options: Any) -> Case:
    """Return a case of `search`; *options* are its own, with `since` and `until`."""
    return Case(kind, lambda index_dir: _search(typed, index_dir, **options), ("search", typed, *_flags(options)))


def _search(typed: str, index_dir: Path, **options: Any) -> int:
    since, until = (
        date.fromisoformat(day) if (day := options.pop(name, None)) else None for name in ("since", "until")
    )
    return search(typed, index_dir=index_dir, filters=Filters(since, until), collapse=True, **options).total


def _flags(options: dict[str, Any]) -> Iterator[str]:
    for name, value in options.items():
        if name == "facets":
            yield from (f"--facet={facet}" for facet in value)
        else:
            yield f"--{name}" if value is True else f"--{name}={value}"


def cases(common: Common, size: int) -> list[Case]:
    return [*_of_words(common), *_of_characters(common), *_of_results(common, size), *_of_other_commands(common)]


def _of_words(common: Common) -> Iterator[Case]:
    words, most = common.words, common.words[:MAX_TERMS]
    pairs = [f"{one} {other}" for one, other in zip(words[:40:2], words[1:40:2], strict=True)]
    yield searched("commonest word", words[0])
    yield searched("64 words, all", " ".join(most))
    yield searched("64 words, any", " OR ".join(most))
    yield searched("64 words, exact", " ".join(most), exact=True)
    yield searched("16 words, any", " OR ".join(words[:16]))
    yield searched("deep parentheses", _deep(words))
    yield searched("only exclusions", " ".join(f"-{word}" for word in most))
    yield searched("a group excluded", f"-({' OR '.join(most)})")
    yield searched("word without a common one", f"{words[0]} -{words[1]}")
    yield searched("one phrase", f'"{pairs[0]}"')
    yield searched("phrase with slop", f'"{pairs[0]}"~{MAX_SLOP}')
    yield searched("20 phrases with slop", " OR ".join(f'"{pair}"~{MAX_SLOP}' for pair in pairs))
    yield searched("long phrase with slop", f'"{" ".join(words[:60])}"~{MAX_SLOP}')
    yield searched("one word's phrase, repeated", f'"{" ".join(words[:1] * 60)}"~{MAX_SLOP}')
    yield searched("64 fields", " OR ".join(f"body:{word}" for word in most))
    yield searched("words with a nowhere one", " ".join([*words[:15], "쀍쀍쀍"]))
    yield searched("relaxed question", " ".join([*words[:40], "쀍쀍쀍"]))
    yield searched("names beside each other", " ".join(["법", "美", "中", "日", "대법원", "WTO", "OECD", "국회"]))


def _deep(words: tuple[str, ...]) -> str:
    query = " OR ".join(words[:3])
    for number in range(MAX_DEPTH - 1):
        query = f"({query}) {words[3 * number + 3]} OR {words[3 * number + 4]} OR {words[3 * number + 5]}"
    return query


def _of_characters(common: Common) -> Iterator[Case]:
    syllables = common.syllables
    yield searched("one syllable", syllables[0])
    yield searched("64 syllables, any", " OR ".join(syllables[:MAX_TERMS]))
    yield searched("64 syllables, all", " ".join(syllables[:MAX_TERMS]))
    for beginning in (syllables[0], "ㄱ", "a", "1"):
        yield searched(f"prefix {beginning}*", f"{beginning}*")
    yield searched("64 prefixes", " OR ".join(f"{one}*" for one in syllables[:MAX_TERMS]))
    yield searched("64 longer prefixes", " OR ".join(f"{one}*" for one in common.words[:MAX_TERMS]))
    yield searched("prefix, as typed", syllables[0] * 2 + "*", exact=True)
    yield searched("long word", (syllables[0] * 2 + syllables[1]) * 333)
    yield searched("long word of words", "".join(common.words[:300])[:1_000])
    yield searched("long Latin word", "abcdefghij" * 100)
    yield searched("long number", "1234567890" * 100)
    yield searched("initials", "ㄱㅇ")
    yield searched("initials of nothing", "ㅃㅉㄸㅃ")
    yield searched("long initials", "ㄱㅇ" * 400)
    yield searched("64 initials", " ".join(["ㅃㅉㄸㅃ"] * MAX_TERMS))
    yield searched("misspelt", f"{common.words[0]}쀍")
    yield searched("misspelt and long", "손해배상액예졍의감액쳥구")
    yield searched("three misspelt", "손해배샹 소유귄 이젼둥기")
    yield searched("misspelt Latin", "internationel")
    yield searched("other layout", "thsgoqotkd")
    yield searched("other layout, nothing", "qwghlmqwghlm")
    yield searched("8 of the other layout", " ".join(["thsgoqotkd"] * 8))
    yield searched("Hanja", "損害賠償")
    yield searched("64 Hanja", " ".join("民法條項國家政府大統領法院判決憲刑事訴訟損害賠償責任" * 3)[:127])
    yield searched("signs", "·∙‧" * 300 + "가")
    yield searched("many dashes", "가-" * 490)


def _of_results(common: Common, size: int) -> Iterator[Case]:
    word, last = common.words[0], max(0, size - 10)
    yield searched("everything", "")
    yield searched("everything, best first", "", sort="score")
    yield searched("everything, last page", "", offset=last)
    yield searched("everything, 1,000", "", limit=1_000)
    yield searched("everything, each facet", "", facets=FACETS)
    yield searched("half of it, newest first", "", sort="date", until=common.middle.isoformat())
    yield searched("half of it, each facet", word, facets=FACETS, since=common.middle.isoformat())
    yield searched("common word, last page", word, offset=last)
    yield searched("64 words, any, last page", " OR ".join(common.words[:MAX_TERMS]), offset=last)
    yield searched("64 words, any, 1,000", " OR ".join(common.words[:MAX_TERMS]), limit=1_000)
    yield searched("64 words, any, explained", " OR ".join(common.words[:MAX_TERMS]), limit=1_000, explain=True)
    yield searched("common word, 1,000", word, limit=1_000)
    yield searched("phrase with slop, 1,000", f'"{word} {common.words[1]}"~{MAX_SLOP}', limit=1_000)
    yield searched("all issues", "issue:1..999999999")
    yield searched("64 ranges of issues", " OR ".join(["issue:1.."] * MAX_TERMS))
    yield searched("64 ranges of days", " OR ".join(f"date:{1960 + n}.." for n in range(MAX_TERMS)))
    yield searched("all but one issue", "-issue:1")


def _of_other_commands(common: Common) -> Iterator[Case]:
    yield trend("trends of 5 words", common.words[:5], "week", date(1960, 1, 1), date(2030, 1, 1))
    yield trend(
        "trends of a wide query", (" OR ".join(common.words[:MAX_TERMS]),), "month", date(1960, 1, 1), date(2030, 1, 1)
    )
    yield trend("trends of a thousand years", common.words[:5], "week", date(1, 1, 1), date(9999, 1, 1))
    yield Case(
        "rising words",
        lambda index_dir: rising_words(Filters(since=common.middle), index_dir=index_dir),
        ("words", f"--since={common.middle}"),
    )


def trend(kind: str, queries: tuple[str, ...], by: Unit, since: date, until: date) -> Case:
    return Case(
        kind,
        lambda index_dir: trends(queries, index_dir=index_dir, by=by, filters=Filters(since, until)),
        ("trends", *queries, f"--by={by}", f"--since={since}", f"--until={until}"),
    )


def related_to(id: str) -> Case:
    return Case("related to a long document", lambda index_dir: related(id, index_dir=index_dir), ("related", id))


def of_long_documents(word: str, last: str) -> list[Case]:
    return [
        searched("long documents: common word", word),
        searched("long documents: 1,000", word, limit=1_000),
        searched("long documents: newest", "", limit=1_000, facets=FACETS),
        searched("book: a word", f"{word} id:{last}"),
        searched("book: explained", f"{word} id:{last}", explain=True),
        related_to(last),
        Case(
            "long documents: rising words",
            lambda index_dir: rising_words(Filters(since=date(2024, 3, 1)), index_dir=index_dir),
            ("words", "--since=2024-03-01"),
        ),
    ]


# --- By chance ----------------------------------------------------------------------------------------------------


@dataclass
class Chance:
    """Makes queries of everything that the language has, the same for the same *seed*."""

    common: Common
    seed: int = 3
    draw: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)  # noqa: S311  # draws words, keeps no secret

    def cases(self, count: int) -> list[Case]:
        return [searched(f"by chance {number}", self.query()) for number in range(count)]

    def query(self) -> str:
        joints = (" ", " OR ", " ")
        parts = [self.part(self.draw.randint(0, 3)) for _ in range(self.draw.choice([1, 2, 3, 8, 20]))]
        return self.draw.choice(joints).join(parts)

    def part(self, depth: int) -> str:
        if depth and self.draw.random() < 0.3:
            inner = self.draw.choice([" ", " OR "]).join(self.part(depth - 1) for _ in range(self.draw.randint(2, 3)))
            return f"({inner})"
        make = self.draw.choice(
            [self.word, self.word, self.word, self.prefix, self.phrase, self.excluded, self.slip, self.of_field]
        )
        return make()

    def word(self) -> str:
        # As often one of the commonest as one of all.
        return self.draw.choice(self.common.words[: self.draw.choice([20, 500, len(self.common.words)])])

    def prefix(self) -> str:
        return f"{self.word()[: self.draw.randint(1, 2)]}*"

    def phrase(self) -> str:
        words = " ".join(self.word() for _ in range(self.draw.randint(1, 4)))
        return f'"{words}"' + self.draw.choice(["", f"~{self.draw.randint(1, MAX_SLOP)}"])

    def excluded(self) -> str:
        return f"-{self.word()}"

    def slip(self) -> str:
        word = self.word()
        return word[:-1] + chr(ord(word[-1]) + 1)

    def of_field(self) -> str:
        number = self.draw.randint(1, 999_999)
        return self.draw.choice([f"headline:{self.word()}", "date:2010..2023-06", f"issue:1..{number}"])
