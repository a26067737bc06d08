"""What a tile costs on the array or the vector unit, from the dataflow's closed form."""

from __future__ import annotations

from functools import lru_cache
from math import prod

from accelsim.compiler.regions import TileIndex
from accelsim.dataflows import dataflow
from accelsim.mapping import LayerMapping, Machine
from accelsim.program import ArrayWork, MatrixKernel, VectorWork
from accelsim.workload import Layer


class WorkModel:
    """Durations and access counts of tiles on one accelerator."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._dataflow = dataflow(machine.dataflow)
        self._product = lru_cache(maxsize=None)(self._product_work)

    def needs_sums(self, layer: Layer, mapping: LayerMapping) -> bool:
        """Whether partial sums live outside the array: between reduction tiles, or between folds."""
        return self.machine.sums_leave_array or mapping.tile.channels < layer.reduction

    def of(self, layer: Layer, tile: TileIndex, elements_read: int) -> ArrayWork | VectorWork:
        """The work of one tile."""
        if isinstance(layer.kernel, MatrixKernel):
            return self._array(layer.kernel, tile)
        share = -(-layer.operations * prod(tile.shape) // prod(layer.shape))
        cycles = self.machine.startup_cycles + -(-share // self.machine.lanes)
        return VectorWork(share, cycles, elements_read, prod(tile.shape))

    def _array(self, kernel: MatrixKernel, tile: TileIndex) -> ArrayWork:
        positions = prod(tile.shape[:3])
        per_group = min(kernel.filters_per_group, tile.shape[3])
        groups = tile.shape[3] // per_group
        channels = tile.reduction[1] - tile.reduction[0]
        taps = kernel.window.kernel[0] * kernel.window.kernel[1]
        return self._product(positions, per_group, taps * channels, groups, tile.part > 0)

    def _product_work(self, m: int, n: int, k: int, groups: int, continues: bool) -> ArrayWork:
        """`groups` products (m×k)·(k×n); `continues`: it adds to partial sums that are read first."""
        steps = -(-k // self.machine.macs_per_pe)
        cost = self._dataflow.cost(self.machine.array, m, n, steps, groups)
        return ArrayWork(
            macs=m * n * k * groups,
            compute_cycles=cost.compute_cycles,
            fill_drain_cycles=cost.fill_drain_cycles,
            folds=cost.folds,
            input_reads=cost.input_reads,
            weight_reads=cost.weight_reads,
            partial_reads=cost.partial_reads + (m * n * groups if continues else 0),
            partial_writes=cost.output_writes,
        )
