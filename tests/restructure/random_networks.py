"""Random small networks of cuttable operators, and random drafts of plans for them."""

import random

import numpy as np
import onnx
from onnx import helper, numpy_helper

from restructure.fields import COLUMN_AXIS, ROW_AXIS, reach
from restructure.graph import Graph
from restructure.planning.drafts import WHOLE, Draft
from restructure.planning.sections import sections
from restructure.planning.studio import Studio
from restructure.plans import BandCut
from restructure.streaming import Cuts, Network

KINDS = (
    *("conv", "conv", "depthwise", "max", "average", "relu", "bn", "add", "concat", "up", "transpose", "slice", "pad"),
    *("branch", "residual"),
)


class RandomNetwork:
    """Grows a chain of layers with branches; every choice comes from the seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.numbers = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.count = 0

    def build(self, layers: int = 7) -> onnx.ModelProto:
        shape = (1, self.random.choice((2, 4)), self.random.randint(9, 18), self.random.randint(6, 10))
        at = ("x", shape)
        for _ in range(layers):
            at = self.layer(self.random.choice(KINDS), at)
        if self.random.random() < 0.4:
            at = ("gap", (*at[1][:2], 1, 1)) if self.emit("GlobalMaxPool", [at[0]], "gap") else at
        graph = helper.make_graph(
            self.nodes,
            "random",
            [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(at[0], onnx.TensorProto.FLOAT, at[1])],
            self.weights,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    def emit(self, op: str, inputs: list[str], name: str = "", **attributes: object) -> str:
        self.count += 1
        out = name or f"t{self.count}"
        self.nodes.append(helper.make_node(op, inputs, [out], name=f"n{self.count}", **attributes))
        return out

    def weight(self, shape: tuple[int, ...], values: np.ndarray | None = None) -> str:
        self.count += 1
        array = self.numbers.integers(-1, 2, shape).astype(np.float32) if values is None else values
        self.weights.append(numpy_helper.from_array(array, f"w{self.count}"))
        return f"w{self.count}"

    def layer(self, kind: str, at: tuple[str, tuple[int, ...]]) -> tuple[str, tuple[int, ...]]:
        name, (_, c, h, w) = at
        if h < 6 or w < 4:
            kind = "up" if kind == "up" else "relu"
        if h > 40:
            kind = "slice"
        return getattr(self, kind)(name, c, h, w)

    def window(self, h: int, w: int) -> tuple[list[int], list[int], list[int], list[int], tuple[int, int]]:
        kernel = [self.random.randint(1, 3), self.random.randint(1, 3)]
        strides = [self.random.choice((1, 1, 2, 3)), self.random.choice((1, 2))]
        dilations = [
            self.random.choice((1, 1, 2)) if k > 1 and 2 * (k - 1) < n else 1
            for k, n in zip(kernel, (h, w), strict=True)
        ]
        extents = [d * (k - 1) + 1 for d, k in zip(dilations, kernel, strict=True)]
        pads = [self.random.randint(0, max(e - 1, 0) // 2 + (e > 2)) for e in (*extents, *extents)]
        pads = [min(p, e - 1) for p, e in zip(pads, (*extents, *extents), strict=True)]
        out = [(n + pads[i] + pads[i + 2] - extents[i]) // strides[i] + 1 for i, n in enumerate((h, w))]
        return kernel, strides, dilations, pads, (out[0], out[1])

    def conv(self, name: str, c: int, h: int, w: int, groups: int = 1) -> tuple[str, tuple[int, ...]]:
        k, s, d, p, (oh, ow) = self.window(h, w)
        filters = c if groups > 1 else self.random.choice((2, 4))
        weights = self.weight((filters, c // groups, *k))
        out = self.emit("Conv", [name, weights, self.weight((filters,))], kernel_shape=k, strides=s, dilations=d,
                        pads=p, group=groups)  # fmt: skip
        return out, (1, filters, oh, ow)

    def depthwise(self, name: str, c: int, h: int, w: int) -> tuple[str, tuple[int, ...]]:
        return self.conv(name, c, h, w, groups=c)

    def max(self, name: str, c: int, h: int, w: int) -> tuple[str, tuple[int, ...]]:
        k, s = [self.random.randint(1, 3), 2], [self.random.choice((1, 2)), 2]
        p = [self.random.randint(0, k[0] // 2), 0, self.random.randint(0, k[0] // 2), 0]
        ceil = self.random.randint(0, 1)
        out = self.emit("MaxPool", [name], kernel_shape=k, strides=s, pads=p, ceil_mode=ceil)
        return out, (1, c, *(self.pooled(n, k[i], s[i], p[i], p[i + 2], ceil) for i, n in enumerate((h, w))))

    @staticmethod
    def pooled(n: int, k: int, s: int, begin: int, end: int, ceil: int) -> int:
        span = n + begin + end - k
        steps = (-(-span // s) if ceil else span // s) + 1
        return steps - 1 if ceil and (steps - 1) * s >= n + begin else steps

    def average(self, name: str, c: int, h: int, w: int) -> tuple[str, tuple[int, ...]]:
        k = [self.random.choice((1, 2)), 2]
        include = self.random.randint(0, 1)
        out = self.emit("AveragePool", [name], kernel_shape=k, strides=[1, 1], pads=[0, 0, k[0] - 1, 1],
                        count_include_pad=include)  # fmt: skip
        scaled = self.emit("Mul", [out, self.weight((1,), np.array([4], np.float32))])
        return scaled, (1, c, h, w)

    def relu(self, name: str, c: int, h: int, w: int) -> tuple[str, tuple[int, ...]]:
        return self.emit("Relu", [name]), (1, c, h, w)

    def bn(self, name: str, c: int, h: int, w: int) -> tuple[str, tuple[int, ...]]:
        ones, zeros = np.ones(c, np.float32), np.zeros(c, np.float32)
        parts = [self.weight((c,), v) for v in (ones * 2, ones, zeros, ones)]
        return self.emit("BatchNormalization", [name, *parts], epsilon=0.0), (1, c, h, w)

    def add(self, name: str, c: int, h: int, w: int) -> tuple[str, tuple[int, ...]]:
        return self.emit("Add", [name, name]), (1, c, h, w)

    def concat(self, name: str, c: int, h: int, w: int) -> tuple[str, tuple[int, ...]]:
        other = self.emit("Relu", [name])
        return self.emit("Concat", [name, other], axis=1), (1, 2 * c, h, w)

    def same_conv(self, name: str, c: int, k: int) -> str:
        weights = self.weight((c, c, k, k))
        return self.emit("Conv", [name, weights], kernel_shape=[k, k], pads=[k // 2] * 4)

    def branch(self, name: str, c: int, h: int, w: int) -> tuple[str, tuple[int, ...]]:
        parts = [
            self.same_conv(name, c, 3),
            self.same_conv(self.same_conv(name, c, 1), c, 3),
            self.emit("Relu", [name]),
        ]
        return self.emit("Concat", parts, axis=1), (1, 3 * c, h, w)

    def residual(self, name: str, c: int, h: int, w: int) -> tuple[str, tuple[int, ...]]:
        inner = self.same_conv(self.emit("Relu", [self.same_conv(name, c, 3)]), c, 3)
        return self.emit("Add", [inner, name]), (1, c, h, w)

    def up(self, name: str, c: int, h: int, w: int) -> tuple[str, tuple[int, ...]]:
        factor = self.random.choice((2, 3))
        scales = self.weight((4,), np.array([1, 1, factor, 1], np.float32))
        out = self.emit("Resize", [name, "", scales], mode="nearest", nearest_mode="floor",
                        coordinate_transformation_mode="asymmetric")  # fmt: skip
        return out, (1, c, h * factor, w)

    def transpose(self, name: str, c: int, h: int, w: int) -> tuple[str, tuple[int, ...]]:
        k, s = self.random.randint(2, 4), self.random.choice((1, 2))
        pads = [self.random.randint(0, k - 1), 0, self.random.randint(0, k - 1), 0]
        out = self.emit("ConvTranspose", [name, self.weight((c, 2, k, 1))], kernel_shape=[k, 1], strides=[s, 1],
                        pads=pads)  # fmt: skip
        return out, (1, 2, s * (h - 1) + k - pads[0] - pads[2], w)

    def slice(self, name: str, c: int, h: int, w: int) -> tuple[str, tuple[int, ...]]:
        first, step = self.random.randint(0, 2), self.random.choice((1, 2))
        bounds = [self.weight((1,), np.array([v], np.int64)) for v in (first, h - 1, 2, step)]
        return self.emit("Slice", [name, *bounds]), (1, c, len(range(first, h - 1, step)), w)

    def pad(self, name: str, c: int, h: int, w: int) -> tuple[str, tuple[int, ...]]:
        before, after = self.random.randint(0, 2), self.random.randint(0, 2)
        pads = self.weight((8,), np.array([0, 0, before, 0, 0, 0, after, 1], np.int64))
        return self.emit("Pad", [name, pads]), (1, c, h + before + after, w + 1)


def random_draft(studio: Studio, seed: int) -> Draft:
    """Return a draft nobody would choose: any cuts, parts, overlaps, groups."""
    dice = random.Random(seed)
    placed = studio.definition.layout == "placed"
    axis = ROW_AXIS if placed else dice.choice((ROW_AXIS, ROW_AXIS, COLUMN_AXIS))
    plain = studio.network(Cuts(axis=axis))
    groups: dict[str, int] = {}
    for section in sections(studio.graph, plain):
        if dice.random() < 0.5:
            groups |= dict.fromkeys(section, 2)
    chosen = tuple(sorted(groups.items()))
    bands = random_bands(studio.graph, plain, dice, set(groups)) if not placed and dice.random() < 0.7 else ()
    network = studio.network(Cuts(chosen, bands, axis=axis))
    nodes = [op.nodes[0].index for op in plain.ops[1:] if op.nodes[0].name not in groups]
    cuts = tuple(sorted(dice.sample(nodes, min(len(nodes), dice.randint(0, 3)))))
    targets = tuple(dice.choice((WHOLE, 0, 0, 300, 900, 3000)) for _ in range(len(cuts) + 1))
    names = sorted({t.name for t in network.tensors})
    recomputed = frozenset(name for name in names if dice.random() < 0.3)
    return Draft(
        cuts,
        targets,
        recomputed,
        chosen,
        (),
        dice.choice((0, 0, 3)),
        dice.random() < 0.2,
        dice.choice((0, 0, 300, 700)),
        bands=bands,
        axis=axis,
    )


def random_bands(graph: Graph, network: Network, dice: random.Random, taken: set[str]) -> tuple[BandCut, ...]:
    """Return runs of nodes, some of them neighbours, that are cut into bands."""
    cuts: list[BandCut] = []
    run: list[str] = []
    for op in network.ops:
        whole = any(reach(graph, node, network.cuts.across).reason for node in op.nodes)
        if whole or op.nodes[0].name in taken or dice.random() < 0.2:
            cuts += [BandCut(tuple(run), dice.randint(2, 4), dice.random() < 0.4)] if run else []
            run = []
        if not whole and op.nodes[0].name not in taken and dice.random() < 0.9:
            run.append(op.nodes[0].name)
    return (*cuts, BandCut(tuple(run), dice.randint(2, 4))) if run else tuple(cuts)


__all__ = ["RandomNetwork", "random_draft"]
