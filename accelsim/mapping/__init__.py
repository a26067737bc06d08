"""Mapping: how a layer's loop nest is cut into tiles and ordered, found by a vectorised search."""

from accelsim.mapping.candidates import Candidates, candidates
from accelsim.mapping.cost import CostTable, Machine, cost_table
from accelsim.mapping.pins import FREE, Pin, Pins, load_pins
from accelsim.mapping.problem import InputShape, Problem, problem_of, storage_bytes
from accelsim.mapping.records import ORDERS, Counts, LayerMapping, TileSizes, tile_counts

__all__ = [
    "FREE",
    "ORDERS",
    "Candidates",
    "CostTable",
    "Counts",
    "InputShape",
    "LayerMapping",
    "Machine",
    "Pin",
    "Pins",
    "Problem",
    "TileSizes",
    "candidates",
    "cost_table",
    "load_pins",
    "problem_of",
    "storage_bytes",
    "tile_counts",
]
