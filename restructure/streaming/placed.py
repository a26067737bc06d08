"""Active memory of a program under the placed layout, exactly as the profile of the emitted file counts it.

Blocks that steps make lie in storages of their own; Slices, Concats and what else is a view share their bytes. Nearly
all networks are *plain*: their views join channels or keep rows, so that a block is some rows of some storages, and
rows are counted. Where channels are taken apart or shapes change, single cells are (see `restructure.profile.cells`).
"""

from collections.abc import Sequence
from itertools import groupby

from restructure.streaming.cellwise import placed_by_cell
from restructure.streaming.network import Network
from restructure.streaming.program import SLICE, Program
from restructure.streaming.records import Placed, Storage

__all__ = ["placed"]

Piece = tuple[int, int, int]
"""(block that the storage was made for, first row, last row + 1)"""


def placed(network: Network, program: Program, held: Sequence[int] = ()) -> Placed:
    """Return what a program needs over time; takes time linear in its steps and rows. Blocks `held` live to the end."""
    if not all(op.view is None or op.view.is_plain for op in network.ops):
        return placed_by_cell(network, program, held)
    run = _Rows(network, program)
    for index, (op, made, read) in enumerate(program.steps):
        view = op < 0 or network.ops[op].view is not None
        (run.view if view else run.work)(index, op, made, read)
    for block in (*program.delivered.values(), *held):
        run.read(block, len(program.steps))
    return Placed(run.storages(), len(program.steps), run.overlap(held))


class _Rows:
    """One pass over a program.

    Attributes:
        pieces: block → where it lies.
        last: per block with a storage, the step that last reads each of its rows.
    """

    def __init__(self, network: Network, program: Program) -> None:
        self.network, self.program = network, program
        count = len(program.blocks)
        self.pieces: list[tuple[Piece, ...]] = [()] * count
        self.start = [0] * count
        self.last: list[list[int]] = [[]] * count
        self.taken: list[tuple[int, int, int]] = []
        for block in (*program.fed, *program.received):
            self.make(block, 0)
            if block in program.received:
                self.last[block] = [-1] * len(self.last[block])

    def make(self, block: int, step: int) -> None:
        _, start, stop = self.program.blocks[block]
        self.pieces[block] = ((block, start, stop),)
        self.start[block] = step
        self.last[block] = [step] * (stop - start)

    def read(self, block: int, step: int) -> None:
        for storage, start, stop in self.of(block):
            first = self.program.blocks[storage][1]
            self.last[storage][start - first : stop - first] = [step] * (stop - start)

    def of(self, block: int) -> tuple[Piece, ...]:
        """Return where a block lies; what nobody made was there from the start."""
        if not self.pieces[block]:
            self.make(block, 0)
        return self.pieces[block]

    def view(self, index: int, op: int, made: tuple[int, ...], read: tuple[int, ...]) -> None:
        if op == SLICE:
            _, low, high = self.program.blocks[made[0]]
            clipped = ((s, max(a, low), min(b, high)) for s, a, b in self.of(read[0]))
            self.pieces[made[0]] = tuple(piece for piece in clipped if piece[1] < piece[2])
        elif len(read) == 1:
            self.pieces[made[0]] = self.of(read[0])
        else:
            self.pieces[made[0]] = tuple(piece for block in read for piece in self.of(block))

    def work(self, index: int, op: int, made: tuple[int, ...], read: tuple[int, ...]) -> None:
        for block in read:
            self.read(block, index)
        for block in made:
            self.make(block, index)
        if self.network.ops[op].takes_over:
            self.taken.append((index, made[0], read[0]))

    def storages(self) -> list[Storage]:
        for index, made, read in self.taken:
            if self._dies(index, read):
                # While both are there they share the operand's bytes, which are counted already.
                self.start[made] = index + 1
        found = []
        for block, last in enumerate(self.last):
            if last:
                tensor = self.program.blocks[block][0]
                entry = self.network.tensors[tensor]
                counted = self.network.definition.input_counted or not entry.is_input
                rows = [(step, len(list(group))) for step, group in groupby(last)]
                size = (entry.row_bytes, entry.row_elements) if counted else (0, 0)
                found.append(Storage(tensor, self.start[block], *size, tuple(rows)))
        return found

    def _dies(self, index: int, read: int) -> bool:
        pieces = self.of(read)
        if len(set(pieces)) < len(pieces):
            return False
        return not any(
            self.network.tensors[self.program.blocks[s][0]].is_input
            or max(self.last[s][a - self.program.blocks[s][1] : b - self.program.blocks[s][1]]) > index
            for s, a, b in pieces
        )

    def overlap(self, held: Sequence[int]) -> bool:
        """Return whether blocks that are kept share rows."""
        rows = [(s, row) for block in held for s, a, b in self.of(block) for row in range(a, b)]
        return len(set(rows)) < len(rows)
