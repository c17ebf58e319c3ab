"""Pure helpers for what is printed: text, dates, addresses and names.

dateparser and w3lib are imported where they are used: a search needs neither, and both are slow to load.
"""

import base64
import calendar
import re
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from urllib.parse import unquote_plus, urlsplit, urlunsplit

KST = timezone(timedelta(hours=9), "KST")

_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Unicode's own spaces, and the blank Braille cell and Hangul fillers that mailers space with.
_SPACES = re.compile("[ \t\xa0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000\u3164\uffa0]+")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u180e\u200b\u200c\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_EMOJI = "\u2190-\u2bff\U0001f000-\U0001faff"
MOST_MARKS = 30
_WIDE_MARKS = "\uff9e\uff9f"
# Runs in which there may be too many marks, and which hold no Latin, Hangul or Hanja.
_MARKS = re.compile(f"[\u0300-\u10ff\u1200-\u33ff\ua000-\uabff\ufb00-\ufe2f{_WIDE_MARKS}\U00010000-\U0001ffff]{{31,}}")
_JOINER_OUTSIDE_EMOJI = re.compile(f"(?<![{_EMOJI}\ufe0f])\u200d|\u200d(?![{_EMOJI}])")
# A flag such as Scotland's is spelt with tags; anywhere else they hide text from the reader.
_TAGS_OUTSIDE_FLAG = re.compile("(\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f)|[\U000e0000-\U000e007f]")


def clean(text: str) -> str:
    """Return *text* as the writer wrote it, without what no reader sees.

    >>> clean("그로크\\u200b의\\xa0 ‘칩’\\r\\n\\r\\n\\r\\n 👩\\u200d💻 ") == "그로크의 ‘칩’\\n\\n👩\\u200d💻"
    True
    """
    text = _LINE_ENDS.sub("\n", unicodedata.normalize("NFC", bounded_marks(text)))
    text = _TAGS_OUTSIDE_FLAG.sub(r"\1", _INVISIBLE.sub("", text))
    text = _JOINER_OUTSIDE_EMOJI.sub("", text)
    lines = (_SPACES.sub(" ", line).strip(" ") for line in text.split("\n"))
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    # Again: letters that something invisible kept apart have met.
    return unicodedata.normalize("NFC", text)


def fold_label(label: str) -> str:
    """Return the key by which section labels are compared: only letters and digits, folded.

    >>> fold_label("📰 팩플이 추천하는 기사 📰")
    '팩플이추천하는기사'
    """
    folded = unicodedata.normalize("NFKC", bounded_marks(label)).casefold()
    return "".join(c for c in folded if c.isalnum())


def bounded_marks(text: str) -> str:
    """Return *text* without what follows the thirtieth of the marks on one letter, as UAX #15 has it.

    No language has so many, and Python takes the square of them of time to put them into order.

    >>> len(bounded_marks("a" + "\u0301\u0316" * 9_000))
    31
    """
    return _MARKS.sub(lambda run: "".join(_first_marks(run[0])), text)


def _first_marks(run: str) -> Iterator[str]:
    marks = 0
    for c in run:
        marks = marks + 1 if unicodedata.combining(c) or c in _WIDE_MARKS else 0
        if marks <= MOST_MARKS:
            yield c


class DateError(ValueError):
    """The text is not a whole date."""


class ImplausibleDateError(DateError):
    """A date before any newsletter, or one that has not come yet."""


_EARLIEST = datetime(1990, 1, 1, tzinfo=KST)
_AHEAD = timedelta(days=2)
_LONGEST_DATE = 100
_LABEL = (
    r"(?:(?:기사|최초|최종)?\s?(?:입력|수정|업데이트|발행|등록|게시|승인)(?:일시|시간|일자|일)?"
    r"|published|updated|posted|date)"
)
_DECORATION = re.compile(
    rf"^{_LABEL}(?![^\W\d_])(?:\son)?\s?:?|(?<![^\W\d_]){_LABEL}$|#\s?\d+|(?<!\w)제?\s?\d+호(?!\w)", re.IGNORECASE
)
_KOREAN_CLOCK = re.compile(r"(\d{1,2})시(?:\s?(\d{1,2})분)?(?:\s?(\d{1,2})초)?")
_CLOCK = (
    r"(?:(?:[T,]|at\s)?\s?(?P<half>[AP]M)?\s?(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2}))?"
    r"(?P<fraction>\.\d{1,6})?\d*\s?(?P<late_half>[AP]M)?\s?(?P<zone>Z|[+-]\d\d:?\d\d|[A-Z]{3,4})?(?:\s?\([A-Z]+\))?)?"
)
_NUMERIC = re.compile(
    r"['‘’]?(?P<year>\d{4}|\d\d)\s?[-./년]\s?(?P<month>\d{1,2})\s?[-./월]\s?(?P<day>\d{1,2})\s?[.일]?\s?" + _CLOCK,
    re.IGNORECASE,
)
_ENGLISH = re.compile(
    r"(?P<day>(?:\d{1,2}(?:st|nd|rd|th)?\s[a-z]{3,9}\.?|[a-z]{3,9}\.?\s\d{1,2}(?:st|nd|rd|th)?)\s?,?\s\d{4})\s?"
    + _CLOCK,
    re.IGNORECASE,
)
_AGO = re.compile(r"(\d{1,3})\s?(초|분|시간|일|주일?|개월|달|년)\s?전|(?:\d{1,3}|an?)\s[a-z]{3,7}\sago", re.IGNORECASE)
_AGO_BY_NAME = {"그제": "2일 전", "그저께": "2일 전", "지난주": "1주 전", "지난달": "1개월 전", "작년": "1년 전"}
_TODAY = frozenset({"오늘", "어제", "today", "yesterday"})
_TO_THE_MINUTE = re.compile(r":|[초분] |시간|sec|min|hour")
_YEARS = {"올해": 0, "금년": 0, "작년": -1, "지난해": -1, "재작년": -2}
_NAMED_YEAR = re.compile(rf"({'|'.join(_YEARS)})\s?(?=\d)")
_NAMED_MONTH = re.compile(rf"({'|'.join(_YEARS)})\s?(\d{{1,2}})월")
_DAY_OF_WEEK = re.compile(r"(지난|이번)\s?주\s?([월화수목금토일])(?:요일)?")


def parse_date(text: str, *, now: datetime | None = None) -> datetime:
    """Return a printed date in KST, midnight where only a day is printed; *now* is what `3일 전` counts from.

    Raise `DateError` for what is no whole date, `ImplausibleDateError` for one before 1990 or over two days ahead.

    >>> parse_date("입력 2023.10.26 오전 12:30").isoformat()
    '2023-10-26T00:30:00+09:00'
    """
    now = (now or datetime.now(KST)).astimezone(KST)
    try:
        parsed = _read(_prepare(text, now), now)
    except (ValueError, OverflowError) as e:
        raise DateError(f"not a whole date: {_shown(text)}") from e
    if not _EARLIEST <= parsed <= now + _AHEAD:
        raise ImplausibleDateError(f"before 1990 or over two days ahead: {_shown(text)}")
    return parsed


def _read(prepared: str, now: datetime) -> datetime:
    import dateparser

    parsed = dateparser.parse(
        prepared,
        languages=["ko", "en"],
        settings={
            "DATE_ORDER": "YMD",
            "RELATIVE_BASE": now.replace(tzinfo=None),
            "REQUIRE_PARTS": ["year", "month", "day"],
            "RETURN_AS_TIMEZONE_AWARE": True,
            "TIMEZONE": "Asia/Seoul",
        },
    )
    if parsed is None:
        raise ValueError(prepared)
    parsed = parsed.astimezone(KST)
    return parsed if _TO_THE_MINUTE.search(prepared) else parsed.replace(hour=0, minute=0, second=0, microsecond=0)


def _prepare(text: str, now: datetime) -> str:
    """Return what dateparser reads only one way. Left alone it takes 2023-10 for a day and 2023-13-05 for 13 May."""
    line = clean(unicodedata.normalize("NFKC", bounded_marks(text)))
    if len(line) > _LONGEST_DATE:
        raise ValueError(line)
    line = clean(_DECORATION.sub(" ", line)).strip(" ,|·")
    if relative := _relative(line, now):
        return relative
    line = clean(_WEEKDAY.sub(" ", _name_year(line, now))).strip(" ,|·")
    line = _KOREAN_CLOCK.sub(_with_colons, line.replace("오전", "AM").replace("오후", "PM"))
    if match := _NUMERIC.fullmatch(line):
        return f"{_day(match)} {_clock(match)}"
    if match := _ENGLISH.fullmatch(line):
        return f"{match['day']} {_clock(match)}"
    raise ValueError(line)


def _relative(line: str, now: datetime) -> str | None:
    line = line.casefold()
    if line in _TODAY:
        return line
    if ago := _AGO_BY_NAME.get(line.replace(" ", "")):
        return ago
    if match := _AGO.fullmatch(line):
        unit = {"주일": "주", "달": "개월"}.get(match[2], match[2])
        return f"{match[1]}{unit} 전" if unit else line
    if match := _DAY_OF_WEEK.fullmatch(line):
        monday, _ = _span("week", -1 if match[1] == "지난" else 0, now.date())
        return str(monday + timedelta(days="월화수목금토일".index(match[2])))
    if match := _NAMED_MONTH.fullmatch(line):
        return str(date(now.year + _YEARS[match[1]], int(match[2]), 1))
    return None


def _name_year(line: str, now: datetime) -> str:
    """Return *line* with its year in figures: `올해 3월` → `2026년 3월`."""
    return _NAMED_YEAR.sub(lambda match: f"{now.year + _YEARS[match[1]]}년 ", line)


def _with_colons(match: re.Match[str]) -> str:
    hour, minute, second = match.groups(default="0")
    return f"{hour}:{minute}:{second}"


def _day(match: re.Match[str]) -> date:
    year = int(match["year"])
    return date(year if len(match["year"]) == 4 else 2000 + year, int(match["month"]), int(match["day"]))


def _clock(match: re.Match[str]) -> str:
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    half = (match["half"] or match["late_half"] or "").upper()
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "PM" else 0)
    return f"{time(hour, minute, second)}{match['fraction'] or ''} {match['zone'] or ''}".strip()


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_DATE else text[:_LONGEST_DATE] + "…")


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# A letter alone, but not the unit in `26 일`.
_WEEKDAY = re.compile(
    r"[(\[]?(?:([월화수목금토일])요일|(?<!\w)(?<!\d\s)([월화수목금토일])(?!\w)"
    r"|\b(mon|tue|wed|thu|fri|sat|sun)(?:(?:s|nes|rs|ur)?day|s|rs?)?\b\.?)[)\]]?",
    re.IGNORECASE,
)
_FOREIGN_ZONE = re.compile(r"\d\s?(?!\+09:?00)(?:[+-]\d\d:?\d\d\b|Z\b|UTC|GMT|[ECMP][SD]T)")


def printed_weekday(text: str) -> int | None:
    """Return the first weekday that *text* names, 0 for Monday.

    >>> printed_weekday("2026.8.21(금)"), printed_weekday("26 Oct 2023"), printed_weekday("2023.10.26 Thursday #55")
    (4, None, 3)
    """
    if not (match := _WEEKDAY.search(unicodedata.normalize("NFKC", bounded_marks(text)))):
        return None
    if letter := match[1] or match[2]:
        return "월화수목금토일".index(letter)
    return next(i for i, name in enumerate(_WEEKDAYS) if name.lower().startswith(match[3].lower()))


def weekday_problem(text: str, day: date) -> str | None:
    """Say how the weekday printed in *text* contradicts *day*, the day or time in KST that it was read as."""
    printed = printed_weekday(text)
    # A writer elsewhere names his own day, which may be the one beside ours.
    allowed = (6, 0, 1) if _FOREIGN_ZONE.search(text) else (0,)
    if printed is None or (day.weekday() - printed) % 7 in allowed:
        return None
    return f"printed {_WEEKDAYS[printed]}, but {day:%Y-%m-%d} is a {_WEEKDAYS[day.weekday()]}"


_CALENDAR = re.compile(r"(\d{4})(?:년|(?:\s?[-./]|년)\s?(\d{1,2})(?:월|(?:\s?[-./]|월)\s?(\d{1,2})일?)?)?\.?")
_SPOKEN_SPANS = {
    "일주일": "1주",
    "보름": "15일",
    "반년": "6개월",
    **{name: f"{days}일" for days, name in enumerate(("하루", "이틀", "사흘", "나흘", "닷새", "엿새"), start=1)},
}
_SPOKEN_SPAN = re.compile(rf"^(?:{'|'.join(_SPOKEN_SPANS)})(?=\s?전?$)")
_SPOKEN_COUNTS = {"한": 1, "두": 2, "세": 3, "석": 3, "네": 4, "넉": 4, "다섯": 5, "여섯": 6}
_SPOKEN_COUNT = re.compile(rf"^({'|'.join(_SPOKEN_COUNTS)})\s?(달|해|주|시간)(?=\s?전?$)")
_LONG_AGO = re.compile(r"\d{1,3}\s?(?:일|주일?|개월|달|년)")
_SPANS = {
    **{name: ("year", offset) for name, offset in _YEARS.items()},
    "이번달": ("month", 0),
    "이달": ("month", 0),
    "지난달": ("month", -1),
    "저번달": ("month", -1),
    "이번주": ("week", 0),
    "지난주": ("week", -1),
    "저번주": ("week", -1),
    **{f"this{unit}": (unit, 0) for unit in ("year", "month", "week")},
    **{f"last{unit}": (unit, -1) for unit in ("year", "month", "week")},
}


def parse_period(text: str, *, now: datetime | None = None) -> tuple[date, date]:
    """Return the first and the last day of what a person typed, both included; weeks begin on Monday.

    >>> [str(day) for day in parse_period("2024-02")]
    ['2024-02-01', '2024-02-29']
    """
    now = (now or datetime.now(KST)).astimezone(KST)
    line = _in_digits(clean(unicodedata.normalize("NFKC", text)).casefold())
    try:
        if span := _SPANS.get(line.replace(" ", "")):
            return _span(*span, now.date())
        if match := _CALENDAR.fullmatch(_name_year(line, now)):
            return _calendar_span(*(int(part or 0) for part in match.groups()))
        day = parse_date(f"{line} 전" if _LONG_AGO.fullmatch(line) else line, now=now).date()
    except ValueError as e:
        hint = "Write 2023, 2023-10, 2023-10-26, 지난달 or 3개월 전."
        raise DateError(f"not a date or a period: {_shown(text)}. {hint}") from e
    return day, day


def _in_digits(line: str) -> str:
    """Return *line* with its spoken numbers as digits: `두 달 전` as `2달 전`, `20240301` as `2024-03-01`."""
    line = re.sub(r"^(\d{4})(\d\d)(\d\d)$", r"\1-\2-\3", line)
    line = _SPOKEN_SPAN.sub(lambda match: _SPOKEN_SPANS[match[0]], line)
    return _SPOKEN_COUNT.sub(lambda match: f"{_SPOKEN_COUNTS[match[1]]}{'년' if match[2] == '해' else match[2]}", line)


def _span(unit: str, offset: int, today: date) -> tuple[date, date]:
    if unit == "week":
        monday = today + timedelta(days=7 * offset - today.weekday())
        return monday, monday + timedelta(days=6)
    if unit == "month":
        year, month = divmod(today.year * 12 + today.month - 1 + offset, 12)
        return _calendar_span(year, month + 1)
    return _calendar_span(today.year + offset)


def _calendar_span(year: int, month: int = 0, day: int = 0) -> tuple[date, date]:
    """Return a day, else a month, else a year; 0 where none is given."""
    if day:
        return date(year, month, day), date(year, month, day)
    if month:
        return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
    return date(year, 1, 1), date(year, 12, 31)


class UrlError(ValueError):
    """The text is no address on the web."""


_TRACKER = re.compile(
    r"(?:utm|stb|pk|mtm|hsa)_.*|_hs.*|cloc|(?:fb|g|y|d)clid|[gw]braid|msclkid|ttclid|twclid|igshid|igsh|mc_[ce]id"
    r"|mkt_tok|_g[al]|ref_src|napm"
)
_READER = re.compile(
    r"(?:subscriber|recipient)(?:_?(?:id|no|key|hash))?|(?:sub|reader)_?id|e-?mail(?:_?(?:id|hash))?"
    r"|(?:access_?|auth_?)?token|jwt"
)
_EMAIL = re.compile(r"(?<![a-z0-9._%+-])[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def canonical_url(url: str) -> str:
    """Return the one form of a web address, without trackers or what names a reader. Raise `UrlError`.

    `ref` and `id` stay: they choose the page on many sites. So does a `uid` in figures, which numbers the posts of
    Korean boards; any other `uid` is a reader's.

    >>> canonical_url("HTTP://Ex.kr:80/b/../a?z=1&utm_source=mail&cloc=joongang|home&b=가#top")
    'http://ex.kr/a?b=%EA%B0%80&z=1'
    """
    from w3lib.url import canonicalize_url

    try:
        parts = urlsplit(canonicalize_url(url))
        port = parts.port
    except ValueError as e:
        raise UrlError(f"not a web address: {_shown(url)}") from e
    host = parts.netloc.rpartition("@")[2].removesuffix(f":{port}").removesuffix(".")
    if parts.scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host):
        raise UrlError(f"not a web address: {_shown(url)}")
    if port not in (None, _DEFAULT_PORTS[parts.scheme]):
        host = f"{host}:{port}"
    query = "&".join(parameter for parameter in parts.query.split("&") if not _is_private(parameter))
    return urlunsplit((parts.scheme, host, parts.path, query, ""))


def without_reader(url: str) -> str:
    """Return *url*, which may be relative, as it is written, less trackers and what names a reader.

    >>> without_reader("http://me:pw@ex.kr/a?z=1&email=me%40ex.kr&b=%41#t")
    'http://ex.kr/a?z=1&b=%41'
    """
    try:
        parts = urlsplit(decode_click(url) or url)
    except ValueError:  # no address; who knows what it names
        return ""
    query = "&".join(parameter for parameter in parts.query.split("&") if not _is_private(parameter))
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))


def _is_private(parameter: str) -> bool:
    name, _, value = (unquote_plus(part) for part in parameter.partition("="))
    name = name.casefold()
    if name == "uid":
        return not value.isdecimal()
    return bool(_TRACKER.fullmatch(name) or _READER.fullmatch(name) or _EMAIL.search(value))


_CLICK = re.compile(r"https?://[^/?#\s]+/v2/click/[\w=-]+/(?P<target>[A-Za-z0-9_-]+)=*/?(?:[?#].*)?", re.IGNORECASE)
_WEB_ADDRESS = re.compile(r"https?://[^/?#\s]\S*", re.IGNORECASE)
_DEEPEST_CLICK = 3


def decode_click(url: str) -> str | None:
    """Return where a Stibee click link leads, without asking it: a request counts as the reader's click.

    >>> decode_click("https://event.stibee.com/v2/click/MS8yLzMv/aHR0cHM6Ly9leC5rci9h")
    'https://ex.kr/a'
    """
    for _ in range(_DEEPEST_CLICK):
        if not (match := _CLICK.fullmatch(url)):
            return None
        encoded = match["target"]
        try:
            url = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
        except ValueError:
            return None
        if not _CLICK.fullmatch(url):
            return url if _WEB_ADDRESS.fullmatch(url) else None
    return None


_TITLE = (
    r"(?:(?:(?<=\s)[가-힣A-Z]{1,6}(?:부|팀)\s)?(?:(?<=\s)(?:[가-힣A-Z]{1,8}전문|대)|인턴|객원|선임|전문|수습|시민)?기자"
    r"|특파원|통신원|논설위원|논설실장|해설위원|편집장|칼럼니스트|에디터|리포터|앵커|인턴|PD)"
)
_TITLE_AFTER_NAME = re.compile(rf"\s?{_TITLE}(?![^\W\d_])")
_ADDRESS = re.compile(rf"{_EMAIL.pattern}|(?:https?://|www\.)\S+", re.IGNORECASE)
# Stands where a title stood; `clean` leaves no other.
_TITLED = "\0"
_NAME = re.compile(r"[가-힣]{2,5}|[A-Z][\w.'’-]*(?:\s[A-Z][\w.'’-]*){0,3}")
_CREDIT = re.compile(r"^(?:글|사진|그림|취재|정리|영상|by)(?:\s?[:=]\s?|\s)", re.IGNORECASE)
_INTRODUCTION = re.compile(
    rf"(?:안녕|저는|제가|반갑).{{0,200}}?(?<![가-힣])([가-힣]{{2,4}})\s?{_TITLE}(?:입니다|이에요|예요|인데요|이?고요)"
)
_NO_NAMES = frozenset("사진 그림 취재 정리 영상 전직 현직 담당 신입 막내 선배 후배".split())


def parse_bylines(text: str) -> list[str]:
    """Return the names in a byline, in their order, without titles, places and addresses.

    >>> parse_bylines("도쿄=김철수 특파원, 사진=이영희 기자 lee@ex.kr")
    ['김철수', '이영희']
    """
    text = re.sub(r"\([^()]*\)|\[[^\[\]]*\]", " ", _ADDRESS.sub(" ", clean(text)))
    parts = re.split(r"[,·ㆍ・/&|;\n]|\s및\s|\sand\s", _TITLE_AFTER_NAME.sub(f"{_TITLED},", text))
    return list(dict.fromkeys(name for part in parts if (name := _name(part))))


def _name(part: str) -> str | None:
    credited = _CREDIT.sub("", part.rstrip(f"{_TITLED} ").rpartition("=")[2].strip())
    if _TITLED in part and not _NAME.fullmatch(credited):
        # A place or a team may come before: `도쿄 김철수 기자`.
        credited = credited.rpartition(" ")[2]
    return credited if _NAME.fullmatch(credited) and credited not in _NO_NAMES else None


def introduced_author(text: str) -> str | None:
    """Return the name in a writer's greeting.

    >>> introduced_author("안녕하세요, 이번주 나루 인터뷰어 홍길순 기자입니다.")
    '홍길순'
    """
    names = (match[1] for match in _INTRODUCTION.finditer(clean(text)))
    return next((name for name in names if name not in _NO_NAMES), None)
