"""Gemmini's RTL: single layers with the tiles that were run, memory as fast as asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import accelsim
from accelsim.hardware import load
from accelsim.mapping import Pin, Pins
from benchmarks.validation.layers import convolution, facts, product

__all__ = ["FAST_MEMORY", "Case", "cases"]

FAST_MEMORY = ("dram.bandwidth=1TB/s",)


@dataclass(frozen=True, slots=True)
class Case:
    """One layer: cycles of the RTL and ours."""

    name: str
    kind: str
    measured: int
    ours: int

    @property
    def error(self) -> float:
        """Ours over the RTL's, less 1."""
        return self.ours / self.measured - 1


def cases(only: Collection[str] = (), settings: Sequence[str] = ()) -> list[Case]:
    """The layers of tests/data/gemmini_8x8.csv, all or those of some names, with some fields set otherwise."""
    hardware = load("gemmini_8x8", (*FAST_MEMORY, *settings))
    found = []
    for row in facts("gemmini_8x8.csv"):
        if only and row["case"] not in only:
            continue
        number = {key: int(value) for key, value in row.items() if key not in ("case", "kind")}
        tile = {"channels": number["tile_C"], "filters": number["tile_K"]}
        if row["kind"] == "conv":
            model = convolution(number["C"], number["K"], number["FY"], number["OY"], number["stride"])
            pin = Pin(rows=number["tile_OY"], columns=number["tile_OX"], **tile)
        else:
            model = product(number["N"], number["C"], number["K"])
            pin = Pin(batch=number["tile_N"], **tile)
        run = accelsim.simulate(model, hardware, mapping=Pins((("*", pin),)))
        found.append(Case(row["case"], row["kind"], number["gemmini_cycles"], run.totals.latency_cycles))
    return found
