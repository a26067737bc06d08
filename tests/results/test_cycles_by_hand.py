"""Where the array's cycles went, worked out by hand on a toy: 1 cycle to issue, 5 of latency, 2 B per cycle."""

from scenes import Scene, toy, work
from sketch import DRAM

from accelsim.program import TensorKind, VectorWork
from accelsim.results import LayerResult, Measurements, measure


def story() -> Measurements:
    """Weights, activations, array, store; an array instruction that waits for room; a vector tail."""
    s = Scene()
    weights, image = s.image(s.tensor("w", (16,), TensorKind.WEIGHT)), s.image(s.tensor("x", (8,), TensorKind.INPUT))
    held_w, held_x = s.buffer(s.ranges[weights].tensor), s.buffer(s.ranges[image].tensor)
    y = s.tensor("y", (8,))
    held_y, spilled_y = s.buffer(y), s.range(DRAM, y)
    z = s.tensor("z", (8,))
    held_z = s.buffer(z, address=s.ranges[held_y].address)
    out = s.buffer(s.tensor("out", (8,), TensorKind.OUTPUT))
    s.layer("a", macs=40)
    s.load("dma0", s.at(weights), s.at(held_w))  # 0: issue, 1: latency, 6: bus, 14
    s.load("dma1", s.at(image), s.at(held_x))  # 0: issue, 1: latency, 6: behind the weights, 14: bus, 18
    s.compute([s.at(held_x), s.at(held_w)], [s.at(held_y)], work(10, fill=2, macs=40))  # 18: issue, 19, 31
    s.store("dma0", s.at(held_y), s.at(spilled_y))  # 31: issue, 32: latency, 37: bus, 41
    s.layer("b", macs=16)
    s.compute([s.at(held_x)], [s.at(held_z)], work(4, macs=16))  # writes where y was: waits until 41, 46
    s.layer("c", "Relu")
    s.compute([s.at(held_z)], [s.at(out)], VectorWork(8, 3, 8, 8))  # 46, 50
    program, trace, hardware = s.run()
    assert list(zip(trace.start.tolist(), trace.end.tolist(), strict=True)) == [
        (0, 14),
        (0, 18),
        (18, 31),
        (31, 41),
        (41, 46),
        (46, 50),
    ]
    return measure(program, trace, hardware)


def causes(record: LayerResult) -> dict[str, int]:
    return {name: cycles for name, cycles in record.array_cycles_by_cause.items() if cycles}


def test_every_cycle_of_the_story_has_its_cause() -> None:
    totals = story().totals
    assert totals.array_cycles_by_cause == {
        "compute": 10 + 4,
        "fill_drain": 2,
        "ports": 0,
        "weights": 8,  # 6 to 14: the activations wait on the bus behind the weights
        "activations": 4,  # 14 to 18
        "store": 4,  # 37 to 41: no room before y has left
        "vector": 0,
        "partial_sums": 0,
        "dram_latency": 5 + 5,
        "issue": 4,  # at 0, 18, 31 and 41
        "idle": 4,  # 46 to 50: nothing is queued for the array
    }
    assert totals.latency_cycles == 50
    assert totals.array_cycles == 16


def test_a_cycle_belongs_to_the_layer_it_was_spent_on() -> None:
    a, b, c = story().layers
    assert causes(a) == {
        "compute": 10,
        "fill_drain": 2,
        "weights": 8,
        "activations": 4,
        "store": 4,
        "dram_latency": 10,
        "issue": 3,
    }
    assert causes(b) == {"compute": 4, "issue": 1}
    assert causes(c) == {"idle": 4}


def test_layer_latencies_are_the_steps_of_the_latest_completion() -> None:
    assert [layer.latency_cycles for layer in story().layers] == [41, 5, 4]
    assert [(layer.first_cycle, layer.last_cycle) for layer in story().layers] == [(0, 41), (41, 46), (46, 50)]


def test_what_binds_a_layer_takes_most_of_its_cycles_and_an_idle_tail_is_what_its_chain_does() -> None:
    assert [layer.bound_by for layer in story().layers] == ["latency", "compute", "vector"]


def test_bounds_and_utilisation_follow_from_macs_and_bytes() -> None:
    measured = story()
    totals, (a, b, c) = measured.totals, measured.layers
    assert totals.macs == 56
    assert totals.compute_bound_cycles == 14  # 56 MACs on 4 PEs
    assert totals.dram_bound_cycles == 12  # 16 B of weights and 8 B of input at 2 B per cycle; the spill is no must
    assert totals.pe_utilisation == 56 / (50 * 4)
    assert [layer.pe_utilisation for layer in (a, b, c)] == [40 / (41 * 4), 16 / (5 * 4), 0.0]
    assert (a.compute_bound_cycles, a.dram_bound_cycles) == (10, 12)
    assert totals.latency_s == 50e-9


def test_a_spill_costs_the_cycles_that_the_array_waited_for_its_transfers() -> None:
    spills = story().spills
    (y,) = spills.by_tensor
    assert (y.name, y.producer, y.bytes_written, y.bytes_reloaded) == ("y", "a", 8, 0)
    assert (y.first_written_cycle, y.last_reloaded_cycle) == (31, -1)
    assert y.cycles_lost == spills.cycles_lost == 10  # 31 to 41: issue, latency, bytes


def test_a_wait_for_the_vector_unit_is_the_vector_unit_s_and_a_wait_for_partial_sums_theirs() -> None:
    s = Scene()
    s.layer("sums")
    sums = s.tensor("sums", (4,), TensorKind.PARTIAL, 4)
    held, away = s.buffer(sums), s.range(DRAM, sums)
    y = s.buffer(s.tensor("y", (4,)))
    s.compute([], [s.at(held)], VectorWork(4, 6, 0, 4))  # 0, 7
    s.store("dma0", s.at(held), s.at(away))  # 7: issue, 8: latency, 13: bus, 21
    s.load("dma0", s.at(away), s.at(held))  # 21, 22, 27, 35
    s.compute([s.at(held)], [s.at(y)], work(2))  # 35, 38
    program, trace, hardware = s.run()
    totals = measure(program, trace, hardware).totals
    assert {name: n for name, n in totals.array_cycles_by_cause.items() if n} == {
        "compute": 2,
        "vector": 6,
        "partial_sums": 16,
        "dram_latency": 10,
        "issue": 4,
    }
    assert totals.dram_bytes_by_cause["partial_sum"] == 32


def test_without_array_instructions_the_array_is_idle_all_the_time_and_layers_say_what_bound_them() -> None:
    s = Scene()
    s.layer("reload")
    image = s.image(s.tensor("x", (40,), TensorKind.INPUT))
    held = s.buffer(s.ranges[image].tensor)
    s.load("dma0", s.at(image), s.at(held))
    program, trace, hardware = s.run(toy(issue_cycles=0))
    measured = measure(program, trace, hardware)
    assert measured.totals.array_cycles_by_cause["idle"] == measured.totals.latency_cycles == 25
    assert measured.layers[0].bound_by == "activations"


def test_a_program_without_instructions_takes_no_time_and_divides_by_nothing() -> None:
    s = Scene()
    s.layer("view", "Reshape")
    program, trace, hardware = s.run()
    measured = measure(program, trace, hardware)
    assert measured.totals.latency_cycles == 0
    assert measured.totals.pe_utilisation == 0.0
    assert measured.layers[0].bound_by == "compute"
    assert measured.occupancy[0].cycles == (0,)
