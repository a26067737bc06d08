"""Bars of causes, those of the original and of the restructured run side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accelsim.report.parts import named
from accelsim.report.pictures.palette import KINDS, RESTRUCTURED

__all__ = ["side_by_side"]

_COLOURS = {"original": KINDS["activation"], "restructured": RESTRUCTURED}


def side_by_side(tables: Mapping[str, Mapping[str, float]], unit: str) -> dict[str, Any]:
    """Data, layout and height of horizontal bars, the largest cause on top; causes that are nowhere are left out.

    Args:
        tables: run → cause → amount.
        unit: of the amounts.
    """
    some = next(iter(tables.values()))
    most = {cause: max(table.get(cause, 0) for table in tables.values()) for cause in some}
    causes = sorted((cause for cause in most if most[cause] > 0), key=lambda cause: most[cause])
    data = [
        {
            "type": "bar", "orientation": "h", "name": name, "y": [named(cause) for cause in causes],
            "x": [table.get(cause, 0) for cause in causes], "marker": {"color": _COLOURS[name]},
            "hovertemplate": f"%{{y}}: %{{x:,.6~g}} {unit}" if unit == "µJ" else f"%{{y}}: %{{x:,}} {unit}",
            "showlegend": len(tables) > 1,
        }
        for name, table in reversed(list(tables.items()))
    ]  # fmt: skip
    layout = {
        "barmode": "group",
        "hovermode": "closest",
        "legend": {"traceorder": "reversed"},
        "xaxis": {"title": {"text": unit}, "tickformat": "~s"},
        "yaxis": {"automargin": True},
    }
    return {"data": data, "layout": layout, "height": 130 + len(causes) * (26 if len(tables) == 1 else 38)}
