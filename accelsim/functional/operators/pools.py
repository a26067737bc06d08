"""Pools over windows."""

from __future__ import annotations

import math

import numpy as np

from accelsim.functional.operators.call import Call, Values
from accelsim.functional.operators.windows import counts, padded, views


def max_pool(call: Call) -> Values:
    """Largest element of each window; pads never win."""
    result: Values = _windows(call, -math.inf).max(axis=(3, 4))
    return result


def average_pool(call: Call) -> Values:
    """Mean of each window, over its real elements, or with the operator's own pads if `count_include_pad`."""
    kernel, tile = call.kernel, call.tile
    with_pads = bool(call.number("count_include_pad", 0))
    seen = counts(kernel.window, tile, kernel.input_size, with_pads=with_pads).astype(np.float32)
    total: Values = _windows(call, 0.0).sum(axis=(3, 4))
    return total / seen[:, :, None]


def lp_pool(call: Call) -> Values:
    """The p-norm of each window; pads are zeros."""
    p = call.number("p", 2)
    total = (np.abs(_windows(call, 0.0)) ** p).sum(axis=(3, 4))
    return np.asarray(total ** (1 / p), dtype=np.float32)


def _windows(call: Call, fill: float) -> Values:
    kernel, tile = call.kernel, call.tile
    x = call.slots.get(kernel.inputs[0])
    return views(padded(x, kernel.window, tile, kernel.input_size, tile.shape[3], fill), kernel.window, tile)
