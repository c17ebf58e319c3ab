"""Articles made of the word lists, for the newspaper and for 한줄경제's news site."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from demo_site.model import HANJUL, NARU, Story
from demo_site.words import draw, pick, rank, sentence, words
from factpl_crawler.documents import Section
from factpl_crawler.text import KST

SECTION_IDS = {
    "정치": "politics",
    "경제": "money",
    "사회": "society",
    "국제": "world",
    "문화": "culture",
    "산업": "industry",
    "IT·과학": "tech",
}
# The newspaper's numbers grow with time.
FIRST_NUMBER, FIRST_DAY, NUMBERS_A_DAY = 18_000_000, datetime(2015, 1, 1, tzinfo=KST), 2_100
SOURCES = {"divno": "json-ld", "plain": "meta", "desktop": "page", "mobile": "page"}
HANJUL_SOURCES = {"json-ld": "json-ld", "open-graph": "meta", "bare": "page"}
# One article of each oddity, by the order in which the issues link them.
ODDITIES = {
    4: "robots",
    9: "paywalled",
    14: "404",
    21: "nfd",
    26: "403",
    33: "euc-kr",
    38: "login page",
    45: "json-ld body",
    51: "comment box",
    58: "500",
    64: "redirect loop",
    71: "no body",
    83: "paywalled",
}
HANJUL_ODDITIES = {5: "robots", 10: "euc-kr"}


def news_story(index: int, day: datetime, layout: str) -> Story:
    """Return the newspaper's article *index*, published on *day* or, in an old layout, years before."""
    oddity = ODDITIES.get(index, "")
    layout = "divno" if oddity else layout
    specials = {12: "bookshop", 40: "racetrack", 75: "dialect", 102: "philosopher", 120: "editorial"}
    if index in specials:
        special = next(s for s in words()["specials"] if s["id"] == specials[index])
        return _special(special, index, day, layout)
    return _regular(index, day, layout, oddity)


def _regular(index: int, day: datetime, layout: str, oddity: str) -> Story:
    topics, events = words()["topics"], words()["events"]
    turn, place = divmod(index, len(topics))
    topic, event = topics[place], events[(turn + 3 * place) % len(events)]
    slots = _slots(topic, index, turn)
    return _news(
        index,
        day,
        layout,
        slots,
        oddity=oddity,
        headline=pick(event["headlines"], index, "headline"),
        summary=event["summary"],
        paragraphs=_paragraphs(topic, event, index),
        chat=draw(topic["chat"], 2, index, "chat"),
        heading=event["heading"],
        section=event["section"] or topic["section"],
        keywords=[*topic["keywords"], str(slots["company"])],
    )


def _special(special: Mapping[str, Any], index: int, day: datetime, layout: str) -> Story:
    topic = next(t for t in words()["topics"] if t["name"] == special["topic"])
    pieces = {name: special[name] for name in ("headline", "summary", "paragraphs", "chat", "section", "keywords")}
    return _news(index, day, layout, _slots(topic, index, 0), heading=[special["headline"]], **pieces)


def _slots(topic: Mapping[str, Any], index: int, turn: int) -> dict[str, object]:
    companies = topic["companies"]
    return {
        "topic": topic["name"],
        "product": topic["product"],
        "user": topic["user"],
        "worry": topic["worry"],
        "company": companies[turn % len(companies)],
        "partner": pick(_other_companies(topic), index, "partner"),
        **_common_slots(index),
    }


def _other_companies(topic: Mapping[str, Any]) -> list[str]:
    return [company for other in words()["topics"] if other is not topic for company in other["companies"]]


def _common_slots(*key: object) -> dict[str, object]:
    return {
        "place": pick(words()["places"], *key, "place"),
        "person": pick(words()["people"], *key, "person"),
        "money": f"{10 + 5 * (rank(*key, 'money') % 30)}억원",
        "price": f"{1 + rank(*key, 'price') % 9}만{1 + rank(*key, 'price') % 7}900원",
        "n": 12 + rank(*key, "n") % 90,
        "m": 3 + rank(*key, "m") % 9,
        "percent": 6 + rank(*key, "percent") % 43,
        "share": 51 + rank(*key, "share") % 31,
        "years": 3 + rank(*key, "years") % 9,
    }


def _dates(published: datetime) -> dict[str, object]:
    """`month` is the one to come."""
    return {"day": published.day, "month": published.month % 12 + 1}


def _paragraphs(topic: Mapping[str, Any], event: Mapping[str, Any], index: int) -> list[str]:
    first, second, third = draw(event["details"], 3, index, "details")
    facts = draw(topic["facts"], 3, index, "facts")
    prose = words()["prose"]
    return [
        pick(event["leads"], index, "lead"),
        f"{first} {second}",
        f"{facts[0]} {facts[1]}",
        f"{pick(prose['quotes'], index, 'quote')} {third}",
        f"{facts[2]} {pick(prose['closings'], index, 'closing')}",
    ]


def _news(index: int, day: datetime, layout: str, slots: Mapping[str, object], **written: Any) -> Story:
    published = _published(index, day, layout)
    slots = {**slots, **_dates(published)}
    prose = words()["prose"]
    oddity = written.get("oddity", "")
    # Where the body stands in the JSON-LD alone, there is no picture to caption.
    has_caption = layout != "mobile" and index % 3 == 0 and oddity != "json-ld body"
    has_subheading = layout in ("divno", "plain") and index % 4 == 1
    return Story(
        site=NARU,
        number=FIRST_NUMBER + (published - FIRST_DAY).days * NUMBERS_A_DAY + index,
        topic=str(slots["topic"]),
        headline=sentence(written["headline"], slots),
        summary=sentence(written["summary"], slots),
        paragraphs=_filled(written["paragraphs"], slots),
        chat=_filled(written["chat"], slots),
        heading=_filled(written["heading"], slots),
        layout=layout,
        published=published,
        published_source=SOURCES[layout],
        slots=slots,
        modified=_modified(index, published, layout),
        authors=tuple(draw(words()["reporters"], 2 if index % 11 == 0 else 1, index, "reporter")),
        section=Section(SECTION_IDS[written["section"]], written["section"]),
        subheading=sentence(pick(prose["subheadings"], index, "subheading"), slots) if has_subheading else None,
        captions=_filled([pick(prose["captions"], index, "caption")], slots) if has_caption else (),
        keywords=tuple(written["keywords"]) if layout != "mobile" else (),
        oddity=oddity,
    )


def _filled(patterns: list[str], slots: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(sentence(pattern, slots) for pattern in patterns)


def _published(index: int, day: datetime, layout: str) -> datetime:
    clock = timedelta(hours=5 + rank(index, "hour") % 14, minutes=rank(index, "minute") % 60)
    if layout == "divno":
        return day - timedelta(days=1 + rank(index, "days") % 6) + clock
    starts = {"plain": datetime(2021, 9, 1), "desktop": datetime(2016, 2, 1), "mobile": datetime(2017, 5, 1)}
    spans = {"plain": 700, "desktop": 1_900, "mobile": 1_500}
    return starts[layout].replace(tzinfo=KST) + timedelta(days=rank(index, "days") % spans[layout]) + clock


def _modified(index: int, published: datetime, layout: str) -> datetime | None:
    if layout == "mobile" or index % 5 == 2:
        return None
    return published + timedelta(hours=rank(index, "later") % 60, minutes=7)


def hanjul_story(theme_index: int, angle_index: int, day: datetime) -> Story:
    """Return the article that tells theme *theme_index* from one of the three angles."""
    theme, angle = words()["hanjul"]["themes"][theme_index], words()["hanjul"]["angles"][angle_index]
    index = theme_index * len(words()["hanjul"]["angles"]) + angle_index
    layout = list(HANJUL_SOURCES)[(theme_index + angle_index) % 3]
    published = day - timedelta(days=1 + index % 3) + timedelta(hours=9 + index % 8, minutes=(index * 7) % 60)
    slots = {**theme, **_common_slots("hanjul", index), **_dates(published)}
    is_bare = layout == "bare"
    return Story(
        site=HANJUL,
        number=4_100 + index * 13,
        topic=theme["name"],
        headline=sentence(angle["headline"], slots),
        summary=sentence(angle["summary"], slots),
        paragraphs=_filled(angle["paragraphs"], slots),
        chat=(),
        heading=(theme["heading"],),
        layout=layout,
        published=published,
        published_source=HANJUL_SOURCES[layout],
        slots=slots,
        modified=None if is_bare or index % 2 else published + timedelta(hours=3),
        authors=() if is_bare else (pick(words()["hanjul"]["reporters"], index, "reporter"),),
        section=None if is_bare else Section(None, "생활경제"),
        keywords=() if is_bare else (theme["name"], "물가"),
        oddity=HANJUL_ODDITIES.get(index, ""),
    )
