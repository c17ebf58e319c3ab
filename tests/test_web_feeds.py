from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from lxml import etree
from served import CHIP, CHIP_ID, DOCUMENTS, HOST, archive_of, article, asking
from starlette.testclient import TestClient

from web.archive import Archive
from web.asked import Asked
from web.feeds import atom_feed

ATOM = "{http://www.w3.org/2005/Atom}"
SEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return archive_of(tmp_path_factory.mktemp("data"), *DOCUMENTS)


@pytest.fixture(scope="module")
def client(archive: Archive) -> Iterator[TestClient]:
    with asking(archive) as client:
        yield client


def parsed(client: TestClient, address: str) -> etree._Element:
    return etree.fromstring(client.get(address).content)


def entries(feed: etree._Element) -> list[dict[str, str | None]]:
    """Return of each entry its texts, its links and its category, by their names."""
    found = []
    for entry in feed.iter(f"{ATOM}entry"):
        told: dict[str, str | None] = {child.tag.removeprefix(ATOM): child.text for child in entry}
        told |= {link.get("rel", ""): link.get("href") for link in entry.iter(f"{ATOM}link")}
        told["category"] = next((one.get("term") for one in entry.iter(f"{ATOM}category")), None)
        told["author"] = entry.findtext(f"{ATOM}author/{ATOM}name")
        told.pop("link")
        found.append(told)
    return found


def test_a_search_is_a_feed_newest_first(client: TestClient) -> None:
    feed = parsed(client, "/feed.atom?q=%EA%B7%B8%EB%A1%9C%ED%81%AC")
    assert feed.findtext(f"{ATOM}title") == "factpl: 그로크"
    assert feed.findtext(f"{ATOM}updated") == "2024-03-12T00:00:00+09:00"
    of_itself = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert of_itself == {
        "alternate": f"http://{HOST}/?q=%EA%B7%B8%EB%A1%9C%ED%81%AC",
        "self": f"http://{HOST}/feed.atom?q=%EA%B7%B8%EB%A1%9C%ED%81%AC",
    }
    newest, article_of_it, undated = entries(feed)
    ids = [one.pop("id") for one in (newest, article_of_it, undated)]
    assert len(set(ids)) == 3
    assert newest == {
        "title": "그로크가 던진 질문",
        "alternate": CHIP,
        "related": f"http://{HOST}/issue/naru/12#entry-1",
        "published": "2024-03-12T00:00:00+09:00",
        "updated": "2024-03-12T00:00:00+09:00",
        "author": "한결",
        "summary": "속도를 재 보았다. 그로크는 빨랐다.",
        "category": "나루 인터뷰",
    }
    assert (article_of_it["updated"], article_of_it["author"]) == ("2024-03-08T11:20:00+09:00", "서이랑, 도담")
    assert article_of_it["related"] == f"http://{HOST}/article/{CHIP_ID.removeprefix('a/')}"
    # A feed must say when; it has no time of its own, and takes the feed's.
    assert ("published" in undated, undated["updated"]) == (False, "2024-03-12T00:00:00+09:00")


def test_what_xml_cannot_hold_is_left_out(client: TestClient) -> None:
    [found] = entries(parsed(client, "/feed.atom?q=판&kind=article"))
    assert found["title"] == "추론 칩 그로크, 판을 바꾸다"
    assert found["summary"] == "빨간[31m 글자와 뒤집힌 \u202e순서가 그로크(Groq) 옆에 있다. "


def test_no_text_is_markup_to_who_reads_the_feed(client: TestClient) -> None:
    [found] = entries(parsed(client, "/feed.atom?q=번역"))
    assert found["summary"] == "&lt;script&gt;alert(1)&lt;/script&gt; 한 번만 눌러도 &amp; 번역한다."
    feed = parsed(client, "/feed.atom?q=%3Cscript%3E%27%26")
    assert feed.findtext(f"{ATOM}title") == "factpl: <script>'&"
    assert feed.findall(f".//{ATOM}script") == feed.findall(".//script") == []


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd"])
def test_no_link_of_a_feed_runs_anything(tmp_path: Path, url: str) -> None:
    archive = archive_of(tmp_path, article(7, "나쁜 주소", "글", url=url))
    hits = archive.search(Asked()).hits
    assert url not in atom_feed("", Asked(), hits, "http://localhost", "http://localhost/feed.atom")


def test_a_feed_without_anything_is_one(client: TestClient) -> None:
    feed = parsed(client, "/feed.atom?q=%EC%97%86%EB%8A%94%EB%A7%90&exact=1")
    assert (entries(feed), feed.findtext(f"{ATOM}updated")) == ([], "1970-01-01T00:00:00+09:00")


def test_a_feed_that_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/feed.atom?q=a")
    tag = first.headers["etag"]
    again = client.get("/feed.atom?q=a", headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert again.headers["cache-control"] == "private, max-age=300"
    assert client.get("/feed.atom?q=b", headers={"If-None-Match": tag}).status_code == 200


def test_ids_stay_when_the_archive_is_asked_by_another_name(client: TestClient) -> None:
    here, there = (
        etree.fromstring(client.get("/feed.atom?limit=2", headers={"Host": host}).content)
        for host in ("localhost:8025", "192.0.2.7")
    )
    assert [one["id"] for one in entries(here)] == [one["id"] for one in entries(there)]
    assert here.findtext(f"{ATOM}id") == there.findtext(f"{ATOM}id")
    links = [link.get("href", "") for link in there.iter(f"{ATOM}link") if link.get("rel") in ("self", "related")]
    assert {urlsplit(link).netloc for link in links} == {"192.0.2.7"}


@pytest.mark.parametrize("query", ["그로크 바다풀 사과값", "rmfhzm"])
def test_nothing_that_was_guessed_comes_unasked(client: TestClient, archive: Archive, query: str) -> None:
    assert archive.search(Asked(q=query)).hits
    assert entries(parsed(client, f"/feed.atom?{urlencode({'q': query})}")) == []


def test_filters_narrow_a_feed(client: TestClient) -> None:
    assert [one["title"] for one in entries(parsed(client, "/feed.atom?section=interview&until=2024-03-12"))] == [
        "그로크가 던진 질문",
        "번역 앱 새 판",
    ]


def test_a_feed_is_called_as_its_filters_are_printed(client: TestClient) -> None:
    asked = "section=interview&publication=naru&author=한결"
    title = "factpl: 나루 인터뷰 · 한결 · 나루 편지"
    assert parsed(client, f"/feed.atom?{asked}").findtext(f"{ATOM}title") == title
    assert client.get(f"/feed.json?{asked}").json()["title"] == title


@pytest.mark.parametrize("address", ["/feed.atom?x=1", "/feed.atom?q=%22a", "/feed.json?limit=0"])
def test_a_mistake_in_a_feeds_address_is_told(client: TestClient, address: str) -> None:
    response = client.get(address)
    assert (response.status_code, response.headers["content-type"]) == (400, "text/plain; charset=utf-8")


def test_a_json_feed_tells_the_same(client: TestClient) -> None:
    response = client.get("/feed.json?q=질문")
    atom = entries(parsed(client, "/feed.atom?q=질문"))
    assert response.headers["content-type"] == "application/feed+json"
    assert response.json()["items"] == [
        {
            "id": atom[0]["id"],
            "url": f"http://{HOST}/issue/naru/12#entry-1",
            "external_url": CHIP,
            "title": "그로크가 던진 질문",
            "content_text": "속도를 재 보았다. 그로크는 빨랐다.",
            "date_published": "2024-03-12T00:00:00+09:00",
            "authors": [{"name": "한결"}],
            "tags": ["나루 인터뷰"],
        }
    ]


def test_dates_are_those_that_a_reader_understands(client: TestClient) -> None:
    for one in entries(parsed(client, "/feed.atom")):
        assert datetime.fromisoformat(one["updated"] or "").utcoffset() is not None


def test_a_browser_is_told_how_to_search_and_to_suggest(client: TestClient) -> None:
    description = parsed(client, "/opensearch.xml")
    assert len(description.findtext(f"{SEARCH}ShortName") or "") <= 16
    urls = {one.get("type"): one.get("template", "") for one in description.findall(f"{SEARCH}Url")}
    for kind, path in (("text/html", "/"), ("application/x-suggestions+json", "/suggest")):
        address = urlsplit(urls[kind].replace("{searchTerms}", "그로"))
        assert (address.netloc, address.path, parse_qs(address.query)["q"]) == (HOST, path, ["그로"])
    answer = client.get(urls["application/x-suggestions+json"].replace("{searchTerms}", "그로"))
    assert answer.json()[0] == "그로"
