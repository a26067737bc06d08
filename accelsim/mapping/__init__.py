"""Mapping: how a layer's loop nest is cut into tiles and ordered, found by a vectorised search."""

from accelsim.mapping.candidates import Candidates, candidates
from accelsim.mapping.cost import cost_grid
from accelsim.mapping.grid import CostGrid, Places
from accelsim.mapping.machine import Machine
from accelsim.mapping.pins import FREE, Pin, Pins, load_pins
from accelsim.mapping.problem import InputShape, Problem, problem_of, storage_bytes
from accelsim.mapping.records import ORDERS, Counts, LayerMapping, TileSizes, tile_counts
from accelsim.mapping.table import CostTable
from accelsim.mapping.tables import SHARED, Tables

__all__ = [
    "FREE",
    "ORDERS",
    "SHARED",
    "Candidates",
    "CostGrid",
    "CostTable",
    "Counts",
    "InputShape",
    "LayerMapping",
    "Machine",
    "Pin",
    "Pins",
    "Places",
    "Problem",
    "Tables",
    "TileSizes",
    "candidates",
    "cost_grid",
    "load_pins",
    "problem_of",
    "storage_bytes",
    "tile_counts",
]
