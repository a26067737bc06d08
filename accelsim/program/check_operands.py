"""Is an operand a region of its tensor, laid out inside its range?"""

from __future__ import annotations

from collections.abc import Iterator

from accelsim.program.records import Operand, Program


def operand_problems(program: Program, operand: Operand) -> Iterator[str]:
    """What is wrong with an operand; later checks are left out where earlier ones make them meaningless."""
    index_problems = list(_index_problems(program, operand))
    if index_problems:
        yield from index_problems
        return
    shape_problems = list(_region_problems(program, operand))
    yield from shape_problems
    if not shape_problems:
        yield from _address_problems(program, operand)


def _index_problems(program: Program, operand: Operand) -> Iterator[str]:
    tables = (("tensor", program.tensors), ("memory", program.memories), ("range", program.ranges))
    for name, table in tables:
        if not 0 <= getattr(operand, name) < len(table):
            yield f"{name} must be one of {len(table)}, got {getattr(operand, name)}"


def _region_problems(program: Program, operand: Operand) -> Iterator[str]:
    tensor = program.tensors[operand.tensor]
    ranks = {len(operand.start), len(operand.shape), len(operand.strides), len(tensor.shape)}
    axes = len(tensor.shape)
    if len(ranks) > 1 or any(given and len(given) != axes for given in (operand.at, operand.steps)):
        yield f"{tensor.name}: start, shape and strides must have {len(tensor.shape)} axes, got {operand.start}, …"
        return
    if any(step < 1 for step in operand.steps):
        yield f"{tensor.name}: steps must be ≥ 1, got {operand.steps}"
        return
    spans = zip(operand.elements_of_tensor, tensor.shape, strict=True)
    if any(not wanted or wanted[0] < 0 or wanted[-1] >= whole for wanted, whole in spans):
        yield f"{tensor.name}: region must lie in {tensor.shape}, got {operand.shape} at {operand.start}"
    if operand.element_bytes != tensor.element_bytes:
        yield f"{tensor.name}: elements must have {tensor.element_bytes} B, got {operand.element_bytes} B"
    if _collides(operand):
        yield f"{tensor.name}: elements must not collide, got shape {operand.shape} with strides {operand.strides}"


def _collides(operand: Operand) -> bool:
    """Whether some stride is shorter than what lies inside it."""
    inside = operand.element_bytes
    for stride, count in sorted(zip(operand.strides, operand.shape, strict=True)):
        if count > 1:
            if stride < inside:
                return True
            inside += (count - 1) * stride
    return False


def _address_problems(program: Program, operand: Operand) -> Iterator[str]:
    tensor, held = program.tensors[operand.tensor], program.ranges[operand.range]
    if held.memory != operand.memory:
        names = program.memories[operand.memory].name, operand.range, program.memories[held.memory].name
        yield f"{tensor.name}: memory must be that of its range, got {names[0]} and range {names[1]} in {names[2]}"
    if held.tensor != operand.tensor:
        yield f"{tensor.name}: range {operand.range} is reserved for {program.tensors[held.tensor].name}"
    end, limit = operand.box.end, held.address + held.size_bytes
    if operand.address < held.address or end > limit:
        yield (
            f"{tensor.name}: must lie in range {operand.range} [{held.address}, {limit}), "
            f"got [{operand.address}, {end})"
        )
