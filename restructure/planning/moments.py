"""What is there at one step of a program."""

from dataclasses import dataclass

from restructure.streaming import Occupancy, Program

__all__ = ["Moment", "moment"]


@dataclass(frozen=True, slots=True)
class Moment:
    """One step.

    Attributes:
        op: what runs; negative for a Slice or Concat.
        here: tensors it reads and makes.
        held: what is live: tensor → bytes, largest first.
    """

    op: int
    here: frozenset[int]
    held: dict[int, int]


def moment(program: Program, found: Occupancy, step: int) -> Moment:
    """Return what is there at a step."""
    held = found.at(step)
    op, made, read = program.steps[step]
    here = frozenset(program.blocks[block][0] for block in (*made, *read))
    return Moment(op, here, dict(sorted(held.items(), key=lambda item: -item[1])))
