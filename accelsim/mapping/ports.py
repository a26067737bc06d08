"""The widths of on-chip memories: how many cycles the operands of a tile take at least to pass them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accelsim.dataflows import ArrayCost, ScalarCost
from accelsim.hardware import Hardware
from accelsim.mapping.candidates import Ints


@dataclass(frozen=True, slots=True)
class Ports:
    """Bytes per cycle of each port, None where it never binds, and bytes per element.

    Residuals and biases, a few bytes per result, are left out; so is what DMA channels move at the same time.

    Attributes:
        read, write: of the scratchpad, all banks together.
        sums: of the accumulator, for reading and again for writing.
        weights: of the weight buffer, for reading.
        own_sums, own_weights: whether partial sums and weights have a memory of their own.
        weight_bytes, activation_bytes, sum_bytes: per element.
    """

    read: int | None
    write: int | None
    sums: int | None
    weights: int | None
    own_sums: bool
    own_weights: bool
    weight_bytes: int
    activation_bytes: int
    sum_bytes: int

    @staticmethod
    def of(hardware: Hardware) -> Ports:
        """The ports of a described accelerator."""
        pad, sums, weights = hardware.scratchpad, hardware.accumulator, hardware.weight_buffer
        precision = hardware.precision
        return Ports(
            pad.read_bytes_per_cycle,
            pad.write_bytes_per_cycle,
            sums.bytes_per_cycle if sums else None,
            weights.bytes_per_cycle if weights else None,
            sums is not None,
            weights is not None,
            precision.weights_bytes,
            precision.activations_bytes,
            precision.accumulators_bytes,
        )

    @property
    def bind(self) -> bool:
        """Whether any width is limited."""
        return any(width is not None for width in (self.read, self.write, self.sums, self.weights))

    def stall_cycles(
        self, cost: ScalarCost | ArrayCost, continued: int | Ints, results: int | Ints, *, batched: bool = False
    ) -> Ints:
        """Cycles by which the busiest port makes a tile longer than the array alone.

        Args:
            cost: the tile on the array.
            continued: sums of earlier tiles that are read first.
            results: final results written to the scratchpad.
            batched: the weights are activations too, and lie where those do.
        """
        sums_in = np.asarray((cost.partial_reads + continued) * self.sum_bytes)
        sums_out = np.asarray(cost.output_writes * self.sum_bytes)
        reads, weights = np.asarray(cost.input_reads * self.activation_bytes), cost.weight_reads * self.weight_bytes
        if batched or not self.own_weights:
            reads, weights = reads + weights, 0 * weights
        writes = np.asarray(results * self.activation_bytes)
        if not self.own_sums:
            reads, writes = reads + sums_in, writes + sums_out
        needed = [np.asarray(cost.total_cycles)]
        sums, own = np.maximum(sums_in, sums_out), np.asarray(weights)
        ports = ((reads, self.read), (writes, self.write), (sums, self.sums), (own, self.weights))
        needed += [-(-moved // width) for moved, width in ports if width is not None]
        return np.asarray(np.maximum.reduce(needed) - cost.total_cycles)
