"""Lowering: one function per family of ONNX operators, and the table that names them."""

from __future__ import annotations

from collections.abc import Callable

from accelsim.workload.builder import Builder
from accelsim.workload.lowering import (
    convolution,
    dynamic,
    elementwise,
    movement,
    normalisation,
    pooling,
    product,
    qlinear,
    reduction,
    transposed,
    views,
)
from restructure.graph import Node

__all__ = ["LOWERING"]

Lower = Callable[[Builder, Node], None]

#: ONNX operator type → function that appends its layers or arranges its views.
LOWERING: dict[str, Lower] = {
    **elementwise.LOWERING,
    **convolution.LOWERING,
    **transposed.LOWERING,
    **product.LOWERING,
    **pooling.LOWERING,
    **reduction.LOWERING,
    **normalisation.LOWERING,
    **movement.LOWERING,
    **views.LOWERING,
    **qlinear.LOWERING,
    **dynamic.LOWERING,
}
