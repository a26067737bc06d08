"""Active memory over time: at each step of the graph's order, the bytes of live activations."""

from collections.abc import Callable
from dataclasses import dataclass

from restructure import dtypes
from restructure.graph import Graph
from restructure.profile.buffers import Buffer, buffers_of
from restructure.profile.definition import DTYPE_BITS, Definition
from restructure.profile.storages import Storage, storages_of

__all__ = ["Held", "Profile", "Step", "profile"]


@dataclass(frozen=True, slots=True)
class Held:
    """A tensor that occupies memory."""

    name: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Step:
    """What is live while one node runs: its operands, its results and all that later nodes still need."""

    node: str
    live_elements: int
    live_bytes: int


@dataclass(frozen=True, slots=True)
class Profile:
    """Active memory of a graph in its own order.

    Attributes:
        peak_elements: largest number of live elements at any step.
        peak_bytes: largest number of live bytes at any step.
        peak_step: first step with `peak_bytes`.
        peak_tensors: what is live then, largest first.
    """

    definition: Definition
    peak_elements: int
    peak_bytes: int
    peak_step: int
    peak_tensors: tuple[Held, ...]
    steps: tuple[Step, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the profile as JSON-ready values, under the names that stay stable."""
        return {
            "definition": self.definition.to_dict(),
            "peak_elements": self.peak_elements,
            "peak_bytes": self.peak_bytes,
            "peak_step": self.peak_step,
            "peak_tensors": [{"name": held.name, "bytes": held.bytes} for held in self.peak_tensors],
            "steps": [
                {"node": step.node, "live_elements": step.live_elements, "live_bytes": step.live_bytes}
                for step in self.steps
            ],
        }


def profile(graph: Graph, definition: Definition | None = None) -> Profile:
    """Return the active memory of `graph` under `definition` (default: the documented one).

    Time and memory grow linearly with nodes and tensors.
    """
    definition = definition or Definition()
    if definition.layout == "placed":
        return _placed(graph, definition)
    buffers = [b for b in buffers_of(graph, definition) if definition.input_counted or b.name not in graph.inputs]
    sizes = [_bytes(graph, buffer, definition) for buffer in buffers]
    elements = _running([(b.start, b.stop, b.elements) for b in buffers], len(graph.nodes))
    octets = _running([(b.start, b.stop, n) for b, n in zip(buffers, sizes, strict=True)], len(graph.nodes))

    def held(step: int) -> list[Held]:
        alive = ((b, n) for b, n in zip(buffers, sizes, strict=True) if b.start <= step <= b.stop)
        return [Held(b.tensor_at(step), n) for b, n in alive]

    return _profile(graph, definition, elements, octets, held)


def _placed(graph: Graph, definition: Definition) -> Profile:
    found, steps = storages_of(graph, definition), len(graph.nodes)

    def counted(storage: Storage) -> bool:
        return definition.input_counted or not storage.is_input

    def held(step: int) -> list[Held]:
        alive = {
            s.name: int((found.last[s.first : s.stop] >= step).sum()) * s.cell_bytes
            for s in found.storages
            if s.start <= step and counted(s)
        }
        return [Held(name, octets) for name, octets in alive.items() if octets]

    elements = found.live(steps, lambda s: s.cell_elements * counted(s))
    octets = found.live(steps, lambda s: s.cell_bytes * counted(s))
    return _profile(graph, definition, elements, octets, held)


def _profile(
    graph: Graph,
    definition: Definition,
    elements: list[int],
    octets: list[int],
    held: Callable[[int], list[Held]],
) -> Profile:
    """Return the profile of live elements and bytes per step; `held` lists what is live at one."""
    peak = max(range(len(octets)), key=octets.__getitem__, default=0)
    return Profile(
        definition=definition,
        peak_elements=max(elements, default=0),
        peak_bytes=octets[peak] if octets else 0,
        peak_step=peak,
        peak_tensors=tuple(sorted(held(peak), key=lambda h: (-h.bytes, h.name))),
        steps=tuple(Step(n.name, e, o) for n, e, o in zip(graph.nodes, elements, octets, strict=True)),
    )


def _bytes(graph: Graph, buffer: Buffer, definition: Definition) -> int:
    if definition.dtype is not None:
        return -(-buffer.elements * DTYPE_BITS[definition.dtype] // 8)
    return dtypes.size_bytes(buffer.elements, graph.tensors[buffer.name].dtype)


def _running(lives: list[tuple[int, int, int]], steps: int) -> list[int]:
    """Return per step the sum of sizes whose life (start, stop, both included) covers it."""
    change = [0] * (steps + 1)
    for start, stop, size in lives:
        change[start] += size
        change[stop + 1] -= size
    total, result = 0, []
    for step in range(steps):
        total += change[step]
        result.append(total)
    return result
