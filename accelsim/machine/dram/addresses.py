"""Where the bytes of a transfer lie: channel, bank and row.

The address mapping, from high to low bits: row : bank : column : channel : offset. Blocks of `interleave_bytes` go
round the channels; within a channel consecutive bytes fill a row of one bank, then of the next bank, then the next row.
A *visit* is a stretch of bursts in one row: neighbouring runs in the same row are one visit.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from accelsim.machine.dram.timing import BankTiming
from accelsim.program import Box

Ints = NDArray[np.int64]


class Visit(NamedTuple):
    """Bursts of one transfer in one row of one bank."""

    bank: int
    row: int
    bursts: int


class AddressMap:
    """The mapping of one DRAM."""

    def __init__(self, timing: BankTiming) -> None:
        self._burst_bytes = timing.burst_bytes
        self._block_bursts = timing.interleave_bytes // timing.burst_bytes
        self._row_blocks = timing.row_bytes // timing.interleave_bytes
        self._channels = timing.channels
        self._banks = timing.banks
        self._period = timing.row_bytes * timing.channels * timing.banks
        self._relative = lru_cache(maxsize=1 << 12)(self._visits_of)

    def visits(self, box: Box) -> list[tuple[int, list[Visit]]]:
        """The visits of a transfer by channel, in the order of its runs; channels without any are left out."""
        rows, base = divmod(box.base, self._period)
        found = self._relative(Box(base, box.run_bytes, box.counts, box.strides))
        if not rows:
            return found
        return [(c, [Visit(v.bank, v.row + rows, v.bursts) for v in visits]) for c, visits in found]

    def _visits_of(self, box: Box) -> list[tuple[int, list[Visit]]]:
        block, bursts = self._blocks(box)
        channel = block % self._channels
        page = block // self._channels // self._row_blocks
        found = []
        for c in np.unique(channel).tolist():
            mine = channel == c
            found.append((c, self._merged(page[mine], bursts[mine])))
        return found

    def _blocks(self, box: Box) -> tuple[Ints, Ints]:
        """Blocks that the runs touch, in order, and the bursts in each."""
        starts = np.array([box.base], dtype=np.int64)
        for count, stride in zip(box.counts, box.strides, strict=True):
            starts = (starts[:, None] + np.arange(count, dtype=np.int64) * stride).ravel()
        first = starts // self._burst_bytes
        end = -(-(starts + box.run_bytes) // self._burst_bytes)
        first_block, end_block = first // self._block_bursts, -(-end // self._block_bursts)
        touched = end_block - first_block
        run = np.repeat(np.arange(len(starts)), touched)
        block = np.arange(len(run)) - np.repeat(np.cumsum(touched) - touched, touched) + first_block[run]
        low = np.maximum(first[run], block * self._block_bursts)
        high = np.minimum(end[run], (block + 1) * self._block_bursts)
        return block, high - low

    def _merged(self, page: Ints, bursts: Ints) -> list[Visit]:
        begins = np.flatnonzero(np.concatenate(([True], page[1:] != page[:-1])))
        sums = np.add.reduceat(bursts, begins)
        bank, row = page[begins] % self._banks, page[begins] // self._banks
        return list(map(Visit, bank.tolist(), row.tolist(), sums.tolist()))
