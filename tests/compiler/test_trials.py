"""Short programs: the tilings with the best estimates are tried out, and the fastest of them stays."""

import pytest
from running import product

from accelsim.compiler import compile_network
from accelsim.hardware import load
from accelsim.machine import run
from accelsim.program import Program, hazards
from accelsim.simulation import compile_model, simulate
from accelsim.verification import verify
from accelsim.workload import build
from restructure import zoo
from restructure.graph import load as load_graph

SMALL = load("edge_npu", ["pe_array.rows=4", "pe_array.columns=4", "scratchpad.capacity=1KiB"])


def cycles(program: Program) -> int:
    return run(program, SMALL, hazards(program)).latency_cycles


@pytest.mark.parametrize("shape", [(1, 64, 32), (1, 128, 64), (16, 32, 16), (3, 50, 20)], ids=str)
def test_what_is_tried_out_is_never_slower_than_what_is_estimated(shape):
    graph = load_graph(product(*shape))
    estimated = compile_network(build(graph), SMALL)
    tried = compile_model(graph, SMALL).program
    assert cycles(tried) <= cycles(estimated)
    assert "tried out" in tried.layers[0].mapping
    assert "tried out" not in estimated.layers[0].mapping


def test_a_matrix_vector_product_is_a_sixth_faster_for_it():
    graph = load_graph(product(1, 128, 64))
    assert cycles(compile_model(graph, SMALL).program) < 0.86 * cycles(compile_network(build(graph), SMALL))


def test_tiny_tiles_are_not_shunned_for_what_a_step_is_taken_to_cost():
    # 100 cycles a step, whatever share of the layer's latency that is, made it 1,409.
    assert cycles(compile_network(build(load_graph(product(1, 64, 32))), SMALL)) <= 944


def test_no_way_of_giving_addresses_is_left_out():
    # 841 where every range had its place as if nothing were fetched early; with that alone wished for it takes 944.
    assert cycles(compile_model(load_graph(product(1, 64, 32)), SMALL).program) <= 841


def test_the_time_that_is_given_decides():
    graph = load_graph(product(1, 64, 32))
    asked: list[int] = []

    def instructions(program: Program) -> int:
        asked.append(len(program.instructions))
        return asked[-1]

    found = compile_network(build(graph), SMALL, time=instructions)
    assert len(asked) > 8
    assert len(found.instructions) == min(asked)


def test_a_longer_program_is_not_tried_out():
    def never(program: Program) -> int:
        raise AssertionError("asked for time")

    compile_network(build(zoo.build("tiny")), load("edge_npu"), time=never)


def test_a_warm_run_of_what_is_tried_out_is_no_slower_than_the_cold_one():
    model = product(1, 64, 32)
    warm, cold = (simulate(model, SMALL, warm=state) for state in (True, False))
    assert warm.totals.latency_cycles <= cold.totals.latency_cycles


def test_what_is_tried_out_verifies():
    assert verify(product(3, 50, 20), SMALL).passed
