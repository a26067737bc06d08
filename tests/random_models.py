"""Random small networks as ONNX models, and random accelerators to run them on, for property tests."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from accelsim.hardware import Hardware, load


class _Net:
    """Grows a model node by node with seeded weights; `value` is the current tensor and `shape` its shape."""

    def __init__(self, rng: np.random.Generator, shape: tuple[int, int, int, int]) -> None:
        self.rng, self.nodes, self.weights = rng, [], []
        self.value, self.shape, self.count = "x", shape, 0

    def weight(self, *shape: int) -> str:
        name = f"w{len(self.weights)}"
        scale = np.sqrt(1.0 / max(1, np.prod(shape[1:])))
        self.weights.append(numpy_helper.from_array((self.rng.standard_normal(shape) * scale).astype(np.float32), name))
        return name

    def node(self, op: str, inputs: list[str], shape: tuple[int, ...], **attributes) -> str:
        self.count += 1
        self.value = f"t{self.count}"
        self.nodes.append(helper.make_node(op, inputs, [self.value], name=f"{op.lower()}{self.count}", **attributes))
        self.shape = shape
        return self.value

    def pick(self, *options):
        return options[self.rng.integers(len(options))]

    def conv(self, filters: int | None = None, keep: bool = False) -> str:
        n, c, h, w = self.shape
        groups = self.pick(1, 1, c, 2 if c % 2 == 0 else 1)
        k = filters or (c if groups == c and self.rng.random() < 0.7 else self.pick(1, 2, 3) * groups)
        k = -(-k // groups) * groups
        if filters and k != filters:
            groups, k = 1, filters
        kh, kw = (
            (1, 1) if keep and self.rng.random() < 0.3 else (3, 3) if keep else (self.pick(1, 2, 3), self.pick(1, 3))
        )
        dy = 1 if keep else self.pick(1, 1, 2)
        pads = [kh // 2, kw // 2, kh // 2, kw // 2] if keep else [int(p) for p in self.rng.integers(0, 2, 4)]
        sy = 1 if keep else self.pick(1, 1, 2, 3)
        extent_y, extent_x = dy * (kh - 1) + 1, kw
        if h + pads[0] + pads[2] < extent_y or w + pads[1] + pads[3] < extent_x:
            kh, kw, pads, dy, extent_y, extent_x = 1, 1, [0, 0, 0, 0], 1, 1, 1
        oh, ow = (h + pads[0] + pads[2] - extent_y) // sy + 1, (w + pads[1] + pads[3] - extent_x) + 1
        inputs = [self.value, self.weight(k, c // groups, kh, kw)]
        if self.rng.random() < 0.6:
            inputs.append(self.weight(k))
        return self.node(
            "Conv",
            inputs,
            (n, k, oh, ow),
            kernel_shape=[kh, kw],
            strides=[sy, 1],
            dilations=[dy, 1],
            pads=pads,
            group=groups,
        )

    def activation(self) -> str:
        return self.node(self.pick("Relu", "Sigmoid", "HardSwish", "Tanh"), [self.value], self.shape)

    def pool(self) -> str:
        n, c, h, w = self.shape
        if h < 3 or w < 3:
            return self.activation()
        pad = self.pick(0, 1)
        kind = self.pick("MaxPool", "AveragePool")
        extra = {"count_include_pad": int(self.rng.integers(2))} if kind == "AveragePool" else {}
        shape = (n, c, (h + 2 * pad - 3) // 2 + 1, (w + 2 * pad - 3) // 2 + 1)
        return self.node(kind, [self.value], shape, kernel_shape=[3, 3], strides=[2, 2], pads=[pad] * 4, **extra)

    def residual(self) -> str:
        saved, shape = self.value, self.shape
        self.conv(filters=shape[1], keep=True)
        if self.rng.random() < 0.5:
            self.activation()
        summands = [self.value, saved] if self.rng.random() < 0.5 else [saved, self.value]
        return self.node("Add", summands, shape)

    def branches(self) -> str:
        saved, shape, parts, channels = self.value, self.shape, [], 0
        for _ in range(self.pick(2, 3)):
            self.value, self.shape = saved, shape
            self.conv(filters=self.pick(2, 3, 5), keep=True)
            parts.append(self.value)
            channels += self.shape[1]
        if self.rng.random() < 0.3:
            parts.append(saved)
            channels += shape[1]
        return self.node("Concat", parts, (shape[0], channels, shape[2], shape[3]), axis=1)

    def head(self) -> str:
        n, c, h, w = self.shape
        features = c * h * w
        if self.rng.random() < 0.5:
            self.node("GlobalAveragePool", [self.value], (n, c, 1, 1))
            features = c
        self.node("Flatten", [self.value], (n, features))
        return self.node("Gemm", [self.value, self.weight(7, features), self.weight(7)], (n, 7), transB=1)


def random_network(seed: int) -> onnx.ModelProto:
    """A model of a few layers: convolutions of all kinds, pools, residual adds, concats, perhaps a classifier."""
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(1, 3)), int(rng.integers(1, 7)), int(rng.integers(5, 15)), int(rng.integers(5, 15)))
    net = _Net(rng, shape)
    net.conv()
    for _ in range(int(rng.integers(1, 6))):
        getattr(net, net.pick("conv", "conv", "activation", "pool", "residual", "branches"))()
    if rng.random() < 0.5:
        net.head()
    graph = helper.make_graph(
        net.nodes,
        f"random{seed}",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(net.value, TensorProto.FLOAT, net.shape)],
        net.weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def random_hardware(seed: int) -> Hardware:
    """An `edge_npu` with another array, other memories and other DMA channels."""
    rng = np.random.default_rng(seed)

    def pick(*options: str) -> str:
        return options[rng.integers(len(options))]

    accumulator = "accumulator=null" if rng.random() < 0.5 else f"accumulator.capacity={int(2 ** rng.uniform(6, 13))}B"
    weights = "weight_buffer=null" if rng.random() < 0.5 else f"weight_buffer.capacity={int(2 ** rng.uniform(7, 12))}B"
    overrides = [
        f"scratchpad.capacity={int(2 ** rng.uniform(8, 15))}B",
        f"pe_array.dataflow={pick('ws', 'os', 'is', 'adder_tree', 'rs')}",
        f"pe_array.rows={rng.integers(1, 9)}",
        f"pe_array.columns={rng.integers(1, 9)}",
        f"pe_array.depthwise={pick('packed', 'per_channel')}",
        f"dma.channels={rng.integers(1, 4)}",
        f"dma.outstanding={rng.integers(1, 5)}",
        f"dram.burst={2 ** rng.integers(0, 7)}B",
        accumulator,
        weights,
    ]
    return load("edge_npu", overrides)


def in_another_order(model: onnx.ModelProto, seed: int) -> onnx.ModelProto:
    """The same model with its nodes in a random order that is legal as well."""
    rng = np.random.default_rng(seed)
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    waiting, made = list(model.graph.node), {"x", *(weight.name for weight in model.graph.initializer)}
    del changed.graph.node[:]
    while waiting:
        ready = [node for node in waiting if made.issuperset(node.input)]
        node = ready[rng.integers(len(ready))]
        waiting.remove(node)
        made.update(node.output)
        changed.graph.node.append(node)
    return changed
