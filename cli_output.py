"""What the commands print: lines for people, and JSON, CSV and addresses for programs. Nothing is printed here.

What was crawled may hold whatever its writer liked: control characters are shown, never obeyed.
"""

import io
import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from factpl_crawler.documents import Document
from factpl_crawler.harmless import harmless, one_line
from index.answers import hit_dict, results_dict, to_json, trends_list

if TYPE_CHECKING:
    from factpl_crawler.doctor import Finding
    from factpl_crawler.history import DiffLine, Span, Version
    from factpl_crawler.reparse import Reparsed
    from factpl_crawler.store import IssueSummary, QuarantineRow
    from index.digest import Digest
    from index.saved import Watched
    from index.search import Alias, FacetCount, Highlight, Hit, Results
    from index.trends import Trend
    from index.words import RisingWord

BOLD, DIM, MARKED, GONE, NEW = "1", "2", "1;31", "31", "32"

_NARROWEST = 20
_SNIPPET = 160
_FACET_ROWS = 20
_DIFFERENCE, _BEFORE_DIFFERENCE = 60, 15
_FORMULA = tuple("=+-@＝＋－＠")

_HIT_COLUMNS = (
    "id",
    "kind",
    "date_published",
    "publication",
    "issues",
    "section",
    "headline",
    "authors",
    "site",
    "url",
    "score",
    "similar",
    "lacks",
)

Row = tuple[object, ...]


class Screen(NamedTuple):
    """`width` counts columns, two to a Hangul syllable; without it no line is broken."""

    color: bool = False
    width: int | None = None

    def styled(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.color and style and text else text

    def marked(
        self, text: str, highlights: "Iterable[Highlight | Span]", style: str = "", mark_style: str = MARKED
    ) -> str:
        """Return *text* with the highlights, which neither overlap nor go back, in a colour of their own."""
        pieces, at = [], 0
        for mark in highlights:
            pieces += [self.styled(text[at : mark.start], style), self.styled(text[mark.start : mark.end], mark_style)]
            at = mark.end
        return "".join([*pieces, self.styled(text[at:], style)])

    def lines(self, text: str, indent: str = "") -> list[str]:
        if self.width is None:
            return [indent + text]
        # Not loaded for a pipe: a fifth of the time of a search.
        from wcwidth import wrap

        return wrap(text, max(self.width, _NARROWEST), initial_indent=indent, subsequent_indent=indent)


# --- Hits ---------------------------------------------------------------------------------------------------------


def hits_as_text(results: "Results", screen: Screen) -> Iterator[str]:
    for number, hit in enumerate(results.hits):
        if number:
            yield ""
        yield from _hit_lines(hit, results.publications, screen)
    for facet, counts in results.facets.items():
        yield ""
        yield from _facet_lines(facet, counts)


def _hit_lines(hit: "Hit", titles: Mapping[str, str], screen: Screen) -> Iterator[str]:
    document = hit.document
    # To find what to mark takes time, and without colours nobody sees it.
    marks = hit.headline_highlights if screen.color else ()
    yield from screen.lines(screen.marked(one_line(document.headline), marks, BOLD))
    yield from screen.lines(one_line(about(hit, titles)), "  ")
    part = hit.snippet(_SNIPPET)
    if part.text:
        yield from screen.lines(screen.marked(one_line(part.text), part.highlights), "  ")
    yield screen.styled("  " + one_line("  ".join(filter(None, (document.url, document.id)))), DIM)
    if hit.similar:
        yield screen.styled("  " + one_line(f"+{len(hit.similar)} similar: {_similar(hit)}"), DIM)
    if hit.lacks:
        yield screen.styled("  " + one_line(f"lacks: {', '.join(hit.lacks)}"), DIM)
    if hit.explanation:
        yield from screen.lines(_explanation(hit.score, hit.explanation), "  ")


def _similar(hit: "Hit") -> str:
    return ", ".join(document.id for document in hit.similar)


def about(hit: "Hit", titles: Mapping[str, str]) -> str:
    document = hit.document
    origin = issue_name(document) if document.issue else _ways_in(hit.issues, titles)
    section = document.section.label if document.section else None
    parts = (day(document.date_published), origin, document.site, section, ", ".join(document.authors))
    return " · ".join(part for part in parts if part)


def issue_name(document: Document) -> str:
    assert document.issue is not None
    title = document.publication.title if document.publication else ""
    name = f"#{document.issue.number}" if document.issue.number is not None else document.issue.headline
    return " ".join(part for part in (title, name) if part)


def _ways_in(issues: Sequence[str], titles: Mapping[str, str]) -> str:
    names: dict[str, list[str]] = {}
    for publication, _, name in (issue.partition("/") for issue in issues):
        names.setdefault(publication, []).append(f"#{name}" if name.isdigit() else name)
    return " ".join(f"← {titles.get(id, id)} {', '.join(numbers)}" for id, numbers in names.items())


def day(date: str | None) -> str:
    return date[:10] if date else "undated"


def _explanation(score: float, parts: Mapping[str, float]) -> str:
    return f"score {score:.3f} = " + " + ".join(f"{name} {value:.3f}" for name, value in parts.items())


def hits_as_json(results: "Results", limit: int, offset: int) -> Iterator[str]:
    yield to_json(results_dict(results, limit, offset), indent=2)


def hits_as_jsonl(results: "Results") -> Iterator[str]:
    return (to_json(hit_dict(hit)) for hit in results.hits)


def hits_as_csv(results: "Results") -> Iterator[str]:
    return csv_lines(_HIT_COLUMNS, [_hit_row(hit) for hit in results.hits])


def _hit_row(hit: "Hit") -> Row:
    document = hit.document
    return (
        document.id,
        document.kind,
        document.date_published,
        document.publication.title if document.publication else None,
        ", ".join(hit.issues),
        document.section.label if document.section else None,
        document.headline,
        ", ".join(document.authors),
        document.site,
        document.url,
        hit.score,
        _similar(hit),
        ", ".join(hit.lacks),
    )


def hits_as_urls(results: "Results") -> Iterator[str]:
    """An entry and the article that it links to share an address; it is said once."""
    return (one_line(url) for url in dict.fromkeys(hit.document.url for hit in results.hits) if url)


# --- Aliases ------------------------------------------------------------------------------------------------------

_ALIAS_COLUMNS = ("names", "documents", "source")


def _alias_rows(aliases: "Iterable[Alias]") -> list[Row]:
    return [(" = ".join(alias.names), alias.documents, alias.source) for alias in aliases]


def aliases_as_text(aliases: "Sequence[Alias]") -> Iterator[str]:
    return table(_ALIAS_COLUMNS, _alias_rows(aliases)) if aliases else iter(())


def aliases_as_json(aliases: "Sequence[Alias]") -> Iterator[str]:
    yield to_json([alias._asdict() for alias in aliases], indent=2)


def aliases_as_csv(aliases: "Sequence[Alias]") -> Iterator[str]:
    return csv_lines(_ALIAS_COLUMNS, _alias_rows(aliases))


# --- Saved searches -----------------------------------------------------------------------------------------------


def watched_as_text(watched: "Sequence[Watched]") -> Iterator[str]:
    rows = [(one.search.name, one.documents, one.new, shlex.join(one.search.arguments)) for one in watched]
    return table(("name", "documents", "new", "search"), rows) if rows else iter(())


def watched_as_json(watched: "Sequence[Watched]") -> Iterator[str]:
    shown = [{**one.search.model_dump(), "documents": one.documents, "new": one.new} for one in watched]
    yield to_json(shown, indent=2)


def digest_as_json(digest: "Digest") -> Iterator[str]:
    searches = [
        {"name": one.search.name, "query": one.search.query, "total": one.total, "hits": [*map(hit_dict, one.hits)]}
        for one in digest.searches
    ]
    issues = [
        {
            "id": one.issue.id,
            "headline": one.issue.headline,
            "url": one.issue.url,
            "date_published": one.date,
            "sections": [
                {"label": label, "entries": [{"id": entry.id, "headline": entry.headline} for entry in entries]}
                for label, entries in one.sections
            ],
        }
        for one in digest.issues
    ]
    counts = {"documents": digest.documents, "entries": digest.entries, "articles": digest.articles}
    shown = {"since": str(digest.since), "until": str(digest.until), **counts, "searches": searches, "issues": issues}
    yield to_json({**shown, "words": [asdict(word) for word in digest.words]}, indent=2)


# --- Facets -------------------------------------------------------------------------------------------------------


def _facet_lines(facet: str, counts: "Sequence[FacetCount]") -> Iterator[str]:
    """The most frequent values, or the latest periods."""
    rows = [(one.label, one.count) for one in counts[:_FACET_ROWS]]
    yield from table((facet, "documents"), rows)
    if len(counts) > _FACET_ROWS:
        yield f"and {len(counts) - _FACET_ROWS} more"


def facets_as_jsonl(results: "Results") -> Iterator[str]:
    return (to_json({"facet": facet, **asdict(one)}) for facet, counts in results.facets.items() for one in counts)


def facets_as_csv(results: "Results") -> Iterator[str]:
    rows = [(facet, one.value, one.label, one.count) for facet, counts in results.facets.items() for one in counts]
    return csv_lines(("facet", "value", "label", "documents"), rows)


# --- Trends and words ---------------------------------------------------------------------------------------------


def trends_as_json(trends: "Sequence[Trend]") -> Iterator[str]:
    yield to_json(trends_list(trends), indent=2)


def trends_as_csv(trends: "Sequence[Trend]") -> Iterator[str]:
    rows = [
        (trend.query, one.period, one.found, one.documents, round(one.share, 6))
        for trend in trends
        for one in trend.counts
    ]
    return csv_lines(("query", "period", "found", "documents", "share"), rows)


_WORD_COLUMNS = ("word", "documents", "before", "score")


def words_as_text(words: "Sequence[RisingWord]") -> Iterator[str]:
    return table(_WORD_COLUMNS, _word_rows(words)) if words else iter(())


def words_as_json(words: "Sequence[RisingWord]") -> Iterator[str]:
    yield to_json([asdict(one) for one in words], indent=2)


def words_as_csv(words: "Sequence[RisingWord]") -> Iterator[str]:
    return csv_lines(_WORD_COLUMNS, _word_rows(words))


def _word_rows(words: "Sequence[RisingWord]") -> list[Row]:
    return [(one.word, one.documents, one.before, one.score) for one in words]


# --- Documents ----------------------------------------------------------------------------------------------------


def document_as_text(document: Document, screen: Screen) -> Iterator[str]:
    yield from screen.lines(screen.styled(one_line(document.headline), BOLD))
    yield ""
    for name, value in _document_fields(document):
        if value:
            yield f"{name:<10}{one_line(value)}"
    yield ""
    for paragraph in harmless(document.body).split("\n"):
        yield from screen.lines(paragraph) or [""]
    yield from _listed("captions", document.captions)
    links = (f"{link.position}. {link.text}  {link.article}  {link.url}" for link in document.links)
    yield from _listed("links", links)
    yield from _listed("linked from", (f"{way.entry}  {way.text}" for way in document.linked_from))


def _document_fields(document: Document) -> Iterator[tuple[str, str | None]]:
    yield "id", f"{document.id}  (version {document.version})"
    yield "kind", document.kind
    yield "published", _sourced(document.date_published, document.date_published_source)
    yield "modified", _sourced(document.date_modified, document.date_modified_source)
    if document.issue:
        yield "issue", "  ".join(filter(None, (issue_name(document), document.issue.headline, document.issue.id)))
    if document.section:
        id = f"  ({document.section.id})" if document.section.id else ""
        yield "section", document.section.label + id
    yield "authors", ", ".join(document.authors)
    yield "keywords", ", ".join(document.keywords)
    yield "site", document.site
    yield "url", document.url
    yield "truncated", "yes" if document.truncated else None


def _sourced(date: str | None, source: str | None) -> str | None:
    return f"{date}  (from {source or 'an unknown place'})" if date else None


def _listed(title: str, items: Iterable[str]) -> Iterator[str]:
    lines = [f"  {one_line(item)}" for item in items]
    return iter(["", f"{title}:", *lines] if lines else [])


def issue_as_text(entries: Sequence[Document], screen: Screen) -> Iterator[str]:
    """*entries* are those of one issue, at least one."""
    issue = entries[0].issue
    assert issue is not None
    head = (issue_name(entries[0]), day(issue.date_published), issue.headline, issue.url)
    yield from screen.lines(screen.styled(one_line(" · ".join(filter(None, head))), BOLD))
    for entry in entries:
        yield ""
        yield from screen.lines(screen.styled(one_line(f"{entry.position}. {entry.headline}"), BOLD))
        section = entry.section.label if entry.section else None
        yield "  " + one_line(" · ".join(filter(None, (section, ", ".join(entry.authors), entry.id))))
        for link in entry.links:
            yield "  → " + one_line("  ".join(filter(None, (link.text, link.article))))


# --- Versions -----------------------------------------------------------------------------------------------------


def history_as_text(versions: "Sequence[Version]", screen: Screen) -> Iterator[str]:
    """*versions* stand newest first; there is at least one."""
    from factpl_crawler.history import changed_fields, diff_lines, with_older

    if removed_at := versions[0].superseded_at:
        yield from (f"removed {removed_at}", "")
    for newer, older in with_older(versions):
        until = f"until {newer.superseded_at}" if newer.superseded_at else "current"
        changed = f"  changed: {', '.join(changed_fields(older, newer))}" if older else ""
        yield screen.styled(f"version {newer.number}  {until}{changed}", BOLD)
        if older:
            yield from (_diff_line(line, screen) for line in diff_lines(older, newer))
            yield ""


def _diff_line(line: "DiffLine", screen: Screen) -> str:
    style = {"+": NEW, "-": GONE, "@": DIM}.get(line.sign, "")
    sign = "" if line.sign == "@" else screen.styled(line.sign, style)
    return sign + screen.marked(one_line(line.text), line.changed, style, f"1;7;{style}")


def history_as_json(id: str, versions: "Sequence[Version]") -> Iterator[str]:
    from factpl_crawler.history import changed_fields, with_older

    shown = [
        {
            "version": newer.number,
            "superseded_at": newer.superseded_at,
            "changed": changed_fields(older, newer),
            "content": newer.content,
        }
        for newer, older in with_older(versions)
    ]
    yield to_json({"id": id, "removed_at": versions[0].superseded_at, "versions": shown}, indent=2)


# --- Issues and counts --------------------------------------------------------------------------------------------

_ISSUE_COLUMNS = ("id", "date", "headline", "entries", "linked_articles", "fetched_articles")


def issues_as_text(issues: "Sequence[IssueSummary]") -> Iterator[str]:
    if not issues:
        return iter(())
    rows = [(*row, f"{fetched}/{linked}") for *row, linked, fetched in _issue_rows(issues)]
    return table((*_ISSUE_COLUMNS[:-2], "articles"), rows)


def issues_as_json(issues: "Sequence[IssueSummary]") -> Iterator[str]:
    yield to_json([asdict(issue) for issue in issues], indent=2)


def issues_as_csv(issues: "Sequence[IssueSummary]") -> Iterator[str]:
    return csv_lines(_ISSUE_COLUMNS, _issue_rows(issues))


def _issue_rows(issues: "Iterable[IssueSummary]") -> list[Row]:
    return [
        (
            issue.id,
            (issue.date_published or "")[:10],
            issue.headline,
            issue.entries,
            issue.linked_articles,
            issue.fetched_articles,
        )
        for issue in issues
    ]


def quarantined_dict(row: "QuarantineRow") -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("id", "kind", "url", "reason", "count", "created_at")}


def stats_as_text(found: Mapping[str, Any]) -> Iterator[str]:
    numbers = {**found["archive"], **{f"index {name}": value for name, value in found["index"].items()}}
    for name, value in numbers.items():
        yield f"{name:<16}{value}"
    yield from _listed("unknown sections", (f"{label}  {count}" for label, count in found["unknown_sections"].items()))
    rows = (f"{row['kind']}  {row['url']}  {row['reason']}  ×{row['count']}" for row in found["quarantined"])
    yield from _listed("quarantined", rows)


# --- Findings -----------------------------------------------------------------------------------------------------


def findings_as_text(findings: "Iterable[Finding]", screen: Screen) -> Iterator[str]:
    for one in findings:
        mends = f"  Run: {one_line(one.command)}" if one.command else ""
        state = screen.styled(f"{one.state:<8}", {"fault": MARKED, "warning": BOLD}.get(one.state, ""))
        yield f"{state} {one.check:<12} {one_line(one.text)}{mends}"


def findings_as_json(findings: "Iterable[Finding]") -> Iterator[str]:
    yield to_json([asdict(one) for one in findings], indent=2)


# --- Tables -------------------------------------------------------------------------------------------------------


def table(header: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    """Yield lines with the columns as wide as their text, columns of numbers to the right."""
    columns = [_column([name, *cells]) for name, *cells in zip(header, *rows, strict=True)]
    return ("  ".join(cells).rstrip() for cells in zip(*columns, strict=True))


def _column(cells: Sequence[object]) -> list[str]:
    from wcwidth import width

    texts = ["" if cell is None else one_line(str(cell)) for cell in cells]
    widest = max(map(width, texts))
    padded = [(" " * (widest - width(text)), text) for text in texts]
    if all(isinstance(cell, int) for cell in cells[1:]):
        return [blank + text for blank, text in padded]
    return [text + blank for blank, text in padded]


def csv_lines(header: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    import csv  # few ask for it

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return iter(out.getvalue().removesuffix("\n").split("\n"))


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = one_line(value)
    # A spreadsheet takes such a cell for a formula, and runs it.
    return f"'{text}" if text.startswith(_FORMULA) else text


# --- Read again ---------------------------------------------------------------------------------------------------


def reparsed_as_text(found: "Reparsed") -> Iterator[str]:
    if found.fate == "unchanged":
        return
    fate = {"lost": "can no longer be read", "unreadable": "cannot be read"}.get(found.fate, found.fate)
    yield f"{one_line(found.id)}: {fate}" + (f" ({one_line(found.reason)})" if found.reason else "")
    for difference in found.differences:
        old, new = _shortened(difference.old, difference.new)
        yield f"  {difference.field}: {old} → {new}"


def _shortened(old: Any, new: Any) -> tuple[str, str]:
    """Return both from a little before where they differ."""
    texts = [
        one_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) for value in (old, new)
    ]
    same = next((at for at, (a, b) in enumerate(zip(*texts, strict=False)) if a != b), min(map(len, texts)))
    begin = max(0, same - _BEFORE_DIFFERENCE) if max(map(len, texts)) > _DIFFERENCE else 0
    shown = ((text[begin : begin + _DIFFERENCE], len(text) > begin + _DIFFERENCE) for text in texts)
    first, second = ("…" * bool(begin) + text + "…" * more or "(nothing)" for text, more in shown)
    return first, second
