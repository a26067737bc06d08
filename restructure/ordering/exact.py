"""The order that needs least, by best-first search over the sets of tasks done so far.

What is live after some tasks depends on which they are and not on their order, so the states are the down-sets of the
graph (Ahn et al., arXiv 2003.02369), and the path whose highest step is lowest is found as shortest paths are. A ready
task that needs no more than was needed already and leaves no more than there was is run at once, without a choice: it
only gets dearer the longer it waits, and the others only cheaper once it has run.
"""

import heapq

from restructure.ordering.tasks import Tasks

__all__ = ["MOST_STATES", "flattest_order"]

MOST_STATES = 10_000
"""Sets of tasks that a search visits at most; up to there its order is the best there is."""

_WAYS, _MANY = 60, 500
"""Ways on from a set that are looked at, on average; fewer of more tasks than so many, whose sets take long."""


def flattest_order(tasks: Tasks, most_states: int = MOST_STATES, below: float = float("inf")) -> list[int] | None:
    """Return an order with the lowest peak; None if there is none `below` that peak, or not within so many states."""
    ready = tuple(index for index, before in enumerate(tasks.before) if not before)
    full = (1 << len(tasks.tasks)) - 1
    came: dict[int, tuple[int, int]] = {}
    best: dict[int, int] = {0: 0}
    # (peak so far, −number done, done, live, ready): of equal peaks the furthest first.
    heap = [(0, 0, 0, tasks.start, ready)]
    states, ways = 0, 0
    most_ways = most_states * _WAYS * min(1.0, _MANY / max(len(tasks.tasks), 1))
    while heap:
        peak, number, done, live, ready = heapq.heappop(heap)
        if done == full:
            return _path(came, full)
        if peak > best[done]:
            continue
        choices = _choices(tasks, ready, done, live, peak)
        states, ways = states + 1, ways + len(choices)
        if states > most_states or ways > most_ways:
            return None
        for index, step, after in choices:
            reached, higher = done | 1 << index, max(peak, step)
            if higher < below and higher < best.get(reached, higher + 1):
                best[reached], came[reached] = higher, (done, index)
                heapq.heappush(heap, (higher, number - 1, reached, after, _ready(tasks, ready, index, reached)))
    return None


def _choices(tasks: Tasks, ready: tuple[int, ...], done: int, live: int, peak: int) -> list[tuple[int, int, int]]:
    found = []
    for index in ready:
        step, after = tasks.cost(index, done, live)
        if step <= peak and after <= live:
            return [(index, step, after)]
        found.append((index, step, after))
    return found


def _ready(tasks: Tasks, ready: tuple[int, ...], index: int, done: int) -> tuple[int, ...]:
    freed = [later for later in tasks.after[index] if not tasks.before[later] & ~done]
    return tuple(sorted([other for other in ready if other != index] + freed))


def _path(came: dict[int, tuple[int, int]], at: int) -> list[int]:
    order = []
    while at:
        at, index = came[at]
        order.append(index)
    return order[::-1]
