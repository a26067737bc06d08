"""Execute a Program with real numbers, in the order of a Trace or in any other that its hazards allow."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from accelsim.functional.compute import compute
from accelsim.functional.errors import ExecutionError
from accelsim.functional.flight import Flight
from accelsim.functional.fragments import gather, scatter
from accelsim.functional.memory import MemorySystem
from accelsim.functional.operators import Values
from accelsim.functional.order import Step, random_order, trace_order
from accelsim.functional.ties import Ties
from accelsim.program import Instruction, NetworkOutput, Opcode, Operand, Program, TensorKind, hazards
from accelsim.trace import Trace

Write = tuple[Operand, Values | None]


def execute(
    program: Program,
    values: Callable[[str], NDArray[np.generic]],
    order: Trace | Sequence[Step] | int,
    ties: Ties | None = None,
) -> dict[str, Values]:
    """Run every instruction on a shadow memory.

    Args:
        program: what to run.
        values: physical arrays, by tensor name, of the tensors in `program.images`.
        order: a Trace; or steps; or a seed for a random order that the Program's hazards allow.
        ties: what a reference rounds to a scale, for where two roundings are right; counts what it decided.

    Returns:
        The network's outputs in the model's shapes, by name.

    Raises:
        ExecutionError: an instruction or an output reads bytes that do not hold what it should read.
    """
    return Execution(program, values, ties).run(_steps(program, order))


def _steps(program: Program, order: Trace | Sequence[Step] | int) -> Sequence[Step]:
    if isinstance(order, Trace):
        return trace_order(program, order)
    if isinstance(order, int):
        return random_order(program, hazards(program), order)
    return order


class Execution:
    """One run: memories, and the results of instructions under way."""

    def __init__(
        self, program: Program, values: Callable[[str], NDArray[np.generic]], ties: Ties | None = None
    ) -> None:
        self._ties = ties
        self._program = program
        self._memory = MemorySystem(program, values)
        self._flight = Flight(program)
        self._results: dict[int, list[Write]] = {}

    def run(self, order: Sequence[Step]) -> dict[str, Values]:
        """Take every step, then read the outputs."""
        for step in order:
            try:
                (self._end if step.end else self._start)(step.instruction)
            except ExecutionError as error:
                opcode = self._program.instructions[step.instruction].opcode
                raise ExecutionError(f"instruction {step.instruction} ({opcode}): {error}") from None
        return {output.name: self._output(output) for output in self._program.outputs}

    def _start(self, position: int) -> None:
        self._flight.start(position)
        instruction = self._program.instructions[position]
        if instruction.opcode in (Opcode.LOAD, Opcode.STORE):
            self._results[position] = [(instruction.writes[0], self._memory.read(instruction.reads[0]))]
        else:
            self._results[position] = self._compute(instruction)

    def _compute(self, instruction: Instruction) -> list[Write]:
        result = compute(self._program, instruction, gather(instruction.reads, self._memory.read), self._ties)
        final = instruction.tile is None or instruction.tile.final
        scratch = [o for o in instruction.writes if final and self._accumulates(o)]
        kept = [o for o in instruction.writes if not (final and self._accumulates(o))]
        return [*((o, None) for o in scratch), *scatter(kept, result)]

    def _accumulates(self, operand: Operand) -> bool:
        return self._program.tensors[operand.tensor].kind is TensorKind.PARTIAL

    def _end(self, position: int) -> None:
        for operand, values in self._results.pop(position):
            if values is None:
                self._memory.use_up(operand)
            else:
                self._memory.write(operand, values)
        self._flight.end(position)

    def _output(self, output: NetworkOutput) -> Values:
        physical = np.full(output.shape, np.nan, dtype=np.float32)
        for piece in output.pieces:
            where = tuple(slice(a, a + n) for a, n in zip(piece.start, piece.operand.shape, strict=True))
            try:
                physical[where] = self._memory.read(piece.operand)
            except ExecutionError as error:
                raise ExecutionError(f"output {output.name}: {error}") from None
        return physical.transpose(output.onnx_axes).reshape(output.onnx_shape)
