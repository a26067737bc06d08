"""Hand-made Programs that compute something, with the arrays they start from and the answer they must give."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sketch import ACC, DRAM, PAD, Sketch

from accelsim.program import MatrixKernel, Operand, PostOperation, Program, TensorKind, Tile, VectorKernel, Window

Array = NDArray[np.float32]


@dataclass
class Case:
    """A Program, its images and the expected outputs."""

    program: Program
    arrays: dict[str, Array]
    expected: dict[str, Array] = field(default_factory=dict)

    def values(self, name: str) -> Array:
        return self.arrays[name]


def integers(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(np.float32)


def convolve(x: Array, w: Array, window: Window, groups: int = 1) -> Array:
    """The slow, obvious convolution; physical layouts, float64 inside."""
    top, left, bottom, right = window.pads
    x = np.pad(x.astype(np.float64), [(0, 0), (top, bottom), (left, right), (0, 0)])
    (kh, kw), (sh, sw), (dh, dw) = window.kernel, window.strides, window.dilations
    height = (x.shape[1] - (kh - 1) * dh - 1) // sh + 1
    width = (x.shape[2] - (kw - 1) * dw - 1) // sw + 1
    y = np.zeros((x.shape[0], height, width, len(w)))
    per_group, depth = len(w) // groups, w.shape[3]
    for k in range(len(w)):
        channels = slice(k // per_group * depth, (k // per_group + 1) * depth)
        for i in range(height):
            for j in range(width):
                patch = x[
                    :, i * sh : i * sh + (kh - 1) * dh + 1 : dh, j * sw : j * sw + (kw - 1) * dw + 1 : dw, channels
                ]
                y[:, i, j, k] = (patch * w[k]).sum(axis=(1, 2, 3))
    return y.astype(np.float32)


def onnx_layout(x: Array) -> Array:
    return x.transpose(0, 3, 1, 2)


def tiled_convolution(strips: int = 4) -> Case:
    """3×3, stride 1, pad 1, Relu: strips of rows in double buffers, the reduction in two tiles on accumulators."""
    s = Sketch("dma0:2 dma1:2 array vector", pad_bytes=4096)
    x_array, w_array, b_array = integers(1, 1, 8, 6, 4), integers(2, 8, 3, 3, 4), integers(3, 8)
    x = s.tensor("x", x_array.shape, TensorKind.INPUT)
    w = s.tensor("w", w_array.shape, TensorKind.WEIGHT)
    b = s.tensor("b", b_array.shape, TensorKind.WEIGHT, 4)
    y = s.tensor("y", (1, 8, 6, 8), TensorKind.OUTPUT)
    acc = s.tensor("conv.acc", (1, 8, 6, 8), TensorKind.PARTIAL, 4)
    image = {t: s.image(t) for t in (x, w, b)}
    y_dram = s.range(DRAM, y)
    rows = 8 // strips
    window = Window((3, 3), pads=(1, 1, 1, 1))
    kernel = s.kernel(MatrixKernel("Conv", window, 1, 8, 4, (8, 6), (PostOperation("Relu"),)))
    w_pad = s.at(s.range(PAD, w, 0), slot="weights")
    b_pad = s.at(s.range(PAD, b, 512, 32), slot="bias")
    s.load("dma1", s.at(image[w]), w_pad)
    s.load("dma1", s.at(image[b]), b_pad)
    halo = (rows + 2) * 6 * 4
    x_pads = [s.range(PAD, x, 1024 + i * 512, halo) for i in range(2)]
    y_pads = [s.range(PAD, y, 2048 + i * 512, rows * 6 * 8) for i in range(2)]
    accs = [s.range(ACC, acc, i * 2048, rows * 6 * 8 * 4) for i in range(2)]
    for strip in range(strips):
        first = strip * rows
        low, high = window.input_rows(first, rows, 8)
        part, whole = (0, low, 0, 0), (1, high - low, 6, 4)
        x_pad = s.at(x_pads[strip % 2], part, whole)
        s.load("dma0", s.within(image[x], part, whole), x_pad)
        out, shape = (0, first, 0, 0), (1, rows, 6, 8)
        for step in range(2):
            channels = (2 * step, 2 * step + 2)
            x_half = s.at(
                x_pads[strip % 2], (0, low, 0, channels[0]), (1, high - low, 6, 2), offset=channels[0],
                strides=x_pad.strides,
            )  # fmt: skip
            w_half = s.within(w_pad.range, (0, 0, 0, channels[0]), (8, 3, 3, 2), slot="weights")
            partial = s.at(accs[strip % 2], out, shape, slot="partial", version=1)
            tile = Tile(out, shape, channels, final=step == 1)
            if step == 0:
                s.array([x_half, w_half], [partial], 20, kernel, tile)
            else:
                y_pad = s.at(y_pads[strip % 2], out, shape)
                s.array([x_half, w_half, b_pad, partial], [y_pad, partial], 20, kernel, tile)
                s.store("dma1", y_pad, s.within(y_dram, out, shape))
    s.output("y", y_dram)
    expected = np.maximum(convolve(x_array, w_array, window) + b_array, 0)
    return Case(s.program(), {"x": x_array, "w": w_array, "b": b_array}, {"y": onnx_layout(expected)})


def spill_and_reload() -> Case:
    """Two element-wise layers whose intermediate goes to DRAM and comes back to another address."""
    s = Sketch("dma0:2 dma1:2 array vector", pad_bytes=256)
    x_array = integers(4, 1, 4, 4, 4)
    x = s.tensor("x", x_array.shape, TensorKind.INPUT)
    mid = s.tensor("mid", x_array.shape)
    other = s.tensor("other", x_array.shape)
    y = s.tensor("y", x_array.shape, TensorKind.OUTPUT)
    image, mid_dram, y_dram = s.image(x), s.range(DRAM, mid), s.range(DRAM, y)
    x_pad, mid_pad = s.at(s.range(PAD, x, 0)), s.at(s.range(PAD, mid, 64))
    other_pad, back, y_pad = s.at(s.range(PAD, other, 64)), s.at(s.range(PAD, mid, 128)), s.at(s.range(PAD, y, 192))
    double = s.kernel(VectorKernel("Add", inputs=("input", "input1")))
    negate = s.kernel(VectorKernel("Neg"))
    whole = Tile((0,) * 4, x_array.shape)
    s.load("dma0", s.at(image), x_pad)
    s.vector([x_pad, _slot(x_pad, "input1")], [mid_pad], 5, double, whole)
    s.store("dma1", mid_pad, s.at(mid_dram))
    s.vector([x_pad], [other_pad], 5, negate, whole)
    s.load("dma0", s.at(mid_dram), back)
    s.vector([back, _slot(other_pad, "input1")], [y_pad], 5, double, whole)
    s.store("dma1", y_pad, s.at(y_dram))
    s.output("y", y_dram)
    return Case(s.program(), {"x": x_array}, {"y": onnx_layout(2 * x_array - x_array)})


def residual_into_concat() -> Case:
    """Two 1×1 convolutions write the halves of a concatenation, the second adds a residual; read as one tensor."""
    s = Sketch("dma0:2 array vector", pad_bytes=2048)
    x_array, w_array, v_array = integers(5, 1, 5, 4, 4), integers(6, 4, 1, 1, 4), integers(7, 4, 1, 1, 4)
    x = s.tensor("x", x_array.shape, TensorKind.INPUT)
    w = s.tensor("w", w_array.shape, TensorKind.WEIGHT)
    v = s.tensor("v", v_array.shape, TensorKind.WEIGHT)
    joined = s.tensor("joined", (1, 5, 4, 8))
    y = s.tensor("y", (1, 1, 1, 8), TensorKind.OUTPUT, 4)
    images = [s.image(t) for t in (x, w, v)]
    pads = [s.range(PAD, t, a) for t, a in ((x, 0), (w, 128), (v, 192))]
    joined_pad, y_pad, y_dram = s.range(PAD, joined, 256), s.range(PAD, y, 512), s.range(DRAM, y)
    for image, pad in zip(images, pads, strict=True):
        s.load("dma0", s.at(image), s.at(pad))
    plain = s.kernel(MatrixKernel("Conv", Window(), 1, 4, 4, (5, 4)))
    adding = s.kernel(MatrixKernel("Conv", Window(), 1, 4, 4, (5, 4), (PostOperation("Add", (), "residual0"),)))
    tile = Tile((0, 0, 0, 0), (1, 5, 4, 4), (0, 4))
    left = s.within(joined_pad, (0, 0, 0, 0), (1, 5, 4, 4), slot="output")
    right = s.within(joined_pad, (0, 0, 0, 4), (1, 5, 4, 4), slot="output")
    x_pad = s.at(pads[0])
    s.array([x_pad, s.at(pads[1], slot="weights")], [left], 10, plain, tile)
    s.array([x_pad, s.at(pads[2], slot="weights"), _slot(x_pad, "residual0")], [right], 10, adding, tile)
    mean = s.kernel(VectorKernel("GlobalAveragePool", input_size=(5, 4)))
    s.vector([s.at(joined_pad)], [s.at(y_pad)], 10, mean, Tile((0,) * 4, (1, 1, 1, 8)))
    s.store("dma0", s.at(y_pad), s.at(y_dram))
    s.output("y", y_dram)
    both = np.concatenate([convolve(x_array, w_array, Window()), convolve(x_array, v_array, Window()) + x_array], 3)
    expected = both.mean(axis=(1, 2), keepdims=True)
    return Case(s.program(), {"x": x_array, "w": w_array, "v": v_array}, {"y": onnx_layout(expected)})


def _slot(operand: Operand, slot: str) -> Operand:
    from dataclasses import replace

    return replace(operand, slot=slot)


ALL = {case.__name__: case for case in (tiled_convolution, spill_and_reload, residual_into_concat)}
