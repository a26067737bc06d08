"""Golden runs: the totals of each network on each preset, in `traces/`, so that no change goes unnoticed.

`python -m benchmarks.golden` compares and says what differs (exit 1); `--write` makes the files again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import accelsim
from accelsim.results import SimulationResult

__all__ = ["CASES", "Case", "differences", "folder", "summary"]

_COMMAND = "python -m benchmarks.golden --write"
_NETWORKS = ("tiny", "squeezenet1.1", "mobilenetv2", "resnet18", "vgg16", "inceptionv3")
_PRESETS = ("edge_npu", "systolic_32x32", "tpu_v1")


@dataclass(frozen=True, slots=True)
class Case:
    """One golden run."""

    model: str
    hardware: str
    overrides: tuple[str, ...] = ()
    warm: bool = False

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        extras = [setting.replace("=", "-") for setting in self.overrides] + ["warm"] * self.warm
        return "_".join([self.model, self.hardware, *extras])

    def run(self) -> SimulationResult:
        """The run as it is now."""
        return accelsim.simulate(self.model, self.hardware, overrides=self.overrides, warm=self.warm)


CASES = (
    *(Case(network, preset) for network in _NETWORKS for preset in _PRESETS),
    *(Case("mobilenetv2", "systolic_32x32", (f"pe_array.dataflow={flow}",)) for flow in ("os", "is")),
    Case("tiny", "edge_npu", ("scratchpad.capacity=3KiB",)),
    Case("mobilenetv2", "edge_npu", ("scratchpad.capacity=128KiB",)),
    Case("mobilenetv2", "tpu_v1", (), warm=True),
)


def folder() -> Path:
    """Where golden files lie."""
    return Path(__file__).parents[1] / "traces"


def summary(case: Case, result: SimulationResult) -> dict[str, object]:
    """What a golden file holds: where it is from, and totals without anything of the machine it was made on."""
    totals, memory, spills = result.totals, result.scratchpad, result.spills
    return {
        "made_by": _COMMAND,
        "model": case.model,
        "hardware": case.hardware,
        "set": list(case.overrides),
        "state": result.state,
        "latency_cycles": totals.latency_cycles,
        "compute_bound_cycles": totals.compute_bound_cycles,
        "dram_bound_cycles": totals.dram_bound_cycles,
        "macs": totals.macs,
        "instructions": totals.instructions,
        "array_cycles": totals.array_cycles,
        "array_cycles_by_cause": dict(totals.array_cycles_by_cause),
        "dram_bytes": totals.dram_bytes,
        "dram_bytes_by_cause": dict(totals.dram_bytes_by_cause),
        "burst_padding_bytes": totals.burst_padding_bytes,
        "energy_nj": round(totals.energy_pj / 1e3),
        "peak_occupancy_bytes": memory.peak_occupancy_bytes,
        "peak_cycle": memory.peak_cycle,
        "peak_layer": memory.peak_layer,
        "spilled_tensors": spills.tensors,
        "spilled_bytes": spills.bytes_written,
        "reloaded_bytes": spills.bytes_reloaded,
        "spill_cycles_lost": spills.cycles_lost,
    }


def differences(case: Case) -> Iterator[str]:
    """What the golden file says and the run does not, a line each."""
    path = folder() / f"{case.name}.json"
    if not path.is_file():
        yield f"{path.name}: is not there; {_COMMAND}"
        return
    golden, now = json.loads(path.read_text(encoding="utf-8")), summary(case, case.run())
    for key in sorted(golden.keys() | now.keys()):
        if golden.get(key) != now.get(key):
            yield f"{path.name}: {key}: must be {golden.get(key)}, got {now.get(key)}; if that is meant, {_COMMAND}"


def main(words: list[str]) -> int:
    """Compare, or write with `--write`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.golden", description=__doc__)
    parser.add_argument("--write", action="store_true", help="make the files again")
    write = parser.parse_args(words).write
    found = 0
    for case in CASES:
        if write:
            text = json.dumps(summary(case, case.run()), indent=2) + "\n"
            (folder() / f"{case.name}.json").write_text(text, encoding="utf-8")
            print(case.name, flush=True)
            continue
        for line in differences(case):
            print(line, flush=True)
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
