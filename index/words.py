"""The names and nouns of texts, and which of them are new or rising."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from math import log
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import SearchError
from index.facets import day_counts
from index.korean import analyse, may_be_name
from index.query import Everything, Stem
from index.schema import stored_document
from index.search import Filters, opened

if TYPE_CHECKING:
    from index.whoosh_engine import Reader

DAYS_BEFORE = 91
# Fewer say nothing, more would take long to read.
FEWEST_DOCUMENTS = 3
MOST_READ, MOST_CHARACTERS = 2_000, 200_000
_MOST_COMPARED = 300

_STOPPED = frozenset(
    "이번 지난 오늘 어제 내일 올해 지난해 작년 내년 최근 현재 당시 이후 이전 이날 경우 때문 정도 가운데 사이 관련 대한 "
    "통해 위해 대해 의해 가장 모두 다시 함께 그동안 하나 우리 그것 이것 저것 여기 거기 누구 무엇 자신 사람 기자 뉴스 "
    "사진 제공 이상 이하 이유 문제 생각 시작 결과 상황 부분 이야기 설명 지금 다음 처음 마지막 하루 한국 지난달 이달 "
    "the and for with that this from are was".split()
)
# No past tense, which may stand before 을 too: 투수였을.
_NAME = re.compile("[가-힣]{2,}(?<![았었였했됐왔갔봤났])")
_AFTER_NAME = re.compile("(?:이|가|을|를|의|와|과|에서|에게|께서)(?![가-힣])")


class NothingBeforeError(SearchError):
    def __init__(self, since: date) -> None:
        super().__init__(
            f"Nothing to compare with: no document is of the {DAYS_BEFORE} days before {since}. Choose another --since"
        )


@dataclass(frozen=True)
class RisingWord:
    """`documents` of the period have the word, and `before` of the days before; `score` is the likelihood ratio's."""

    word: str
    documents: int
    before: int
    score: float


def names(texts: Iterable[str]) -> list[list[str]]:
    """Return the nouns and names of each text, without particles and in lower case, as often as they occur.

    What the dictionary does not explain is a name when one of the texts gives it a particle that only nouns have.
    """
    found: list[list[str]] = []
    named: set[str] = set()
    for text in texts:
        tokens = [token for token in analyse(text).stems if _is_noun(token.text) or _may_be_name(token.text)]
        named.update(token.text for token in tokens if _AFTER_NAME.match(text, token.end))
        found.append([token.text for token in tokens])
    return [[word for word in words if word in named or _is_noun(word)] for words in found]


@lru_cache(maxsize=100_000)
def _is_noun(stem: str) -> bool:
    if len(stem) < 2 or stem in _STOPPED or stem.isdigit():
        return False
    tokens = analyse(stem).morphemes
    # A name that the dictionary does not know is cut anywhere, but its end may be a noun: 그 + 로크.
    return bool(tokens) and stem.endswith(tokens[-1].text) and not any(token.tag in ("VV", "VA") for token in tokens)


@lru_cache(maxsize=100_000)
def _may_be_name(stem: str) -> bool:
    return _NAME.fullmatch(stem) is not None and stem not in _STOPPED and may_be_name(stem)


def rising_words(filters: Filters, *, index_dir: Path, limit: int = 20) -> list[RisingWord]:
    """Return the words that more documents have since `filters.since` than in the days before, first what rose most.

    Of the period's documents the newest are read, MOST_READ of them or about MOST_CHARACTERS.
    """
    assert filters.since is not None
    if filters.since.toordinal() <= DAYS_BEFORE:
        raise NothingBeforeError(filters.since)
    before = filters._replace(since=filters.since - timedelta(DAYS_BEFORE), until=filters.since - timedelta(1))
    with opened(index_dir) as (reader, _):
        documents_before = day_counts(reader, before.narrow(Everything())).total()
        if not documents_before:
            raise NothingBeforeError(filters.since)
        found, _total = reader.search(filters.narrow(Everything()), "date", MOST_READ, 0)
        texts = list(_as_many_as_there_is_time_for(one.stored for one in found))
        counts = Counter(word for words in names(texts) for word in set(words))
        candidates = [word for word, count in counts.most_common() if count >= FEWEST_DOCUMENTS][:_MOST_COMPARED]
        earlier = {word: _count(reader, word, before) for word in candidates}
    rising = [
        RisingWord(word, counts[word], earlier[word], round(score, 3))
        for word in candidates
        if (score := _rise(counts[word], len(texts), earlier[word], documents_before)) > 0
    ]
    return sorted(rising, key=lambda one: (-one.score, one.word))[:limit]


def _as_many_as_there_is_time_for(stored: Iterable[bytes]) -> Iterator[str]:
    characters = 0
    for document in map(stored_document, stored):
        if characters >= MOST_CHARACTERS:
            return
        text = f"{document.headline}\n{document.body}"[:MOST_CHARACTERS]
        characters += len(text)
        yield text


def _count(reader: "Reader", word: str, period: Filters) -> int:
    # Not by a range of days, which each time would cost more than the word.
    query = period._replace(since=None, until=None).narrow(Stem(word))
    assert period.since is not None
    assert period.until is not None
    return sum(count for day, count in day_counts(reader, query).items() if period.since <= day <= period.until)


def _rise(now: int, documents: int, before: int, documents_before: int) -> float:
    """Return Dunning's log-likelihood ratio, negative for what fell."""
    share = (now + before) / (documents + documents_before)
    ratio = sum(
        2 * (observed * log(observed / expected))
        for seen, of in ((now, documents), (before, documents_before))
        for observed, expected in ((seen, of * share), (of - seen, of * (1 - share)))
        if observed
    )
    return ratio if now * documents_before > before * documents else -ratio
