"""When each stored activation is written and read, in layers."""

from __future__ import annotations

from dataclasses import dataclass

from accelsim.program import TensorKind
from accelsim.workload import Workload


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


def lifetimes(workload: Workload) -> tuple[Lifetime, ...]:
    """One lifetime per storage, in the order of `workload.storages`."""
    producers = [-1] * len(workload.storages)
    readers: list[list[int]] = [[] for _ in workload.storages]
    for layer in workload.layers:
        producers[layer.output] = layer.index
        stored = {piece.storage for access in layer.inputs for piece in access.view.pieces}
        for storage in sorted(stored):
            readers[storage].append(layer.index)
    return tuple(Lifetime(p, tuple(r)) for p, r in zip(producers, readers, strict=True))


def may_stay(workload: Workload, storage: int) -> bool:
    """Whether a storage may live in the scratchpad between layers (intermediate activations only)."""
    return workload.storages[storage].kind is TensorKind.ACTIVATION
