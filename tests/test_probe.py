"""What the rules of a publication's file find."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from scrapy.http import HtmlResponse

from demo_site.server import DemoSite
from factpl_crawler.items import Entry, Issue, Link
from factpl_crawler.pages.joongang import JoongangPage
from factpl_crawler.probe import Finding, article_findings, issue_findings, list_findings
from factpl_crawler.spiders.factpl import FactplSpider

ROOT = Path(__file__).parent.parent


def response(html: str) -> HtmlResponse:
    return HtmlResponse("https://www.joongang.co.kr/newsletter/factpl", body=html.encode(), encoding="utf-8")


def test_a_rule_that_finds_nothing_is_shown_with_what_is_inferred_of_it() -> None:
    findings = list(list_findings(response("<p>다른 집</p>"), FactplSpider.publication))
    assert [finding.missing for finding in findings] == [True, True, True, False, False]
    assert all("(inferred: " in finding.line() for finding in findings)
    assert findings[0].line().split()[:2] == ["MISSING", "item:"]


def test_a_rule_that_finds_something_shows_how_many_and_the_first() -> None:
    item = '<li><div><h2><a href="/newsletter/factpl/{0}">{0}호</a></h2></div></li>'
    page = f'<main id="container"><section><ul>{item.format(1)}{item.format(2)}</ul></section></main>'
    link = list(list_findings(response(page), FactplSpider.publication))[1]
    assert (link.found, link.example) == (2, "/newsletter/factpl/1")
    assert "inferred" not in link.line()


def test_each_rule_of_an_article_is_counted() -> None:
    page = JoongangPage(response('<h1 class="headline">제목</h1><div id="article_body"><p>하나</p><p>둘</p></div>'))
    found = {finding.rule: finding.found for finding in article_findings(page)}
    assert (found["headline"], found["  h1.headline"], found["body"], found["authors"]) == (1, 1, 2, 0)


def test_links_to_other_sites_are_told_apart() -> None:
    links = ["https://www.joongang.co.kr/article/1", "https://news.example/1", "https://news.example/2"]
    issue = Issue("factpl", "팩플", entries=[Entry(1, "제목", links=[Link(url, "", url, url) for url in links])])
    findings = {found.rule: found for found in issue_findings(response(""), issue, FactplSpider.publication)}
    shown = {rule: (findings[rule].found, findings[rule].example) for rule in ("  to its sites", "  other sites")}
    assert shown == {"  to its sites": (1, links[0]), "  other sites": (1, "news.example")}


def test_an_optional_rule_is_never_missing() -> None:
    assert Finding("captions", 0, optional=True).line() == "        -  captions"


def probe(data: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "FACTPL_DATA": str(data), "SCRAPY_PROJECT": "demo"}
    command = [sys.executable, "search_cli.py", "probe", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with DemoSite(port=0) as site:
        yield site


def test_three_pages_are_asked_for_and_nothing_is_stored(site: DemoSite, tmp_path: Path) -> None:
    run = probe(tmp_path, "narutech", "--archive", site.url("www.naruilbo.localhost", "/newsletter/narutech"))
    assert run.returncode == 0, run.stdout + run.stderr
    heads = [line.split(":")[0] for line in run.stdout.splitlines() if not line.startswith(" ")]
    assert heads == ["List", "Issue", "Article, read as naruilbo"]
    # The first link of the newest issue is an old address, which redirects to the article.
    assert sum(count for request, count in site.requests.items() if "robots.txt" not in request) == 4
    assert list(tmp_path.iterdir()) == []


def test_a_site_that_does_not_answer_is_a_failure(tmp_path: Path) -> None:
    run = probe(tmp_path, "narutech", "--archive", "http://www.naruilbo.localhost:9/newsletter/narutech")
    assert run.returncode == 1
    assert "FAILED" in run.stdout


def test_an_unknown_publication_is_named(tmp_path: Path) -> None:
    run = probe(tmp_path, "nobody")
    assert (run.returncode, run.stderr) == (
        2,
        "Error: no publication is named 'nobody'; known are factpl, hanjul, narutech\n",
    )
