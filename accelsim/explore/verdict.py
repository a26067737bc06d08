"""One plain sentence: what restructuring did to a run, or why it does not pay here."""

from __future__ import annotations

from collections.abc import Mapping

from accelsim.results import SimulationResult

__all__ = ["told", "verdict"]

_NOTHING = 0.005
"""Changes of latency below this fraction are no change."""
_REASONS = {
    "weights": "waiting for weights",
    "activations": "waiting for activations",
    "store": "waiting for room",
    "vector": "waiting for the vector unit",
    "partial_sums": "waiting for partial sums",
    "dram_latency": "waiting out the DRAM's latency",
    "compute": "computing",
    "fill_drain": "filling and draining the array",
    "ports": "waiting for on-chip ports",
    "issue": "issuing instructions",
    "idle": "idling at the end",
}


def verdict(
    before: SimulationResult | None, after: SimulationResult | None, refused: Mapping[str, str], uncut: bool = False
) -> str:
    """The sentence.

    Args:
        before, after: the runs of the original and the restructured network; none where it does not fit.
        refused: why, by `original` or `restructured`.
        uncut: the plan leaves the network as it is.
    """
    if before is None and after is None:
        return f"neither fits: {refused['original']}; restructured: {refused['restructured']}"
    if before is None and after is not None:
        return f"only the restructured network fits, {_alone(after)}; the original does not: {refused['original']}"
    if before is not None and after is None:
        return f"only the original fits, {_alone(before)}; restructured it does not: {refused['restructured']}"
    assert before is not None
    assert after is not None
    if uncut:
        return "nothing to flatten: the plan leaves the network as it is"
    return _both(before, after)


def _alone(run: SimulationResult) -> str:
    spilled = size(run.spills.bytes_written) if run.spills.bytes_written else "nothing"
    return f"in {run.totals.latency_cycles:,} cycles with {spilled} spilled"


def _both(before: SimulationResult, after: SimulationResult) -> str:
    said = told(before, after)
    change = after.totals.latency_cycles / before.totals.latency_cycles - 1
    if change < -_NOTHING:
        return said
    if change > _NOTHING:
        return f"it does not pay in time here, {_why(before, after)}: {said}"
    return f"it changes the time little here, {_still(before)}: {said}"


def told(before: SimulationResult, after: SimulationResult) -> str:
    """What changed from one run to the other: spills, latency, DRAM bytes, energy, MACs."""
    figures = (f"{name} {_signed(old, new)}" for name, old, new in _figures(before, after))
    return ", ".join((_spills(before, after), *figures))


def _figures(before: SimulationResult, after: SimulationResult) -> list[tuple[str, float, float]]:
    old, new = before.totals, after.totals
    return [
        ("latency", old.latency_cycles, new.latency_cycles),
        ("DRAM bytes", old.dram_bytes, new.dram_bytes),
        ("energy", old.energy_pj, new.energy_pj),
        ("MACs", old.macs, new.macs),
    ]


def _spills(before: SimulationResult, after: SimulationResult) -> str:
    old, new = before.spills.bytes_written, after.spills.bytes_written
    if not old and not new:
        return "nothing was spilled before or after"
    if old == new:
        return f"spills stayed at {size(old)}"
    return f"spills {'fell' if new < old else 'rose'} from {size(old)} to {size(new)}"


def _why(before: SimulationResult, after: SimulationResult) -> str:
    """The cause whose cycles grew most."""
    old, new = before.totals.array_cycles_by_cause, after.totals.array_cycles_by_cause
    grown = {cause: new[cause] - old.get(cause, 0) for cause in new}
    cause = max(grown, key=lambda name: grown[name])
    return f"{_REASONS.get(cause, cause)} takes {grown[cause]:,} cycles more"


def _still(before: SimulationResult) -> str:
    lost = before.spills.cycles_lost / before.totals.latency_cycles if before.totals.latency_cycles else 0.0
    return f"the original loses {lost:.1%} of its time to spills" if lost else "the original loses no time to spills"


def _signed(before: float, after: float) -> str:
    if not before:
        return "+0.0 %" if not after else "from 0"
    change = 100 * (after - before) / before
    text = f"{change:+.1f} %"
    return "+0.0 %" if text == "-0.0 %" else text.replace("-", "−")


def size(number: int) -> str:
    """Bytes in the unit that suits them.

    >>> size(1992294), size(512), size(0)
    ('1.9 MiB', '512 B', '0')
    """
    for factor, unit in ((2**20, "MiB"), (2**10, "KiB")):
        if number >= factor:
            return f"{number / factor:.1f} {unit}"
    return f"{number} B" if number else "0"
