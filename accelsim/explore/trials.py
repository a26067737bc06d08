"""Runs of one network on many variants of a description; lowered once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accelsim.errors import ConfigurationError, DoesNotFitError
from accelsim.explore.goal import Outcome
from accelsim.hardware import Hardware, override
from accelsim.simulation import compile_model, time_run
from accelsim.workload import build

if TYPE_CHECKING:
    from accelsim.mapping import Pins
    from accelsim.results import SimulationResult
    from restructure.graph import Graph

__all__ = ["Trials"]


class Trials:
    """A network that waits to be run on variants of one accelerator.

    Raises:
        ModelUnsupportedError: it has operators that cannot be costed.
    """

    def __init__(self, graph: Graph, hardware: Hardware, pins: Pins | None = None, warm: bool = False) -> None:
        self.graph, self.hardware = graph, hardware
        self._pins, self._warm = pins, warm
        self._workload = build(graph)

    def run(self, setting: str) -> Outcome:
        """Run with one field set; what does not fit, or is no sound description, is an outcome with its reason."""
        try:
            return _outcome(self._result(override(self.hardware, [setting])))
        except DoesNotFitError as error:
            gap = f"{error.need_bytes:,} B needed, {error.have_bytes:,} B there"
            return Outcome(reason=f"does not fit the {error.memory}: {gap}")
        except ConfigurationError as error:
            return Outcome(reason=f"refused: {error.problems[0]}")

    def require(self, setting: str) -> None:
        """Run with one field set, for the sake of the error.

        Raises:
            DoesNotFitError, ConfigurationError: why it cannot be run.
        """
        self._result(override(self.hardware, [setting]))

    def _result(self, hardware: Hardware) -> SimulationResult:
        compiled = compile_model(self.graph, hardware, self._pins, self._warm, workload=self._workload)
        return time_run(compiled, self._warm).result


def _outcome(result: SimulationResult) -> Outcome:
    spills = result.spills
    return Outcome(
        latency_cycles=result.totals.latency_cycles,
        spilled_tensors=spills.tensors,
        spilled_bytes=spills.bytes_written,
        reloaded_bytes=spills.bytes_reloaded,
        peak_occupancy_bytes=result.scratchpad.peak_occupancy_bytes,
    )
