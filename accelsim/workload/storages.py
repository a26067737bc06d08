"""The table of storages of a workload under construction: activations, constants, parameters, and their values."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace

import numpy as np

from accelsim.program import TensorKind
from accelsim.workload.constants import constant_array, element_size
from accelsim.workload.layouts import Layout, is_plain, onnx_axes, physical_shape
from accelsim.workload.records import FloatArray, Precision, Storage, View
from accelsim.workload.views import whole
from restructure.graph import Graph


class StorageTable:
    """Storages in the order of their making, each with a name of its own; `values` yields the arrays of constants."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.storages: list[Storage] = []
        self.values: dict[str, Callable[[], FloatArray]] = {}
        self._stored: dict[str, int] = {}
        self._parameters: dict[tuple[Hashable, ...], int] = {}

    def whole(self, index: int) -> View:
        """The view of a whole storage."""
        return whole(index, self.storages[index])

    def new_activation(
        self,
        name: str,
        shape: tuple[int, ...],
        layout: Layout,
        kind: TensorKind = TensorKind.ACTIVATION,
        precision: Precision = Precision.ACTIVATIONS,
    ) -> int:
        """A new storage for a value of `shape`.

        Its bytes per element are those of the value its label begins with, unless it has another precision.
        """
        physical = physical_shape(shape, layout)
        tensor = self.graph.tensors.get(name) or self.graph.tensors.get(name.rpartition("·")[0])
        width = element_size(tensor.dtype) if tensor and precision is Precision.ACTIVATIONS else 0
        axes = onnx_axes(layout, shape) if is_plain(layout, shape) else (0, 1, 2, 3)
        label = self._unused(name)
        onnx_shape = shape if is_plain(layout, shape) else physical
        return self._store(Storage(label, kind, physical, precision, onnx_shape, axes, width))

    def _unused(self, name: str) -> str:
        label, number = name, 2
        while label in self._stored:
            label, number = f"{name}·{number}", number + 1
        return label

    def parameter(
        self,
        name: str,
        shape: tuple[int, ...],
        precision: Precision,
        value: Callable[[], FloatArray],
        element_bytes: int = 0,
        made: Hashable = (),
    ) -> int:
        """The storage of a parameter array in physical order, shared by all layers that read the same.

        `made`: how `value` makes it of what is called `name`; what is made in another way is stored apart.
        """
        key = (name, shape, precision, element_bytes, made)
        if key not in self._parameters:
            label, axes = self._unused(name), tuple(range(len(shape)))
            stored = Storage(label, TensorKind.WEIGHT, shape, precision, shape, axes, element_bytes)
            self._parameters[key] = self._store(stored)
            self.values[label] = value
        return self._parameters[key]

    def constant(
        self,
        name: str,
        shape: tuple[int, ...],
        layout: Layout,
        precision: Precision = Precision.ACTIVATIONS,
        spread: tuple[int, ...] | None = None,
    ) -> View:
        """A constant as an array of four axes.

        Args:
            name: the constant.
            shape: its own shape, with ones where ranks differ.
            layout: of the four axes.
            precision: of its elements, unless the model fixes their type.
            spread: a larger shape that it is stored broadcast to.
        """
        physical = physical_shape(spread or shape, layout)
        label = name if shape == self.graph.tensors[name].shape else f"{name}·{'x'.join(map(str, physical))}"
        width = element_size(self.graph.stored_dtype(name))
        value = constant_array(self.graph, name, shape, layout, spread)
        return self.whole(self.parameter(label, physical, precision, value, width, (shape, layout, spread)))

    def zeros(self, like: View) -> View:
        """A map of zeros, as one of those that a view is made of."""
        shape, width = (1, *like.shape[1:]), self.storages[like.pieces[0].storage].element_bytes

        def value() -> FloatArray:
            return np.zeros(shape, np.float32)

        return self.whole(self.parameter("zeros", shape, Precision.ACTIVATIONS, value, width))

    def _store(self, storage: Storage) -> int:
        self.storages.append(storage)
        self._stored[storage.name] = len(self.storages) - 1
        return len(self.storages) - 1

    def mark_output(self, view: View) -> None:
        """Note that the storages behind a network output must end up in DRAM, whatever they are called."""
        for piece in view.pieces:
            storage = self.storages[piece.storage]
            if storage.kind is TensorKind.ACTIVATION:
                self.storages[piece.storage] = replace(storage, kind=TensorKind.OUTPUT)
