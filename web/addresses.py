"""Where on the pages a document is."""

from urllib.parse import quote


def document_path(id: str) -> str:
    """Return the path of the page that shows the entry or the article *id*, of an entry with its place in the issue.

    >>> document_path("naru/8#6"), document_path("a/maru/7"), document_path("naru/봄#1")
    ('/issue/naru/8#entry-6', '/article/maru/7', '/issue/naru/%EB%B4%84#entry-1')
    """
    issue, hash_sign, position = id.partition("#")
    if hash_sign:
        return f"/issue/{quote(issue)}#entry-{quote(position)}"
    return f"/article/{quote(id.removeprefix('a/'))}"
