"""A sound Program passes; every way to contradict itself is named, with its place, rule and value."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sketch import DRAM, PAD, Sketch

from accelsim.program import (
    ArrayWork,
    MatrixKernel,
    Program,
    ProgramError,
    Tile,
    Unit,
    UnitKind,
    VectorKernel,
    Window,
    check,
)

PROJECTION = MatrixKernel("Conv", Window(), 1, 4, 4, (2, 2))


def sound() -> Program:
    """LOAD x and w, ARRAY y, STORE y."""
    s = Sketch("dma0:2 dma1:2 array vector", pad_bytes=64)
    x, w, y = s.tensor("x", (1, 2, 2, 4)), s.tensor("w", (4, 1, 1, 4)), s.tensor("y", (1, 2, 2, 4))
    images = s.image(x), s.image(w)
    pads = [s.range(PAD, t, 16 * i) for i, t in enumerate((x, w, y))]
    y_dram = s.range(DRAM, y)
    kernel = s.kernel(PROJECTION)
    s.load("dma0", s.at(images[0]), s.at(pads[0]))
    s.load("dma0", s.at(images[1]), s.at(pads[1]))
    tile = Tile((0, 0, 0, 0), (1, 2, 2, 4), (0, 4))
    s.array([s.at(pads[0]), s.at(pads[1], slot="weights")], [s.at(pads[2], slot="output")], 10, kernel, tile)
    s.store("dma1", s.at(pads[2]), s.at(y_dram))
    s.output("y", y_dram)
    return s.program()


def instruction(program: Program, position: int, **changes: object) -> Program:
    changed = list(program.instructions)
    changed[position] = replace(changed[position], **changes)  # type: ignore[arg-type]
    return replace(program, instructions=tuple(changed))


def operand(program: Program, position: int, part: str, index: int = 0, **changes: object) -> Program:
    operands = list(getattr(program.instructions[position], part))
    operands[index] = replace(operands[index], **changes)
    return instruction(program, position, **{part: tuple(operands)})


def range_(program: Program, index: int, **changes: object) -> Program:
    changed = list(program.ranges)
    changed[index] = replace(changed[index], **changes)  # type: ignore[arg-type]
    return replace(program, ranges=tuple(changed))


def unit(program: Program, index: int, wrong: Unit) -> Program:
    return replace(program, units=(*program.units[:index], wrong, *program.units[index + 1 :]))


def output(program: Program, **changes: object) -> Program:
    return replace(program, outputs=(replace(program.outputs[0], **changes),))  # type: ignore[arg-type]


Break = Callable[[Program], Program]
WRONG: dict[str, tuple[Break, str]] = {
    "unknown unit": (
        lambda p: instruction(p, 2, unit=9),
        "instruction 2 (ARRAY): unit must be one of 4, got 9",
    ),
    "opcode on another unit": (
        lambda p: instruction(p, 2, unit=3),
        "instruction 2 (ARRAY): must run on a array unit, got vector",
    ),
    "unknown layer": (
        lambda p: instruction(p, 0, layer=-1),
        "instruction 0 (LOAD): layer must be one of 1, got -1",
    ),
    "no room": (
        lambda p: unit(p, 0, Unit("dma0", UnitKind.DMA, 0)),
        "unit dma0: outstanding must be ≥ 1, got 0",
    ),
    "an array with two in flight": (
        lambda p: unit(p, 2, Unit("array", UnitKind.ARRAY, 2)),
        "unit array: only DMA channels may have several outstanding, got 2",
    ),
    "unknown tensor": (
        lambda p: operand(p, 2, "reads", tensor=7),
        "instruction 2 (ARRAY): reads[0]: tensor must be one of 3, got 7",
    ),
    "unknown range": (
        lambda p: operand(p, 2, "reads", range=-1),
        "instruction 2 (ARRAY): reads[0]: range must be one of 6, got -1",
    ),
    "region outside the tensor": (
        lambda p: operand(p, 2, "reads", start=(0, 1, 0, 0)),
        "instruction 2 (ARRAY): reads[0]: x: region must lie in (1, 2, 2, 4), got (1, 2, 2, 4) at (0, 1, 0, 0)",
    ),
    "wrong rank": (
        lambda p: operand(p, 2, "reads", start=(0, 0, 0)),
        "instruction 2 (ARRAY): reads[0]: x: start, shape and strides must have 4 axes, got (0, 0, 0), …",
    ),
    "wrong element size": (
        lambda p: operand(p, 2, "reads", element_bytes=2),
        "instruction 2 (ARRAY): reads[0]: x: elements must have 1 B, got 2 B",
    ),
    "colliding elements": (
        lambda p: operand(p, 2, "reads", strides=(16, 8, 3, 1)),
        "instruction 2 (ARRAY): reads[0]: x: elements must not collide, "
        "got shape (1, 2, 2, 4) with strides (16, 8, 3, 1)",
    ),
    "another memory than the range's": (
        lambda p: operand(p, 2, "reads", memory=DRAM),
        "instruction 2 (ARRAY): reads[0]: x: memory must be that of its range, got dram and range 2 in scratchpad",
    ),
    "a range of another tensor": (
        lambda p: operand(p, 2, "reads", range=3, address=16),
        "instruction 2 (ARRAY): reads[0]: x: range 3 is reserved for w",
    ),
    "one byte beyond the range": (
        lambda p: operand(p, 2, "reads", address=1),
        "instruction 2 (ARRAY): reads[0]: x: must lie in range 2 [0, 16), got [1, 17)",
    ),
    "one byte before the range": (
        lambda p: operand(p, 2, "reads", index=1, address=15),
        "instruction 2 (ARRAY): reads[1]: w: must lie in range 3 [16, 32), got [15, 31)",
    ),
    "a transfer of two regions": (
        lambda p: instruction(p, 0, writes=p.instructions[0].writes + p.instructions[1].writes),
        "instruction 0 (LOAD): must have one read and one write, got 1 and 2",
    ),
    "a transfer that changes the region": (
        lambda p: operand(p, 0, "writes", version=1),
        "instruction 0 (LOAD): must move one region, got x[0, 0, 0, 0] (1, 2, 2, 4) version 0 → "
        "x[0, 0, 0, 0] (1, 2, 2, 4) version 1",
    ),
    "a load in the wrong direction": (
        lambda p: instruction(p, 0, reads=p.instructions[0].writes, writes=p.instructions[0].reads),
        "instruction 0 (LOAD): must move from DRAM to the chip, got scratchpad → dram",
    ),
    "no kernel": (
        lambda p: instruction(p, 2, kernel=-1),
        "instruction 2 (ARRAY): kernel must be one of 1, got -1",
    ),
    "a kernel of the other kind": (
        lambda p: replace(p, kernels=(VectorKernel("Relu"),)),
        "instruction 2 (ARRAY): kernel must be a MatrixKernel, got VectorKernel",
    ),
    "no work": (
        lambda p: instruction(p, 2, work=None),
        "instruction 2 (ARRAY): work must be ArrayWork, got NoneType",
    ),
    "negative work": (
        lambda p: instruction(p, 2, work=ArrayWork(0, -1, 0, 0, 0, 0, 0, 0)),
        "instruction 2 (ARRAY): work must take ≥ 0 cycles, got -1",
    ),
    "no tile": (lambda p: instruction(p, 2, tile=None), "instruction 2 (ARRAY): tile must be given"),
    "nothing written": (
        lambda p: range_(instruction(p, 2, writes=()), 4, first=3),
        "instruction 2 (ARRAY): must write something",
    ),
    "compute on DRAM": (
        lambda p: range_(range_(operand(p, 2, "reads", memory=DRAM, range=0, address=0), 0, last=2), 2, last=0),
        "instruction 2 (ARRAY): operands must lie on the chip, got x in DRAM",
    ),
    "a broken image": (
        lambda p: replace(p, images=(replace(p.images[0], address=1), p.images[1])),
        "image: x: must lie in range 0 [0, 16), got [1, 17)",
    ),
    "an output with a hole": (
        lambda p: output(p, shape=(1, 2, 3, 4)),
        "output y: pieces must make up 24 elements, got 16",
    ),
    "an output piece that sticks out": (
        lambda p: output(p, pieces=(replace(p.outputs[0].pieces[0], start=(0, 0, 0, 1)),)),
        "output y: pieces must lie inside (1, 2, 2, 4), got (1, 2, 2, 4) at (0, 0, 0, 1)",
    ),
    "a range beyond its memory": (
        lambda p: range_(p, 4, size_bytes=33),
        "range 4: must lie in scratchpad of 64 B, got 33 B at address 32",
    ),
    "a wrong lifetime": (
        lambda p: range_(p, 3, last=1),
        "range 3: must live from 1 to 2, which touch it, got 1 … 1",
    ),
    "overlapping DRAM ranges": (
        lambda p: range_(p, 0, size_bytes=17),
        "range 1: shares bytes with range 0 while both live, got [16, 32)",
    ),
    "overlapping ranges on the chip that live together": (
        lambda p: range_(p, 2, size_bytes=17),
        "range 3: shares bytes with range 2 while both live, got [16, 32)",
    ),
}


def test_a_sound_program_passes() -> None:
    check(sound())


@pytest.mark.parametrize("name", WRONG)
def test_every_contradiction_is_named_before_its_consequences(name: str) -> None:
    damage, message = WRONG[name]
    with pytest.raises(ProgramError) as caught:
        check(damage(sound()))
    assert caught.value.problems[0] == message


def test_bytes_may_be_used_again_once_their_range_is_dead() -> None:
    program = sound()
    reused = operand(range_(program, 4, address=0), 2, "writes", address=0)
    check(operand(reused, 3, "reads", address=0))


def test_all_problems_are_reported_and_the_text_shows_the_first_ten() -> None:
    program = sound()
    for position in range(4):
        program = instruction(program, position, layer=5, unit=8)
    program = replace(program, instructions=program.instructions * 2)
    with pytest.raises(ProgramError) as caught:
        check(program)
    lines = str(caught.value).splitlines()
    assert len(lines) == 11
    assert lines[-1] == f"… and {len(caught.value.problems) - 10} more"
    assert caught.value.exit_code == 5
