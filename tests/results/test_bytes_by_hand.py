"""DRAM bytes and their causes, on-chip bytes and their lives, energy: worked out by hand."""

import json

import pytest
from scenes import Scene, toy, work
from sketch import ACC, DRAM
from test_result_document import violations

from accelsim.hardware import from_description
from accelsim.program import ArrayWork, TensorKind, VectorKernel, VectorWork
from accelsim.results import Measurements, ModelInfo, SimulationResult, measure, schema, simulation_result


def measured(scene: Scene, **changes: object) -> Measurements:
    program, trace, hardware = scene.run(toy(**changes))
    return measure(program, trace, hardware)


def dram(record: object) -> dict[str, int]:
    return {name: size for name, size in record.dram_bytes_by_cause.items() if size}  # type: ignore[attr-defined]


def reader(kind: TensorKind) -> Scene:
    """Layer a reads rows 0 to 5 of 8 (2 B each) and again 4 to 8; layer b reads everything."""
    s = Scene()
    stored = s.image(s.tensor("t", (8, 2), kind))
    held = s.buffer(0)
    s.layer("a")
    for start, rows in ((0, 5), (4, 4)):
        s.load("dma0", s.within(stored, (start, 0), (rows, 2)), s.within(held, (start, 0), (rows, 2)))
    s.layer("b")
    s.load("dma0", s.within(stored, (0, 0), (8, 2)), s.within(held, (0, 0), (8, 2)))
    return s


def test_weights_are_compulsory_once_and_fetched_again_by_whoever_comes_later() -> None:
    a, b = measured(reader(TensorKind.WEIGHT)).layers
    assert dram(a) == {"compulsory_weights": 16, "refetch_weights": 2}
    assert dram(b) == {"refetch_weights": 16}


def test_the_network_input_is_compulsory_for_its_first_consumer() -> None:
    a, b = measured(reader(TensorKind.INPUT)).layers
    assert dram(a) == {"compulsory_input": 16, "refetch_activations": 2}
    assert dram(b) == {"refetch_activations": 16}


@pytest.mark.parametrize("kind", [TensorKind.ACTIVATION, TensorKind.OUTPUT])
def test_an_intermediate_is_reloaded_once_by_each_layer(kind: TensorKind) -> None:
    a, b = measured(reader(kind)).layers
    assert dram(a) == {"spill_reload": 16, "refetch_activations": 2}
    assert dram(b) == {"spill_reload": 16}


def test_a_layer_whose_work_is_a_copy_moves_layout_copies_and_its_consumer_reads_for_the_first_time() -> None:
    s = Scene()
    image = s.image(s.tensor("x", (8,), TensorKind.INPUT))
    held, copy = s.buffer(0), s.buffer(s.tensor("x.copy", (8,)))
    away, again = s.range(DRAM, 1), s.buffer(0)
    s.layer("transpose", "Transpose")
    s.load("dma0", s.at(image), s.at(held))
    s.vector([s.at(held)], [s.at(copy)], kernel=s.kernel(VectorKernel("Copy")))
    s.store("dma0", s.at(copy), s.at(away))
    s.layer("conv")
    s.load("dma0", s.at(image), s.at(again))
    s.load("dma0", s.at(away), s.at(copy))
    transpose, conv = measured(s).layers
    assert dram(transpose) == {"layout_copy": 16}
    assert dram(conv) == {"compulsory_input": 8, "spill_reload": 8}


def test_bursts_longer_than_runs_are_padding_on_top_of_the_requested_bytes() -> None:
    s = Scene()
    s.layer("slice")
    image = s.image(s.tensor("x", (4, 20), TensorKind.INPUT))
    held = s.buffer(s.tensor("column", (4, 3)))
    s.load("dma0", s.within(image, (0, 6), (4, 3)), s.at(held))  # 6-9, 26-29, 46-49, 66-69: two bursts, one, two, one
    totals = measured(s).totals
    assert totals.dram_bytes == 12
    assert totals.burst_padding_bytes == (2 + 1 + 2 + 1) * 8 - 12


def test_a_byte_is_occupied_from_its_writer_s_start_to_its_last_reader_s_end() -> None:
    s = Scene()
    s.layer("a")
    image = s.image(s.tensor("x", (8,), TensorKind.INPUT))
    held, y = s.buffer(0), s.buffer(s.tensor("y", (2,)))
    s.load("dma0", s.within(image, (0,), (4,)), s.within(held, (0,), (4,)))  # 0 to 8, by bursts of 8 B: bus 6 to 10
    s.load("dma1", s.within(image, (4,), (4,)), s.within(held, (4,), (4,)))  # 0 to 14
    s.compute([s.within(held, (0,), (6,))], [s.within(y, (0,), (1,))], work(9))  # 14 to 24: the last to read 0 to 5
    s.layer("b")
    s.compute([s.within(held, (6,), (2,))], [s.within(y, (1,), (1,))], work(5))  # 24 to 30; nobody reads y
    result = measured(s)
    (line, _), (use, _) = result.occupancy, result.memories
    assert line.cycles == (0, 14, 24, 30)
    assert line.bytes == (8, 9, 3, 0)
    assert line.bytes_by_kind == {"input": (8, 8, 2, 0), "activation": (0, 1, 1, 0)}
    assert line.reserved_bytes == (8, 10, 10, 0)
    assert (use.peak_occupancy_bytes, use.peak_cycle, use.peak_layer) == (9, 14, "a")
    assert [(tensor.name, tensor.bytes) for tensor in use.peak_tensors] == [("x", 8), ("y", 1)]
    assert (use.highest_address_bytes, use.peak_reserved_bytes, use.reserved_unwritten_bytes) == (10, 10, 1)
    assert [layer.peak_occupancy_bytes for layer in result.layers] == [9, 3]


def test_accumulators_read_and_written_by_one_instruction_count_once() -> None:
    s = Scene()
    s.layer("a")
    sums = s.buffer(s.tensor("sums", (4,), TensorKind.PARTIAL, 4), ACC)
    s.compute([], [s.at(sums)], work(4))
    s.compute([s.at(sums)], [s.at(sums)], work(4))
    line = measured(s).occupancy[1]
    assert (line.cycles, line.bytes) == ((0, 5, 10), (16, 16, 0))


@pytest.mark.parametrize(("first", "count"), [(4, 4), (5, 2)])
def test_a_result_written_over_an_operand_takes_its_bytes_at_once(first: int, count: int) -> None:
    s = Scene()
    s.layer("add", "Add")
    x = s.buffer(s.tensor("x", (8,)))
    y = s.buffer(s.tensor("y", (4,)), address=4)
    s.compute([], [s.at(x)], VectorWork(8, 4, 0, 8))  # 0 to 5
    s.compute([s.within(x, (first,), (count,))], [s.at(y)], VectorWork(4, 4, 4, 4))  # 5 to 10, over x's second half
    s.compute([s.at(y), s.within(x, (0,), (4,))], [], VectorWork(4, 4, 8, 0))  # 10 to 15
    use, line = measured(s).memories[0], measured(s).occupancy[0]
    assert use.peak_occupancy_bytes == 8
    assert (line.cycles, line.bytes) == ((0, 5, 15), (8, 8, 0))


def test_a_result_interleaved_with_what_stays_takes_the_bytes_of_its_operand_only() -> None:
    s = Scene()
    s.layer("relu", "Relu")
    x = s.buffer(s.tensor("x", (4, 2)))
    y = s.buffer(s.tensor("y", (4, 1)), address=1, size=7)
    over = s.at(y, strides=(2, 1))
    s.compute([], [s.at(x)], VectorWork(8, 4, 0, 8))  # 0 to 5
    s.compute([s.within(x, (0, 1), (4, 1))], [over], VectorWork(4, 4, 4, 4))  # 5 to 10: the second column
    s.compute([over, s.within(x, (0, 0), (4, 1))], [], VectorWork(4, 4, 8, 0))  # 10 to 15
    line = measured(s).occupancy[0]
    assert (line.cycles, line.bytes) == ((0, 5, 15), (8, 8, 0))


def test_ranges_that_share_addresses_are_reserved_once() -> None:
    s = Scene()
    s.layer("a")
    x, y = s.buffer(s.tensor("x", (8,))), s.buffer(s.tensor("y", (8,)), address=4)
    s.compute([], [s.at(x)], VectorWork(8, 4, 0, 8))  # 0 to 5
    s.compute([s.at(x)], [s.at(y)], VectorWork(8, 4, 8, 8))  # 5 to 10
    s.compute([s.at(y)], [], VectorWork(8, 4, 8, 0))  # 10 to 15
    line = measured(s).occupancy[0]
    assert (line.cycles, line.reserved_bytes) == ((0, 5, 10, 15), (8, 12, 8, 0))


def test_contents_that_are_resident_from_the_beginning_stay_to_the_end() -> None:
    s = Scene()
    s.layer("warm")
    weights = s.buffer(s.tensor("w", (16,), TensorKind.WEIGHT))
    s.images.append(s.at(weights))
    y = s.tensor("y", (4,), TensorKind.OUTPUT)
    held = s.buffer(y)
    s.compute([s.at(weights)], [s.within(held, (0,), (4,))], work(3))
    s.compute([], [], work(5))
    s.output("y", held)
    use, line = measured(s).memories[0], measured(s).occupancy[0]
    assert line.bytes_by_kind == {"weight": (16, 0), "output": (4, 0)}
    assert line.cycles == (0, 10)
    assert use.peak_layer == "warm"


def test_energy_is_actions_times_their_cost() -> None:
    s = Scene()
    s.layer("conv")
    image = s.image(s.tensor("x", (12,), TensorKind.INPUT))
    held, sums = s.buffer(0), s.buffer(s.tensor("sums", (3,), TensorKind.PARTIAL, 4), ACC)
    residual, out = s.buffer(s.tensor("r", (5,))), s.buffer(s.tensor("y", (3,)))
    s.load("dma0", s.at(image), s.at(held))
    s.compute([s.at(held)], [s.at(sums)], ArrayWork(20, 4, 0, 1, 7, 11, 2, 3))
    s.compute(
        [s.at(sums, slot="partial"), s.at(residual, slot="residual0")], [s.at(out)], ArrayWork(0, 4, 0, 1, 0, 0, 3, 3)
    )
    s.layer("relu", "Relu")
    s.compute([s.at(out)], [s.at(residual)], VectorWork(10, 4, 6, 10))
    result = measured(s)
    assert result.totals.energy_pj_by_component == {
        "mac": 20.0,
        "scratchpad": 12
        + 7
        + (5 + 3)
        + (6 + 10),  # load, streamed input (no weights operand), residual and result, vector
        "accumulator": (2 + 3 + 3 + 3) * 4,
        "weight_buffer": 0.0,
        "dram": 16.0,  # two bursts of 8 B
        "vector": 10.0,
        "static": 0.0,
    }
    assert [layer.energy_pj for layer in result.layers] == [20 + 27 + 44 + 16, 16 + 10]


def test_without_a_memory_of_their_own_sums_are_the_scratchpad_s_and_leakage_takes_time() -> None:
    s = Scene()
    s.layer("conv")
    sums = s.buffer(s.tensor("sums", (3,), TensorKind.PARTIAL, 4))
    s.compute([], [s.at(sums)], ArrayWork(0, 9, 0, 1, 0, 0, 0, 3))
    energy = {"accumulator": "1 pJ/B", "leakage": "5 mW"}
    components = measured(s, accumulator=None, energy=energy).totals.energy_pj_by_component
    assert components["scratchpad"] == 12.0
    assert components["accumulator"] == 0.0
    assert components["static"] == pytest.approx(10e-9 * 5e-3 * 1e12)


def result(state: str = "cold") -> SimulationResult:
    scene = reader(TensorKind.ACTIVATION)
    program, trace, hardware = scene.run()
    return simulation_result(
        measure(program, trace, hardware), ModelInfo("net", "file"), hardware, state=state, batch=4
    )


def test_a_whole_result_satisfies_the_schema_and_survives_the_way_through_json() -> None:
    document = json.loads(result().to_json())
    assert list(violations(schema(), document)) == []
    assert SimulationResult.from_dict(document) == result()


def test_only_a_warm_run_has_inferences_per_second() -> None:
    assert result().totals.inferences_per_s is None
    warm = result("warm").totals
    assert warm.inferences_per_s == pytest.approx(4 / warm.latency_s)


def test_a_result_carries_the_hardware_s_description_in_full() -> None:
    assert from_description(result().hardware.description) == toy()
    assert result().precision.accumulators_bytes == 4
