"""Hazards against the slow, obvious relation: all pairs of instructions, all bytes."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st
from random_programs import programs
from sketch import DRAM, PAD, Sketch

from accelsim.program import Hazard, HazardKind, Instruction, Operand, Program, hazards, predecessors


def byte_set(operands: tuple[Operand, ...]) -> set[tuple[int, int]]:
    return {
        (o.memory, o.address + sum(i * s for i, s in zip(index, o.strides, strict=True)) + byte)
        for o in operands
        for index in product(*(range(n) for n in o.shape))
        for byte in range(o.element_bytes)
    }


def conflicts(before: Instruction, after: Instruction) -> set[HazardKind]:
    reads, writes = byte_set(before.reads), byte_set(before.writes)
    kinds = {
        HazardKind.RAW: writes & byte_set(after.reads),
        HazardKind.WAR: reads & byte_set(after.writes),
        HazardKind.WAW: writes & byte_set(after.writes),
    }
    return {kind for kind, shared in kinds.items() if shared}


def ordered(program: Program, found: tuple[Hazard, ...]) -> list[set[int]]:
    """For every instruction those that have completed before it starts, by hazards and by the order of units."""
    done: list[set[int]] = []
    for position, instruction in enumerate(program.instructions):
        unit = [i for i in range(position) if program.instructions[i].unit == instruction.unit]
        outstanding = program.units[instruction.unit].outstanding
        direct = {h.before for h in found if h.after == position} | set(unit[: max(0, len(unit) - outstanding + 1)])
        behind = {j for i in direct for j in range(i) if program.instructions[j].unit == program.instructions[i].unit}
        started_later = set().union(*(done[i] for i in unit)) if unit else set()
        before = direct | behind | started_later
        done.append(before.union(*(done[i] for i in before)) if before else before)
    return done


@settings(max_examples=80, deadline=None)
@given(programs())
def test_every_conflicting_pair_is_ordered(program: Program) -> None:
    done = ordered(program, hazards(program))
    for after, instruction in enumerate(program.instructions):
        for before in range(after):
            if conflicts(program.instructions[before], instruction):
                assert before in done[after]


@settings(max_examples=80, deadline=None)
@given(programs())
def test_every_hazard_is_a_real_conflict_of_its_kind(program: Program) -> None:
    for hazard in hazards(program):
        assert hazard.before < hazard.after
        kinds = conflicts(program.instructions[hazard.before], program.instructions[hazard.after])
        assert hazard.kind in kinds


@settings(max_examples=100, deadline=None)
@given(programs())
def test_an_instruction_waits_for_at_most_one_instruction_of_each_unit(program: Program) -> None:
    for waits in predecessors(len(program.instructions), hazards(program)):
        units = [program.instructions[h.before].unit for h in waits]
        assert len(set(units)) == len(units)


#: Bytes in a row that instructions use over and over: buffers side by side, and some that lie across them.
BUFFERS = ((0, 16), (16, 16), (32, 8), (0, 32), (8, 16), (36, 4))
UNITS = ("array", "vector", "dma0")

# The first one most often: what makes a buffer of it takes several accesses to nothing else.
accesses = st.lists(st.sampled_from((0, 0, 0, 0, 1, 1, 2, 3, 4, 5)), max_size=2, unique=True)
instructions = st.lists(st.tuples(st.sampled_from(UNITS), accesses, accesses), min_size=1, max_size=40)


def byte_by_byte(units: list[int], used: list[tuple[set[int], set[int]]]) -> set[Hazard]:
    """What each instruction waits for, given its unit and the bytes it reads and writes, asked of every byte."""
    written: dict[int, int] = {}
    read: dict[int, dict[int, int]] = {}
    found = set()
    for position, (reads, writes) in enumerate(used):
        reasons = [(written[byte], HazardKind.RAW) for byte in reads if byte in written]
        reasons += [(written[byte], HazardKind.WAW) for byte in writes if byte in written]
        reasons += [(reader, HazardKind.WAR) for byte in writes for reader in read.get(byte, {}).values()]
        for unit in set(units) - {units[position]}:
            of_unit = [(before, kind) for before, kind in reasons if units[before] == unit]
            if of_unit:
                last = max(before for before, _ in of_unit)
                kinds = {kind for before, kind in of_unit if before == last}
                order = (HazardKind.RAW, HazardKind.WAW, HazardKind.WAR)
                found.add(Hazard(last, position, next(kind for kind in order if kind in kinds)))
        for byte in reads:
            read.setdefault(byte, {})[units[position]] = position
        for byte in writes:
            written[byte], read[byte] = position, {}
    return found


@settings(max_examples=400, deadline=None)
@given(instructions)
def test_whoever_uses_bytes_in_a_row_waits_for_exactly_who_used_each_of_them_last(
    drawn: list[tuple[str, list[int], list[int]]],
) -> None:
    s = Sketch("array vector dma0")
    places = [s.at(s.range(PAD, s.tensor(f"t{i}", (size,)), at)) for i, (at, size) in enumerate(BUFFERS)]
    home = s.at(s.image(s.tensor("home", (16,))))
    for unit, reads, writes in drawn:
        sources, targets = [places[i] for i in reads], [places[i] for i in writes]
        if unit == "dma0":
            s.load(unit, sources[0] if sources else home, targets[0] if targets else places[0])
        elif unit == "array":
            s.array(sources, targets)
        else:
            s.vector(sources, targets)
    program = s.program()
    used = [
        tuple({byte for memory, byte in byte_set(operands) if memory == PAD} for operands in (i.reads, i.writes))
        for i in program.instructions
    ]
    assert set(hazards(program)) == byte_by_byte([i.unit for i in program.instructions], used)


def line(s: Sketch, number: int, size: int = 16) -> Operand:
    return s.at(s.range(PAD, s.tensor(f"line{number}", (size,)), 16 * number))


def test_raw_war_and_waw_are_told_apart() -> None:
    s = Sketch("dma0 array vector")
    a, b, c = line(s, 0), line(s, 1), line(s, 2)
    s.array([], [a])
    s.vector([a], [b])
    s.array([b], [c])
    s.vector([], [c])
    s.array([c], [a])
    assert hazards(s.program()) == (
        Hazard(0, 1, HazardKind.RAW),
        Hazard(1, 2, HazardKind.RAW),
        Hazard(2, 3, HazardKind.WAW),
        Hazard(3, 4, HazardKind.RAW),
    )


def test_a_buffer_that_is_filled_and_emptied_over_and_over_orders_each_filling_and_each_emptying() -> None:
    s = Sketch("array vector")
    for _ in range(4):
        s.array([], [line(s, 0)])
        s.vector([line(s, 0)], [])
    kinds = (HazardKind.RAW, HazardKind.WAR)
    assert hazards(s.program()) == tuple(Hazard(i, i + 1, kinds[i % 2]) for i in range(7))


def test_reads_do_not_wait_for_reads() -> None:
    s = Sketch("dma0 array vector")
    s.array([line(s, 0)], [line(s, 1)])
    s.vector([line(s, 0)], [line(s, 2)])
    assert hazards(s.program()) == ()


def test_a_unit_with_one_in_flight_needs_no_hazards_of_its_own_and_one_with_two_does() -> None:
    for units, expected in (("dma0:1", ()), ("dma0:2", (Hazard(0, 1, HazardKind.RAW),))):
        s = Sketch(units)
        pad = line(s, 0)
        first, second = (s.at(s.range(DRAM, s.tensor(name, (16,)))) for name in "xy")
        s.load("dma0", first, pad)
        s.store("dma0", pad, second)
        assert hazards(s.program()) == expected


def test_interleaved_channel_slices_do_not_wait_for_each_other() -> None:
    s = Sketch("array vector")
    both = s.range(PAD, s.tensor("both", (4, 8)), 0)
    s.array([], [s.within(both, (0, 0), (4, 4))])
    s.vector([], [s.within(both, (0, 4), (4, 4))])
    assert hazards(s.program()) == ()


def test_a_reader_of_the_whole_waits_for_every_unit_that_wrote_a_slice() -> None:
    s = Sketch("dma0 array vector")
    both = s.range(PAD, s.tensor("both", (4, 8)), 0)
    s.array([], [s.within(both, (0, 0), (4, 4))])
    s.vector([], [s.within(both, (0, 4), (4, 4))])
    s.store("dma0", s.at(both), s.at(s.range(DRAM, s.tensor("out", (4, 8)))))
    assert hazards(s.program()) == (Hazard(0, 2, HazardKind.RAW), Hazard(1, 2, HazardKind.RAW))


def test_slices_that_fill_a_range_together_stand_for_what_it_held_before() -> None:
    s = Sketch("dma0 array vector")
    held = s.range(PAD, s.tensor("held", (4, 8)), 0)
    out = s.at(s.range(DRAM, s.tensor("out", (4, 8))))
    s.store("dma0", s.at(held), out)
    s.array([], [s.within(held, (0, 0), (4, 4))])
    s.array([], [s.within(held, (0, 4), (4, 4))])
    s.vector([], [s.at(held)])
    assert [h for h in hazards(s.program()) if h.after == 3] == [Hazard(2, 3, HazardKind.WAW)]


def test_dram_that_nobody_writes_makes_no_hazards() -> None:
    s = Sketch("dma0 dma1")
    image = s.at(s.image(s.tensor("w", (16,))))
    s.load("dma0", image, line(s, 0))
    s.load("dma1", image, line(s, 1))
    assert hazards(s.program()) == ()
