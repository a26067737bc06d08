"""Adder trees: the loop formula by hand, depthwise use, and a register-by-register array as oracle."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from accelsim.dataflows import AdderTree, ArrayShape, LoopNest, matrix_product
from accelsim.dataflows.adder_tree import pipeline_stages
from accelsim.dataflows.stepped import multiply

FLOW = AdderTree()
NVDLA_SMALL = ArrayShape(8, 8, stationary_double_buffered=True)
ETHOS_U55_256 = ArrayShape(8, 8, stationary_double_buffered=True, block_rows=2, block_columns=2)


def conv(side: int, filters: int, channels: int, kernel: int, groups: int = 1) -> LoopNest[int]:
    return LoopNest(1, side, side, filters, channels, kernel, kernel, 1, 1, groups)


def test_a_convolution_takes_c_over_rows_times_k_over_columns_times_kernel_times_positions() -> None:
    cost = FLOW.cost(NVDLA_SMALL, conv(14, 20, 24, 3))
    assert cost.compute_cycles == 3 * 3 * 9 * 14 * 14
    assert cost.fill_drain_cycles == 8
    assert cost.active_pe_fraction == pytest.approx(20 / 24)


def test_a_layer_of_one_position_is_bound_by_loading_weights() -> None:
    cost = FLOW.cost(NVDLA_SMALL, matrix_product(1, 1000, 512))
    assert cost.total_cycles == 8 + (125 * 64 - 1) * 8 + 1


def test_without_a_second_register_every_block_is_loaded_before_it_is_used() -> None:
    single = replace(NVDLA_SMALL, stationary_double_buffered=False)
    assert FLOW.cost(single, matrix_product(10, 16, 8)).total_cycles == 2 * (8 + 10)


def test_an_exposed_pipeline_counts_one_stage_to_multiply_and_one_per_level_of_the_tree() -> None:
    exposed = replace(NVDLA_SMALL, drain="exposed")
    layer = matrix_product(10, 8, 8)
    assert pipeline_stages(exposed) == 4
    assert FLOW.cost(exposed, layer).total_cycles == FLOW.cost(NVDLA_SMALL, layer).total_cycles + 4


def test_depthwise_uses_one_pe_of_64_one_channel_at_a_time() -> None:
    cost = FLOW.cost(NVDLA_SMALL, conv(14, 1, 1, 3, groups=32))
    assert cost.compute_cycles == 32 * 9 * 14 * 14
    assert cost.active_pe_fraction == pytest.approx(1 / 64)


def test_packed_depthwise_puts_channels_on_columns_and_kernel_positions_on_rows() -> None:
    cost = FLOW.cost(replace(NVDLA_SMALL, depthwise="packed"), conv(14, 1, 1, 3, groups=32))
    assert cost.compute_cycles == 4 * 2 * 14 * 14
    assert cost.active_pe_fraction == pytest.approx(9 / 16)


def test_blocks_of_positions_are_computed_side_by_side_and_rounded_up() -> None:
    assert FLOW.cost(ETHOS_U55_256, conv(14, 8, 8, 3)).compute_cycles == 9 * 7 * 7
    assert FLOW.cost(ETHOS_U55_256, conv(7, 8, 8, 1)).compute_cycles == 4 * 4
    assert ETHOS_U55_256.peak_macs_per_cycle == 256


arrays = st.builds(
    ArrayShape,
    rows=st.integers(1, 7),
    columns=st.integers(1, 6),
    drain=st.sampled_from(["hidden", "exposed"]),
    depthwise=st.sampled_from(["per_channel", "packed"]),
    stationary_double_buffered=st.booleans(),
)
extent = st.integers(1, 9)


@settings(max_examples=120, deadline=None)
@example(array=ArrayShape(1, 1), m=1, n=1, k=1, groups=1)
@example(array=ArrayShape(8, 4, "exposed", "packed", True), m=2, n=1, k=9, groups=6)
@given(array=arrays, m=extent, n=extent, k=extent, groups=st.integers(1, 5))
def test_any_product_is_numpys_and_takes_the_closed_forms_cycles_and_words(
    array: ArrayShape, m: int, n: int, k: int, groups: int
) -> None:
    random = np.random.default_rng([m, n, k, groups])
    inputs, weights = random.integers(1, 100, (groups, m, k)), random.integers(1, 100, (groups, k, n))
    run = multiply("adder_tree", array, inputs, weights)
    cost = FLOW.cost(array, matrix_product(m, n, k, groups))
    np.testing.assert_array_equal(run.product, inputs @ weights)
    assert run.cycles == cost.total_cycles
    for count in ("folds", "compute_cycles", "input_reads", "weight_reads", "partial_reads", "output_writes"):
        assert getattr(run, count) == getattr(cost, count), count


def test_a_single_product_needs_no_group_axis() -> None:
    run = multiply("adder_tree", ArrayShape(2, 2), np.array([[1, 2], [3, 4]]), np.array([[5, 6], [7, 8]]))
    assert run.product.tolist() == [[19, 22], [43, 50]]
