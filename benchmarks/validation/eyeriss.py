"""The Eyeriss chip: time of the array per layer, AlexNet with the chip's own tiles, VGG-16 with the mapper's."""

from __future__ import annotations

from dataclasses import dataclass

import accelsim
from accelsim.hardware import load
from accelsim.mapping import Pin, Pins
from benchmarks.validation.layers import facts
from restructure import zoo

__all__ = ["TILES", "Layer", "layers"]

#: What the chip runs at once (JSSC 2017): one image in strips of 7 rows for conv1, four images for conv3 to conv5.
#: Its conv3 has 64 filters and 4 channels a pass; 32-bit partial sums leave room for half of the filters here.
TILES = Pins(
    (
        ("conv1", Pin(batch=1, rows=7, columns=55, filters=32, channels=1, order="SKC")),
        ("conv2", Pin(batch=1, rows=27, columns=27, filters=16, channels=2, order="SKC")),
        ("conv3", Pin(batch=4, rows=13, columns=13, filters=32, channels=8, order="SKC")),
        ("conv4", Pin(batch=4, rows=13, columns=13, filters=32, channels=6, order="SKC")),
        ("conv5", Pin(batch=4, rows=13, columns=13, filters=32, channels=6, order="SKC")),
    )
)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer.

    Attributes:
        measured, ours: milliseconds of processing.
        busy: milliseconds of MACs over active PEs alone.
        buffer_rate: the chip's traffic with its global buffer over its time, in GB/s.
    """

    name: str
    measured: float
    ours: float
    busy: float
    buffer_rate: float

    @property
    def error(self) -> float:
        """Ours over the chip's, less 1."""
        return self.ours / self.measured - 1


def layers(network: str, tiles: Pins | None = None) -> list[Layer]:
    """The convolutions of a network of tests/data/eyeriss.csv."""
    hardware = load("eyeriss")
    known = [row for row in facts("eyeriss.csv") if row["network"] == network]
    run = accelsim.simulate(zoo.build(network, batch=int(known[0]["batch"])), hardware, mapping=tiles)
    by_name = {layer.name: layer for layer in run.layers}
    return [
        Layer(
            row["layer"],
            float(row["processing_ms"]),
            1e3 * hardware.seconds(by_name[row["layer"]].array_cycles),
            1e3 * hardware.seconds(by_name[row["layer"]].macs / int(row["active_pes"])),
            float(row["glb_mb"]) / float(row["processing_ms"]),
        )
        for row in known
    ]
