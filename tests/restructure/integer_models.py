"""Models with integer-valued weights: partial sums stay exact in float32, so equality is bit for bit."""

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime as ort

from restructure import graph
from restructure.graph import Graph


def integer_weights(model: ir.Model, largest: int = 1) -> ir.Model:
    """Return a copy whose large float weights are integers −largest..largest, seeded by their order."""
    copy = model.clone()
    generator = np.random.default_rng(0)
    for value in copy.graph.initializers.values():
        tensor = value.const_value
        assert tensor is not None
        if tensor.dtype == ir.DataType.FLOAT and len(tensor.shape) >= 1:
            shape = tuple(int(n) for n in tensor.shape)
            values = generator.integers(-largest, largest + 1, shape).astype(np.float32)
            value.const_value = ir.Tensor(values, name=value.name)
    return copy


def integer_feeds(net: Graph, seed: int = 0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {name: generator.integers(-2, 3, net.tensors[name].shape).astype(np.float32) for name in net.inputs}


def analysed(model: ir.Model) -> Graph:
    """Return the graph of a model as if it came from a file."""
    return graph.analysis.analyse(model, {}, graph.Source("memory"), "test")


def outputs(model: ir.Model, feeds: dict[str, np.ndarray], level: str = "ORT_DISABLE_ALL") -> list[np.ndarray]:
    proto = ir.to_proto(model)
    onnx.checker.check_model(proto)
    options = ort.SessionOptions()
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, level)
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)


__all__ = ["analysed", "integer_feeds", "integer_weights", "outputs"]
