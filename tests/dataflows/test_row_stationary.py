"""Row-stationary against Eyeriss' silicon (tests/data/eyeriss.csv, JSSC 2017 tables V and VI), and by hand."""

import csv
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelsim.dataflows import ArrayShape, LoopNest, ProcessingElement, RowStationary, matrix_product
from accelsim.dataflows.nest import arrays
from accelsim.dataflows.passes import best_passes

EYERISS = ArrayShape(12, 14)
FLOW = RowStationary()
CLOCK_HZ = 200e6
#: Images in a pass (n), a choice of the chip's mapping: as many as leave room for 64 filters' sums in the global
#: buffer (JSSC 2017, table III). Then the layer: OY = OX, K, C, FY = FX, stride, groups.
ALEXNET = {
    "conv1": (1, 55, 96, 3, 11, 4, 1),
    "conv2": (1, 27, 128, 48, 5, 1, 2),
    "conv3": (4, 13, 384, 256, 3, 1, 1),
    "conv4": (4, 13, 192, 192, 3, 1, 2),
    "conv5": (4, 13, 128, 192, 3, 1, 2),
}


def nest(batch: int, side: int, filters: int, channels: int, kernel: int, stride: int, groups: int) -> LoopNest[int]:
    return LoopNest(batch, side, side, filters, channels, kernel, kernel, stride, stride, groups)


def measured(layer: str) -> dict[str, float]:
    path = Path(__file__).parents[1] / "data" / "eyeriss.csv"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    row = next(r for r in csv.DictReader(lines) if (r["network"], r["layer"]) == ("alexnet", layer))
    return {key: float(value) for key, value in row.items() if key not in ("network", "layer")}


def processing_ms(layer: str) -> float:
    shape = ALEXNET[layer]
    turns = measured(layer)["batch"] / shape[0]
    return turns * FLOW.cost(EYERISS, nest(*shape)).total_cycles / CLOCK_HZ * 1e3


@pytest.mark.parametrize("layer", ALEXNET)
def test_the_active_pes_are_those_of_the_chip(layer: str) -> None:
    assert int(best_passes(EYERISS, arrays(nest(*ALEXNET[layer]))).active_pes) == measured(layer)["active_pes"]


@pytest.mark.parametrize("layer", ALEXNET)
def test_processing_time_is_within_6_percent_of_the_silicon(layer: str) -> None:
    assert processing_ms(layer) == pytest.approx(measured(layer)["processing_ms"], rel=0.06)


def test_macs_over_active_pes_alone_would_be_up_to_17_percent_off() -> None:
    gaps = []
    for layer, shape in ALEXNET.items():
        facts = measured(layer)
        alone = nest(*shape).macs * facts["batch"] / shape[0] / facts["active_pes"] / CLOCK_HZ * 1e3
        gaps.append(1 - alone / facts["processing_ms"])
    assert (round(min(gaps), 2), round(max(gaps), 2)) == (0.04, 0.17)


def test_the_passes_of_the_first_layer_are_those_of_the_papers_table() -> None:
    found = best_passes(EYERISS, arrays(nest(*ALEXNET["conv1"])))
    assert [int(getattr(found, name)) for name in ("e", "p", "q", "r", "t")] == [7, 16, 1, 1, 2]
    assert int(found.passes) == 8 * 3 * 3


def test_a_pass_by_hand() -> None:
    """Conv1: 16·2·1·121 filter words on 4 a cycle, 35 rows' windows of 11 words, then 55·16·11 MACs per PE."""
    found = best_passes(EYERISS, arrays(nest(*ALEXNET["conv1"])))
    assert int(found.cycles) == 16 * 2 * 121 // 4 + 35 * 11 + 55 * 16 * 11


def test_a_narrow_bus_of_sums_makes_them_the_bottleneck() -> None:
    narrow = replace(EYERISS, processing_element=ProcessingElement(sum_words_per_cycle=1))
    layer = nest(*ALEXNET["conv3"])
    assert FLOW.cost(narrow, layer).total_cycles > 1.15 * FLOW.cost(EYERISS, layer).total_cycles


def test_depthwise_channels_side_by_side_help_only_where_the_buses_are_wide() -> None:
    layer = nest(1, 14, 1, 1, 3, 1, 512)
    ratio = {}
    for words in (1, 16):
        array = replace(
            EYERISS, processing_element=ProcessingElement(input_words_per_cycle=words, sum_words_per_cycle=4 * words)
        )
        packed = FLOW.cost(replace(array, depthwise="packed"), layer)
        ratio[words] = packed.total_cycles / FLOW.cost(array, layer).total_cycles
    assert ratio[1] > 0.99
    assert ratio[16] < 0.6


def test_a_filter_taller_than_the_array_is_cut() -> None:
    small = ArrayShape(4, 4)
    found = best_passes(small, arrays(nest(1, 8, 4, 4, 7, 1, 1)))
    assert (int(found.kernel_rows), int(found.tap_passes)) == (4, 2)


extent = st.integers(1, 20)
nests = st.builds(
    LoopNest,
    batch=st.integers(1, 3),
    rows=extent,
    columns=extent,
    filters=st.integers(1, 70),
    channels=st.integers(1, 70),
    kernel_rows=st.integers(1, 7),
    kernel_columns=st.integers(1, 7),
    row_stride=st.integers(1, 2),
    column_stride=st.integers(1, 2),
    groups=st.integers(1, 5),
)
shapes = st.builds(
    ArrayShape,
    rows=st.integers(1, 12),
    columns=st.integers(1, 14),
    depthwise=st.sampled_from(["per_channel", "packed"]),
    processing_element=st.builds(
        ProcessingElement,
        filter_words=st.integers(1, 300),
        input_words=st.integers(1, 16),
        sum_words=st.integers(1, 30),
    ),
)


@settings(deadline=None)
@given(shapes, nests)
def test_passes_cover_the_loops_fit_the_array_and_the_pes(array: ArrayShape, layer: LoopNest[int]) -> None:
    found = best_passes(array, arrays(layer))
    pe = array.processing_element
    assert int(found.active_pes) <= array.pes
    assert int(found.strips * found.e) >= layer.rows
    assert int(found.channel_passes * found.q * found.r) >= layer.channels
    assert int(found.filter_passes * found.p * found.t) >= layer.filters
    assert int(found.group_passes * found.g) >= layer.groups
    assert int(found.p * found.q * found.kernel_columns) <= pe.filter_words
    assert int(found.q * found.kernel_columns) <= pe.input_words
    assert int(found.p) <= pe.sum_words
    cost = FLOW.cost(array, layer)
    assert cost.macs <= cost.compute_cycles * array.pes
    assert cost.compute_cycles + cost.fill_drain_cycles == cost.total_cycles
    assert cost.output_writes - cost.partial_reads == layer.groups * layer.m * layer.n


@settings(deadline=None)
@given(shapes, st.lists(nests, min_size=1, max_size=4))
def test_many_tiles_at_once_cost_what_each_costs_alone(array: ArrayShape, layers: list[LoopNest[int]]) -> None:
    columns = [np.array([getattr(layer, f.name) for layer in layers]) for f in fields(layers[0])]
    together = FLOW.cost(array, LoopNest(*columns))
    for index, layer in enumerate(layers):
        alone = FLOW.cost(array, layer)
        assert all(getattr(together, f.name)[index] == getattr(alone, f.name) for f in fields(alone))


def test_a_matrix_product_of_one_row_keeps_every_pe_busy_with_other_filters_and_channels() -> None:
    found = best_passes(EYERISS, arrays(matrix_product(1, 4096, 4096)))
    assert int(found.active_pes) == 168
