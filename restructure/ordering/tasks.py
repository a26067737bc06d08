"""Tasks that read and make buffers, and what an order of them needs.

A *buffer* is there from the task that makes it to the last that reads it; one that is *kept* stays to the end. A task
may *take over* a buffer it reads for its result, if nobody will read it any more. Views are no tasks' results: whoever
reads a view reads its buffer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

__all__ = ["Task", "Tasks"]


@dataclass(frozen=True, slots=True)
class Task:
    """One step of work.

    Attributes:
        reads: buffers, each once.
        makes: buffers; empty for a view.
        hosts: buffers that its first result may take over.
    """

    reads: tuple[int, ...]
    makes: tuple[int, ...]
    hosts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Tasks:
    """Some tasks in an order that works, and the buffers around them.

    Attributes:
        sizes: of every buffer, in bytes.
        there: buffers that are there before any task runs.
        kept: buffers that stay to the end.
        fixed: buffers that nothing overwrites.
    """

    tasks: tuple[Task, ...]
    sizes: Sequence[int]
    there: frozenset[int]
    kept: frozenset[int]
    fixed: frozenset[int] = frozenset()

    @cached_property
    def maker(self) -> dict[int, int]:
        """The task that makes a buffer."""
        return {buffer: index for index, task in enumerate(self.tasks) for buffer in task.makes}

    @cached_property
    def readers(self) -> dict[int, list[int]]:
        """The tasks that read a buffer."""
        found: dict[int, list[int]] = {}
        for index, task in enumerate(self.tasks):
            for buffer in task.reads:
                found.setdefault(buffer, []).append(index)
        return found

    @cached_property
    def reader_bits(self) -> dict[int, int]:
        """The same as a set of bits."""
        return {buffer: sum(1 << index for index in tasks) for buffer, tasks in self.readers.items()}

    @cached_property
    def before(self) -> list[int]:
        """Per task, those whose results it reads, as a set of bits."""
        makers = [{self.maker[buffer] for buffer in task.reads if buffer in self.maker} for task in self.tasks]
        return [sum(1 << index for index in indices) for indices in makers]

    @cached_property
    def after(self) -> list[list[int]]:
        """Per task, those that read its results."""
        found = [{reader for buffer in task.makes for reader in self.readers.get(buffer, ())} for task in self.tasks]
        return [sorted(readers) for readers in found]

    @property
    def start(self) -> int:
        """Bytes there before any task runs, without what nobody will read."""
        return sum(self.sizes[buffer] for buffer in self.there if buffer in self.kept or self.readers.get(buffer))

    def cost(self, index: int, done: int, live: int) -> tuple[int, int]:
        """Return the bytes there while a task runs, and after it.

        Args:
            done: the tasks that ran before, as a set of bits.
            live: bytes there before it.
        """
        task, sizes, readers, kept = self.tasks[index], self.sizes, self.reader_bits, self.kept
        later = ~(done | 1 << index)
        step = after = live
        taken = False
        for buffer in task.reads:
            if not readers[buffer] & later and buffer not in kept:
                after -= sizes[buffer]
                taken = taken or (buffer in task.hosts and buffer not in self.fixed)
        for number, buffer in enumerate(task.makes):
            if number or not taken:
                step += sizes[buffer]
            if buffer in kept or buffer in readers:
                after += sizes[buffer]
        return step, after

    def curve(self, order: Sequence[int]) -> list[int]:
        """Return the bytes there while each task runs, in an order; time grows linearly."""
        last = {buffer: index for index, task in enumerate(order) for buffer in self.tasks[task].reads}
        live, found = self.start, []
        for index, number in enumerate(order):
            task, step = self.tasks[number], live
            dead = [buffer for buffer in task.reads if last[buffer] == index and buffer not in self.kept]
            taken = any(buffer in task.hosts and buffer not in self.fixed for buffer in dead)
            step += sum(self.sizes[buffer] for buffer in task.makes[taken:])
            live += sum(self.sizes[buffer] for buffer in task.makes if buffer in last or buffer in self.kept)
            live -= sum(self.sizes[buffer] for buffer in dead)
            found.append(step)
        if found:
            # What nobody reads is there at the first step only.
            found[0] += sum(self.sizes[buffer] for buffer in self.there) - self.start
        return found
