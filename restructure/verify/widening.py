"""Models that do arithmetic on integers where ONNX knows floating point only, as exports of research tools do.

Neither onnx nor onnxruntime takes a `Conv` of int8 tensors, so such a model is verified as the same one in float32.
"""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from restructure import dtypes
from restructure.graph import Graph, Node, load

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["foreign_integers", "in_float32"]


def foreign_integers(graph: Graph) -> str | None:
    """Return the type of a model's activations if all are int8, or all uint8, and some operator is defined for no such.

    Where types are mixed there is no saying what was meant.
    """
    found = {graph.tensors[name].dtype for node in graph.nodes for name in node.outputs if name}
    if len(found) != 1 or not found <= {"int8", "uint8"}:
        return None
    (dtype,) = found
    return dtype if any(_refuses(graph, node, dtype) for node in graph.nodes) else None


def _refuses(graph: Graph, node: Node, dtype: str) -> bool:
    import onnx

    try:
        schema = onnx.defs.get_schema(node.op_type, graph.opsets[node.domain], node.domain)
    except (onnx.defs.SchemaError, KeyError):
        return False
    allowed = {c.type_param_str: c.allowed_type_strs for c in schema.type_constraints}
    return f"tensor({dtype})" not in allowed.get(schema.inputs[0].type_str, [f"tensor({dtype})"])


def in_float32(graph: Graph, dtype: str) -> Graph:
    """Return the model with float32 wherever it has `dtype`; weights are turned when they are read."""
    import onnx_ir as ir

    model = graph.model.clone()
    integer, real = ir.DataType(dtypes.to_onnx(dtype)), ir.DataType.FLOAT
    inner = model.graph
    values = [*inner.inputs, *inner.initializers.values(), *(v for node in inner for v in node.outputs)]
    for value in values:
        if value.dtype == integer:
            value.type = ir.TensorType(real)  # `dtype` would change the original's too
        if value.const_value is not None and value.const_value.dtype == integer:
            value.const_value = _turned(value.const_value)
    return load(model, graph.dims)


def _turned(tensor: "ir.TensorProtocol") -> "ir.TensorProtocol":
    import onnx_ir as ir

    read = partial(_read, tensor)
    return ir.LazyTensor(read, ir.DataType.FLOAT, ir.Shape(tensor.shape.numpy()), name=tensor.name)


def _read(tensor: "ir.TensorProtocol") -> "ir.TensorProtocol":
    import onnx_ir as ir

    return ir.Tensor(tensor.numpy().astype(np.float32), name=tensor.name)
