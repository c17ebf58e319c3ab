import gzip
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from factpl_crawler.documents import Document
from factpl_crawler.exchange import Counts, ExchangeError, export, import_documents
from factpl_crawler.items import Article, Entry, Issue, Link
from factpl_crawler.store import Change, Store
from factpl_crawler.text import KST

SCHEMA = json.loads((Path(__file__).parents[1] / "docs" / "document.schema.json").read_text(encoding="utf-8"))


def issue(number: int, *entries: Entry) -> Issue:
    date = datetime(2024, 3, number, tzinfo=KST)
    return Issue(
        "lantern",
        "등대 편지",
        number,
        "부두의 밤",
        f"https://letters.example.org/{number}",
        [],
        date,
        "body",
        list(entries),
    )


def link(number: int) -> Link:
    url = f"https://example.org/{number}"
    return Link(f"{url}?page=1", f"읽기 {number}", url, f"a/{number}")


def article(number: int, body: str = "항만은 조용했다.") -> Article:
    return Article(f"a/{number}", f"https://example.org/{number}", "example.org", "조용한 항만", body)


def fill(store: Store) -> None:
    store.put_issue(
        issue(7, Entry(1, "첫째", links=[link(1), link(2)]), Entry(2, "둘째", "글", "등대", links=[link(1)]))
    )
    store.put_issue(issue(8, Entry(1, "셋째", links=[link(3)])))
    store.put_article(article(1, "옛 글"))
    store.put_article(article(1))
    store.put_article(replace(article(4), requested_id="a/3"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "archive.sqlite3") as opened:
        fill(opened)
        yield opened


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "empty.sqlite3") as opened:
        yield opened


def lines(documents: Iterable[Document]) -> str:
    return "".join(f"{document.to_json()}\n" for document in documents)


# --- Export -------------------------------------------------------------------------------------------------------


def test_export_is_one_document_a_line_and_says_how_many(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "archive.jsonl"
    assert export(store.documents(), out) == 5
    assert out.read_text(encoding="utf-8") == lines(store.documents())


def test_every_exported_line_is_what_the_schema_says(store: Store) -> None:
    validator = Draft202012Validator(SCHEMA)
    for document in store.documents():
        validator.validate(json.loads(document.to_json()))


def test_compressed_export_is_the_same_bytes_on_any_day(store: Store, tmp_path: Path) -> None:
    one, other = tmp_path / "one.jsonl.gz", tmp_path / "other.jsonl.gz"
    export(store.documents(), one)
    export(store.documents(), other)
    assert one.read_bytes() == other.read_bytes()
    assert one.read_bytes()[:8] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00"  # no name, no time
    assert gzip.decompress(one.read_bytes()).decode() == lines(store.documents())


@pytest.mark.parametrize("out", [None, Path("-")])
def test_export_without_a_file_goes_to_stdout(
    store: Store, out: Path | None, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    export(store.documents(), out)
    assert capfdbinary.readouterr().out.decode() == lines(store.documents())


@pytest.mark.parametrize("name", ["archive.jsonl", "archive.jsonl.gz"])
def test_broken_off_export_leaves_the_old_file_and_no_other(store: Store, tmp_path: Path, name: str) -> None:
    out = tmp_path / "out" / name
    out.parent.mkdir()
    out.write_text("yesterday's")

    def broken() -> Iterator[Document]:
        yield from store.documents()
        raise RuntimeError("the archive is on fire")

    with pytest.raises(RuntimeError, match="on fire"):
        export(broken(), out)
    assert [path.name for path in out.parent.iterdir()] == [name]
    assert out.read_text() == "yesterday's"


def test_export_into_a_missing_folder_names_the_file(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match=r"^Cannot write .*nowhere/a\.jsonl: No such file or directory$"):
        export(store.documents(), tmp_path / "nowhere" / "a.jsonl")


def test_export_over_a_folder_names_it_and_leaves_nothing(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "out" / "a.jsonl"
    out.mkdir(parents=True)
    with pytest.raises(ExchangeError, match=r"^Cannot write .*a\.jsonl: Is a directory$"):
        export(store.documents(), out)
    assert list(out.parent.iterdir()) == [out]


def test_export_to_a_device_does_not_replace_it(store: Store, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        export(store.documents(), pipe)
        assert os.read(reader, 100_000).decode() == lines(store.documents())
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_export_through_a_symbolic_link_keeps_the_link(store: Store, tmp_path: Path) -> None:
    alias = tmp_path / "latest.jsonl"
    alias.symlink_to(tmp_path / "march.jsonl")
    export(store.documents(), alias)
    assert alias.is_symlink()
    assert (tmp_path / "march.jsonl").read_text(encoding="utf-8") == lines(store.documents())


# --- Import -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["archive.jsonl", "archive.jsonl.gz"])
def test_imported_archive_is_exported_byte_for_byte(store: Store, empty: Store, tmp_path: Path, name: str) -> None:
    out, again = tmp_path / name, tmp_path / f"again-{name}"
    export(store.documents(), out)
    assert import_documents(empty, out) == Counts(new=5)
    export(empty.documents(), again)
    assert again.read_bytes() == out.read_bytes()


@pytest.mark.parametrize("wanted", [["a/1", "a/4"], ["a/4"], ["lantern/7#2"], ["lantern/7#2", "a/1"], []])
def test_imported_part_of_an_archive_is_exported_byte_for_byte(
    store: Store, empty: Store, tmp_path: Path, wanted: list[str]
) -> None:
    out = tmp_path / "part.jsonl"
    assert export(store.documents(wanted), out) == len(wanted)
    import_documents(empty, out)
    assert lines(empty.documents()) == out.read_text(encoding="utf-8")


def test_import_of_what_is_there_changes_nothing(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "archive.jsonl"
    export(store.documents(), out)
    before = store.stamp()
    assert import_documents(store, out) == Counts(unchanged=5)
    assert (store.stamp(), lines(store.documents())) == (before, out.read_text(encoding="utf-8"))


def test_import_over_another_text_keeps_the_old_one(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "archive.jsonl"
    document = store.document("a/1")
    assert document is not None
    assert (document.version, store.counts()["versions"]) == (2, 1)
    export([document._replace(body="다른 글", version=1)], out)
    assert import_documents(store, out) == Counts(changed=1)
    assert (store.document("a/1"), store.counts()["versions"]) == (document._replace(body="다른 글", version=3), 2)


def test_import_removes_no_other_entry(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "archive.jsonl"
    document = store.document("lantern/7#1")
    assert document is not None
    export([document._replace(headline="새 머리")], out)
    import_documents(store, out)
    assert [d.id for d in store.documents() if d.kind == "entry"] == ["lantern/7#1", "lantern/7#2", "lantern/8#1"]


def test_entry_that_comes_later_knows_its_links_best(store: Store, empty: Store, tmp_path: Path) -> None:
    out = tmp_path / "archive.jsonl"
    export(store.documents(["a/1"]), out)
    import_documents(empty, out)
    assert [(d.id, len(d.linked_from)) for d in empty.documents()] == [("a/1", 2)]
    empty.put_issue(issue(7, Entry(1, "첫째", links=[link(2)]), Entry(2, "둘째")))
    import_documents(empty, out)
    assert [(d.id, len(d.linked_from)) for d in empty.documents()][-1] == ("a/1", 0)


def test_links_of_imported_entries_can_be_fetched(store: Store, empty: Store, tmp_path: Path) -> None:
    out = tmp_path / "archive.jsonl"
    export(store.documents(["lantern/7#1", "a/1"]), out)
    import_documents(empty, out)
    assert [(pending.url, pending.article_id) for pending in empty.pending()] == [("https://example.org/2", "a/2")]


def spoiled(change: dict[str, Any]) -> Callable[[dict[str, Any]], str]:
    return lambda data: json.dumps(data | change)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda _: "느린 배", "not JSON: "),
        (lambda _: "[" * 100_000, "maximum recursion depth exceeded"),
        (spoiled({"headline": 5}), "a field has the wrong type: headline"),
        (spoiled({"authors": "나루안"}), "a field has the wrong type: authors"),
        (spoiled({"authors": [None]}), "a field has the wrong type: authors"),
        (spoiled({"truncated": 0}), "a field has the wrong type: truncated"),
        (spoiled({"kind": "letter"}), "a field has the wrong type: kind"),
        (spoiled({"version": True}), "a field has the wrong type: version"),
        (spoiled({"version": 2**63}), "a field has the wrong type: version"),
        (spoiled({"links": [{"position": "1", "text": "", "url": "", "article": ""}]}), "a field has the wrong type: "),
        (spoiled({"body": "\ud800"}), "'utf-8' codec can't encode"),
        (spoiled({"date_published": "2024-03-07"}), "not a date like 2023-10-26T05:00:00.09:00: date_published"),
        (spoiled({"date_modified": "0001-01-01T00:00:00+14:00"}), "not a date like .*: date_modified"),
        (spoiled({"version": 0}), "lantern/7#1 contradicts itself: version"),
        (spoiled({"id": "lantern/7#2"}), "lantern/7#2 contradicts itself: id"),
        (spoiled({"site": "example.org"}), "lantern/7#1 contradicts itself: site"),
        (spoiled({"date_published": None}), "lantern/7#1 contradicts itself: date_published"),
        (lambda data: json.dumps(data | {"links": data["links"][::-1]}), "lantern/7#1 contradicts itself: links"),
        (lambda data: json.dumps(data | {"links": data["links"][:1] * 2}), "lantern/7#1 contradicts itself: links"),
        (spoiled({"authors": ["\ud800"]}), "'utf-8' codec can't encode"),
        (spoiled({"issue": None}), "lantern/7#1 is an entry without publication, issue or position"),
        (spoiled({"kind": "article", "url": None}), "lantern/7#1 is an article without url or site"),
    ],
)
def test_bad_line_is_named_and_nothing_is_imported(
    store: Store, empty: Store, tmp_path: Path, spoil: Callable[[dict[str, Any]], str], message: str
) -> None:
    out = tmp_path / "archive.jsonl"
    document = store.document("lantern/7#1")
    assert document is not None
    bad = spoil(json.loads(document.to_json()))
    out.write_text(f"{lines(store.documents(['a/1']))}{bad}\n", encoding="utf-8")
    with pytest.raises(ExchangeError, match=rf"archive\.jsonl:2: {message}.*\. Nothing was imported\.$"):
        import_documents(empty, out)
    assert list(empty.documents()) == []


def test_truncated_gzip_is_named_and_nothing_is_imported(store: Store, empty: Store, tmp_path: Path) -> None:
    out = tmp_path / "archive.jsonl.gz"
    export(store.documents(), out)
    whole = out.read_bytes()
    for size in (0, 5, len(whole) // 2, len(whole) - 1):
        out.write_bytes(whole[:size])
        with pytest.raises(ExchangeError, match=r"archive\.jsonl\.gz: cut off or damaged after line \d\. Nothing"):
            import_documents(empty, out)
    assert list(empty.documents()) == []


def test_cut_off_file_is_named_and_nothing_is_imported(store: Store, empty: Store, tmp_path: Path) -> None:
    out = tmp_path / "archive.jsonl"
    out.write_text(lines(store.documents())[:-9], encoding="utf-8")
    with pytest.raises(ExchangeError, match=r"archive\.jsonl:5: not JSON: "):
        import_documents(empty, out)
    assert list(empty.documents()) == []


def test_file_that_is_no_gzip_is_named(empty: Store, tmp_path: Path) -> None:
    out = tmp_path / "archive.jsonl.gz"
    out.write_text("느린 배")
    with pytest.raises(ExchangeError, match=r"^Cannot read .*archive\.jsonl\.gz: Not a gzipped file"):
        import_documents(empty, out)


def test_missing_file_is_named(empty: Store, tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match=r"^Cannot read .*nowhere\.jsonl: No such file or directory$"):
        import_documents(empty, tmp_path / "nowhere.jsonl")


# --- Any archive --------------------------------------------------------------------------------------------------

texts = st.text(st.characters(codec="utf-8"), max_size=6)
names = st.lists(texts, max_size=2)
dates = st.none() | st.integers(0, 10**7).map(
    lambda minutes: datetime(2010, 1, 1, tzinfo=KST) + timedelta(0, 60 * minutes)
)
link_items = st.builds(lambda number, text: replace(link(number), text=text), number=st.integers(0, 4), text=texts)
entry_items = st.builds(
    Entry,
    position=st.integers(1, 12),
    headline=texts,
    body=texts,
    section_label=st.none() | texts,
    authors=names,
    links=st.lists(link_items, max_size=3),
)
issue_items = st.builds(
    Issue,
    publication=st.sampled_from(["lantern", "kite"]),
    publication_title=st.just("등대"),
    number=st.integers(0, 11),
    headline=st.none() | texts,
    url=st.none() | texts,
    date_published=dates,
    date_published_source=st.none() | texts,
    entries=st.lists(entry_items, max_size=4, unique_by=lambda entry: entry.position),
)
article_items = st.builds(
    Article,
    id=st.integers(0, 4).map(lambda number: f"a/{number}"),
    requested_id=st.sampled_from(["", "a/0", "a/4", "a/9"]),
    url=texts,
    site=texts,
    headline=texts,
    body=texts,
    authors=names,
    section_label=st.none() | texts,
    section_id=st.none(),
    date_published=dates,
    date_modified=dates,
    captions=names,
    keywords=names,
    truncated=st.booleans(),
)


def put(store: Store, item: Issue | Article) -> Change:
    return store.put_issue(item) if isinstance(item, Issue) else store.put_article(item)


@settings(max_examples=60, deadline=None)
@given(items=st.lists(issue_items | article_items, max_size=8), data=st.data())
def test_any_part_of_any_archive_comes_back_byte_for_byte(items: list[Issue | Article], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "archive.jsonl"
        with Store.open(Path(folder) / "one") as one, Store.open(Path(folder) / "two") as two:
            for item in items:
                put(one, item)
                assert put(one, item) is Change.UNCHANGED
            ids = [document.id for document in one.documents()]
            part = data.draw(st.just(ids) | st.lists(st.sampled_from(ids), unique=True) if ids else st.just(ids))
            export(one.documents(part), out)
            import_documents(two, out)
            assert lines(two.documents()) == out.read_bytes().decode()
