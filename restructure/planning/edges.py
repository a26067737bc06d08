"""What one phase costs on its own, given the form its sources come in.

The peak of a plan is the largest of its phases' peaks, its MACs and nodes are their sums: so phases can be measured one
by one and put together by dynamic programming.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from restructure.planning.borders import border_bytes, overlap_bytes
from restructure.planning.drafts import WHOLE, Draft
from restructure.planning.studio import Studio
from restructure.streaming import Network, Phase, Piece, given

__all__ = ["TOO_MUCH", "Edge", "Edges"]

TOO_MUCH = 1 << 62
"""More than any phase needs."""

EARLY = 0.25
"""Share of a phase within which a peak is its beginning's."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A phase from op `start` to op `stop` with one target working set."""

    start: int
    stop: int
    target: int
    split: int
    peak_bytes: int
    macs: int
    nodes: int


class Edges:
    """Measures phases of one network and remembers them."""

    def __init__(self, studio: Studio, draft: Draft) -> None:
        self.studio, self.draft = studio, draft
        self.network: Network = studio.network(draft.cut_nodes)
        self._known: dict[tuple[int, int, int, int], Edge] = {}
        self._early: dict[tuple[int, int, int], dict[int, int]] = {}
        # Of the ops before each.
        self._overlaps = [0, *itertools.accumulate(overlap_bytes(self.network, op) for op in self.network.ops)]
        self._borders: dict[int, int] = {}

    def bound(self, start: int, stop: int, split: int) -> int:
        """Return bytes no phase between these cuts can go below."""
        before, after = self._border(start), self._border(stop)
        least = max(before, after)
        if start == 0 and not self.network.placed:
            least = max(least, 2 * before if split else before + after)
        return least

    def _border(self, cut: int) -> int:
        if cut not in self._borders:
            self._borders[cut] = border_bytes(self.network, self.network.crossing(cut))
        return self._borders[cut]

    def expect(self, start: int, stop: int, target: int, split: int) -> int:
        """Return about what a phase needs that was not measured yet.

        If a shorter phase had its peak early, while little of its results was there, this one has it too.
        """
        early = self._early.get((start, target, split), {})
        floor = max((peak for shorter, peak in early.items() if shorter <= stop), default=0)
        return max(self.guess(start, stop, split), floor)

    def known(self, start: int, stop: int, target: int, split: int) -> Edge | None:
        """Return a phase's figures if it was measured before."""
        return self._known.get((start, stop, target, split))

    def guess(self, start: int, stop: int, split: int) -> int:
        """Return about what a phase needs: its borders' bound, or its input and the overlaps it keeps."""
        kept = self._overlaps[stop] - self._overlaps[start]
        held = start == 0 and not split and not self.network.placed
        before = self._border(start) if held else 0
        return max(self.bound(start, stop, split), (before + kept) * 4 // 5)

    def measure(self, start: int, stop: int, target: int, split: int = 0) -> Edge:
        """Return the phase's figures; sources come in the parts that the same target would have made.

        A phase with too many nodes for any plan has peak and nodes TOO_MUCH.
        """
        key = (start, stop, target, split)
        if key not in self._known:
            self._known[key] = self._measure(*key)
        return self._known[key]

    def _measure(self, start: int, stop: int, target: int, split: int) -> Edge:
        network = self.network
        received = given(network)
        if start > 0:
            buffers = itertools.count()
            received = tuple((tensor, self._pieces(tensor, target, buffers)) for tensor in network.crossing(start))
        input_rows = dict.fromkeys(network.inputs, split) if split else {}
        stage = self.studio.stage(network, self._phase(start, stop, target), received, input_rows)
        early = self._early.setdefault((start, target, split), {})
        if stage is None:
            if self.studio.last_progress < EARLY:
                early[stop] = TOO_MUCH
            return Edge(start, stop, target, split, TOO_MUCH, 0, TOO_MUCH)
        if target != WHOLE and int(stage.live.argmax()) < EARLY * len(stage.live):
            early[stop] = stage.peak_bytes
        return Edge(start, stop, target, split, stage.peak_bytes, stage.macs, stage.nodes)

    def _pieces(self, tensor: int, target: int, buffers: Iterator[int]) -> tuple[Piece, ...]:
        """Return a source as it comes: whole, or in the parts the same target would have made."""
        producer = self.network.producer[tensor]
        if producer < 0 or target == WHOLE:
            return (Piece(0, self.network.tensors[tensor].height, next(buffers), producer < 0),)
        rows = max(self.studio.rows(self.network.cuts, producer, producer + 1, target)[tensor], 1)
        goal = self.network.goals[tensor]
        return tuple(Piece(first, min(first + rows, goal), next(buffers)) for first in range(0, goal, rows))

    def _phase(self, start: int, stop: int, target: int) -> Phase:
        if target == WHOLE:
            return Phase(start, stop, whole=True)
        rows = self.studio.rows(self.network.cuts, start, stop, target)
        inner = self.network.inner(start, stop)
        names = self.draft.recomputed
        chosen = inner if self.studio.robust else [t for t in inner if self.network.tensors[t].name in names]
        return Phase(start, stop, rows, frozenset(chosen), grid=self.draft.grid)
