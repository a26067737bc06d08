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


def lay(array: ArrayShape, groups: int, x: int, y: int, cells: int = 1) -> list[Fold]:
    """Folds of `groups` products with extents x on rows and y on columns, in the order they run.

    `cells`: equal parts of x (kernel cells) of which no two may share a fold.
    """
    size = x // cells
    side_by_side = min(groups, array.rows // size, array.columns // y) if array.depthwise == "packed" else 1
    parts = [slice(first, first + size) for first in range(0, x, size)]
    if side_by_side > 1:
        return list(_packed(groups, side_by_side, parts, y))
    return [fold for group in range(groups) for fold in _cut(group, array, parts, y)]


def _packed(groups: int, side_by_side: int, parts: list[slice], y: int) -> Iterator[Fold]:
    for first in range(0, groups, side_by_side):
        members = range(first, min(first + side_by_side, groups))
        for part in parts:
            size = part.stop - part.start
            blocks = (Block(g, part, slice(0, y), i * size, i * y) for i, g in enumerate(members))
            yield Fold(tuple(blocks), ends_product=part == parts[-1])


def _cut(group: int, array: ArrayShape, parts: list[slice], y: int) -> Iterator[Fold]:
    pieces = [
        slice(low, min(low + array.rows, part.stop))
        for part in parts
        for low in range(part.start, part.stop, array.rows)
    ]
    corners = [(piece, y0) for y0 in range(0, y, array.columns) for piece in pieces]
    for piece, y0 in corners:
        block = Block(group, piece, slice(y0, min(y0 + array.columns, y)))
        yield Fold((block,), ends_product=(piece, y0) == corners[-1])
