"""Weights that several layers read: kept between them where there is room, otherwise fetched again.

A restructured network runs the same filters once per part. Fetching them again each time is the price of restructuring
on hardware; this pass lowers it with bytes that nothing else uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from accelsim.compiler.allocate import Packing
from accelsim.compiler.drafts import OperandDraft, RangeDraft, Step, Transfer

_Tile = tuple[RangeDraft, tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Refetch:
    """A LOAD at `slot` of a tile that an earlier LOAD has brought in: how many byte-slots keeping it would cost."""

    cost: int
    slot: int
    transfer: Transfer
    earlier: RangeDraft


def keep_shared_weights(steps: Sequence[Step], packing: Packing) -> int:
    """Drop LOADs of weight tiles that can stay from an earlier use; the cheapest to keep come first.

    Args:
        steps: the packed steps; loads are removed and operands redirected in place.
        packing: addresses; lives are stretched in it.

    Returns:
        The bytes that are no longer fetched.
    """
    saved = 0
    moved_to: dict[RangeDraft, RangeDraft] = {}
    for again in sorted(_refetches(steps), key=lambda r: (r.cost, r.slot)):
        kept, dropped = _end(again.earlier, moved_to), again.transfer.target.range
        if packing.extend(kept, kept.first, max(kept.last, dropped.last)):
            packing.release(dropped)
            steps[again.slot].loads.remove(again.transfer)
            moved_to[dropped] = kept
            saved += again.transfer.bytes
    _redirect(steps, {old: _end(old, moved_to) for old in moved_to})
    return saved


def _end(place: RangeDraft, moved_to: dict[RangeDraft, RangeDraft]) -> RangeDraft:
    while place in moved_to:
        place = moved_to[place]
    return place


def _redirect(steps: Sequence[Step], final: dict[RangeDraft, RangeDraft]) -> None:
    """Let operands in dropped ranges lie in those that were kept for them."""
    known: dict[OperandDraft, OperandDraft] = {}
    for step in steps if final else ():
        for index, operand in enumerate(step.reads):
            if operand.range in final:
                if operand not in known:
                    known[operand] = operand.moved(final[operand.range], operand.offset, operand.strides)
                step.reads[index] = known[operand]


def _refetches(steps: Sequence[Step]) -> list[_Refetch]:
    """Loads of tiles that were loaded before by another layer, each with the one just before it."""
    found = []
    latest: dict[_Tile, tuple[RangeDraft, int]] = {}
    for slot, step in enumerate(steps):
        for transfer in step.loads:
            if not transfer.weights:
                continue
            source = transfer.source
            tile = (source.range, source.start, source.shape)
            if tile in latest and latest[tile][1] != step.layer:
                earlier = latest[tile][0]
                gap = max(0, slot - earlier.last)
                found.append(_Refetch(gap * earlier.size_bytes, slot, transfer, earlier))
            latest[tile] = (transfer.target.range, step.layer)
    return found
