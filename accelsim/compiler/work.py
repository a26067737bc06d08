"""What a tile costs on the array or the vector unit, from the dataflow's closed form."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod

from accelsim.compiler.drafts import OperandDraft
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
        self.nest = lru_cache(maxsize=None)(self._nest_work)

    def needs_sums(self, layer: Layer, mapping: LayerMapping) -> bool:
        """Whether partial sums live outside the array: between reduction tiles, or between folds."""
        return self.machine.sums_leave_array or mapping.tile.channels < layer.reduction

    def of_layer(self, layer: Layer) -> LayerWork:
        """The same for the tiles of one layer."""
        return LayerWork(self, layer)

    def _nest_work(self, nest: LoopNest[int], continues: bool, final: bool, batched: bool, blocks: int) -> ArrayWork:
        """A tile's loop nest; `continues`: it adds to sums that are read first; `final`: it writes results.

        `batched`: both operands are activations; `blocks`: see ArrayWork.
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
            blocks=blocks,
        )


class LayerWork:
    """Durations and access counts of the tiles of one layer; tiles of equal size share them."""

    def __init__(self, model: WorkModel, layer: Layer) -> None:
        self._model, self._layer = model, layer
        self._known: dict[tuple[object, ...], ArrayWork] = {}

    def of(self, tile: TileIndex, reads: Sequence[OperandDraft]) -> ArrayWork | VectorWork:
        """The work of one tile that reads these operands."""
        if isinstance(self._layer.kernel, MatrixKernel):
            channels = tile.reduction[1] - tile.reduction[0]
            key = (tile.shape, channels, tile.part > 0, tile.final)
            found = self._known.get(key)
            if found is None:
                found = self._known[key] = self._array(self._layer.kernel, tile, channels)
            return found
        machine, elements = self._model.machine, prod(tile.shape)
        share = -(-self._layer.operations * elements // prod(self._layer.shape))
        cycles = machine.startup_cycles + -(-share // machine.lanes)
        return VectorWork(share, cycles, sum(prod(operand.shape) for operand in reads), elements)

    def _array(self, kernel: MatrixKernel, tile: TileIndex, channels: int) -> ArrayWork:
        window = kernel.window
        per_group = min(kernel.filters_per_group, tile.shape[3])
        batch, groups = (1, tile.shape[0]) if kernel.batched else (tile.shape[0], tile.shape[3] // per_group)
        nest = LoopNest(
            batch,
            *tile.shape[1:3],
            filters=per_group,
            channels=channels,
            kernel_rows=window.kernel[0],
            kernel_columns=window.kernel[1],
            row_stride=window.strides[0],
            column_stride=window.strides[1],
            groups=groups,
        )
        machine = self._model.machine
        follows = machine.products_follow_loads and kernel.is_product
        blocks = -(-channels // machine.units[0]) if follows else 1
        return self._model.nest(nest, tile.part > 0, tile.final, kernel.batched, blocks)
