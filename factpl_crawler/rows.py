"""Items and documents as rows of the archive's tables, and back. Pure: no database here.

A row is a dict by column name. An entry's or article's *content* is what makes a new version when it changes.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from factpl_crawler.documents import Document, DocumentLink, IssueRef, LinkedFrom, PublicationRef, Section
from factpl_crawler.items import Article, Entry, Issue, Link
from factpl_crawler.text import KST

Row = Mapping[str, Any]

ENTRY_CONTENT = ("section_id", "section_label", "headline", "authors", "body")
ARTICLE_CONTENT = (
    "url",
    "site",
    *ENTRY_CONTENT,
    "date_published",
    "date_published_source",
    "date_modified",
    "date_modified_source",
    "captions",
    "keywords",
    "truncated",
)


def kst(date: datetime | None) -> str | None:
    """Return `2023-10-26T00:00:00+09:00` for an aware date in any zone."""
    return date.astimezone(KST).isoformat(timespec="seconds") if date else None


def entry_id(issue_id: str, position: int) -> str:
    return f"{issue_id}#{position}"


def entry_content(row: Row, links: Iterable[Row]) -> dict[str, Any]:
    addresses = [{key: link[key] for key in ("position", "text", "canonical_url")} for link in links]
    return {key: row[key] for key in ENTRY_CONTENT} | {"links": addresses}


def article_content(row: Row) -> dict[str, Any]:
    return {key: row[key] for key in ARTICLE_CONTENT}


# --- From items ---------------------------------------------------------------------------------------------------


def issue_row(issue: Issue) -> dict[str, Any]:
    return {
        "id": issue.id,
        "publication_id": issue.publication,
        "number": issue.number,
        "headline": issue.headline,
        "url": issue.url,
        "date_published": kst(issue.date_published),
        "date_published_source": issue.date_published_source,
        "notices": issue.notices,
        "problems": issue.problems,
    }


def entry_row(issue_id: str, entry: Entry) -> dict[str, Any]:
    return {
        "id": entry_id(issue_id, entry.position),
        "issue_id": issue_id,
        "position": entry.position,
        "section_id": entry.section_id,
        "section_label": entry.section_label,
        "headline": entry.headline,
        "authors": entry.authors,
        "body": entry.body,
    }


def link_rows(entry: str, links: Iterable[Link]) -> list[dict[str, Any]]:
    return [
        {
            "entry_id": entry,
            "position": position,
            "url": link.url,
            "canonical_url": link.canonical_url,
            "text": link.text,
            "article_id": link.article_id,
        }
        for position, link in enumerate(links, 1)
    ]


def article_row(article: Article) -> dict[str, Any]:
    return {
        "id": article.id,
        "url": article.url,
        "site": article.site,
        "section_id": article.section_id,
        "section_label": article.section_label,
        "headline": article.headline,
        "authors": article.authors,
        "date_published": kst(article.date_published),
        "date_published_source": article.date_published_source,
        "date_modified": kst(article.date_modified),
        "date_modified_source": article.date_modified_source,
        "body": article.body,
        "captions": article.captions,
        "keywords": article.keywords,
        "truncated": article.truncated,
        "layout": article.layout,
        "problems": article.problems,
    }


# --- From documents -----------------------------------------------------------------------------------------------


def document_issue_row(publication: PublicationRef, issue: IssueRef) -> dict[str, Any]:
    return {
        "id": issue.id,
        "publication_id": publication.id,
        "number": issue.number,
        "headline": issue.headline,
        "url": issue.url,
        "date_published": issue.date_published,
        "date_published_source": issue.date_published_source,
    }


def document_entry_row(document: Document, issue: IssueRef) -> dict[str, Any]:
    return {
        "id": document.id,
        "issue_id": issue.id,
        "position": document.position,
        "section_id": document.section.id if document.section else None,
        "section_label": document.section.label if document.section else None,
        "headline": document.headline,
        "authors": document.authors,
        "body": document.body,
    }


def document_link_rows(document: Document) -> list[dict[str, Any]]:
    return [
        {
            "entry_id": document.id,
            "position": link.position,
            "url": link.url,
            "canonical_url": link.url,
            "text": link.text,
            "article_id": link.article,
        }
        for link in document.links
    ]


def document_linked_from_rows(document: Document) -> list[dict[str, Any]]:
    return [
        {
            "entry_id": link.entry,
            "position": link.position,
            "url": None,
            "canonical_url": None,
            "text": link.text,
            "article_id": document.id,
        }
        for link in document.linked_from
    ]


def document_article_row(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "url": document.url,
        "site": document.site,
        "section_id": document.section.id if document.section else None,
        "section_label": document.section.label if document.section else None,
        "headline": document.headline,
        "authors": document.authors,
        "date_published": document.date_published,
        "date_published_source": document.date_published_source,
        "date_modified": document.date_modified,
        "date_modified_source": document.date_modified_source,
        "body": document.body,
        "captions": document.captions,
        "keywords": document.keywords,
        "truncated": document.truncated,
    }


# --- To documents -------------------------------------------------------------------------------------------------


def issue_ref(row: Row) -> IssueRef:
    return IssueRef(
        id=row["id"],
        number=row["number"],
        headline=row["headline"],
        url=row["url"],
        date_published=row["date_published"],
        date_published_source=row["date_published_source"],
    )


def _section(row: Row) -> Section | None:
    label = row["section_label"]
    return None if label is None else Section(id=row["section_id"], label=label)


def entry_document(
    row: Row, version: int, publication: PublicationRef, issue: IssueRef, links: Iterable[Row]
) -> Document:
    ways_out = [
        DocumentLink(link["position"], link["text"], link["canonical_url"], link["article_id"])
        for link in sorted(links, key=lambda link: link["position"])
    ]
    return Document(
        id=entry_id(issue.id, row["position"]),
        kind="entry",
        publication=publication,
        issue=issue,
        position=row["position"],
        section=_section(row),
        headline=row["headline"],
        authors=row["authors"],
        date_published=issue.date_published,
        date_published_source=issue.date_published_source,
        date_modified=None,
        date_modified_source=None,
        body=row["body"],
        captions=[],
        keywords=[],
        url=ways_out[0].url if ways_out else issue.url,
        site=None,
        truncated=False,
        version=version,
        links=ways_out,
        linked_from=[],
    )


def article_document(row: Row, version: int, links: Iterable[Row]) -> Document:
    ways_in = sorted(links, key=lambda link: (link["entry_id"], link["position"]))
    return Document(
        id=row["id"],
        kind="article",
        publication=None,
        issue=None,
        position=None,
        section=_section(row),
        headline=row["headline"],
        authors=row["authors"],
        date_published=row["date_published"],
        date_published_source=row["date_published_source"],
        date_modified=row["date_modified"],
        date_modified_source=row["date_modified_source"],
        body=row["body"],
        captions=row["captions"],
        keywords=row["keywords"],
        url=row["url"],
        site=row["site"],
        truncated=row["truncated"],
        version=version,
        links=[],
        linked_from=[LinkedFrom(link["entry_id"], link["position"], link["text"]) for link in ways_in],
    )
