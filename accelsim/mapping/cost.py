"""The cost of every candidate tiling at once: working bytes, DRAM time by operand, array time.

All columns are per layer. DRAM times are split by operand so that the planner can weigh them with the share of each
operand that is in DRAM at all; working bytes likewise. The numbers steer the choice only: what is reported is measured
on the compiled Program.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from accelsim.dataflows import ArrayCost, LoopNest, dataflow
from accelsim.mapping.candidates import Combinations, Ints
from accelsim.mapping.following import following
from accelsim.mapping.grid import CostGrid, OperandCosts
from accelsim.mapping.machine import Machine
from accelsim.mapping.problem import InputShape, Problem
from accelsim.mapping.records import ORDERS
from accelsim.mapping.table import Floats
from accelsim.workload import Along, Follow

_ORDER = {name: i for i, name in enumerate(ORDERS)}


class _Model:
    """Works out the columns of a CostGrid; made, asked once, thrown away.

    What depends on tile sizes alone has the shape (sizes,), all else broadcasts to (ways, sizes): see Combinations.
    """

    def __init__(self, problem: Problem, found: Combinations, machine: Machine) -> None:
        self.p, self.found, self.m = problem, found, machine
        self.c = c = found.grid
        b, y, x, k = problem.shape
        self.nb, self.ny, self.nx = _ceil(b, c.batch), _ceil(y, c.rows), _ceil(x, c.columns)
        self.nk, self.nc = _ceil(k, c.filters), _ceil(problem.reduction, c.channels)
        self.ns = self.nb * self.ny * self.nx
        self.is_skc, self.is_ksc = c.order == _ORDER["SKC"], c.order == _ORDER["KSC"]
        self.is_kcs, self.is_sck = c.order == _ORDER["KCS"], c.order == _ORDER["SCK"]

    def grid(self) -> CostGrid:
        """The columns, each as small as what it depends on."""
        inputs = [self._input(i, shape) for i, shape in enumerate(self.p.inputs)]
        output = self._output()
        return CostGrid(
            self.found,
            # Of several operands the largest, since they may be one and the same.
            tile_bytes=np.max([tile for tile, _ in inputs], axis=0, initial=0) + output.bytes,
            output=output,
            weights=self._weights(),
            inputs=[columns for _, columns in inputs],
            steps=self.ns * self.nk * self.nc,
            accumulator_bytes=self._accumulators(),
            array_cycles=self._compute(),
            first_pass=self._first_pass(),
            streams_rows=self._streams_rows(),
        )

    def _streams_rows(self) -> NDArray[np.bool_]:
        outermost = self.is_skc | self.is_sck | ((self.nk == 1) & (self.nc == 1))
        return np.asarray((self.nx == 1) & (self.nb == 1) & outermost)

    def _first_pass(self) -> Floats:
        """Held weights are loaded while the first positions are computed, held inputs with the first filters."""
        turns = np.maximum(np.where(self.c.hold_weights, self.ns, 1), np.where(self.c.hold_input, self.nk, 1))
        return np.asarray(1.0 / turns)

    def _compute(self) -> Floats:
        c, p = self.c, self.p
        steps = self.ns * self.nk * self.nc
        if not p.on_array:
            work = p.operations / self.m.lanes
            return np.asarray(work + steps * (self.m.startup_cycles + self.m.issue_cycles + 0.5))
        total = np.zeros(len(c.batch))
        for filters, filter_tiles in _with_rest(p.shape[3], c.filters):
            for channels, channel_tiles in _with_rest(p.reduction, c.channels):
                tiles = self.ns * filter_tiles * channel_tiles
                if tiles.any():
                    total += tiles * self._tile_cycles(np.maximum(filters, 1), np.maximum(channels, 1))
        return total + steps * self.m.issue_cycles

    def _tile_cycles(self, filters: Ints, channels: Ints) -> Ints:
        """Cycles of a tile of these filters and channels and of average size along the output."""
        flow, window, per_group = dataflow(self.m.dataflow), self.p.window, self.p.filters_per_group
        one = np.ones_like(filters)
        (b, y, x, _), (height, width), (step_y, step_x) = self.p.shape, window.kernel, window.strides
        batch, rows, columns = _ceil(b, self.nb), _ceil(y, self.ny), _ceil(x, self.nx)
        if flow.counts_positions(self.m.array):
            batch, rows, columns = one, one, np.maximum(1, _ceil(b * y * x, self.ns))
        groups = np.maximum(1, filters // per_group)
        if self.p.batched:
            batch, rows, columns, groups = one, one, np.maximum(1, _ceil(y * x, self.ny * self.nx)), self.c.batch
        nest = LoopNest(
            batch=batch,
            rows=rows,
            columns=columns,
            filters=np.minimum(filters, per_group),
            channels=channels,
            kernel_rows=one * height,
            kernel_columns=one * width,
            row_stride=one * step_y,
            column_stride=one * step_x,
            groups=groups,
        )
        cost = flow.cost(self.m.array, nest)
        if not self.m.ports.bind:
            return np.asarray(cost.total_cycles)
        return np.asarray(cost.total_cycles + self._stall(cost, nest.groups * nest.m * nest.n))

    def _stall(self, cost: ArrayCost, results: Ints) -> Ints:
        return self.m.ports.stall_cycles(cost, 0, results, batched=self.p.batched)

    def _region(self, shape: InputShape) -> tuple[Ints, Ints, Ints, Ints]:
        """Batch, rows, columns, channels of an input tile (full tiles)."""
        c, w = self.c, self.p.window
        b, h, width, channels = shape.size
        batch = np.minimum(c.batch, b)
        if shape.space is Along.WINDOW:
            rows = np.minimum(h, (c.rows - 1) * w.strides[0] + (w.kernel[0] - 1) * w.dilations[0] + 1)
            columns = np.minimum(width, (c.columns - 1) * w.strides[1] + (w.kernel[1] - 1) * w.dilations[1] + 1)
        elif shape.space is Along.ALL:
            rows, columns = np.full_like(batch, h), np.full_like(batch, width)
        else:
            rows, columns = np.minimum(c.rows, h), np.minimum(c.columns, width)
        if shape.channels is Along.ALL:
            depth = np.full_like(batch, channels)
        elif shape.channels is Along.REDUCTION and self.p.groups == 1:
            depth = c.channels
        elif shape.channels is Along.REDUCTION:
            depth = np.maximum(1, c.filters // self.p.filters_per_group) * c.channels
        else:
            depth = np.minimum(c.filters, channels)
        return batch, rows, columns, depth

    def _input(self, index: int, shape: InputShape) -> tuple[Ints, OperandCosts]:
        """Bytes of a tile of an activation operand, and its columns."""
        if shape.follow is not None:
            return self._following(index, shape, shape.follow)
        batch, rows, columns, depth = self._region(shape)
        e = shape.element_bytes
        tile = batch * rows * columns * depth * e
        unique = int(np.prod(shape.size)) * e
        by_reduction = shape.channels is Along.REDUCTION and self.p.groups == 1
        parts = self.nc if by_reduction else self._parts(shape, depth)
        rolling = self._rolls(by_reduction, shape)
        plain_pass = self.ns * tile * parts
        rolled_rows = np.minimum(self.ny * rows, shape.size[1])
        rolled_pass = self.nb * batch * self.nx * rolled_rows * columns * depth * e * parts
        one_pass = np.where(rolling, np.minimum(rolled_pass, plain_pass), plain_pass)
        again = np.where(self.ns * parts == 1, 1, self._passes(by_reduction, shape, parts))  # one tile just stays
        hold = self.c.hold_input if index == 0 else np.zeros((1, 1), dtype=bool)
        moved = np.where(hold, unique, one_pass * again)
        working = np.where(hold, unique, tile)
        spare = np.where(hold | (self.ns * parts * again <= 1), 0, tile)
        whole = np.where(columns < shape.size[2], columns, columns * rows) * depth
        run = np.where(depth < shape.size[3], depth, depth if shape.skips_columns else whole) * e
        loads = self.ns * parts * np.where(hold, 1, again)
        return tile, OperandCosts(working, spare, loads, self._dram(moved, run))

    def _following(self, index: int, shape: InputShape, rules: tuple[Follow, ...]) -> tuple[Ints, OperandCosts]:
        """The same for an operand that follows loops by rules of its own."""
        found = following(rules, shape.size, self.c, (self.nb, self.ny, self.nx, self.nk, self.nc))
        batch, rows, columns, depth = found.extents
        tile = batch * rows * columns * depth * shape.element_bytes
        unique = np.full_like(tile, int(np.prod(shape.size)) * shape.element_bytes)
        hold = self.c.hold_input if index == 0 else np.zeros((1, 1), dtype=bool)
        moved = np.where(hold, unique, tile * found.loads)
        spare = np.where(hold | (found.loads <= 1), 0, tile)
        run = np.where(depth < shape.size[3], depth, columns * depth) * shape.element_bytes
        return tile, OperandCosts(np.where(hold, unique, tile), spare, found.loads, self._dram(moved, run))

    def _rolls(self, by_reduction: bool, shape: InputShape) -> NDArray[np.bool_]:
        """Whether consecutive tiles of the operand step along rows, so that halo rows are still there."""
        if shape.space is not Along.WINDOW:
            return np.ones((1, 1), dtype=bool)
        alone_c = self.nc == 1
        if by_reduction:
            return np.asarray(self.is_kcs | (alone_c & (self.is_skc | self.is_ksc | self.is_sck)))
        return np.asarray(np.where(alone_c, (self.nk == 1) | self.is_ksc | self.is_kcs, self.is_kcs))

    def _parts(self, shape: InputShape, depth: Ints) -> Ints:
        """Tiles along the channels, per pass over the positions, of an operand that follows the filters.

        Filters of a group share its channels: tiles of theirs that come one after another find the operand there.
        """
        if shape.channels is not Along.REDUCTION:
            return np.where(depth < shape.size[3], self.nk, 1)
        groups = np.minimum(self.nk, self.p.groups)
        shared = np.where((self.is_ksc | self.is_kcs) & (self.ns > 1), self.nk, groups)
        return np.where(self.nc == 1, shared, self.nc * np.where(self.is_sck, groups, self.nk))

    def _passes(self, by_reduction: bool, shape: InputShape, parts: Ints) -> Ints:
        """How often the operand is loaded as a whole."""
        if by_reduction:
            again = np.where(self.is_ksc | self.is_kcs, self.nk, 1)
            return np.asarray(np.where(self.is_skc & (self.nc > 1), self.nk, again))
        # The operand follows the filters (or is broadcast over them): once per filter tile it does not follow.
        return np.where((parts == 1) & (self.is_ksc | self.is_kcs), self.nk, 1)

    def _weights(self) -> OperandCosts:
        """The columns of the parameters."""
        p, c = self.p, self.c
        tap_bytes = p.taps * p.weight_bytes
        tile = c.filters * (c.channels * tap_bytes + p.vector_bytes)
        unique = p.shape[3] * (p.reduction * tap_bytes + p.vector_bytes)
        one = self.nk * self.nc == 1
        once = self.is_kcs | (self.is_ksc & (self.nc == 1)) | one | c.hold_weights
        moved = np.where(once, unique, unique * self.ns)
        working = np.where(c.hold_weights, unique, tile)
        spare = np.where(c.hold_weights | one, 0, tile)
        loads = self.nk * self.nc * np.where(once, 1, self.ns) if unique else np.zeros_like(tile)
        run = tile
        if self.m.weight_rows:
            whole = np.where(c.channels < p.reduction, c.channels, p.reduction * p.taps)
            run = np.where(c.filters < p.shape[3], c.filters, c.filters * whole) * p.weight_bytes
        return OperandCosts(working, spare, loads, self._dram(moved, np.maximum(run, 1)))

    def _output(self) -> OperandCosts:
        """The columns of the output, with stores for loads."""
        c, p = self.c, self.p
        b, y, x, k = p.shape
        e = p.output_bytes
        tile = c.batch * c.rows * c.columns * c.filters * e
        run = np.where(c.filters < k, c.filters, np.where(c.columns < x, c.columns, c.columns * c.rows) * k) * e
        stores = self.ns * self.nk
        return OperandCosts(tile, np.where(stores > 1, tile, 0), stores, self._dram(np.asarray(b * y * x * k * e), run))

    def _accumulators(self) -> Ints:
        c = self.c
        if not self.p.on_array:
            return np.zeros(len(c.batch), dtype=np.int64)
        tile = c.batch * c.rows * c.columns * c.filters * self.m.accumulator_bytes
        split = self.nc > 1
        copies = np.where(split & self.is_kcs, self.ns, np.where(split & self.is_sck, self.nk, 1))
        needed = split | self.m.sums_leave_array
        return np.asarray(np.where(needed, tile * copies, 0))

    def _dram(self, moved: Ints, run: Ints) -> Floats:
        """DRAM cycles of `moved` bytes in contiguous runs of `run` bytes, whole bursts."""
        burst = self.m.burst_bytes
        padded = np.where(run % burst == 0, run, (run // burst + 1) * burst)
        return np.asarray(moved * (padded / np.maximum(run, 1)) / float(self.m.bytes_per_cycle))


def cost_grid(problem: Problem, found: Combinations, machine: Machine) -> CostGrid:
    """Cost every candidate of a problem."""
    return _Model(problem, found, machine).grid()


def _ceil(a: int | Ints, b: int | Ints) -> Ints:
    return np.asarray(-(-np.asarray(a, dtype=np.int64) // b))


def _with_rest(total: int, size: Ints) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints]]:
    """(size, number) of the full tiles, and of the smaller last one."""
    full, rest = total // size, total % size
    return (np.minimum(size, total), full), (rest, (rest > 0).astype(np.int64))
