"""An archive of invented documents, and who asks for its pages."""

from pathlib import Path

from starlette.testclient import TestClient

import search_web
from factpl_crawler.documents import Document, DocumentLink, IssueRef, LinkedFrom, PublicationRef, Section
from factpl_crawler.store import Store
from index.build import build
from web.archive import Archive
from web.guard import LOOPBACK_ONLY, Protection

HOST = "localhost"
NARU = PublicationRef("naru", "나루 편지")
CHIP = "https://news.example/1"
CHIP_ID = "a/news.example/1"


def entry(number: int, position: int, headline: str, body: str, **fields: object) -> Document:
    day = f"2024-03-{number:02}T00:00:00+09:00"
    issue = IssueRef(f"naru/{number}", number, "봄 편지", f"https://naru.example/{number}", day, "body")
    values: dict[str, object] = {
        "id": f"{issue.id}#{position}",
        "kind": "entry",
        "publication": NARU,
        "issue": issue,
        "position": position,
        "section": Section("interview", "나루 인터뷰"),
        "headline": headline,
        "authors": ["한결"],
        "date_published": day,
        "date_published_source": "body",
        "date_modified": None,
        "date_modified_source": None,
        "body": body,
        "captions": [],
        "keywords": [],
        "url": issue.url,
        "site": None,
        "truncated": False,
        "version": 1,
        "links": [],
        "linked_from": [],
    }
    return Document(**values | fields)  # type: ignore[arg-type]  # of any kind


def article(number: int, headline: str, body: str, **fields: object) -> Document:
    values: dict[str, object] = {
        "id": f"a/news.example/{number}",
        "kind": "article",
        "publication": None,
        "issue": None,
        "position": None,
        "section": Section(None, "기술"),
        "headline": headline,
        "authors": ["서이랑", "도담"],
        "date_published": "2024-03-06T09:30:00+09:00",
        "date_published_source": "json-ld",
        "date_modified": None,
        "date_modified_source": None,
        "body": body,
        "captions": [],
        "keywords": [],
        "url": f"https://news.example/{number}",
        "site": "news.example",
        "truncated": False,
        "version": 1,
        "links": [],
        "linked_from": [],
    }
    return Document(**values | fields)  # type: ignore[arg-type]  # of any kind


LINKED = DocumentLink(1, "원문", CHIP, CHIP_ID)
DOCUMENTS = [
    entry(12, 1, "그로크가 던진 질문", "속도를 재 보았다. 그로크는 빨랐다.", links=[LINKED], url=CHIP),
    entry(12, 2, "번역 앱 새 판", "<script>alert(1)</script> 한 번만 눌러도 & 번역한다."),
    entry(14, 1, "봄에 다시 읽는 칩 이야기", "꽃과 칩을 함께 본다.", section=None, authors=[]),
    article(
        1,
        "추론 칩 그로크\x07, 판을 바꾸다",
        "빨간\x1b[31m 글자와 뒤집힌 \u202e순서가 그로크(Groq) 옆에 있다. \ufffe",
        linked_from=[LinkedFrom("naru/12#1", 1, "원문")],
        date_modified="2024-03-08T11:20:00+09:00",
    ),
    article(2, "날짜 없는 그로크 글", "언제 나왔는지 아무도 모른다.", date_published=None, date_published_source=None),
]


def archive_of(folder: Path, *documents: Document) -> Archive:
    """Make of *folder* a data folder with an archive and its index."""
    archive = Archive(folder / "index", folder / "archive.sqlite3")
    with Store.open(archive.store_path) as store:
        with store.importing() as put:
            for document in documents:
                put(document)
        build(store, archive.index_dir)
    return archive


def asking(archive: Archive, protection: Protection = LOOPBACK_ONLY, **settings: object) -> TestClient:
    """Return who asks by a name that is known; to be used in a `with`."""
    app = search_web.app(archive, protection)
    return TestClient(app, **{"base_url": f"http://{HOST}", "follow_redirects": False} | settings)  # type: ignore[arg-type]  # of any kind
