"""Deep networks repeat a block: their peak falls only when every block is cut, and planning finds that."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx_nodes import model_of

from restructure import graph
from restructure.planning import plan
from restructure.profile import profile


class Encoder:
    """A transformer encoder as torch.export writes it: q, k and v are slices of one transposed product."""

    def __init__(self, tokens: int, heads: int, width: int, hidden: int) -> None:
        self.tokens, self.size, self.hidden = tokens, heads * width, hidden
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, np.ndarray] = {
            "split": np.array([1, tokens, 3, heads, width]),
            "joined": np.array([1, tokens, self.size]),
            "scale": np.array(0.5, np.float32),
            **{str(number): np.array([number]) for number in range(4)},
        }

    def model(self, blocks: int) -> onnx.ModelProto:
        last = "x"
        for _ in range(blocks):
            last = self.add("Add", last, self.attention(self.normal(last)))
            hidden = self.add("Gelu", self.linear(self.normal(last), self.size, self.hidden))
            last = self.add("Add", last, self.linear(hidden, self.hidden, self.size))
        x = np.zeros((1, self.tokens, self.size), np.float32)
        return model_of(self.nodes, {"x": x}, [last], self.constants, opset=20)

    def attention(self, x: str) -> str:
        mixed = self.add("Reshape", self.linear(x, self.size, 3 * self.size), "split")
        mixed = self.add("Transpose", mixed, perm=[2, 0, 3, 1, 4])
        q, k, v = (self.add("Squeeze", self.add("Slice", mixed, str(n), str(n + 1), "0"), "0") for n in range(3))
        k = self.add("Mul", self.add("Transpose", k, perm=[0, 1, 3, 2]), "scale")
        scores = self.add("Softmax", self.add("MatMul", self.add("Mul", q, "scale"), k), axis=-1)
        seen = self.add("Transpose", self.add("MatMul", scores, v), perm=[0, 2, 1, 3])
        return self.linear(self.add("Reshape", seen, "joined"), self.size, self.size)

    def normal(self, x: str) -> str:
        return self.add("LayerNormalization", x, self.weight(self.size), self.weight(self.size), axis=-1)

    def linear(self, x: str, inputs: int, outputs: int) -> str:
        return self.add("Add", self.add("MatMul", x, self.weight(inputs, outputs)), self.weight(outputs))

    def weight(self, *shape: int) -> str:
        name = f"w{len(self.constants)}"
        self.constants[name] = np.zeros(shape, np.float32)
        return name

    def add(self, op_type: str, *inputs: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(op_type, inputs, [f"t{len(self.nodes)}"], **attributes))
        return f"t{len(self.nodes) - 1}"


@pytest.mark.parametrize("blocks", [2, 12, 16])
def test_every_block_of_an_encoder_is_cut_at_its_scores(blocks: int) -> None:
    tokens, heads, width = 50, 3, 16
    net = graph.load(Encoder(tokens, heads, width, hidden=192).model(blocks))
    token_bytes = 4 * heads * width
    scores = 2 * 4 * heads * tokens**2 + 2 * tokens * token_bytes
    transposed = 2 * 3 * tokens * token_bytes + tokens * token_bytes
    assert profile(net).peak_bytes == scores
    found = plan(net)
    # Scores cut in halves need less than q, k and v need to be transposed, which is not cut.
    assert found.peak_bytes <= transposed < scores
    assert found.macs == net.macs
