"""What a tile costs on the array or the vector unit, from the dataflow's closed form."""

from __future__ import annotations

from functools import lru_cache
from math import prod

from accelsim.compiler.regions import TileIndex
from accelsim.dataflows import LoopNest, dataflow
from accelsim.mapping import LayerMapping, Machine
from accelsim.program import ArrayWork, MatrixKernel, VectorWork
from accelsim.workload import Layer


class WorkModel:
    """Durations and access counts of tiles on one accelerator."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._dataflow = dataflow(machine.dataflow)
        self._nest = lru_cache(maxsize=None)(self._nest_work)

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
        window = kernel.window
        per_group = min(kernel.filters_per_group, tile.shape[3])
        batch, groups = (1, tile.shape[0]) if kernel.batched else (tile.shape[0], tile.shape[3] // per_group)
        nest = LoopNest(
            batch,
            *tile.shape[1:3],
            filters=per_group,
            channels=tile.reduction[1] - tile.reduction[0],
            kernel_rows=window.kernel[0],
            kernel_columns=window.kernel[1],
            row_stride=window.strides[0],
            column_stride=window.strides[1],
            groups=groups,
        )
        return self._nest(nest, tile.part > 0, tile.final, kernel.batched)

    def _nest_work(self, nest: LoopNest[int], continues: bool, final: bool, batched: bool) -> ArrayWork:
        """A tile's loop nest; `continues`: it adds to sums that are read first; `final`: it writes results.

        `batched`: both operands are activations.
        """
        cost = self._dataflow.cost(self.machine.array, nest)
        outputs = nest.m * nest.n * nest.groups
        ports, continued = self.machine.ports, outputs if continues else 0
        results = outputs if final else 0
        stall = int(ports.stall_cycles(cost, continued, results, batched=batched)) if ports.bind else 0
        return ArrayWork(
            macs=cost.macs,
            compute_cycles=cost.compute_cycles,
            fill_drain_cycles=cost.fill_drain_cycles,
            folds=cost.folds,
            input_reads=cost.input_reads,
            weight_reads=cost.weight_reads,
            partial_reads=cost.partial_reads + continued,
            partial_writes=cost.output_writes,
            port_stall_cycles=stall,
        )
