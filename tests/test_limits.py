"""What a page or a letter made to be slow, large or deep may cost, and what becomes of it."""

import json
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from factpl_crawler.limits import TooMuchError, bounded, check_html
from factpl_crawler.text import MOST_MARKS, clean, fold_label, parse_date, printed_weekday

ROOT = Path(__file__).parent.parent
SIZE = 16 * 1024 * 1024  # what is downloaded at most
CPU_SECONDS, MEMORY = 12, 2 << 30

# Reads its standard input as an article, an issue or a letter, as the crawler would, within the limits given.
READER = """
import json, resource, sys
from scrapy.http import HtmlResponse
from factpl_crawler.pages import PageError

kind, cpu, memory, content = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.stdin.buffer.read()
from demo_site.pages import NaruilboPage
from demo_site.spiders.narutech import NarutechSpider
from factpl_crawler.items import Listing
from factpl_crawler.mail import _letter
from factpl_crawler.pages.archive import read_list
from factpl_crawler.pages.issue_page import read_issue_page
from factpl_crawler.pages.letter import read_letter
from factpl_crawler.pages.sites import Sites
resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
sites, publication = Sites([NaruilboPage]), NarutechSpider.publication
urls = {"described": "http://www.naruilbo.localhost/article/1", "any": "http://blog.example/1"}
page = HtmlResponse(urls.get(kind, urls["any"]), body=content, encoding="utf-8")
try:
    if kind in urls:
        found = len(sites.read(page).body)
    elif kind == "issue":
        found = len(read_issue_page(page, publication, Listing("http://a.example/1", "제목"), sites).entries)
    elif kind == "list":
        found = len(read_list(page, publication.issue_list).listings)
    else:
        letter = _letter("letter.eml", content, ".eml")
        found = len(read_letter(letter, publication, sites).entries)
except PageError as e:
    found = str(e)
print(json.dumps([found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10]))
"""


def read(kind: str, content: str) -> tuple[int | str, int]:
    """Return what came of it, how much was found or why not, and the most memory it took, in MiB."""
    command = [sys.executable, "-W", "error", "-c", READER, kind, str(CPU_SECONDS), str(MEMORY)]
    run = subprocess.run(command, cwd=ROOT, input=content.encode(), capture_output=True, timeout=120, check=False)
    assert run.returncode == 0, f"ended with {run.returncode}: {run.stderr.decode()[-2000:]}"
    found, memory = json.loads(run.stdout)
    return found, memory


HEAD = '<h1 class="headline">제목</h1><div id="article_body"><p>' + "본문입니다. " * 40 + "</p>"
JSON_LD = '<script type="application/ld+json">'
TOO_DEEP = "its elements are nested too deeply to be read whole"
TOO_LONG = "parsing it takes more than 5 s or 1 GiB"
TOO_LARGE = "nested too deeply, or with too long a text, to be extracted whole"
TOO_MANY = "more than 200,000 elements"


SLOW_PAGES = {
    "nested": ("<div>" * 200_000 + "x", {TOO_DEEP}),
    "nested tables": ("<table><tr><td>" * 70_000, {TOO_DEEP}),
    "tags": ("<p>" * (SIZE // 3), {TOO_MANY, TOO_LONG}),
    "tags and text": ("<p>x" * (SIZE // 4), {TOO_MANY, TOO_LONG}),
    "a few tags less": ("<i>x</i>" * 300_000, {TOO_MANY}),
    "attributes": ("<p " + " ".join(f"a{i}" for i in range(1_000_000)) + ">x", {TOO_LONG}),
    "JSON": (JSON_LD + '{"@type":"Article","articleBody":"' + "<p>x" * (SIZE // 5) + '"}</script>', {279, TOO_LARGE}),
    "deep JSON": (JSON_LD + "[" * (SIZE // 2) + "</script>", {279, TOO_LARGE}),
    "wide JSON": (JSON_LD + "[" + "{}," * (SIZE // 4) + "{}]</script>", {279, TOO_LARGE}),
}


@pytest.mark.parametrize("kind", ["described", "any"])
@pytest.mark.parametrize("name", SLOW_PAGES)
def test_a_page_made_to_be_slow_is_read_in_time_or_set_aside(kind: str, name: str) -> None:
    content, allowed = SLOW_PAGES[name]
    found, memory = read(kind, HEAD + content)
    assert found in allowed
    assert memory < 1000


def test_a_page_of_links_is_given_up_in_time() -> None:
    found, _ = read("any", HEAD + "<p><a href=x>t</a> " * 95_000)
    assert isinstance(found, int) or found == "reading it takes more than 6 s"


def test_what_is_nested_deeper_than_extraction_reads_is_set_aside_and_not_cut() -> None:
    page = HEAD.replace("</p>", "") + "<b>" * 300 + "뒤에 오는 글"
    assert read("any", page)[0] == "nested too deeply, or with too long a text, to be extracted whole"
    found, _ = read("described", page)
    assert isinstance(found, int)


@pytest.mark.parametrize(
    ("item", "count", "reason"),
    [
        ("<p>한 줄</p>", 90_000, "90,002 lines, which no issue has"),
        ("<div>", 200_000, TOO_DEEP),
        ("<p><a href=http://a.example/1>글</a></p>", 4_900, None),
    ],
)
def test_an_issue_made_to_be_slow_is_read_in_time_or_set_aside(item: str, count: int, reason: str | None) -> None:
    body = f"<p>2024.03.14 #99</p><p>나루가 추천하는 기사</p>{item * count}"
    found, memory = read("issue", f'<main id="container"><article><div>{body}</div></article></main>')
    assert found == reason if reason else isinstance(found, int)
    assert memory < 1000
    mail, _ = read("letter", f"Subject: x\nContent-Type: text/html; charset=utf-8\n\n{body}")
    assert mail == reason if reason else isinstance(mail, int)


def test_a_list_made_to_be_slow_is_read_in_time_or_set_aside() -> None:
    item = '<li><h2><a href="/{}">제목</a></h2></li>'
    items = "".join(item.format(n) for n in range(30_000))
    found, memory = read("list", f'<main id="container"><ul>{items}</ul></main>')
    assert found in (30_000, "reading it takes more than 6 s")
    assert memory < 1000


def test_a_million_marks_on_one_letter_are_cut_to_what_a_language_may_have() -> None:
    text = "가" + "\u0301\u0316" * 500_000 + "나"
    started = time.process_time()
    cleaned = clean(text)
    fold_label(text)
    printed_weekday(text)
    with pytest.raises(ValueError, match="not a whole date"):
        parse_date(text)
    assert time.process_time() - started < 5
    assert (len(cleaned), cleaned[0], cleaned[-1]) == (2 + MOST_MARKS, "가", "나")


@pytest.mark.parametrize("text", ["각" * 40, "👩‍💻" * 40, "ね" * 50, "Ça va? ảẩ " * 20, "हिन्दी" * 20, "e\u0301" * 40])
def test_what_people_write_is_not_cut(text: str) -> None:
    assert clean(text) == unicodedata.normalize("NFC", text).strip()
    assert clean(unicodedata.normalize("NFD", text)) == clean(text)


def swallow(forever: Callable[[], object]) -> None:
    while True:
        try:
            forever()
        except TooMuchError:  # as libraries do that catch all
            return


def test_what_takes_too_long_is_ended_though_a_library_goes_on() -> None:
    def spin() -> None:
        while True:
            pass

    with pytest.raises(TooMuchError, match=r"^reading it takes more than 0\.2 s$"), bounded(TooMuchError, 0.2):
        swallow(spin)


def test_an_ordinary_page_is_let_through_though_it_is_large() -> None:
    check_html("<p>글</p>" * 20_000 + f'<img src="data:image/png;base64,{"A" * 2_000_000}">')


@pytest.mark.parametrize("text", ["", " ", "<!-- x -->", "<?x?>", "<!doctype html>", "{}", "\x00"])
def test_a_page_without_an_element_is_let_through(text: str) -> None:
    check_html(text)
