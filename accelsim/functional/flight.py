"""No instruction may touch bytes that another one under way writes: checked on the boxes, without the hazards."""

from __future__ import annotations

from accelsim.functional.errors import ExecutionError
from accelsim.program import Instruction, Operand, Program


class Flight:
    """The instructions under way."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._under_way: dict[int, Instruction] = {}

    def start(self, position: int) -> None:
        """Note a start.

        Raises:
            ExecutionError: it conflicts with an instruction under way.
        """
        instruction = self._program.instructions[position]
        for other, running in self._under_way.items():
            mine = instruction.reads + instruction.writes
            self._require_apart(other, running, mine, running.writes)
            self._require_apart(other, running, instruction.writes, running.reads)
        self._under_way[position] = instruction

    def end(self, position: int) -> None:
        """Note an end."""
        del self._under_way[position]

    def _require_apart(
        self, other: int, running: Instruction, mine: tuple[Operand, ...], theirs: tuple[Operand, ...]
    ) -> None:
        for a in mine:
            for b in theirs:
                if a.memory == b.memory and a.box.overlaps(b.box):
                    names = self._program.tensors[a.tensor].name, self._program.tensors[b.tensor].name
                    raise ExecutionError(
                        f"{names[0]}{list(a.start)} at address {a.address} meets {names[1]}{list(b.start)} of "
                        f"instruction {other} ({running.opcode}), which is still under way"
                    )
