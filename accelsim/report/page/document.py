"""The page put together: template, style, script, Plotly itself, and the data as one JSON element."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from importlib.util import find_spec
from string import Template

from accelsim.errors import ConfigurationError
from accelsim.explore import Comparison
from accelsim.printable import printable
from accelsim.report.page.cards import cards
from accelsim.report.page.charts import charts
from accelsim.report.page.runs import run_data

__all__ = ["asset", "page", "page_data", "report_page", "require_plotly"]

_HOW_LAYERS = (
    "click a heading to sort, again to turn the order round; type to keep the layers whose name, operator or bound "
    "contains the text."
)


def require_plotly() -> None:
    """Refuse what cannot be drawn before the work that would fill it.

    Raises:
        ConfigurationError: Plotly is not installed.
    """
    if find_spec("plotly") is None:
        rule = "a report needs plotly, which is not installed"
        raise ConfigurationError(f"report: {rule}; pip install 'accelsim[report]'")


def report_page(found: Comparison) -> str:
    """The whole file as text; a comparison without its restructured side is the report of one run.

    Raises:
        ConfigurationError: Plotly is not installed, or there is no run to report.
    """
    if not found.runs:
        raise ConfigurationError(f"report: must have a run to draw, got none: {found.sentence}")
    return page(
        title=_title(found),
        sentence=printable(found.sentence),
        facts=_facts(found),
        cards=cards(found),
        data=page_data(found),
        heading_table="Layers",
        how_table=_HOW_LAYERS,
        example="depthwise",
    )


def page(
    *,
    title: str,
    facts: str,
    data: Mapping[str, object],
    heading_table: str,
    how_table: str,
    example: str,
    sentence: str = "",
    cards: str = "",
) -> str:
    """A page of charts and a table, as text.

    Args:
        cards: HTML; everything else is plain text.
        data: `runs`, each with a table, `charts`, and `things`, what the table's rows are (layers by default).
        example: of a text to keep rows by.

    Raises:
        ConfigurationError: Plotly is not installed.
    """
    require_plotly()
    from plotly.offline import get_plotlyjs

    return Template(asset("page.html")).substitute(
        title=escape(title),
        heading=escape(title),
        sentence=escape(sentence),
        facts=escape(facts),
        cards=cards,
        heading_table=escape(heading_table),
        how_table=escape(how_table),
        example=escape(example),
        style=asset("charts.css") + asset("page.css"),
        data=_embedded(data),
        plotly=get_plotlyjs(),
        script=asset("charts.js") + asset("page.js"),
    )


def page_data(found: Comparison, beginnings: tuple[str, ...] = ("",)) -> dict[str, object]:
    """What the script draws, as plain values: `runs`, and `charts` that name the run they are of.

    Args:
        found: the runs.
        beginnings: how the names of the charts begin that are wanted, all by default.
    """
    return {
        "runs": [run_data(name, run) for name, run in found.runs.items()],
        "charts": [chart.to_dict() for chart in charts(found) if chart.id.startswith(beginnings)],
    }


def _title(found: Comparison) -> str:
    run = next(iter(found.runs.values()))
    twice = ", original and restructured" if len(found.runs) > 1 else ""
    return printable(f"{run.model.name} on {run.hardware.name}{twice}")


def _facts(found: Comparison) -> str:
    run = next(iter(found.runs.values()))
    hardware, formats = run.hardware, run.precision
    state = "first inference" if run.state == "cold" else "steady state"
    said = [
        f"{hardware.peak_macs_per_cycle:,} MACs/cycle at {hardware.frequency_hz / 1e6:,g} MHz",
        f"{run.scratchpad.capacity_bytes / 1024:,g} KiB scratchpad",
        f"DRAM {hardware.dram_bytes_per_cycle:,.4g} B/cycle",
        f"{formats.weights} weights, {formats.activations} activations",
        f"{state}, batch {run.batch}",
        f"accelsim {run.version}",
    ]
    return printable(" · ".join(said + [note for run in found.runs.values() for note in run.notes]))


def asset(name: str) -> str:
    """A file of this room: `charts.js` and `charts.css` draw what `page_data` gives, `page.*` are the report's own."""
    return files("accelsim.report.page").joinpath(name).read_text(encoding="utf-8")


def _embedded(payload: object) -> str:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
