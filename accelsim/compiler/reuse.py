"""Weights that several layers read: kept between them where there is room, otherwise fetched again.

A restructured network runs the same filters once per part. Fetching them again each time is the price of restructuring
on hardware; this pass lowers it with bytes that nothing else uses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from accelsim.compiler.allocate import Packing
from accelsim.compiler.drafts import OperandDraft, RangeDraft, Step, Transfer

_Tile = tuple[int, tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Refetch:
    """A LOAD at `slot` of a tile that an earlier LOAD has brought in: how many byte-slots keeping it would cost."""

    cost: int
    slot: int
    transfer: Transfer
    earlier: int


def keep_shared_weights(steps: list[Step], ranges: list[RangeDraft], packing: Packing) -> int:
    """Drop LOADs of weight tiles that can stay from an earlier use; the cheapest to keep come first.

    Args:
        steps: the packed steps; loads are removed and operands redirected in place.
        ranges: their ranges.
        packing: addresses; lives are stretched in it.

    Returns:
        The bytes that are no longer fetched.
    """
    saved = 0
    moved_to: dict[int, int] = {}
    for again in sorted(_refetches(steps, ranges), key=lambda r: (r.cost, r.slot)):
        kept, dropped = _end(again.earlier, moved_to), again.transfer.target.range
        life = ranges[kept]
        if packing.extend(life, life.first, max(life.last, ranges[dropped].last)):
            packing.release(ranges[dropped])
            steps[again.slot].loads.remove(again.transfer)
            moved_to[dropped] = kept
            saved += again.transfer.bytes
    final = {old: _end(old, moved_to) for old in moved_to}
    for step in steps if final else ():
        step.reads = [_redirected(operand, final) for operand in step.reads]
    return saved


def _end(place: int, moved_to: dict[int, int]) -> int:
    while place in moved_to:
        place = moved_to[place]
    return place


def _redirected(operand: OperandDraft, final: dict[int, int]) -> OperandDraft:
    return replace(operand, range=final[operand.range]) if operand.range in final else operand


def _refetches(steps: list[Step], ranges: list[RangeDraft]) -> list[_Refetch]:
    """Loads of tiles that were loaded before by another layer, each with the one just before it."""
    found = []
    latest: dict[_Tile, tuple[int, int]] = {}
    for slot, step in enumerate(steps):
        for transfer in step.loads:
            if not transfer.weights:
                continue
            source = transfer.source
            tile = (source.range, source.start, source.shape)
            if tile in latest and latest[tile][1] != step.layer:
                earlier = latest[tile][0]
                gap = max(0, slot - ranges[earlier].last)
                found.append(_Refetch(gap * ranges[earlier].size_bytes, slot, transfer, earlier))
            latest[tile] = (transfer.target.range, step.layer)
    return found
