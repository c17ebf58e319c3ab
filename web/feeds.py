"""Every search as a feed, newest first, and the description by which a browser searches here."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from hashlib import sha256
from html import escape
from io import StringIO
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from feedgenerator import Atom1Feed  # type: ignore[import-untyped]  # it has no types
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from factpl_crawler.documents import Document
from factpl_crawler.text import KST
from index.answers import to_json
from index.query import QueryError
from index.search import Hit, SearchError
from web.archive import Archive
from web.asked import Asked, AskedError
from web.paths import document_path
from web.turns import in_turn

ENTRIES, SNIPPET = 30, 300
ATOM, JSON_FEED = "application/atom+xml", "application/feed+json"
OPENSEARCH = "application/opensearchdescription+xml"
_KEPT = "private, max-age=300"
# A feed is of some time; where nothing in it has a date, it is of none.
_NO_TIME = datetime(1970, 1, 1, tzinfo=KST)
# What XML 1.0 cannot hold, however it is written.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_OPENSEARCH = """\
<?xml version="1.0" encoding="UTF-8"?>
<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/" xmlns:moz="http://www.mozilla.org/2006/browser/search/">
<ShortName>factpl</ShortName>
<LongName>factpl 뉴스레터 보관함</LongName>
<Description>뉴스레터와 그 기사에서 찾기</Description>
<Language>ko</Language>
<InputEncoding>UTF-8</InputEncoding>
<OutputEncoding>UTF-8</OutputEncoding>
<Url type="text/html" template="{base}/?q={{searchTerms}}"/>
<Url type="application/x-suggestions+json" template="{base}/suggest?q={{searchTerms}}&amp;format=opensearch"/>
<Url type="application/atom+xml" rel="results" template="{base}/feed.atom?q={{searchTerms}}"/>
<Url type="application/opensearchdescription+xml" rel="self" template="{base}/opensearch.xml"/>
</OpenSearchDescription>
"""


class _Feed(Atom1Feed):  # type: ignore[misc]  # it has no types
    """Atom whose time is that of what it holds, and whose entries name two places: the original, and our copy."""

    def latest_post_date(self) -> datetime:
        times: list[datetime] = [item["updateddate"] for item in self.items if item["updateddate"]]
        return max(times, default=_NO_TIME)

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item | {"updateddate": item["updateddate"] or self.latest_post_date()})
        handler.addQuickElement("link", "", {"href": item["copy"], "rel": "related", "title": "보관된 글"})


def routes(archive: Archive) -> list[Route]:
    def newest(request: Request) -> tuple[Asked, list[Hit]]:
        asked = Asked.of(request.query_params, ignored=("lang",))
        limit = asked.limit if "limit" in asked.model_fields_set else ENTRIES
        asked = asked.but(sort="date", page=asked.page, limit=limit)
        # What comes to somebody unasked is what was asked for, and nothing that was guessed.
        return asked, archive.search(asked, facets=(), reread=False).hits

    def atom(request: Request) -> Response:
        asked, hits = newest(request)
        feed = atom_feed(_title(asked, archive.label), asked, hits, _base(request), str(request.url))
        return Response(feed, media_type=ATOM)

    def json_feed(request: Request) -> Response:
        asked, hits = newest(request)
        feed = _json_feed(_title(asked, archive.label), asked, hits, _base(request), str(request.url))
        return Response(to_json(feed), media_type=JSON_FEED)

    def opensearch(request: Request) -> Response:
        return Response(_OPENSEARCH.format(base=escape(_base(request))), media_type=OPENSEARCH)

    return [
        Route("/feed.atom", in_turn(_answering(atom))),
        Route("/feed.json", in_turn(_answering(json_feed))),
        Route("/opensearch.xml", _answering(opensearch)),
    ]


def _answering(answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """Return the endpoint of *answer*, which is not sent again to who has it."""

    @wraps(answer)
    def endpoint(request: Request) -> Response:
        try:
            response = answer(request)
        except (AskedError, QueryError) as e:
            return PlainTextResponse(f"{e}\n", 400)
        except SearchError:
            return PlainTextResponse("The index cannot be read.\n", 503, {"Retry-After": "60"})
        tag = f'"{sha256(response.body).hexdigest()[:32]}"'
        kept = {"ETag": tag, "Cache-Control": _KEPT}
        if _has(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=kept)
        response.headers.update(kept)
        return response

    return endpoint


def _has(given: str, tag: str) -> bool:
    """
    >>> _has('W/"a", "b"', '"a"'), _has("*", '"a"'), _has('"b"', '"a"')
    (True, True, False)
    """
    return any(one.strip().removeprefix("W/") in (tag, "*") for one in given.split(","))


# --- Atom ---------------------------------------------------------------------------------------------------------


def atom_feed(title: str, asked: Asked, hits: list[Hit], base: str, own_address: str) -> str:
    feed = _Feed(
        title=title,
        link=f"{base}/?{_always(asked).to_query()}",
        description="뉴스레터와 그 기사의 개인 보관함. 글의 권리는 원문에 있다.",
        language="ko",
        author_name="factpl",
        feed_url=_writable(own_address),
        feed_guid=_urn(f"feed:{_always(asked).to_query()}"),
    )
    for hit in hits:
        document = hit.document
        feed.add_item(
            title=_writable(document.headline) or document.id,
            link=_original(document) or base + document_path(document.id),
            # Read as HTML by who reads it.
            description=escape(_summary(hit), quote=False),
            author_name=_writable(", ".join(document.authors)) or None,
            pubdate=_moment(document.date_published),
            updateddate=_moment(document.date_modified or document.date_published),
            unique_id=_urn(document.id),
            categories=[_writable(document.section.label)] if document.section else [],
            copy=base + document_path(document.id),
        )
    out = StringIO()
    feed.write(out, "utf-8")
    return out.getvalue()


def _always(asked: Asked) -> Asked:
    """Return what is asked for, however many are shown of it."""
    return asked.but(sort="", limit=Asked.model_fields["limit"].default)


def _title(asked: Asked, label_of: Callable[[str, str], str]) -> str:
    """Name what is asked for as it is printed: 나루 인터뷰, not `interview`."""
    names = ("section", "author", "publication", "issue", "site")
    wanted = [asked.q, *(label_of(name, value) for name in names for value in getattr(asked, name))]
    said = _writable(" · ".join(filter(None, wanted)))
    return f"factpl: {said}" if said else "factpl: 새 글"


def _original(document: Document) -> str:
    """Return its address on the web, if it is one: nobody is to click on anything else."""
    url = _writable(document.url or "")
    return url if url.startswith(("https://", "http://")) else ""


def _summary(hit: Hit) -> str:
    return _writable(hit.snippet(SNIPPET).text)


def _writable(text: str) -> str:
    """
    >>> _writable("가\\x00나\\x1b다\\ufffe\\t라")
    '가나다\\t라'
    """
    return _UNWRITABLE.sub("", text)


def _urn(name: str) -> str:
    """Return an id that is the same for ever, whatever the archive is asked by."""
    return uuid5(NAMESPACE_URL, f"factpl:{name}").urn


def _moment(date: str | None) -> datetime | None:
    return datetime.fromisoformat(date) if date else None


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


# --- JSON Feed ----------------------------------------------------------------------------------------------------


def _json_feed(title: str, asked: Asked, hits: list[Hit], base: str, own_address: str) -> dict[str, Any]:
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": title,
        "home_page_url": f"{base}/?{_always(asked).to_query()}",
        "feed_url": own_address,
        "language": "ko",
        "items": [_json_item(hit, base) for hit in hits],
    }


def _json_item(hit: Hit, base: str) -> dict[str, Any]:
    document: Document = hit.document
    item = {
        "id": _urn(document.id),
        "url": base + document_path(document.id),
        "external_url": _original(document),
        "title": document.headline,
        "content_text": _summary(hit),
        "date_published": document.date_published,
        "date_modified": document.date_modified,
        "authors": [{"name": name} for name in document.authors],
        "tags": [document.section.label] if document.section else [],
    }
    return {name: value for name, value in item.items() if value}
