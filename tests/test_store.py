import json
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from factpl_crawler.documents import Document, DocumentLink, IssueRef, LinkedFrom, PublicationRef, Section
from factpl_crawler.items import Article, Entry, Fetch, Issue, Link, Listing, Quarantined
from factpl_crawler.migrations import REVISIONS
from factpl_crawler.schedule import Outcome
from factpl_crawler.stamp import Stamp, read_stamp
from factpl_crawler.store import (
    Change,
    IssueSummary,
    NewerStoreError,
    NightRow,
    NoStoreError,
    PendingLink,
    SearchRow,
    Store,
    StoreError,
)
from factpl_crawler.tables import metadata
from factpl_crawler.text import KST


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "archive.sqlite3"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path) as opened:
        yield opened


def link(number: int, text: str = "읽기") -> Link:
    url = f"https://example.org/story/{number}"
    return Link(f"{url}?page=1", text, url, f"a/example/{number}")


def issue(number: int = 7, *entries: Entry, day: int = 7) -> Issue:
    return Issue(
        publication="lantern",
        publication_title="등대 편지",
        number=number,
        headline="부두의 밤",
        url=f"https://letters.example.org/{number}",
        date_published=datetime(2024, 3, day, tzinfo=KST),
        date_published_source="body",
        entries=list(entries) or [entry()],
        notices=["다음 호는 쉽니다."],
    )


def entry(position: int = 1, *links: Link) -> Entry:
    return Entry(position, f"머리 {position}", "느린 배가 간다.", "등대 인터뷰", "interview", ["나루안"], list(links))


def article(number: int = 1, body: str = "항만은 조용했다.") -> Article:
    return Article(
        id=f"a/example/{number}",
        url=f"https://example.org/story/{number}",
        site="example.org",
        headline="조용한 항만",
        body=body,
        layout="generic",
        authors=["도하린"],
        section_label="바다",
        date_published=datetime(2024, 3, 6, 20, 0, tzinfo=UTC),
        date_published_source="meta",
        captions=["부두의 밤."],
        keywords=["항만"],
    )


def versions(path: Path) -> list[tuple[str, int, str]]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT document_id, version, content FROM versions ORDER BY 1, 2")
        return [(id, number, json.loads(content)["body"]) for id, number, content in rows]


def linked_from(store: Store, id: str) -> list[LinkedFrom]:
    document = store.document(id)
    assert document is not None
    return document.linked_from


# --- Opening ------------------------------------------------------------------------------------------------------


def test_new_archive_has_the_schema_that_the_tables_declare(store: Store, path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_every_revision_is_known_to_the_program() -> None:
    config = Config()
    config.set_main_option("script_location", "factpl_crawler:migrations")
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(found)) == REVISIONS


def test_folder_of_a_new_archive_is_closed_to_others(store: Store, path: Path) -> None:
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_reopened_archive_keeps_its_documents_and_its_stamp(path: Path) -> None:
    with Store.open(path) as store:
        store.put_issue(issue())
        before = list(store.documents()), store.stamp()
    with Store.open(path, create=False) as store:
        assert (list(store.documents()), store.stamp()) == before


def test_missing_archive_is_not_made_unless_asked(path: Path) -> None:
    with pytest.raises(NoStoreError, match=r"No archive at .*archive\.sqlite3\. Run: \./nightly"):
        Store.open(path, create=False)
    assert not path.parent.exists()


def test_empty_file_is_no_archive_yet(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    with pytest.raises(NoStoreError):
        Store.open(path, create=False)
    with Store.open(path) as store:
        assert store.counts()["entries"] == 0


def test_archive_of_a_newer_program_is_refused(path: Path) -> None:
    Store.open(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
    expected = r"archive\.sqlite3 was made by a newer version of factpl \(schema 0999\)\. Update this program\.$"
    with pytest.raises(NewerStoreError, match=expected):
        Store.open(path)


def test_file_that_is_no_database_is_named(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"a letter, not a database" * 100)
    with pytest.raises(StoreError, match=r"archive\.sqlite3: file is not a database"):
        Store.open(path)


def test_database_of_another_program_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE recipes (name)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="a database of another program"):
        Store.open(path)
    assert path.read_bytes() == before


def test_folder_in_the_place_of_the_archive_is_named(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match=r"archive\.sqlite3: unable to open database file"):
        Store.open(path)


def test_path_that_cannot_be_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(StoreError, match=r"^Cannot make the folder .*data/inner"):
        Store.open(tmp_path / "data" / "inner" / "archive.sqlite3")


def test_two_processes_may_make_the_archive_at_once(path: Path) -> None:
    code = "import sys, pathlib; from factpl_crawler.store import Store; Store.open(pathlib.Path(sys.argv[1])).close()"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    both = [subprocess.Popen([sys.executable, "-c", code, str(path)], env=environment) for _ in range(2)]
    assert [process.wait(30) for process in both] == [0, 0]
    with Store.open(path, create=False) as store:
        assert store.stamp().changed == 0


def test_importing_the_store_does_not_import_scrapy() -> None:
    code = "import sys, factpl_crawler.store; sys.exit('scrapy' in sys.modules or 'alembic' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


# --- Issues -------------------------------------------------------------------------------------------------------


def test_entry_becomes_a_document_with_its_issue(store: Store) -> None:
    assert store.put_issue(issue(7, entry(1, link(1), link(2, "")))) is Change.NEW
    assert list(store.documents()) == [
        Document(
            id="lantern/7#1",
            kind="entry",
            publication=PublicationRef("lantern", "등대 편지"),
            issue=IssueRef(
                "lantern/7", 7, "부두의 밤", "https://letters.example.org/7", "2024-03-07T00:00:00+09:00", "body"
            ),
            position=1,
            section=Section("interview", "등대 인터뷰"),
            headline="머리 1",
            authors=["나루안"],
            date_published="2024-03-07T00:00:00+09:00",
            date_published_source="body",
            date_modified=None,
            date_modified_source=None,
            body="느린 배가 간다.",
            captions=[],
            keywords=[],
            url="https://example.org/story/1",
            site=None,
            truncated=False,
            version=1,
            links=[
                DocumentLink(1, "읽기", "https://example.org/story/1", "a/example/1"),
                DocumentLink(2, "", "https://example.org/story/2", "a/example/2"),
            ],
            linked_from=[],
        )
    ]


def test_entry_without_link_or_section_has_the_address_of_its_issue(store: Store) -> None:
    store.put_issue(issue(7, Entry(1, "머리")))
    document = store.document("lantern/7#1")
    assert document is not None
    assert (document.url, document.section, document.links) == ("https://letters.example.org/7", None, [])


def test_same_issue_twice_changes_nothing(store: Store) -> None:
    store.put_issue(issue(7, entry(1, link(1)), entry(2)))
    before = list(store.documents()), store.stamp(), store.counts()
    assert store.put_issue(issue(7, entry(1, link(1)), entry(2))) is Change.UNCHANGED
    assert (list(store.documents()), store.stamp(), store.counts()) == before


def test_changed_entry_is_a_new_version_and_the_old_one_stays(store: Store, path: Path) -> None:
    store.put_issue(issue(7, entry(1), entry(2)))
    assert store.put_issue(issue(7, replace(entry(1), body="빠른 배가 간다."), entry(2))) is Change.CHANGED
    assert [(d.id, d.version, d.body) for d in store.documents()] == [
        ("lantern/7#1", 2, "빠른 배가 간다."),
        ("lantern/7#2", 1, "느린 배가 간다."),
    ]
    assert versions(path) == [("lantern/7#1", 1, "느린 배가 간다.")]
    assert [d.id for d in store.documents(changed_after=1)] == ["lantern/7#1"]


def test_changed_link_is_a_new_version_of_its_entry(store: Store) -> None:
    store.put_issue(issue(7, entry(1, link(1))))
    assert store.put_issue(issue(7, entry(1, link(1, "더 읽기")))) is Change.CHANGED
    assert [(d.version, d.links[0].text) for d in store.documents()] == [(2, "더 읽기")]


def test_another_way_to_ask_for_the_same_link_changes_no_document(store: Store) -> None:
    store.put_issue(issue(7, entry(1, link(1))))
    again = replace(link(1), url="https://m.example.org/story/1")
    assert store.put_issue(issue(7, entry(1, again))) is Change.CHANGED
    assert [pending.url for pending in store.pending()] == ["https://m.example.org/story/1"]
    assert store.stamp().changed == 1


def test_link_known_as_another_article_changes_its_entry_without_a_new_version(store: Store) -> None:
    store.put_issue(issue(7, entry(1, link(1))))
    store.put_issue(issue(7, entry(1, replace(link(1), article_id="a/harbour/1"))))
    found = [(d.version, d.links[0].article) for d in store.documents(changed_after=1)]
    assert found == [(1, "a/harbour/1")]


def test_vanished_entry_is_removed_and_its_text_stays(store: Store, path: Path) -> None:
    store.put_issue(issue(7, entry(1), entry(2, link(1))))
    assert store.put_issue(issue(7, entry(1))) is Change.CHANGED
    assert [d.id for d in store.documents()] == ["lantern/7#1"]
    assert (store.removed(1), store.removed(2)) == (["lantern/7#2"], [])
    assert versions(path) == [("lantern/7#2", 1, "느린 배가 간다.")]
    assert store.counts()["links"] == 0


def test_entry_that_comes_back_is_removed_no_longer_and_counts_on(store: Store) -> None:
    store.put_issue(issue(7, entry(1), entry(2)))
    store.put_issue(issue(7, entry(1)))
    store.put_issue(issue(7, entry(1), entry(2)))
    assert store.removed(0) == []
    assert [(d.id, d.version) for d in store.documents()] == [("lantern/7#1", 1), ("lantern/7#2", 2)]


def test_mail_without_address_does_not_erase_the_one_that_is_known(store: Store) -> None:
    store.put_issue(issue())
    mail = replace(issue(), headline=None, url=None, date_published_source="mail")
    assert store.put_issue(mail) is Change.CHANGED
    [document] = store.documents()
    assert document.issue == IssueRef(
        "lantern/7", 7, "부두의 밤", "https://letters.example.org/7", "2024-03-07T00:00:00+09:00", "mail"
    )


def test_issue_with_another_headline_changes_all_its_entries(store: Store) -> None:
    store.put_issue(issue(7, entry(1), entry(2)))
    store.put_issue(issue(8, day=14))
    store.put_issue(replace(issue(7, entry(1), entry(2)), headline="부두의 아침"))
    assert [(d.id, d.version) for d in store.documents(changed_after=2)] == [("lantern/7#1", 1), ("lantern/7#2", 1)]


def test_renamed_publication_changes_the_entries_of_all_its_issues(store: Store) -> None:
    store.put_issue(issue(7))
    store.put_issue(issue(8, day=14))
    store.put_issue(replace(issue(8, day=14), publication_title="등대 통신"))
    assert store.publications() == {"lantern": "등대 통신"}
    assert [d.id for d in store.documents(changed_after=2)] == ["lantern/7#1", "lantern/8#1"]


def test_new_notice_is_kept_and_changes_no_document(store: Store, path: Path) -> None:
    store.put_issue(issue())
    assert store.put_issue(replace(issue(), notices=["끝."], problems=["낯선 난"])) is Change.CHANGED
    assert store.stamp().changed == 1
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT notices, problems FROM issues").fetchall() == [('["끝."]', '["낯선 난"]')]


def test_an_issues_entries_are_its_documents_in_order(store: Store) -> None:
    store.put_issue(issue(7, *(entry(position) for position in range(1, 12))))
    store.put_issue(issue(77, entry(1)))
    assert [document.position for document in store.issue_documents("lantern/7")] == list(range(1, 12))
    assert store.issue_documents("lantern/8") == []


def test_documents_are_loaded_together_and_what_is_not_there_is_left_out(store: Store) -> None:
    store.put_issue(issue(7, entry(1), entry(2)))
    store.put_article(article(1))
    known = article(1).id
    found = store.documents_by_id(["lantern/7#2", known, "lantern/9#1", "lantern/7#2"])
    assert found == {id: store.document(id) for id in ("lantern/7#2", known)}
    assert store.documents_by_id([]) == {}


def test_unknown_sections_are_counted(store: Store) -> None:
    unknown, known = replace(entry(1), section_id=None, section_label="번외"), entry(2)
    store.put_issue(issue(7, unknown, known))
    store.put_issue(issue(8, replace(unknown, position=3)))
    assert store.unknown_sections() == {"번외": 2}


def test_issues_are_listed_newest_first_with_their_numbers(store: Store) -> None:
    store.put_issue(issue(7, entry(1, link(1), link(2)), entry(2, link(1))))
    store.put_issue(issue(8, day=14))
    store.put_issue(replace(issue(1), publication="kite", publication_title="연"))
    store.put_article(article(1))
    publication = PublicationRef("lantern", "등대 편지")
    seven, eight = "https://letters.example.org/7", "https://letters.example.org/8"
    assert list(store.issues("lantern")) == [
        IssueSummary("lantern/8", publication, 8, "부두의 밤", "2024-03-14T00:00:00+09:00", eight, 1, 0, 0),
        IssueSummary("lantern/7", publication, 7, "부두의 밤", "2024-03-07T00:00:00+09:00", seven, 2, 2, 1),
    ]
    assert [summary.id for summary in store.issues()] == ["lantern/8", "lantern/7", "kite/1"]


# --- Articles -----------------------------------------------------------------------------------------------------


def test_article_becomes_a_document_with_every_way_in(store: Store) -> None:
    store.put_issue(issue(7, entry(1, link(2), link(1)), entry(2, link(1, "여기"))))
    assert store.put_article(article()) is Change.NEW
    assert store.document("a/example/1") == Document(
        id="a/example/1",
        kind="article",
        publication=None,
        issue=None,
        position=None,
        section=Section(None, "바다"),
        headline="조용한 항만",
        authors=["도하린"],
        date_published="2024-03-07T05:00:00+09:00",
        date_published_source="meta",
        date_modified=None,
        date_modified_source=None,
        body="항만은 조용했다.",
        captions=["부두의 밤."],
        keywords=["항만"],
        url="https://example.org/story/1",
        site="example.org",
        truncated=False,
        version=1,
        links=[],
        linked_from=[LinkedFrom("lantern/7#1", 2, "읽기"), LinkedFrom("lantern/7#2", 1, "여기")],
    )


def test_same_article_twice_changes_nothing(store: Store) -> None:
    store.put_article(article())
    assert store.put_article(article()) is Change.UNCHANGED
    assert store.stamp().changed == 1


def test_changed_article_is_a_new_version_and_the_old_ones_stay(store: Store, path: Path) -> None:
    for body in ("하나", "둘", "셋"):
        store.put_article(article(body=body))
    assert [(d.version, d.body) for d in store.documents()] == [(3, "셋")]
    assert versions(path) == [("a/example/1", 1, "하나"), ("a/example/1", 2, "둘")]


def test_better_reading_of_the_same_text_is_no_new_version(store: Store) -> None:
    store.put_article(article())
    assert store.put_article(replace(article(), layout="json-ld", problems=["no section"])) is Change.CHANGED
    assert (store.stamp().changed, store.counts()["versions"]) == (1, 0)


def test_article_with_one_more_way_in_is_a_changed_document(store: Store) -> None:
    store.put_article(article(1))
    store.put_article(article(2))
    store.put_issue(issue(7, entry(1, link(1))))
    assert [d.id for d in store.documents(changed_after=2)] == ["lantern/7#1", "a/example/1"]


def test_article_with_one_way_in_less_is_a_changed_document(store: Store) -> None:
    store.put_issue(issue(7, entry(1), entry(2, link(1))))
    store.put_article(article(1))
    store.put_issue(issue(7, entry(1)))
    assert [(d.id, d.linked_from) for d in store.documents(changed_after=2)] == [("a/example/1", [])]


def test_redirected_article_takes_over_the_links(store: Store) -> None:
    store.put_issue(issue(7, entry(1, link(1)), entry(2)))
    assert store.put_article(replace(article(9), requested_id="a/example/1")) is Change.NEW
    assert linked_from(store, "a/example/9") == [LinkedFrom("lantern/7#1", 1, "읽기")]
    assert store.has_article("a/example/1")
    assert store.pending() == []
    assert [(d.id, d.version) for d in store.documents(changed_after=1)] == [("lantern/7#1", 1), ("a/example/9", 1)]


def test_link_found_after_the_redirect_leads_to_the_same_article(store: Store) -> None:
    redirected = replace(article(9), requested_id="a/example/1")
    store.put_article(redirected)
    assert store.put_issue(issue(7, entry(1, link(1)))) is Change.NEW
    assert store.put_issue(issue(7, entry(1, link(1)))) is Change.UNCHANGED
    assert store.put_article(redirected) is Change.UNCHANGED
    assert linked_from(store, "a/example/9") == [LinkedFrom("lantern/7#1", 1, "읽기")]


def test_redirect_to_an_article_that_is_there_changes_it(store: Store) -> None:
    store.put_article(article(9))
    store.put_issue(issue(7, entry(1, link(1))))
    assert store.put_article(replace(article(9), requested_id="a/example/1")) is Change.CHANGED
    assert [(d.id, d.version) for d in store.documents(changed_after=2)] == [("lantern/7#1", 1), ("a/example/9", 1)]


def test_article_that_answers_at_its_own_address_again_gets_its_later_links(store: Store) -> None:
    store.put_article(replace(article(2), requested_id="a/example/1"))
    store.put_article(article(1))
    store.put_issue(issue(7, entry(1, link(1))))
    assert linked_from(store, "a/example/1") == [LinkedFrom("lantern/7#1", 1, "읽기")]


def test_redirects_are_followed_to_the_last_article(store: Store) -> None:
    store.put_issue(issue(7, entry(1, link(1))))
    store.put_article(replace(article(2), requested_id="a/example/1"))
    store.put_article(replace(article(3), requested_id="a/example/2"))
    store.put_issue(issue(8, entry(1, link(1)), day=14))
    assert [d.id for d in store.documents() if d.kind == "article"] == ["a/example/3"]
    assert linked_from(store, "a/example/3") == [
        LinkedFrom("lantern/7#1", 1, "읽기"),
        LinkedFrom("lantern/8#1", 1, "읽기"),
    ]


def test_article_that_moved_is_one_with_where_it_went(store: Store, path: Path) -> None:
    store.put_article(article(1))
    store.put_article(replace(article(2), requested_id="a/example/1"))
    assert [d.id for d in store.documents()] == ["a/example/2"]
    assert store.removed(0) == ["a/example/1"]
    assert versions(path) == [("a/example/1", 1, "항만은 조용했다.")]


def test_redirect_that_turned_round_leaves_one_article(store: Store) -> None:
    store.put_issue(issue(7, entry(1, link(1))))
    store.put_article(replace(article(2), requested_id="a/example/1"))
    store.put_article(replace(article(1), requested_id="a/example/2"))
    store.put_issue(issue(8, entry(1, link(2)), day=14))
    assert [d.id for d in store.documents() if d.kind == "article"] == ["a/example/1"]
    assert linked_from(store, "a/example/1") == [
        LinkedFrom("lantern/7#1", 1, "읽기"),
        LinkedFrom("lantern/8#1", 1, "읽기"),
    ]


# --- Quarantine ---------------------------------------------------------------------------------------------------


def quarantined(raw: bytes = b"\xff<p>", reason: str = "no body") -> Quarantined:
    item = Quarantined("https://example.org/story/1", "article", reason)
    item.raw = raw
    return item


def test_same_failure_is_one_row_with_a_count(store: Store) -> None:
    items = [quarantined(), quarantined(), quarantined(reason="no headline"), quarantined(raw=b"")]
    assert [store.put_quarantined(item) for item in items] == ["new", "unchanged", "new", "new"]
    rows = [(row.id, row.url, row.kind, row.reason, row.content, row.count) for row in store.quarantined()]
    url = "https://example.org/story/1"
    assert rows == [
        (1, url, "article", "no body", b"\xff<p>", 2),
        (2, url, "article", "no headline", b"\xff<p>", 1),
        (3, url, "article", "no body", b"", 1),
    ]


# --- The frontier -------------------------------------------------------------------------------------------------


def test_links_of_the_newest_issue_are_pending_first_and_once_each(store: Store) -> None:
    store.put_issue(issue(7, entry(1, link(1)), entry(2, link(2), link(3))))
    store.put_issue(issue(8, entry(1, link(3)), day=14))
    store.put_article(article(2))
    assert store.pending() == [
        PendingLink("https://example.org/story/3?page=1", "a/example/3", "lantern/8#1", "lantern"),
        PendingLink("https://example.org/story/1?page=1", "a/example/1", "lantern/7#1", "lantern"),
    ]
    assert store.counts()["pending"] == 2


def test_pending_links_can_be_those_of_one_publication(store: Store) -> None:
    store.put_issue(issue(7, entry(1, link(1))))
    store.put_issue(replace(issue(1, entry(1, link(2))), publication="kite"))
    assert [pending.article_id for pending in store.pending("kite")] == ["a/example/2"]


@pytest.mark.parametrize(
    ("outcome", "nights"),
    [
        ("gone", [0, 8]),
        ("refused", [0, 1, 3, 7, 15, 31]),
        ("failed", [0, 1, 3, 7, 15, 31]),
        ("unreachable", [0, 1, 3, 7, 15, 31, 63, 95]),
        ("skipped", [0]),
        (None, list(range(120))),
    ],
)
def test_an_article_is_asked_for_at_growing_distances_until_it_is_given_up(
    store: Store, monkeypatch: pytest.MonkeyPatch, outcome: Outcome | None, nights: list[int]
) -> None:
    store.put_issue(issue(7, entry(1, link(1))))
    asked = []
    for night in range(120):
        on_day(monkeypatch, night)
        if store.pending():
            asked.append(night)
            store.record_fetch(link(1).url, "article", outcome=outcome, article_id="a/example/1")
    assert asked == nights


def on_day(monkeypatch: pytest.MonkeyPatch, day: int) -> None:
    night = datetime(2026, 11, 1, 3, 17, tzinfo=KST) + timedelta(days=day)
    monkeypatch.setenv("FACTPL_NOW", night.isoformat())


def test_a_site_that_says_when_to_come_again_is_left_alone_until_then(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_issue(issue(7, entry(1, link(1))))
    on_day(monkeypatch, 0)
    store.record_fetch(link(1).url, "article", outcome="failed", article_id="a/example/1", not_before=date(2026, 11, 5))
    asked = []
    for night in range(1, 6):
        on_day(monkeypatch, night)
        asked += [night] * bool(store.pending())
    assert asked == [4, 5]


def test_an_article_is_checked_for_corrections_while_it_is_young(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    store.put_issue(issue(7, entry(1, link(1), link(2))))
    for night in range(60):
        on_day(monkeypatch, night)
        if night == 0:
            put_fetched(store, article(1), datetime(2026, 11, 1, tzinfo=KST))
            put_fetched(store, article(2), datetime(2023, 10, 26, tzinfo=KST))
        for known in store.due_checks("lantern"):
            asked.append((night, known.article_id))
            store.record_fetch(known.url, "article", outcome="ok", status=304)
    assert asked == [(night, "a/example/1") for night in (1, 3, 7, 14, 30)]


def test_a_corrected_article_is_young_again_until_it_is_a_month_old(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    published = datetime(2026, 11, 1, tzinfo=KST)
    store.put_issue(issue(7, entry(1, link(1))))
    for night in range(60):
        on_day(monkeypatch, night)
        if night == 0:
            put_fetched(store, article(1), published)
        for _ in store.due_checks("lantern"):
            asked.append(night)
            body = "고쳐 쓴 글이다." if night >= 7 else article(1).body
            put_fetched(store, replace(article(1), body=body), published)
    assert asked == [1, 3, 7, 8, 10, 14, 21]


def put_fetched(store: Store, item: Article, published: datetime) -> None:
    item = replace(item, date_published=published)
    item.fetch = Fetch(f"https://example.org/{item.id}", 200, etag='"1"')
    store.put_article(item)


def test_a_page_is_asked_for_with_what_it_was_known_by(store: Store) -> None:
    url = "https://example.org/list"
    assert store.validators(url) == {}
    store.put_list(Fetch(url, 200, '"1"', "Thu, 26 Oct 2023 00:00:00 GMT"), "lantern", [], None, walk=False)
    known = {"If-None-Match": '"1"', "If-Modified-Since": "Thu, 26 Oct 2023 00:00:00 GMT"}
    assert store.validators(url) == known
    store.record_fetch(url, "list", outcome="failed", status=500, reason="HTTP 500")
    store.record_fetch(url, "list", outcome="ok", status=304)
    assert store.validators(url) == known
    store.put_list(Fetch(url, 200), "lantern", [], None, walk=False)
    assert store.validators(url) == {}


def test_an_evening_of_many_tries_is_one_attempt(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put_issue(issue(7, entry(1, link(1))))
    on_day(monkeypatch, 0)
    for _ in range(9):
        store.record_fetch(link(1).url, "article", outcome="failed", article_id="a/example/1")
    assert store.pending() == []
    on_day(monkeypatch, 1)
    assert [pending.article_id for pending in store.pending()] == ["a/example/1"]


def test_links_of_issues_known_from_mail_alone_are_not_followed(store: Store) -> None:
    store.put_issue(replace(issue(7, entry(1, link(1))), url=None))
    assert store.pending() == []
    store.put_issue(issue(7, entry(1, link(1))))
    assert [pending.article_id for pending in store.pending()] == ["a/example/1"]


def test_a_letter_without_links_takes_none_from_an_issue_that_has_them(store: Store) -> None:
    store.put_issue(issue(7, entry(1, link(1))))
    assert store.put_issue(replace(issue(7, entry(1)), url=None)) is Change.UNCHANGED
    assert [document.links[0].article for document in store.documents()] == ["a/example/1"]


def test_the_date_of_an_issue_can_be_asked_for(store: Store) -> None:
    store.put_issue(issue(7))
    assert (store.issue_date("lantern/7"), store.issue_date("lantern/8")) == ("2024-03-07T00:00:00+09:00", None)


def test_fetch_keeps_the_last_answer_and_counts_the_attempts_in_vain(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "https://example.org/story/1"
    on_day(monkeypatch, 0)
    store.record_fetch(url, "article", outcome="failed", status=500, reason="HTTP 500", article_id="a/1")
    on_day(monkeypatch, 1)
    store.record_fetch(url, "article", outcome="ok", publication="lantern")
    store.record_fetch(url, "article", outcome=None)
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT url, kind, publication, article_id, outcome, status, reason, attempts FROM fetches"
        ).fetchall()
    assert rows == [(url, "article", "lantern", "a/1", "ok", None, None, 0)]


def listings(*numbers: int, headline: str = "호") -> list[Listing]:
    return [Listing(f"https://letters.example.org/{n}", f"{n}{headline}", "2024-03-07") for n in numbers]


def put_list(
    store: Store, page: int, *found: Listing, following: int | None = None, walk: bool = False
) -> tuple[set[str], list[str]]:
    next_page = f"https://letters.example.org/?page={following}" if following else None
    fetch = Fetch(f"https://letters.example.org/?page={page}", 200)
    due = store.put_list(fetch, "lantern", found, next_page, walk=walk)
    return {url.rpartition("/")[2] for url in due}, [url.rpartition("=")[2] for url in store.open_lists("lantern")]


def test_an_issue_is_due_until_it_has_been_read_and_when_its_listing_changes(store: Store) -> None:
    first, second = listings(1, 2)
    assert put_list(store, 1, first, second) == ({"1", "2"}, [])
    read = issue(1)
    read.fetch = Fetch(first.url, 200)
    store.put_issue(read)
    assert store.due_issues("lantern") == [second]
    assert put_list(store, 1, first, second) == ({"2"}, [])
    [renamed] = listings(1, headline="호 다시")
    assert put_list(store, 1, renamed, second) == ({"1", "2"}, [])
    assert store.due_issues("lantern") == [renamed, second]
    assert store.due_issues("kite") == []


def test_a_list_is_read_on_as_long_as_there_is_news(store: Store) -> None:
    assert put_list(store, 1, *listings(9, 8), following=2) == ({"9", "8"}, ["2"])
    assert put_list(store, 2, *listings(7, 6), following=3)[1] == ["3"]
    # The night ended here. What is open stays open.
    assert put_list(store, 1, *listings(9, 8), following=2)[1] == ["3"]
    assert put_list(store, 3, *listings(5), following=None)[1] == []
    assert put_list(store, 1, *listings(10, 9), following=2)[1] == ["2"]
    assert put_list(store, 2, *listings(8, 7), following=3)[1] == []


def test_a_walk_reads_every_page_once_and_goes_on_the_next_night(store: Store) -> None:
    put_list(store, 1, *listings(9, 8), following=2)
    put_list(store, 2, *listings(7, 6), following=3)
    put_list(store, 3, *listings(5))
    store.set_walking("lantern", True)
    assert put_list(store, 1, *listings(9, 8), following=2, walk=True)[1] == ["2", "3"]
    assert put_list(store, 2, *listings(7, 6), following=3, walk=True)[1] == ["3"]
    assert put_list(store, 1, *listings(9, 8), following=2, walk=True)[1] == ["3"]
    assert put_list(store, 3, *listings(5), walk=True)[1] == []
    assert (store.is_walking("lantern"), store.is_walking("kite")) == (True, False)
    store.set_walking("lantern", False)
    assert not store.is_walking("lantern")


# --- Reading ------------------------------------------------------------------------------------------------------


def test_documents_come_in_the_promised_order(store: Store) -> None:
    store.put_article(article(2))
    store.put_article(article(1))
    store.put_issue(issue(10, entry(1), day=21))
    store.put_issue(issue(9, entry(10), entry(2), day=14))
    store.put_issue(replace(issue(30), publication="kite", date_published=None))
    store.put_issue(replace(issue(3), publication="kite"))
    expected = [
        "kite/30#1",
        "kite/3#1",
        "lantern/9#2",
        "lantern/9#10",
        "lantern/10#1",
        "a/example/1",
        "a/example/2",
    ]
    assert [d.id for d in store.documents()] == expected
    wanted = ["a/example/1", "nothing", "lantern/10#1", "kite/3#1"]
    assert [d.id for d in store.documents(iter(wanted))] == ["kite/3#1", "lantern/10#1", "a/example/1"]
    assert list(store.documents([])) == []


def test_unknown_id_is_no_document(store: Store) -> None:
    assert store.document("lantern/7#1") is None


def test_streaming_asks_once_for_many_documents(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("factpl_crawler.store.BATCH", 2)
    store.put_issue(issue(7, *(entry(n, link(n)) for n in range(1, 6))))
    for number in range(1, 6):
        store.put_article(article(number))
    documents = list(store.documents())
    assert [(d.id, len(d.links) + len(d.linked_from)) for d in documents] == [
        *((f"lantern/7#{n}", 1) for n in range(1, 6)),
        *((f"a/example/{n}", 1) for n in range(1, 6)),
    ]


def test_counts_name_everything_that_is_kept(store: Store) -> None:
    store.put_issue(issue(7, entry(1, link(1), link(2)), entry(2)))
    store.put_article(article(1, "하나"))
    store.put_article(article(1, "둘"))
    store.put_quarantined(quarantined())
    assert store.counts() == {
        "issues": 1,
        "entries": 2,
        "articles": 1,
        "links": 2,
        "pending": 1,
        "quarantined": 1,
        "versions": 1,
    }


def test_removed_issue_takes_its_entries_along(store: Store, path: Path) -> None:
    store.put_issue(issue())
    with store._engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM issues")
    assert store.counts()["entries"] == 0


# --- Many at once -------------------------------------------------------------------------------------------------


def test_reader_sees_one_moment_while_another_writes(store: Store, path: Path) -> None:
    store.put_issue(issue(7, entry(1)))
    reading = store.documents()
    first = next(reading)
    with Store.open(path) as writer:
        writer.put_article(article())
        assert [d.id for d in writer.documents()] == ["lantern/7#1", "a/example/1"]
    assert [first.id, *(d.id for d in reading)] == ["lantern/7#1"]


def test_reader_does_not_wait_for_a_writer(store: Store) -> None:
    store.put_issue(issue())
    document = store.document("lantern/7#1")
    assert document is not None
    with store.importing() as put:
        put(document._replace(body="아직 아니다."))
        assert store.document("lantern/7#1") == document
    assert store.document("lantern/7#1") == document._replace(body="아직 아니다.", version=2)


def test_writers_wait_for_each_other(path: Path) -> None:
    def write(first: int) -> None:
        with Store.open(path) as store:
            for number in range(first, first + 20):
                store.put_article(article(number))

    Store.open(path).close()
    threads = [threading.Thread(target=write, args=(first,)) for first in (100, 200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Store.open(path) as store:
        assert (store.counts()["articles"], store.stamp().changed) == (60, 60)


def test_failed_transaction_leaves_nothing(store: Store) -> None:
    broken = deepcopy(issue(7, entry(1), entry(2)))
    broken.entries[1].headline = "\ud800"
    with pytest.raises(UnicodeEncodeError):
        store.put_issue(broken)
    assert (store.counts()["issues"], store.counts()["entries"], store.stamp().changed) == (0, 0, 0)


# --- The stamp ----------------------------------------------------------------------------------------------------


def test_stamp_is_read_without_the_store(store: Store, path: Path) -> None:
    store.put_issue(issue(7, entry(1), entry(2)))
    store.put_article(article())
    assert read_stamp(path) == store.stamp() == Stamp(store.stamp().store_id, 2)


def test_no_two_archives_share_a_stamp(tmp_path: Path) -> None:
    with Store.open(tmp_path / "one") as one, Store.open(tmp_path / "two") as two:
        assert one.stamp().store_id != two.stamp().store_id


def test_what_is_no_archive_has_no_stamp(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "letter").write_text("a letter" * 1000)
    assert [read_stamp(tmp_path / name) for name in ("missing", "empty", "letter")] == [None, None, None]
    assert not (tmp_path / "missing").exists()


def test_reading_a_stamp_needs_no_library() -> None:
    code = "import sys, factpl_crawler.stamp; sys.exit('sqlalchemy' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


COUNT = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
print(connection.execute("SELECT count(*) FROM articles").fetchone()[0])
connection.close()
"""


def test_what_is_written_is_seen_by_all_whoever_closed_the_archive_before(store: Store, path: Path) -> None:
    def counted() -> int:
        command = [sys.executable, "-c", COUNT, str(path)]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    seen = []
    for number in (1, 2, 3):
        store.put_article(article(number))
        seen.append(counted())
    assert seen == [1, 2, 3]


# --- Saved searches -----------------------------------------------------------------------------------------------


def test_a_document_arrives_once_however_often_it_is_changed_or_comes_back(store: Store) -> None:
    store.put_article(article(1))
    first = store.stamp().changed
    store.put_article(article(1, body="물이 깊어졌다."))
    store.put_issue(issue(7, entry(1), entry(2)))
    second = store.stamp().changed
    store.put_issue(issue(7, entry(1)))
    store.put_issue(issue(7, entry(1), entry(2)))
    assert store.arrived(0, first) == {"a/example/1"}
    assert store.arrived(first, second) == {"lantern/7#1", "lantern/7#2"}
    assert store.arrived(second, store.stamp().changed) == set()


def test_an_entry_that_moves_within_its_issue_arrived_when_its_text_did(store: Store) -> None:
    def letter(*headlines: str) -> Issue:
        return issue(7, *(replace(entry(at), headline=headline) for at, headline in enumerate(headlines, 1)))

    store.put_issue(letter("물", "불"))
    before = store.stamp().changed
    store.put_issue(letter("바람", "물", "불"))
    assert store.arrived(before, store.stamp().changed) == {"lantern/7#1"}
    before = store.stamp().changed
    store.put_issue(letter("바람이 분다", "물", "불"))
    assert store.arrived(before, store.stamp().changed) == set()
    store.put_issue(letter("바람이 분다", "불"))
    assert store.arrived(before, store.stamp().changed) == set()


def test_an_article_that_turns_out_to_have_another_address_arrived_when_it_first_came(store: Store) -> None:
    store.put_article(article(1))
    before = store.stamp().changed
    store.put_article(replace(article(2), requested_id=article(1).id))
    assert store.arrived(before, store.stamp().changed) == set()


def test_what_a_search_finds_when_it_begins_is_no_news_and_when_it_asks_something_else_it_begins_anew(
    store: Store,
) -> None:
    store.put_article(article(1))
    store.begin_searches({"물": "물", "불": "불"})
    begun = store.stamp().changed
    store.put_article(article(2))
    store.begin_searches({"물": "물", "불": "불이야"})
    now = store.stamp().changed
    assert store.searches() == {"물": SearchRow("물", "물", begun), "불": SearchRow("불", "불이야", now)}
    store.forget_searches(["불"])
    assert list(store.searches()) == ["물"]


def test_a_search_is_told_in_the_transaction_of_the_night_if_it_still_asks_the_same(store: Store) -> None:
    store.begin_searches({"물": "물", "불": "불"})
    night = NightRow("2024-03-08T03:17:00+09:00", "2024-03-08T03:19:00+09:00", 0, {})
    store.put_night(night, {"물": "물", "불": "불이야"}, 7)
    assert [row.told for row in store.searches().values()] == [7, 0]
    store.put_night(night, {"물": "물"}, 5)
    assert store.searches()["물"].told == 7
