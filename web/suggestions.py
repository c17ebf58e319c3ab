"""What may be typed on, as somebody types: for the page's box, and for a browser's."""

import json
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from index.answers import to_json
from index.search import SearchError
from index.suggest import Suggestion, suggest
from web.archive import Archive
from web.asked import AskedError, Given
from web.guard import problem
from web.paths import document_path

MOST_CHARACTERS = 1_000
# As long as somebody types.
_KEPT = {"Cache-Control": "private, max-age=60"}


class AskedSuggestions(Given):
    q: Annotated[str, Field(max_length=MOST_CHARACTERS)] = ""
    format: Literal["", "opensearch"] = ""


def routes(archive: Archive) -> list[Route]:
    def suggestions(request: Request) -> Response:
        try:
            asked = AskedSuggestions.of(request.query_params, ignored=("lang",))
            found = suggest(asked.q, index_dir=archive.index_dir)
        except AskedError as e:
            return problem(400, str(e))
        except SearchError:
            return problem(503, "The index cannot be read.")
        if asked.format:
            told = [asked.q, [one.text for one in found]]
            return Response(json.dumps(told), headers=_KEPT, media_type="application/x-suggestions+json")
        return Response(
            to_json({"suggestions": list(map(_shown, found))}), headers=_KEPT, media_type="application/json"
        )

    return [Route("/suggest", suggestions)]


def _shown(suggestion: Suggestion) -> dict[str, Any]:
    url = document_path(suggestion.id) if suggestion.id else None
    return {"text": suggestion.text, "kind": suggestion.kind, "url": url}
