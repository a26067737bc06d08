"""An array fed by instructions: the stepped array multiplies like numpy in the closed form's cycles, and by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from accelsim.dataflows import ArrayShape, Instruction, LoopNest, dataflow, matrix_product
from accelsim.dataflows.stepped import Walk, multiply
from accelsim.dataflows.stepped.instructed import InstructedArray

FLOW = dataflow("weight_stationary")
GEMMINI = ArrayShape(8, 8, stationary_double_buffered=True, instruction=Instruction(positions=8, cycles=4))
ARRAYS = st.builds(
    ArrayShape,
    rows=st.integers(1, 5),
    columns=st.integers(1, 5),
    drain=st.sampled_from(["hidden", "exposed"]),
    depthwise=st.sampled_from(["per_channel", "packed"]),
    stationary_double_buffered=st.booleans(),
    instruction=st.builds(Instruction, positions=st.integers(1, 6), cycles=st.integers(1, 7)),
)


def convolution(rows: int, columns: int, filters: int, channels: int, cells: int, groups: int = 1) -> LoopNest[int]:
    return LoopNest(1, rows, columns, filters, channels, cells, 1, 1, 1, groups)


@settings(max_examples=80, deadline=None)
@example(array=GEMMINI, lines=1, side=1, filters=1, channels=1, cells=1, groups=1)
@given(
    array=ARRAYS,
    lines=st.integers(1, 3),
    side=st.integers(1, 9),
    filters=st.integers(1, 6),
    channels=st.integers(1, 7),
    cells=st.integers(1, 3),
    groups=st.integers(1, 3),
)
def test_any_convolution_is_numpys_and_takes_the_closed_forms_cycles_and_words(
    array: ArrayShape, lines: int, side: int, filters: int, channels: int, cells: int, groups: int
) -> None:
    lines, side = min(lines, side), max(lines, side)
    random = np.random.default_rng([lines, side, filters, channels, cells, groups])
    inputs = random.integers(1, 100, (groups, lines * side, cells * channels))
    weights = random.integers(1, 100, (groups, cells * channels, filters))
    run = multiply("weight_stationary", array, inputs, weights, walk=Walk(lines, cells))
    cost = FLOW.cost(array, convolution(lines, side, filters, channels, cells, groups))
    np.testing.assert_array_equal(run.product, inputs @ weights)
    assert run.cycles == cost.total_cycles
    for count in ("folds", "compute_cycles", "input_reads", "weight_reads", "partial_reads", "output_writes"):
        assert getattr(run, count) == getattr(cost, count), count


@given(m=st.integers(1, 40), n=st.integers(1, 20), k=st.integers(1, 20), rows=st.integers(1, 9))
def test_instructions_as_long_as_the_tile_are_no_instructions_at_all(m: int, n: int, k: int, rows: int) -> None:
    plain = ArrayShape(rows, 4, stationary_double_buffered=True)
    fed = replace(plain, instruction=Instruction(positions=max(m, rows), cycles=1))
    assert FLOW.cost(fed, matrix_product(m, n, k)) == FLOW.cost(plain, matrix_product(m, n, k))


def test_a_tile_of_a_residual_layer_by_hand() -> None:
    """15×17 positions, 64 → 8 channels, 3×3: 72 blocks; a line is 8 + 8 + 1 positions, 8 + 8 + 4 cycles.

    The last instruction of a block lasts 4 cycles, 8 with the preload, of the very last one only its one position
    counts; 8 cycles of preloading come before the first block, 8 + 8 − 2 until the last sum has left, one is hidden.
    """
    cost = FLOW.cost(GEMMINI, convolution(15, 17, 8, 64, 9))
    assert cost.folds == 72
    assert cost.total_cycles == 8 + 71 * (15 * 20 + 4) + 15 * 20 - 3 + 8 + 8 - 2 - 1


def test_instructions_walk_along_the_longest_side() -> None:
    tall, wide = convolution(17, 15, 8, 64, 9), convolution(15, 17, 8, 64, 9)
    assert FLOW.cost(GEMMINI, tall).total_cycles == FLOW.cost(GEMMINI, wide).total_cycles
    column = LoopNest(512, 1, 1, 8, 8, 1, 1, 1, 1, 1)
    assert FLOW.cost(GEMMINI, column).total_cycles == 512 + 8 + 8 + 8 - 2 - 1


def test_kernel_cells_do_not_share_a_block_so_three_channels_waste_five_rows_of_eight() -> None:
    cost = FLOW.cost(GEMMINI, convolution(8, 8, 8, 3, 49))
    assert cost.folds == 49
    assert cost.active_pe_fraction == pytest.approx(3 / 8)


def test_a_product_with_one_row_is_as_slow_as_its_weights_come_in() -> None:
    cost = FLOW.cost(GEMMINI, matrix_product(1, 64, 448))
    assert cost.total_cycles == 8 + (56 * 8 - 1) * 8 + 1 + 8 + 8 - 2 - 1


class Sooner(InstructedArray):
    """A controller that starts the next block of weights one cycle before the last instruction."""

    def _may_load(self, corner_tag: int) -> bool:
        self._last_at -= 1
        allowed = super()._may_load(corner_tag)
        self._last_at += 1
        return allowed


def test_the_stepped_array_counts_what_its_controller_does() -> None:
    random = np.random.default_rng(0)
    inputs, weights = random.integers(1, 9, (1, 12, 64)), random.integers(1, 9, (1, 64, 8))
    cycles = {}
    for kind in (InstructedArray, Sooner):
        run = kind(GEMMINI, Instruction(8, 4), inputs, weights, Walk())
        while not run.done:
            run.step()
        np.testing.assert_array_equal(run.product, inputs @ weights)
        cycles[kind] = run.cycles
    assert cycles[InstructedArray] == FLOW.cost(GEMMINI, matrix_product(12, 8, 64)).total_cycles
    assert cycles[Sooner] == cycles[InstructedArray] - 7
