"""What is there while a program grows: the live blocks of every tensor, cut and joined as somebody needs them."""

import itertools
from collections.abc import Sequence

from restructure.streaming.network import Network
from restructure.streaming.program import CONCAT, SLICE, Program

__all__ = ["Holdings"]


class Holdings:
    """The live blocks of a network's tensors, and the Slices and Concats that change them.

    Invariant: `blocks[t]` are the live blocks of tensor t as (first row, last row + 1, block), ascending and disjoint;
    `bytes` is what they amount to.
    """

    def __init__(self, network: Network, program: Program) -> None:
        self.network, self.program = network, program
        self.blocks: list[list[tuple[int, int, int]]] = [[] for _ in network.tensors]
        self.bytes = 0
        self._held: set[int] = set()
        self._row_bytes = network.own_row_bytes
        self._gone = [0] * len(network.tensors) if network.placed else None
        self._recent: dict[int, tuple[int, int, int]] = {}
        self._pieces: dict[int, int] = {}
        self._late: set[int] = set()
        self._inputs = frozenset(network.inputs)

    def feed(self, tensor: int, rows: int = 0, late: bool = False) -> None:
        """Let a source tensor be there from the start, in one block; with `rows`, split it now or `late`."""
        height = self.network.tensors[tensor].height
        block = self.program.block(tensor, 0, height)
        self.add(tensor, 0, height, block)
        if self.network.tensors[tensor].is_input:
            self.program.fed.append(block)
        self._pieces[tensor] = rows
        if late:
            self._late.add(tensor)
        else:
            self.split(tensor, 0)

    def split(self, tensor: int, first: int) -> None:
        """Cut a network input from row `first` on into pieces that are let go one by one."""
        self._late.discard(tensor)
        rows, goal = self._pieces[tensor], self.network.goals[tensor]
        if 0 < rows < goal - first and len(self.blocks[tensor]) == 1:
            block = self.blocks[tensor][0][2]
            bounds = [*range(first, goal, rows), goal]
            self._drop(tensor)
            for a, b in itertools.pairwise(bounds):
                self.add(tensor, a, b, self._slice(block, a, b))

    def place(self, tensor: int, start: int, stop: int) -> int:
        """Let some rows of a source tensor be there from the start, as a phase before has left them; the block."""
        block = self.program.block(tensor, start, stop)
        self.add(tensor, start, stop, block)
        return block

    def add(self, tensor: int, start: int, stop: int, block: int) -> None:
        """Keep a block below those of the tensor that are there."""
        self.bytes += self._row_bytes[tensor] * (stop - start)
        self.blocks[tensor].append((start, stop, block))
        self._held.add(block)

    def forget(self, tensor: int) -> None:
        """Drop all blocks of a tensor that is made anew."""
        self._drop(tensor)
        self.forget_window(tensor)

    def _drop(self, tensor: int) -> None:
        gone = 0
        if self._gone is not None:
            gone, self._gone[tensor] = self._gone[tensor], 0
        self.bytes -= self._row_bytes[tensor] * (sum(b - a for a, b, _ in self.blocks[tensor]) - gone)
        self._held.difference_update([block for _, _, block in self.blocks[tensor]])
        self.blocks[tensor] = []

    def forget_window(self, tensor: int) -> None:
        """Let the next reader of a tensor have a window of its own."""
        self._recent.pop(tensor, None)

    def forget_windows(self) -> None:
        """Let the next readers of all tensors have windows of their own."""
        self._recent.clear()

    def is_whole(self, tensor: int) -> bool:
        """Whether a tensor is there in one block."""
        held = self.blocks[tensor]
        return len(held) == 1 and held[0][:2] == (0, self.network.tensors[tensor].height)

    def window(self, tensor: int, low: int, high: int, slack: int) -> int:
        """Return rows low..high−1 of what is there, or up to `slack` more, for this reader and others of the same."""
        recent = self._recent.get(tensor)
        if recent is not None and recent[0] == low and high <= recent[1] <= high + slack:
            return recent[2]
        for entry in self.blocks[tensor]:
            if entry[1] > low:
                if entry[0] == low and high <= entry[1] <= high + slack:
                    self._recent[tensor] = entry
                    return entry[2]
                break
        return self.note_window(tensor, low, self.gather(tensor, low, high, slack))

    def same_window(self, tensor: int, low: int, high: int, slack: int) -> int | None:
        """Return the last window of a tensor if it has these rows, or up to `slack` more at its end."""
        recent = self._recent.get(tensor)
        if recent is not None and recent[0] == low and high <= recent[1] <= high + slack:
            return recent[2]
        return None

    def note_window(self, tensor: int, low: int, block: int) -> int:
        """Remember a window, for further readers of the same rows."""
        self._recent[tensor] = (low, self.program.blocks[block][2], block)
        return block

    def gather(self, tensor: int, low: int, high: int, slack: int) -> int:
        """Return rows low..high−1 of what is there, or up to `slack` more, as a block, a Slice or a Concat."""
        pieces, most = [], high + slack
        for a, b, block in self.blocks[tensor]:
            if a >= high:
                break
            if b > low:
                if high < b <= most:
                    high = b
                if a < low or b > high:
                    block = self._slice(block, max(a, low), min(b, high))
                pieces.append(block)
        if len(pieces) == 1:
            return pieces[0]
        return self.program.move(CONCAT, tensor, low, high, tuple(pieces))

    def cover(self, tensor: int, low: int, high: int) -> int:
        """Return a block that has rows low..high−1 of what is there, and perhaps others; a Concat if no block has."""
        for start, stop, block in self.blocks[tensor]:
            if start <= low and high <= stop:
                return block
        return self.gather(tensor, low, high, 0)

    def apart(self, blocks: Sequence[int]) -> int:
        """Return the bytes of those blocks that are not among what is there."""
        total, held = 0, self._held
        if self._gone is not None:
            return total
        for block in blocks if len(blocks) == 1 else set(blocks):
            if block not in held:
                tensor, start, stop = self.program.blocks[block]
                total += self._row_bytes[tensor] * (stop - start)
        return total

    def crop(self, block: int, low: int, high: int) -> int:
        """Return a block with rows low..high−1 of another: itself if it has just those."""
        _, start, stop = self.program.blocks[block]
        return block if (start, stop) == (low, high) else self._slice(block, low, high)

    def _slice(self, block: int, start: int, stop: int) -> int:
        program = self.program
        return program.move(SLICE, program.blocks[block][0], start, stop, (block,))

    def trim(self, tensor: int, first: int) -> None:
        """Let go of the rows above `first`: of whole blocks, and by a Slice of a tail of at most half a block.

        Under the placed layout rows need no Slice to be let go.
        """
        blocks, row_bytes = self.blocks[tensor], self._row_bytes[tensor]
        if self._gone is not None:
            self._let_go(tensor, first, self._gone)
            return
        while blocks and blocks[0][1] <= first:
            self.bytes -= row_bytes * (blocks[0][1] - blocks[0][0])
            self._held.discard(blocks[0][2])
            del blocks[0]
        if not blocks or blocks[0][0] >= first:
            return
        a, b, block = blocks[0]
        if 2 * (first - a) >= b - a:
            made = self.program.move(SLICE, tensor, first, b, (block,))
            blocks[0] = (first, b, made)
            self._held ^= {block, made}
            self.bytes -= row_bytes * (first - a)

    def _let_go(self, tensor: int, first: int, gone: list[int]) -> None:
        """Count the rows above `first` out; `gone` are the rows of each tensor's first block that were before."""
        blocks, row_bytes = self.blocks[tensor], self._row_bytes[tensor]
        while blocks and blocks[0][1] <= first:
            self.bytes -= row_bytes * (blocks[0][1] - blocks[0][0] - gone[tensor])
            gone[tensor] = 0
            del blocks[0]
        if blocks and first - blocks[0][0] > gone[tensor]:
            self.bytes -= row_bytes * (first - blocks[0][0] - gone[tensor])
            gone[tensor] = first - blocks[0][0]

    def is_untouched(self, tensor: int) -> bool:
        """Whether what is there is a network input as the caller gave it: there is nothing to let go."""
        if tensor not in self._inputs:
            return False
        if self._gone is not None:
            return tensor in self._late
        blocks = self.program.blocks
        return blocks[self.blocks[tensor][0][2]][1:] == (0, self.network.tensors[tensor].height)
