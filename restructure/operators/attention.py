"""Attention: scaled products of queries and keys, a softmax, and the product with the values."""

from collections.abc import Sequence
from dataclasses import dataclass

from restructure.errors import OperatorError
from restructure.operators.broadcasting import broadcast
from restructure.operators.records import Call, OperatorSpec, Shape, TensorInfo

__all__ = ["SPECS", "AttentionSizes", "attention_sizes"]


@dataclass(frozen=True, slots=True)
class AttentionSizes:
    """Sizes of an Attention.

    Attributes:
        heads, groups: heads of the queries; of keys and values, which several heads may share.
        queries, keys: positions; keys of earlier calls included.
        size, value_size: elements of a position in one head: of queries and keys, of values.
    """

    batch: int
    heads: int
    groups: int
    queries: int
    keys: int
    size: int
    value_size: int


def attention_sizes(call: Call) -> AttentionSizes:
    """Return the sizes of an Attention; raises OperatorError if its operands do not fit each other."""
    heads, groups = call.integer("q_num_heads", 0), call.integer("kv_num_heads", 0)
    q = _apart(call.shape(0), heads, "q_num_heads")
    k, v = (_apart(call.shape(i), groups, "kv_num_heads") for i in (1, 2))
    same = k[:3] == v[:3] and k[0] == q[0] and k[3] == q[3]
    if not same or q[1] % max(k[1], 1):
        shapes = ", ".join(str(list(call.shape(i))) for i in range(3))
        raise OperatorError(f"queries, keys and values do not fit each other: {shapes}")
    earlier = call.shape(4)[2] if call.has(4) else 0
    found = AttentionSizes(q[0], q[1], k[1], q[2], k[2] + earlier, q[3], v[3])
    if call.has(3):
        scores = (found.batch, found.heads, found.queries, found.keys)
        if broadcast([scores, call.shape(3)]) != scores:
            raise OperatorError(f"mask {list(call.shape(3))} does not fit scores {list(scores)}")
    return found


def _apart(shape: Shape, heads: int, attribute: str) -> Shape:
    """Return (batch, heads, positions, elements of a head) of an operand."""
    if len(shape) == 4:
        return shape
    if len(shape) != 3 or heads < 1 or shape[2] % heads:
        raise OperatorError(f"an operand of shape {list(shape)} cannot be parted into {attribute} = {heads} heads")
    return shape[0], heads, shape[1], shape[2] // heads


def _infer(call: Call) -> Sequence[TensorInfo]:
    found, dtype = attention_sizes(call), call.dtype(0)
    whole = (found.batch, found.heads, found.queries, found.value_size)
    joined = (found.batch, found.queries, found.heads * found.value_size)
    return [
        TensorInfo(joined if len(call.shape(0)) == 3 else whole, dtype),
        TensorInfo((found.batch, found.groups, found.keys, found.size), call.dtype(1)),
        TensorInfo((found.batch, found.groups, found.keys, found.value_size), call.dtype(2)),
        TensorInfo((found.batch, found.heads, found.queries, found.keys), dtype),
    ]


def _macs(call: Call, results: Sequence[TensorInfo]) -> int:
    found = attention_sizes(call)
    return found.batch * found.heads * found.queries * found.keys * (found.size + found.value_size)


SPECS = (OperatorSpec("Attention", "matmul", _infer, _macs),)
