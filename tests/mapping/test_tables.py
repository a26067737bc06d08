"""Tables that are kept: the same as fresh ones, shared where they may be, and never more than there is room for."""

from accelsim.hardware import Hardware, load
from accelsim.mapping import FREE, CostTable, Machine, Problem, Tables, candidates, cost_table, problem_of
from accelsim.workload import build
from restructure import zoo

WORKLOAD = build(zoo.build("tiny"))


def problems(hardware: Hardware) -> list[Problem]:
    return [problem_of(layer, WORKLOAD.storages, hardware) for layer in WORKLOAD.layers]


def fresh(problem: Problem, machine: Machine) -> CostTable:
    return cost_table(problem, candidates(problem, *machine.units, FREE), machine)


def test_a_kept_table_at_a_bandwidth_equals_one_made_for_that_bandwidth():
    hardware = load("edge_npu", ["dram.bandwidth=3.7GB/s"])
    machine = Machine.of(hardware)
    for problem in problems(hardware):
        kept, made = (
            Tables().of(problem, machine.tiling, FREE).at(float(machine.bytes_per_cycle)),
            fresh(problem, machine),
        )
        assert (kept.weight_cycles == made.weight_cycles).all()
        assert (kept.input_cycles == made.input_cycles).all()
        assert (kept.output_cycles == made.output_cycles).all()
        assert (kept.array_cycles == made.array_cycles).all()


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
