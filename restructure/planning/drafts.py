"""Drafts, plans in the making, and what they give.

A draft names its cuts by node and its tensors by name, so that it survives a change of channel groups.
"""

from dataclasses import dataclass, field

from restructure.fields import ROW_AXIS
from restructure.plans import BandCut, SumCut
from restructure.streaming import Cuts, Stage

__all__ = ["UNCUT", "WHOLE", "Draft", "Outcome"]

UNCUT = 1 << 40
"""Target that every working set keeps: parts are only as small as what reads them asks for."""

WHOLE = -1
"""Target of a phase that is not cut."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan in the making.

    Attributes:
        cuts: graph-node index that each phase but the first begins with.
        targets: per phase, the working set its parts aim at, in bytes; or WHOLE.
        recomputed: tensors whose overlap is recomputed.
        groups: (node, channel groups).
        bands: nodes cut into bands.
        sums: sums taken part by part.
        axis: what parts are stretches of; see `Cuts`.
        rows: (tensor, rows of a part) where not what the target gives.
        input_rows: rows of the pieces every network input is split into at the start; 0: not split.
        grid: phases' parts are even (see `Phase.grid`).
        restart: thousandths of the first phase's result after which it begins afresh (see `Phase.restart`).
    """

    cuts: tuple[int, ...] = ()
    targets: tuple[int, ...] = (WHOLE,)
    recomputed: frozenset[str] = frozenset()
    groups: tuple[tuple[str, int], ...] = ()
    rows: tuple[tuple[str, int], ...] = ()
    input_rows: int = 0
    grid: bool = False
    restart: int = 0
    bands: tuple[BandCut, ...] = ()
    sums: tuple[SumCut, ...] = ()
    axis: int = ROW_AXIS

    @property
    def cut_nodes(self) -> Cuts:
        """How nodes are taken apart; one that is cut into bands, or whose sum is, is not cut into groups as well."""
        taken = {cut.node for cut in self.sums}.union(*(cut.nodes for cut in self.bands))
        groups = tuple(entry for entry in self.groups if entry[0] not in taken) if taken else self.groups
        return Cuts(groups, self.bands, self.sums, self.axis)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a draft gives.

    Attributes:
        parts: parts of the most finely cut tensor.
        stages: what each of its phases gives.
    """

    draft: Draft
    peak_bytes: int
    macs: int
    nodes: int
    parts: int
    stages: tuple[Stage, ...] = field(repr=False)

    def excess(self, level: int) -> int:
        """Return the bytes above a level, summed over all steps."""
        return sum(
            int((stage.live[stage.live > level] - level).sum()) for stage in self.stages if stage.peak_bytes > level
        )
