"""The storages of a program whose views take channels apart or change shapes: single cells are counted."""

from collections.abc import Sequence
from math import prod

import numpy as np
import numpy.typing as npt

from restructure.profile.cells import CELL_AXES, Ids
from restructure.profile.views import View, cells_of
from restructure.streaming.network import Network
from restructure.streaming.program import CONCAT, SLICE, Program
from restructure.streaming.records import Placed, Storage

__all__ = ["placed_by_cell"]

_ROW = CELL_AXES - 1
_ROWS_JOINED = View("joined", (), axis=_ROW)


def placed_by_cell(network: Network, program: Program, held: Sequence[int] = ()) -> Placed:
    """Return what a program needs over time. Blocks `held` live to the end."""
    run = _Cells(network, program)
    for index, (op, made, read) in enumerate(program.steps):
        views = run.view(op, made, read)
        if views is None:
            run.work(index, op, made, read)
        else:
            run.cells.update(zip(made, views, strict=False))
    return Placed(run.storages([*program.delivered.values(), *held]), len(program.steps), run.overlap(held))


class _Cells:
    """One pass over a program.

    Attributes:
        cells: block → the cells it spans.
        made: (block, step that makes it, number of its first cell), per storage.
        reads: (step, cells), in order.
    """

    def __init__(self, network: Network, program: Program) -> None:
        self.network, self.program = network, program
        self.cells: dict[int, Ids] = {}
        self.made: list[tuple[int, int, int]] = []
        self.reads: list[tuple[int, Ids]] = []
        self.taken: list[tuple[int, int, int]] = []
        self.count = 0
        for block in (*program.fed, *(block for block in program.received if block not in program.fed)):
            self.make(block, 0)

    def make(self, block: int, step: int) -> Ids:
        tensor, start, stop = self.program.blocks[block]
        n, c = self.network.tensors[tensor].cells_per_row
        shape = (n, c, stop - start, 1)
        self.made.append((block, step, self.count))
        ids = np.arange(self.count, self.count + prod(shape), dtype=np.int32).reshape(shape)
        self.count += ids.size
        self.cells[block] = ids
        return ids

    def of(self, block: int) -> Ids:
        """Return the cells of a block; what nobody made was there from the start."""
        return self.cells[block] if block in self.cells else self.make(block, 0)

    def view(self, op: int, made: tuple[int, ...], read: tuple[int, ...]) -> list[Ids] | None:
        if op == SLICE:
            _, first, _ = self.program.blocks[read[0]]
            _, low, high = self.program.blocks[made[0]]
            return [self.of(read[0])[:, :, low - first : high - first]]
        view = _ROWS_JOINED if op == CONCAT else self.network.ops[op].view
        return None if view is None else cells_of(view, [self.of(block) for block in read])

    def work(self, index: int, op: int, made: tuple[int, ...], read: tuple[int, ...]) -> None:
        self.reads.extend((index, self.of(block)) for block in read)
        self.reads.extend((index, self.make(block, index)) for block in made)
        if self.network.ops[op].takes_over:
            self.taken.append((index, len(self.made) - len(made), read[0]))

    def storages(self, kept: list[int]) -> list[Storage]:
        last = np.zeros(self.count, np.int32)
        for block in self.program.received:
            last[self.cells[block]] = -1
        for step, ids in (*self.reads, *((len(self.program.steps), self.of(block)) for block in kept)):
            last[ids] = step
        starts = [step for _, step, _ in self.made]
        bounds = [first for _, _, first in self.made] + [self.count]
        elements = np.repeat([self._unit(block)[1] for block, _, _ in self.made], np.diff(bounds))
        inputs = sum(self.cells[block].size for block in self.program.fed)
        for index, storage, read in self.taken:
            if self._dies(index, read, last, elements, inputs):
                starts[storage] = index + 1
        return [
            self._storage(block, start, last[a:b])
            for (block, _, _), start, a, b in zip(self.made, starts, bounds, bounds[1:], strict=False)
        ]

    def overlap(self, held: Sequence[int]) -> bool:
        """Return whether blocks that are kept share cells."""
        cells = np.concatenate([self.of(block).reshape(-1) for block in held]) if held else np.zeros(0)
        return np.unique(cells).size < cells.size

    def _dies(
        self, index: int, read: int, last: npt.NDArray[np.int32], elements: npt.NDArray[np.int64], inputs: int
    ) -> bool:
        """Whether all bytes of a block are its own, are no input's (the first cells) and are read by nobody later."""
        flat = self.of(read).reshape(-1)
        if flat.min() < inputs or (last[flat] > index).any():
            return False
        used = flat if (flat[1:] == flat[:-1] + 1).all() else np.unique(flat)
        tensor, start, stop = self.program.blocks[read]
        return int(elements[used].sum()) == self.network.tensors[tensor].row_elements * (stop - start)

    def _unit(self, block: int) -> tuple[int, int]:
        """Return bytes and elements of a cell of a block."""
        entry = self.network.tensors[self.program.blocks[block][0]]
        n, c = entry.cells_per_row
        return entry.row_bytes // (n * c), entry.row_elements // (n * c)

    def _storage(self, block: int, start: int, last: npt.NDArray[np.int32]) -> Storage:
        tensor = self.program.blocks[block][0]
        entry = self.network.tensors[tensor]
        released: tuple[tuple[int, int], ...] = ((int(last[0]), last.size),)
        if (last != last[0]).any():
            steps, counts = np.unique(last, return_counts=True)
            released = tuple(zip(steps.tolist(), counts.tolist(), strict=True))
        if entry.is_input and not self.network.definition.input_counted:
            return Storage(tensor, start, 0, 0, released)
        return Storage(tensor, start, *self._unit(block), released)
