"""Where on the pages a document is."""

from urllib.parse import quote

from factpl_crawler.documents import Document


def page_of(document: Document) -> str:
    """Return the path of the page that shows *document*, of an entry with its place in the issue."""
    if document.issue is not None:
        return f"{issue_page(document.issue.id)}#entry-{document.position}"
    return f"/article/{quote(document.id.removeprefix('a/'))}"


def issue_page(issue_id: str) -> str:
    """
    >>> issue_page("naru/2024 봄")
    '/issue/naru/2024%20%EB%B4%84'
    """
    return f"/issue/{quote(issue_id)}"
