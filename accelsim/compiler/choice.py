"""The tiling of one layer beside what is resident while it runs.

Layers of equal shape in equal situations get the same answer, which is worked out once: a restructured network has
thousands of layers and few distinct situations.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from accelsim.compiler.situation import Situation, resident_bytes
from accelsim.mapping import CostTable, LayerMapping, Machine
from accelsim.program import MemoryKind

#: Weight of DRAM time in a layer's score beside its latency: of two equally fast tilings the one that moves less wins.
TRAFFIC_WEIGHT = 0.05
#: Cycles that a step is taken to cost beside what the estimate sees: transfers and computations do not end together,
#: and where one waits for the other the DRAM's latency passes. Of two tilings about as fast, larger tiles win.
STEP_CYCLES = 100
#: Most that all steps of a layer cost, as a share of its latency: tiny tiles do not wait as long as large ones.
STEP_SHARE = 0.3
#: Earlier answers for a layer shape that a search begins with.
WINNERS = 8
#: Candidates that a search begins with where no earlier answer helps: those that would be cheapest if all was there.
LIKELY = 32
#: All candidates of a table.
ALL = slice(None)


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


@dataclass(frozen=True, slots=True, eq=False)
class _Needs:
    """What some candidates need in a situation, a column per quantity.

    Attributes:
        working, spare, resident: bytes of the scratchpad: single-buffered, more for double buffers, of residents.
        roomy: whether there is room for double buffers.
        own_weights: weights have a memory of their own and are not among the working bytes.
        legal: whether it fits at all.
    """

    working: NDArray[np.int64]
    spare: NDArray[np.int64]
    resident: NDArray[np.int64]
    roomy: NDArray[np.bool_]
    own_weights: bool
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

    def choice(self, table: CostTable, index: int, considered: int) -> Choice:
        """Candidate `index` as a record."""
        needs = self.needs
        return Choice(
            mapping=table.mapping(index, bool(needs.roomy[index])),
            cycles=float(self.cycles[index]),
            score=float(self.score[index]),
            working_bytes=int(needs.working[index]),
            spare_bytes=int(needs.spare[index]),
            resident_bytes=int(needs.resident[index]),
            accumulator_bytes=int(table.accumulator_bytes[index]),
            weight_bytes=int(table.weight_bytes[index]) if needs.own_weights else 0,
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
    """Answers for one accelerator; remembers every situation it was asked about.

    A search is narrowed before it begins: tilings that won before in other situations are costed first, or else those
    that are cheapest with nothing but weights to move; of the others only those that could be cheaper are looked at.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._answers: defaultdict[tuple[int, Situation], _Answers] = defaultdict(_Answers)
        self._floors: dict[int, NDArray[np.float64]] = {}
        self._winners: dict[int, tuple[list[int], CostTable]] = {}

    def choose(self, table: CostTable, situation: Situation, more_bytes: int = 0) -> Choice | Shortfall:
        """The best tiling of a layer in a situation, or what is missing for any.

        Args:
            table: the layer's.
            situation: what it finds.
            more_bytes: bytes that are resident beside those of the situation.
        """
        resident = situation.resident_bytes + more_bytes
        emptied = replace(situation, resident_bytes=0) if situation.resident_bytes else situation
        known = self._answers[id(table), emptied]
        answer = known.beside(resident)
        if answer is None:
            answer = self._search(table, replace(emptied, resident_bytes=resident))
            known.note(resident, answer, answer.slack(situation.capacity_bytes))
        return answer

    def ranking(self, table: CostTable, situation: Situation, count: int) -> list[Choice]:
        """The tilings with the best estimates in a situation, the best first, equal ones in the table's order.

        What a step costs beside the estimate is for whoever asks to find out; a cycle each tells equal ones apart.
        """
        costed = self._costed(table, situation)
        if isinstance(costed, Shortfall):
            return []
        order = np.argsort(costed.estimate + table.steps, kind="stable")[:count]
        return [costed.choice(table, int(i), len(table)) for i in order if costed.score[i] < np.inf]

    def lowest_score(self, table: CostTable) -> float:
        """What the score of a layer is at least, whatever the situation."""
        return float(self._floor(table).min())

    def _search(self, table: CostTable, situation: Situation) -> Choice | Shortfall:
        limit, floor = self._lowest_of_winners(table, situation), self._floor(table)
        if limit < np.inf:
            chosen = np.flatnonzero(floor <= limit)
        else:
            needs = self._needs(table, situation)
            if isinstance(needs, Shortfall):
                return needs
            chosen = np.flatnonzero(needs.legal)
            limit = self._lowest_of_likely(table, situation, chosen)
            chosen = chosen[floor[chosen] <= limit]
        chosen = chosen[_least(table, *self._transfers(table, situation, chosen), chosen) <= limit]
        some = table.take(chosen)
        costed = self._costed(some, situation)
        if isinstance(costed, Shortfall):  # The limit is one of theirs.
            return costed
        best = int(np.argmin(costed.score))
        self._note_winner(table, int(chosen[best]))
        return costed.choice(some, best, len(table))

    def _lowest_of_winners(self, table: CostTable, situation: Situation) -> float:
        """The lowest score of the candidates that won before; infinite if none of them fits."""
        if id(table) not in self._winners:
            return float(np.inf)
        costed = self._costed(self._winners[id(table)][1], situation)
        return float(np.inf if isinstance(costed, Shortfall) else costed.score.min())

    def _lowest_of_likely(self, table: CostTable, situation: Situation, legal: NDArray[np.int64]) -> float:
        """The lowest score of those candidates, of some that fit, that nothing but weights would be cheapest for."""
        count = min(LIKELY, len(legal))
        likely = legal[np.argpartition(self._floor(table)[legal], count - 1)[:count]]
        costed = self._costed(table.take(likely), situation)
        return float(np.inf if isinstance(costed, Shortfall) else costed.score.min())

    def _note_winner(self, table: CostTable, winner: int) -> None:
        winners, _ = self._winners.get(id(table), ([], table))
        if winner not in winners:
            winners = [winner, *winners[: WINNERS - 1]]
            self._winners[id(table)] = winners, table.take(np.array(winners))

    def _floor(self, table: CostTable) -> NDArray[np.float64]:
        """What the score of each candidate is at least, whatever the situation (a little less, for rounding)."""
        if id(table) not in self._floors:
            weights = table.weight_cycles
            self._floors[id(table)] = _least(table, weights, weights + self.machine.latency_cycles * table.weight_loads)
        return self._floors[id(table)]

    def _needs(self, table: CostTable, situation: Situation) -> _Needs | Shortfall:
        outside, stored = [i for i, share in enumerate(situation.input_shares) if share > 0], situation.output_share > 0
        sums, weights = self.machine.accumulator_capacity, situation.weight_capacity_bytes
        nothing = np.zeros(len(table), np.int64)
        working = sum((table.input_bytes[i] for i in outside), nothing if weights is not None else table.weight_bytes)
        working = working + (table.accumulator_bytes if sums is None else 0) + (table.output_bytes if stored else 0)
        spare = sum((table.input_spare[i] for i in outside), nothing if weights is not None else table.weight_spare)
        spare = spare + (table.output_spare if stored else 0)
        resident = resident_bytes(table, situation)
        need = working + resident
        roomy = need + spare <= situation.capacity_bytes
        if weights is not None:
            roomy &= table.weight_bytes + table.weight_spare <= weights
        legal = _legal(
            (table.accumulator_bytes, sums, MemoryKind.ACCUMULATOR),
            (table.weight_bytes, weights, MemoryKind.WEIGHT_BUFFER),
            (need, situation.capacity_bytes, MemoryKind.SCRATCHPAD),
        )
        if isinstance(legal, Shortfall):
            return legal
        return _Needs(working, spare, resident, roomy, weights is not None, legal)

    def _costed(self, table: CostTable, situation: Situation) -> _Costed | Shortfall:
        needs = self._needs(table, situation)
        if isinstance(needs, Shortfall):
            return needs
        traffic, moving = self._transfers(table, situation)
        overlapped = _overlapped(table, situation.input_shares[0] * table.input_cycles[0], moving)
        first = moving / np.maximum(table.steps, 1)
        # Transfers overlap with computing where there is room for double buffers, which never makes it slower.
        alone = table.array_cycles + moving
        time = np.where(needs.roomy, np.minimum(overlapped + first, alone), alone)
        estimate = np.where(needs.legal, time + TRAFFIC_WEIGHT * traffic, np.inf)
        return _Costed(needs, time, estimate, estimate + _step_cost(table.steps, time))

    def _transfers(
        self, table: CostTable, situation: Situation, chosen: NDArray[np.int64] | slice = ALL
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """DRAM cycles of the bytes that the chosen candidates move, and the same with latencies."""
        traffic, rounds = table.weight_cycles[chosen], table.weight_loads[chosen]
        for share, cycles, loads in zip(situation.input_shares, table.input_cycles, table.input_loads, strict=True):
            if share > 0:
                traffic = traffic + share * cycles[chosen]
                rounds = np.maximum(rounds, loads[chosen])
        if situation.output_share > 0:
            traffic = traffic + situation.output_share * table.output_cycles[chosen]
            rounds = np.maximum(rounds, table.output_stores[chosen])
        return traffic, traffic + self.machine.latency_cycles * rounds


def _least(
    table: CostTable,
    traffic: NDArray[np.float64],
    moving: NDArray[np.float64],
    chosen: NDArray[np.int64] | slice = ALL,
) -> NDArray[np.float64]:
    """What the score of the chosen candidates is at least with these transfers (a little less, for rounding)."""
    time = np.maximum(table.array_cycles[chosen], moving)
    return np.asarray((time + TRAFFIC_WEIGHT * traffic + _step_cost(table.steps[chosen], time)) * (1 - 1e-9))


def _step_cost(steps: NDArray[np.int64], cycles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cycles that steps cost beside the latency that is estimated of them, which they are a limited share of."""
    return np.minimum(STEP_CYCLES * steps, STEP_SHARE * cycles)


def _legal(*limits: tuple[NDArray[np.int64], int | None, MemoryKind]) -> NDArray[np.bool_] | Shortfall:
    """Which candidates fit in every memory, given (bytes of each, capacity, memory); or what the first lacks."""
    legal: NDArray[np.bool_] | None = None
    for needed, capacity, memory in limits:
        if capacity is None:
            continue
        fits = needed <= capacity if legal is None else legal & (needed <= capacity)
        if not fits.any():
            return Shortfall(int((needed if legal is None else needed[legal]).min()) - capacity, memory)
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
