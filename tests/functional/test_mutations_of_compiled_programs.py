"""The same mistakes in a Program as the compiler makes it: a small network in a scratchpad so tight that it spills."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from accelsim.compiler import compile_network
from accelsim.functional import ExecutionError, Step, execute, random_order
from accelsim.hardware import load
from accelsim.program import Hazard, Opcode, Operand, Program, Range, TensorKind, hazards
from accelsim.workload import Workload, build
from restructure import zoo

SAMPLES, SEEDS = 25, 40


@cache
def compiled() -> tuple[Workload, Program]:
    workload = build(zoo.build("tiny"))
    return workload, compile_network(workload, load("edge_npu", ["scratchpad.capacity=2KiB"]))


def values(name: str) -> NDArray[np.float32]:
    workload, program = compiled()
    if name in workload.values:
        return workload.values[name]()
    shape = next(t.shape for t in program.tensors if t.name == name)
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def run(program: Program) -> dict[str, NDArray[np.float32]]:
    return execute(program, values, [Step(i, end) for i in range(len(program.instructions)) for end in (False, True)])


def sample(items: Sequence[object]) -> list[int]:
    return sorted(random.Random(1).sample(range(len(items)), min(SAMPLES, len(items))))


def with_instructions(program: Program, order: Sequence[int]) -> Program:
    return replace(program, instructions=tuple(program.instructions[i] for i in order))


def moved(program: Program, target: int, address: int) -> Program:
    """The Program with one range at another address."""
    shift = address - program.ranges[target].address

    def move(operands: tuple[Operand, ...]) -> tuple[Operand, ...]:
        return tuple(replace(o, address=o.address + shift) if o.range == target else o for o in operands)

    ranges = list(program.ranges)
    ranges[target] = replace(ranges[target], address=address)
    instructions = (replace(i, reads=move(i.reads), writes=move(i.writes)) for i in program.instructions)
    return replace(program, ranges=tuple(ranges), instructions=tuple(instructions))


def touches(program: Program, index: int) -> Iterator[int]:
    for position, instruction in enumerate(program.instructions):
        if any(o.range == index for o in instruction.reads + instruction.writes):
            yield position


def test_the_program_spills_and_computes_the_same_in_any_order() -> None:
    program = compiled()[1]
    assert any(i.opcode is Opcode.STORE and not _is_output(program, i.reads[0]) for i in program.instructions)
    expected = run(program)
    for seed in range(5):
        for name, found in execute(program, values, seed).items():
            np.testing.assert_array_equal(found, expected[name])


def _is_output(program: Program, operand: Operand) -> bool:
    return program.tensors[operand.tensor].kind is TensorKind.OUTPUT


@pytest.mark.parametrize("opcode", [Opcode.LOAD, Opcode.STORE])
def test_every_dropped_transfer_is_caught(opcode: Opcode) -> None:
    program = compiled()[1]
    for dropped in [i for i, n in enumerate(program.instructions) if n.opcode is opcode]:
        rest = [i for i in range(len(program.instructions)) if i != dropped]
        with pytest.raises(ExecutionError):
            run(with_instructions(program, rest))


def test_every_reload_before_its_spill_is_caught() -> None:
    program = compiled()[1]
    count = 0
    for reload, instruction in enumerate(program.instructions):
        stores = [
            i
            for i, n in enumerate(program.instructions[:reload])
            if n.opcode is Opcode.STORE and n.writes[0].range == instruction.reads[0].range
        ]
        if instruction.opcode is Opcode.LOAD and stores:
            order = [i for i in range(len(program.instructions)) if i != reload]
            order.insert(stores[0], reload)
            count += 1
            with pytest.raises(ExecutionError):
                run(with_instructions(program, order))
    assert count > 3


def test_ranges_moved_onto_others_that_still_live_are_caught() -> None:
    program = compiled()[1]
    on_chip = [i for i, r in enumerate(program.ranges) if r.memory != 0 and len(set(touches(program, i))) > 1]
    pairs = [(a, b) for a, b in combinations(on_chip, 2) if _live_together(program.ranges[a], program.ranges[b])]
    for index in sample(pairs):
        low, high = pairs[index]
        with pytest.raises(ExecutionError):
            run(moved(program, high, program.ranges[low].address))


def _live_together(a: Range, b: Range) -> bool:
    return a.memory == b.memory and max(a.first, b.first) < min(a.last, b.last)


def test_deleted_hazards_are_found_by_some_random_legal_order() -> None:
    program = compiled()[1]
    found = [h for h in hazards(program) if not _implied(program, h)]
    for index in sample(found):
        rest = [h for h in hazards(program) if h != found[index]]
        assert any(_fails(program, rest, seed) for seed in range(SEEDS)), found[index]


def _fails(program: Program, allowed: Sequence[Hazard], seed: int) -> bool:
    try:
        execute(program, values, random_order(program, allowed, seed))
    except ExecutionError:
        return True
    return False


def _implied(program: Program, hazard: Hazard) -> bool:
    """Whether other hazards and the order of units imply it."""
    ends: dict[int, set[int]] = {}
    everything = hazards(program)
    for position, instruction in enumerate(program.instructions):
        queue = [i for i in range(position) if program.instructions[i].unit == instruction.unit]
        outstanding = program.units[instruction.unit].outstanding
        known = {h.before for h in everything if h.after == position and h != hazard}
        known |= set(queue[: max(0, len(queue) - outstanding + 1)])
        known |= {j for i in known for j in range(i) if program.instructions[j].unit == program.instructions[i].unit}
        ends[position] = known.union(*(ends[i] for i in [*known, *queue]))
        if position == hazard.after:
            return hazard.before in ends[position]
    return False
