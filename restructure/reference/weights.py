"""Random weights in place of constant fills and of external data that is not there."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod, sqrt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from restructure.graph import Graph
from restructure.operators import Array, Shape
from restructure.zoo.weights import WeightKind, weight_values

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["with_weights"]

_NORMALIZATION_OPERANDS: dict[str, tuple[WeightKind, ...]] = {
    "BatchNormalization": ("scale", "bias", "mean", "variance"),
    "InstanceNormalization": ("scale", "bias"),
    "LayerNormalization": ("scale", "bias"),
    "GroupNormalization": ("scale", "bias"),
}


@dataclass(frozen=True, slots=True)
class _Weight:
    """A weight without values of its own: the ir value that carries it, and what makes them."""

    value: "ir.Value"
    shape: Shape
    dtype: "ir.DataType"


def with_weights(graph: Graph) -> "tuple[ir.Model, tuple[str, ...]]":
    """Return a copy of the graph's model whose floating-point weights all have values, and the names of the new ones.

    New values are seeded by the weight's name and scaled by fan-in (He), so that activations neither vanish nor
    explode; BatchNorm's statistics stay valid. They are made when they are asked for. Scalars stay as they are.
    """
    model = graph.model.clone()
    renewed = [*_fills(model, graph), *_missing(model)]
    for weight in renewed:
        _give_values(model, weight)
    return model, tuple(str(weight.value.name) for weight in renewed)


def _fills(model: "ir.Model", graph: Graph) -> Iterator[_Weight]:
    import onnx_ir as ir

    for node in model.graph:
        value = node.outputs[0]
        if node.op_type != "ConstantOfShape" or not graph.is_constant(str(value.name)):
            continue
        fill, operand = node.attributes.get("value"), node.inputs[0]
        shape = graph.constant(str(operand.name)) if operand is not None else None
        dtype = fill.as_tensor().dtype if fill is not None else ir.DataType.FLOAT
        if shape is not None and prod(shape.tolist()) > 1 and dtype.is_floating_point():
            yield _Weight(value, tuple(shape.tolist()), dtype)


def _missing(model: "ir.Model") -> Iterator[_Weight]:
    import onnx_ir as ir

    for value in model.graph.initializers.values():
        tensor = value.const_value
        if (
            isinstance(tensor, ir.ExternalTensor)
            and not Path(tensor.path).is_file()
            and tensor.dtype.is_floating_point()
        ):
            yield _Weight(value, tuple(tensor.shape.numpy()), tensor.dtype)


def _give_values(model: "ir.Model", weight: _Weight) -> None:
    import onnx_ir as ir

    name = str(weight.value.name)
    kind, fan_in = _role(weight)
    factor = np.float32(sqrt(max(1, prod(weight.shape[1:])) / fan_in)) if kind == "filter" else np.float32(1)

    def make() -> ir.TensorProtocol:
        values: Array = weight_values(name, weight.shape, kind) * factor
        return ir.Tensor(values.astype(weight.dtype.numpy()), name=name)

    lazy = ir.LazyTensor(make, weight.dtype, ir.Shape(weight.shape), name=name)
    producer = weight.value.producer()
    if producer is None:
        weight.value.const_value = lazy
        return
    fresh = ir.Value(name=name, type=ir.TensorType(weight.dtype), shape=ir.Shape(weight.shape), const_value=lazy)
    weight.value.replace_all_uses_with(fresh, replace_graph_outputs=True)
    model.graph.remove(producer, safe=True)
    model.graph.register_initializer(fresh)


def _role(weight: _Weight) -> tuple[WeightKind, int]:
    """Return what a weight is to the first operator that reads it, and how many products one of its sums has."""
    for node, index in weight.value.uses():
        kinds = _NORMALIZATION_OPERANDS.get(node.op_type, ())
        if 0 < index <= len(kinds):
            return kinds[index - 1], 1
        if node.op_type in ("MatMul", "Gemm") and index == 1 and len(weight.shape) >= 2:
            transposed = node.op_type == "Gemm" and node.attributes.get_int("transB") == 1
            return "filter", weight.shape[-1 if transposed else -2]
    if len(weight.shape) >= 2:
        return "filter", max(1, prod(weight.shape[1:]))
    return "bias", 1
