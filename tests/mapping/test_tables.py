"""Tables that are kept: the same as fresh ones, shared where they may be, and never more than there is room for."""

import numpy as np
import pytest

from accelsim.hardware import Hardware, load
from accelsim.mapping import FREE, CostGrid, Machine, Problem, Tables, candidates, cost_grid, problem_of
from accelsim.workload import build
from restructure import zoo

WORKLOAD = build(zoo.build("tiny"))
COLUMNS = (
    "rows", "tile_bytes", "weight_bytes", "output_bytes", "weight_spare", "input_spare", "output_spare",
    "accumulator_bytes", "weight_loads", "output_stores", "steps", "input_bytes", "input_loads", "array_cycles",
    "first_pass", "weight_cycles", "output_cycles", "input_cycles", "hold_input", "hold_weights", "streams_rows",
)  # fmt: skip


def problems(hardware: Hardware) -> list[Problem]:
    return [problem_of(layer, WORKLOAD.storages, hardware) for layer in WORKLOAD.layers]


def fresh(problem: Problem, machine: Machine) -> CostGrid:
    return cost_grid(problem, candidates(problem, *machine.units, FREE), machine)


def test_a_kept_table_at_a_bandwidth_equals_one_made_for_that_bandwidth():
    hardware = load("edge_npu", ["dram.bandwidth=3.7GB/s"])
    machine = Machine.of(hardware)
    for problem in problems(hardware):
        grid, made_for_it = Tables().of(problem, machine.tiling, FREE), fresh(problem, machine)
        kept, made = grid.table(grid.places, float(machine.bytes_per_cycle)), made_for_it.table(made_for_it.places)
        assert (kept.weight_cycles == made.weight_cycles).all()
        assert (kept.input_cycles == made.input_cycles).all()
        assert (kept.output_cycles == made.output_cycles).all()
        assert (kept.array_cycles == made.array_cycles).all()


def test_some_candidates_of_a_grid_have_the_columns_that_they_have_among_all():
    hardware = load("edge_npu")
    for problem in problems(hardware):
        grid = fresh(problem, Machine.of(hardware))
        chosen = np.random.default_rng(1).permutation(len(grid))[:50]
        some, all_of_them = grid.table(grid.places.take(chosen)), grid.table(grid.places)
        for name in COLUMNS:
            assert (getattr(some, name) == getattr(all_of_them, name)[..., chosen]).all(), name
        assert [some.mapping(i, True) for i in range(len(some))] == [all_of_them.mapping(i, True) for i in chosen]
        assert (np.argsort(grid.ranks(grid.places.take(chosen))) == np.argsort(chosen)).all()


def test_the_columns_of_a_grid_are_those_of_its_table():
    hardware = load("edge_npu")
    for problem in problems(hardware):
        grid = fresh(problem, Machine.of(hardware))
        table = grid.table(grid.places)
        for name in ("rows", "steps", "weight_bytes", "weight_loads", "weight_cycles", "accumulator_bytes",
                     "output_bytes", "array_cycles", "streams_rows"):  # fmt: skip
            assert (grid.at(grid.places, getattr(grid, name)) == getattr(table, name)).all(), name
        for column, wanted in zip(grid.input_bytes, table.input_bytes, strict=True):
            assert (grid.at(grid.places, column) == wanted).all()


@pytest.mark.parametrize(("weights", "sums"), [(True, True), (True, False), (False, True), (False, False)])
def test_what_fits_is_found_candidate_by_candidate_too(weights, sums):
    hardware = load("edge_npu")
    for problem in problems(hardware):
        grid = fresh(problem, Machine.of(hardware))
        table = grid.table(grid.places)
        least = table.tile_bytes + weights * table.weight_bytes + sums * table.accumulator_bytes
        for capacity in (100, 1_000, 20_000, 1 << 30):
            fits = (least <= capacity) & (table.input_bytes <= capacity).all(axis=0)
            wanted = grid.places.take(fits) if fits.any() else grid.places
            for found, each in zip(grid.fitting(capacity, weights=weights, sums=sums), wanted, strict=True):
                assert (found == each).all()


def test_machines_that_differ_in_capacity_bandwidth_and_latency_share_their_tables():
    tables = Tables()
    found = [
        tables.of(problems(hardware)[0], Machine.of(hardware).tiling, FREE)
        for hardware in (
            load("edge_npu"),
            load("edge_npu", ["scratchpad.capacity=64KiB", "dram.latency=1us", "dram.bandwidth=1GB/s"]),
        )
    ]
    assert found[0] is found[1]


def test_machines_with_other_arrays_do_not():
    tables = Tables()
    found = [
        tables.of(problems(hardware)[0], Machine.of(hardware).tiling, FREE)
        for hardware in (load("edge_npu"), load("edge_npu", ["pe_array.rows=8"]))
    ]
    assert found[0] is not found[1]


def test_what_is_kept_never_takes_more_bytes_than_allowed():
    hardware = load("edge_npu")
    machine, several = Machine.of(hardware), list(dict.fromkeys(problems(hardware)))
    sizes = [fresh(problem, machine.tiling).bytes for problem in several]
    tables = Tables(most_bytes=max(sizes))
    for problem in several:
        first = tables.of(problem, machine.tiling, FREE)
        assert tables.of(problem, machine.tiling, FREE) is first
        assert tables._bytes == sum(table.bytes for table in tables._found.values())
        assert len(tables._found) == 1 or tables._bytes <= max(sizes)
