"""A long order made better piece by piece: around each step with the peak, a window is put in its best order.

Steps outside a window need what they needed before, because a window begins and ends with the same buffers. So no
change makes anything worse.
"""

from collections.abc import Sequence

from restructure.ordering.exact import flattest_order
from restructure.ordering.tasks import Tasks

__all__ = ["settle"]

HALF_WINDOW = 30
MOST_STATES = 2_000
"""Per window."""
MOST_WINDOWS = 400


def settle(tasks: Tasks) -> list[int]:
    """Return an order that needs no more than the given one, in which no window around the peak can be made better."""
    order = list(range(len(tasks.tasks)))
    place, curve = order.copy(), tasks.curve(order)
    for _ in range(MOST_WINDOWS):
        peak = max(curve, default=0)
        middle = curve.index(peak) if peak else 0
        first, last = max(middle - HALF_WINDOW, 0), min(middle + HALF_WINDOW, len(order))
        window = _window(tasks, order, place, first, last)
        given = window.curve(range(last - first))
        beside = peak - given[middle - first] if given else 0
        better = flattest_order(window, MOST_STATES, peak - beside)
        if better is None:
            break
        curve[first:last] = [beside + live for live in window.curve(better)]
        order[first:last] = [order[first + index] for index in better]
        for index in range(first, last):
            place[order[index]] = index
    return order


def _window(tasks: Tasks, order: Sequence[int], place: Sequence[int], first: int, last: int) -> Tasks:
    """Return the tasks at places first..last−1 with the buffers they touch."""
    chosen = [tasks.tasks[index] for index in order[first:last]]
    touched = {buffer for task in chosen for buffer in (*task.reads, *task.makes)}
    made = {buffer for task in chosen for buffer in task.makes}
    kept = {
        buffer
        for buffer in touched
        if buffer in tasks.kept or any(place[reader] >= last for reader in tasks.readers.get(buffer, ()))
    }
    return Tasks(tuple(chosen), tasks.sizes, frozenset(touched - made), frozenset(kept), tasks.fixed)
