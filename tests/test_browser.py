"""The pages in a real browser. Without one these tests are skipped; `./test --browser` installs it."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import ARGUMENTS, chromium, serving
from demo_archive import demo_archive
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

EXECUTABLE = chromium()
pytestmark = pytest.mark.skipif(
    EXECUTABLE is None, reason="no Chromium: run ./test --browser, or name one with FACTPL_CHROMIUM"
)

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
PATHS = [
    *("/", "/?q=그로크", "/?q=기사&section=tech&since=2023&page=2", "/?q=rmfhzm", "/?q=그로크%20없는낱말이다"),
    *(
        "/?q=없는낱말",
        "/issue/narutech/8?q=그로크",
        "/article/naruilbo/24917412?q=그로크",
        "/issues",
        "/issues/narutech",
    ),
    *("/sections", "/authors", "/trends?q=칩&q=배터리&q=그로크&q=기사&q=전기", "/words?since=2024-06"),
    *("/nowhere", "/?q=%22"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    archive = demo_archive(tmp_path_factory.mktemp("demo"))
    with serving(archive) as address:
        yield address
    archive.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
        yield browser
        browser.close()


class Watched:
    """What a page asked for and complained of."""

    def __init__(self, context: BrowserContext) -> None:
        self.hosts: set[str] = set()
        self.complaints: list[str] = []
        context.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        context.on("console", lambda message: self.note(message.type, message.text))
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def note(self, kind: str, text: str) -> None:
        # A page that says what went wrong has a status that says so, which a browser notes.
        if kind in ("error", "warning") and "the server responded with a status of" not in text:
            self.complaints.append(text)


@contextmanager
def opened(browser: Browser, address: str, **settings: Any) -> Iterator[Page]:
    """Yield a page that asks no other host for anything, and that the browser has nothing to say against."""
    settings = {"viewport": DESKTOP, "locale": "ko-KR", "base_url": address, **settings}
    context = browser.new_context(**settings)
    context.set_default_timeout(10_000)
    watched = Watched(context)
    try:
        yield context.new_page()
        assert (watched.hosts - {urlsplit(address).netloc}, watched.complaints) == (set(), [])
    finally:
        context.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with opened(browser, address) as page:
        yield page


def address_of(page: Page) -> tuple[str, dict[str, list[str]], str]:
    parts = urlsplit(page.url)
    return parts.path, parse_qs(parts.query), parts.fragment


# --- Reading on ---


def walk(page: Page) -> None:
    """Search, narrow, read an entry, follow it to its article, and come back."""
    page.goto("/")
    page.get_by_role("searchbox").or_(page.get_by_role("combobox")).fill("그로크")
    page.get_by_role("button", name="검색").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("‘그로크’ 찾기")
    expect(page.locator(".hit")).to_have_count(6)
    facets = page.locator(".narrow")
    if page.viewport_size == PHONE:
        facets.get_by_text("걸러 보기").click()
    facets.get_by_role("link", name=re.compile("2024")).click()
    narrowed = {"q": ["그로크"], "since": ["2024"], "until": ["2024"]}
    assert address_of(page) == ("/", narrowed, "")
    expect(page.locator(".hit")).to_have_count(5)
    entry = page.locator(".hit", has=page.get_by_role("link", name="나루테크 레터 #8")).get_by_role("heading")
    entry.get_by_role("link").click()
    assert address_of(page) == ("/issue/narutech/8", narrowed, "entry-6")
    expect(page.locator("#entry-6")).to_be_in_viewport()
    page.locator("#entry-6 .inward").click()
    assert address_of(page)[0] == "/article/naruilbo/23993440"
    expect(page.locator("h1 mark")).to_have_text("그로크")
    page.get_by_role("region", name="어느 호에서 왔나").get_by_role("link").click()
    assert address_of(page)[::2] == ("/issue/narutech/8", "entry-6")
    page.get_by_role("link", name="‘그로크’ 찾기로 돌아가기").click()
    assert address_of(page) == ("/", narrowed, "")
    for _ in range(4):
        page.go_back()
    assert address_of(page) == ("/", narrowed, "")
    expect(page.locator(".hit")).to_have_count(5)
    page.locator(".chips a", has_text="시작").click()
    expect(page.locator(".hit")).to_have_count(6)


@pytest.mark.parametrize(
    "settings",
    [
        {"viewport": DESKTOP},
        {"viewport": PHONE, "color_scheme": "dark", "has_touch": True},
        {"viewport": DESKTOP, "color_scheme": "dark", "java_script_enabled": False},
        {"viewport": PHONE, "java_script_enabled": False},
    ],
    ids=["desktop", "dark phone", "dark desktop without JavaScript", "phone without JavaScript"],
)
def test_one_searches_narrows_reads_and_comes_back(browser: Browser, address: str, settings: dict[str, Any]) -> None:
    with opened(browser, address, **settings) as page:
        walk(page)


def test_pages_and_months_are_links(page: Page) -> None:
    page.goto("/?q=기사")
    first = page.locator(".hit h2").first.inner_text()
    page.get_by_role("link", name="다음").click()
    assert address_of(page)[1] == {"q": ["기사"], "page": ["2"]}
    page.get_by_role("link", name="이전").click()
    expect(page.locator(".hit h2").first).to_have_text(first)
    page.locator(".chart svg a").last.click()
    assert address_of(page)[1] == {"q": ["기사"], "since": ["2024-07"], "until": ["2024-07"]}


def test_a_period_is_typed(page: Page) -> None:
    page.goto("/?q=그로크")
    page.get_by_label("시작").fill("2024-02")
    page.get_by_label("끝").fill("2024-03")
    page.get_by_role("button", name="적용").click()
    assert address_of(page)[1] == {"q": ["그로크"], "since": ["2024-02"], "until": ["2024-03"]}


def test_the_language_is_changed_and_stays(page: Page) -> None:
    page.goto("/issues")
    page.get_by_role("link", name="English").click()
    page.get_by_role("link", name="Trends").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


# --- Keys ---


def test_keys_lead_from_the_box_through_the_hits(page: Page) -> None:
    page.goto("/?q=그로크")
    expect(page.get_by_role("combobox")).to_be_visible()
    page.keyboard.press("/")
    box = page.get_by_role("combobox")
    expect(box).to_be_focused()
    expect(box).to_have_value("그로크")
    hits = page.locator(".hit h2 a")
    for key, number in (("ArrowDown", 0), ("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1)):
        page.keyboard.press(key)
        expect(hits.nth(number)).to_be_focused()
    target = hits.nth(1).get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{target}")
    page.go_back()
    page.locator(".hit h2 a").first.focus()
    page.keyboard.press("ArrowUp")
    expect(box).to_be_focused()


def test_a_slash_in_a_box_is_a_slash(page: Page) -> None:
    page.goto("/?q=그로크")
    page.get_by_label("시작").press_sequentially("2024/2")
    expect(page.get_by_label("시작")).to_have_value("2024/2")


def test_arrows_scroll_where_no_hit_has_the_focus(page: Page) -> None:
    page.goto("/?q=기사")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("scrollY > 0")


def test_the_first_key_leads_past_what_every_page_has(page: Page) -> None:
    page.goto("/?q=그로크")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="본문으로 건너뛰기")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


# --- Suggestions ---


class Suggesting:
    """Answers suggestions, and notes what was asked for."""

    def __init__(self, page: Page) -> None:
        self.asked: list[str] = []
        page.route("**/suggest?*", self.answer)

    def answer(self, route: Route) -> None:
        asked = parse_qs(urlsplit(route.request.url).query)["q"][0]
        self.asked.append(asked)
        suggestions = [
            {"text": f"{asked}쿼리", "kind": "word", "url": None},
            {"text": "그로크 칩 빌려 쓰는 서점", "kind": "headline", "url": "/article/naruilbo/24917412"},
            {"text": "속임수", "kind": "headline", "url": "//elsewhere.example/"},
        ]
        route.fulfill(content_type="application/json", body=json.dumps({"suggestions": suggestions}))


@pytest.fixture
def suggesting(page: Page) -> Suggesting:
    suggesting = Suggesting(page)
    page.goto("/")
    page.get_by_role("combobox").focus()
    return suggesting


def settle(page: Page) -> None:
    """Wait longer than a box waits for the next key."""
    page.wait_for_timeout(400)


def test_words_are_suggested_when_the_keys_rest(page: Page, suggesting: Suggesting) -> None:
    page.keyboard.type("groq", delay=20)
    expect(page.get_by_role("option")).to_have_text(["groq쿼리", "그로크 칩 빌려 쓰는 서점", "속임수"])
    assert suggesting.asked == ["groq"]
    expect(page.get_by_role("combobox")).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".search [role=status]")).to_have_text("제안 3 개")


def test_a_suggestion_is_chosen_with_the_arrows(page: Page, suggesting: Suggesting) -> None:
    box = page.get_by_role("combobox")
    page.keyboard.type("groq")
    page.get_by_role("option").first.wait_for()
    for key, active in (("ArrowDown", "suggestion-0"), ("ArrowUp", None), ("ArrowUp", "suggestion-2")):
        page.keyboard.press(key)
        assert box.get_attribute("aria-activedescendant") == active
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.type("x")
    page.get_by_role("option", name="groqx쿼리").wait_for()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", selected=True)).to_have_text("groqx쿼리")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=*")
    assert address_of(page)[1] == {"q": ["groqx쿼리"]}


def test_a_headline_that_is_suggested_leads_to_its_page(page: Page, suggesting: Suggesting) -> None:
    page.keyboard.type("groq")
    page.get_by_role("option").nth(1).click()
    page.wait_for_url("**/article/naruilbo/24917412")


def test_a_suggestion_leads_to_no_other_host(page: Page, suggesting: Suggesting) -> None:
    page.keyboard.type("groq")
    page.get_by_role("option").nth(2).click()
    page.wait_for_url("**/?q=*")
    assert address_of(page)[1] == {"q": ["속임수"]}


def test_enter_without_a_choice_searches_for_what_was_typed(page: Page, suggesting: Suggesting) -> None:
    page.keyboard.type("groq")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=groq")


def test_no_half_typed_syllable_is_asked_for(page: Page, suggesting: Suggesting) -> None:
    keys = page.context.new_cdp_session(page)
    for composed in ("ㄱ", "그", "글"):
        keys.send("Input.imeSetComposition", {"text": composed, "selectionStart": 1, "selectionEnd": 1})
        settle(page)
    assert (page.get_by_role("combobox").input_value(), suggesting.asked) == ("글", [])
    # The next vowel takes the final consonant along: 그 is done, 로 is begun.
    keys.send("Input.insertText", {"text": "그"})
    keys.send("Input.imeSetComposition", {"text": "로", "selectionStart": 1, "selectionEnd": 1})
    page.get_by_role("option", name="그쿼리").wait_for()
    assert suggesting.asked == ["그"]
    keys.send("Input.imeSetComposition", {"text": "록", "selectionStart": 1, "selectionEnd": 1})
    settle(page)
    assert suggesting.asked == ["그"]
    keys.send("Input.insertText", {"text": "로크"})
    page.get_by_role("option", name="그로크쿼리").wait_for()
    assert suggesting.asked == ["그", "그로크"]


def test_no_lone_letter_of_hangul_is_asked_for(page: Page, suggesting: Suggesting) -> None:
    keys = page.context.new_cdp_session(page)
    for text in ("그", "ㄹ"):
        keys.send("Input.insertText", {"text": text})
    settle(page)
    assert (page.get_by_role("combobox").input_value(), suggesting.asked) == ("그ㄹ", [])


def test_an_older_question_is_given_up(page: Page) -> None:
    given_up: list[str] = []
    page.context.on("requestfailed", lambda request: given_up.append(parse_qs(urlsplit(request.url).query)["q"][0]))
    page.route("**/suggest?q=gr", lambda route: None)  # no answer, ever
    page.route("**/suggest?q=groq", lambda route: route.fulfill(json={"suggestions": []}))
    page.goto("/")
    page.get_by_role("combobox").focus()
    with page.expect_request("**/suggest?q=gr"):
        page.keyboard.type("gr")
    with page.expect_response("**/suggest?q=groq"):
        page.keyboard.type("oq")
    assert given_up == ["gr"]


def test_without_an_answer_one_searches_all_the_same(page: Page) -> None:
    page.route("**/suggest?*", lambda route: route.fulfill(status=503))
    page.goto("/")
    page.get_by_role("combobox").press_sequentially("groq")
    settle(page)
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=groq")


# --- What everybody can use ---


@pytest.mark.parametrize(("scheme", "viewport"), [("light", DESKTOP), ("dark", PHONE)], ids=["light", "dark"])
def test_axe_finds_nothing_on_any_page(browser: Browser, address: str, scheme: str, viewport: dict[str, int]) -> None:
    found = {}
    with opened(browser, address, color_scheme=scheme, viewport=viewport, reduced_motion="reduce") as page:
        for path in PATHS:
            page.goto(path)
            # What is folded up is looked at too.
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            violations = Axe().run(page).response["violations"]
            if violations:
                found[path] = {one["id"]: [node["html"][:150] for node in one["nodes"][:3]] for one in violations}
    assert found == {}


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_is_wider_than_the_screen(browser: Browser, address: str, width: int) -> None:
    with opened(browser, address, viewport={"width": width, "height": 800}) as page:
        wider = {}
        for path in PATHS:
            page.goto(path)
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            wider[path] = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert {path: by for path, by in wider.items() if by > 0} == {}


def test_facets_stand_beside_the_results_and_on_a_phone_they_are_folded(browser: Browser, address: str) -> None:
    with opened(browser, address) as page:
        page.goto("/?q=그로크")
        facets, results = page.locator(".narrow-body").bounding_box(), page.locator(".found").bounding_box()
        assert facets is not None
        assert results is not None
        assert facets["x"] + facets["width"] <= results["x"]
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # it is one
        expect(page.locator(".facet").first).to_be_hidden()
        page.get_by_text("걸러 보기").click()
        expect(page.locator(".facet").first).to_be_visible()


def test_dark_is_dark_and_light_is_light(browser: Browser, address: str) -> None:
    shown = {}
    for scheme in ("light", "dark"):
        with opened(browser, address, color_scheme=scheme) as page:
            page.goto("/?q=그로크")
            shown[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert shown == {"light": "rgb(251, 250, 247)", "dark": "rgb(23, 22, 19)"}


def test_who_wants_less_motion_gets_none(browser: Browser, address: str) -> None:
    with opened(browser, address, reduced_motion="reduce") as page:
        page.goto("/?q=그로크")
        moving = "[document.documentElement, document.querySelector('.bar'), document.querySelector('button')].map"
        assert page.evaluate(f"{moving}((one) => getComputedStyle(one).transitionDuration)") == ["0s"] * 3
        assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_on_paper_there_is_the_text_and_where_it_came_from(page: Page) -> None:
    page.goto("/article/naruilbo/24917412")
    page.emulate_media(media="print")
    for selector in (".masthead", ".versions"):
        assert page.locator(selector).count() == 0 or not page.locator(selector).is_visible()
    expect(page.locator(".text")).to_be_visible()
    expect(page.locator(".copy")).to_be_visible()


def test_a_result_is_there_soon(page: Page) -> None:
    page.goto("/?q=그로크")
    started = time.monotonic()
    page.goto("/?q=그로크")
    assert time.monotonic() - started < 2
