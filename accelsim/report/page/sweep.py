"""The page of a sweep: points and fronts over two quantities, and every point in a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from accelsim.explore.choosing import varied_fields
from accelsim.explore.store import Row, Status
from accelsim.explore.sweeping import Fronts, SweepResults
from accelsim.printable import printable
from accelsim.report.page.charts import Chart, plain
from accelsim.report.page.document import page
from accelsim.report.pictures import Cloud, Scatter, scatter
from accelsim.report.pictures.palette import SERIES

__all__ = ["sweep_page"]

Data = dict[str, Any]
_HOW_TABLE = (
    "a row is a point that has results; those of a front come first and are marked. Click a heading to sort, again to "
    "turn the order round; type to keep the points that contain the text."
)


def sweep_page(results: SweepResults, found: Fronts) -> str:
    """The whole file as text.

    Raises:
        ConfigurationError: Plotly is not installed.
    """
    drawn = scatter(found)
    without = ", ".join(
        f"{number:,} {status.replace('_', ' ')}"
        for status, number in results.counts.items()
        if number and status is not Status.DONE
    )
    done = f"{len(results.done):,} points with results"
    data = {"runs": [_table(found)], "charts": [_chart(drawn).to_dict()], "things": "points"}
    return page(
        title=printable(f"{results.path}: {drawn.title}"),
        facts=f"{done}; without: {without}" if without else done,
        data=data,
        heading_table="Points",
        how_table=_HOW_TABLE,
        example="restructured",
    )


def _chart(drawn: Scatter) -> Chart:
    layout: Data = {"hovermode": "closest"}
    for axis, title, log in (("xaxis", drawn.x_title, drawn.x_log), ("yaxis", drawn.y_title, drawn.y_log)):
        layout[axis] = {
            "title": {"text": plain(title)},
            "tickformat": ",.6~g",
            **({"type": "log", "dtick": "D2"} if log else {}),
        }
    how = "a pale dot per point; the line joins those that no other beats in both quantities, for each network and group apart. Point at a dot to see its settings."  # noqa: E501
    data = [trace for number, cloud in enumerate(drawn.clouds) for trace in _traces(number, cloud)]
    title = drawn.title[:1].upper() + drawn.title[1:]
    return Chart("fronts", plain(title), how, data=data, layout=layout, height=480)


def _traces(number: int, cloud: Cloud) -> Iterator[Data]:
    colour, name = SERIES[number % len(SERIES)], plain(cloud.name)
    yield {
        "type": "scatter", "mode": "markers", "name": name, "showlegend": False, "x": cloud.x, "y": cloud.y,
        "customdata": [plain(label) for label in cloud.labels], "marker": {"color": colour, "size": 7, "opacity": 0.4},
        "hovertemplate": f"{name}<br>%{{customdata}}<br>%{{x:,.6~g}}, %{{y:,.6~g}}<extra></extra>",
    }  # fmt: skip
    yield {
        "type": "scatter", "mode": "lines", "name": name, "x": cloud.front_x, "y": cloud.front_y,
        "line": {"color": colour, "width": 2}, "hoverinfo": "skip",
    }  # fmt: skip


def _table(found: Fronts) -> Data:
    """Every point as a line of plain values; texts are not escaped, the script shows them as texts."""
    rows = [row for group in found.points.values() for row in group]
    best = {row.key for front in found.fronts.values() for row in front}
    varied = [field for field in varied_fields(rows) if field not in {q.key for q in found.quantities}]
    names = [f"{q.name} [{q.unit}]" if q.unit else q.name for q in found.quantities]
    columns = ["#", "front", "network", "hardware", "restructured", "state", *names, *varied]
    ordered: Sequence[Row] = sorted(rows, key=lambda row: row.key not in best)
    return {
        "name": "points",
        "latency": 0,
        "columns": columns,
        "table": [[number, *_line(row, best, found, varied)] for number, row in enumerate(ordered)],
    }


def _line(row: Row, best: set[str], found: Fronts, varied: Sequence[str]) -> list[Any]:
    about = [printable(text) for text in (row.model, row.hardware, row.restructure, row.state)]
    values = [quantity.value(row) for quantity in found.quantities]
    fields = [_cell(row.configuration.get(field)) for field in varied]
    return ["front" if row.key in best else "", *about, *values, *fields]


def _cell(value: object) -> object:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number else printable(str(value))
