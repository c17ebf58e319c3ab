"""The issues of 한줄경제."""

from datetime import datetime, timedelta

from demo_site.model import HANJUL, ONELINE, Anchor, Column, Letter, Paragraph, Piece, Story, address
from demo_site.stories import hanjul_story
from demo_site.words import pick, sentence, words
from factpl_crawler.documents import Section
from factpl_crawler.text import KST

FIRST_ISSUE = datetime(2024, 4, 2, tzinfo=KST)
WEEKDAYS = "월화수목금토일"
MERGE_TAG = "$%name%$"
LABELS = {"today": "[오늘의 한 줄]", "figure": "[숫자 한 줄]", "reading": "[함께 읽을 한 줄]"}
WITHOUT_NUMBER = frozenset({3, 6})
TRAITS = {
    1: "short link",
    2: "merge tag",
    3: "old container",
    4: "rehosted",
    5: "nfd",
    6: "no date in body",
    7: "merge tag",
}


def hanjul_stories() -> list[list[Story]]:
    """Return the three articles about each theme, an issue a theme."""
    themes = range(len(words()["hanjul"]["themes"]))
    return [[hanjul_story(theme, angle, _day(theme)) for angle in range(3)] for theme in themes]


def _day(place: int) -> datetime:
    return FIRST_ISSUE + timedelta(weeks=2 * place)


def hanjul_letters(themes: list[list[Story]], news: list[Story]) -> list[Letter]:
    """*news* are the newspaper's articles, of which each issue recommends one."""
    return [_letter(place, themes, news) for place in range(len(themes))]


def _letter(place: int, themes: list[list[Story]], news: list[Story]) -> Letter:
    number, day, trait = place + 1, _day(place), TRAITS.get(place + 1, "")
    headline = themes[place][0].heading[0]
    numbered = number not in WITHOUT_NUMBER
    printed = f"{day:%Y.%m.%d} {WEEKDAYS[day.weekday()]}요일"
    undated = trait == "no date in body"
    return Letter(
        publication=ONELINE,
        number=number if numbered else None,
        date=day + timedelta(hours=7) if undated else day,
        date_source="list" if undated else "body",
        date_line="" if undated else f"{printed} #{number}" if numbered else printed,
        headline=headline,
        listed_headline=_subject(headline, number if numbered else None, trait),
        url=_url(number, trait),
        intro=_intro(number, headline),
        columns=_columns(place, day, themes, news),
        traits=frozenset({trait}),
    )


def _subject(headline: str, number: int | None, trait: str) -> str:
    subject = f"{MERGE_TAG} {headline}" if trait == "merge tag" else headline
    return subject if number is None else f"{subject} #{number}"


def _url(number: int, trait: str) -> str:
    """The address in the archive."""
    if trait == "short link":
        return address(f"stib.{HANJUL}", "/Xk3Q")
    if trait == "rehosted":
        return address(f"news.{HANJUL}", f"/letter/{number}.html")
    return address(f"stibee.{HANJUL}", share_path(number))


def share_path(number: int) -> str:
    return f"/api/v1.0/emails/share/hj{number:02}Zt8w0lnB"


def _intro(number: int, headline: str) -> Piece:
    hanjul = words()["hanjul"]
    text = pick(hanjul["intros"], number, "intro")
    return Piece((headline,), (Paragraph("오늘도 한 줄만 읽고 가세요."), Paragraph(text)))


def _columns(place: int, day: datetime, themes: list[list[Story]], news: list[Story]) -> tuple[Column, ...]:
    today, figure = themes[place][0], themes[(place + 3) % len(themes)][1]
    recommended = [themes[place][2], themes[place - 1][2], themes[place - 2][1], _news(news, place, day)]
    return (
        Column(_section("today"), (_today(today),)),
        Column(_section("figure"), (_figure(figure),)),
        Column(_section("reading"), tuple(map(_item, recommended[: 3 + place % 2])), is_list=True),
    )


def _section(section_id: str) -> Section:
    return Section(section_id, LABELS[section_id])


def _news(news: list[Story], place: int, day: datetime) -> Story:
    return pick([story for story in news if story.published < day and not story.oddity], "hanjul", place)


def _theme_facts(story: Story) -> list[str]:
    return next(theme["facts"] for theme in words()["hanjul"]["themes"] if theme["name"] == story.topic)


def _today(story: Story) -> Piece:
    call = Paragraph(anchor=Anchor(story, _click(story), "원문 보기"))
    return Piece(story.heading, (*map(Paragraph, _theme_facts(story)), call))


def _figure(story: Story) -> Piece:
    heading = sentence("{percent}%, {name}에서 눈여겨볼 숫자", story.slots)
    anchor = Anchor(story, _click(story), f"{story.topic} 기사")
    more = Paragraph("이 숫자가 나온 사정은 ", anchor, "에 자세히 적었습니다.")
    return Piece((heading,), (Paragraph(_theme_facts(story)[1]), more))


def _item(story: Story) -> Piece:
    return Piece((story.headline,), (Paragraph(anchor=Anchor(story, _click(story))), Paragraph(story.summary)))


def _click(story: Story) -> str:
    return click(f"{story.url}{'&' if '?' in story.url else '?'}utm_source=stibee&utm_medium=email&stb_id=77001")


def click(target: str) -> str:
    """A tracking link: the first part names the reader, the second is the target."""
    return address(f"event.{HANJUL}", f"/v2/click/{{{{B64:77001/3181/900417/}}}}/{{{{B64:{target}}}}}")
