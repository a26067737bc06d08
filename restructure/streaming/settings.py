"""How nodes are taken apart into ops, and how a stretch of ops is to be streamed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from restructure.fields import COLUMN_AXIS, ROW_AXIS
from restructure.plans import BandCut, SumCut

__all__ = ["Cuts", "Phase"]


@dataclass(frozen=True, slots=True)
class Cuts:
    """How nodes become ops.

    Attributes:
        groups: (node, channel groups it and what follows it per channel are cut into).
        bands: nodes that run once per band.
        sums: nodes whose sums are taken part by part.
        axis: what parts are stretches of: rows (2) or columns (3).
    """

    groups: tuple[tuple[str, int], ...] = ()
    bands: tuple[BandCut, ...] = ()
    sums: tuple[SumCut, ...] = ()
    axis: int = ROW_AXIS

    @property
    def across(self) -> int:
        """The axis bands are stretches of."""
        return ROW_AXIS + COLUMN_AXIS - self.axis


@dataclass(frozen=True, slots=True)
class Phase:
    """Consecutive ops start..stop−1 and how their tensors are cut.

    Attributes:
        rows: tensor → most rows of one part; a tensor that is not named is made whole.
        recomputed: tensors that each consumer makes for itself.
        grid: parts are always as high as `rows` says, even if fewer rows are needed at the time.
        restart: when this many rows of what leaves the phase are made, everything inside is forgotten and made again as
            needed, and the network's inputs are split only then; 0: never.
        whole: every op runs once, in order.
    """

    start: int
    stop: int
    rows: Mapping[int, int] = field(default_factory=dict, hash=False)
    recomputed: frozenset[int] = frozenset()
    whole: bool = False
    grid: bool = False
    restart: int = 0

    @property
    def key(self) -> tuple[object, ...]:
        """What tells it from other phases of the same network."""
        rows = tuple(self.rows.items())
        return self.start, self.stop, rows, self.recomputed, self.whole, self.grid, self.restart
