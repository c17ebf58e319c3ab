import json
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from demo_archive import article, demo_archive
from invented import document, section
from parsel import Selector, SelectorList
from served import archive_of
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

import search_web
from factpl_crawler.documents import Document, DocumentLink, LinkedFrom, PublicationRef
from factpl_crawler.items import Article
from factpl_crawler.store import Store
from index.build import build
from index.search import Filters, Hit
from web.archive import Archive
from web.asked import Asked


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    archive = demo_archive(tmp_path_factory.mktemp("demo"))
    yield archive
    archive.close()


class Reader:
    """Who looks at a page; it is Korean unless told."""

    def __init__(self, archive: Archive) -> None:
        self.client = TestClient(search_web.app(archive), base_url="http://localhost", raise_server_exceptions=False)

    def get(self, path: str, status: int = 200, **headers: str) -> Selector:
        response = self.client.get(path, headers={"accept-language": "ko", **headers})
        assert (response.status_code, response.headers["content-type"]) == (status, "text/html; charset=utf-8"), path
        return Selector(response.text)


@pytest.fixture
def reader(demo: Archive) -> Reader:
    return Reader(demo)


def said(found: Selector | SelectorList[Selector]) -> str:
    return " ".join("".join(found.xpath(".//text()").getall()).split())


def headlines(page: Selector) -> list[str]:
    return [said(link) for link in page.css(".hit h2 a")]


def asked(href: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(href).query)


def all_hits(demo: Archive, **values: object) -> list[Hit]:
    return demo.search(Asked(limit=100, **values)).hits  # type: ignore[arg-type]  # of any kind


# --- Searching ---


def test_with_nothing_asked_there_is_a_box_what_is_new_and_what_rises(reader: Reader) -> None:
    page = reader.get("/")
    assert page.css("form[role=search] input[name=q]::attr(value)").get() == ""
    assert page.css(".issues h3 a::attr(href)").getall()[:2] == ["/issue/narutech/30", "/issue/narutech/29"]
    assert page.css("#rising::text").get() == "2024. 7. 12. 뒤로 떠오른 말"
    assert "/?q=%EA%B0%88%EB%8C%80%ED%8F%AC%EA%B5%AC&since=2024-07-12" in page.css(".cloud a::attr(href)").getall()
    assert "/?section=tech" in page.css(".cloud a::attr(href)").getall()


def test_results_are_those_of_the_search_with_their_words_marked(reader: Reader, demo: Archive) -> None:
    page = reader.get("/?q=그로크")
    hits = demo.search(Asked(q="그로크")).hits
    assert headlines(page) == [hit.document.headline for hit in hits]
    first = page.css(".hit")[0]
    assert (first.css("h2 mark::text").getall(), first.css(".excerpt mark::text").getall()) == (
        ["그로크"],
        ["그로크", "Groq", "그로크"],
    )
    assert said(page.css(".tally")) == f"{len(hits)}건 가운데 1–{len(hits)}"
    assert page.css("title::text").get() == "그로크 — factpl"


def test_a_hit_says_when_where_and_by_whom(reader: Reader) -> None:
    first = reader.get("/?q=그로크").css(".hit")[0]
    assert (said(first.css(".kicker")), said(first.css(".about"))) == (
        "IT·과학",
        "2024. 1. 8. · 실린 호: ← 나루테크 레터 #3 · www.naruilbo.localhost · 홍보라",
    )


def test_every_hit_leads_to_where_it_is_read(reader: Reader, demo: Archive) -> None:
    for hit in all_hits(demo, q="반도체"):
        href = next(
            link
            for link in reader.get("/?q=반도체&limit=100").css(".hit h2 a::attr(href)").getall()
            if _is_of(link, hit)
        )
        page = reader.get(href)
        place = page.css(f"#{urlsplit(href).fragment} h2") if urlsplit(href).fragment else page.css("h1")
        assert said(place) == hit.document.headline


def _is_of(href: str, hit: Hit) -> bool:
    parts = urlsplit(href)
    issue, _, position = hit.document.id.partition("#")
    if position:
        return (parts.path, parts.fragment) == (f"/issue/{issue}", f"entry-{position}")
    return parts.path == f"/article/{issue.removeprefix('a/')}"


def test_each_facet_leads_to_as_many_as_it_says(reader: Reader) -> None:
    page = reader.get("/?q=칩")
    links = [(link.attrib["href"], said(link.css(".count"))) for link in page.css(".facet a")]
    counted = [(href, int(count)) for href, count in links if count]
    assert len(counted) > 8
    for href, count in counted:
        assert said(reader.get(href).css(".tally")).startswith(f"{count}건"), href


def test_a_chosen_value_is_taken_away_where_it_was_given(reader: Reader) -> None:
    page = reader.get("/?q=칩&section=tech&since=2024")
    assert [(said(link), asked(link.attrib["href"])) for link in page.css(".chips a")] == [
        ("시작 2024 ×빼기", {"q": ["칩"], "section": ["tech"]}),
        ("섹션 IT·과학 ×빼기", {"q": ["칩"], "since": ["2024"]}),
    ]
    current = page.css('.facet a[aria-current="true"]')
    assert [(said(link).rpartition(" ")[0], asked(link.attrib["href"])) for link in current] == [
        ("IT·과학 빼기", {"q": ["칩"], "since": ["2024"]})
    ]


def test_the_address_holds_the_whole_state(reader: Reader) -> None:
    page = reader.get("/?q=칩&section=tech&section=data&since=2023&until=2024-12&sort=date&exact=1")
    kept = {box.attrib["name"]: box.attrib["value"] for box in page.css(".period input")}
    assert kept == {
        "q": "칩",
        "section": "data",
        "since": "2023",
        "until": "2024-12",
        "sort": "date",
        "exact": "1",
    }
    assert page.css(".period input[name=section]::attr(value)").getall() == ["tech", "data"]
    hidden = page.css("form[role=search] input[type=hidden]")
    assert [box.attrib["name"] for box in hidden] == ["since", "until", "section", "section", "sort", "exact"]


def test_pages_lead_through_every_document_once(reader: Reader, demo: Archive) -> None:
    href, seen = "/?q=기사", []
    while href:
        page = reader.get(href)
        seen += page.css(".hit h2 a::attr(href), .similar a::attr(href)").getall()
        assert (page.css("link[rel=next]::attr(href)").get()) == page.css("a[rel=next]::attr(href)").get()
        href = page.css("a[rel=next]::attr(href)").get()
    assert len(seen) == len(set(seen)) == demo.search(Asked(q="기사")).total > 10
    assert asked(page.css("a[rel=prev]::attr(href)").get() or "")["q"] == ["기사"]


def test_nothing_but_spaces_is_nothing_asked(reader: Reader) -> None:
    assert reader.get("/?q=%20%20").css("#rising").getall() != []
    assert said(reader.get("/?q=%20&kind=entry").css("h1")) == "뉴스레터 꼭지"


def test_a_page_too_far_says_so(reader: Reader) -> None:
    page = reader.get("/?q=그로크&page=9")
    assert said(page.css(".tally")) == "6건이 있지만, 이 쪽까지 오지 않습니다. 첫 쪽으로"


def test_months_are_bars_that_narrow_to_them(reader: Reader) -> None:
    page = reader.get("/?q=그로크")
    drawn = [(link.attrib["href"], said(link.css("title"))) for link in page.css(".chart svg a")]
    table = [(row.css("a").attrib["href"], said(row.css("th")), said(row.css("td"))) for row in page.css("tbody tr")]
    assert [(href, f"{period}: {count}") for href, period, count in table] == drawn
    assert sum(int(count) for *_, count in table) == 6
    for href, _, count in table:
        assert said(reader.get(href).css(".tally")).startswith(f"{count}건")


def test_over_many_years_the_bars_are_years(reader: Reader) -> None:
    page = reader.get("/?kind=article")
    assert said(page.css(".chart figcaption")) == "해마다 찾은 글"
    assert [said(row.css("th")) for row in page.css("tbody tr")] == [str(year) for year in range(2016, 2025)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "rmfhzm",
            "rmfhzm: 찾은 것이 없습니다. 대신 찾은 말: 그로크. 한/영 자판을 바꾸어 친 것으로 읽었습니다.",
        ),
        ("ㄱㄹㅋ", "이 첫소리로 된 말들입니다. 친 그대로만 찾기"),
        (
            "그로크 없는낱말이다",
            "모든 낱말이 있는 글은 없어서, 일부만 있는 글을 보입니다. 맨 위의 글에도 없는 낱말: 없는낱말이다.",
        ),
    ],
)
def test_a_query_read_in_another_way_says_so(reader: Reader, query: str, expected: str) -> None:
    page = reader.get(f"/?q={query}")
    assert expected in said(page.css(".notice"))
    assert asked(page.css(".notice a::attr(href)").get() or "") == {"q": [query], "exact": ["1"]}


def test_what_has_only_some_of_the_words_says_which_it_lacks(reader: Reader) -> None:
    page = reader.get("/?q=그로크 없는낱말이다")
    assert {said(one) for one in page.css(".hit .lacks")} == {"없는 낱말: 없는낱말이다"}
    assert len(page.css(".hit .lacks")) == len(page.css(".hit"))
    assert not reader.get("/?q=그로크").css(".lacks")


@pytest.mark.parametrize(("query", "feeds"), [("그로크", 2), ("rmfhzm", 0), ("그로크 없는낱말이다", 0)])
def test_a_feed_is_offered_of_what_was_found_as_typed(reader: Reader, query: str, feeds: int) -> None:
    assert len(reader.get(f"/?q={query}").css("[href^='/feed.atom']")) == feeds


def test_a_filter_is_named_as_the_archive_prints_it_where_nothing_was_found(reader: Reader) -> None:
    label = said(reader.get("/?section=tech").css(".chips a span[class!=unseen]")[1:2])
    chips = reader.get("/?q=없는낱말이다&section=tech").css(".chips a")
    assert label != "tech"
    assert label in said(chips)


def test_to_keep_to_what_was_typed_is_said_and_can_be_undone(reader: Reader) -> None:
    page = reader.get("/?q=rmfhzm&exact=1")
    assert said(page.css(".tally")) == "찾은 것이 없습니다."
    assert asked(page.css(".notice a::attr(href)").get() or "") == {"q": ["rmfhzm"]}


def test_what_may_have_been_meant_is_a_link(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, *(article(str(n), body="데이터가 많다.") for n in range(40)), article("x", "데이타"))
    link = Reader(archive).get("/?q=데이타").css(".suggestion a")
    assert (said(link), link.attrib["href"]) == ("데이터", "/?q=%EB%8D%B0%EC%9D%B4%ED%84%B0")
    archive.close()


def test_what_says_the_same_is_folded_and_can_be_unfolded(tmp_path: Path) -> None:
    text = "느린 배가 부두를 떠난다. 물은 차고 깊다. 등대에는 불이 켜져 있었다."
    archive = archive_of(tmp_path, document("naru/1#1", "느린 배", text), document("naru/2#3", "느린 배", text))
    details = Reader(archive).get("/?q=등대").css(".similar")
    assert (said(details.css("summary")), said(details.css("li"))) == ("비슷한 글 1건", "느린 배 나루 편지 #2")
    assert details.css("li a::attr(href)").get() == "/issue/naru/2?q=%EB%93%B1%EB%8C%80#entry-3"
    archive.close()


def test_the_order_is_said_and_can_be_changed(reader: Reader) -> None:
    page = reader.get("/?q=그로크")
    assert (said(page.css(".sort [aria-current]")), asked(page.css(".sort a::attr(href)").get() or "")) == (
        "잘 맞는 순",
        {"q": ["그로크"], "sort": ["date"]},
    )
    newest = reader.get("/?q=그로크&sort=date")
    dates = newest.css(".hit time::attr(datetime)").getall()
    assert (said(newest.css(".sort [aria-current]")), dates) == ("새 글 순", sorted(dates, reverse=True))
    assert said(reader.get("/?q=섹션:tech").css(".sort [aria-current]")) == "새 글 순"


def test_an_index_older_than_the_archive_is_said_also_of_an_answer_that_is_kept(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, article("1", "느린 배"))
    reader = Reader(archive)
    assert reader.get("/?q=배").css(".notice").getall() == []
    with Store.open(archive.store_path) as store, store.importing() as put:
        put(article("2", "빠른 배"))
    notice = said(reader.get("/?q=배").css(".notice"))
    assert re.fullmatch(r"색인을 만든 뒤\(.*\) 서고가 바뀌었습니다. 새 글까지 찾으려면: search_cli.py index", notice)
    with Store.open(archive.store_path) as store:
        build(store, archive.index_dir)
    page = reader.get("/?q=배")
    assert (page.css(".notice").getall(), len(headlines(page))) == ([], 2)
    archive.close()


def test_a_hit_is_marked_once_for_all_who_ask(demo: Archive) -> None:
    first, second = (demo.search(Asked(q="그로크")).hits[0] for _ in range(2))
    assert first is second
    assert first.highlights is second.highlights


def test_a_page_is_made_once_for_all_who_ask(demo: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr(
        "web.pages.results_page", lambda request, *_: made.append(str(request.url)) or PlainTextResponse("쪽")
    )
    client = Reader(demo).client
    answers = [
        client.get(f"/?q={q}", headers={"accept-language": spoken}) for q in "봄여" for spoken in ("ko", "en", "ko")
    ]
    assert (len(made), {answer.text for answer in answers}) == (4, {"쪽"})
    assert {tuple(answer.headers.items()) for answer in answers} == {tuple(answers[0].headers.items())}


def test_last_month_is_another_month_one_day(demo: Archive) -> None:
    today, next_month = Asked(q="칩", since="지난달"), Asked(q="칩", since="지난달")
    today.__dict__["filters"] = Filters(since=date(2024, 1, 1))
    next_month.__dict__["filters"] = Filters(since=date(2024, 7, 1))
    assert demo.search(today).total > demo.search(next_month).total


def test_the_other_names_written_by_hand_count_at_once(
    demo: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "aliases.toml"
    file.write_text("", encoding="utf-8")
    monkeypatch.setattr("web.archive.ALIASES", file)
    first = demo.search(Asked(q="그로크"))
    file.write_text("# 고쳤다\n", encoding="utf-8")
    assert demo.search(Asked(q="그로크")).hits[0] is not first.hits[0]


# --- Reading ---


def test_an_issue_is_read_entry_by_entry_as_it_was_laid_out(reader: Reader, demo: Archive) -> None:
    page = reader.get("/issue/narutech/8")
    entries = demo.store.issue_documents("narutech/8")
    shown = [
        (one.attrib["id"], said(one.css("h2")), said(one.css(".kicker")), len(one.css(".ways li")))
        for one in page.css(".entry")
    ]
    assert shown == [
        (f"entry-{e.position}", e.headline, e.section.label if e.section else "", len(e.links)) for e in entries
    ]
    bodies = ["\n\n".join(map(said, one.css(".text p"))) for one in page.css(".entry")]
    assert bodies == [" ".join(e.body.split(" ")) for e in entries]
    assert said(page.css(".contents li")[5]) == entries[5].headline


def test_an_entry_leads_to_the_copy_of_what_it_links_to_and_to_the_original(reader: Reader) -> None:
    entry = reader.get("/issue/narutech/8?q=그로크").css("#entry-6")
    assert entry.css(".inward::attr(href)").get() == "/article/naruilbo/23993440?q=%EA%B7%B8%EB%A1%9C%ED%81%AC"
    outward = entry.css(".outward")
    assert (outward.attrib["href"], outward.attrib["rel"]) == (
        "http://www.naruilbo.localhost:8055/article/23993440",
        "noopener noreferrer nofollow",
    )
    assert entry.css("h2 mark::text").getall() == ["그로크"]


@pytest.mark.parametrize(
    ("left", "said_of_it"),
    [
        ("/?q=칩&since=2024&sort=date&page=2&limit=2", "← ‘칩’ 찾기로 돌아가기"),
        ("/?kind=article&page=2&limit=3", "← 찾던 곳으로 돌아가기"),
        ("/?q=그로크&kind=entry", "← ‘그로크’ 찾기로 돌아가기"),
    ],
)
def test_the_way_back_leads_to_what_was_left(reader: Reader, left: str, said_of_it: str) -> None:
    read = reader.get(left).css(".hit h2 a::attr(href)").get() or ""
    back = reader.get(read).css(".back a")
    assert (said(back), asked(back.attrib["href"])) == (said_of_it, asked(left))
    onwards = reader.get(read).css(".inward::attr(href), .ways-in a::attr(href)").getall()
    assert onwards
    assert {json.dumps(asked(one)) for one in onwards} == {json.dumps(asked(back.attrib["href"]))}


def test_who_comes_from_nowhere_that_could_be_asked_has_no_way_back(reader: Reader) -> None:
    article = urlsplit(reader.get("/?q=그로크&kind=article").css(".hit h2 a::attr(href)").get()).path
    for query in ("", "?since=never", f"?q={'가' * 1_001}", "?utm_source=mail", "?q=%20"):
        assert reader.get(f"{article}{query}").css(".back").getall() == [], query


def test_of_what_could_not_be_asked_the_words_are_kept(reader: Reader) -> None:
    article = urlsplit(reader.get("/?q=그로크&kind=article").css(".hit h2 a::attr(href)").get()).path
    for query in ("?q=%20그로크&utm_source=mail", "?q=그로크&since=never"):
        page = reader.get(f"{article}{query}")
        assert asked(page.css(".back a").attrib["href"]) == {"q": ["그로크"]}
        assert page.css("main mark::text").getall()[0] == "그로크"


def test_a_link_without_a_copy_says_so_and_leads_to_the_original(reader: Reader, demo: Archive) -> None:
    missing = demo.store.pending()[0]
    issue, _, position = missing.entry_id.partition("#")
    way = next(
        one
        for one in reader.get(f"/issue/{issue}").css(f"#entry-{position} .ways li")
        if one.css(".outward::attr(href)").get() == missing.url
    )
    assert (said(way.css(".none")), way.css(".inward").getall()) == ("사본 없음", [])
    page = reader.get(f"/article/{missing.article_id.removeprefix('a/')}", 404)
    assert "이 기사의 사본은 없습니다" in said(page.css("main"))


def test_issues_lead_to_those_before_and_after(reader: Reader) -> None:
    page = reader.get("/issue/narutech/8")
    assert page.css(".neighbours a::attr(href)").getall() == ["/issue/narutech/7", "/issue/narutech/9"]
    searched = reader.get("/issue/narutech/8?q=칩&page=2").css(".neighbours a::attr(href)").getall()
    assert [asked(path) for path in searched] == [{"q": ["칩"], "page": ["2"]}] * 2
    assert reader.get("/issue/narutech/30").css(".neighbours a::attr(rel)").getall() == ["prev"]


def test_every_page_to_read_says_that_it_is_a_copy_and_where_the_original_is(reader: Reader, demo: Archive) -> None:
    shown = [("/issue/narutech/8", demo.store.issue_documents("narutech/8")[0].issue)]
    shown.append(("/article/naruilbo/24917412", demo.store.document("a/naruilbo/24917412")))
    for path, one in shown:
        notice = reader.get(path).css(".copy")
        assert said(notice.css("strong")) == "개인 사본"
        assert notice.css("a::attr(href)").get() == one.url


def test_an_article_says_which_issues_led_to_it_and_what_is_like_it(reader: Reader, demo: Archive) -> None:
    linked = max(demo.store.documents(), key=lambda one: len(one.linked_from))
    page = reader.get(f"/article/{linked.id.removeprefix('a/')}")
    ways = page.css(".ways-in li a::attr(href)").getall()
    assert [href.rpartition("#entry-") for href in ways] == [
        (f"/issue/{way.entry.partition('#')[0]}", "#entry-", way.entry.partition("#")[2]) for way in linked.linked_from
    ]
    related = page.css(".related li a::attr(href)").getall()
    assert 0 < len(related) <= 6
    for href in [*ways, *related]:
        reader.get(href)


def test_a_document_without_a_copy_of_its_own_date_or_words_is_read(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, article("1", "", "", None), document("naru/1#1", " ", ""))
    reader = Reader(archive)
    assert said(reader.get("/article/1").css("h1")) == "제목 없음"
    assert "메일로 받은 것이라" in said(reader.get("/issue/naru/1").css(".copy"))
    assert {said(one.css("h2")) for one in reader.get("/?kind=article&kind=entry").css(".hit")} == {"제목 없음"}
    archive.close()


def test_versions_show_the_words_that_changed(tmp_path: Path) -> None:
    harbour = article("1", "조용한 항만", "느린 배가 간다.\n\n물은 차다.")
    archive = archive_of(tmp_path, harbour)
    with Store.open(archive.store_path) as store, store.importing() as put:
        put(harbour._replace(body="느린 배가 간다.\n\n물은 차고 깊다.", authors=["도하린"]))
    versions = Reader(archive).get("/article/1").css(".versions")
    assert said(versions.css("summary")) == "판 기록: 2개 판"
    newest = versions.css("li")[0]
    assert said(newest.css("p")[0]) == "바뀐 것: 기자, 본문"
    assert [said(line) for line in newest.css(".diff p")] == [
        "느린 배가 간다.",
        "빠짐: 물은 차다.",
        "더함: 물은 차고 깊다.",
    ]
    assert (newest.css("del::text").getall(), newest.css("ins::text").getall()) == (["차다."], ["차고 깊다."])
    archive.close()


def test_an_entry_that_changed_has_its_versions_too(tmp_path: Path) -> None:
    entry = document("naru/1#1", "느린 배", "간다.")
    archive = archive_of(tmp_path, entry)
    with Store.open(archive.store_path) as store, store.importing() as put:
        put(entry._replace(body="온다."))
    assert said(Reader(archive).get("/issue/naru/1").css("#entry-1 .versions summary")) == "판 기록: 2개 판"
    archive.close()


def test_an_article_that_turned_out_to_be_another_leads_there(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, article("old", "느린 배"))
    with Store.open(archive.store_path) as store:
        store.put_article(Article("a/new", "https://naru.example/1", "naru.example", "느린 배", "간다.", "a/old"))
    response = Reader(archive).client.get("/article/old?q=배", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (307, "/article/new?q=%EB%B0%B0")
    archive.close()


def test_what_was_removed_is_gone_and_its_last_copy_is_shown(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, article("old", "느린 배", "물은 차다.", url="https://naru.example/1"))
    with Store.open(archive.store_path) as store:
        store.put_article(Article("a/new", "https://naru.example/2", "naru.example", "빠른 배", "온다.", "a/old"))
        with store._writing() as writing:
            writing.connection.exec_driver_sql("DELETE FROM redirects")
    page = Reader(archive).get("/article/old", 410)
    assert (said(page.css("h1")), said(page.css(".text"))) == ("느린 배", "물은 차다.")
    assert page.css(".copy a::attr(href)").get() == "https://naru.example/1"
    archive.close()


def test_another_archive_in_its_place_is_read(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "one", article("1", "느린 배"))
    other = archive_of(tmp_path / "two", article("1", "빠른 배"))
    reader = Reader(archive)
    assert said(reader.get("/article/1").css("h1")) == "느린 배"
    other.close()
    shutil.move(tmp_path / "two" / "archive.sqlite3", archive.store_path)
    assert said(reader.get("/article/1").css("h1")) == "빠른 배"
    archive.close()


# --- Browsing ---


def test_issues_are_listed_by_publication(reader: Reader) -> None:
    page = reader.get("/issues")
    assert [said(one) for one in page.css(".publication h2")] == ["한줄경제", "나루테크 레터"]
    assert page.css(".publication")[1].css("ol a::attr(href)").getall() == [
        f"/issue/narutech/{number}" for number in range(30, 18, -1)
    ]


def test_a_publications_calendar_has_every_issue_on_its_day(reader: Reader, demo: Archive) -> None:
    page = reader.get("/issues/hanjul")
    issues = [issue for issue in demo.issues() if issue.publication.id == "hanjul"]
    days = [(cell.attrib["href"], cell.attrib["title"], said(cell)) for cell in page.css(".days a")]
    assert sorted(days) == sorted(
        (f"/issue/{i.id}", i.headline, str(int((i.date_published or "")[8:10]))) for i in issues
    )
    assert len(page.css(".month ol li")) == len(issues)
    for href, *_ in days:
        reader.get(href)


@pytest.mark.parametrize("path", ["/sections", "/authors"])
def test_sections_and_authors_lead_to_as_many_as_they_say(reader: Reader, path: str) -> None:
    for row in reader.get(path).css(".values li")[:20]:
        tally = said(reader.get(row.css("a").attrib["href"]).css(".tally"))
        assert tally.startswith(f"{said(row.css('.count'))}건")


def test_trends_are_lines_with_a_table_behind(reader: Reader) -> None:
    page = reader.get("/trends?q=반도체&q=그로크&since=2024&absolute=1")
    assert page.css(".lines polyline::attr(class)").getall() == ["line-1", "line-2"]
    assert [said(one) for one in page.css(".legend li")] == ["반도체 13", "그로크 5"]
    rows = [[said(cell) for cell in row.css("th, td")] for row in page.css("tbody tr")]
    assert sum(int(row[2].partition(" ")[0]) for row in rows) == 5
    assert page.css(".compare input[name=q]::attr(value)").getall() == ["반도체", "그로크", "", "", ""]
    assert reader.get("/trends").css(".lines").getall() == []


def test_nothing_to_compare_is_said(reader: Reader) -> None:
    assert "날짜가 있는 것이 없습니다" in said(reader.get("/trends?q=배&since=2001&until=2002").css(".notice"))
    assert "견줄 글이 없습니다" in said(reader.get("/words?since=1999").css(".notice"))


def test_words_that_rise_lead_to_where_they_stand(reader: Reader) -> None:
    page = reader.get("/words?since=2024-06")
    first = page.css(".rising tbody tr")[0]
    assert [said(cell) for cell in first.css("th, td")][:3] == ["보증", "8", "1"]
    assert said(reader.get(first.css("a").attrib["href"]).css(".tally")).startswith("8건")


# --- What goes wrong ---


@pytest.mark.parametrize(
    ("path", "status", "expected"),
    [
        ("/nowhere", 404, "없는 곳입니다"),
        ("/issue/narutech/999", 404, "없는 곳입니다"),
        ("/issue/../../etc/passwd", 404, "없는 곳입니다"),
        ("/article/..%2f..%2fetc%2fpasswd", 404, "이 기사의 사본은 없습니다"),
        ("/article/", 404, "이 기사의 사본은 없습니다"),
        ("/issues/nobody", 404, "없는 곳입니다"),
        ("/?page=0", 400, "쪽: 1보다 작을 수 없습니다."),
        ("/?page=99999999999999999999999", 400, "쪽: 10000보다 클 수 없습니다."),
        ("/?sort=best", 400, "차례: 이 가운데 하나여야 합니다"),
        ("/?colour=red", 400, "‘colour’ 조건은 없습니다"),
        ("/?since=언젠가", 400, "시작: '언젠가' — 날짜나 기간이 아닙니다."),
        ("/?q=%22그로크", 400, "1번째 글자의 따옴표가 닫히지 않았습니다."),
        (f"/?q={'가' * 1_001}", 400, "검색어: 1000자까지 적을 수 있습니다."),
        ("/trends?q=1&q=2&q=3&q=4&q=5&q=6", 400, "5개까지 견줍니다"),
        ("/trends?q=배&by=day", 400, "단위: 이 가운데 하나여야 합니다: month or week"),
    ],
)
def test_what_goes_wrong_is_a_page_that_says_what_to_do(reader: Reader, path: str, status: int, expected: str) -> None:
    page = reader.get(path, status)
    assert expected in said(page.css("main"))
    assert page.css("form[role=search]")


def test_what_was_typed_wrongly_stays_in_the_box(reader: Reader) -> None:
    assert reader.get("/?q=%22그로크", 400).css("input[name=q]::attr(value)").get() == '"그로크'


def test_what_was_asked_for_besides_a_mistake_is_not_lost(reader: Reader) -> None:
    links = reader.get("/?q=그로크&section=나루+인터뷰&since=어제쯤", 400).css("main a::attr(href)").getall()
    again, afresh = links
    assert (parse_qs(urlsplit(again).query), afresh) == ({"q": ["그로크"], "section": ["나루 인터뷰"]}, "/")
    assert reader.get("/?since=어제쯤", 400).css("main a::attr(href)").getall() == ["/"]


def test_without_an_index_one_reads_and_is_told_how_to_make_one(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, article("1", "느린 배"))
    shutil.rmtree(archive.index_dir)
    reader = Reader(archive)
    page = reader.get("/?q=배", 503)
    assert (said(page.css("main p")[0]), said(page.css("code"))) == (
        "서고는 있지만 색인이 아직 없습니다.",
        "search_cli.py index",
    )
    assert said(reader.get("/article/1?q=배").css("h1")) == "느린 배"
    assert str(tmp_path) not in page.get()
    archive.close()


def test_an_index_of_another_version_is_to_be_made_anew(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, article("1", "느린 배"))
    meta = archive.index_dir / "meta.json"
    meta.write_text(json.dumps({**json.loads(meta.read_text()), "schema_version": 0}))
    response = Reader(archive).client.get("/?q=배")
    assert (response.status_code, response.headers["retry-after"]) == (503, "60")
    assert "<code>search_cli.py index --rebuild</code>" in response.text
    archive.close()


def test_without_an_archive_one_is_told_to_collect(tmp_path: Path) -> None:
    page = Reader(Archive(tmp_path / "index", tmp_path / "archive.sqlite3")).get("/issues", 503)
    assert said(page.css("code")) == "./nightly"


def test_a_fault_of_ours_is_a_page_without_details(demo: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("web.pages.results_page", broken)
    page = Reader(demo).get("/?q=배", 500)
    assert "뜻하지 않은 일" in said(page.css("main"))
    assert "secret" not in page.get()
    assert not page.css("code")


PATHS = [
    *("/", "/?q=그로크", "/?q=rmfhzm", "/?q=없는낱말이다", "/issue/narutech/8?q=그로크", "/article/naruilbo/24917412"),
    *("/issues", "/issues/hanjul", "/sections", "/authors", "/trends?q=칩", "/words?since=2024-06"),
]


@pytest.mark.parametrize("path", PATHS)
def test_every_page_is_there_in_english(reader: Reader, path: str) -> None:
    page = reader.get(path, **{"accept-language": "en"})
    assert page.css("html::attr(lang)").get() == "en"
    ours = page.css(
        "header nav, .more, label, button, summary, .chart:not(.trend) figcaption, .sort, .copy strong, footer"
    )
    assert re.findall("[가-힣]+", said(ours).replace("한국어", "")) == []


@pytest.mark.parametrize("path", PATHS)
def test_an_english_page_says_what_is_korean(reader: Reader, path: str) -> None:
    page = reader.get(path, **{"accept-language": "en"})
    # What was typed is whatever it is.
    page.css("title, h1, thead, .notice, .legend, .back").drop()
    unmarked = page.xpath("//body//text()[not(ancestor::*[@lang='ko'])]").getall()
    assert [text for text in unmarked if re.search("[가-힣]", text)] == []


@pytest.mark.parametrize("path", [*PATHS, "/nowhere"])
def test_a_page_has_landmarks_one_heading_and_nothing_inline(reader: Reader, path: str) -> None:
    page = reader.get(path, 404 if path == "/nowhere" else 200)
    assert [len(page.css(name)) for name in ("main", "h1", "body > header", "body > footer", "a.skip")] == [1] * 5
    assert page.xpath("//@style | //style | //script[not(@src)] | //@*[starts-with(name(), 'on')]").getall() == []
    assert {urlsplit(url).netloc for url in page.css("link::attr(href), script::attr(src)").getall()} == {""}
    assert page.css("img, iframe, object, embed, base").getall() == []
    ids = page.xpath("//@id").getall()
    assert sorted(ids) == sorted(set(ids))


# --- Hostile pages ---

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}\u202egnp.exe\x1b[31m\x00'


def test_a_keyword_leads_to_all_that_have_it(tmp_path: Path) -> None:
    words = ["ＡＩ：미래", '"반도', "*", "＂칩＂"]
    archive = archive_of(tmp_path, article("1", keywords=words), article("2", "칩", keywords=["ai:미래"]))
    reader = Reader(archive)
    links = reader.get("/article/1").css(".keywords a::attr(href)").getall()
    found = [reader.get(link).css(".hit h2 a::attr(href)").getall() for link in links]
    assert [sorted(path.partition("?")[0] for path in paths) for paths in found] == [
        ["/article/1", "/article/2"],
        ["/article/1"],
        ["/article/1"],
    ]
    archive.close()


def test_a_search_is_narrowed_to_one_kind_where_it_found_both(reader: Reader) -> None:
    page = reader.get("/?q=그로크")
    kinds = [said(one) for one in page.css("section[aria-labelledby=facet-kind] li")]
    assert [one.partition(" ")[0] for one in sorted(kinds)] == ["기사", "뉴스레터"]
    one_kind = reader.get(page.css("section[aria-labelledby=facet-kind] a::attr(href)").get() or "")
    assert said(one_kind.css(".tally")).startswith(kinds[0].rpartition(" ")[2])
    assert not reader.get("/?q=없는낱말이다").css("section[aria-labelledby=facet-kind]")


def hostile() -> list[Document]:
    """An entry and an article that hold what their writer hoped a browser would obey."""
    address = "javascript:alert(1)"
    links = [DocumentLink(1, EVIL, address, "a/evil"), DocumentLink(2, EVIL, "data:text/html,x", "a/none")]
    entry = document("naru/1#1", EVIL, f"{EVIL}\n\n{EVIL} 느린 배", section=section(EVIL), authors=[EVIL], links=links)
    assert entry.issue is not None
    evil = article(
        "evil",
        EVIL,
        f"느린 배 {EVIL}",
        section=section(EVIL),
        authors=[EVIL],
        captions=[EVIL],
        keywords=[EVIL],
        url=address,
        site=f"evil{EVIL}",
        linked_from=[LinkedFrom("naru/1#1", 1, EVIL)],
    )
    issue = entry.issue._replace(headline=EVIL, url=address)
    return [entry._replace(issue=issue, publication=PublicationRef("naru", EVIL)), evil]


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    archive = archive_of(tmp_path_factory.mktemp("evil"), *hostile())
    with Store.open(archive.store_path) as store, store.importing() as put:
        for one in hostile():
            put(one._replace(body=f"{EVIL} 빠른 배"))
    yield archive
    archive.close()


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/",
            "/?q=배",
            "/?kind=entry&kind=article",
            "/issue/naru/1?q=배",
            "/article/evil?q=배",
            "/issues",
            "/issues/naru",
        ),
        *("/sections", "/authors", "/trends?q=배", "/words"),
        "/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E%22",
        "/?q=배&section=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&author=%22onmouseover=alert(1)%20x=%22",
        "/trends?q=%22%3E%3Cscript%3E%22&since=2024",
        "/issue/naru/1?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
    ],
)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_what_a_page_says_is_shown_and_never_obeyed(evil: Archive, path: str, language: str) -> None:
    page = Reader(evil).get(path, **{"accept-language": language})
    assert page.css("script::attr(src)").getall() == ["/static/search.js"]
    assert page.css("script:not([src]), img, iframe, object, embed, base, style").getall() == []
    assert page.xpath("//@*[starts-with(name(), 'on') or name() = 'style' or name() = 'srcset']").getall() == []
    addresses = [urlsplit(url) for url in page.xpath("//@href | //@src | //@action").getall()]
    assert {url.scheme for url in addresses} <= {""}
    assert {url.netloc for url in addresses} == {""}
    assert re.findall("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b\x1b]", page.get()) == []
    assert "49" not in said(page.css("main h1, main h2"))


def test_an_address_that_runs_is_shown_as_text(evil: Archive) -> None:
    page = Reader(evil).get("/article/evil")
    assert said(page.css(".copy code")) == "javascript:alert(1)"
    ways = Reader(evil).get("/issue/naru/1").css(".ways li")
    assert [said(way.css("code")) for way in ways] == ["javascript:alert(1)", "data:text/html,x"]


def test_no_header_holds_what_was_asked(reader: Reader) -> None:
    response = reader.client.get("/?q=a%0d%0aSet-Cookie:%20x=1&lang=en%0d%0aX:%20y")
    assert {"x", "set-cookie"} & response.headers.keys() == set()
    moved = reader.client.get("/article/a%0d%0aX:%20y?q=%0d%0aX:%20y", follow_redirects=False)
    assert (moved.status_code, "x" in moved.headers) == (404, False)
