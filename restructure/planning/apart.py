"""Nodes taken apart: bands of columns, so that parts are a grid, and sums that are added up part by part.

A last stage of the search. It starts from the best drafts of rows and tries both where their peak is.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from restructure.fields import COLUMN_AXIS, ROW_AXIS, extent, reach
from restructure.planning.drafts import UNCUT, WHOLE, Draft, Outcome
from restructure.planning.refining import score
from restructure.planning.studio import Studio
from restructure.plans import BandCut
from restructure.streaming import Cuts, Network, Op

__all__ = ["Drafts", "band_drafts", "improve", "stream_axis"]

_BANDS = (2, 4, 8)
_MARGIN = 0.8

Drafts = Callable[[Outcome], Iterator[Draft]]


def stream_axis(studio: Studio) -> int:
    """Return the axis along which overlapping parts share less: columns where images are wide, else rows."""
    graph = studio.graph
    shapes = [graph.tensors[name].shape for name in graph.inputs if name in graph.tensors]
    if not any(len(shape) > COLUMN_AXIS and extent(shape, ROW_AXIS) < extent(shape, COLUMN_AXIS) for shape in shapes):
        return ROW_AXIS
    rows, columns = (_shared_bytes(studio.network(Cuts(axis=axis))) for axis in (ROW_AXIS, COLUMN_AXIS))
    return COLUMN_AXIS if columns < _MARGIN * rows else ROW_AXIS


def _shared_bytes(network: Network) -> int:
    """Return the bytes of what neighbouring parts share, a tensor that cannot be cut counted whole."""
    total = 0
    for op in network.ops:
        for tensor, field, _ in op.operands:
            entry, step = network.tensors[tensor], op.granule
            height = network.tensors[op.results[0]].height
            if height < 2 * step:
                total += entry.bytes
                continue
            middle = height // 2 // step * step
            shared = field.need(middle - step, middle)[1] - field.need(middle, min(middle + step, height))[0]
            total += max(shared, 0) * entry.row_bytes
    return total


def improve(
    studio: Studio, start: Outcome, admitted: Callable[[Outcome], bool], drafts: Drafts, stopped: Callable[[], bool]
) -> Outcome:
    """Return the best outcome reached by one change of a kind after another, each the best of its round."""
    best = start
    while not stopped():
        level = best.peak_bytes * 97 // 100
        found, least = best, score(best, level)
        for draft in drafts(best):
            outcome = studio.measure_within(draft, least[0])
            if outcome is not None and admitted(outcome) and score(outcome, level) < least:
                found, least = outcome, score(outcome, level)
            if stopped():
                break
        if found is best:
            break
        best = found
    return best


def band_drafts(studio: Studio, outcome: Outcome) -> Iterator[Draft]:
    """Yield drafts in which what works at the peak is cut into bands, or into others."""
    draft = outcome.draft
    network = studio.network(draft.cut_nodes)
    phase, op = _at_peak(studio, network, outcome)
    here = next((cut for cut in draft.bands if any(node.name in cut.nodes for node in op.nodes)), None)
    others = tuple(cut for cut in draft.bands if cut is not here)
    if here is not None:
        for bands in (here.bands * 2, here.bands + 1):
            yield replace(draft, bands=(*others, replace(here, bands=bands)))
        yield replace(draft, bands=(*others, replace(here, by_rows=not here.by_rows)))
        yield from _finer(draft, phase)
        return
    starts = [*studio.starts(network, draft.cuts), len(network.ops)]
    taken = {*dict(draft.groups), *(name for cut in others for name in cut.nodes)}
    run = _run(studio, network, range(starts[phase], starts[phase + 1]), op.index, taken)
    if not run:
        return
    wider = draft if draft.targets[phase] != WHOLE else _with_target(draft, phase, UNCUT)
    for bands in _BANDS:
        cut = replace(wider, bands=(*others, BandCut(run, bands)))
        yield cut
        yield from _finer(cut, phase)
        for half in (run[: len(run) // 2], run[len(run) // 2 :]):
            if half:
                yield replace(wider, bands=(*others, BandCut(half, bands)))


def _finer(draft: Draft, phase: int) -> Iterator[Draft]:
    """Yield a draft with other targets of a phase, and one whose bands need not be cut into rows at all."""
    target = draft.targets[phase]
    for other in (target // 4, target * 4):
        if target > 0:
            yield _with_target(draft, phase, other)
    yield replace(_with_target(draft, phase, UNCUT), recomputed=frozenset(), rows=())


def _with_target(draft: Draft, phase: int, target: int) -> Draft:
    return replace(draft, targets=(*draft.targets[:phase], target, *draft.targets[phase + 1 :]))


def _at_peak(studio: Studio, network: Network, outcome: Outcome) -> tuple[int, Op]:
    """Return the phase of an outcome's peak, and the op that runs then."""
    peak = studio.at_peak(outcome)
    index = max(peak.op, *(network.producer[tensor] for tensor in peak.here), 0)
    while not network.ops[index].nodes:
        index = next((reader for reader, _ in network.consumers[network.ops[index].results[0]]), 0)
    starts = studio.starts(network, outcome.draft.cuts)
    return max(i for i, start in enumerate(starts) if start <= index), network.ops[index]


def _run(studio: Studio, network: Network, ops: Sequence[int], middle: int, taken: set[str]) -> tuple[str, ...]:
    """Return the nodes around op `middle` that can be cut into bands together, in order."""
    allowed = partial(_can_be_banded, studio, network, taken)
    if not allowed(middle):
        return ()
    first = last = middle
    while first - 1 in ops and allowed(first - 1):
        first -= 1
    while last + 1 in ops and allowed(last + 1):
        last += 1
    names = [network.ops[index].nodes[0].name for index in range(first, last + 1) if network.ops[index].nodes]
    return tuple(dict.fromkeys(names))


def _can_be_banded(studio: Studio, network: Network, taken: set[str], index: int) -> bool:
    op = network.ops[index]
    if op.kind != "node":
        return not op.nodes
    return op.nodes[0].name not in taken and not any(
        reach(studio.graph, node, network.cuts.across).reason for node in op.nodes
    )
