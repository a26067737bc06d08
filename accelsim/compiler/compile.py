"""The compiler: plan, emit, schedule, place; and again with less room wherever placing failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, product

from accelsim.compiler.allocate import NO_WISHES, Packing, Shortage, place_in_dram
from accelsim.compiler.drafts import RangeDraft, Step
from accelsim.compiler.emit import Emission
from accelsim.compiler.finish import finish, mark_lifetimes
from accelsim.compiler.lifetimes import lifetimes
from accelsim.compiler.residency import Plan, Planner
from accelsim.compiler.reuse import keep_shared_weights
from accelsim.compiler.schedule import Schedule, early_loads, mark_lives, sequence
from accelsim.compiler.store import DRAM, SCRATCHPAD, Store
from accelsim.compiler.work import WorkModel
from accelsim.errors import AccelsimError, ConfigurationError, ModelUnsupportedError
from accelsim.hardware import Hardware
from accelsim.mapping import SHARED, Machine, Pins, Tables, tile_counts
from accelsim.program import Program
from accelsim.workload import Workload

#: Tiles of a Program at most: some minutes, and about 2 GiB.
MOST_TILES = 250_000
#: How often the planner may be sent back.
ATTEMPTS = 40
#: How often it gives back bytes only for layers that are this far apart; then for all that found no addresses.
PATIENT, APART = 8, 4
#: Shares of the bytes that are never used which pinned weights may take, tried in turn: the rest serves prefetching.
PINNED_SHARES = (1.0, 0.6, 0.3)
#: Tilings of every layer of a short program that are tried out, and instructions of all trials together at most.
TRIALS, TRIAL_INSTRUCTIONS = 16, 1_200


@dataclass(frozen=True, slots=True)
class _Failure:
    """Addresses did not fit in a memory while `layers` ran, for lack of `shortages` each."""

    memory: int
    layers: list[int]
    shortages: list[Shortage]


def compile_network(
    workload: Workload,
    hardware: Hardware,
    pins: Pins | None = None,
    *,
    warm: bool = False,
    tables: Tables = SHARED,
    time: Callable[[Program], int] | None = None,
) -> Program:
    """Compile a network for an accelerator.

    Args:
        workload: the layers.
        hardware: the accelerator.
        pins: mappings fixed by the user.
        warm: the steady state: weights that fit beside everything else are in the scratchpad already, and stay.
        tables: cost tables that were worked out before, to be reused and added to; by default those of the process.
        time: cycles that a Program takes; a short one's tilings are tried out by it. None: estimates decide alone.

    Raises:
        DoesNotFitError: some layer's smallest tile does not fit, or nothing may be spilled and the network is too
            large.
        ConfigurationError: a pinned name matches no layer.
        ModelUnsupportedError: there would be more than MOST_TILES tiles.
    """
    pins = pins or Pins()
    _refuse_unused(pins, workload)
    planner = Planner(workload, hardware, pins, tables)
    carrier = _Carrier(workload, hardware)
    failure: _Failure | None = None
    for number in range(ATTEMPTS):
        plan = planner.plan()
        _refuse_too_long(workload, plan)
        attempt = _Attempt(carrier, plan)
        failure = attempt.run()
        if failure is None:
            program = (_warmed(attempt) if warm else attempt).program()
            return program if time is None else _tried_out(program, planner, plan, warm, time)
        layers = failure.layers if number >= PATIENT else _apart(failure.layers)
        planner.tighten(layers, in_weights=failure.memory == attempt.store.weight_memory != SCRATCHPAD)
    assert failure is not None  # ATTEMPTS > 0
    layer, shortage = failure.layers[0], failure.shortages[0]
    raise AccelsimError(
        f"layer {workload.layers[layer].name!r}: no addresses found after {ATTEMPTS} plans: "
        f"need {shortage.need_bytes} B in one piece, largest gap {shortage.gap_bytes} B"
    )


def _apart(layers: Sequence[int]) -> list[int]:
    """Those of some layers that are far from the ones before: what helps one of neighbours may help all of them."""
    chosen: list[int] = []
    for layer in layers:
        if all(abs(layer - other) > APART for other in chosen):
            chosen.append(layer)
    return chosen


class _Carrier:
    """What all plans for a network on an accelerator have in common when they are carried out."""

    def __init__(self, workload: Workload, hardware: Hardware, pinned: frozenset[int] = frozenset()) -> None:
        self.workload, self.hardware = workload, hardware
        self.machine = Machine.of(hardware)
        self.store = Store(workload, hardware, pinned)
        self.emission = Emission(workload, self.store, WorkModel(self.machine))
        self.lives = lifetimes(workload)


class _Attempt:
    """One plan carried out: steps, schedule, addresses.

    `spare_bytes`: bytes of the memory of weights that are free in every slot.
    """

    def __init__(self, carrier: _Carrier, plan: Plan) -> None:
        self.carrier, self.plan = carrier, plan
        self.store = carrier.store
        self.steps: list[Step] = []
        self.ready: dict[int, int] = {}
        touched: dict[RangeDraft, None] = {}
        for layer, emitted in zip(carrier.workload.layers, carrier.emission.follow(plan), strict=True):
            self.steps += emitted.steps
            touched.update(dict.fromkeys(emitted.ranges))
            if carrier.lives[layer.output].readers:
                self.ready[layer.output] = len(self.steps)
        touched.update(dict.fromkeys(self._output_homes()))
        self.ranges = tuple(touched)
        self.early = True
        self.spare_bytes = 0
        self.estimated_cycles = float("inf")

    def run(self, *, early: bool = True) -> _Failure | None:
        """Give addresses and an order; what did not fit, or None.

        `early`: addresses are given so that LOADs may run a step early, where all can. Where many small ones may run
        far earlier, that takes away from them.
        """
        mark_lives(self.steps, self.ranges, [place for place in self.ranges if place in self.store.images])
        for place in self.store.output_blocks():
            place.last = len(self.steps) - 1
        packings: dict[int, Packing] = {}
        self.early = early
        wishes = early_loads(self.steps, self.ready) if early else NO_WISHES
        for number, memory in enumerate(self.store.memories):
            if number == DRAM:
                continue
            packings[number] = Packing(self.ranges, number, memory.capacity_bytes)
            shortages = packings[number].pack(wishes)
            if shortages:
                return _Failure(number, [self.steps[s.slot].layer for s in shortages], shortages)
        weights = packings[self.store.weight_memory]
        keep_shared_weights(self.steps, weights)
        self.spare_bytes = weights.spare_bytes()
        self.estimated_cycles = Schedule(self.steps, self.ready, packings, self.carrier.machine).run()
        return None

    def program(self) -> Program:
        """The finished Program."""
        carrier = self.carrier
        place_in_dram(self.ranges, DRAM, max(64, carrier.hardware.dram.burst_bytes))
        order = sequence(self.steps)
        mark_lifetimes(order, self.steps, self.ranges, self.store)
        return finish(carrier.workload, carrier.hardware, self.plan, self.store, self.steps, self.ranges, order)

    def _output_homes(self) -> list[RangeDraft]:
        stored = [piece.storage for output in self.carrier.workload.outputs for piece in output.view.pieces]
        return [self.store.home(storage) for storage in stored if not self.store.is_resident(storage)]


def _warmed(cold: _Attempt) -> _Attempt:
    """The same plan with weights pinned where that is faster; what is fetched most often per byte goes first."""
    fetched: Counter[int] = Counter()
    for step in cold.steps:
        for transfer in step.loads:
            if transfer.weights:
                fetched[transfer.source.tensor] += transfer.bytes
    tensors = cold.store.tensors
    order = sorted(fetched, key=lambda t: (-fetched[t] / tensors[t].bytes, tensors[t].bytes, t))
    best = cold
    for share in PINNED_SHARES:
        sizes = accumulate(tensors[t].bytes for t in order)
        room = cold.spare_bytes * share
        pinned = frozenset(t for t, total in zip(order, sizes, strict=True) if total <= room)
        if not pinned:
            continue
        warm = _Attempt(_Carrier(cold.carrier.workload, cold.carrier.hardware, pinned), cold.plan)
        if warm.run(early=cold.early) is None and warm.estimated_cycles < best.estimated_cycles:
            best = warm
    return best


def _tried_out(program: Program, planner: Planner, plan: Plan, warm: bool, time: Callable[[Program], int]) -> Program:
    """A short program with, layer after layer, the fastest of the tilings that have the best estimates.

    Of a few tiles it matters which transfer waits for which buffer, and no estimate knows that.
    """
    workload, hardware = planner.workload, planner.hardware
    if len(workload.layers) * TRIALS * len(program.instructions) > TRIAL_INSTRUCTIONS:
        return program
    best = time(program)
    for layer in workload.layers:
        ranking = planner.ranking(layer.index, TRIALS)
        for choice, early in product(ranking, (True, False)):
            chosen = plan.choices[layer.index]
            if early and choice == chosen:
                continue
            choices = list(plan.choices)
            choices[layer.index] = replace(choice, tried=len(ranking))
            changed = replace(plan, choices=choices)
            attempt = _Attempt(_Carrier(workload, hardware), changed)
            if attempt.run(early=early) is not None:
                continue
            found = (_warmed(attempt) if warm else attempt).program()
            cycles = time(found)
            if cycles < best:
                program, plan, best = found, changed, cycles
    return program


def _refuse_too_long(workload: Workload, plan: Plan) -> None:
    """Refuse what would take longer, and more memory, than anybody has for it."""
    counts = [
        tile_counts(layer.shape, layer.reduction, choice.mapping.tile).total
        for layer, choice in zip(workload.layers, plan.choices, strict=True)
    ]
    if sum(counts) <= MOST_TILES:
        return
    most = max(workload.layers, key=lambda layer: counts[layer.index])
    raise ModelUnsupportedError(
        f"layer {most.name!r}: a run has at most {MOST_TILES:,} tiles, got {counts[most.index]:,} for its output of "
        f"{' × '.join(map(str, most.shape))}, {sum(counts):,} in all; a larger scratchpad, or smaller dimensions, "
        "makes fewer"
    )


def _refuse_unused(pins: Pins, workload: Workload) -> None:
    unused = pins.unused([layer.name for layer in workload.layers])
    if unused:
        known = ", ".join(layer.name for layer in workload.layers[:8])
        raise ConfigurationError(
            *(f"mapping: layers.{name}: no layer has this name; layers are {known}, …" for name in unused)
        )
