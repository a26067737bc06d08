"""Operators said in an older opset's way (attributes where there are operands now) are cut in that way."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx_nodes import model_of, random_array

from restructure import graph
from restructure.planning import plan
from restructure.profile import profile
from restructure.rewriting import rewrite
from restructure.verify import verify


class Written:
    """A network of operators that changed, at their opset's version."""

    def __init__(self, opset: int) -> None:
        self.opset = opset
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}

    def add(self, op_type: str, *inputs: str, results: int = 1, **attributes: Any) -> Any:
        names = [f"{op_type}{len(self.nodes)}.{number}" for number in range(results)]
        self.nodes.append(helper.make_node(op_type, inputs, names, names[0], **attributes))
        return names[0] if results == 1 else names

    def changed(
        self, op_type: str, x: str, since: int, results: int = 1, axis: int | None = None, **values: Any
    ) -> Any:
        """A node whose values are attributes before an opset and operands since."""
        always = {} if axis is None else {"axis": axis}
        if self.opset < since:
            return self.add(op_type, x, results=results, **always, **values)
        for name, value in values.items():
            kind = np.float32 if isinstance(value, float) or isinstance(value[0], float) else np.int64
            self.constants[f"{name}{len(self.nodes)}"] = np.array(value, kind)
        return self.add(op_type, x, *(f"{name}{len(self.nodes)}" for name in values), results=results, **always)

    def conv(self, x: str, inputs: int, outputs: int) -> str:
        name = f"w{len(self.nodes)}"
        self.constants[name] = random_array((outputs, inputs, 3, 3), seed=len(self.nodes))
        return str(self.add("Conv", x, name, pads=[1] * 4))

    def model(self) -> onnx.ModelProto:
        x = self.conv("x", 3, 8)
        x = self.changed("Clip", x, 11, min=-0.5, max=3.0)
        x = self.changed("Pad", x, 11, pads=[0, 0, 1, 2, 0, 0, 2, 1])
        x = self.conv(x, 8, 8)
        one, other = self.changed("Split", x, 13, results=2, axis=1, split=[3, 5])
        x = self.add("Concat", other, one, axis=1)
        x = self.changed("Slice", x, 10, starts=[0, 2, 1], ends=[8, 30, 31], axes=[1, 2, 3])
        x = self.changed("Reshape", x, 5, shape=[1, 8, 28, 30])
        scales = [1.0, 1.0, 2.0, 2.0]
        if self.opset < 10:
            x = self.changed("Upsample", x, 9, scales=scales)
        elif self.opset == 10:
            x = self.changed("Resize", x, 10, scales=scales)
        else:
            self.constants |= {"scales": np.array(scales, np.float32), "roi": np.zeros(0, np.float32)}
            x = self.add(
                "Resize", x, "roi", "scales", coordinate_transformation_mode="asymmetric", nearest_mode="floor"
            )
        x = self.conv(x, 8, 4)
        x = self.add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
        x = self.add("Softmax", self.add("Transpose", x, perm=[0, 2, 3, 1]), axis=3)
        return model_of(self.nodes, {"x": random_array((1, 3, 32, 32))}, [x], self.constants, self.opset)


@pytest.mark.parametrize("opset", [7, 8, 9, 10, 11, 12, 13, 18])
def test_a_network_of_any_opset_is_cut(opset: int) -> None:
    net = graph.load(Written(opset).model())
    cut = plan(net, max_overhead=0.0)
    assert cut.parts > 1
    assert cut.peak_bytes < profile(net).peak_bytes
    found = verify(net, rewrite(net, cut), plan=cut)
    assert found.problems == ()


@pytest.mark.parametrize("opset", [7, 10, 11])
def test_a_pad_of_columns_is_cut_by_rows_with_its_pads_where_its_opset_has_them(opset: int) -> None:
    written = Written(opset)
    x = written.conv("x", 3, 16)
    x = written.changed("Pad", x, 11, pads=[0, 0, 0, 2, 0, 0, 0, 1])
    x = written.add("AveragePool", x, kernel_shape=[3, 3], strides=[4, 4])
    net = graph.load(model_of(written.nodes, {"x": random_array((1, 3, 32, 32))}, [x], written.constants, opset))
    cut = plan(net, max_overhead=0.0)
    made = rewrite(net, cut)
    assert len([node for node in made.graph if node.op_type == "Pad"]) > 1
    assert verify(net, made, plan=cut).problems == ()
