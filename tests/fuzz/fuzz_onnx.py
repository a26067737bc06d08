"""Mutations of models that stay well-formed protobuf: shapes, attributes, types, names, edges, opsets."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import fuzz_pool as pool
import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper, numpy_helper

Mutation = Callable[[onnx.ModelProto, Random], None]

_OPERATORS = (
    "Add", "Mul", "Conv", "ConvTranspose", "MaxPool", "AveragePool", "Gemm", "MatMul", "Concat", "Split", "Slice",
    "Reshape", "Resize", "Pad", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Gather", "ReduceMean", "Softmax",
    "BatchNormalization", "LayerNormalization", "Relu", "Clip", "Identity", "Expand", "Shape", "Range", "Tile", "Where",
    "Cast", "DepthToSpace", "ConstantOfShape", "TopK", "NonZero", "If", "Loop", "LSTM", "Einsum", "Dropout",
    "QLinearConv", "DequantizeLinear", "GlobalAveragePool", "ArgMax", "LRN", "Frobnicate", "Constant",
)  # fmt: skip


def _node(model: onnx.ModelProto, random: Random) -> onnx.NodeProto:
    return random.choice(model.graph.node)


def _shape(model: onnx.ModelProto, random: Random) -> None:
    graph = model.graph
    values = [*graph.input, *graph.input, *graph.output, *graph.value_info]
    dims = random.choice(values).type.tensor_type.shape.dim
    if not dims or random.random() < 0.15:
        dims.add().dim_value = pool.small(random)
    elif random.random() < 0.1:
        del dims[random.randrange(len(dims))]
    elif random.random() < 0.15:
        random.choice(dims).dim_param = random.choice(pool.TEXTS)
    else:
        random.choice(dims).dim_value = pool.small(random)


def _type(model: onnx.ModelProto, random: Random) -> None:
    graph = model.graph
    if graph.initializer and random.random() < 0.5:
        random.choice(graph.initializer).data_type = random.choice((*range(26), 99, -1))
    else:
        random.choice([*graph.input, *graph.output]).type.tensor_type.elem_type = random.choice((*range(26), 99))


def _initializer(model: onnx.ModelProto, random: Random) -> None:
    if not model.graph.initializer:
        return
    tensor = random.choice(model.graph.initializer)
    what = random.randrange(6)
    if what == 0:
        model.graph.initializer.remove(tensor)
    elif what == 1 and tensor.dims:
        tensor.dims[random.randrange(len(tensor.dims))] = pool.small(random)
    elif what == 2:
        tensor.raw_data = tensor.raw_data[: random.randrange(len(tensor.raw_data) + 1)]
    elif what == 3:
        tensor.dims.append(pool.small(random))
    elif what == 4:
        model.graph.initializer.append(tensor)
    else:
        tensor.float_data.append(random.choice(pool.FLOATS))


def _values(model: onnx.ModelProto, random: Random) -> None:
    """Change the numbers in a constant: shapes, axes, pads, scales."""
    small = [t for t in model.graph.initializer if 0 < len(t.raw_data) <= 256 and t.data_type in (1, 7)]
    if not small:
        return
    tensor = random.choice(small)
    try:
        values = numpy_helper.to_array(tensor).copy()
    except (ValueError, TypeError):
        return
    if values.size:
        flat = values.reshape(-1)
        with np.errstate(all="ignore"):
            flat[random.randrange(flat.size)] = (
                pool.small(random) if values.dtype == np.int64 else random.choice(pool.FLOATS)
            )
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def _external(model: onnx.ModelProto, random: Random) -> None:
    if not model.graph.initializer:
        return
    tensor = random.choice(model.graph.initializer)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    places = ("../secret", "/etc/passwd", "weights.bin", "", ".", "a/../../b", "net.onnx", *pool.TEXTS)
    for key, value in (
        ("location", random.choice(places)),
        ("offset", str(pool.small(random))),
        ("length", str(pool.small(random))),
    ):
        if random.random() < 0.7:
            entry = tensor.external_data.add()
            entry.key, entry.value = key, value


def _attribute(model: onnx.ModelProto, random: Random) -> None:
    nodes = [node for node in model.graph.node if node.attribute]
    if not nodes:
        return
    node = random.choice(nodes)
    attribute = random.choice(node.attribute)
    what = random.randrange(6)
    if what == 0:
        node.attribute.remove(attribute)
    elif what == 1:
        node.attribute.append(attribute)
    elif what == 2:
        attribute.type = random.choice((0, 1, 2, 3, 4, 6, 7, 8, 5))
    else:
        _change_value(attribute, random)


def _change_value(attribute: AttributeProto, random: Random) -> None:
    if attribute.type == AttributeProto.INTS and attribute.ints:
        what = random.randrange(4)
        if what == 0:
            attribute.ints.append(pool.small(random))
        elif what == 1:
            del attribute.ints[random.randrange(len(attribute.ints))]
        else:
            attribute.ints[random.randrange(len(attribute.ints))] = pool.small(random)
    elif attribute.type == AttributeProto.STRING:
        attribute.s = random.choice((b"SAME_LOWER", b"VALID", b"linear", b"cubic", b"\xff\xfe", b"", b"half_pixel"))
    elif attribute.type == AttributeProto.FLOAT:
        attribute.f = random.choice(pool.FLOATS)
    else:
        attribute.i = pool.small(random)


def _new_attribute(model: onnx.ModelProto, random: Random) -> None:
    names = ("axis", "group", "pads", "strides", "dilations", "kernel_shape", "ceil_mode", "perm", "keepdims", "axes",
             "output_padding", "auto_pad", "transA", "to", "mode", "noop_with_empty_axes", "blocksize", "alpha",
             "value", "count_include_pad", "storage_order", "output_shape", "allowzero", "epsilon")  # fmt: skip
    values: tuple[Any, ...] = (
        pool.small(random), [pool.small(random) for _ in range(random.randrange(5))], random.choice(pool.FLOATS),
        "SAME_UPPER",
        numpy_helper.from_array(np.zeros(random.randrange(3), np.float32), "t"),
    )  # fmt: skip
    value = random.choice(values)
    if value == []:
        return
    _node(model, random).attribute.append(helper.make_attribute(random.choice(names), value))


def _rename(model: onnx.ModelProto, random: Random) -> None:
    """Give something a hostile name, consistently or not."""
    graph, text = model.graph, random.choice(pool.TEXTS)
    what = random.randrange(5)
    if what == 0:
        _node(model, random).name = text
    elif what == 1:
        graph.name = text
    elif what == 2:
        _rename_everywhere(graph, random.choice([name for node in graph.node for name in node.output] or ["x"]), text)
    elif what == 3:
        _rename_everywhere(graph, random.choice(graph.input).name if graph.input else "x", text)
    else:
        random.choice([*graph.input, *graph.output, *graph.initializer, graph]).name = text


def _rename_everywhere(graph: onnx.GraphProto, old: str, new: str) -> None:
    for node in graph.node:
        for names in (node.input, node.output):
            for position, name in enumerate(names):
                if name == old:
                    names[position] = new
    for value in (*graph.input, *graph.output, *graph.initializer):
        if value.name == old:
            value.name = new


def _operator(model: onnx.ModelProto, random: Random) -> None:
    _node(model, random).op_type = random.choice((*_OPERATORS, *_OPERATORS, *pool.TEXTS))


def _domain(model: onnx.ModelProto, random: Random) -> None:
    _node(model, random).domain = random.choice(("ai.onnx", "com.microsoft", "ai.onnx.ml", *pool.TEXTS))


def _edges(model: onnx.ModelProto, random: Random) -> None:
    graph = model.graph
    names = [name for node in graph.node for name in (*node.input, *node.output)] + ["", "nowhere"]
    node = _node(model, random)
    edges = node.input if random.random() < 0.75 else node.output
    what = random.randrange(4)
    if what == 0 and edges:
        del edges[random.randrange(len(edges))]
    elif what == 1:
        edges.append(random.choice(names))
    elif edges:
        edges[random.randrange(len(edges))] = random.choice(names)


def _nodes(model: onnx.ModelProto, random: Random) -> None:
    nodes = model.graph.node
    what = random.randrange(5)
    if what == 0:
        nodes.remove(_node(model, random))
    elif what == 1:
        nodes.append(_node(model, random))
    elif what == 2:
        shuffled = list(nodes)
        random.shuffle(shuffled)
        del nodes[:]
        nodes.extend(shuffled)
    elif what == 3:
        one, other = _node(model, random), _node(model, random)
        one.name = other.name
    else:
        del nodes[random.randrange(len(nodes)) :]


def _ends(model: onnx.ModelProto, random: Random) -> None:
    graph = model.graph
    ends = random.choice((graph.input, graph.output))
    what = random.randrange(4)
    if what == 0 and ends:
        del ends[random.randrange(len(ends))]
    elif what == 1 and ends:
        ends.append(random.choice(ends))
    elif what == 2:
        names = [name for node in graph.node for name in node.output]
        ends.append(helper.make_tensor_value_info(random.choice([*names, "nowhere"]), 1, None))
    elif ends:
        random.choice(ends).ClearField("type")


def _versions(model: onnx.ModelProto, random: Random) -> None:
    versions = (0, 1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 21, 22, 23, 99, -1, 2**40)
    what = random.randrange(4)
    if what == 0:
        model.ir_version = random.choice((0, 1, 3, 4, 7, 9, 10, 11, 99, -5))
    elif what == 1:
        model.opset_import.append(helper.make_opsetid(random.choice(("", "ai.onnx", "x")), random.choice(versions)))
    elif what == 2:
        del model.opset_import[:]
    elif model.opset_import:
        model.opset_import[0].version = random.choice(versions)


def _rarities(model: onnx.ModelProto, random: Random) -> None:
    """Functions, subgraphs, sparse weights, training information, metadata."""
    graph, what = model.graph, random.randrange(6)
    if what == 0:
        body = helper.make_node(random.choice(("Relu", "Twice", "Add")), ["a"], ["b"])
        opsets = [helper.make_opsetid("", 17)]
        model.functions.append(helper.make_function(random.choice(("", "own")), "Twice", ["a"], ["b"], [body], opsets))
        _node(model, random).op_type = "Twice"
    elif what == 1:
        branch = helper.make_graph([helper.make_node("Relu", ["x"], ["b"])], "branch", [], [])
        _node(model, random).attribute.append(helper.make_attribute("then_branch", branch))
    elif what == 2 and graph.initializer:
        graph.sparse_initializer.add().values.CopyFrom(random.choice(graph.initializer))
    elif what == 3:
        model.training_info.add().algorithm.CopyFrom(graph)
    elif what == 4:
        entry = model.metadata_props.add()
        entry.key, entry.value = random.choice(pool.TEXTS), random.choice(pool.TEXTS)
    else:
        entry = _node(model, random).metadata_props.add()
        entry.key, entry.value = "pkg.torch", random.choice(pool.TEXTS)


MUTATIONS: tuple[Mutation, ...] = (
    _shape, _shape, _shape, _type, _initializer, _initializer, _values, _values, _values, _external, _attribute,
    _attribute, _attribute, _attribute, _new_attribute, _new_attribute, _rename, _rename, _operator, _operator, _domain,
    _edges, _edges, _edges, _nodes, _ends, _versions, _rarities,
)  # fmt: skip


def mutate_model(data: bytes, random: Random) -> bytes:
    """A changed copy that is still protobuf."""
    model = onnx.load_model_from_string(data)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        if model.graph.node:
            random.choice(MUTATIONS)(model, random)
    return bytes(model.SerializeToString())
