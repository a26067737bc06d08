"""A model without the data of its large weights: enough for onnx's own checker and shape inference.

Large weights become typed inputs, so that nothing is read or copied; inputs and outputs get the shapes the graph has.
The nodes stand in the model's own order, valid or not.
"""

import os
from typing import TYPE_CHECKING

from restructure import dtypes, operators
from restructure.graph import Graph

if TYPE_CHECKING:
    import onnx
    import onnx_ir as ir

__all__ = ["LARGE_BYTES", "lean_proto", "settle_ceil_mode"]

LARGE_BYTES = 4096


def lean_proto(graph: Graph) -> "tuple[onnx.ModelProto, frozenset[str]]":
    """Return the model as a protocol buffer, and the names of the weights that were left out."""
    from onnx import helper
    from onnx_ir import serde

    stored = {name: v.const_value for name, v in graph.model.graph.initializers.items() if v.const_value is not None}
    large = {name: tensor for name, tensor in stored.items() if _is_large(tensor)}
    inputs = [_described(graph, name) for name in graph.inputs]
    inputs += [
        helper.make_tensor_value_info(name, tensor.dtype.value, tensor.shape.numpy()) for name, tensor in large.items()
    ]
    proto = helper.make_graph(
        [serde.serialize_node(node) for node in graph.model.graph],
        graph.model.graph.name or "model",
        inputs,
        [_described(graph, str(value.name)) for value in graph.model.graph.outputs],
        [_inline(tensor, name) for name, tensor in stored.items() if name not in large],
    )
    imports = [helper.make_opsetid(domain, version) for domain, version in graph.model.opset_imports.items()]
    return helper.make_model(proto, opset_imports=imports, ir_version=graph.model.ir_version), frozenset(large)


def settle_ceil_mode(proto: "onnx.ModelProto", graph: Graph) -> None:
    """Give pools with `ceil_mode` the end pads that lead to the same size without it.

    Before opset 22 onnx infers one window too many where the last would begin in the end padding; onnxruntime, and the
    later specification, leave it out.
    """
    from onnx import helper

    for node in graph.nodes:
        if node.attributes.get("ceil_mode", 0):
            (made,) = (other for other in proto.graph.node if node.outputs[0] in other.output)
            kept = [attribute for attribute in made.attribute if attribute.name not in ("ceil_mode", "pads")]
            del made.attribute[:]
            made.attribute.extend(kept)
            pads = _pads_without_ceil(operators.pool_geometry(node, graph))
            made.attribute.append(helper.make_attribute("pads", pads))


def _pads_without_ceil(g: operators.PoolGeometry) -> list[int]:
    axes = zip(g.out_spatial, g.strides, g.extents, g.in_spatial, g.pads_begin, strict=True)
    return [*g.pads_begin, *(out * stride - 1 + extent - size - begin for out, stride, extent, size, begin in axes)]


def _is_large(tensor: "ir.TensorProtocol") -> bool:
    if tensor.dtype.name == "STRING":
        return False
    elsewhere = getattr(tensor, "path", None)
    missing = elsewhere is not None and not os.path.isfile(elsewhere)
    return missing or tensor.nbytes >= LARGE_BYTES


def _inline(tensor: "ir.TensorProtocol", name: str) -> "onnx.TensorProto":
    """Return a small tensor with its data, also where that lies in another file."""
    import onnx_ir as ir

    held = ir.Tensor(tensor.numpy(), dtype=tensor.dtype) if isinstance(tensor, ir.ExternalTensor) else tensor
    proto = ir.serde.serialize_tensor(held)
    proto.name = name
    return proto


def _described(graph: Graph, name: str) -> "onnx.ValueInfoProto":
    from onnx import helper

    tensor = graph.tensors.get(name)
    if tensor is None:  # an output that hands an alias on
        return _untyped(name)
    return helper.make_tensor_value_info(name, dtypes.to_onnx(tensor.dtype), tensor.shape)


def _untyped(name: str) -> "onnx.ValueInfoProto":
    import onnx

    return onnx.ValueInfoProto(name=name)
