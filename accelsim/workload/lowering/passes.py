"""Reductions and normalisations over more than a scratchpad holds, in passes that each hold one axis at a time.

A reduction goes along one axis after another: of a map the columns, then the rows, then the channels. A normalisation
is a mean in such passes, a mean of squared differences from it, and an element-wise pass over what was there; so its
input is read three times (twice if it is not centred), as accelerators read what they cannot hold. What stands between
the passes has the accelerator's accumulator type.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from accelsim.program import VectorKernel
from accelsim.workload.builder import Builder, elements
from accelsim.workload.layouts import Layout
from accelsim.workload.records import Access, Along, Follow, Precision, View
from accelsim.workload.views import shape4
from restructure.graph import Node

__all__ = ["LAST", "PASSABLE", "deviations", "reduced_first"]

#: Reductions that can go along one axis after another → (what the first pass computes, what those between compute).
#: The last one computes what the node says, of what is there by then.
PASSABLE: dict[str, tuple[str, str]] = {
    "ReduceL1": ("ReduceL1", "ReduceSum"),
    "ReduceL2": ("ReduceL2", "ReduceL2"),
    "ReduceLogSum": ("ReduceSum", "ReduceSum"),
    "ReduceLogSumExp": ("ReduceLogSumExp", "ReduceLogSumExp"),
    "ReduceLp": ("ReduceLp", "ReduceLp"),
    "ReduceMax": ("ReduceMax", "ReduceMax"),
    "ReduceMean": ("ReduceMean", "ReduceMean"),
    "ReduceMin": ("ReduceMin", "ReduceMin"),
    "ReduceProd": ("ReduceProd", "ReduceProd"),
    "ReduceSum": ("ReduceSum", "ReduceSum"),
    "ReduceSumSquare": ("ReduceSumSquare", "ReduceSum"),
}

#: What a last pass computes where it is not what the node says: squares and magnitudes are there already.
LAST = {"ReduceSumSquare": "ReduceSum", "ReduceL1": "ReduceSum"}

#: Axes of a stored array in the order in which they are reduced: columns, rows, channels, batches.
_ORDER = (2, 1, 3, 0)
_NAMES = ("batches", "rows", "columns", "channels")
_PLAIN: Layout = ((0,), (1,), (2,), (3,))

Attributes = tuple[tuple[str, float], ...]


def reduced_first(
    builder: Builder,
    node: Node,
    operator: str,
    view: View,
    axes: Sequence[int],
    attributes: Attributes,
    work: int,
    label: str = "",
) -> tuple[View, int]:
    """Append all passes of a reduction over some axes of a view but the last.

    Args:
        work: lane operations per element.
        label: tells it apart from others of the same node.

    Returns:
        What the last pass reads, and the axis it reduces.
    """
    order = [axis for axis in _ORDER if axis in axes]
    first, then = PASSABLE[operator]
    for number, axis in enumerate(order[:-1]):
        access = [_along(view, axis)]
        view = _pass(builder, node, then if number else first, access, axis, attributes, label, work)
    return view, order[-1]


def deviations(builder: Builder, node: Node, view: View, axes: Sequence[int], centred: bool) -> list[Access]:
    """Append the passes that measure what a normalisation needs to know: operands ``mean`` (if centred) and ``square``.

    Both are broadcast along `axes`.
    """
    mean = [_same("mean", _mean(builder, node, "ReduceMean", [], view, axes, "mean", 1))] if centred else []
    square = _mean(builder, node, "MeanSquare", mean, view, axes, "square", 2 + centred)
    return [*mean, _same("square", square)]


def _mean(
    builder: Builder,
    node: Node,
    operator: str,
    beside: list[Access],
    view: View,
    axes: Sequence[int],
    label: str,
    work: int,
) -> View:
    """A mean over some axes, in passes; the first computes `operator`, reading `beside` too."""
    for number, axis in enumerate(axis for axis in _ORDER if axis in axes):
        access = [_along(view, axis), *([] if number else beside)]
        view = _pass(builder, node, "ReduceMean" if number else operator, access, axis, (), label, work)
        work = 1
    return view


def _pass(
    builder: Builder,
    node: Node,
    operator: str,
    accesses: list[Access],
    axis: int,
    attributes: Attributes,
    label: str,
    work: int,
) -> View:
    """One pass along one axis, which stays with length 1."""
    builder.passed[node.name] = None
    source = accesses[0].view.shape
    shape = shape4((*source[:axis], 1, *source[axis + 1 :]))
    name = "·".join(part for part in (label, _NAMES[axis]) if part)
    written = builder.add_layer(
        node,
        VectorKernel(operator, (*attributes, ("axes", (float(axis),)))),
        accesses,
        f"{node.outputs[0]}·{name}",
        layout=_PLAIN,
        shape=shape,
        operations=elements(source) * work + prod(shape),
        name=f"{node.name}·{name}",
        precision=Precision.ACCUMULATORS,
    )
    return written.base


def _along(view: View, axis: int) -> Access:
    """All of one axis, and of the others what the result's tile covers."""
    b, y, x, c = (Follow() if other == axis else Follow(other) for other in range(4))
    return Access("input", view, Along.ALL, Along.ALL, (b, y, x, c))


def _same(slot: str, view: View) -> Access:
    return Access(slot, view, Along.SAME, Along.SAME)
