"""The cycle-stepped array multiplies like numpy, and takes exactly the cycles and words of the closed forms."""

from itertools import product
from types import ModuleType

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import accelsim.dataflows.stepped as rooms
from accelsim.dataflows import DATAFLOWS, ArrayShape, SystolicDataflow, dataflow, matrix_product
from accelsim.dataflows.stepped import ArrayHazardError, multiply, states, stepped_array
from accelsim.dataflows.stepped.operand_stationary import OperandStationaryArray
from accelsim.dataflows.stepped.output_stationary import OutputStationaryArray

NAMES = sorted(name for name, flow in DATAFLOWS.items() if issubclass(flow, SystolicDataflow))
EXTENT = st.integers(1, 8)
OPTIONS = [
    {"drain": drain, "depthwise": depthwise, "stationary_double_buffered": double}
    for drain, depthwise, double in product(("hidden", "exposed"), ("per_channel", "packed"), (False, True))
]
ARRAYS = st.builds(
    lambda rows, columns, options: ArrayShape(rows, columns, **options),
    st.integers(1, 6),
    st.integers(1, 6),
    st.sampled_from(OPTIONS),
)
Operand = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


def operands(m: int, n: int, k: int, groups: int = 1) -> tuple[Operand, Operand]:
    """Integers without zeros, so that a missing or doubled product shows."""
    random = np.random.default_rng([m, n, k, groups])
    return random.integers(1, 100, (groups, m, k)), random.integers(1, 100, (groups, k, n))


def hold_to_the_closed_form(name: str, array: ArrayShape, m: int, n: int, k: int, groups: int) -> None:
    inputs, weights = operands(m, n, k, groups)
    run = multiply(name, array, inputs, weights)
    cost = dataflow(name).cost(array, matrix_product(m, n, k, groups))
    np.testing.assert_array_equal(run.product, inputs @ weights)
    assert run.cycles == cost.total_cycles
    for count in ("folds", "compute_cycles", "input_reads", "weight_reads", "partial_reads", "output_writes"):
        assert getattr(run, count) == getattr(cost, count), count
    folds = stepped_array(name, array, inputs, weights).folds
    busy_pes = [(b.x.stop - b.x.start) * (b.y.stop - b.y.start) for fold in folds for b in fold.blocks]
    assert cost.active_pe_fraction == pytest.approx(sum(busy_pes) / (len(folds) * array.pes), rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None)
@example(array=ArrayShape(4, 4), m=4, n=4, k=4)
@example(array=ArrayShape(1, 1), m=1, n=1, k=1)
@example(array=ArrayShape(3, 1), m=7, n=2, k=1)
@example(array=ArrayShape(5, 2, stationary_double_buffered=True), m=12, n=5, k=2)
@given(array=ARRAYS, m=EXTENT, n=EXTENT, k=EXTENT)
def test_any_product_on_any_array_is_numpys_and_takes_the_closed_forms_cycles_and_words(
    name: str, array: ArrayShape, m: int, n: int, k: int
) -> None:
    hold_to_the_closed_form(name, array, m, n, k, groups=1)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None)
@example(array=ArrayShape(6, 6, depthwise="packed"), m=2, n=1, k=2, groups=5)
@example(array=ArrayShape(3, 1), m=2, n=1, k=1, groups=3)
@given(array=ARRAYS, m=st.integers(1, 5), n=st.integers(1, 3), k=st.integers(1, 5), groups=st.integers(2, 7))
def test_groups_back_to_back_or_packed_are_numpys_and_take_the_closed_forms_cycles_and_words(
    name: str, array: ArrayShape, m: int, n: int, k: int, groups: int
) -> None:
    hold_to_the_closed_form(name, array, m, n, k, groups)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "-".join(map(str, options.values())))
def test_every_combination_of_options_holds_for_partial_folds_on_an_oblong_array(
    name: str, options: dict[str, object]
) -> None:
    array = ArrayShape(3, 4, **options)  # type: ignore[arg-type]
    hold_to_the_closed_form(name, array, m=7, n=5, k=8, groups=2)
    hold_to_the_closed_form(name, array, m=1, n=1, k=1, groups=5)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(2, 6),
    columns=st.integers(1, 6),
    options=st.sampled_from(OPTIONS),
    late=st.integers(1, 5),
    by=st.sampled_from([-1, 1]),
    m=EXTENT,
    n=EXTENT,
    k=EXTENT,
)
def test_a_wrong_skew_is_caught(
    name: str, rows: int, columns: int, options: dict[str, object], late: int, by: int, m: int, n: int, k: int
) -> None:
    extent = {"weight_stationary": k, "input_stationary": k, "output_stationary": m}[name]
    assume(late < min(rows, extent))  # a row that holds something
    skew = list(range(rows))
    skew[late] += by
    inputs, weights = operands(m, n, k)
    try:
        run = multiply(name, ArrayShape(rows, columns, **options), inputs, weights, west_skew=skew)  # type: ignore[arg-type]
    except ArrayHazardError:
        return
    assert not np.array_equal(run.product, inputs @ weights)


def test_the_4x4x4_product_on_4x4_output_stationary_multiplies_for_10_cycles_and_drains_for_4() -> None:
    inputs, weights = operands(4, 4, 4)
    seen = list(states("output_stationary", ArrayShape(4, 4, drain="exposed"), inputs, weights))
    assert len(seen) == 14
    assert [state.multiplying.any() for state in seen] == [True] * 10 + [False] * 4
    assert [state.outputs_done for state in seen][-8:] == [0, 1, 3, 6, 10, 13, 15, 16]


def test_the_wavefront_crosses_a_weight_stationary_array_diagonally_after_the_weights_are_in() -> None:
    inputs, weights = operands(2, 3, 3)
    seen = list(states("weight_stationary", ArrayShape(3, 3), inputs, weights))
    assert [state.phase for state in seen] == ["load"] * 3 + ["stream"] * 2 + ["drain"] * 4
    for state in seen:
        distance = np.add.outer(np.arange(3), np.arange(3))
        np.testing.assert_array_equal(
            state.multiplying, (state.cycle - 3 - 1 <= distance) & (distance <= state.cycle - 3)
        )
    np.testing.assert_array_equal(seen[5].stationary, weights[0])
    assert seen[3].partial_sums[0, 0] == inputs[0, 0, 0] * weights[0, 0, 0]


@pytest.mark.parametrize("name", NAMES)
def test_double_buffering_streams_without_a_gap_once_the_moving_operand_is_longer_than_the_array_is_high(
    name: str,
) -> None:
    inputs, weights = operands(8, 8, 8)
    array = ArrayShape(4, 4, stationary_double_buffered=True)
    seen = list(states(name, array, inputs, weights))
    streaming = [state.cycle for state in seen if state.phase == "stream"]
    assert streaming == list(range(streaming[0], streaming[0] + 4 * 8))


class OutputStationarySooner(OutputStationaryArray):
    """Lets every fold but the first in one cycle before it may."""

    def _may_stream(self) -> bool:
        early = int(len(self._stream_starts) > 0)
        self.cycle += early
        allowed = super()._may_stream()
        self.cycle -= early
        return allowed


class OperandStationarySooner(OperandStationaryArray):
    """Lets every fold but the first in one cycle before it may."""

    def _may_stream(self) -> bool:
        early = int(len(self._stream_starts) > 0)
        self.cycle += early
        allowed = super()._may_stream()
        self.cycle -= early
        return allowed


@pytest.mark.parametrize("sooner", [OutputStationarySooner, OperandStationarySooner])
@pytest.mark.parametrize("streamed", [2, 4, 9])
def test_double_buffered_folds_cannot_follow_one_another_one_cycle_sooner(
    sooner: type[OutputStationarySooner] | type[OperandStationarySooner], streamed: int
) -> None:
    array = ArrayShape(4, 4, stationary_double_buffered=True)
    if sooner is OutputStationarySooner:
        moving, other = operands(8, 8, streamed)
    else:
        moving, other = operands(streamed, 8, 8)
    run = sooner(array, moving, other)
    try:
        while not run.done:
            run.step()
    except ArrayHazardError:
        return
    assert not np.array_equal(run.product, moving @ other)


def test_operands_that_do_not_multiply_are_refused_with_their_shapes() -> None:
    with pytest.raises(ValueError, match=r"^operands: .* got \(1, 2, 3\)·\(1, 2, 3\)$"):
        multiply("weight_stationary", ArrayShape(2, 2), np.ones((2, 3), np.int64), np.ones((2, 3), np.int64))


def test_operands_that_are_not_integers_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^operands: must be integers, got float64$"):
        multiply("weight_stationary", ArrayShape(2, 2), np.ones((2, 2)), np.ones((2, 2), np.int64))  # type: ignore[arg-type]


def test_the_facade_offers_exactly_what_it_names() -> None:
    public = {
        name for name, value in vars(rooms).items() if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert public == set(rooms.__all__)
