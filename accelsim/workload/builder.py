"""The state of lowering a graph: storages, views of the values seen so far, layers, folded nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod

from accelsim.program import Kernel, TensorKind
from accelsim.workload.records import (
    Access,
    FloatArray,
    Layer,
    Parameter,
    Precision,
    Shape4,
    Storage,
    View,
)
from accelsim.workload.views import onnx_axes, physical_shape, shape4, whole
from restructure.graph import Graph, Node


class Builder:
    """Grows a workload node by node, in the graph's order.

    Life cycle: made empty, filled by the lowering functions, read once by ``workload.build``.
    Invariant: every value a node reads has a view, is a parameter, or is a folded node's inner value.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.storages: list[Storage] = []
        self.layers: list[Layer] = []
        self.views: dict[str, View] = {}
        self.values: dict[str, Callable[[], FloatArray]] = {}
        self.folded: set[int] = set()
        self._stored: dict[str, int] = {}
        self._outputs = frozenset(graph.outputs)

    def view(self, name: str) -> View:
        """The view of an activation, or of a constant tensor that is read like one."""
        if name not in self.views:
            self.views[name] = self._constant_view(name)
        return self.views[name]

    def activation(self, name: str, kind: TensorKind = TensorKind.ACTIVATION) -> int:
        """A new storage for the ONNX value `name`; returns its index and makes its view."""
        shape = self.graph.tensors[name].shape
        if name in self._outputs:
            kind = TensorKind.OUTPUT
        index = self._store(
            Storage(name, kind, physical_shape(shape), Precision.ACTIVATIONS, shape, onnx_axes(len(shape)))
        )
        self.views[name] = whole(index, self.storages[index])
        return index

    def parameter(
        self, name: str, shape: tuple[int, ...], precision: Precision, value: Callable[[], FloatArray]
    ) -> int:
        """The storage of a parameter array in physical order; one per name, shared by all layers that read it."""
        if name in self._stored:
            return self._stored[name]
        axes = tuple(range(len(shape)))
        index = self._store(Storage(name, TensorKind.WEIGHT, shape, precision, shape, axes))
        self.values[name] = value
        return index

    def recast(self, name: str, shape: Shape4, onnx_shape: tuple[int, ...]) -> View:
        """A constant of lower rank as an array of four axes (for broadcasting), with its own storage."""
        label = f"{name}·{'x'.join(map(str, onnx_shape))}"
        if label not in self._stored:
            axes = onnx_axes(len(onnx_shape))
            self._store(Storage(label, TensorKind.WEIGHT, shape, Precision.ACTIVATIONS, onnx_shape, axes))
            self.values[label] = self._physical_value(name, shape, axes)
        return whole(self._stored[label], self.storages[self._stored[label]])

    def add_layer(
        self,
        node: Node,
        kernel: Kernel,
        inputs: Sequence[Access],
        output: str,
        *,
        fused: Sequence[Node] = (),
        parameters: Sequence[Parameter] = (),
        reduction: int = 1,
        macs: int = 0,
        operations: int = 0,
        tiled: tuple[bool, bool, bool, bool] = (True, True, True, True),
    ) -> None:
        """Append a layer that writes a new storage for `output`, and mark the fused nodes as done."""
        index = self.activation(output)
        self.folded.update(n.index for n in fused)
        self.layers.append(
            Layer(
                index=len(self.layers),
                name=node.name,
                operator=node.op_type,
                fused=tuple(n.name for n in fused),
                kernel=kernel,
                inputs=tuple(inputs),
                parameters=tuple(parameters),
                output=index,
                shape=self.output_shape(index),
                reduction=reduction,
                macs=macs,
                operations=operations,
                tiled=tiled,
            )
        )

    def output_shape(self, index: int) -> Shape4:
        """Physical shape of a storage."""
        return shape4(self.storages[index].shape)

    def mark_output(self, view: View) -> None:
        """Note that the storages behind a network output must end up in DRAM, whatever they are called."""
        for piece in view.pieces:
            storage = self.storages[piece.storage]
            if storage.kind is TensorKind.ACTIVATION:
                self.storages[piece.storage] = replace(storage, kind=TensorKind.OUTPUT)

    def is_constant(self, name: str) -> bool:
        """Whether the value is known before the model runs."""
        return self.graph.tensors[name].role == "weight"

    def _constant_view(self, name: str) -> View:
        shape = self.graph.tensors[name].shape
        axes, physical = onnx_axes(len(shape)), physical_shape(shape)
        index = self._store(Storage(name, TensorKind.WEIGHT, physical, Precision.ACTIVATIONS, shape, axes))
        self.values[name] = self._physical_value(name, physical, axes)
        return whole(index, self.storages[index])

    def _physical_value(self, name: str, physical: Shape4, axes: tuple[int, ...]) -> Callable[[], FloatArray]:
        def value() -> FloatArray:
            array = self.graph.weight(name).astype("float32")
            inverse = tuple(axes.index(axis) for axis in range(len(axes)))
            return array.reshape(tuple(physical[axis] for axis in axes)).transpose(inverse)

        return value

    def _store(self, storage: Storage) -> int:
        self.storages.append(storage)
        self._stored[storage.name] = len(self.storages) - 1
        return len(self.storages) - 1


def elements(shape: Sequence[int]) -> int:
    """Number of elements of a shape."""
    return prod(shape)
