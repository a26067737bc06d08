"""The two questions: one plan, or the whole front."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from restructure.collecting import uncollected
from restructure.errors import PlanError
from restructure.graph import Graph
from restructure.planning.choosing import MOST_NODES, choose
from restructure.planning.drafts import Outcome
from restructure.planning.lanes import possible_jobs, side_by_side
from restructure.planning.request import CostFunction, Progress, Request
from restructure.planning.searching import Search
from restructure.planning.studio import Studio
from restructure.plans import Plan
from restructure.profile import Definition, Dtype
from restructure.streaming import Network

__all__ = ["pareto", "plan"]

PLAN_WORK, FRONT_WORK, LIMITED_WORK = (110_000, 75_000), (240_000, 240_000), (500_000, 500_000)
"""Program steps that each of the two searches simulates at most: for one plan without limits, a front, one plan within
limits (`python -m benchmarks planning` measures what they take). A search that is alone may use both shares."""

_DEEP, _NODES_PER_WORK = 250, 100
"""Nodes above which a plan without limits gets more work, as much again for so many more: each look takes longer."""

_Found = TypeVar("_Found", Plan, Outcome)

_Ask = tuple[Request, Sequence[int]]
"""What is asked for, and the work that each search may do for it."""

_SPLITS = (0, 8)
"""Rows of the pieces that network inputs are split into at the start; 0: not split."""

_SMALL = 12
"""Ops up to which one search is enough."""


def plan(
    graph: Graph,
    *,
    max_overhead: float | None = None,
    budget_bytes: int | None = None,
    dtype: Dtype | None = None,
    max_parts: int | None = None,
    max_nodes: int | None = None,
    allow_reassociation: bool = False,
    robust: bool = False,
    time_limit_s: float | None = None,
    effort: float = 1.0,
    jobs: int | None = None,
    cost: CostFunction | None = None,
    progress: Progress | None = None,
    definition: Definition | None = None,
) -> Plan:
    """Return one restructuring plan.

    Without limits it is the knee of the front with at most 10 times the original's nodes.

    Args:
        max_overhead: most extra MACs as a fraction; 0 asks for the flattest profile at no extra MAC.
        budget_bytes: active memory that must suffice; the cheapest plan that fits is returned.
        dtype: element type that bytes are counted in; None takes each tensor's own.
        max_parts: most parts of any tensor in a region.
        max_nodes: most nodes of the restructured graph.
        allow_reassociation: also take averages by rows, and sums over input channels group by group: they are added
            up in another order, so that real numbers may change in their last bits.
        robust: only plans whose saving holds in any execution order (every overlap recomputed).
        time_limit_s: return the best so far after this many seconds.
        effort: share of the usual work that the search may do; less is faster and, unlike a time limit, finds the same
            plan on any machine.
        jobs: processes to search with, of which two have work; None: see `possible_jobs`. The plan is the same.
        cost: what a plan costs, from outside; among the plans that meet the limits the cheapest is returned.
        progress: called with the share done and a message.
        definition: of active memory (`dtype` wins over its own); BatchNorm and activations must work in place, Add and
            depthwise convolutions must not.

    Raises:
        BudgetError: no plan fits the budget; it carries the closest.
        PlanError: there is no planning under this definition.
    """
    request = Request(max_overhead, budget_bytes, dtype, max_parts, max_nodes, allow_reassociation, robust,
                      time_limit_s, cost, progress, definition)  # fmt: skip
    unlimited = (max_overhead, budget_bytes, max_nodes, cost) == (None,) * 4
    if unlimited:
        request = _of_few_nodes(graph, request)
    work = _plan_work(graph) if unlimited else LIMITED_WORK
    studio, front = _search(graph, [(request, [round(effort * share) for share in work])], jobs)
    return choose(studio, front, request)


def pareto(
    graph: Graph,
    *,
    max_overhead: float | None = None,
    budget_bytes: int | None = None,
    dtype: Dtype | None = None,
    max_parts: int | None = None,
    max_nodes: int | None = None,
    allow_reassociation: bool = False,
    robust: bool = False,
    time_limit_s: float | None = None,
    jobs: int | None = None,
    cost: CostFunction | None = None,
    progress: Progress | None = None,
    definition: Definition | None = None,
) -> tuple[Plan, ...]:
    """Return the plans none of which another beats in peak, MACs and nodes, by falling peak; limits as in `plan`.

    What `plan` looks at for the knee is looked at too, so none of these is beaten by that.
    """
    request = Request(max_overhead, budget_bytes, dtype, max_parts, max_nodes, allow_reassociation, robust,
                      time_limit_s, cost, progress, definition)  # fmt: skip
    asks: list[_Ask] = [(request, FRONT_WORK)]
    if max_nodes is None or max_nodes > MOST_NODES * len(graph.nodes):
        asks.append((_of_few_nodes(graph, request), _plan_work(graph)))
    studio, front = _search(graph, asks, jobs)
    # A finished plan may need less than the search measured: its steps are settled once more.
    plans = front_of(_finished(studio, front, possible_jobs(jobs)))
    return tuple(found for found in plans if budget_bytes is None or found.peak_bytes <= budget_bytes)


def _plan_work(graph: Graph) -> list[int]:
    times = 1 + max(len(graph.nodes) - _DEEP, 0) / _NODES_PER_WORK
    return [round(times * share) for share in PLAN_WORK]


def _of_few_nodes(graph: Graph, request: Request) -> Request:
    return replace(request, max_nodes=MOST_NODES * len(graph.nodes))


def _search(graph: Graph, asks: Sequence[_Ask], jobs: int | None) -> tuple[Studio, list[Outcome]]:
    """Search twice, side by side, for all that is asked, and return the front of what both find."""
    studio = _studio(graph, asks[0][0])
    lanes = _lanes(studio.network())
    jobs = possible_jobs(jobs)
    turns = -(-len(lanes) // jobs)
    tasks: list[Callable[[], list[Outcome]]] = []
    for number, splits in enumerate(lanes):
        mine: list[tuple[Request, int]] = []
        for place, (request, shares) in enumerate(asks):
            turn = _in_turn(request, number * len(asks) + place, turns * len(asks))
            if turns == 1 and number > 0:
                # One that runs beside the first has nobody to tell how far it is.
                turn = replace(turn, progress=None)
            mine.append((turn, sum(shares) if len(lanes) == 1 else shares[number]))
        tasks.append(partial(_lane, graph, mine, splits, None if number else studio))
    return studio, _best(studio, [outcome for found in side_by_side(tasks, jobs) for outcome in found])


def _lanes(network: Network) -> list[tuple[int, ...]]:
    """Return what each search may split inputs into; the second looks only at what the first comes to late."""
    # Where views are placed, what was read of an input is let go without a split.
    if network.placed:
        return [_SPLITS[:1]]
    return [_SPLITS] if len(network.ops) <= _SMALL else [_SPLITS, _SPLITS[1:]]


def _in_turn(request: Request, number: int, turns: int) -> Request:
    """Return what the search of one turn is asked: its share of the time, and to tell its share of the progress."""
    tell, limit = request.progress, request.time_limit_s
    return replace(
        request,
        time_limit_s=None if limit is None else limit / turns,
        progress=None if tell is None else lambda share, what: tell((number + share) / turns, what),
    )


def _lane(
    graph: Graph, asks: Sequence[tuple[Request, int]], splits: tuple[int, ...], studio: Studio | None
) -> list[Outcome]:
    """Return the front of one search after another, without what is only of use while they run.

    Args:
        studio: for the first of them, if there is a new one.
    """
    found: list[Outcome] = []
    for request, work in asks:
        studio = studio or _studio(graph, request)
        search = Search(studio, request, splits, work)
        with uncollected():
            search.explore()
        found += [replace(outcome, stages=()) for outcome in _best(studio, search.outcomes())]
        studio = None
    return found


def _finished(studio: Studio, outcomes: Sequence[Outcome], jobs: int) -> list[Plan]:
    """Return the plan of each outcome, in no order; every process takes some small and some large ones."""

    def plans(mine: Sequence[Outcome]) -> list[Plan]:
        with uncollected():
            return [studio.plan(outcome.draft) for outcome in mine]

    tasks = [partial(plans, share) for number in range(jobs) if (share := outcomes[number::jobs])]
    return [found for share in side_by_side(tasks, jobs) for found in share]


def _best(studio: Studio, outcomes: Sequence[Outcome]) -> list[Outcome]:
    # Trimming rows nobody reads saves MACs, so a plan may be on the front although its peak is above the original's.
    no_worse = [outcome for outcome in outcomes if outcome.peak_bytes <= studio.baseline.peak_bytes]
    return front_of(no_worse or outcomes)


def _studio(graph: Graph, request: Request) -> Studio:
    return Studio(graph, _definition(request), request.max_parts, request.robust, request.max_nodes,
                  request.allow_reassociation)  # fmt: skip


def _definition(request: Request) -> Definition:
    definition = request.definition or Definition()
    if not definition.activation_in_place or definition.add_in_place or definition.depthwise_in_place:
        rule = "BatchNorm and activations must work in place, Add and depthwise convolutions must not"
        raise PlanError(f"definition: {rule}, got {definition.describe()}; profile the graph under it instead")
    return replace(definition, dtype=request.dtype or definition.dtype)


def front_of(found: Sequence[_Found]) -> list[_Found]:
    """Return the plans or outcomes that no other beats in peak, MACs and nodes alike, by falling peak."""
    front: list[_Found] = []
    for one in sorted(found, key=lambda o: (o.peak_bytes, o.macs, o.nodes)):
        if not any(kept.macs <= one.macs and kept.nodes <= one.nodes for kept in front):
            front.append(one)
    return front[::-1]
