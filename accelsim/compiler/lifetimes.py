"""When each stored activation is written and read, in layers."""

from __future__ import annotations

from dataclasses import dataclass

from accelsim.program import TensorKind
from accelsim.workload import Layer, Workload


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Layers between which a storage matters: written by `producer` (−1: there from the start), read by `readers`."""

    producer: int
    readers: tuple[int, ...]

    @property
    def last(self) -> int:
        """The last layer that needs it."""
        return self.readers[-1] if self.readers else self.producer

    def next_use(self, layer: int) -> int:
        """The first reader after `layer`, or a value beyond all layers."""
        return next((reader for reader in self.readers if reader > layer), 1 << 30)


def lifetimes(workload: Workload, *, outputs_stay: bool = False) -> tuple[Lifetime, ...]:
    """One lifetime per storage, in the order of `workload.storages`.

    Args:
        workload: the layers.
        outputs_stay: network outputs are wanted on chip after the last layer, because nothing may be stored.
    """
    producers = [-1] * len(workload.storages)
    readers: list[list[int]] = [[] for _ in workload.storages]
    for layer in workload.layers:
        producers[layer.output] = layer.index
        stored = {piece.storage for access in layer.inputs for piece in access.view.pieces}
        for storage in sorted(stored):
            readers[storage].append(layer.index)
    if outputs_stay:
        for storage in {piece.storage for output in workload.outputs for piece in output.view.pieces}:
            readers[storage].append(len(workload.layers))
    return tuple(Lifetime(p, tuple(r)) for p, r in zip(producers, readers, strict=True))


def may_stay(workload: Workload, storage: int, *, outputs_stay: bool = False) -> bool:
    """Whether a storage may live in the scratchpad between layers: intermediates, and outputs where they must."""
    kind = workload.storages[storage].kind
    return kind is TensorKind.ACTIVATION or (outputs_stay and kind is TensorKind.OUTPUT)


def storages_of(layer: Layer) -> tuple[int, ...]:
    """The activations a layer reads and writes."""
    read = (piece.storage for access in layer.inputs for piece in access.view.pieces)
    return tuple(dict.fromkeys([layer.output, *read]))
