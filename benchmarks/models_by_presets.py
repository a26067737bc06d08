"""Every network on every preset: latency, peak occupancy, spills, or why it does not run.

python -m benchmarks.models_by_presets                        # the table on the screen
python -m benchmarks.models_by_presets --update docs/models_by_presets.md
python -m benchmarks.models_by_presets --models tiny,vgg16 --presets edge_npu
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from accelsim import SimulationResult
from accelsim.errors import AccelsimError, DoesNotFitError, ModelUnsupportedError
from accelsim.hardware import Hardware, load, presets
from accelsim.network import open_network
from accelsim.simulation import compile_model, time_run
from accelsim.workload import build
from benchmarks.markdown import table, update
from restructure import zoo
from restructure.errors import RestructureError

_KIB = 1024


@dataclass(frozen=True, slots=True)
class Cell:
    """One network on one preset: what it took, or why it took nothing."""

    latency_ms: float | None = None
    utilisation: float = 0.0
    peak_bytes: int = 0
    spilled_bytes: int = 0
    reason: str = ""

    def __str__(self) -> str:
        if self.latency_ms is None:
            return self.reason
        spilled = f"{self.spilled_bytes / _KIB:,.0f} KiB spilled" if self.spilled_bytes else "no spill"
        peak = f"{self.peak_bytes / _KIB:,.0f} KiB"
        return f"{self.latency_ms:,.3g} ms, {self.utilisation:.0%}<br>{peak}, {spilled}"


def _measured(result: SimulationResult) -> Cell:
    totals = result.totals
    return Cell(
        totals.latency_s * 1e3,
        totals.pe_utilisation,
        result.scratchpad.peak_occupancy_bytes,
        result.spills.bytes_written,
    )


def cells(model: str, machines: Sequence[Hardware]) -> Iterator[Cell]:
    """One network on all machines; lowered once."""
    try:
        graph = open_network(model).graph
        workload = build(graph)
    except ModelUnsupportedError as error:
        yield from (Cell(reason=f"not supported: {_short(str(error))}") for _ in machines)
        return
    except (AccelsimError, RestructureError) as error:
        yield from (Cell(reason=_short(str(error))) for _ in machines)
        return
    for hardware in machines:
        try:
            yield _measured(time_run(compile_model(graph, hardware, workload=workload)).result)
        except DoesNotFitError as error:
            needs = f"needs {error.need_bytes / _KIB:,.0f} KiB of {error.memory}, has {error.have_bytes / _KIB:,.0f}"
            yield Cell(reason=f"**does not fit**<br>{needs}")


def _short(text: str) -> str:
    """The first sentence, without what would break a table."""
    return text.split(";")[0].split("\n")[0].replace("|", "/")[:90]


def page(rows: Sequence[Sequence[str]], machines: Sequence[Hardware]) -> str:
    """The table and the presets in it, as Markdown."""
    listed = "\n".join(f"- `{hardware.name}`: {hardware.summary.partition(': ')[2]}" for hardware in machines)
    return f"{table(['network', *(hardware.name for hardware in machines)], rows)}\n{listed}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--models", help="networks of the zoo or files, with commas between (default: the whole zoo, lightest first)"
    )
    parser.add_argument("--presets", help="presets, with commas between (default: all)")
    parser.add_argument("--update", metavar="PAGE", help="put the table between the markers of this page")
    args = parser.parse_args()
    models = args.models.split(",") if args.models else sorted(zoo.names(), key=lambda name: zoo.describe(name).macs)
    machines = [load(name) for name in (args.presets.split(",") if args.presets else presets())]
    rows = []
    for model in models:
        rows.append([model, *(str(cell) for cell in cells(model, machines))])
        print(f"{model}: done", file=sys.stderr, flush=True)
        if args.update:  # after each network, so that a run that is broken off leaves what it has
            update(args.update, "table", page(rows, machines))
    if not args.update:
        print(page(rows, machines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
