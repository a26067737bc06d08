"""Lowering: one function per family of ONNX operators, and the table that names them."""

from __future__ import annotations

from collections.abc import Callable

from accelsim.workload.builder import Builder
from accelsim.workload.lowering import elementwise, matrix, pooling, rows, shapes
from restructure.graph import Node

__all__ = ["LOWERING"]

Lower = Callable[[Builder, Node], None]

#: ONNX operator type → function that appends its layers or views.
LOWERING: dict[str, Lower] = {
    **matrix.LOWERING,
    **pooling.LOWERING,
    **elementwise.LOWERING,
    **rows.LOWERING,
    **shapes.LOWERING,
}
