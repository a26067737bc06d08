"""Wrong Programs are caught: every mistake a compiler could make, made on purpose."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from small_networks import ALL, Case, residual_into_concat, spill_and_reload, tiled_convolution

from accelsim.functional import ExecutionError, Step, execute, random_order
from accelsim.program import Hazard, Opcode, Program, hazards

SEEDS = 40


def in_program_order(program: Program) -> list[Step]:
    return [Step(i, end) for i in range(len(program.instructions)) for end in (False, True)]


def run(case: Case, program: Program) -> None:
    execute(program, case.values, in_program_order(program))


def change(program: Program, position: int, part: str, index: int, **changes: object) -> Program:
    operands = list(getattr(program.instructions[position], part))
    operands[index] = replace(operands[index], **changes)
    instructions = list(program.instructions)
    instructions[position] = replace(instructions[position], **{part: tuple(operands)})  # type: ignore[arg-type]
    return replace(program, instructions=tuple(instructions))


def reorder(program: Program, order: Sequence[int]) -> Program:
    return replace(program, instructions=tuple(program.instructions[i] for i in order))


def positions(program: Program, opcode: Opcode) -> list[int]:
    return [i for i, instruction in enumerate(program.instructions) if instruction.opcode is opcode]


@pytest.fixture(params=ALL)
def case(request: pytest.FixtureRequest) -> Case:
    return ALL[request.param]()


def test_unchanged_programs_run(case: Case) -> None:
    run(case, case.program)


def test_swapped_addresses_of_two_operands_are_caught(case: Case) -> None:
    for position, instruction in enumerate(case.program.instructions):
        reads = instruction.reads
        pairs = [(a, b) for a in range(len(reads)) for b in range(a) if reads[a].address != reads[b].address]
        for a, b in pairs:
            swapped = change(case.program, position, "reads", a, address=reads[b].address, memory=reads[b].memory)
            swapped = change(swapped, position, "reads", b, address=reads[a].address, memory=reads[a].memory)
            with pytest.raises(ExecutionError, match=rf"^instruction {position} "):
                run(case, swapped)


def test_swapped_buffers_of_a_double_buffer_are_caught() -> None:
    case = tiled_convolution()
    first, second = (i for i in positions(case.program, Opcode.LOAD)[2:4])
    target = {i: case.program.instructions[i].writes[0] for i in (first, second)}
    swapped = change(case.program, first, "writes", 0, address=target[second].address)
    swapped = change(swapped, second, "writes", 0, address=target[first].address)
    message = r"^instruction 3 \(ARRAY\): address 1024 must hold x\[0, 0, 0, 0\], found bytes nobody wrote$"
    with pytest.raises(ExecutionError, match=message):
        run(case, swapped)


def test_every_dropped_load_is_caught(case: Case) -> None:
    for dropped in positions(case.program, Opcode.LOAD):
        rest = [i for i in range(len(case.program.instructions)) if i != dropped]
        with pytest.raises(ExecutionError, match="must hold"):
            run(case, reorder(case.program, rest))


def test_every_dropped_store_is_caught(case: Case) -> None:
    for dropped in positions(case.program, Opcode.STORE):
        rest = [i for i in range(len(case.program.instructions)) if i != dropped]
        with pytest.raises(ExecutionError, match="found bytes nobody wrote"):
            run(case, reorder(case.program, rest))


def test_a_reload_too_early_is_caught() -> None:
    case = spill_and_reload()
    spill = positions(case.program, Opcode.STORE)[0]
    reload = positions(case.program, Opcode.LOAD)[1]
    order = [i for i in range(len(case.program.instructions)) if i != reload]
    order.insert(spill, reload)
    message = r"^instruction 2 \(LOAD\): address 64 must hold mid\[0, 0, 0, 0\], found bytes nobody wrote$"
    with pytest.raises(ExecutionError, match=message):
        run(case, reorder(case.program, order))


def test_a_reload_to_bytes_still_in_use_is_caught() -> None:
    case = spill_and_reload()
    reload = positions(case.program, Opcode.LOAD)[1]
    in_use = case.program.instructions[reload - 1].writes[0].address
    early = change(case.program, reload, "writes", 0, address=in_use)
    early = change(early, reload + 1, "reads", 0, address=in_use)
    message = r"^instruction 5 \(VECTOR\): address 64 must hold other\[0, 0, 0, 0\], found mid\[0, 0, 0, 0\]$"
    with pytest.raises(ExecutionError, match=message):
        run(case, early)


def test_a_freed_range_that_is_used_again_too_early_is_caught() -> None:
    case = residual_into_concat()
    weights = case.program.instructions[2].writes[0].address
    wrong = change(case.program, 3, "writes", 0, address=weights)
    message = r"^instruction 4 \(ARRAY\): address 192 must hold v\[0, 0, 0, 0\], found joined\[0, 0, 0, 0\]$"
    with pytest.raises(ExecutionError, match=message):
        run(case, wrong)


def test_a_wrong_version_of_accumulators_is_caught() -> None:
    case = tiled_convolution()
    final = next(i for i in positions(case.program, Opcode.ARRAY) if len(case.program.instructions[i].reads) == 4)
    wrong = change(case.program, final, "reads", 3, version=2)
    message = (
        r"^instruction 4 \(ARRAY\): address 0 must hold conv\.acc\[0, 0, 0, 0\] version 2, "
        r"found conv\.acc\[0, 0, 0, 0\] version 1$"
    )
    with pytest.raises(ExecutionError, match=message):
        run(case, wrong)


def test_a_reduction_that_reads_used_up_accumulators_is_caught() -> None:
    case = tiled_convolution()
    final = next(i for i in positions(case.program, Opcode.ARRAY) if len(case.program.instructions[i].reads) == 4)
    twice = list(case.program.instructions)
    twice.insert(final + 1, twice[final])
    with pytest.raises(ExecutionError, match=r"conv\.acc\[0, 0, 0, 0\] version 1, found used up accumulators$"):
        run(case, replace(case.program, instructions=tuple(twice)))


def test_an_operand_shifted_by_one_element_is_caught(case: Case) -> None:
    for position, instruction in enumerate(case.program.instructions):
        for index, operand in enumerate(instruction.reads):
            shifted = change(case.program, position, "reads", index, address=operand.address + operand.element_bytes)
            with pytest.raises(ExecutionError, match=rf"^instruction {position} "):
                run(case, shifted)


def test_a_byte_in_the_middle_of_an_element_is_caught() -> None:
    case = tiled_convolution()
    bias = case.program.instructions[4].reads[2]
    message = r"^instruction 4 \(ARRAY\): address 513 must hold b\[0\], found b\[0\] byte 1$"
    with pytest.raises(ExecutionError, match=message):
        run(case, change(case.program, 4, "reads", 2, address=bias.address + 1))


def test_addresses_outside_the_memory_are_caught() -> None:
    case = spill_and_reload()
    with pytest.raises(
        ExecutionError, match=r"^instruction 1 \(VECTOR\): addresses 256\.\.319 lie outside the memory$"
    ):
        run(case, change(case.program, 1, "reads", 0, address=256))


def test_weights_read_at_another_place_of_their_image_are_caught() -> None:
    case = tiled_convolution()
    message = r"^instruction 0 \(LOAD\): address 196 must hold w\[0, 0, 0, 0\], found w\[0, 0, 1, 0\]"
    image = case.program.instructions[0].reads[0]
    with pytest.raises(ExecutionError, match=message):
        run(case, change(case.program, 0, "reads", 0, address=image.address + 4))


def test_a_missing_operand_is_named() -> None:
    case = residual_into_concat()
    instructions = list(case.program.instructions)
    instructions[3] = replace(instructions[3], reads=instructions[3].reads[:1])
    with pytest.raises(ExecutionError, match=r"^instruction 3 \(ARRAY\): Conv: no operand or operator 'weights'$"):
        run(case, replace(case.program, instructions=tuple(instructions)))


def test_fragments_with_a_hole_are_caught() -> None:
    case = residual_into_concat()
    whole = case.program.instructions[5].reads[0]
    parts = tuple(
        replace(whole, start=(0, row, 0, 0), shape=(1, 1, 4, 8), address=whole.address + 32 * row)
        for row in (0, 1, 3, 4)
    )
    instructions = list(case.program.instructions)
    instructions[5] = replace(instructions[5], reads=parts)
    message = r"^instruction 5 \(VECTOR\): the 4 fragments of input leave out element \[0, 2, 0, 0\]$"
    with pytest.raises(ExecutionError, match=message):
        run(case, replace(case.program, instructions=tuple(instructions)))


def test_a_result_that_does_not_fit_its_write_operands_is_caught() -> None:
    case = residual_into_concat()
    wrong = change(case.program, 3, "writes", 0, shape=(1, 4, 4, 4))
    message = r"a result of shape \(1, 5, 4, 4\) does not fit its write operands \(1, 4, 4, 4\)$"
    with pytest.raises(ExecutionError, match=message):
        run(case, wrong)


def test_an_output_that_was_never_stored_is_named() -> None:
    case = spill_and_reload()
    order = range(len(case.program.instructions) - 1)
    with pytest.raises(ExecutionError, match=r"^output y: address 128 must hold y\[0, 0, 0, 0\], found bytes nobody"):
        run(case, reorder(case.program, order))


def needed(program: Program, found: Sequence[Hazard]) -> Iterator[tuple[Hazard, list[Hazard]]]:
    """Every hazard that no path of others implies, with the others."""
    for hazard in found:
        rest = [h for h in found if h is not hazard]
        if not _implied(program, rest, hazard):
            yield hazard, rest


def _implied(program: Program, rest: Sequence[Hazard], hazard: Hazard) -> bool:
    """Whether the rest still makes `before` end before `after` starts."""
    units: list[list[int]] = [[] for _ in program.units]
    for position, instruction in enumerate(program.instructions):
        units[instruction.unit].append(position)
    edges: set[tuple[tuple[int, bool], tuple[int, bool]]] = {((h.before, True), (h.after, False)) for h in rest}
    for unit, queue in zip(program.units, units, strict=True):
        edges |= {((i, False), (i, True)) for i in queue}
        for i, j in itertools.pairwise(queue):
            edges |= {((i, False), (j, False)), ((i, True), (j, True))}
        edges |= {((i, True), (j, False)) for i, j in zip(queue, queue[unit.outstanding :], strict=False)}
    reached, frontier = set(), [(hazard.before, True)]
    while frontier:
        node = frontier.pop()
        if node not in reached:
            reached.add(node)
            frontier += [b for a, b in edges if a == node]
    return (hazard.after, False) in reached


def test_every_deleted_hazard_is_found_by_some_random_legal_order(case: Case) -> None:
    found = hazards(case.program)
    deleted = list(needed(case.program, found))
    assert deleted
    for hazard, rest in deleted:
        assert any(_fails(case, rest, seed) for seed in range(SEEDS)), hazard


def _fails(case: Case, allowed: Sequence[Hazard], seed: int) -> bool:
    try:
        execute(case.program, case.values, random_order(case.program, allowed, seed))
    except ExecutionError:
        return True
    return False


def test_a_conflict_with_an_instruction_under_way_names_both() -> None:
    case = spill_and_reload()
    order = [Step(0, False), Step(1, False)]
    message = (
        r"^instruction 1 \(VECTOR\): x\[0, 0, 0, 0\] at address 0 meets x\[0, 0, 0, 0\] of instruction 0 \(LOAD\), "
        r"which is still under way$"
    )
    with pytest.raises(ExecutionError, match=message):
        execute(case.program, case.values, order)


def test_hazards_that_contradict_the_order_of_units_are_refused() -> None:
    case = spill_and_reload()
    backwards = [replace(h, before=h.after, after=h.before) for h in hazards(case.program)]
    with pytest.raises(ValueError, match=re.escape("contradict each other")):
        random_order(case.program, backwards, 0)


def test_values_of_another_shape_are_refused() -> None:
    case = spill_and_reload()
    with pytest.raises(
        ValueError, match=r"^values of x: must have the physical shape \(1, 4, 4, 4\), got \(1, 2, 4, 4\)$"
    ):
        execute(case.program, lambda name: case.values(name)[:, :2], 0)
