"""The tiling of one layer beside what is resident while it runs.

Layers of equal shape in equal situations get the same answer, which is worked out once: a restructured network has
thousands of layers and few distinct situations.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from accelsim.compiler.ranked import TRAFFIC_WEIGHT, Ranked, step_cost
from accelsim.compiler.situation import Situation, resident_bytes
from accelsim.mapping import CostGrid, CostTable, LayerMapping, Machine
from accelsim.program import MemoryKind

#: Candidates that a search begins with, at least.
LIKELY = 512
#: Candidates beyond which a search asks first which of them fit.
WIDE = 2048
#: Of those that fit, so many are costed first.
SAMPLE = 64

#: A column of bytes, how many there may be, and where.
_Limit = tuple[NDArray[np.int64], int, MemoryKind]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a layer was given: its mapping, and the numbers that decided (cycles; bytes of working buffers).

    `cycles` is the estimate of its latency, `score` what was compared: that, its DRAM time and its steps, weighed.
    Working and spare bytes are those of the scratchpad; `weight_bytes`, single-buffered, those of a separate memory of
    weights. `tried`: how many were tried out, where not the estimate decided but the machine.
    """

    mapping: LayerMapping
    cycles: float
    score: float
    working_bytes: int
    spare_bytes: int
    resident_bytes: int
    accumulator_bytes: int
    weight_bytes: int
    considered: int
    tried: int = 0

    def slack(self, capacity_bytes: int) -> int:
        """Bytes that residents may grow by while it fits as well as it does."""
        spare = self.spare_bytes if self.mapping.double_buffered else 0
        return capacity_bytes - self.resident_bytes - self.working_bytes - spare

    def beside(self, more_bytes: int) -> Choice:
        """The same beside residents of so many bytes more."""
        return replace(self, resident_bytes=self.resident_bytes + more_bytes) if more_bytes else self


@dataclass(frozen=True, slots=True)
class Shortfall:
    """No tiling fits: bytes missing for the smallest one, and in which memory."""

    missing_bytes: int
    memory: MemoryKind = MemoryKind.SCRATCHPAD

    def slack(self, capacity_bytes: int) -> int:
        """Bytes that residents may grow by while nothing fits: any number."""
        return sys.maxsize

    def beside(self, more_bytes: int) -> Shortfall:
        """The same beside residents of so many bytes more."""
        in_the_way = self.memory is MemoryKind.SCRATCHPAD and more_bytes
        return replace(self, missing_bytes=self.missing_bytes + more_bytes) if in_the_way else self


class _Needs(NamedTuple):
    """What some candidates need in a situation, a column per quantity.

    Attributes:
        working, spare: bytes of the scratchpad: single-buffered, and more for double buffers.
        total: the working bytes and those of residents.
        roomy: whether there is room for double buffers.
        legal: whether it fits at all.
    """

    working: NDArray[np.int64]
    spare: NDArray[np.int64]
    total: NDArray[np.int64]
    roomy: NDArray[np.bool_]
    legal: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Costed:
    """Some candidates in a situation with their costs, a column per quantity.

    `score` is infinite where one does not fit; `estimate` is the score without what steps cost.
    """

    needs: _Needs
    cycles: NDArray[np.float64]
    estimate: NDArray[np.float64]
    score: NDArray[np.float64]

    def choice(self, table: CostTable, index: int, considered: int, situation: Situation) -> Choice:
        """Candidate `index` as a record."""
        needs = self.needs
        return Choice(
            mapping=table.mapping(index, bool(needs.roomy[index])),
            cycles=float(self.cycles[index]),
            score=float(self.score[index]),
            working_bytes=int(needs.working[index]),
            spare_bytes=int(needs.spare[index]),
            resident_bytes=int(needs.total[index] - needs.working[index]),
            accumulator_bytes=int(table.accumulator_bytes[index]),
            weight_bytes=0 if situation.weight_capacity_bytes is None else int(table.weight_bytes[index]),
            considered=considered,
        )


class _Answers:
    """What is known of a layer shape in situations that differ in nothing but the bytes of residents.

    Beside more residents no tiling becomes cheaper. So the best one stays the best as long as it fits as it did: an
    answer holds for a stretch of bytes, and stretches do not overlap.
    """

    def __init__(self) -> None:
        self._least: list[int] = []
        self._known: list[tuple[int, Choice | Shortfall]] = []

    def beside(self, resident_bytes: int) -> Choice | Shortfall | None:
        """The answer beside so many bytes, if it is known."""
        place = bisect_right(self._least, resident_bytes) - 1
        if place < 0:
            return None
        slack, answer = self._known[place]
        more = resident_bytes - self._least[place]
        return answer.beside(more) if more <= slack else None

    def note(self, resident_bytes: int, answer: Choice | Shortfall, slack: int) -> None:
        """Remember the answer beside so many bytes, which up to `slack` more do not change."""
        place = bisect_right(self._least, resident_bytes)
        self._least.insert(place, resident_bytes)
        self._known.insert(place, (slack, answer))


class Chooser:
    """Answers for one accelerator; remembers every situation it was asked about."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._answers: defaultdict[tuple[Ranked, Situation], _Answers] = defaultdict(_Answers)
        self._reaches: dict[Ranked, int] = {}

    def choose(self, ranked: Ranked, situation: Situation, resident: int) -> Choice | Shortfall:
        """The best tiling of a layer in a situation, or what is missing for any.

        Args:
            ranked: the layer's.
            situation: what it finds.
            resident: bytes of all resident rows, as if none came or went.
        """
        known = self._answers[ranked, situation]
        answer = known.beside(resident)
        if answer is None:
            answer = self._search(ranked, situation, resident)
            known.note(resident, answer, answer.slack(situation.capacity_bytes))
        return answer

    def ranking(self, ranked: Ranked, situation: Situation, resident: int, count: int) -> list[Choice]:
        """The tilings with the best estimates in a situation, the best first, equal ones in the order of the grid.

        What a step costs beside the estimate is for whoever asks to find out; a cycle each tells equal ones apart.
        """
        table = ranked.first(len(ranked))
        costed = self._costed(table, situation, resident)
        if isinstance(costed, Shortfall):
            return []
        order = np.lexsort((ranked.ranks(slice(None)), costed.estimate + table.steps))[:count]
        return [costed.choice(table, int(i), len(table), situation) for i in order if costed.score[i] < np.inf]

    def _search(self, ranked: Ranked, situation: Situation, resident: int) -> Choice | Shortfall:
        """The first of the cheapest, found among the first few and all others that could be cheaper than those."""
        count = self._reaches.get(ranked, LIKELY)
        table, ranks = ranked.first(count), partial(ranked.ranks, slice(count))
        costed = self._costed(table, situation, resident)
        lowest = np.inf if isinstance(costed, Shortfall) else costed.score.min()
        reach = ranked.reach(lowest)
        self._reaches[ranked] = min(max(LIKELY, reach * 5 // 4), WIDE)  # The next one will be like it.
        if reach > WIDE or lowest == np.inf:  # Few are cheap because few fit: look at those alone.
            legal = self._which_fit(ranked, situation, resident)
            if isinstance(legal, Shortfall):
                return legal
            fitting = np.flatnonzero(legal)
            if lowest == np.inf and len(fitting) > LIKELY:
                lowest = self._scored(ranked.some(fitting[:SAMPLE]), situation, resident).score.min()
            chosen = fitting[: ranked.floor[fitting].searchsorted(lowest, "right")]
            table, ranks = ranked.some(chosen), partial(ranked.ranks, chosen)
            costed = self._scored(table, situation, resident)
        elif reach > count:
            table, ranks = ranked.first(reach), partial(ranked.ranks, slice(reach))
            costed = self._scored(table, situation, resident)
        assert isinstance(costed, _Costed)  # What did not fit has been left.
        equal = np.flatnonzero(costed.score == costed.score.min())
        best = int(equal[0] if len(equal) == 1 else equal[ranks()[equal].argmin()])
        return costed.choice(table, best, len(ranked), situation)

    def _working(self, columns: CostTable | CostGrid, situation: Situation) -> NDArray[np.int64]:
        """Bytes of single working buffers in the scratchpad."""
        working = columns.weight_bytes if situation.weight_capacity_bytes is None else 0 * columns.steps
        for share, size in zip(situation.input_shares, columns.input_bytes, strict=True):
            if share > 0:
                working = working + size
        if self.machine.accumulator_capacity is None:
            working = working + columns.accumulator_bytes
        return working + columns.output_bytes if situation.output_share > 0 else working

    def _limits(self, columns: CostTable | CostGrid, situation: Situation, total: NDArray[np.int64]) -> list[_Limit]:
        """What must fit where, given the bytes in the scratchpad."""
        found: list[_Limit] = []
        if self.machine.accumulator_capacity is not None:
            found.append((columns.accumulator_bytes, self.machine.accumulator_capacity, MemoryKind.ACCUMULATOR))
        if situation.weight_capacity_bytes is not None:
            found.append((columns.weight_bytes, situation.weight_capacity_bytes, MemoryKind.WEIGHT_BUFFER))
        return [*found, (total, situation.capacity_bytes, MemoryKind.SCRATCHPAD)]

    def _which_fit(self, ranked: Ranked, situation: Situation, resident: int) -> NDArray[np.bool_] | Shortfall:
        """Which of all candidates fit at all."""
        total = self._working(ranked.grid, situation) + resident_bytes(ranked.grid, situation, resident)
        return _legal(self._limits(ranked.grid, situation, total), ranked.at)

    def _needs(self, table: CostTable, situation: Situation, resident: int) -> _Needs | Shortfall:
        working, weights = self._working(table, situation), situation.weight_capacity_bytes
        total = working + resident_bytes(table, situation, resident)
        legal = _legal(self._limits(table, situation, total))
        if isinstance(legal, Shortfall):
            return legal
        spare = table.weight_spare if weights is None else 0 * table.steps
        for share, more in zip(situation.input_shares, table.input_spare, strict=True):
            if share > 0:
                spare = spare + more
        if situation.output_share > 0:
            spare = spare + table.output_spare
        roomy = total + spare <= situation.capacity_bytes
        if weights is not None:
            roomy &= table.weight_bytes + table.weight_spare <= weights
        return _Needs(working, spare, total, roomy, legal)

    def _costed(self, table: CostTable, situation: Situation, resident: int) -> _Costed | Shortfall:
        needs = self._needs(table, situation, resident)
        if isinstance(needs, Shortfall):
            return needs
        traffic, moving = self._transfers(table, situation)
        overlapped = _overlapped(table, situation.input_shares[0] * table.input_cycles[0], moving)
        first = moving / np.maximum(table.steps, 1)
        # Transfers overlap with computing where there is room for double buffers, which never makes it slower.
        alone = table.array_cycles + moving
        time = np.where(needs.roomy, np.minimum(overlapped + first, alone), alone)
        estimate = np.where(needs.legal, time + TRAFFIC_WEIGHT * traffic, np.inf)
        return _Costed(needs, time, estimate, estimate + step_cost(table.steps, time))

    def _scored(self, table: CostTable, situation: Situation, resident: int) -> _Costed:
        """The costs of candidates of which at least one fits."""
        costed = self._costed(table, situation, resident)
        assert isinstance(costed, _Costed)
        return costed

    def _transfers(self, table: CostTable, situation: Situation) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """DRAM cycles of the bytes that each candidate moves, and the same with latencies."""
        traffic, rounds = table.weight_cycles, table.weight_loads
        for share, cycles, loads in zip(situation.input_shares, table.input_cycles, table.input_loads, strict=True):
            if share > 0:
                traffic = traffic + share * cycles
                rounds = np.maximum(rounds, loads)
        if situation.output_share > 0:
            traffic = traffic + situation.output_share * table.output_cycles
            rounds = np.maximum(rounds, table.output_stores)
        return traffic, traffic + self.machine.latency_cycles * rounds


def _legal(
    limits: Sequence[_Limit], at: Callable[[NDArray[Any]], NDArray[Any]] = lambda column: column
) -> NDArray[np.bool_] | Shortfall:
    """Which candidates fit in every memory; or what the first lacks. `at`: from a column to that of the candidates."""
    legal: NDArray[np.bool_] | None = None
    for needed, capacity, memory in limits:
        fits = at(needed <= capacity) if legal is None else legal & at(needed <= capacity)
        if not fits.any():
            bytes_needed = at(needed) if legal is None else at(needed)[legal]
            return Shortfall(int(bytes_needed.min()) - capacity, memory)
        legal = fits
    assert legal is not None  # The scratchpad's capacity is known.
    return legal


def _overlapped(
    table: CostTable, input_cycles: NDArray[np.float64], moving: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Cycles of a layer whose transfers overlap with computing, apart from the very first tile.

    Tiles of held operands all arrive during the first pass, which has only its share of the computation to hide them.
    """
    share = table.first_pass
    early = np.where(table.hold_weights, table.weight_cycles, 0.0) + np.where(table.hold_input, input_cycles, 0.0)
    late = moving - early
    first = np.maximum(table.array_cycles * share, early + late * share)
    return np.asarray(first + (1.0 - share) * np.maximum(table.array_cycles, late))
