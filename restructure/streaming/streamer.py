"""The streaming order: every part is made when somebody needs it, in chunks, depth first.

A retained tensor is made top to bottom in blocks of at most its phase's `rows`; a consumer's window is one block, a
Slice of one, or a Concat of several. What no consumer will read again is let go: a block when its last row is dead, and
by a Slice of its tail when at least half of it is. A recomputed tensor is made window by window for each consumer.
"""

from collections.abc import Sequence
from math import inf

from restructure.streaming.holdings import Holdings
from restructure.streaming.network import Network, Op
from restructure.streaming.program import Program
from restructure.streaming.settings import Phase

__all__ = ["AboveLimitError", "Streamer", "stream"]


def stream(network: Network, phases: Sequence[Phase], input_rows: "dict[int, int] | None" = None) -> Program:
    """Return the program of a network under consecutive phases that cover its ops.

    Args:
        input_rows: network input → rows of the pieces it is split into before anything runs.
    """
    run = Streamer(network)
    late = any(phase.restart for phase in phases)
    for tensor in network.inputs:
        run.holdings.feed(tensor, (input_rows or {}).get(tensor, 0), late)
    for phase in phases:
        run.run(phase)
    run.deliver()
    run.program.prune()
    return run.program


class AboveLimitError(Exception):
    """A run needs more active memory, or more steps, than it may."""


class Streamer:
    """One run. Sources are fed, phases run one after another, outputs are delivered; `program` grows all the while.

    Args:
        limit: of active memory in bytes; a run that is seen to need more raises AboveLimitError (some are not seen).
        most_steps: a run with more steps raises it too.

    Attributes:
        progress: share of the current phase's results that is made, 0..1.

    Invariant: rows before `done[op]` were made; ops from `stop` on have not begun.
    """

    def __init__(self, network: Network, limit: float = inf, most_steps: float = inf) -> None:
        self.network, self.limit, self.most_steps = network, limit, most_steps
        self.row_bytes = network.row_bytes
        self._known_windows, self._nodes_of = network.memo.windows, network.nodes_of
        self._first_rows = network.memo.first_rows
        self.limited = limit < inf
        self.progress = 0.0
        self.program = Program()
        self.holdings = Holdings(network, self.program)
        self.done = [0] * len(network.ops)
        self.stop = 0
        self.rows: dict[int, int] = {}
        self._sizes: dict[int, tuple[int, int]] = {}
        self.grid = False
        self.recomputed: frozenset[int] = frozenset()
        self._touched: list[int] = []

    def run(self, phase: Phase) -> None:
        """Run the ops of a phase to their end."""
        self.rows, self.grid, self._sizes = dict(phase.rows), phase.grid, {}
        ops = self.network.ops[phase.start : phase.stop]
        self.stop = phase.stop
        self.holdings.forget_windows()
        if phase.whole:
            self.recomputed = frozenset()
            for op in ops:
                self._finish(op)
            return
        sinks = [op for op in ops if self._leaves(op, phase)]
        # What leaves the phase is made once: only readers inside can make it for themselves.
        ends = {op.index for op in sinks}
        # All results of an op are made at once: they are recomputed together, or retained together.
        wanted = phase.recomputed | self.network.lent
        inside = [op for op in ops if op.index not in ends and not wanted.isdisjoint(op.results)]
        self.recomputed = frozenset(tensor for op in inside for tensor in op.results)
        self._advance(phase, sinks)
        for op in ops:
            if self.done[op.index] == 0:
                self.done[op.index] = self.network.height(op)

    def _advance(self, phase: Phase, sinks: Sequence[Op]) -> None:
        """Make what leaves a phase chunk by chunk, always of the op that is furthest behind."""
        goals, fresh = self.network.goals, not phase.restart
        while True:
            behind = [op for op in sinks if self.done[op.index] < goals[op.results[0]]]
            if not behind:
                return
            op = min(behind, key=lambda op: (op.band, self.done[op.index] / goals[op.results[0]], op.index))
            tensor, done = op.results[0], self.done[op.index]
            self.progress = done / goals[tensor]
            if not fresh and done >= phase.restart:
                self._restart(phase, sinks)
                fresh = True
            stop = min(done + self._chunk(tensor, op), goals[tensor])
            self._ensure(tensor, stop if fresh else min(phase.restart, stop))

    def _restart(self, phase: Phase, sinks: Sequence[Op]) -> None:
        """Forget what is inside a phase, and begin again where the next rows of its result need it."""
        network = self.network
        starts = {op.index: self.done[op.index] for op in sinks}
        for op in reversed(network.ops[phase.start : phase.stop]):
            if op.index in starts:
                continue
            first = [
                field.need(starts[reader], starts[reader] + network.ops[reader].granule)[0]
                for tensor in op.results
                for reader, field in network.consumers[tensor]
                if starts[reader] < network.goals[network.ops[reader].results[0]]
            ]
            goal = network.goals[op.results[0]]
            self.done[op.index] = starts[op.index] = min(first, default=goal) // op.granule * op.granule
            for tensor in op.results:
                self.holdings.forget(tensor)
        for tensor in network.inputs:
            self.holdings.forget_window(tensor)
            self.holdings.split(tensor, self._needed_from(tensor, {}))

    def deliver(self) -> None:
        """Make every network output that is there one block."""
        for tensor in self.network.outputs:
            if self.holdings.blocks[tensor]:
                self.program.delivered[tensor] = self.holdings.window(tensor, 0, self.network.tensors[tensor].height, 0)

    def _leaves(self, op: Op, phase: Phase) -> bool:
        """Whether a result is read outside the phase, or by nobody."""
        for tensor in op.results:
            readers = self.network.consumers[tensor]
            if self.network.tensors[tensor].is_output or not readers:
                return True
            if any(not phase.start <= reader < phase.stop for reader, _ in readers):
                return True
        return False

    def _chunk(self, tensor: int, op: Op) -> int:
        rows = self.rows.get(tensor, self.network.tensors[tensor].height)
        granule = op.granule
        return rows if granule == 1 and rows > 0 else max(-(-rows // granule) * granule, granule)

    def _finish(self, op: Op) -> None:
        """Run an op that is not cut, on whole operands if that is how they are."""
        holdings = self.holdings
        goal = self.network.goals[op.results[0]]
        if self.done[op.index] >= goal:
            return
        operands = [tensor for tensor, _, _ in op.operands]
        if all(holdings.is_whole(tensor) for tensor in operands):
            read = tuple(holdings.blocks[tensor][0][2] for tensor in operands)
            height = self.network.height(op)
            self._emit(op, 0, height, read, op.macs, kept=True)
            self.done[op.index] = height
        else:
            self._make(op, 0, goal)

    def _ensure(self, tensor: int, stop: int) -> None:
        """Make a retained tensor's rows up to `stop`, in even chunks."""
        index, done = self.network.producer[tensor], self.done
        if index < 0 or done[index] >= stop:
            return
        op = self.network.ops[index]
        known = self._sizes.get(tensor)
        if known is None:
            known = self._sizes[tensor] = self._chunk(tensor, op), self._end(tensor, op)
        rows, end = known
        while (start := done[index]) < stop:
            size = rows if self.grid else self._even(stop - start, rows, op.granule)
            self._make(op, start, min(start + size, end))

    def _end(self, tensor: int, op: Op) -> int:
        """Return the last row worth making + 1."""
        goal = -(-self.network.goals[tensor] // op.granule) * op.granule
        return min(goal, self.network.tensors[tensor].height)

    @staticmethod
    def _even(wanted: int, most: int, granule: int) -> int:
        """Return the size of the first of the fewest, most even chunks of at most `most` rows."""
        size = wanted if wanted <= most else -(-wanted // -(-wanted // most))
        return size if granule == 1 else -(-size // granule) * granule

    def _make(self, op: Op, start: int, stop: int) -> tuple[int, ...]:
        """Emit an op for result rows start..stop−1, after all it needs, and return the blocks it makes."""
        recomputed, done, producer, touched = self.recomputed, self.done, self.network.producer, self._touched
        windows = self._known_windows.get((op.index, start, stop)) or self.network.windows(op.index, start, stop)
        for tensor, _, high, _ in windows:
            maker = producer[tensor]
            if maker >= 0 and done[maker] < high and tensor not in recomputed:
                self._ensure(tensor, high)
        read = []
        for tensor, low, high, slack in windows:
            touched.append(tensor)
            if tensor in recomputed:
                read.append(self._window_anew(tensor, low, high, slack))
            elif op.kind == "crop":
                # A crop takes rows and columns at once.
                read.append(self.holdings.cover(tensor, low, high))
            else:
                read.append(self.holdings.window(tensor, low, high, slack))
        kept = op.results[0] not in recomputed
        if kept:
            done[op.index] = self.network.height(op) if op.reason else stop
            self._trim()
            if self.limited:
                self._check(op, stop - start, read)
        rows = windows[0][2] - windows[0][1] if op.macs_of_operand else stop - start
        return self._emit(op, start, stop, tuple(read), op.macs * rows // op.macs_rows, kept)

    def _emit(self, op: Op, start: int, stop: int, read: tuple[int, ...], macs: int, kept: bool) -> tuple[int, ...]:
        """Add the step; what it makes is there from now on if it is `kept`."""
        program, steps, blocks = self.program, self.program.steps, self.program.blocks
        # Here, since what is made again for every reader may multiply from op to op before anything is kept.
        if len(steps) > self.most_steps:
            raise AboveLimitError
        made: tuple[int, ...] = ()
        for tensor in op.results:
            block = len(blocks)
            # Results of an op that is not cut may be of different heights: uneven parts, a quantised map and its scale.
            end = self.network.tensors[tensor].height if op.reason else stop
            if kept:
                self.holdings.add(tensor, start, end, block)
            blocks.append((tensor, start, end))
            made += (block,)
        steps.append((op.index, made, read))
        program.costs.append((self._nodes_of[op.index], macs))
        return made

    def _window_anew(self, tensor: int, low: int, high: int, slack: int) -> int:
        """Return a block with exactly these rows of a recomputed tensor, or with up to `slack` more at its end."""
        holdings = self.holdings
        block = holdings.same_window(tensor, low, high, slack)
        return holdings.note_window(tensor, low, self._remake(tensor, low, high)) if block is None else block

    def _remake(self, tensor: int, low: int, high: int) -> int:
        """Make rows of a recomputed tensor for one reader."""
        op = self.network.ops[self.network.producer[tensor]]
        start, stop = low // op.granule * op.granule, -(-high // op.granule) * op.granule
        stop = min(stop, self.network.tensors[tensor].height)
        made = self._make(op, start, stop)
        return self.holdings.crop(made[op.results.index(tensor)], low, high)

    def _check(self, op: Op, rows: int, read: Sequence[int]) -> None:
        """Give up if what is there while an op makes some rows is above the limit.

        Rows that a stride will leave unread are taken for read here, so in such networks it may give up too soon.
        """
        needs = self.holdings.bytes + self.holdings.apart(read)
        if not op.takes_over:
            for tensor in op.results:
                needs += self.row_bytes[tensor] * rows
        if needs > self.limit:
            raise AboveLimitError

    def _trim(self) -> None:
        """Let go of what no consumer will read again, for the tensors read since the last time."""
        touched, holdings, done, first_rows = self._touched, self.holdings, self.done, self._first_rows
        known: dict[int, int] = {}
        for tensor in dict.fromkeys(touched) if len(touched) > 1 else touched:
            held = holdings.blocks[tensor]
            if held and not holdings.is_untouched(tensor):
                first, readers = first_rows.get(tensor) or self.network.first_rows(tensor)
                for index, results, _, rows in readers:
                    if index >= self.stop:
                        first = 0
                        break
                    if results[0] in self.recomputed:
                        first = self._needed_from(tensor, known)
                        break
                    # What `_needed_from` returns, without being asked.
                    start = done[index]
                    if start < len(rows) and rows[start] < first:
                        first = rows[start]
                if first > held[0][0]:
                    holdings.trim(tensor, first)
        touched.clear()

    def _needed_from(self, tensor: int, known: dict[int, int]) -> int:
        """Return the first row of a tensor that anybody will still read; its height if nobody will.

        Args:
            known: answers for recomputed tensors as long as nothing more is made; filled here, since through branches
                that meet again there may be more ways than can be followed.
        """
        least, readers = self.network.first_rows(tensor)
        stop, done, recomputed = self.stop, self.done, self.recomputed
        for index, results, granule, rows in readers:
            if index >= stop:
                return 0
            if not recomputed or results[0] not in recomputed:
                start = done[index]
            else:
                for result in results:
                    if result not in known:
                        known[result] = self._needed_from(result, known)
                # What an op makes is made at once: the result that is furthest behind decides.
                start = min([known[result] for result in results]) // granule * granule
            if start < len(rows) and rows[start] < least:
                least = rows[start]
        return least
