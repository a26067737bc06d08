"""Which cells a graph's values lie in, and when each cell is released."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from restructure import dtypes
from restructure.graph import Graph, Node
from restructure.operators import Shape
from restructure.profile.buffers import may_overwrite
from restructure.profile.cells import Ids, cell_shape, inner_elements
from restructure.profile.definition import DTYPE_BITS, Definition
from restructure.profile.views import cells_of, view_of

__all__ = ["Storage", "Storages", "cell_bytes", "storages_of"]


@dataclass(frozen=True, slots=True)
class Storage:
    """New cells, made by one step.

    Attributes:
        name: the tensor it was made for.
        first: number of its first cell; they are numbered in the order (N, C, H).
        start: the step that makes it; 0 for the network's inputs.
        cell_bytes: of one cell, rounded up to whole bytes.
    """

    name: str
    shape: Shape
    first: int
    start: int
    cell_elements: int
    cell_bytes: int
    is_input: bool

    @property
    def cells(self) -> int:
        return prod(cell_shape(self.shape))

    @property
    def stop(self) -> int:
        """Number of its last cell + 1."""
        return self.first + self.cells


@dataclass(frozen=True, slots=True)
class Storages:
    """All cells of a graph.

    Attributes:
        storages: in the order they are made, inputs first; cells are numbered through.
        cells: tensor → the cells it spans (see `restructure.profile.cells`).
        last: per cell the last step that it must survive; the number of steps for the network's outputs.
        in_place: node → the operand whose cells its first result takes over.
    """

    storages: tuple[Storage, ...]
    cells: Mapping[str, Ids]
    last: npt.NDArray[np.int32]
    in_place: Mapping[int, str]

    def live(self, steps: int, count: Callable[[Storage], int]) -> list[int]:
        """Return, per step, the sum of what each live cell counts."""
        change = np.zeros(steps + 2, np.int64)
        for storage in self.storages:
            each = count(storage)
            if each and storage.cells:
                change[storage.start] += each * storage.cells
                ends = self.last[storage.first : storage.stop]
                if ends[0] == ends[-1] and (ends == ends[0]).all():
                    change[ends[0] + 1] -= each * storage.cells
                else:
                    released = np.bincount(ends + 1, minlength=steps + 2)
                    change -= each * released
        return [int(n) for n in np.cumsum(change)[:steps]]


def cell_bytes(elements: int, dtype: str, definition: Definition) -> int:
    """Return the bytes of a cell under a definition's element type."""
    if definition.dtype is not None:
        return -(-elements * DTYPE_BITS[definition.dtype] // 8)
    return dtypes.size_bytes(elements, dtype)


def storages_of(graph: Graph, definition: Definition) -> Storages:
    """Return the cells of a graph under a placed definition; time grows with nodes and cells."""
    apart = _Walk(graph, definition, {})
    hosts: dict[int, str] = {}
    for node in graph.nodes:
        host = _host(graph, node, definition, apart)
        if host is not None:
            hosts[node.index] = host
    walk = _Walk(graph, definition, hosts) if hosts else apart
    return Storages(tuple(walk.storages), walk.cells, walk.last, hosts)


class _Walk:
    """One pass over the nodes, with the operands whose cells are taken over already chosen."""

    def __init__(self, graph: Graph, definition: Definition, hosts: Mapping[int, str]) -> None:
        self.graph, self.definition = graph, definition
        self.storages: list[Storage] = []
        self.cells: dict[str, Ids] = {}
        self.views: set[int] = set()
        for name in graph.inputs:
            if name in graph.tensors:
                self._new(name, 0, True)
        self.caller_cells = self.storages[-1].stop if self.storages else 0
        for node in graph.nodes:
            self._add(node, hosts.get(node.index))
        self.last = self._released()

    def _new(self, name: str, start: int, is_input: bool = False) -> None:
        tensor = self.graph.tensors[name]
        inner = inner_elements(tensor.shape)
        first = self.storages[-1].stop if self.storages else 0
        octets = cell_bytes(inner, tensor.dtype, self.definition)
        self.storages.append(Storage(name, tensor.shape, first, start, inner, octets, is_input))
        shape = cell_shape(tensor.shape)
        self.cells[name] = np.arange(first, first + prod(shape), dtype=np.int32).reshape(*shape, 1)

    def _add(self, node: Node, host: str | None) -> None:
        view = view_of(self.graph, node)
        count = len(node.inputs) if view is not None and view.kind == "joined" else 1
        views = None if view is None else cells_of(view, [self.cells[name] for name in node.inputs[:count]])
        if views is not None:
            self.views.add(node.index)
            self.cells.update(zip(node.outputs, views, strict=False))
            return
        for index, name in enumerate(node.outputs):
            if name and index == 0 and host is not None:
                self.cells[name] = self.cells[host]
            elif name:
                self._new(name, node.index)

    def _released(self) -> npt.NDArray[np.int32]:
        counts = [storage.cells for storage in self.storages]
        self.elements = np.repeat(np.array([s.cell_elements for s in self.storages], np.int64), counts)
        # A result nobody reads still occupies memory while it is made.
        last = np.repeat(np.array([s.start for s in self.storages], np.int32), counts)
        for node in self.graph.nodes:
            if node.index not in self.views:
                for name in (*dict.fromkeys(node.inputs), *node.outputs):
                    if name in self.cells:
                        last[self.cells[name]] = node.index
        for name in self.graph.outputs:
            if name in self.cells:
                last[self.cells[name]] = len(self.graph.nodes)
        return last


def _host(graph: Graph, node: Node, definition: Definition, walk: _Walk) -> str | None:
    """Return the operand whose cells a node's first result takes over, or None."""
    if node.index in walk.views or not may_overwrite(graph, node, definition):
        return None
    operands = [name for name in dict.fromkeys(node.inputs) if name in walk.cells]
    result = graph.tensors[node.outputs[0]]
    for name in operands:
        operand, ids = graph.tensors[name], walk.cells[name]
        if operand.shape != result.shape or operand.bytes != result.bytes:
            continue
        others = [walk.cells[other] for other in operands if other != name]
        if _dies(walk, node, name, graph) and all(np.array_equal(ids, o) or not np.isin(ids, o).any() for o in others):
            return name
    return None


def _dies(walk: _Walk, node: Node, name: str, graph: Graph) -> bool:
    """Whether all bytes of an operand are its own, are not the caller's and are read by nobody after the node."""
    flat = walk.cells[name].reshape(-1)
    used = flat if (flat[1:] == flat[:-1] + 1).all() else np.unique(flat)
    if used.size == 0 or used[0] < walk.caller_cells or (walk.last[used] > node.index).any():
        return False
    return int(walk.elements[used].sum()) == graph.tensors[name].elements
