"""What was found as plain data: what the command's JSON and the web's API hold alike."""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from index.search import Hit, Results
    from index.trends import Trend

_UNSAFE_IN_JSON = "[\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"  # compiled for JSON alone


def to_json(value: object, *, indent: int | None = None) -> str:
    """Return JSON with Hangul as it is; what a terminal would obey is escaped, which says the same."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return re.sub(_UNSAFE_IN_JSON, lambda match: f"\\u{ord(match[0]):04x}", text)


def results_dict(results: "Results", limit: int, offset: int) -> dict[str, Any]:
    page = {"query": results.query, "total": results.total, "offset": offset, "limit": limit}
    # Thousands, and flat: `asdict` takes ten times as long.
    facets = {facet: [dict(vars(one)) for one in counts] for facet, counts in results.facets.items()}
    extra = {**_reading_dict(results), **({"facets": facets} if facets else {})}
    return {**page, **extra, "hits": [hit_dict(hit) for hit in results.hits]}


def _reading_dict(results: "Results") -> dict[str, Any]:
    """Return how the query was read, where that is not as it was typed."""
    read = {
        "correction": asdict(results.correction) if results.correction else None,
        "partial": results.partial,
        "complete": results.complete,
        "dropped": list(results.dropped),
        "suggestions": list(results.suggestions),
    }
    return {name: value for name, value in read.items() if value}


def hit_dict(hit: "Hit") -> dict[str, Any]:
    return {
        "score": hit.score,
        "issues": list(hit.issues),
        "similar": [document.id for document in hit.similar],
        "highlights": [dict(vars(mark)) for mark in hit.highlights],
        **({"lacks": list(hit.lacks)} if hit.lacks else {}),
        **({} if hit.explanation is None else {"explanation": hit.explanation}),
        "document": hit.document.to_dict(),
    }


def trends_list(trends: "Iterable[Trend]") -> list[dict[str, Any]]:
    return [
        {"query": one.query, "counts": [{**asdict(count), "share": round(count.share, 6)} for count in one.counts]}
        for one in trends
    ]
