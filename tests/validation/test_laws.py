"""What must be true of every run, on random small networks and accelerators; each law notices when it is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from random_models import in_another_order, random_hardware, random_network

import accelsim
from accelsim import SimulationResult
from accelsim.hardware import Hardware, override
from benchmarks.validation.laws import SLOWER_AT_MOST, broken, compulsory, slowdown, twice

SEEDS = range(25)
RUNS: dict[int, SimulationResult] = {}


def result(seed: int) -> SimulationResult:
    if seed not in RUNS:
        RUNS[seed] = accelsim.simulate(random_network(seed), random_hardware(seed))
    return RUNS[seed]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_law_holds(seed: int) -> None:
    assert broken(result(seed)) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_run_twice_is_the_same_to_the_byte(seed: int) -> None:
    again = accelsim.simulate(random_network(seed), random_hardware(seed))
    assert again.to_json() == result(seed).to_json()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_independent_layers_changes_no_compulsory_byte(seed: int) -> None:
    other = accelsim.simulate(in_another_order(random_network(seed), seed), random_hardware(seed))
    assert broken(other) == []
    assert compulsory(other) == compulsory(result(seed))


def test_some_networks_have_more_than_one_order() -> None:
    orders = [([n.name for n in random_network(s).graph.node], s) for s in SEEDS]
    assert sum([n.name for n in in_another_order(random_network(s), s).graph.node] != names for names, s in orders) >= 5


@pytest.mark.parametrize("field", ["dram.bandwidth", "scratchpad.capacity"])
def test_twice_the_bandwidth_or_capacity_is_hardly_ever_slower_and_never_by_much(field: str) -> None:
    found = [slowdown(result(seed), accelsim.simulate(random_network(seed), doubled(seed, field))) for seed in SEEDS]
    assert max(found) <= SLOWER_AT_MOST
    assert sum(share > 0 for share in found) <= len(found) // 10


def doubled(seed: int, field: str) -> Hardware:
    return override(random_hardware(seed), [twice(random_hardware(seed), field)])


Change = Callable[[Any], dict[str, Any]]
Break = Callable[[SimulationResult], SimulationResult]


def in_totals(change: Change) -> Break:
    return lambda r: replace(r, totals=replace(r.totals, **change(r.totals)))


def in_spills(change: Change) -> Break:
    return lambda r: replace(r, spills=replace(r.spills, **change(r.spills)))


def in_first(column: str, change: Change) -> Break:
    """Change the first entry of a column of the result."""

    def broken_result(r: SimulationResult) -> SimulationResult:
        first, *others = getattr(r, column)
        return replace(r, **{column: (replace(first, **change(first)), *others)})

    return broken_result


def in_spilled(change: Change) -> Break:
    return in_spills(lambda spills: {"by_tensor": (replace(spills.by_tensor[0], **change(spills.by_tensor[0])),)})


BREAKS: dict[str, Break] = {
    "cycles must reach the compute bound": in_totals(lambda t: {"compute_bound_cycles": t.latency_cycles + 1}),
    "cycles must reach the DRAM bound": in_totals(lambda t: {"dram_bound_cycles": t.latency_cycles + 1}),
    "cycles by cause must add up": in_totals(
        lambda t: {"array_cycles_by_cause": {**t.array_cycles_by_cause, "compute": t.latency_cycles + 1}}
    ),
    "cycles of layers must add up": in_first("layers", lambda layer: {"latency_cycles": layer.latency_cycles + 1}),
    "bytes by cause must add up": in_totals(lambda t: {"dram_bytes": t.dram_bytes + 1}),
    "bytes of layers must add up": in_first("layers", lambda layer: {"dram_bytes": layer.dram_bytes - 1}),
    "MACs of layers must add up": in_totals(lambda t: {"macs": t.macs + 1}),
    "no cause may be below zero": in_totals(
        lambda t: {"array_cycles_by_cause": {**t.array_cycles_by_cause, "vector": -1}}
    ),
    "spilled tensors must add up": in_spills(lambda spills: {"bytes_written": spills.bytes_written + 1}),
    "what comes back must have left": in_spilled(lambda _: {"bytes_written": 0, "bytes_reloaded": 1}),
    "must come back after it left": in_spilled(lambda _: {"bytes_reloaded": 1, "last_reloaded_cycle": 0}),
    "must hold at most": in_first("memories", lambda use: {"capacity_bytes": use.peak_occupancy_bytes - 1}),
    "the peak must be": in_first("memories", lambda use: {"peak_occupancy_bytes": use.peak_occupancy_bytes + 1}),
    "must be empty at the end": in_first("occupancy", lambda line: {"bytes": (*line.bytes[:-1], 1)}),
}


@pytest.mark.parametrize("law", BREAKS)
def test_a_result_that_breaks_a_law_is_caught(law: str) -> None:
    spilling = next(r for r in map(result, SEEDS) if r.spills.by_tensor)
    assert any(law in said for said in broken(BREAKS[law](spilling)))
