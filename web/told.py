"""What the engine and the parameters say, which they say in English, in Korean."""

import re
from collections.abc import Iterator

# As the page calls what an address names.
_NAMES = {
    "q": "검색어",
    "since": "시작",
    "until": "끝",
    "section": "섹션",
    "author": "기자",
    "site": "사이트",
    "issue": "호",
    "publication": "뉴스레터",
    "kind": "종류",
    "sort": "차례",
    "exact": "친 그대로",
    "page": "쪽",
    "limit": "한 쪽의 글",
    "by": "단위",
}
_HERE = r"at position (?P<at>\d+)"
# In each, the groups that the Korean takes over. A message that none of them knows is shown as it is.
_KOREAN = (
    (
        r"the query has (?P<n>\d+) characters, more than (?P<most>\d+).*",
        "검색어가 {n}자입니다. {most}자까지 적을 수 있습니다.",
    ),
    (r"the query has more than (?P<most>\d+) words.*", "낱말이 {most}개를 넘습니다. 몇 개를 빼 보십시오."),
    (
        r"nothing to look for in (?P<text>.+): type .*",
        "{text}에는 찾을 것이 없습니다. 글자나 숫자가 든 말을 적어 보십시오.",
    ),
    (rf"the quote {_HERE} is not closed.*", "{at}번째 글자의 따옴표가 닫히지 않았습니다. 닫거나 빼 보십시오."),
    (
        rf"the quotes {_HERE} hold no word.*",
        "{at}번째 글자의 따옴표 안에 낱말이 없습니다. 적거나 따옴표를 빼 보십시오.",
    ),
    (
        rf"'~' {_HERE} needs a number up to (?P<most>\d+).*",
        '{at}번째 글자의 ~ 뒤에는 {most}까지의 수를 적습니다: "두 낱말"~3',
    ),
    (
        rf"(?P<field>\S+): {_HERE} takes one word or phrase: write (?P<right>.+)",
        "{field}: 에는 낱말이나 구절 하나만 적습니다. 이렇게 적어 보십시오: {right}",
    ),
    (
        rf"'\(' {_HERE} is not closed.*",
        "{at}번째 글자의 괄호가 닫히지 않았습니다. 닫거나, 말을 따옴표로 묶어 보십시오.",
    ),
    (
        rf"'\)' {_HERE} closes nothing.*",
        "{at}번째 글자의 닫는 괄호에 여는 괄호가 없습니다. 빼거나, 말을 따옴표로 묶어 보십시오.",
    ),
    (rf"the parentheses {_HERE} hold no word.*", "{at}번째 글자의 괄호 안에 낱말이 없습니다. 채우거나 빼 보십시오."),
    (r"more than (?P<most>\d+) parentheses inside each other.*", "괄호가 {most}겹을 넘습니다. 줄여 보십시오."),
    (rf"(?P<field>\S+): {_HERE} has no value.*", "{field}: 뒤에 값이 없습니다. 쌍점 뒤에 이어 적어 보십시오."),
    (rf"'\*' {_HERE} has no beginning.*", "{at}번째 글자의 * 앞에 말머리가 없습니다. 반도*처럼 적거나 빼 보십시오."),
    (rf"'\*' {_HERE} is not at the end.*", "{at}번째 글자의 *가 낱말 끝에 있지 않습니다. 반도*처럼 적어 보십시오."),
    (
        rf"unknown field (?P<field>\S+): {_HERE}; did you mean (?P<close>\S+):, .*",
        "‘{field}:’ 칸은 없습니다. 혹시 ‘{close}:’? 아니면 따옴표로 묶어 보십시오.",
    ),
    (
        rf"unknown field (?P<field>\S+): {_HERE}; use one of (?P<known>.+), or put .*",
        "‘{field}:’ 칸은 없습니다. 있는 칸: {known}. 아니면 따옴표로 묶어 보십시오.",
    ),
    (
        rf"only headline: and body: take a '\*': {_HERE} write (?P<right>.+)",
        "*는 제목: 과 본문: 에만 붙습니다. 이렇게 적어 보십시오: {right}",
    ),
    (
        rf"no kind (?P<text>.+) {_HERE}: write one of (?P<known>.+)",
        "‘{text}’ 종류는 없습니다. 이 가운데 하나를 적어 보십시오: {known}",
    ),
    (
        rf"(?P<text>.+) {_HERE} is not a date: write .*",
        "{text}: 날짜가 아닙니다. 2023, 2023-10, 2023-10-26처럼 적어 보십시오.",
    ),
    (
        rf"(?P<text>.+) {_HERE} is not a range of issues.*",
        "{text}: 호의 범위가 아닙니다. 호:50..60처럼 적어 보십시오.",
    ),
    (
        rf"the range (?P<text>.+) {_HERE} ends before it begins: write (?P<right>.+)",
        "{text}: 끝이 시작보다 앞섭니다. 이렇게 적어 보십시오: {right}",
    ),
    (
        rf"'-' {_HERE} excludes nothing.*",
        "{at}번째 글자의 - 뒤에 뺄 낱말이 없습니다. -낱말처럼 붙여 적거나 빼 보십시오.",
    ),
    (
        rf"OR {_HERE} needs a word on both sides.*",
        '{at}번째 글자의 OR 양쪽에 낱말이 있어야 합니다. 더하거나 "OR"로 묶어 보십시오.',
    ),
    (
        r"(?P<name>\w+): there is no such parameter; known are (?P<known>.+)",
        "‘{name}’ 조건은 없습니다. 있는 조건: {known}",
    ),
    (
        r"(?P<name>\w+): not a date or a period: (?P<text>.+)\. Write .*",
        "{name}: {text} — 날짜나 기간이 아닙니다. 2023, 2023-10, 2023-10-26, 지난달, 3개월 전처럼 적어 보십시오.",
    ),
    (
        r"since: (?P<since>.+) is after until, (?P<until>.+); exchange them",
        "시작({since})이 끝({until})보다 뒤입니다. 바꾸어 적어 보십시오.",
    ),
    (
        r"page: documents after the (?P<most>[\d,]+)th are not listed.*",
        "{most}번째 뒤의 글은 늘어놓지 않습니다. 찾을 것을 좁혀 보십시오.",
    ),
    (r"q: up to (?P<most>\d+) are compared, not (?P<n>\d+).*", "{most}개까지 견줍니다. {n}개에서 몇을 빼 보십시오."),
    (
        r"(?P<name>\w+): Input should be greater than or equal to (?P<least>\d+)",
        "{name}: {least}보다 작을 수 없습니다.",
    ),
    (r"(?P<name>\w+): Input should be less than or equal to (?P<most>\d+)", "{name}: {most}보다 클 수 없습니다."),
    (r"(?P<name>\w+): Input should be a valid integer.*", "{name}: 수를 적어야 합니다."),
    (r"(?P<name>\w+): Input should be a valid boolean.*", "{name}: 1이나 0을 적어야 합니다."),
    (r"(?P<name>\w+): (?:Input should|may) be (?P<known>.+)", "{name}: 이 가운데 하나여야 합니다: {known}"),
    (r"(?P<name>\w+): String should have at most (?P<most>\d+) characters", "{name}: {most}자까지 적을 수 있습니다."),
    (r"(?P<name>\w+): Tuple should have at most (?P<most>\d+) items.*", "{name}: {most}개까지 적을 수 있습니다."),
    (
        r"The archive has changed since the index was built \((?P<when>.+)\)\. Run: (?P<command>.+)",
        "색인을 만든 뒤({when}) 서고가 바뀌었습니다. 새 글까지 찾으려면: {command}",
    ),
    (
        r"What was found is marked in the first (?P<most>[\d,]+) characters.*",
        "찾은 말은 이 쪽의 처음 {most}자까지만 표시했습니다.",
    ),
    (
        r"The scores of the first (?P<most>[\d,]+) documents are explained.*",
        "점수는 이 쪽의 처음 {most}건까지만 풀어 보였습니다.",
    ),
)


def in_korean(message: str) -> str:
    """Return *message* in Korean, or as it is where it is not known.

    >>> in_korean("the quote at position 3 is not closed: close it or leave it out")
    '3번째 글자의 따옴표가 닫히지 않았습니다. 닫거나 빼 보십시오.'
    """
    return next(_readings(message), message)


def _readings(message: str) -> Iterator[str]:
    for pattern, korean in _KOREAN:
        if found := re.fullmatch(pattern, message, re.DOTALL):
            groups = found.groupdict()
            yield korean.format(**groups | {"name": _NAMES.get(name := groups.get("name", ""), name)})
