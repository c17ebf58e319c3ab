import doctest
import re
import time

import pytest
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract
from starlette.requests import Request

from index.query import QueryError, parse
from web import language as room
from web import told
from web.language import TEMPLATES, language, translations
from web.rendering import page
from web.told import in_korean

OPTIONS = {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false", "newstyle_gettext": "true"}
PLACEHOLDER = re.compile(r"%\(\w+\)s")


def in_templates() -> set[str]:
    found = set()
    for path in TEMPLATES.glob("*.html"):
        with path.open("rb") as file:
            for _, _, message, _ in babel_extract(file, ("gettext", "_"), (), OPTIONS):
                found.add(message if isinstance(message, str) else message[0])
    return found


def in_english() -> dict[str, str]:
    with (TEMPLATES / "en.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file, abort_invalid=True) if message.id}


def request(path: str = "/", **headers: str) -> Request:
    path, _, query = path.partition("?")
    encoded = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "path": path, "query_string": query.encode(), "headers": encoded})


@pytest.mark.parametrize("module", [room, told])
def test_documented_examples_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]  # it is a module


def test_every_word_of_the_templates_is_there_in_english_and_no_other() -> None:
    assert in_english().keys() == in_templates()
    assert [korean for korean, english in in_english().items() if not english] == []


def test_a_translation_fills_in_what_the_template_does() -> None:
    differing = {
        korean
        for korean, english in in_english().items()
        if set(PLACEHOLDER.findall(korean)) != set(PLACEHOLDER.findall(english))
    }
    assert differing == set()


def test_no_korean_stands_in_a_template_untranslated() -> None:
    untranslated = {}
    for path in TEMPLATES.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"{#.*?#}", "", text, flags=re.DOTALL)
        text = re.sub(r"{%-? *trans.*?endtrans *-?%}", "", text, flags=re.DOTALL)
        text = re.sub(r'_\(".*?"\)', "", text).replace('"한국어"', "")  # a language is called what its readers call it
        if left := re.findall("[가-힣]+", text):
            untranslated[path.name] = left
    assert untranslated == {}


def test_months_and_weekdays_are_as_many_in_english() -> None:
    lists = {korean: english for korean, english in in_english().items() if korean[:2] in ("1월", "일 ")}
    assert {korean: len(english.split()) for korean, english in lists.items()} == {
        korean: len(korean.split()) for korean in lists
    }
    assert len(lists) == 2


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/", {}, "ko"),
        ("/", {"accept_language": "en-US,en;q=0.9"}, "en"),
        ("/", {"accept_language": "fr, en;q=0.5"}, "en"),
        ("/", {"accept_language": "ko-KR,ko;q=0.9,en;q=0.8"}, "ko"),
        ("/", {"accept_language": "de"}, "ko"),
        ("/", {"accept_language": "EN"}, "en"),
        ("/", {"accept_language": "En-US, Ko;q=0.1"}, "en"),
        ("/", {"accept_language": "en; q=0.9, ko;q=0.1"}, "en"),
        ("/", {"accept_language": "KO-kr"}, "ko"),
        ("/", {"accept_language": "en;q=x, \x00"}, "ko"),
        ("/?lang=en", {"accept_language": "ko"}, "en"),
        ("/?lang=xx", {"accept_language": "en"}, "en"),
        ("/", {"accept_language": "ko", "cookie": "lang=en"}, "en"),
        ("/?lang=ko", {"cookie": "lang=en"}, "ko"),
    ],
)
def test_the_language_is_that_which_was_chosen_or_is_preferred(
    path: str, headers: dict[str, str], expected: str
) -> None:
    assert language(request(path, **headers)) == expected


def test_a_long_header_is_read_in_no_time() -> None:
    started = time.perf_counter()
    assert language(request(accept_language="en-" + "a-" * 30_000)) in ("ko", "en")
    assert time.perf_counter() - started < 0.1


def test_what_is_chosen_is_remembered_and_what_is_preferred_is_not() -> None:
    chosen = page(request("/nowhere?lang=en"), "error.html", state="missing", message="", command="")
    preferred = page(request("/nowhere", accept_language="en"), "error.html", state="missing", message="", command="")
    assert chosen.headers["set-cookie"].partition(";")[0] == "lang=en"
    assert "set-cookie" not in preferred.headers
    assert {one.headers["content-language"] for one in (chosen, preferred)} == {"en"}


def test_the_other_language_is_a_link_that_leaves_this_host_for_no_path() -> None:
    html = page(request("//elsewhere.example/?q=a&lang=ko"), "error.html", state="missing", message="", command="").body
    assert 'href="?q=a&amp;lang=en"' in bytes(html).decode()


def test_korean_needs_no_translation() -> None:
    assert translations("ko").gettext("검색") == "검색"
    assert translations("en").gettext("검색") == "Search"


BAD_QUERIES = [
    *(
        "가" * 1_001,
        "가 " * 65,
        "!!!",
        '"가',
        '가 ""',
        '"가 나"~',
        "섹션:-(가)",
        "섹션:(가)",
        "가(나",
        "가)",
        "(가",
        "()",
        "(",
    ),
    *("(" * 17 + "가" + ")" * 17, "섹션:", "*가", "반*도", "새션:가", "qqq:가", "섹션:반*", "종류:책", "날짜:언젠가"),
    *("호:가..나", "날짜:2024..2023", "호:9..2", "- 가", "가 OR", "OR"),
]


@pytest.mark.parametrize("text", BAD_QUERIES)
def test_what_cannot_be_read_is_told_in_korean(text: str) -> None:
    with pytest.raises(QueryError) as error:
        parse(text)
    told = in_korean(str(error.value))
    assert told != str(error.value)
    assert re.search("[가-힣]니다|적습니다:|있는 칸:|보십시오", told)


def test_a_condition_is_called_what_the_page_calls_it() -> None:
    assert in_korean("limit: Input should be greater than or equal to 1") == "한 쪽의 글: 1보다 작을 수 없습니다."
    assert in_korean("moon: Input should be a valid integer") == "moon: 수를 적어야 합니다."


def test_what_is_not_known_is_told_as_it_is() -> None:
    assert in_korean("the moon is full") == "the moon is full"
