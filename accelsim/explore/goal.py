"""What a value of a field must achieve: no spills, or a latency near the best."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from accelsim.errors import ConfigurationError

__all__ = ["Goal", "Outcome", "share"]

_SHARE = re.compile(r"(\d{1,4}(?:\.\d{1,6})?)\s*%")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run at one value showed; without a run (it does not fit, say) only `reason` holds something."""

    latency_cycles: int | None = None
    spilled_tensors: int = 0
    spilled_bytes: int = 0
    reloaded_bytes: int = 0
    peak_occupancy_bytes: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Goal:
    """What must hold.

    Attributes:
        no_spill: no byte of an intermediate activation is written to DRAM.
        latency_within: the latency exceeds that at the upper end by at most this share; None: it does not matter.
    """

    no_spill: bool = False
    latency_within: Fraction | None = None

    def __post_init__(self) -> None:
        if not self.no_spill and self.latency_within is None:
            raise ConfigurationError("goal: must be --no-spill or --latency-within 5%, or both, got none")

    def missed(self, outcome: Outcome, best_cycles: int | None) -> str:
        """Why an outcome does not do, in a few words; empty when it does.

        Args:
            best_cycles: the latency at the upper end; None for that end itself.
        """
        if outcome.latency_cycles is None:
            return outcome.reason
        if self.no_spill and outcome.spilled_bytes:
            return "spills"
        if self.latency_within is not None and best_cycles is not None:
            most = best_cycles * (1 + self.latency_within)
            return "too slow" if outcome.latency_cycles > most else ""
        return ""

    def __str__(self) -> str:
        parts = ["no spill"] if self.no_spill else []
        if self.latency_within is not None:
            parts.append(f"latency within {float(self.latency_within * 100):g} % of the upper end's")
        return ", ".join(parts)


def share(text: str) -> Fraction:
    """A share written in %.

    >>> share("5%")
    Fraction(1, 20)

    Raises:
        ConfigurationError: it is none.
    """
    match = _SHARE.fullmatch(text.strip())
    if match is None:
        raise ConfigurationError(f"--latency-within: must be a share in %, got {text!r}; write e.g. 5%")
    return Fraction(match[1]) / 100
