"""The issues of 나루테크 레터: which columns each has, and which articles they link to."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count

from demo_site.model import NARU, NARUTECH, Anchor, Column, Letter, Paragraph, Piece, Story, address
from demo_site.stories import news_story
from demo_site.words import draw, pick, rank, sentence, words
from factpl_crawler.documents import Section
from factpl_crawler.text import KST

ISSUES = 30
FIRST_ISSUE = datetime(2023, 12, 28, tzinfo=KST)
WITHOUT_LISTED_NUMBER, WITH_WRONG_WEEKDAY, WITH_UNKNOWN_LABEL = 7, 9, 17
WEEKDAYS = "월화수목금토일"
NOTICES = (
    "나루 오리지널과 나루 인터뷰는 Naru Plus 구독 후 보실 수 있습니다.",
    "Naru Plus가 궁금하시다면 여기를 눌러 주세요.",
)
LABELS = {
    "original": ("나루 오리지널", "나루오리지널"),
    "interview": ("나루 인터뷰",),
    "friday": ("나루 금요 오리지널", "나루 금요오리지널"),
    "data": ("나루 데이터룸",),
    "recommended": ("나루가 추천하는 기사", "📰 나루가 추천하는 기사 📰"),
}
UNKNOWN_LABEL = "나루 번외편"
PLACES = {"original": 0, "interview": 1, "friday": 2, "data": 3, "extra": 3}
LINK_FORMS: tuple[Callable[[Story, datetime], str], ...] = (
    lambda story, day: story.url,
    lambda story, day: f"{story.url}?cloc=naruilbo|home|newslist1",
    lambda story, day: f"{story.url}#home",
    lambda story, day: f"{story.url}?utm_source=narutech&utm_medium=email&utm_campaign={day:%y%m%d}",
    lambda story, day: address(f"article.{NARU}", f"/news/article/article.asp?total_id={story.number}"),
    lambda story, day: address(f"mnews.{NARU}", f"/article/{story.number}"),
    lambda story, day: address(f"news.{NARU}", f"/article/{story.number}?cloc=naruilbo|home|opinion#home"),
)


class Desk:
    """Hands out articles: each new one once, and some that earlier issues have linked."""

    def __init__(self) -> None:
        self.stories: list[Story] = []
        self._earlier: list[Story] = []
        self._indexes = count()

    def fresh(self, day: datetime, layout: str = "divno") -> Story:
        self.stories.append(news_story(next(self._indexes), day, layout))
        return self.stories[-1]

    def start_issue(self) -> None:
        self._earlier = [story for story in self.stories if not story.oddity]

    def earlier(self, *key: object) -> Story:
        return pick(self._earlier, *key)


def narutech_letters(desk: Desk) -> list[Letter]:
    return [_letter(number, desk) for number in range(1, ISSUES + 1)]


def _letter(number: int, desk: Desk) -> Letter:
    day = FIRST_ISSUE + timedelta(weeks=number - 1)
    desk.start_issue()
    columns = tuple(_columns(number, day, desk))
    first = columns[0].pieces[0].paragraphs[-1].anchor
    assert first is not None  # a main piece ends with its call
    headline = sentence(pick(words()["letter"]["issue_titles"], number, "title"), first.story.slots)
    joins = number % 3 == 0
    return Letter(
        publication=NARUTECH,
        number=number,
        date=day,
        date_line=_date_line(number, day),
        headline=headline,
        listed_headline=_listed_headline(number, headline),
        url=address(f"www.{NARU}", f"/newsletter/narutech/{cms_id(number)}"),
        intro=_intro(number, headline, columns[0].section.label if joins else None),
        columns=columns,
        intro_joins=joins,
        notices=NOTICES if number % 4 else (),
        traits=_traits(number),
    )


def cms_id(number: int) -> int:
    """One sequence over all of the publisher's letters, with gaps."""
    return 13_801 + number * 9 + rank(number, "cms") % 8


def _traits(number: int) -> frozenset[str]:
    traits = {
        "wrong weekday": number == WITH_WRONG_WEEKDAY,
        "span": number % 2 == 1,
        "long paragraphs": number % 4 == 1,
        "twice in the list": number % 6 == 2,
    }
    return frozenset(name for name, holds in traits.items() if holds)


def _date_line(number: int, day: datetime) -> str:
    if number == WITH_WRONG_WEEKDAY:
        return f"{day:%Y.%m.%d} Friday #{number}"
    korean = WEEKDAYS[day.weekday()]
    forms = (
        f"{day:%Y.%m.%d} {day:%A} #{number}",
        f"{day:%Y.%m.%d}. {korean}요일 #{number}",
        f"{day.year}년 {day.month}월 {day.day}일 ({korean}) #{number}",
    )
    return forms[0] if number % 5 else forms[1 + number // 5 % 2]


def _listed_headline(number: int, headline: str) -> str:
    if number == WITHOUT_LISTED_NUMBER:
        return headline
    return f"#{number} {headline}" if number % 5 == 3 else f"{headline} #{number}"


def _intro(number: int, headline: str, first_label: str | None) -> Piece:
    letter = words()["letter"]
    reporter = _reporter(number)
    texts = draw(letter["intros"], 1 + number % 2, number, "intro")
    if first_label is None:
        opening = [sentence(letter["greetings"][number % 2], {"reporter": reporter})]
    else:
        opening = [letter["hello"], sentence(letter["naming"], {"label": first_label, "reporter": reporter})]
    return Piece((headline,), tuple(map(Paragraph, opening + texts)), (reporter,))


def _reporter(*key: object) -> str:
    reporters: list[str] = words()["reporters"]
    return pick(reporters, *key, "writer")


def _columns(number: int, day: datetime, desk: Desk) -> Iterator[Column]:
    yield _main_column("original", number, day, desk)
    if number % 3 != 1:
        yield _main_column("interview", number, day, desk)
    if number % 2 == 0:
        yield _main_column("friday", number, day, desk)
    if number % 5 == 0:
        yield _main_column("data", number, day, desk)
    if number == WITH_UNKNOWN_LABEL:
        yield Column(Section(None, UNKNOWN_LABEL), (_main_piece("extra", number, day, desk),))
    items = tuple(_item(number, place, day, desk) for place in range(3 + rank(number, "items") % 3))
    yield Column(_section("recommended", number), items, is_list=True)


def _section(section_id: str, number: int) -> Section:
    return Section(section_id, pick(LABELS[section_id], number, section_id))


def _main_column(section_id: str, number: int, day: datetime, desk: Desk) -> Column:
    return Column(_section(section_id, number), (_main_piece(section_id, number, day, desk),))


def _main_piece(section_id: str, number: int, day: datetime, desk: Desk) -> Piece:
    story = desk.fresh(day)
    greeting, authors = _greeting(section_id, number)
    texts = _heading_matter(section_id, number, story) + greeting + _body(section_id, number, story)
    related = _related(section_id, number, day, story, desk)
    return Piece(story.heading, (*map(Paragraph, texts), *related, _call(section_id, number, day, story)), authors)


def _heading_matter(section_id: str, number: int, story: Story) -> list[str]:
    letter = words()["letter"]
    if section_id == "original":
        contents = draw(letter["contents"], 4, number, "contents")
        in_order = sorted(contents, key=letter["contents"].index)
        lines = [f"{i}. {line[3:]}" for i, line in enumerate(in_order, start=1)]
        return [sentence(line, story.slots) for line in (letter["subheads"][0], letter["contents_title"], *lines)]
    if number % 2:
        return [sentence(pick(letter["subheads"], section_id, number, "subhead"), story.slots)]
    return []


def _greeting(section_id: str, number: int) -> tuple[list[str], tuple[str, ...]]:
    if section_id in ("original", "extra"):
        return [], ()
    reporter = _reporter(section_id, number)
    form = words()["letter"]["interviewer" if section_id == "interview" else "presenter"]
    return [sentence(form, {"reporter": reporter})], (reporter,)


def _body(section_id: str, number: int, story: Story) -> list[str]:
    all_bridges = words()["letter"]["bridges"]
    start = 2 * PLACES[section_id]
    bridges = draw(all_bridges, len(all_bridges), number, "bridges")[start : start + 2]
    first, second = (sentence(bridge, story.slots) for bridge in bridges)
    return [story.chat[0], first, *(f"{text} {second}" for text in story.chat[1:])]


def _related(section_id: str, number: int, day: datetime, story: Story, desk: Desk) -> tuple[Paragraph, ...]:
    """Sometimes a link amid a sentence: to an older article, or to the same one in another form."""
    if section_id == "data":
        anchor = Anchor(story, f"{address(f'mnews.{NARU}', f'/article/{story.number}')}#home", story.headline)
        return (Paragraph("표와 그림은 ‘", anchor, "’에 실었습니다."),)
    if section_id != "friday" or number < 4:
        return ()
    older = desk.earlier(number, "related")
    anchor = Anchor(older, _href(older, day, number, "related"), older.headline)
    return (Paragraph("지난 기사 ‘", anchor, "’도 함께 보시면 흐름이 잡힙니다."),)


def _call(section_id: str, number: int, day: datetime, story: Story) -> Paragraph:
    """The link to the article: alone in its line, or the end of a sentence."""
    letter = words()["letter"]
    text = letter["calls"][1] if section_id == "interview" else pick(letter["calls"][::2], section_id, number)
    anchor = Anchor(story, _href(story, day, section_id, number), text)
    if rank(section_id, number, "alone") % 2:
        return Paragraph(anchor=anchor)
    teaser = sentence(pick(letter["teasers"], section_id, number, "teaser"), story.slots)
    return Paragraph(f"{teaser} ", anchor)


def _item(number: int, place: int, day: datetime, desk: Desk) -> Piece:
    """A recommended article: linked by its image, hence without a text."""
    if number > 3 and (number + place) % 4 == 0:
        story = desk.earlier(number, place, "again")
    else:
        story = desk.fresh(day, ("divno", "plain", "desktop", "mobile")[(number + place) % 4])
    anchor = Anchor(story, _href(story, day, number, place))
    return Piece((story.headline,), (Paragraph(anchor=anchor), Paragraph(story.summary)))


def _href(story: Story, day: datetime, *key: object) -> str:
    # What cannot be had has one address, so that a test can count how often it is asked.
    return story.url if story.oddity else pick(LINK_FORMS, *key, "form")(story, day)
