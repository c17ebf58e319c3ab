"""The invented publications: what is committed, what it must contain, and the server that serves it."""

import doctest
import http.client
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from demo_site import expected, tokens, words
from demo_site.generate import HERE, generate, write
from demo_site.server import DemoSite, PortTakenError
from factpl_crawler.documents import Document, Section
from factpl_crawler.text import decode_click

PORT = 8055
SEEDS = HERE.parent.parent / "shared" / "seeds"
ROUTES = json.loads((HERE / "site" / "routes.json").read_text("utf-8"))
DOCUMENTS = expected.load(PORT)
ENTRIES = [document for document in DOCUMENTS if document.kind == "entry"]
ARTICLES = [document for document in DOCUMENTS if document.kind == "article"]
PROBLEMS = expected.load_problems(PORT)


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with DemoSite(port=0) as site:
        yield site


def get(site: DemoSite, host: str, target: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=5)
    try:
        connection.request(method, target, headers={"Host": f"{host}:{site.port}"})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


# --- What is committed


def site_files() -> list[Path]:
    return [path for path in (HERE / "site").rglob("*") if path.is_file()]


def test_generator_writes_the_committed_files_byte_for_byte() -> None:
    committed = {path.relative_to(HERE).as_posix(): path.read_bytes() for path in site_files()}
    committed |= {path.name: path.read_bytes() for path in (expected.DOCUMENTS, expected.PROBLEMS)}
    generated = generate()
    assert sorted(generated) == sorted(committed)
    assert [path for path in generated if generated[path] != committed[path]] == []


def test_generator_leaves_no_page_of_an_earlier_run(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "old.html").write_text("old")
    write(tmp_path)
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert written == generate().keys()


def test_committed_files_stay_small() -> None:
    assert sum(map(len, generate().values())) < 3_000_000


@pytest.mark.parametrize("module", [tokens, words], ids=lambda module: module.__name__)
def test_examples_in_docstrings_hold(module: object) -> None:
    results = doctest.testmod(module)  # type: ignore[arg-type]  # a module, by whatever name pytest passes it
    assert (results.failed, results.attempted > 0) == (0, True)


# --- What it contains


def test_there_are_enough_issues_and_articles() -> None:
    issues = Counter(entry.publication.id for entry in one_entry_an_issue() if entry.publication)
    assert issues == {"narutech": 30, "hanjul": 8}
    assert len(ARTICLES) >= 120


def test_each_issue_of_narutech_links_four_to_ten_articles() -> None:
    links = Counter(e.issue.id for e in ENTRIES if e.issue and e.id.startswith("narutech/") for _ in e.links)
    assert len(links) == 30
    assert {issue: count for issue, count in links.items() if not 4 <= count <= 10} == {}


def test_articles_are_linked_from_several_issues_and_both_publications() -> None:
    ways_in = {a.id: {link.entry.partition("#")[0] for link in a.linked_from} for a in ARTICLES}
    assert sum(len(issues) > 1 for issues in ways_in.values()) >= 20
    assert any({issue.partition("/")[0] for issue in issues} == {"narutech", "hanjul"} for issues in ways_in.values())
    assert [id for id, issues in ways_in.items() if not issues] == []


def test_each_expected_document_has_an_own_id_and_stands_in_the_order_of_an_export() -> None:
    ids = [document.id for document in DOCUMENTS]
    assert len(set(ids)) == len(ids)
    assert [document.kind for document in DOCUMENTS] == ["entry"] * len(ENTRIES) + ["article"] * len(ARTICLES)
    assert [a.id for a in ARTICLES] == sorted(a.id for a in ARTICLES)
    order = [(e.publication.id, e.date_published, e.position) for e in ENTRIES if e.publication]
    assert order == sorted(order)


def test_expected_documents_are_written_as_an_export_writes_them() -> None:
    lines = tokens.expand(expected.DOCUMENTS.read_bytes(), PORT).decode().splitlines()
    assert [Document.from_json(line).to_json() for line in lines] == lines
    assert unicodedata.is_normalized("NFC", "".join(lines))


def test_each_kind_of_failure_occurs() -> None:
    assert set(PROBLEMS["articles"].values()) == expected.FAILURES
    assert list(PROBLEMS["issues"].values()) == ["404"]
    assert PROBLEMS["unknown_labels"] == {"narutech": ["나루 번외편"]}
    assert PROBLEMS["weekdays"] == {"narutech/9": "printed Friday, but 2024-02-22 is a Thursday"}


def test_failed_articles_stay_linked_and_have_no_document() -> None:
    linked = {link.url for entry in ENTRIES for link in entry.links}
    assert PROBLEMS["articles"].keys() <= linked
    assert PROBLEMS["articles"].keys() & {article.url for article in ARTICLES} == set()


def test_dates_sections_and_truncation_come_in_every_kind() -> None:
    assert {a.date_published_source for a in ARTICLES} == {"json-ld", "meta", "page"}
    assert {e.date_published_source for e in ENTRIES} == {"body", "list"}
    assert Section("tech", "IT·과학") in [a.section for a in ARTICLES]
    sections = {e.section.id for e in ENTRIES if e.section and e.id.startswith("narutech/")}
    assert sections == {"original", "interview", "friday", "data", "recommended", None}
    assert any(a.truncated for a in ARTICLES)


def test_groq_occurs_in_its_forms_and_john_locke_alone() -> None:
    text = {document.id: f"{document.headline}\n{document.body}" for document in DOCUMENTS}
    found = [id for id, words_ in text.items() if "그로크" in words_]
    assert 5 <= len(found) <= 12
    together = "\n".join(text[id] for id in found)
    assert [form for form in ("그로크의", "그로크는", "그로크(Groq)", "그로크가") if form not in together] == []
    assert {id for id, words_ in text.items() if "존 로크" in words_}.isdisjoint(found)
    assert any("존 로크" in article.body for article in ARTICLES)


def one_entry_an_issue() -> list[Document]:
    return [entry for entry in ENTRIES if entry.position == 1]


# --- Its pages


def pages() -> Iterator[tuple[str, str]]:
    """Yield each page's route and its text, decoded as its header or else the page itself declares."""
    for row in ROUTES:
        if row.get("file", "").endswith((".html", ".json")):
            content = tokens.expand((HERE / "site" / row["file"]).read_bytes(), PORT)
            declared = re.search(rb"charset=\"?([\w-]+)", row["headers"]["Content-Type"].encode() + content)
            yield f"{row['host']}{row['target']}", content.decode(declared[1].decode() if declared else "utf-8")


def links() -> set[str]:
    href = re.compile(r'(?:href|permanentLink)"?[=:] ?"([^"]+)"')
    hrefs = {unescape(found) for _, text in pages() for found in href.findall(text)}
    locations = {row["headers"].get("Location", "").replace("{{PORT}}", str(PORT)) for row in ROUTES} - {""}
    return {decode_click(link) or link for link in hrefs | locations if link.startswith("http")}


def test_every_link_is_routed_or_dead_on_purpose() -> None:
    routed = {(row["host"], row["target"]) for row in ROUTES}
    never = set(json.loads((HERE / "site" / "never.json").read_text("utf-8")))
    dead = []
    for link in links():
        parts = urlsplit(link)
        assert parts.port == PORT, link
        host, query = parts.hostname or "", parts.query.partition("&utm_")[0]
        places = {(host, parts.path), (host, f"{parts.path}?{query}")}
        if not (places & routed or {host, f"{host} {parts.path}"} & never):
            dead.append(link)
    assert dead == []


def test_click_links_lead_offline_to_their_targets() -> None:
    clicks = {href for _, text in pages() for href in re.findall(r"href=\"([^\"]+/v2/click/[^\"]+)\"", text)}
    targets = {decode_click(href) for href in clicks}
    assert len(clicks) > 20
    assert [target for target in targets if not target or "&amp;" in target or "{{" in target] == []


def test_pages_of_each_encoding_and_form_of_unicode_are_there() -> None:
    files = [(HERE / "site" / row["file"]).read_bytes() for row in ROUTES if row.get("file", "").endswith(".html")]
    assert sum(b'charset="euc-kr"' in content for content in files) == 3
    texts = [text for _, text in pages()]
    assert sum(not unicodedata.is_normalized("NFC", text) for text in texts) == 2


@pytest.mark.skipif(not SEEDS.exists(), reason="the real issue is not at hand")
def test_no_sentence_or_name_is_taken_from_the_real_issue() -> None:
    seed = "\n".join(path.read_text("utf-8") for path in sorted(SEEDS.glob("*.txt")))
    ours = "\n".join([*(text for _, text in pages()), (HERE / "words.toml").read_text("utf-8")])
    assert hangul_runs(seed) & hangul_runs(ours) == set()
    assert sorted(name for name in names(seed) if name in ours) == []


def hangul_runs(text: str, length: int = 12) -> set[str]:
    """Return the runs of *length* syllables, whatever the spaces between them."""
    joined = re.findall(f"[가-힣]{{{length},}}", re.sub(r"\s+", "", unicodedata.normalize("NFC", text)))
    return {run[i : i + length] for run in joined for i in range(len(run) - length + 1)}


def names(text: str) -> set[str]:
    """Return persons, and what is written in Latin letters: brands, mostly."""
    persons = set(re.findall(r"([가-힣]{3}) 기자", text)) | set(re.findall(r"([가-힣]{3,} [가-힣]{2,}) CEO", text))
    latin = {word for word in re.findall(r"[A-Za-z]{4,}", text) if not word.islower()}
    return persons | latin - {"Groq", "Plus", "Thursday"}


# --- The server


def test_each_host_answers_with_its_own_page(site: DemoSite) -> None:
    status, headers, content = get(site, "www.naruilbo.localhost", "/newsletter/narutech")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert f"http://www.naruilbo.localhost:{site.port}/newsletter/narutech/" in content.decode()
    assert get(site, "page.hanjul.localhost", "/newsletter/narutech")[0] == 404


def test_no_token_is_left_in_what_is_served(site: DemoSite) -> None:
    for row in ROUTES:
        _, headers, content = get(site, row["host"], row["target"])
        assert b"{{" not in content, row["target"]
        assert "{{" not in headers.get("Location", "")


def test_unknown_query_is_served_as_the_page_without_it(site: DemoSite) -> None:
    host, path = "www.naruilbo.localhost", "/newsletter/narutech"
    assert get(site, host, f"{path}?cloc=naruilbo|home|newslist1")[2] == get(site, host, path)[2]
    second = get(site, host, f"{path}?page=2")[2]
    assert get(site, host, f"{path}?page=2&utm_source=x&utm_medium=y")[2] == second != get(site, host, path)[2]


def test_euc_kr_page_stays_in_its_encoding_with_the_port_filled_in(site: DemoSite) -> None:
    status, headers, content = get(site, "news.hanjul.localhost", "/letter/4.html")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=euc-kr")
    assert "[오늘의 한 줄]" in content.decode("euc_kr")


def test_redirect_names_the_real_port(site: DemoSite) -> None:
    status, headers, _ = get(site, "stib.hanjul.localhost", "/Xk3Q")
    assert (status, urlsplit(headers["Location"]).port) == (302, site.port)


def test_head_is_answered_without_a_body(site: DemoSite) -> None:
    status, headers, content = get(site, "www.naruilbo.localhost", "/newsletter/narutech", method="HEAD")
    assert (status, int(headers["Content-Length"]) > 1_000, content) == (200, True, b"")


def test_robots_txt_forbids_what_the_problems_name(site: DemoSite) -> None:
    for url in [url for url, reason in PROBLEMS["articles"].items() if reason == "robots"]:
        parts = urlsplit(url)
        rules = get(site, parts.hostname or "", "/robots.txt")[2].decode()
        assert f"Disallow: {parts.path}\n" in rules


def test_requests_are_counted_and_mistakes_told_apart() -> None:
    with DemoSite(port=0) as site:
        for target in ("/v2/click/a/b", "/v2/click/a/b"):
            get(site, "event.hanjul.localhost", target)
        get(site, "news.hanjul.localhost", "/private/articleView.html?idxno=4165")
        get(site, "page.hanjul.localhost", "/archives/77001")
        mistakes = {
            "event.hanjul.localhost /v2/click/a/b": 2,
            "news.hanjul.localhost /private/articleView.html?idxno=4165": 1,
        }
        assert site.mistakes == mistakes
        assert site.requests == {**mistakes, "page.hanjul.localhost /archives/77001": 1}
        assert site.url("x.localhost", "/y") == f"http://x.localhost:{site.port}/y"


def test_port_that_is_taken_is_named(site: DemoSite) -> None:
    with pytest.raises(PortTakenError, match=f"port {site.port} is taken"):
        DemoSite(port=site.port)
