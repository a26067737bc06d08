"""Attention: two products around a Softmax."""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from restructure import dtypes
from restructure.graph.expanding.expansion import Expansion
from restructure.operators import Call, Shape
from restructure.operators.attention import attention_sizes

__all__ = ["attention"]

_LARGEST_MASK = 1 << 24
_MASKED = {"float16": -65504.0, "float64": -1e300}
"""What is added to a score that must not count, per type; of the others float32's. Finite, so that no NaN arises."""


def attention(into: Expansion, names: Sequence[str], call: Call) -> bool:
    found = attention_sizes(call)
    others = [value.name for value in into.original.outputs[1:] if value.name]
    unusual = others or any(names[4:]) or call.integer("softmax_precision", 0)
    if unusual or found.queries * found.keys > _LARGEST_MASK:
        return False
    queries, keys = found.queries, found.keys
    # Heads that share keys and values are one product of more rows.
    shared = (found.batch, found.groups, found.heads // found.groups * queries, found.size)
    q = _heads(into, names[0], call.shape(0), (found.batch, queries, found.heads, found.size), (0, 2, 1, 3))
    k = _heads(into, names[1], call.shape(1), (found.batch, keys, found.groups, found.size), (0, 2, 3, 1))
    v = _heads(into, names[2], call.shape(2), (found.batch, keys, found.groups, found.value_size), (0, 2, 1, 3))
    q = into.reshape(q, (found.batch, found.heads, queries, found.size), shared)
    scores = into.add("MatMul", [q, k])
    kind = call.dtype(0)
    scores = _scaled(into, scores, "Mul", call.real("scale", 1 / sqrt(found.size)), kind)
    if cap := call.real("softcap", 0.0):
        scores = into.add("Tanh", [_scaled(into, scores, "Div", cap, kind)])
        scores = _scaled(into, scores, "Mul", cap, kind)
    by_head = (found.batch, found.heads, queries, keys)
    by_group = (*shared[:3], keys)
    bias = _biases(into, names, call, (queries, keys))
    if bias:
        scores = into.reshape(scores, by_group, by_head)
        for one in bias:
            scores = into.add("Add", [scores, one])
        scores = into.reshape(scores, by_head, by_group)
    found_v = into.add("MatMul", [into.add("Softmax", [scores], {"axis": -1}), v])
    result = (found.batch, found.heads, queries, found.value_size)
    made = into.reshape(found_v, (*shared[:3], found.value_size), result)
    if seeing := _seeing(into, names, call, (queries, keys)):
        made = into.add("Mul", [made, seeing])
    if len(call.shape(0)) == 3:
        made = into.transpose(made, (0, 2, 1, 3))
        made = into.reshape(made, (), (found.batch, queries, found.heads * found.value_size))
    into.end(made)
    return True


def _heads(into: Expansion, name: str, shape: Shape, apart: Shape, order: Sequence[int]) -> str:
    """Lay out an operand, (batch, length, heads · size) or (batch, heads, length, size), with its heads apart."""
    if len(shape) == 3:
        return into.transpose(into.reshape(name, shape, apart), order)
    return into.transpose(name, (0, 1, 3, 2) if tuple(order) == (0, 2, 3, 1) else (0, 1, 2, 3))


def _scaled(into: Expansion, name: str, op_type: str, factor: float, kind: str) -> str:
    if factor == 1:
        return name
    return into.add(op_type, [name, into.constant("factor", np.array(factor, dtypes.numpy_name(kind)))])


def _biases(into: Expansion, names: Sequence[str], call: Call, size: tuple[int, int]) -> list[str]:
    """Return what is added to the scores: the mask, and what hides later keys."""
    kind = dtypes.numpy_name(call.dtype(0))
    masked = np.array(_MASKED.get(call.dtype(0), -3e38), kind)
    found = []
    if call.has(3):
        mask = names[3]
        if call.dtype(3) == "bool":
            zero = into.constant("shown", np.zeros((), kind))
            mask = into.add("Where", [mask, zero, into.constant("hidden", masked)])
        elif (known := into.value(3)) is not None and np.isneginf(known).any():
            mask = into.constant("mask", np.maximum(known, masked))
        found.append(mask)
    if call.integer("is_causal", 0):
        later = np.arange(size[1]) > np.arange(size[0])[:, None]
        found.append(into.constant("causal", np.where(later, masked, np.zeros((), kind))))
    return found


def _seeing(into: Expansion, names: Sequence[str], call: Call, size: tuple[int, int]) -> str:
    """Return 1 for each query that sees a key and 0 for the others, whose result is 0; nothing where all surely do."""
    if not call.has(3):
        return ""
    kind, mask = dtypes.numpy_name(call.dtype(0)), into.value(3)
    earlier = np.arange(size[1]) <= np.arange(size[0])[:, None]
    allowed = earlier if call.integer("is_causal", 0) else np.ones_like(earlier)
    if mask is not None:
        shown = (mask if mask.dtype == np.bool_ else mask > -np.inf) & allowed
        seeing = shown.any(axis=-1, keepdims=True)
        return "" if seeing.all() else into.constant("seeing", seeing.astype(kind))
    if call.dtype(3) != "bool":
        return ""
    shown_here = into.add("And", [names[3], into.constant("allowed", allowed)])
    as_numbers = into.add("Cast", [shown_here], {"to": dtypes.to_onnx(call.dtype(0))})
    last = into.constant("last", np.array([-1], np.int64))
    return into.add("ReduceMax", [as_numbers, last], {"keepdims": 1})
