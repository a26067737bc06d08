"""Softmax, local response normalisation, scale and shift."""

from __future__ import annotations

import numpy as np

from accelsim.functional.operators.call import Call, Values


def softmax(call: Call) -> Values:
    """Softmax along the physical axis `axis`; the tile holds all of it."""
    x, axis = call.inputs[0], int(call.number("axis", -1))
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    result: Values = powers / powers.sum(axis=axis, keepdims=True)
    return result


def log_softmax(call: Call) -> Values:
    """Logarithm of the softmax along the physical axis `axis`."""
    x, axis = call.inputs[0], int(call.number("axis", -1))
    shifted = x - x.max(axis=axis, keepdims=True)
    result: Values = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return result


def lrn(call: Call) -> Values:
    """Local response normalisation over channels; the tile holds all channels."""
    x, size = call.inputs[0], int(call.number("size", 1))
    before, after = (size - 1) // 2, size // 2
    squares = np.pad(x * x, [(0, 0)] * (x.ndim - 1) + [(before, after)])
    channels = x.shape[-1]
    total = sum(squares[..., i : i + channels] for i in range(size))
    alpha, beta, bias = call.number("alpha", 1e-4), call.number("beta", 0.75), call.number("bias", 1.0)
    result: Values = x / (bias + alpha / size * total) ** beta
    return result


def scale_and_shift(call: Call) -> Values:
    """A batch normalisation reduced to one factor and one summand per channel (slots ``scale`` and ``shift``)."""
    return call.inputs[0] * call.slots["scale"] + call.slots["shift"]
