"""Colours that people with any kind of colour vision tell apart (Okabe and Ito, 2008), on light and on dark."""

from __future__ import annotations

__all__ = ["BOUNDS", "CYCLES", "DRAM", "ENERGY", "KINDS", "RESTRUCTURED", "SERIES", "SPILL"]

_BLUE, _SKY, _ORANGE, _RED = "#0072B2", "#56B4E9", "#E69F00", "#D55E00"
_PINK, _GREEN, _YELLOW, _GREY, _DARK, _PALE = "#CC79A7", "#009E73", "#F0E442", "#999999", "#6B6B6B", "#C9C9C9"
_BLACK = "#000000"

SPILL = RESTRUCTURED = _RED

KINDS = {"weight": _ORANGE, "input": _SKY, "activation": _BLUE, "output": _GREEN, "partial": _PINK}
CYCLES = {
    "compute": _BLUE,
    "fill_drain": _SKY,
    "ports": _BLACK,
    "weights": _ORANGE,
    "activations": _RED,
    "store": _PINK,
    "vector": _GREEN,
    "partial_sums": _YELLOW,
    "dram_latency": _GREY,
    "issue": _DARK,
    "idle": _PALE,
}
DRAM = {
    "compulsory_weights": _BLUE,
    "compulsory_input": _SKY,
    "spill_reload": _RED,
    "refetch_weights": _ORANGE,
    "refetch_activations": _YELLOW,
    "network_output": _GREEN,
    "spill": _PINK,
    "partial_sum": _GREY,
    "layout_copy": _DARK,
}
ENERGY = {
    "mac": _BLUE,
    "scratchpad": _SKY,
    "accumulator": _GREEN,
    "weight_buffer": _ORANGE,
    "dram": _RED,
    "vector": _PINK,
    "static": _GREY,
}
BOUNDS = {
    "compute": _BLUE,
    "weights": _ORANGE,
    "activations": _RED,
    "store": _PINK,
    "vector": _GREEN,
    "latency": _GREY,
}
SERIES = (_BLUE, _RED, _GREEN, _ORANGE, _PINK, _SKY, _GREY, _BLACK)
