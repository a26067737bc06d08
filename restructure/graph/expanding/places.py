"""Gathers from, and scatters to, places that are known before the model runs; OneHot."""

from collections.abc import Sequence
from math import prod
from typing import TypeGuard

import numpy as np

from restructure import dtypes
from restructure.errors import OperatorError
from restructure.graph.expanding.expansion import Expansion
from restructure.operators import Array, Call, Shape
from restructure.operators.records import normalise_axis

__all__ = ["gather_elements", "gather_nd", "one_hot", "scatter_elements", "scatter_nd"]

_MOST_PLACES = 1 << 16
"""Rows that are picked one by one, at most."""


def one_hot(into: Expansion, names: Sequence[str], call: Call) -> bool:
    values, before, depth = into.value(2), call.shape(0), call.value_integers(1, "depth")[0]
    if values is None or not 0 < depth <= _MOST_PLACES:
        return False
    axis = normalise_axis(call.integer("axis", -1), len(before) + 1)
    given = into.reshape(names[0], before, (*before[:axis], 1, *before[axis:]))
    places = np.arange(depth, dtype=dtypes.numpy_name(call.dtype(0))).reshape(-1, *(1,) * (len(before) - axis))
    found = into.add("Equal", [given, into.constant("places", places)])
    if np.issubdtype(places.dtype, np.signedinteger):
        counted = into.add("Equal", [given, into.constant("from_end", places - depth)])
        found = into.add("Or", [found, counted])
    off, on = (into.constant(label, values[i].reshape(())) for i, label in enumerate(("off", "on")))
    into.end(into.add("Where", [found, on, off]))
    return True


def gather_nd(into: Expansion, names: Sequence[str], call: Call) -> bool:
    indices, shape = into.value(1), call.shape(0)
    if indices is None or not indices.size or call.integer("batch_dims", 0):
        return False
    depth = indices.shape[-1]
    rows = into.reshape(names[0], shape, (prod(shape[:depth]), *shape[depth:]))
    places = _places(indices, shape)
    _picked(into, rows, places, (len(places), *shape[depth:]), (*indices.shape[:-1], *shape[depth:]))
    return True


def gather_elements(into: Expansion, names: Sequence[str], call: Call) -> bool:
    indices, shape = into.value(1), call.shape(0)
    if indices is None or not indices.size:
        return False
    places = _elements(indices, shape, call)
    _picked(into, into.reshape(names[0], shape, (prod(shape),)), places, (len(places),), indices.shape)
    return True


def scatter_elements(into: Expansion, names: Sequence[str], call: Call) -> bool:
    indices, shape = into.value(1), call.shape(0)
    if not _plain(indices, call) or prod(shape) > _MOST_PLACES:
        return False
    _replaced(into, names, (prod(shape),), _elements(indices, shape, call), shape)
    return True


def scatter_nd(into: Expansion, names: Sequence[str], call: Call) -> bool:
    indices, shape = into.value(1), call.shape(0)
    if not _plain(indices, call):
        return False
    depth = indices.shape[-1]
    places = _places(indices, shape)
    low, high = (f(indices.reshape(-1, depth) % shape[:depth], axis=0) for f in (np.min, np.max))
    box = tuple(int(n) for n in high - low + 1)
    if prod(box) == len(places) and np.array_equal(_places(np.indices(box).reshape(depth, -1).T + low, shape), places):
        spans = [(axis, int(low[axis]), int(high[axis]) + 1) for axis in range(depth) if box[axis] < shape[axis]]
        changed = into.reshape(names[2], call.shape(2), (*box, *shape[depth:]))
        into.end(_inserted(into, names[0], changed, shape, spans))
        return True
    if prod(shape[:depth]) > _MOST_PLACES:
        return False
    _replaced(into, names, (prod(shape[:depth]), *shape[depth:]), places, shape)
    return True


def _plain(indices: Array | None, call: Call) -> TypeGuard[Array]:
    """Whether known places are written over."""
    return indices is not None and indices.size > 0 and call.text("reduction", "none") == "none"


def _counted(indices: Array, extents: Array) -> Array:
    """Return indices counted from the front; raises OperatorError if one lies outside."""
    if ((indices < -extents) | (indices >= extents)).any():
        raise OperatorError(f"an index lies outside the axes of {np.atleast_1d(extents).tolist()}")
    counted: Array = indices % extents
    return counted


def _places(indices: Array, shape: Shape) -> Array:
    """Return the rows of a tensor, its first axes taken as one, that tuples of indices mean."""
    depth = indices.shape[-1]
    found = _counted(indices.reshape(-1, depth), np.array(shape[:depth], np.int64))
    places: Array = np.ravel_multi_index(tuple(found.T), shape[:depth]).astype(np.int64)
    return places


def _elements(indices: Array, shape: Shape, call: Call) -> Array:
    """Return the places of single elements that indices along one axis mean."""
    axis = normalise_axis(call.integer("axis", 0), len(shape))
    own = _counted(indices, np.array(shape[axis]))
    where = tuple(own if number == axis else grid for number, grid in enumerate(np.indices(indices.shape)))
    places: Array = np.ravel_multi_index(where, shape).reshape(-1).astype(np.int64)
    return places


def _picked(into: Expansion, name: str, places: Array, made: Shape, result: Shape) -> None:
    """Append a Gather of some rows."""
    found = into.add("Gather", [name, into.constant("places", places)], {"axis": 0})
    into.end(into.reshape(found, made, result))


def _replaced(into: Expansion, names: Sequence[str], rows: Shape, places: Array, shape: Shape) -> None:
    """Append what takes each row from the data or, where it was scattered to, from the updates."""
    taken = np.arange(rows[0], dtype=np.int64)
    taken[places] = rows[0] + np.arange(len(places))
    data = into.reshape(names[0], shape, rows)
    updates = into.reshape(names[2], (), (len(places), *rows[1:]))
    _picked(into, into.add("Concat", [data, updates], {"axis": 0}), taken, rows, shape)


def _inserted(into: Expansion, data: str, changed: str, shape: Shape, spans: Sequence[tuple[int, int, int]]) -> str:
    """Append what has a box of the data changed: Concats around it, axis by axis."""
    if not spans:
        return changed
    (axis, start, stop), *others = spans
    # A box within a box: what lies beside it along the first axis is joined last.
    inner = _inserted(into, into.part(data, axis, start, stop), changed, shape, others) if others else changed
    before = [into.part(data, axis, 0, start)] if start else []
    after = [into.part(data, axis, stop, shape[axis])] if stop < shape[axis] else []
    return into.add("Concat", [*before, inner, *after], {"axis": axis})
