"""What the closed forms promise beside SCALE-Sim's numbers: conventions, broadcasting, packing, sums."""

from dataclasses import fields, replace
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import accelsim.dataflows as rooms
from accelsim.dataflows import DATAFLOWS, ArrayShape, dataflow, matrix_product

NAMES = sorted(DATAFLOWS)
EXTENT = st.integers(1, 40)
ARRAYS = st.builds(
    ArrayShape,
    rows=st.integers(1, 12),
    columns=st.integers(1, 12),
    drain=st.sampled_from(["hidden", "exposed"]),
    depthwise=st.sampled_from(["per_channel", "packed"]),
    stationary_double_buffered=st.booleans(),
)


def test_the_facade_offers_exactly_what_it_names() -> None:
    public = {
        name for name, value in vars(rooms).items() if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert public == set(rooms.__all__)


@pytest.mark.parametrize("name", NAMES)
def test_a_dataflow_carries_the_name_it_is_found_by(name: str) -> None:
    assert dataflow(name).name == name


def test_an_unknown_dataflow_is_refused_with_the_known_ones_and_a_guess() -> None:
    with pytest.raises(ValueError, match=r"must be one of .*, got 'wieght_stationary'; did you mean weight_stationary"):
        dataflow("wieght_stationary")


@pytest.mark.parametrize("wrong", [{"rows": 0}, {"columns": -1}, {"drain": "none"}, {"depthwise": "row"}])
def test_an_impossible_array_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"^array"):
        ArrayShape(**{"rows": 4, "columns": 4, **wrong})  # type: ignore[arg-type]


def test_a_4x4x4_product_on_4x4_output_stationary_is_9_hidden_and_14_exposed() -> None:
    flow = dataflow("output_stationary")
    assert flow.cost(ArrayShape(4, 4), matrix_product(4, 4, 4)).total_cycles == 9
    assert flow.cost(ArrayShape(4, 4, drain="exposed"), matrix_product(4, 4, 4)).total_cycles == 14


@pytest.mark.parametrize("name", ["weight_stationary", "input_stationary"])
def test_results_that_leave_while_streaming_expose_one_cycle_only(name: str) -> None:
    hidden = dataflow(name).cost(ArrayShape(4, 4), matrix_product(9, 9, 9)).total_cycles
    assert dataflow(name).cost(ArrayShape(4, 4, drain="exposed"), matrix_product(9, 9, 9)).total_cycles == hidden + 1


def test_packing_puts_three_depthwise_channels_on_a_32x32_weight_stationary_array() -> None:
    cost = dataflow("weight_stationary").cost(
        ArrayShape(32, 32, depthwise="packed"), matrix_product(196, 1, 9, groups=384)
    )
    assert cost.folds == 128
    assert cost.total_cycles == 128 * (2 * 32 + 32 + 196 - 2) - 128
    assert cost.active_pe_fraction == pytest.approx(27 / 1024)


def test_packing_leaves_a_group_taller_than_the_array_one_at_a_time() -> None:
    packed, single = ArrayShape(8, 8, depthwise="packed"), ArrayShape(8, 8)
    flow = dataflow("weight_stationary")
    assert flow.cost(packed, matrix_product(49, 1, 9, groups=32)) == flow.cost(
        single, matrix_product(49, 1, 9, groups=32)
    )


@pytest.mark.parametrize("name", NAMES)
@given(array=ARRAYS, m=EXTENT, n=EXTENT, k=EXTENT, groups=EXTENT)
def test_cycles_add_up_and_never_beat_the_peak(
    name: str, array: ArrayShape, m: int, n: int, k: int, groups: int
) -> None:
    cost = dataflow(name).cost(array, matrix_product(m, n, k, groups))
    assert cost.compute_cycles + cost.fill_drain_cycles == cost.total_cycles
    assert min(cost.compute_cycles, cost.fill_drain_cycles) >= 0
    assert cost.macs <= (cost.total_cycles + 1) * array.pes
    assert 0 < cost.active_pe_fraction <= 1
    assert cost.input_reads >= groups * m * k
    assert cost.weight_reads >= groups * n * k
    assert cost.output_writes - cost.partial_reads == groups * m * n


@pytest.mark.parametrize("name", NAMES)
@given(array=ARRAYS, m=EXTENT, n=EXTENT, k=EXTENT, groups=EXTENT)
def test_packing_never_costs_cycles(name: str, array: ArrayShape, m: int, n: int, k: int, groups: int) -> None:
    flow = dataflow(name)
    packed = flow.cost(replace(array, depthwise="packed"), matrix_product(m, n, k, groups))
    assert (
        packed.total_cycles
        <= flow.cost(replace(array, depthwise="per_channel"), matrix_product(m, n, k, groups)).total_cycles
    )


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)
@given(array=ARRAYS, extents=st.lists(st.tuples(EXTENT, EXTENT, EXTENT, EXTENT), min_size=1, max_size=5))
def test_many_tiles_at_once_cost_what_each_costs_alone(
    name: str, array: ArrayShape, extents: list[tuple[int, int, int, int]]
) -> None:
    flow = dataflow(name)
    together = flow.cost(array, matrix_product(*np.array(extents, dtype=np.int64).T))
    for index, one in enumerate(extents):
        alone = flow.cost(array, matrix_product(*one))
        for field in fields(alone):
            assert getattr(together, field.name)[index] == getattr(alone, field.name), field.name


def test_extents_broadcast_against_one_another() -> None:
    m, n = np.arange(1, 4)[:, None], np.arange(1, 6)[None, :]
    cost = dataflow("weight_stationary").cost(ArrayShape(2, 2), matrix_product(m, n, 7))
    assert {getattr(cost, field.name).shape for field in fields(cost)} == {(3, 5)}
