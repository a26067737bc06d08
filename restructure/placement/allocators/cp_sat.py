"""Every result in one run, by OR-tools' CP-SAT solver: rectangles that must not overlap, and the least height.

It starts from what first fit finds and is stopped after a fixed amount of work, so that the same items get the same
offsets. Large problems (many thousand results) are better left to the others. Needs the extra `place`.
"""

from collections.abc import Sequence
from typing import Any

from restructure.placement.allocators import whole
from restructure.placement.allocators.base import Item, PlacementError, Run, peak_bytes

__all__ = ["allocate"]

_WORK = 20.0
"""The solver's own deterministic time."""


def allocate(items: Sequence[Item], alignment: int) -> list[tuple[Run, ...]]:
    """Return one run per item; see the module.

    Raises:
        PlacementError: OR-tools is not installed.
    """
    try:
        from ortools.sat.python import cp_model
    except ImportError as error:
        raise PlacementError(
            "allocator cp-sat: OR-tools is not installed; install the extra 'place', or use split"
        ) from error
    first = whole.allocate(items, alignment)
    model = cp_model.CpModel()
    size, offsets = _model(model, items, first, alignment)
    model.minimize(size)
    solver = cp_model.CpSolver()
    # One worker and its own clock: the same items get the same offsets on any machine.
    solver.parameters.num_workers, solver.parameters.max_deterministic_time = 1, _WORK
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return first
    return [
        (Run(0, item.bytes, solver.value(offset) * alignment),) if item.bytes else ()
        for item, offset in zip(items, offsets, strict=True)
    ]


def _model(model: Any, items: Sequence[Item], first: Sequence[Sequence[Run]], alignment: int) -> tuple[Any, list[Any]]:
    """Add the rectangles, in units of the alignment; return the height and each item's offset."""
    heights = [runs[0].offset + item.bytes if runs else 0 for item, runs in zip(items, first, strict=True)]
    most = -(-max(heights, default=0) // alignment)
    size = model.new_int_var(-(-peak_bytes(items) // alignment), most, "size")
    offsets, times, spaces = [], [], []
    for number, (item, runs) in enumerate(zip(items, first, strict=True)):
        units = -(-item.bytes // alignment)
        offset = model.new_int_var(0, max(most - units, 0), f"offset{number}")
        offsets.append(offset)
        model.add(offset + units <= size)
        if runs:
            model.add_hint(offset, runs[0].offset // alignment)
        for life in item.lives:
            low, high = life.first // alignment, -(-(life.first + life.bytes) // alignment)
            times.append(model.new_fixed_size_interval_var(item.start, life.last - item.start + 1, ""))
            spaces.append(model.new_interval_var(offset + low, high - low, offset + high, ""))
    model.add_no_overlap_2d(times, spaces)
    return size, offsets
