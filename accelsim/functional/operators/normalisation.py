"""Softmax, local response normalisation, scale and shift."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from accelsim.functional.operators.call import Call, Values


def softmax(call: Call) -> Values:
    """Softmax along the physical axes; the tile holds all of them."""
    x, axes = call.inputs[0], _axes(call)
    powers = np.exp(x - x.max(axis=axes, keepdims=True))
    result: Values = powers / powers.sum(axis=axes, keepdims=True)
    return result


def log_softmax(call: Call) -> Values:
    """Logarithm of the softmax along the physical axes."""
    x, axes = call.inputs[0], _axes(call)
    shifted = x - x.max(axis=axes, keepdims=True)
    result: Values = shifted - np.log(np.exp(shifted).sum(axis=axes, keepdims=True))
    return result


def hardmax(call: Call) -> Values:
    """One at the first largest element along one physical axis, zero elsewhere."""
    x, axes = call.inputs[0], _axes(call)
    if not axes:
        return np.ones_like(x)
    result = np.zeros_like(x)
    np.put_along_axis(result, x.argmax(axis=axes[0], keepdims=True), 1, axis=axes[0])
    return result


def normalise(call: Call) -> Values:
    """Subtract the mean (if `centred`), divide by the deviation over `axes`, then slots ``scale`` and ``bias``."""
    x, axes = call.inputs[0].astype(np.float64), _axes(call)
    if call.number("centred", 1):
        x = x - x.mean(axis=axes, keepdims=True)
    x = x / np.sqrt((x * x).mean(axis=axes, keepdims=True) + call.number("epsilon", 1e-5))
    return _scaled(x, call)


def _scaled(x: NDArray[np.float64], call: Call) -> Values:
    if "scale" in call.slots:
        x = x * call.slots["scale"]
    if "bias" in call.slots:
        x = x + call.slots["bias"]
    return np.asarray(x, dtype=np.float32)


def mean_square(call: Call) -> Values:
    """The mean over `axes` of squared differences from the slot ``mean``, or of squares if there is none."""
    x = call.inputs[0].astype(np.float64) - call.slots.get("mean", np.float32(0))
    return np.asarray((x * x).mean(axis=_axes(call), keepdims=True), dtype=np.float32)


def normalise_measured(call: Call) -> Values:
    """A normalisation whose ``mean`` (if centred) and mean ``square`` have been measured."""
    x = call.inputs[0].astype(np.float64) - call.slots.get("mean", np.float32(0))
    return _scaled(x / np.sqrt(call.slots["square"] + call.number("epsilon", 1e-5)), call)


def lp_normalise(call: Call) -> Values:
    """Divide by the p-norm over `axes`; a vector of zeros stays."""
    x, axes, p = call.inputs[0], _axes(call), call.number("p", 2)
    norm = (np.abs(x) ** p).sum(axis=axes, keepdims=True) ** (1 / p)
    return np.asarray(np.where(norm == 0, 0, x / np.where(norm == 0, 1, norm)), dtype=np.float32)


def _axes(call: Call) -> tuple[int, ...]:
    return call.numbers("axes", (int(call.number("axis", -1)),))


def lrn(call: Call) -> Values:
    """Local response normalisation over channels; the tile holds all channels."""
    x, size = call.inputs[0], int(call.number("size", 1))
    channels = x.shape[-1]
    before, after = min((size - 1) // 2, channels), min(size // 2, channels)
    squares = np.pad(x * x, [(0, 0)] * (x.ndim - 1) + [(before, after)])
    total = sum(squares[..., i : i + channels] for i in range(before + after + 1))
    alpha, beta, bias = call.number("alpha", 1e-4), call.number("beta", 0.75), call.number("bias", 1.0)
    result: Values = x / (bias + alpha / size * total) ** beta
    return result


def scale_and_shift(call: Call) -> Values:
    """A batch normalisation reduced to one factor and one summand per channel (slots ``scale`` and ``shift``)."""
    return call.inputs[0] * call.slots["scale"] + call.slots["shift"]
