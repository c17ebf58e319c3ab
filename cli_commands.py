"""What `search_cli.py` does: options in, lines or JSON out."""

import functools
import io
import os
import shlex
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
from click_default_group import DefaultGroup  # type: ignore[import-untyped]  # it has no types

from factpl_crawler.paths import ROOT, data_dir, index_dir, searches_path, settings_files, store_path

# Each command imports what it needs when it runs: a search loads neither the store's libraries nor the crawler's.
if TYPE_CHECKING:
    from cli_output import Screen
    from factpl_crawler.store import Store
    from index.search import Filters, Results

FOUND_NOTHING, FOUND_FAULT, FAILED, INTERRUPTED = 1, 1, 2, 130
DATA = "factpl.data"  # where the context keeps the folder given with --data
OURS = {"charts", "digests", "factpl_crawler", "index", "web"}


class Failure(click.ClickException):
    """What went wrong, in one line."""

    exit_code = FAILED


class Program(DefaultGroup, click.Group):  # type: ignore[misc]  # DefaultGroup has no types
    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        data_option(cmd)
        super().add_command(cmd, name)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Who reads has read enough. What is still buffered would fail once more at the exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except OSError as e:
            raise Failure(f"{e.filename}: {e.strerror}" if e.filename else str(e)) from e
        except Exception as e:
            # The project's own exceptions are written for the person at the terminal.
            if type(e).__module__.partition(".")[0] in OURS:
                raise Failure(explained(e)) from e
            raise


def explained(error: Exception) -> str:
    from factpl_crawler.harmless import one_line
    from index.errors import NoIndexError

    if isinstance(error, NoIndexError) and not store_path().exists():
        return f"No archive at {store_path()}. Run: ./nightly, or: {as_typed('search_cli.py import FILE.jsonl')}"
    return as_typed(one_line(str(error)))


def as_typed(message: str) -> str:
    """Name the next command with the folder that this one was given."""
    context = click.get_current_context(silent=True)
    data = context.meta.get(DATA) if context else None
    return message.replace("search_cli.py ", f"search_cli.py --data {shlex.quote(data)} ") if data else message


def as_run(command: str) -> str:
    """The same of a whole command, which may be the night's."""
    context = click.get_current_context(silent=True)
    data = context.meta.get(DATA) if context else None
    return f"FACTPL_DATA={shlex.quote(data)} {command}" if data and command == "./nightly" else as_typed(command)


def set_data(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value:
        os.environ["FACTPL_DATA"] = ctx.meta[DATA] = value


def show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        import tomllib

        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        click.echo(f"{project['name']} {project['version']}")
        ctx.exit()


version_option = click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=show_version,
    help="Print the version.",
)
data_option = click.option(
    "--data",
    metavar="DIR",
    expose_value=False,
    callback=set_data,
    help="Folder of the archive and its index; else FACTPL_DATA, else data/.",
)

# --- Options ------------------------------------------------------------------------------------------------------


def composed(text: str) -> str:
    """macOS takes Hangul apart in what it hands to a program."""
    return unicodedata.normalize("NFC", text)


def composed_all(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(composed, values))


def join_words(ctx: click.Context, param: click.Parameter, words: tuple[str, ...]) -> str:
    for word in words:
        # `-word` excludes a word, so unknown options are let through; `--word` can only be a slip.
        if word.startswith("--"):
            names = [name for option in ctx.command.params for name in option.opts if name.startswith("--")]
            raise click.NoSuchOption(word.partition("=")[0], possibilities=names, ctx=ctx)
    return " ".join(words)


query_argument = click.argument("query", nargs=-1, callback=join_words)


def repeatable(name: str, help: str, **settings: Any) -> Callable[..., Any]:
    return click.option(name, multiple=True, callback=composed_all, help=help, **settings)


FILTERS = (
    click.option("--since", metavar="WHEN", help="From this day on: 2023-10, 2023-10-26, 지난달, '3개월 전'."),
    click.option("--until", metavar="WHEN", help="Up to the end of this day, month or year."),
    repeatable("--section", metavar="NAME", help="Only this section of the newsletter."),
    repeatable("--author", metavar="NAME", help="Only by this author."),
    repeatable("--site", metavar="HOST", help="Only from this site."),
    repeatable("--issue", metavar="ISSUE", help="Only this issue and what it links to: 55 or factpl/55."),
    repeatable("--publication", metavar="NAME", help="Only this newsletter and what it links to."),
    repeatable("--kind", type=click.Choice(["entry", "article"]), help="Pieces of a newsletter, or what they link to."),
)


# What a search that is saved may be narrowed by: neither a day nor an issue, which pass.
LASTING = tuple(option for number, option in enumerate(FILTERS) if number not in (0, 1, 5))


def filter_options(command: Callable[..., None]) -> Callable[..., None]:
    """Hand the filters to *command* as one argument, `filters`."""

    @functools.wraps(command)
    def with_filters(since: str | None, until: str | None, **others: Any) -> None:
        from index.search import Filters

        names = ("section", "author", "site", "issue", "publication", "kind")
        first, last = period(since, until)
        filters = Filters(since=first, until=last, **{name: others.pop(name) for name in names})
        command(filters=filters, **others)

    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(FILTERS), with_filters)


def lasting_filter_options(command: Callable[..., None]) -> Callable[..., None]:
    """Hand what a saved search may be narrowed by to *command* as one argument, `filters`."""

    @functools.wraps(command)
    def with_filters(**others: Any) -> None:
        from index.search import Filters

        names = ("section", "author", "site", "publication", "kind")
        command(filters=Filters(**{name: others.pop(name) for name in names}), **others)

    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(LASTING), with_filters)


def period(since: str | None, until: str | None) -> tuple[date | None, date | None]:
    if since is None and until is None:
        return None, None
    from factpl_crawler.text import parse_period

    first = parse_period(composed(since))[0] if since is not None else None
    last = parse_period(composed(until))[1] if until is not None else None
    if first and last and first > last:
        raise Failure(f"--since {since} is after --until {until}. Exchange them.")
    return first, last


def format_option(*formats: str) -> Callable[..., Any]:
    return click.option("--format", "output_format", type=click.Choice(formats), default="text", show_default=True)


color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="auto: on a terminal, unless NO_COLOR is set.",
)


def screen(color: str = "auto") -> "Screen":
    from cli_output import Screen

    terminal = sys.stdout.isatty()
    colored = color == "always" or (color == "auto" and terminal and not os.environ.get("NO_COLOR"))
    return Screen(colored, shutil.get_terminal_size().columns if terminal else None)


def write(lines: Iterable[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    # Here, where a reader that has gone is noticed, and not at the exit.
    sys.stdout.flush()


def say(message: str) -> None:
    click.echo(message, err=True)


def warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        say(f"Warning: {as_typed(warning)}")


def open_store(*, create: bool = False) -> "Store":
    from factpl_crawler.store import Store

    return Store.open(store_path(), create=create)


# --- Commands -----------------------------------------------------------------------------------------------------

EXAMPLES = """\b
Examples:
  search_cli.py 그로크
  search_cli.py '"AI 반도체" -엔비디아' --since 2023-10 --section 인터뷰
  search_cli.py --issue 55
  search_cli.py export 그로크 -o grok.jsonl.gz
"""


@click.group(cls=Program, default="search", epilog=EXAMPLES, context_settings={"max_content_width": 100})
@version_option
@data_option
def cli() -> None:
    """Search an archive of newsletters and of the articles that they link to.

    What names no command is searched for. Exit status: 0 found, 1 nothing found, 2 an error.
    """


def example(command: str) -> str:
    return f"Example:  search_cli.py {command}"


no_aliases_option = click.option(
    "--no-aliases", is_flag=True, help="Do not look for the other names of a word: Groq for 그로크."
)
facet_option = click.option(
    "--facet",
    "facets",
    multiple=True,
    type=click.Choice(["section", "author", "site", "year", "month", "publication", "kind"]),
    help="Count the whole result by this. Text and JSON add the counts, CSV and JSONL print them alone.",
)


@cli.command(
    "search",
    context_settings={"ignore_unknown_options": True},
    epilog=example("그로크 '반도체 OR 파운드리' -엔비디아 --since 3개월 --sort date"),
)
@query_argument
@filter_options
@click.option("--sort", type=click.Choice(["score", "date"]), help="Best or newest first; without words newest.")
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True)
@click.option("--offset", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--count", is_flag=True, help="Print only how many there are.")
@facet_option
@click.option("--exact", is_flag=True, help="Only what was typed: no other names, no corrections, no partial matches.")
@no_aliases_option
@click.option("--no-collapse", is_flag=True, help="Show what says the same as a better hit as a hit of its own.")
@format_option("text", "json", "jsonl", "csv", "urls")
@click.option("--explain", is_flag=True, help="Say how the query was understood and where the scores come from.")
@color_option
@click.pass_context
def search_command(
    ctx: click.Context,
    query: str,
    filters: "Filters",
    sort: Literal["score", "date"] | None,
    limit: int,
    offset: int,
    count: bool,
    facets: tuple[str, ...],
    exact: bool,
    no_aliases: bool,
    no_collapse: bool,
    output_format: str,
    explain: bool,
    color: str,
) -> None:
    """Find what matches QUERY: words, "a phrase", -without, OR, (groups), 섹션:인터뷰. The default command.

    Filters without words list what they let through, newest first.
    """
    from index.search import search

    if facets and (count or output_format == "urls"):
        raise Failure("--facet goes with neither --count nor --format urls. Leave one out.")
    results = search(
        query,
        index_dir=index_dir(),
        store_path=store_path(),
        filters=filters,
        sort=sort,
        limit=limit,
        offset=offset,
        explain=explain,
        facets=facets,
        collapse=not no_collapse and output_format != "urls",
        exact=exact,
        aliases=not no_aliases,
    )
    warn(results.warnings)
    if explain:
        say("\n".join([f"query: {results.query}", *results.reading]))
    tell_reading(results)
    if count:
        write([str(results.total)])
    else:
        write(page(results, output_format, limit, offset, screen(color)))
    if not (results.total if count or facets else results.hits):
        ctx.exit(FOUND_NOTHING)


MEANT = {
    "literal": "as it stands in the text, which the dictionary reads as something else",
    "particle": "a noun with a particle",
    "keyboard": "the same keys in the other layout",
    "initials": "words with these initial consonants",
    "prefix": "words that begin so",
    "spacing": "two words",
    "spelling": "as it is spelt in the archive",
}


def tell_reading(results: "Results", advice: str = "--exact keeps to what was typed.") -> None:
    """Say what was searched for where it is not what was typed, and what to do about it."""
    from factpl_crawler.harmless import one_line

    if correction := results.correction:
        told = f"Nothing has {correction.typed}. Searched for {correction.used}: {MEANT[correction.kind]}."
        say(one_line(f"{told} {advice}".rstrip()))
    if results.partial:
        lacking = f" The best lacks: {', '.join(results.dropped)}" if results.dropped else ""
        having = f"Only {results.complete} of them have" if results.complete else "Nothing has"
        say(one_line(f"{having} all the words; what has some is shown.{lacking}"))
    if results.suggestions:
        say(one_line(f"혹시 {', '.join(results.suggestions)}?"))


def page(results: "Results", output_format: str, limit: int, offset: int, screen: "Screen") -> Iterator[str]:
    import cli_output

    match output_format:
        case "json":
            return cli_output.hits_as_json(results, limit, offset)
        case "jsonl":
            return cli_output.facets_as_jsonl(results) if results.facets else cli_output.hits_as_jsonl(results)
        case "csv":
            return cli_output.facets_as_csv(results) if results.facets else cli_output.hits_as_csv(results)
        case "urls":
            return cli_output.hits_as_urls(results)
    documents = sum(1 + len(hit.similar) for hit in results.hits)
    shown = f"{documents} of {results.total}" + (f", after the first {offset}" if offset else "")
    say(shown if results.total else "Nothing found.")
    return cli_output.hits_as_text(results, screen)


@cli.command(epilog=example("aliases 그로크"))
@click.argument("word", required=False, default="", callback=lambda ctx, param, value: composed(value))
@format_option("text", "json", "csv")
@click.pass_context
def aliases(ctx: click.Context, word: str, output_format: str) -> None:
    """List the names that mean the same, learnt from the archive or written in aliases.toml: all, or those of WORD."""
    import cli_output
    from index.search import known_aliases

    found = known_aliases(word, index_dir=index_dir())
    formats = {
        "text": cli_output.aliases_as_text,
        "json": cli_output.aliases_as_json,
        "csv": cli_output.aliases_as_csv,
    }
    write(formats[output_format](found))
    if not found:
        say("No other names are known.")
        ctx.exit(FOUND_NOTHING)


@cli.command(epilog=example("related factpl/55#4 --kind article"))
@click.argument("id", callback=lambda ctx, param, value: composed(value))
@filter_options
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True)
@click.option("--no-collapse", is_flag=True, help="Show what says the same as a better hit as a hit of its own.")
@format_option("text", "json", "jsonl", "csv", "urls")
@color_option
@click.pass_context
def related(
    ctx: click.Context, id: str, filters: "Filters", limit: int, no_collapse: bool, output_format: str, color: str
) -> None:
    """List the documents that are most like the entry or article named ID."""
    from index.related import related as find_related

    warn_of_an_old_index()
    results = find_related(id, index_dir=index_dir(), filters=filters, limit=limit, collapse=not no_collapse)
    write(page(results, output_format, limit, 0, screen(color)))
    if not results.hits:
        ctx.exit(FOUND_NOTHING)


@cli.command(epilog=example("trends 그로크 'AI 반도체' --by week --svg trends.svg"))
@click.argument("queries", nargs=-1, required=True, metavar="WORD...", callback=composed_all)
@filter_options
@click.option("--by", type=click.Choice(["month", "week"]), default="month", show_default=True)
@no_aliases_option
@click.option("--absolute", is_flag=True, help="Documents, not per cent of all documents of the period.")
@click.option("--svg", "svg_file", metavar="FILE", type=click.Path(path_type=Path), help="Draw there instead.")
@click.option("--png", "png_file", metavar="FILE", type=click.Path(path_type=Path), help="Draw there instead.")
@format_option("text", "json", "csv")
@click.pass_context
def trends(
    ctx: click.Context,
    queries: tuple[str, ...],
    filters: "Filters",
    by: Literal["month", "week"],
    no_aliases: bool,
    absolute: bool,
    svg_file: Path | None,
    png_file: Path | None,
    output_format: str,
) -> None:
    """Show how often each WORD is written of; a WORD in quotes may be a whole query.

    A PNG needs a font with Hangul on this machine, an SVG where it is looked at.
    """
    import charts
    from index.trends import trends as find_trends

    warn_of_an_old_index()
    found = find_trends(queries, index_dir=index_dir(), filters=filters, by=by, aliases=not no_aliases)
    if svg_file:
        svg_file.write_text(charts.svg(found, absolute=absolute), encoding="utf-8")
    if png_file:
        png_file.write_bytes(charts.png(found, absolute=absolute))
    if output_format != "text":
        import cli_output

        write(cli_output.trends_as_json(found) if output_format == "json" else cli_output.trends_as_csv(found))
    elif not svg_file and not png_file:
        write(charts.terminal_charts(found, shutil.get_terminal_size().columns, absolute=absolute))
    for trend in found:
        if not any(one.found for one in trend.counts):
            tell_other_reading(trend.query, filters)
    if not any(one.found for trend in found for one in trend.counts):
        say("Nothing found.")
        ctx.exit(FOUND_NOTHING)


def tell_other_reading(query: str, filters: "Filters") -> None:
    """Say how a search would read *query*, where what counts keeps to what was typed."""
    from factpl_crawler.harmless import one_line
    from index.search import search

    found = search(query, index_dir=index_dir(), filters=filters, limit=1)
    meant = [found.correction.used] if found.correction else found.suggestions
    if meant:
        say(one_line(f"Nothing has {query}. Counted as typed; perhaps {', '.join(meant)}?"))


@cli.command(epilog=example("words --since 1주"))
@filter_options
@click.option("--limit", type=click.IntRange(1, 300), default=20, show_default=True)
@format_option("text", "json", "csv")
@click.pass_context
def words(ctx: click.Context, filters: "Filters", limit: int, output_format: str) -> None:
    """List the names and nouns that rose most since --since, against the three months before."""
    import cli_output
    from index.words import rising_words

    if filters.since is None:
        raise Failure("From when on? Run: search_cli.py words --since 1주")
    warn_of_an_old_index()
    found = rising_words(filters, index_dir=index_dir(), limit=limit)
    formats = {"text": cli_output.words_as_text, "json": cli_output.words_as_json, "csv": cli_output.words_as_csv}
    write(formats[output_format](found))
    if not found:
        say("No word rose.")
        ctx.exit(FOUND_NOTHING)


@cli.command(
    context_settings={"ignore_unknown_options": True},
    epilog=example("watch '그로크 OR LPU' --name 반도체 --kind article"),
)
@query_argument
@click.option("--name", metavar="NAME", help="What to call it; else the query itself.")
@lasting_filter_options
@click.option("--replace", is_flag=True, help="In the place of another search of that name.")
@click.option("--remove", metavar="NAME", help="Watch that no more.")
@format_option("text", "json")
@click.pass_context
def watch(
    ctx: click.Context,
    query: str,
    name: str | None,
    filters: "Filters",
    replace: bool,
    remove: str | None,
    output_format: str,
) -> None:
    """Save QUERY in searches.toml: every night then tells what is new for it, once. Without QUERY, list what is saved.

    What is in the archive today is no news. The file may be edited by hand.
    """
    from index.search import Filters

    if remove is not None:
        if query or name or replace or filters != Filters():
            raise Failure("--remove goes with nothing else. Run: search_cli.py watch --remove NAME")
        watch_no_more(composed(remove).strip())
    elif query.strip():
        watch_for(query, composed(name or query), filters, replace=replace)
    elif name or replace or filters != Filters():
        raise Failure("What is to be watched for? Run: search_cli.py watch '그로크 OR LPU' --name 반도체")
    elif not list_watched(output_format):
        ctx.exit(FOUND_NOTHING)


def watch_for(query: str, name: str, filters: "Filters", *, replace: bool) -> None:
    from factpl_crawler.harmless import one_line
    from index.errors import NoIndexError
    from index.saved import matching, save_search, saved_search

    search = saved_search(name, query, filters)
    changed = save_search(searches_path(), search, replace=replace)
    if store_path().exists():
        with open_store() as store:
            store.begin_searches({search.name: search.asked})
    try:
        today = f"Today {len(matching(search, index_dir=index_dir()))} documents match, which are no news."
    except NoIndexError:
        today = "Nothing is indexed yet."
    say(one_line(f"{search.name} is {'saved' if changed else 'saved already'}. {today} ./nightly tells what is new."))


def watch_no_more(name: str) -> None:
    from index.saved import remove_search

    remove_search(searches_path(), name)
    if store_path().exists():
        with open_store() as store:
            store.forget_searches([name])
    say(f"{name} is watched no more.")


def list_watched(output_format: str) -> bool:
    """Say whether there are any."""
    import cli_output
    from factpl_crawler.store import NoStoreError
    from index.errors import NoIndexError
    from index.saved import Watched, read_searches, watched

    saved = read_searches(searches_path())
    warn(saved.problems)
    try:
        warn_of_an_old_index()
        with open_store() as store:
            changed = store.stamp().changed
            found = [watched(search, store, changed, index_dir=index_dir()) for search in saved.known]
    except (NoStoreError, NoIndexError) as e:
        found = [Watched(search) for search in saved.known]
        if found:
            say(f"Warning: {explained(e)}")
    write(cli_output.watched_as_json(found) if output_format == "json" else cli_output.watched_as_text(found))
    if not found:
        say(as_typed("No search is saved. Run: search_cli.py watch '그로크 OR LPU' --name 반도체"))
    return bool(found)


FORMATS = {".md": "markdown", ".html": "html", ".htm": "html", ".json": "json"}


@cli.command(epilog=example("digest --since 1주 --format html -o week.html"))
@click.option("--since", metavar="WHEN", help="From this day on: 2023-10, 지난주; else a week before --until.")
@click.option("--until", metavar="WHEN", help="Up to the end of this day, month or year; else today.")
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True, help="Documents for each search.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["markdown", "html", "json"]),
    help="Else as FILE ends, else markdown.",
)
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write there.")
@click.pass_context
def digest(
    ctx: click.Context,
    since: str | None,
    until: str | None,
    limit: int,
    output_format: str | None,
    output: Path | None,
) -> None:
    """Print a period as a letter: what is new for each saved search, the issues, and the words that rose.

    A document is of the day that is printed in it.
    """
    import cli_output
    import digests
    from index.digest import digest as find_digest
    from index.saved import read_searches

    if output and not output_format and output.suffix not in FORMATS:
        raise Failure(f"In which format? Give {output.name} an ending: {', '.join(FORMATS)}, or say --format.")
    first, last = period(since, until or "오늘")
    assert last is not None
    first = first or last - timedelta(days=7)
    saved = read_searches(searches_path())
    warn(saved.problems)
    warn_of_an_old_index()
    found = find_digest(saved.known, index_dir=index_dir(), since=first, until=last, limit=limit)
    formats = {"markdown": digests.as_markdown, "html": digests.as_html, "json": cli_output.digest_as_json}
    lines = formats[output_format or (FORMATS[output.suffix] if output else "markdown")](found)
    if output:
        output.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        say(f"{found.documents} documents, written to {output}")
    else:
        write(lines)
    if not found.documents:
        say("Nothing found.")
        ctx.exit(FOUND_NOTHING)


@cli.command(epilog=example("show factpl/55#4"))
@click.argument("id", callback=lambda ctx, param, value: composed(value))
@format_option("text", "json")
@color_option
@click.pass_context
def show(ctx: click.Context, id: str, output_format: str, color: str) -> None:
    """Show the entry, the article or the issue named ID."""
    import cli_output
    from index.answers import to_json

    with open_store() as store:
        document = store.document(id)
        entries = [] if document else store.issue_documents(id)
    if not document and not entries:
        say(as_typed(f"Nothing has the id {id}. Run: search_cli.py issues"))
        ctx.exit(FOUND_NOTHING)
    if output_format == "json":
        shown = document.to_dict() if document else [entry.to_dict() for entry in entries]
        write([to_json(shown, indent=2)])
    elif document:
        write(cli_output.document_as_text(document, screen(color)))
    else:
        write(cli_output.issue_as_text(entries, screen(color)))


@cli.command(epilog=example("history a/joongang/99000017"))
@click.argument("id", callback=lambda ctx, param, value: composed(value))
@format_option("text", "json")
@color_option
@click.pass_context
def history(ctx: click.Context, id: str, output_format: str, color: str) -> None:
    """List the versions of the entry or article named ID, newest first, each with what changed since the one before.

    What was removed keeps its versions.
    """
    import cli_output

    with open_store() as store:
        versions = store.history(id)
        entries = [] if versions else store.issue_documents(id)
    if entries:
        say(as_typed(f"{id} is an issue; its entries have versions. Run: search_cli.py history {entries[0].id}"))
    elif not versions:
        say(as_typed(f"Nothing has or had the id {id}. Run: search_cli.py issues"))
    if not versions:
        ctx.exit(FOUND_NOTHING)
    if output_format == "json":
        write(cli_output.history_as_json(id, versions))
    else:
        write(cli_output.history_as_text(versions, screen(color)))


@cli.command(epilog=example("issues --publication factpl --limit 5"))
@click.option("--publication", metavar="ID", help="Only this newsletter's.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@format_option("text", "json", "csv")
@click.pass_context
def issues(ctx: click.Context, publication: str | None, limit: int | None, output_format: str) -> None:
    """List the issues, newest first, with their entries and the articles fetched of those linked."""
    import cli_output

    with open_store() as store:
        found = list(islice(store.issues(publication), limit))
    formats = {
        "text": cli_output.issues_as_text,
        "json": cli_output.issues_as_json,
        "csv": cli_output.issues_as_csv,
    }
    write(formats[output_format](found))
    if not found:
        say("No issues found.")
        ctx.exit(FOUND_NOTHING)


@cli.command("index", epilog=example("index --rebuild"))
@click.option("--rebuild", is_flag=True, help="Make a new index from everything, then swap it in.")
def index_command(rebuild: bool) -> None:
    """Bring the index up to date with the archive."""
    from index.build import build

    with open_store() as store:
        report = build(store, index_dir(), rebuild=rebuild, progress=show_progress if sys.stderr.isatty() else None)
    write([str(report)])


def show_progress(documents: int) -> None:
    click.echo(f"{documents} indexed\r", err=True, nl=False)


@cli.command(epilog=example("stats --format json"))
@format_option("text", "json")
def stats(output_format: str) -> None:
    """Count what the archive and its index hold, and list what could not be read."""
    import cli_output
    from index.answers import to_json

    with open_store() as store:
        found = {
            "archive": store.counts(),
            "index": index_state(store),
            "unknown_sections": store.unknown_sections(),
            "quarantined": [cli_output.quarantined_dict(row) for row in store.quarantined()],
        }
    write([to_json(found, indent=2)] if output_format == "json" else cli_output.stats_as_text(found))


def index_state(store: "Store") -> dict[str, str | int]:
    from index.meta import read_meta

    meta, stamp = read_meta(index_dir()), store.stamp()
    if meta is None:
        return {"state": "missing. Run: search_cli.py index"}
    if not meta.is_ours:
        state = "made by another version. Run: search_cli.py index --rebuild"
    elif (meta.store_id, meta.changed) != (stamp.store_id, stamp.changed):
        state = "stale. Run: search_cli.py index"
    else:
        state = "fresh"
    return {"state": state, "documents": meta.documents, "built_at": meta.built_at}


@cli.command(epilog=example("export 그로크 --since 2023 -o grok.jsonl.gz -- -엔비디아"))
@query_argument
@filter_options
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="FILE.jsonl, or FILE.jsonl.gz.")
@click.pass_context
def export(ctx: click.Context, query: str, filters: "Filters", output: Path | None) -> None:
    """Write documents, one a line, as docs/data.md describes: all, or what QUERY and the filters find.

    Words to exclude stand after a `--`.
    """
    from factpl_crawler import exchange
    from index.search import Filters

    wanted = None if not query and filters == Filters() else matching_ids(query, filters)
    with open_store() as store:
        count = exchange.export(store.documents(wanted), output)
    say(f"{count} documents" + (f" written to {output}" if output else ""))
    if not count:
        ctx.exit(FOUND_NOTHING)


def matching_ids(query: str, filters: "Filters") -> Iterator[str]:
    from index.search import search, search_ids

    found = search(query, index_dir=index_dir(), store_path=store_path(), filters=filters, limit=1)
    warn(found.warnings)
    if found.correction or found.partial or found.suggestions:
        tell_reading(found, advice="")
        say("An export keeps to what was typed, and what was found beside it is left out.")
    return search_ids(query, index_dir=index_dir(), filters=filters)


def warn_of_an_old_index() -> None:
    from index.search import warnings

    warn(warnings(index_dir(), store_path()))


@cli.command("import", epilog=example("import archive.jsonl.gz --data /tmp/copy"))
@click.argument("file", type=click.Path(path_type=Path))
def import_command(file: Path) -> None:
    """Put the documents of an export, FILE.jsonl or FILE.jsonl.gz, into the archive: all of them, or none."""
    from factpl_crawler.exchange import import_documents
    from factpl_crawler.lock import writing

    with writing(), open_store(create=True) as store:
        counts = import_documents(store, file)
    say(f"{counts.new} new, {counts.changed} changed, {counts.unchanged} unchanged.")
    if counts.new or counts.changed:
        say(as_typed("Next, run: search_cli.py index"))


@cli.command(epilog=example("backup /mnt/disk/factpl"))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def backup(folder: Path) -> None:
    """Keep a copy of the archive, its raw pages, its letters and the settings in DIR, in a folder named by the time.

    A night may be running meanwhile. Raw files are linked where DIR is on the same disk.
    """
    from factpl_crawler.backup import back_up

    made = back_up(data_dir(), folder, settings_files())
    write([f"{made.path}: {made.manifest}"])


@cli.command(epilog=example("restore /mnt/disk/factpl --data /tmp/copy"))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Move an archive that is there aside.")
def restore(folder: Path, force: bool) -> None:
    """Put the backup in DIR, or the newest of those in it, in the place of the archive, and build the index.

    Only one that is whole, and only where there is no archive yet.
    """
    from factpl_crawler.backup import restore as restore_backup
    from index.build import build

    restored = restore_backup(folder, data_dir(), settings_files(), force=force)
    write([f"{restored.backup.path}: {restored.backup.manifest}, made {restored.backup.manifest.made_at}"])
    if restored.moved:
        write([f"What was there lies in {restored.moved}"])
    warn(f"{kept} differs from the file in use, which was left as it is." for kept in restored.differing)
    with open_store() as store:
        write([f"index: {build(store, index_dir())}"])


@cli.command(epilog=example("doctor --thorough"))
@click.option("--thorough", is_flag=True, help="Read all raw files, and not only the newest.")
@format_option("text", "json")
@color_option
@click.pass_context
def doctor(ctx: click.Context, thorough: bool, output_format: str, color: str) -> None:
    """Examine the archive, its raw pages, the index and this machine, and name the command that mends each fault.

    Changes nothing. Exit status 1 when there is a fault; a warning is none.
    """
    from dataclasses import replace

    import cli_output
    from factpl_crawler.doctor import examine

    found = [replace(one, command=as_run(one.command)) for one in examine(data_dir(), thorough=thorough)]
    if output_format == "json":
        write(cli_output.findings_as_json(found))
    else:
        write(cli_output.findings_as_text(found, screen(color)))
    if any(one.state == "fault" for one in found):
        ctx.exit(FOUND_FAULT)


@cli.command(epilog=example("reparse --site www.joongang.co.kr --dry-run"))
@click.option("--since", metavar="WHEN", help="Only what was collected from this day on: 2023-10-26, '3일 전'.")
@click.option("--site", metavar="HOST", help="Only pages from this site.")
@click.option("--id", metavar="ID", help="Only this issue or article.")
@click.option("--dry-run", is_flag=True, help="Print what would change, and write nothing.")
@click.pass_context
def reparse(ctx: click.Context, since: str | None, site: str | None, id: str | None, dry_run: bool) -> None:
    """Read what was collected again, as today's rules read it, and keep what changes as new versions.

    Asks no site for anything. Exit status 1 when there was nothing to read.
    """
    from collections import Counter

    from cli_output import reparsed_as_text
    from factpl_crawler.reparse import Choice, reparse

    choice = Choice(period(since, None)[0], site, composed(id) if id else None)
    fates: Counter[str] = Counter()
    for found in reparse(choice, dry_run=dry_run):
        fates[found.fate] += 1
        write(reparsed_as_text(found))
    counted = ("new", "changed", "removed", "unchanged", "unreadable", "lost")
    say(", ".join(f"{fates[fate]} {fate}" for fate in counted) + (". Nothing was written." if dry_run else "."))
    if not dry_run and any(fates[fate] for fate in counted[:3]):
        say(as_typed("Next, run: search_cli.py index"))
    if not fates:
        ctx.exit(FOUND_NOTHING)


@cli.command(epilog=example("serve --open"))
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; 0.0.0.0 is everywhere.")
@click.option("--port", type=click.IntRange(0, 65535), default=8025, show_default=True, help="0 takes any free one.")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes that answer; else one for each processor.")
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
@click.option("--rate", metavar="RATE", help="How often one client may ask: none, or 120/minute, as beyond loopback.")
@click.option("--allowed-host", "hosts", multiple=True, metavar="NAME", help="A name that the page is asked by, too.")
@click.option("--proxy", metavar="ADDRESS", default="", help="Believe this proxy whom it asks for.")
@click.option("--set-password", is_flag=True, help="Ask for a password, keep its hash, and serve nothing.")
@click.option("--no-password", is_flag=True, help="Let everybody read who reaches the page, beyond loopback too.")
def serve(
    host: str,
    port: int,
    workers: int | None,
    open_page: bool,
    rate: str | None,
    hosts: tuple[str, ...],
    proxy: str,
    set_password: bool,
    no_password: bool,
) -> None:
    """Show the archive in a browser, and offer it as feeds and JSON, until interrupted with Ctrl-C.

    Only this machine can reach it unless --host says so. docs/serving.md describes it.
    """
    from web import serving

    if set_password:
        write([f"The hash of the password is kept in {serving.write_password(data_dir(), asked_password())}"])
        return
    address = serving.Address(host, port, proxy)
    warn_of_an_old_index()
    settings = serving.settings(data_dir(), address, hosts=hosts, rate=rate, no_password=no_password)
    listening = serving.bound(address)
    url = address.url(listening.getsockname()[1])
    write([url])
    if open_page:
        click.launch(url)
    serving.serve(settings, address, listening, workers or os.cpu_count() or 1)


def asked_password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


@cli.command("probe", epilog=example("probe factpl"))
@click.argument("publication")
@click.option("--archive", metavar="URL", default="", help="Another list page than the publication's own.")
@click.pass_context
def probe_command(ctx: click.Context, publication: str, archive: str) -> None:
    """Ask PUBLICATION's site for one list, one issue and one article, and print what each rule finds.

    Stores nothing. Exit status 1 when a rule that is needed found nothing.
    """
    from factpl_crawler.probe import probe

    if probe(publication, archive):
        ctx.exit(FOUND_NOTHING)


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Hangul is printed whatever the locale says.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    cli(prog_name="search_cli.py")
