"""Trends as pictures: for a terminal, as SVG and as PNG."""

from collections.abc import Iterator, Sequence

from factpl_crawler.harmless import one_line
from index.trends import Trend

_HEIGHT = 12
_PICTURE = (1000, 500)
_LABEL_COLUMNS = 10
_MOST_LABELS = 8
# As many as can be told apart, by those who do not see all colours too (Tol's muted scheme).
_COLORS = "#332288 #cc6677 #117733 #88ccee #ddcc77 #882255 #44aa99 #999933 #aa4499 #777777".split()
# PNG is drawn with the fonts of this machine: the first that it has, and any other where that has no letter.
_FONTS = "Noto Sans CJK KR, Noto Sans KR, NanumGothic, Apple SD Gothic Neo, Malgun Gothic, DejaVu Sans, sans-serif"


class TooManyLinesError(Exception):
    """One line, for who asked."""


def values(trend: Trend, *, absolute: bool) -> list[float]:
    """Return documents, or without *absolute* per cent of all documents of the period."""
    return [one.found if absolute else round(100 * one.share, 2) for one in trend.counts]


def terminal_charts(trends: Sequence[Trend], width: int, *, absolute: bool) -> Iterator[str]:
    """Yield a chart for each, all on one scale: without colour, lines in one chart could not be told apart."""
    import plotext  # type: ignore[import-untyped]  # it has no types

    highest = _highest(trends, absolute=absolute)
    figure = plotext.figure
    for trend in trends:
        periods = [one.period for one in trend.counts]
        labelled = _labelled(len(periods), width // _LABEL_COLUMNS)
        figure.clear()
        figure.draw(figure.signal(range(len(periods)), values(trend, absolute=absolute)).lines())
        figure.ruler("x").ticks(labelled, [periods[place] for place in labelled])
        figure.ruler("y").lim(0, highest)
        figure.title(_title(trend, absolute=absolute))
        figure.plot_size(width, _HEIGHT)
        yield plotext.uncolorize(figure.build()).rstrip("\n")


def svg(trends: Sequence[Trend], *, absolute: bool) -> str:
    """Raise `TooManyLinesError` for more than can be told apart."""
    if len(trends) > len(_COLORS):
        raise TooManyLinesError(f"A picture shows up to {len(_COLORS)} words, not {len(trends)}: leave some out")
    import leather  # type: ignore[import-untyped]  # it has no types

    for part in ("title", "legend", "axis_title", "tick"):
        setattr(leather.theme, f"{part}_font_family", _FONTS)
    width, height = _PICTURE
    periods = [one.period for one in trends[0].counts]
    # A line alone has no legend.
    chart = leather.Chart(one_line(trends[0].query) if len(trends) == 1 else None)
    chart.add_x_scale(0, max(1, len(periods) - 1))
    chart.add_x_axis(_labelled(len(periods), _MOST_LABELS), lambda place, *_: periods[int(place)])
    chart.add_y_scale(0, _highest(trends, absolute=absolute))
    chart.add_y_axis(name=_unit(absolute=absolute))
    for trend, color in zip(trends, _COLORS, strict=False):
        points = list(enumerate(values(trend, absolute=absolute)))
        if len(points) > 1:
            chart.add_line(points, name=one_line(trend.query), stroke_color=color)
        else:
            chart.add_dots(points, name=one_line(trend.query), fill_color=color)
    return str(chart.to_svg(width=width, height=height))


def png(trends: Sequence[Trend], *, absolute: bool) -> bytes:
    import resvg_py

    return resvg_py.svg_to_bytes(svg_string=svg(trends, absolute=absolute), background="white")


def _title(trend: Trend, *, absolute: bool) -> str:
    found = sum(one.found for one in trend.counts)
    return f"{one_line(trend.query)}: {_unit(absolute=absolute)}, {found} in all"


def _unit(*, absolute: bool) -> str:
    return "documents" if absolute else "% of documents"


def _highest(trends: Sequence[Trend], *, absolute: bool) -> float:
    return max(max(values(trend, absolute=absolute)) for trend in trends) or 1


def _labelled(places: int, most: int) -> list[int]:
    return list(range(0, places, -(-places // max(1, most))))
