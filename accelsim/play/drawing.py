"""A view as the browser gets it: the cards, and the charts of the report that follow a slider."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING

from accelsim.printable import printable
from accelsim.report.page import cards, page_data
from accelsim.report.quantities import cycles, octets

if TYPE_CHECKING:
    from accelsim.explore import Comparison
    from accelsim.results import SimulationResult

__all__ = ["cards_html", "drawing", "spills_html"]

_CHARTS = ("occupancy", "map-", "cycles", "dram", "units-")
_MOST_SPILLS = 8


def drawing(found: Comparison, number: int) -> str:
    """What `play.js` draws, as JSON; `number` tells one drawing from the next."""
    data = page_data(found, _CHARTS) | {"number": number}
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def cards_html(found: Comparison) -> str:
    """The headline figures."""
    return f'<section id="cards" aria-label="headline figures">{cards(found)}</section>'


def spills_html(found: SimulationResult) -> str:
    """The tensors that left the chip, dearest first, as a table."""
    spills = found.spills
    if not spills.tensors:
        return '<p class="how">Nothing is spilled: every intermediate tensor stays on the chip.</p>'
    rows = "".join(
        f"<tr><td>{escape(printable(item.name))}</td><td>{octets(item.bytes_written)}</td>"
        f"<td>{octets(item.bytes_reloaded)}</td><td>{cycles(item.cycles_lost)}</td></tr>"
        for item in spills.by_tensor[:_MOST_SPILLS]
    )
    rest = spills.tensors - min(_MOST_SPILLS, len(spills.by_tensor))
    more = f'<p class="note">and {rest:,} more</p>' if rest > 0 else ""
    head = "<tr><th>tensor</th><th>bytes out</th><th>bytes back</th><th>lost</th></tr>"
    return f'<div class="scroll"><table class="spills">{head}{rows}</table></div>{more}'
