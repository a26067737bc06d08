"""How a layer's loop nest is cut and ordered.

Loop dimensions: B batch, K filters, C input channels per group, OY/OX output rows/columns, FY/FX kernel, G groups.
The kernel loops and, inside a tile, all others run on the PE array; what the compiler chooses is the tile and the order
in which tiles follow one another. S stands for the tiles of one output position block: (B, OX, OY), OY innermost,
so that neighbouring tiles share their halo rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

#: Orders of the tile loops, outermost first, and what each keeps in place.
ORDERS: tuple[str, ...] = ("SKC", "KSC", "KCS", "SCK")


@dataclass(frozen=True, slots=True)
class TileSizes:
    """Elements of one tile along each loop: batch, output rows and columns, filters, input channels per group."""

    batch: int
    rows: int
    columns: int
    filters: int
    channels: int

    @property
    def positions(self) -> int:
        """Output positions of a full tile (M of its matrix product)."""
        return self.batch * self.rows * self.columns


@dataclass(frozen=True, slots=True)
class LayerMapping:
    """One way to run a layer.

    Attributes:
        tile: sizes of a full tile; the last one along a loop may be smaller.
        order: one of ORDERS, outermost first.
        hold_input, hold_weights: whether tiles of the operand stay in the scratchpad until the layer ends once they
            are loaded, instead of only until the next tile replaces them.
        double_buffered: whether the working bytes leave room to load a tile while another one is computed.
    """

    tile: TileSizes
    order: str
    hold_input: bool = False
    hold_weights: bool = False
    double_buffered: bool = True


@dataclass(frozen=True, slots=True)
class Counts:
    """Tiles along each loop."""

    batch: int
    rows: int
    columns: int
    filters: int
    channels: int

    @property
    def total(self) -> int:
        """Tiles of the layer."""
        return prod((self.batch, self.rows, self.columns, self.filters, self.channels))


def tile_counts(shape: tuple[int, int, int, int], reduction: int, tile: TileSizes) -> Counts:
    """Tiles along each loop of a layer with output `shape` (batch, rows, columns, filters)."""
    b, y, x, k = shape
    return Counts(
        -(-b // tile.batch),
        -(-y // tile.rows),
        -(-x // tile.columns),
        -(-k // tile.filters),
        -(-reduction // tile.channels),
    )
