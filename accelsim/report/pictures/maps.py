"""The memory map: cycles across, addresses up, a rectangle for what is reserved; spilled tensors marked."""

from __future__ import annotations

from dataclasses import dataclass

from accelsim.results import SimulationResult

__all__ = ["Rectangles", "rectangles"]


@dataclass(frozen=True, slots=True)
class Rectangles:
    """One rectangle per entry of the columns: [first_cycle, last_cycle) × [address, address + size_bytes).

    Attributes:
        title, memory: what is drawn.
        capacity_bytes: of the memory.
        latency_cycles: the run's end.
        tensors, kinds, spilled: per tensor its name, its kind and whether (part of) it goes to DRAM and back.
        layers: names of the layers.
        tensor, layer: indices into these; layer -1 is none.
        address, size_bytes, first_cycle, last_cycle: the rectangles.
        ranges, left_out: how many there were; how many rectangles, those of smallest area, are not drawn.
    """

    title: str
    memory: str
    capacity_bytes: int
    latency_cycles: int
    tensors: tuple[str, ...]
    kinds: tuple[str, ...]
    spilled: tuple[bool, ...]
    layers: tuple[str, ...]
    tensor: tuple[int, ...]
    layer: tuple[int, ...]
    address: tuple[int, ...]
    size_bytes: tuple[int, ...]
    first_cycle: tuple[int, ...]
    last_cycle: tuple[int, ...]
    ranges: int
    left_out: int


def rectangles(result: SimulationResult, memory: str = "") -> Rectangles:
    """The map of one memory, the scratchpad unless another is named; empty where the result keeps none."""
    wanted = memory or result.scratchpad.name
    drawn = next((kept for kept in result.memory_maps if kept.memory == wanted), None)
    use = next(use for use in result.memories if use.name == wanted)
    spilled = {tensor.name for tensor in result.spills.by_tensor}
    title = f"what lies where in the {wanted} of {result.hardware.name}: {result.model.name}"
    common = (title, wanted, use.capacity_bytes, result.totals.latency_cycles)
    layers = tuple(layer.name for layer in result.layers)
    if drawn is None:
        return Rectangles(*common, (), (), (), layers, (), (), (), (), (), (), 0, 0)
    return Rectangles(
        *common,
        tensors=drawn.tensors,
        kinds=drawn.kinds,
        spilled=tuple(name in spilled for name in drawn.tensors),
        layers=layers,
        tensor=drawn.tensor,
        layer=drawn.layer,
        address=drawn.address,
        size_bytes=drawn.size_bytes,
        first_cycle=drawn.first_cycle,
        last_cycle=drawn.last_cycle,
        ranges=drawn.ranges,
        left_out=drawn.left_out,
    )
