"""Hill climbing on the step that binds: the draft's peak is looked at, and what is live there is changed."""

from collections.abc import Callable, Sequence

from restructure.planning.drafts import Outcome
from restructure.planning.moves import moves
from restructure.planning.studio import Studio

__all__ = ["refine", "score"]

Admitted = Callable[[Outcome], bool]


def refine(
    studio: Studio,
    start: Outcome,
    admitted: Admitted,
    sections: Sequence[tuple[str, ...]],
    macs: bool,
    cuts: Sequence[int],
    stopped: Callable[[], bool],
    most_steps: int = 40,
) -> Outcome:
    """Return the best outcome reached by single changes that each lower the peak, or what stands close below it.

    Args:
        admitted: which outcomes are within the caller's limits.
        macs: whether more MACs may be spent.
    """
    best = start
    for _ in range(most_steps):
        level = best.peak_bytes * 97 // 100
        now = score(best, level)
        found = best
        for draft in moves(studio, best, sections, macs, cuts):
            if stopped():
                return found
            outcome = studio.measure_within(draft, now[0])
            if outcome is not None and admitted(outcome) and score(outcome, level) < now:
                found, now = outcome, score(outcome, level)
                if outcome.peak_bytes * 100 < best.peak_bytes * 99:
                    break
        if found is best:
            return best
        best = found
    return best


def score(outcome: Outcome, level: int) -> tuple[int, int, int, int]:
    """Return how good an outcome is, the less the better: its peak, MACs, what stands above a level, and nodes."""
    return outcome.peak_bytes, outcome.macs, outcome.excess(level), outcome.nodes
