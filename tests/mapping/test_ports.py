"""Narrow on-chip memories make tiles longer, and results say by how much."""

import pytest

from accelsim import machine
from accelsim.compiler import compile_network
from accelsim.dataflows import ArrayShape, dataflow, matrix_product
from accelsim.hardware import load
from accelsim.mapping.ports import Ports
from accelsim.results import measure
from accelsim.workload import build
from restructure import zoo

ARRAY = ArrayShape(4, 4)
COST = dataflow("weight_stationary").cost(ARRAY, matrix_product(8, 4, 8))
FREE = Ports(None, None, None, None, True, False, 1, 1, 4)


def ports(**widths: int | None) -> Ports:
    free = {"read": None, "write": None, "sums": None, "weights": None}
    values = {**free, "own_sums": True, "own_weights": False, **widths}
    return Ports(**values, weight_bytes=1, activation_bytes=1, sum_bytes=4)  # type: ignore[arg-type]


def test_unlimited_ports_never_bind() -> None:
    assert not FREE.bind
    assert FREE.stall_cycles(COST, 0, 0) == 0


def test_the_example_moves_what_the_tests_below_say() -> None:
    assert (COST.input_reads, COST.weight_reads, COST.partial_reads, COST.output_writes) == (64, 32, 32, 64)
    assert COST.total_cycles == 2 * (2 * 4 + 4 + 8 - 2) - 1


@pytest.mark.parametrize(
    ("widths", "needed"),
    [
        ({"read": 1}, 64 + 32),
        ({"read": 5}, -(-96 // 5)),
        ({"write": 1}, 32),
        ({"sums": 2}, 64 * 4 // 2),
        ({"weights": 1, "own_weights": True}, 32),
        ({"read": 1, "own_weights": True}, 64),
        ({"read": 1, "own_sums": False}, 64 + 32 + 32 * 4),
        ({"write": 4, "own_sums": False}, (32 + 64 * 4) // 4),
    ],
)
def test_the_busiest_port_sets_the_time_where_it_is_slower_than_the_array(widths: dict[str, int], needed: int) -> None:
    assert ports(**widths).stall_cycles(COST, 0, results=32) == max(0, needed - COST.total_cycles)


def test_a_second_activation_is_read_from_the_scratchpad_although_weights_have_a_memory() -> None:
    assert ports(weights=1, own_weights=True).stall_cycles(COST, 0, 0, batched=True) == 0
    assert ports(read=1, own_weights=True).stall_cycles(COST, 0, 0, batched=True) == 96 - COST.total_cycles


def test_sums_of_an_earlier_tile_are_read_too() -> None:
    assert ports(sums=2).stall_cycles(COST, 40, 0) == (32 + 40) * 4 // 2 - COST.total_cycles


def test_a_narrow_scratchpad_shows_as_cycles_of_its_ports_and_changes_nothing_else_of_the_sum() -> None:
    workload = build(zoo.build("tiny"))
    spent = {}
    for width in ("null", "4 B/cycle"):
        hardware = load("edge_npu", [f"scratchpad.read_width={width}"])
        program = compile_network(workload, hardware)
        totals = measure(program, machine.run(program, hardware), hardware).totals
        assert sum(totals.array_cycles_by_cause.values()) == totals.latency_cycles
        spent[width] = (totals.array_cycles_by_cause["ports"], totals.latency_cycles)
    assert spent["null"][0] == 0
    assert spent["4 B/cycle"][0] > 0
    assert spent["4 B/cycle"][1] > spent["null"][1]
