"""Costs that were worked out before, by what they depend on: layers of equal shape share them, and so do runs.

A sweep compiles the same network for many accelerators. They depend on the layer's shape, the array, the vector
unit and the bursts of the DRAM; neither on the capacity of any memory nor on the DRAM's bandwidth and latency.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from accelsim.mapping.candidates import candidates
from accelsim.mapping.cost import cost_grid
from accelsim.mapping.grid import CostGrid
from accelsim.mapping.machine import Machine
from accelsim.mapping.pins import Pin
from accelsim.mapping.problem import Problem

#: Bytes of tables that a process keeps between two compilations.
KEPT_BYTES = 80 << 20


class Tables:
    """Tables of bounded size in memory; those not used for longest are forgotten first.

    Several threads may ask at once.
    """

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self._most_bytes, self._bytes = most_bytes, 0
        self._lock = Lock()
        self._found: OrderedDict[tuple[Problem, Machine, Pin, bool], CostGrid] = OrderedDict()

    def of(self, problem: Problem, machine: Machine, pin: Pin, *, slivers: bool = True) -> CostGrid:
        """The costs of a problem at one byte of DRAM per cycle; `machine` as its own `tiling`."""
        key = (problem, machine, pin, slivers)
        with self._lock:
            grid = self._found.get(key)
            if grid is None:
                found = candidates(problem, *machine.units, pin, slivers=slivers)
                grid = self._found[key] = cost_grid(problem, found, machine)
                self._bytes += grid.bytes
                self._forget()
            self._found.move_to_end(key)
            return grid

    def _forget(self) -> None:
        while self._bytes > self._most_bytes and len(self._found) > 1:
            _, oldest = self._found.popitem(last=False)
            self._bytes -= oldest.bytes


#: What `compile_network` uses unless it is given tables of its own.
SHARED = Tables()
