"""Single nodes computed by onnxruntime.

A session is made per operator, attributes and operand shapes, and used for every node that is the same: a restructured
graph has thousands of nodes of few kinds.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from restructure import dtypes
from restructure.errors import ModelError
from restructure.graph import Graph, Node

__all__ = ["Kernels"]

Array = npt.NDArray[Any]
_KEPT_BYTES = 1 << 28
"""Weights that are kept between nodes."""


class Kernels:
    """Computes nodes of one graph.

    Args:
        weights: constant → value, where it is not to be the graph's own.
    """

    def __init__(self, graph: Graph, weights: Mapping[str, Array]) -> None:
        self.graph, self.weights = graph, weights
        self._sessions: dict[object, Any] = {}
        self._kept: dict[str, Array] = {}

    def constant(self, name: str) -> Array:
        """Return a constant's value."""
        if name not in self._kept:
            value = self.weights[name] if name in self.weights else np.asarray(self.graph.weight(name))
            if value.nbytes + sum(other.nbytes for other in self._kept.values()) > _KEPT_BYTES:
                self._kept.clear()
            self._kept[name] = value
        return self._kept[name]

    def run(self, node: Node, operands: Mapping[str, Array]) -> list[Array]:
        """Return the results of a node, those that have names."""
        values = {
            f"i{index}": operands[name] if name in operands else self.constant(name)
            for index, name in enumerate(node.inputs)
            if name
        }
        key = (
            node.op_type, node.domain, tuple(bool(name) for name in node.outputs),
            repr(sorted(node.attributes.items(), key=lambda item: item[0])),
            tuple((name, value.shape, value.dtype.str) for name, value in values.items()),
        )  # fmt: skip
        if key not in self._sessions:
            self._sessions[key] = self._session(node, values)
        return list(self._sessions[key].run(None, values))

    def _session(self, node: Node, values: Mapping[str, Array]) -> Any:
        import onnx
        import onnxruntime as ort
        from onnx import helper
        from onnx_ir import serde

        made = serde.serialize_node(self.graph.original(node))
        names = [f"o{index}" if name else "" for index, name in enumerate(node.outputs)]
        del made.input[:], made.output[:]
        made.input.extend(f"i{index}" if name else "" for index, name in enumerate(node.inputs))
        made.output.extend(names)
        body = helper.make_graph(
            [made],
            "node",
            [
                helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
                for name, value in values.items()
            ],
            [
                helper.make_tensor_value_info(f"o{index}", dtypes.to_onnx(self.graph.tensors[name].dtype), None)
                for index, name in enumerate(node.outputs)
                if name
            ],
        )
        imports = [helper.make_opsetid(domain, version) for domain, version in self.graph.model.opset_imports.items()]
        model = helper.make_model(body, opset_imports=imports, ir_version=max(self.graph.model.ir_version, 4))
        options = ort.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = 1
        try:
            return ort.InferenceSession(onnx.ModelProto.SerializeToString(model), options, ["CPUExecutionProvider"])
        except Exception as error:
            said = str(error).splitlines()[0]
            rule = "must run in onnxruntime, so that the memory plan can be executed"
            raise ModelError(f"{node.name}: {rule}, got {said}; correct the model, or use --no-verify") from error
