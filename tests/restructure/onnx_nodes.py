"""Small ONNX models for tests, and what onnxruntime makes of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper

RUNTIME_ERRORS = (
    ort.capi.onnxruntime_pybind11_state.Fail,
    ort.capi.onnxruntime_pybind11_state.InvalidArgument,
    ort.capi.onnxruntime_pybind11_state.InvalidGraph,
    ort.capi.onnxruntime_pybind11_state.RuntimeException,
    ort.capi.onnxruntime_pybind11_state.NotImplemented,
)
"""What onnxruntime raises for a model it does not accept."""

Arrays = Mapping[str, np.ndarray]


def model_of(
    nodes: Sequence[onnx.NodeProto],
    inputs: Arrays,
    outputs: Sequence[str],
    constants: Arrays | None = None,
    opset: int = 17,
    domains: Mapping[str, int] | None = None,
) -> onnx.ModelProto:
    """Return a model; inputs and constants give shape and type by example."""
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, v) for d, v in (domains or {}).items())]
    graph = helper.make_graph(
        list(nodes),
        "test",
        [
            helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
            for n, a in inputs.items()
        ],
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [numpy_helper.from_array(np.asarray(a), n) for n, a in (constants or {}).items()],
    )
    return helper.make_model(graph, opset_imports=imports, ir_version=8 if opset < 21 else 10)


def node_model(
    op_type: str,
    inputs: Sequence[np.ndarray | None],
    attributes: Mapping[str, Any] | None = None,
    *,
    constant: Sequence[int] = (),
    outputs: int = 1,
    opset: int = 17,
    domain: str = "",
) -> onnx.ModelProto:
    """Return a model of one node; operands listed in `constant` become initializers, None is an absent operand."""
    names = ["" if array is None else f"x{index}" for index, array in enumerate(inputs)]
    results = [f"y{index}" for index in range(outputs)]
    node = helper.make_node(op_type, names, results, name="node", domain=domain, **dict(attributes or {}))
    given = {name: np.asarray(a) for name, a in zip(names, inputs, strict=True) if a is not None}
    fixed = {f"x{index}" for index in constant}
    return model_of(
        [node],
        {n: a for n, a in given.items() if n not in fixed},
        results,
        {n: a for n, a in given.items() if n in fixed},
        opset,
        {domain: 1} if domain else None,
    )


def run(model: onnx.ModelProto, feeds: Arrays) -> list[np.ndarray]:
    """Return the outputs as onnxruntime computes them, without graph optimisation."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    typed = onnx.ModelProto()
    typed.CopyFrom(model)
    for output in typed.graph.output:
        if not output.type.WhichOneof("value"):
            output.CopyFrom(onnx.ValueInfoProto(name=output.name))
    session = ort.InferenceSession(typed.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, dict(feeds))


def random_array(shape: Sequence[int], dtype: Any = np.float32, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    if np.issubdtype(dtype, np.floating):
        return generator.standard_normal(shape).astype(dtype)
    return generator.integers(0, 3, shape).astype(dtype)


__all__ = ["RUNTIME_ERRORS", "model_of", "node_model", "random_array", "run"]
