"""What a plan says.

A graph is run as a sequence of *regions*: consecutive nodes whose tensors are cut into *parts* (blocks of rows) that
are made and consumed in a streaming order, so that a part dies as soon as nobody needs it. Neighbouring regions hand
their parts over. A region that is not cut runs its nodes whole.

Rows and columns may change places, for the whole plan: what is said here of rows then holds of columns.

Terms: the *overlap* is the rows two neighbouring parts of a consumer both read. Retained: made once and kept.
Recomputed: made again by each reader, which needs more MACs and no memory in between.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from restructure.profile import Definition

__all__ = ["Along", "BandCut", "ChannelCut", "Overlap", "Plan", "Region", "SumCut", "TensorCut"]

Overlap = Literal["retained", "recomputed"]
Cut = Literal["rows", "whole"]
Along = Literal["rows", "columns"]


@dataclass(frozen=True, slots=True)
class TensorCut:
    """How one tensor of a region is made.

    Attributes:
        rows: most rows of one part.
        parts: parts it is made in.
    """

    tensor: str
    rows: int
    parts: int
    overlap: Overlap = "retained"


@dataclass(frozen=True, slots=True)
class ChannelCut:
    """Nodes that run once per group of channels: a convolution, then operators that keep channels apart.

    Attributes:
        nodes: names, in order.
        groups: number of channel groups, of equal size but for the last.
    """

    nodes: tuple[str, ...]
    groups: int


@dataclass(frozen=True, slots=True)
class BandCut:
    """Nodes that run once per band of columns, so that their parts are a grid.

    Columns that two bands need are made in each. What leaves the nodes is shared out among the bands; other nodes cut
    into bands read it band by band, whatever else reads it gets it joined.

    Attributes:
        nodes: names, in order.
        bands: number of bands, of equal width as far as that goes.
        by_rows: the bands take turns, part by part, down the rows; otherwise they run one after another.
    """

    nodes: tuple[str, ...]
    bands: int
    by_rows: bool = False


@dataclass(frozen=True, slots=True)
class SumCut:
    """A node whose sum is taken part by part and added up: real numbers may change in their last bits.

    Attributes:
        parts: stretches of rows that an average over space is taken of; a convolution or matrix product is taken
            channel group by channel group, as its operand is made.
    """

    node: str
    parts: int = 1


@dataclass(frozen=True, slots=True)
class Region:
    """Consecutive nodes that are cut together.

    Attributes:
        nodes: names, in the order they first run.
        cut: *rows*, or *whole* where nothing is cut.
        parts: parts of the most finely cut tensor.
        tensors: how each tensor that is cut is made.
        channels: the channel cuts inside the region.
        bands: the band cuts that begin inside the region.
        sums: the sums of the region that are taken part by part.
        even: parts are always as high as the tensors' `rows` say, even if fewer rows are needed at the time.
        restart: when this many rows of the region's result are made, what is inside is forgotten and made again as
            needed, and network inputs that are to be split are split only then; 0: never.
        peak_bytes: predicted active memory while the region runs.
    """

    nodes: tuple[str, ...]
    cut: Cut
    parts: int
    tensors: tuple[TensorCut, ...] = ()
    channels: tuple[ChannelCut, ...] = ()
    even: bool = False
    restart: int = 0
    peak_bytes: int = 0
    bands: tuple[BandCut, ...] = ()
    sums: tuple[SumCut, ...] = ()

    @property
    def form(self) -> str:
        """What its parts are, in words: whole, rows, channels, or a grid of so many bands of so many parts."""
        kinds = ["rows"] if self.cut == "rows" else []
        if self.bands:
            kinds = [f"grid {max(cut.bands for cut in self.bands)} × {self.parts}"]
        if self.channels:
            kinds.append("channels")
        if self.sums:
            kinds.append("sums")
        return ", ".join(kinds) or "whole"


@dataclass(frozen=True, slots=True)
class Plan:
    """How to restructure one graph, and what that is predicted to give under `definition`.

    Attributes:
        network: name of the graph it was made for.
        steps: every node's region, in running order; `regions` are those that are cut.
        input_rows: per network input that is split before anything runs, the rows of one piece.
        peak_elements, peak_bytes: active memory of the restructured graph.
        macs, nodes: of the restructured graph.
        baseline_…: the same of the original.
        order: every node by name, where the graph's nodes were put in another order than the file's; else empty.
        along: what parts are stretches of; bands, where there are any, are stretches of the other.
        lower_bound_bytes: no plan of the kinds searched has a lower peak, however many MACs it may spend.
    """

    network: str
    definition: Definition
    steps: tuple[Region, ...]
    peak_elements: int
    peak_bytes: int
    macs: int
    nodes: int
    baseline_elements: int
    baseline_bytes: int
    baseline_macs: int
    baseline_nodes: int
    input_rows: Mapping[str, int] = field(default_factory=dict, hash=False)
    lower_bound_bytes: int = 0
    robust: bool = False
    along: Along = "rows"
    order: tuple[str, ...] = ()

    @property
    def regions(self) -> tuple[Region, ...]:
        """The regions that are cut."""
        return tuple(region for region in self.steps if region.form != "whole")

    @property
    def saving(self) -> float:
        """Share of the original's active memory that is saved, 0..1."""
        return 1 - self.peak_bytes / self.baseline_bytes if self.baseline_bytes else 0.0

    @property
    def gap(self) -> float:
        """Share of this plan's peak by which the best plan, if better, is at most lower, 0..1."""
        return 1 - self.lower_bound_bytes / self.peak_bytes if self.peak_bytes else 0.0

    @property
    def mac_overhead(self) -> float:
        """Extra multiply-accumulates relative to the original's."""
        return self.macs / self.baseline_macs - 1 if self.baseline_macs else 0.0

    @property
    def parts(self) -> int:
        """Parts of the most finely cut tensor; 1 if nothing is cut."""
        return max((region.parts for region in self.steps), default=1)

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as JSON-ready values, with the version of their meaning."""
        from restructure.plans.serial import plan_to_dict

        return plan_to_dict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Plan":
        """Return the plan `to_dict` wrote.

        Raises:
            PlanError: the data is no plan, or one of another version.
        """
        from restructure.plans.serial import plan_from_dict

        return plan_from_dict(data)
