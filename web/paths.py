"""The addresses of the pages, and the names of what they show."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from index.korean import is_searchable
from index.schema import fold_value
from web.asked import LONGEST_VALUE, Asked

EVERYTHING = Asked()


def search_path(asked: Asked, **changes: Any) -> str:
    query = asked.to_query(**changes)
    return f"/?{query}" if query else "/"


def document_path(id: str, asked: Asked = EVERYTHING) -> str:
    """Return where the entry or the article *id* is read, with the words of *asked* marked and a way back to it.

    >>> document_path("naru/8#6", Asked(q="Groq", page=2)), document_path("a/maru/7")
    ('/issue/naru/8?q=Groq&page=2#entry-6', '/article/maru/7')
    """
    issue, hash_sign, position = id.partition("#")
    if hash_sign:
        return f"{issue_path(issue, asked)}#entry-{quote(position, safe='')}"
    return f"/article/{quote(id.removeprefix('a/'))}{_query(asked)}"


def keyword_path(keyword: str) -> str:
    """Return where the articles with this keyword are listed, or nothing for what cannot be asked for.

    >>> keyword_path('"칩"'), keyword_path("*")
    ('/?q=%EC%97%B4%EC%87%B3%EB%A7%90%3A%22%EC%B9%A9%22', '')
    """
    text = fold_value("keyword", keyword)
    return search_path(EVERYTHING, q=f'열쇳말:"{text}"') if is_searchable(text) and len(text) <= LONGEST_VALUE else ""


def issue_path(id: str, asked: Asked = EVERYTHING) -> str:
    """Return where an issue is read, as `document_path` does."""
    return f"/issue/{quote(id)}{_query(asked)}"


def _query(asked: Asked) -> str:
    return f"?{asked.to_query()}" if asked != EVERYTHING else ""


def calendar_path(publication: str) -> str:
    return f"/issues/{quote(publication, safe='')}"


def issue_name(id: str, titles: Mapping[str, str]) -> str:
    """Return what an issue is called.

    >>> issue_name("naru/8", {"naru": "나루 편지"}), issue_name("naru/2024-04-30", {})
    ('나루 편지 #8', 'naru 2024-04-30')
    """
    publication, _, name = id.partition("/")
    return f"{titles.get(publication, publication)} {f'#{name}' if name.isdigit() else name}"
