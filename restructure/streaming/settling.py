"""A program's steps in a better order, where windows around its peak have one."""

from restructure.ordering import Task, Tasks, settle
from restructure.profile import Definition
from restructure.streaming.network import Network
from restructure.streaming.program import Program

__all__ = ["settled", "tasks_of"]


def settled(network: Network, program: Program, definition: Definition) -> Program:
    """Return the program with its steps in an order that needs no more than the given one.

    Orders are judged with copies counted, so programs for other layouts stay as they are.
    """
    if definition.layout != "copied":
        return program
    order = settle(tasks_of(network, program))
    return Program(
        program.blocks,
        [program.steps[index] for index in order],
        [program.costs[index] for index in order],
        program.fed,
        program.received,
        program.delivered,
    )


def tasks_of(network: Network, program: Program) -> Tasks:
    """Return a program's steps as tasks; a block and its views are one buffer."""
    buffer = list(range(len(program.blocks)))
    sizes = [network.tensors[tensor].row_bytes * (stop - start) for tensor, start, stop in program.blocks]
    tasks = []
    for index, made, read in program.steps:
        reads = tuple(dict.fromkeys(buffer[block] for block in read))
        op = network.ops[index] if index >= 0 else None
        if op is not None and op.is_view:
            buffer[made[0]] = reads[0]
            made = made[1:]
        tasks.append(Task(reads, made, reads[:1] if op is not None and op.takes_over else ()))
    given = frozenset(program.fed)
    return Tasks(tuple(tasks), sizes, given, frozenset(buffer[block] for block in program.delivered.values()), given)
