"""The state of lowering a graph: what every value is made of, layers, folded nodes."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from math import prod

from accelsim.program import Kernel, TensorKind, VectorKernel
from accelsim.workload import arrangement
from accelsim.workload.arrangement import Arrangement
from accelsim.workload.copies import copy_kernel, copy_rules
from accelsim.workload.layouts import Layout, default_layout
from accelsim.workload.pieces import free_layout, laid_out
from accelsim.workload.records import (
    Access,
    Along,
    Layer,
    Parameter,
    Precision,
    Rounded,
    Shape4,
    View,
)
from accelsim.workload.storages import StorageTable
from accelsim.workload.views import shape4
from restructure.graph import Graph, Node

ALL_TILED = (True, True, True, True)


class Builder(StorageTable):
    """Grows a workload node by node, in the graph's order.

    Life cycle: made empty, filled by the lowering functions, read once by ``workload.build``.
    Invariant: every value a node reads has an arrangement, is a constant, or is a folded node's inner value.

    Attributes:
        in_passes: names of nodes that look along more than the accelerator can hold at a time.
        passed: those of them that were lowered in passes, in order.
        scales: (scale, zero point) of values that lie quantised in memory and are computed with dequantised.
        zero_points: computed zero points of integers that lie in memory without them.
        rounded: what steps round to a scale, by the names that the steps give it.
    """

    def __init__(self, graph: Graph, in_passes: Container[str] = ()) -> None:
        super().__init__(graph)
        self.in_passes = in_passes
        self.passed: dict[str, None] = {}
        self.layers: list[Layer] = []
        self.arrangements: dict[str, Arrangement] = {}
        self.folded: set[int] = set()
        self.scales: dict[str, tuple[float, int]] = {}
        self.zero_points: dict[str, str] = {}
        self.rounded: dict[str, Rounded] = {}
        self._views: dict[tuple[str, Layout], View] = {}

    # -- values ----------------------------------------------------------------------------------------------------

    def shape(self, name: str) -> tuple[int, ...]:
        """The model's shape of a value."""
        tensor = self.graph.tensors.get(name)
        return tensor.shape if tensor is not None else self.arrangements[name].shape

    def is_constant(self, name: str) -> bool:
        """Whether the value is known before the model runs."""
        tensor = self.graph.tensors.get(name)
        return tensor is not None and tensor.role == "weight"

    def arrangement(self, name: str) -> Arrangement:
        """What a value is made of; a constant is stored first."""
        if name not in self.arrangements:
            layout = default_layout(len(self.shape(name)))
            view = self.constant(name, self.shape(name), layout)
            self.arrangements[name] = arrangement.of_view(view, self.shape(name), layout)
        return self.arrangements[name]

    def view(self, name: str, layout: Layout | None = None) -> View:
        """The value as four axes in a layout (the default one if left out); a copying layer if nothing else does."""
        layout = layout or default_layout(len(self.shape(name)))
        key = (name, layout)
        if key not in self._views:
            self._views[key] = self._lay_out(name, layout)
        return self._views[key]

    def free_view(self, name: str, layout: Layout) -> View | None:
        """The value in a layout if that needs no copy and it exists already."""
        if name not in self.arrangements:
            return None
        return self._views.get((name, layout)) or laid_out(self.arrangements[name], layout)

    def easy_layout(self, name: str) -> Layout:
        """A layout in which the value needs no copy; the default one if there is none."""
        return free_layout(self.arrangement(name)) or default_layout(len(self.shape(name)))

    def settled(self, name: str) -> Arrangement:
        """An arrangement of the value that is the whole of its base in some layout; copies if it must."""
        found = self.arrangement(name)
        if found.natural() is not None:
            return found
        layout = self.easy_layout(name)
        return arrangement.of_view(self.view(name, layout), self.shape(name), layout)

    def _lay_out(self, name: str, layout: Layout) -> View:
        found = self.arrangement(name)
        if self.is_constant(name):
            return self.constant(name, self.shape(name), layout)
        view = laid_out(found, layout)
        return view if view is not None else self.copied(name, found, layout)

    def placed(self, name: str, source: Arrangement, layout: Layout) -> View:
        """An arrangement that no value of the model has, in a layout; `name` is for the copy, if there must be one."""
        view = laid_out(source, layout)
        return view if view is not None else self.copied(name, source, layout)

    def forget(self, name: str) -> None:
        """Drop a value's arrangement and views: a later layer writes it anew."""
        del self.arrangements[name]
        for key in [key for key in self._views if key[0] == name]:
            del self._views[key]

    def activation(self, name: str, layout: Layout | None = None, kind: TensorKind = TensorKind.ACTIVATION) -> int:
        """A new storage for the ONNX value `name`; returns its index and makes its arrangement."""
        shape = self.shape(name)
        layout = layout or default_layout(len(shape))
        index = self.new_activation(name, shape, layout, kind)
        self.arrangements[name] = arrangement.of_view(self.whole(index), shape, layout)
        return index

    # -- layers ----------------------------------------------------------------------------------------------------

    def copied(self, name: str, source: Arrangement, layout: Layout) -> View:
        """A copying layer that writes a value, so far only arranged, in a layout: one lane operation per element."""
        index = self.new_activation(name, source.shape, layout)
        node = self.graph.producer(name)
        shape = shape4(self.storages[index].shape)
        access = Access("input", source.base, Along.ALL, Along.ALL, copy_rules(source, layout))
        label, operator = (node.name, node.op_type) if node else (name, "Copy")
        self._append(
            label, operator, copy_kernel(source, layout), [access], index, operations=prod(shape), tiled=ALL_TILED
        )
        view = self.whole(index)
        if name in self.graph.tensors:
            self.arrangements[name] = arrangement.of_view(view, source.shape, layout)
        return view

    def add_layer(
        self,
        node: Node,
        kernel: Kernel,
        inputs: Sequence[Access],
        output: str,
        *,
        layout: Layout | None = None,
        like: Arrangement | None = None,
        shape: tuple[int, ...] | None = None,
        fused: Sequence[Node] = (),
        parameters: Sequence[Parameter] = (),
        reduction: int = 1,
        macs: int = 0,
        operations: int = 0,
        tiled: tuple[bool, bool, bool, bool] = ALL_TILED,
        name: str = "",
        precision: Precision = Precision.ACTIVATIONS,
    ) -> Arrangement:
        """Append a layer that writes a new storage for `output`, and mark the fused nodes as done.

        Args:
            layout: of the output, the default one if left out.
            like: an arrangement that covers its base; the output is arranged over its storage in the same way.
            shape: what the storage holds, if not the value's own shape (an axis kept, batches joined).
            name: of the layer, if not the node's.
            precision: of what it writes, if that is no value of the model.

        Returns:
            What the layer wrote; the value's arrangement too, unless `shape` is given.
        """
        if like is not None:
            index = self.new_activation(output, like.base.shape, ((0,), (1,), (2,), (3,)))
            written = replace(like, base=self.whole(index))
        else:
            made = shape or self.shape(output)
            layout = layout or default_layout(len(made))
            index = self.new_activation(output, made, layout, precision=precision)
            written = arrangement.of_view(self.whole(index), made, layout)
        if shape is None:
            self.arrangements[output] = written
        self.folded.update(n.index for n in fused)
        of_model = [value for value in rounded_by(kernel) if value in self.graph.tensors]
        whole = [value for value in of_model if elements(self.shape(value)) == written.base.elements]
        self.rounded.update((value, Rounded(value, written.scattered)) for value in whole)
        self._append(
            name or node.name,
            node.op_type,
            kernel,
            inputs,
            index,
            fused=tuple(n.name for n in fused),
            parameters=tuple(parameters),
            reduction=reduction,
            macs=macs,
            operations=operations,
            tiled=tiled,
        )
        return written

    def _append(
        self,
        name: str,
        operator: str,
        kernel: Kernel,
        inputs: Sequence[Access],
        output: int,
        *,
        fused: tuple[str, ...] = (),
        parameters: tuple[Parameter, ...] = (),
        reduction: int = 1,
        macs: int = 0,
        operations: int = 0,
        tiled: tuple[bool, bool, bool, bool] = ALL_TILED,
    ) -> None:
        shape: Shape4 = shape4(self.storages[output].shape)
        self.layers.append(
            Layer(
                len(self.layers),
                name,
                operator,
                fused,
                kernel,
                tuple(inputs),
                parameters,
                output,
                shape,
                reduction,
                macs,
                operations,
                tiled,
            )
        )


def rounded_by(kernel: Kernel) -> list[str]:
    """The model's values that a layer makes by rounding to a scale."""
    steps = [step.value for step in kernel.post if step.value]
    return [kernel.value, *steps] if isinstance(kernel, VectorKernel) and kernel.value else steps


def elements(shape: Sequence[int]) -> int:
    """Number of elements of a shape."""
    return prod(shape)
