"""Models that must be refused, each a few nodes long."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import onnx
from onnx import TensorProto, helper


def _value(name: str, shape: Sequence[int | str]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _model(nodes: Sequence[onnx.NodeProto], shape: Sequence[int | str], opsets: Sequence[tuple[str, int]]) -> bytes:
    graph = helper.make_graph(nodes, "net", [_value("x", shape)], [_value("y", shape)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid(*opset) for opset in opsets], ir_version=8)
    return bytes(model.SerializeToString())


def sound(shape: Sequence[int | str] = (1, 2, 4, 4)) -> bytes:
    return _model([helper.make_node("Relu", ["x"], ["y"], "relu")], shape, [("", 17)])


def unknown_operator() -> bytes:
    nodes = [
        helper.make_node("Frobnicate", ["x"], ["a"], "one"),
        helper.make_node("Frobnicate", ["a"], ["b"], "two"),
        helper.make_node("Relu", ["b"], ["y"], "three"),
    ]
    return _model(nodes, (1, 2, 4, 4), [("", 17)])


def unknown_domain() -> bytes:
    node = helper.make_node("Fancy", ["x"], ["y"], "one", domain="com.example")
    return _model([node], (1, 2, 4, 4), [("", 17), ("com.example", 1)])


def control_flow() -> bytes:
    branch = helper.make_graph([helper.make_node("Relu", ["x"], ["b"])], "branch", [], [_value("b", (1, 2, 4, 4))])
    condition = helper.make_node("Constant", [], ["c"], value=helper.make_tensor("t", TensorProto.BOOL, [], [True]))
    decide = helper.make_node("If", ["c"], ["y"], "decide", then_branch=branch, else_branch=branch)
    return _model([condition, decide], (1, 2, 4, 4), [("", 17)])


def write(folder: Path, content: bytes, name: str = "net.onnx") -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)
