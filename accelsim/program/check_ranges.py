"""Do ranges fit their memories, and keep apart while they live?"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from heapq import heappop, heappush

from accelsim.program.records import MemoryKind, Program, Range


def range_problems(program: Program) -> Iterator[str]:
    """What is wrong with the ranges of a Program."""
    sound = True
    for index, held in enumerate(program.ranges):
        for problem in _own_problems(program, held):
            sound = False
            yield f"range {index}: {problem}"
    if sound:
        yield from _lifetime_problems(program)
        for memory in range(len(program.memories)):
            yield from _overlaps(program, memory)


def _own_problems(program: Program, held: Range) -> Iterator[str]:
    if not 0 <= held.memory < len(program.memories):
        yield f"memory must be one of {len(program.memories)}, got {held.memory}"
        return
    if not 0 <= held.tensor < len(program.tensors):
        yield f"tensor must be one of {len(program.tensors)}, got {held.tensor}"
    memory = program.memories[held.memory]
    if held.address < 0 or held.size_bytes < 1 or held.address + held.size_bytes > memory.capacity_bytes:
        yield (
            f"must lie in {memory.name} of {memory.capacity_bytes:,} B, "
            f"got {held.size_bytes:,} B at address {held.address}"
        )


def _lifetime_problems(program: Program) -> Iterator[str]:
    lives: dict[int, tuple[int, int]] = {}
    for position, instruction in enumerate(program.instructions):
        for operand in instruction.reads + instruction.writes:
            lives[operand.range] = (lives.get(operand.range, (position, position))[0], position)
    for index, (first, last) in lives.items():
        held = program.ranges[index] if 0 <= index < len(program.ranges) else None
        if held is not None and not held.first <= first <= last <= held.last:
            yield f"range {index}: must live from {first} to {last}, which touch it, got {held.first} … {held.last}"


def _overlaps(program: Program, memory: int) -> Iterator[str]:
    """Pairs of ranges that share bytes while both live; DRAM ranges always live.

    A sweep over the instructions: the living ranges are disjoint, so a new one need only look at its neighbours.
    """
    always = program.memories[memory].kind is MemoryKind.DRAM
    mine = [(0 if always else r.first, i) for i, r in enumerate(program.ranges) if r.memory == memory]
    living: list[tuple[int, int]] = []
    deaths: list[tuple[int, int]] = []
    for first, index in sorted(mine):
        held = program.ranges[index]
        while deaths and deaths[0][0] <= first and not always:
            dead = heappop(deaths)[1]
            living.remove((program.ranges[dead].address, dead))
        place = bisect_left(living, (held.address, index))
        for _, other in living[max(0, place - 1) : place + 1]:
            if _share(held, program.ranges[other]):
                yield f"range {index}: shares bytes with range {other} while both live, {_span(held)}"
                break
        else:
            insort(living, (held.address, index))
            heappush(deaths, (held.last, index))


def _share(a: Range, b: Range) -> bool:
    return a.address < b.address + b.size_bytes and b.address < a.address + a.size_bytes


def _span(held: Range) -> str:
    return f"got [{held.address}, {held.address + held.size_bytes})"
