"""Which part of which group's product lies on which PEs in each fold."""

from collections.abc import Iterator
from dataclasses import dataclass

from accelsim.dataflows.shape import ArrayShape


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of one group's product on a rectangle of PEs.

    Attributes:
        group: whose product.
        x: the piece of the extent unrolled on rows.
        y: the piece of the extent unrolled on columns.
        row: northmost PE row.
        column: westmost PE column.
    """

    group: int
    x: slice
    y: slice
    row: int = 0
    column: int = 0

    @property
    def rows(self) -> slice:
        """PE rows taken."""
        return slice(self.row, self.row + self.x.stop - self.x.start)

    @property
    def columns(self) -> slice:
        """PE columns taken."""
        return slice(self.column, self.column + self.y.stop - self.y.start)


@dataclass(frozen=True, slots=True)
class Fold:
    """One filling of the array; blocks share neither rows nor columns.

    Attributes:
        blocks: one, or several groups' on the diagonal.
        ends_product: the next fold, if any, belongs to another product.
    """

    blocks: tuple[Block, ...]
    ends_product: bool

    def block_at_column(self, column: int) -> Block | None:
        """The block on that PE column; None in the padding."""
        return next((b for b in self.blocks if b.columns.start <= column < b.columns.stop), None)

    def block_at(self, row: int, column: int) -> Block | None:
        """The block on that PE; None in the padding and off the diagonal."""
        block = self.block_at_column(column)
        return block if block and block.rows.start <= row < block.rows.stop else None


def lay(array: ArrayShape, groups: int, x: int, y: int) -> list[Fold]:
    """Folds of `groups` products with extents x on rows and y on columns, in the order they run."""
    side_by_side = min(groups, array.rows // x, array.columns // y) if array.depthwise == "packed" else 1
    if side_by_side > 1:
        return list(_packed(groups, side_by_side, x, y))
    return [fold for group in range(groups) for fold in _cut(group, array, x, y)]


def _packed(groups: int, side_by_side: int, x: int, y: int) -> Iterator[Fold]:
    for first in range(0, groups, side_by_side):
        members = range(first, min(first + side_by_side, groups))
        blocks = (Block(g, slice(0, x), slice(0, y), i * x, i * y) for i, g in enumerate(members))
        yield Fold(tuple(blocks), ends_product=True)


def _cut(group: int, array: ArrayShape, x: int, y: int) -> Iterator[Fold]:
    corners = [(x0, y0) for y0 in range(0, y, array.columns) for x0 in range(0, x, array.rows)]
    for x0, y0 in corners:
        piece = Block(group, slice(x0, min(x0 + array.rows, x)), slice(y0, min(y0 + array.columns, y)))
        yield Fold((piece,), ends_product=(x0, y0) == corners[-1])
