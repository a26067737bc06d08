"""A model without the data of its large weights: enough for onnx's own checker and shape inference.

Large weights become typed inputs, so that nothing is read or copied; open dimensions of inputs are pinned.
"""

from typing import TYPE_CHECKING

from restructure.graph import Graph

if TYPE_CHECKING:
    import onnx

__all__ = ["LARGE_BYTES", "lean_proto"]

LARGE_BYTES = 4096


def lean_proto(graph: Graph) -> "tuple[onnx.ModelProto, frozenset[str]]":
    """Return the model as a protocol buffer, and the names of the weights that were left out."""
    import onnx_ir as ir

    copy = graph.model.clone()
    left_out = []
    for name, value in copy.graph.initializers.items():
        tensor = value.const_value
        if tensor is not None and tensor.dtype != ir.DataType.STRING and tensor.nbytes >= LARGE_BYTES:
            shape = tuple(int(n) for n in tensor.shape)
            left_out.append((name, tensor.dtype, shape))
            value.const_value = ir.ExternalTensor("", 0, 0, tensor.dtype, shape=ir.Shape(shape), name=name)
    proto = ir.to_proto(copy)
    _turn_into_inputs(proto.graph, left_out)
    _pin(proto.graph, graph)
    return proto, frozenset(name for name, _, _ in left_out)


def _turn_into_inputs(proto: "onnx.GraphProto", weights: "list[tuple[str, object, tuple[int, ...]]]") -> None:
    from onnx import helper

    gone = {name for name, _, _ in weights}
    kept = [tensor for tensor in proto.initializer if tensor.name not in gone]
    del proto.initializer[:]
    proto.initializer.extend(kept)
    listed = {value.name for value in proto.input}
    for name, dtype, shape in weights:
        if name not in listed:
            proto.input.append(helper.make_tensor_value_info(name, dtype.value, shape))  # type: ignore[attr-defined]


def _pin(proto: "onnx.GraphProto", graph: Graph) -> None:
    for value in proto.input:
        if value.name in graph.inputs:
            for dim, size in zip(value.type.tensor_type.shape.dim, graph.tensors[value.name].shape, strict=True):
                dim.dim_value = size
    del proto.value_info[:]
    for output in proto.output:
        if output.type.tensor_type.HasField("shape"):
            output.type.tensor_type.ClearField("shape")
