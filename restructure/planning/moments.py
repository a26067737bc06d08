"""What is there at one step of a program."""

from dataclasses import dataclass

from restructure.streaming import Lives, Network, Program

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


def moment(network: Network, program: Program, lives: Lives, step: int) -> Moment:
    """Return what is there at a step."""
    held: dict[int, int] = {}
    for block, ((tensor, start, stop), root, birth, last) in enumerate(zip(program.blocks, *lives, strict=True)):
        if root == block and 0 <= birth <= step <= last:
            held[tensor] = held.get(tensor, 0) + network.tensors[tensor].row_bytes * (stop - start)
    op, made, read = program.steps[step]
    here = frozenset(program.blocks[block][0] for block in (*made, *read))
    return Moment(op, here, dict(sorted(held.items(), key=lambda item: -item[1])))
