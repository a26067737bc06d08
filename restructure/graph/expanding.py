"""Operators said in simpler ones when a model is read: who costs, cuts or executes a graph need not know them.

An Einsum is products behind Transposes and Reshapes; an Attention two products around a Softmax; a CastLike a Cast.
What cannot be said like that (a diagonal, keys and values kept from earlier calls) stays as it is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from restructure import dtypes
from restructure.operators import Array, Call, Shape
from restructure.operators.attention import attention_sizes
from restructure.operators.matmul import einsum_terms

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["Expansion", "expand"]

_AXES_OPERAND_OPSET = 13
_MASKED = {"float16": -65504.0, "float64": -1e300}
"""What is added to a score that must not count, per type; of the others float32's. Finite, so that no NaN arises."""


@dataclass(slots=True)
class Expansion:
    """Nodes that stand for one, in running order; constants are nodes too.

    Attributes:
        fresh: gives a tensor a name that nobody has.
    """

    original: "ir.Node"
    fresh: Callable[[str], str]
    nodes: "list[ir.Node]" = field(default_factory=list)

    def add(
        self, op_type: str, inputs: Sequence[str], attributes: Mapping[str, Any] | None = None, result: str = ""
    ) -> str:
        """Append a node and return its result's name, a new one if none is given."""
        result = result or self._named(op_type.lower())
        self._append(op_type, inputs, attributes or {}, result)
        return result

    def constant(self, label: str, value: Array) -> str:
        """Append a constant and return its name."""
        import onnx_ir as ir

        name = self._named(label)
        self._append("Constant", (), {"value": ir.Tensor(value, name=name)}, name)
        return name

    def _named(self, label: str) -> str:
        return self.fresh(f"{self.original.outputs[0].name}.{label}")

    def _append(self, op_type: str, inputs: Sequence[str], attributes: Mapping[str, Any], result: str) -> None:
        import onnx_ir as ir

        operands = [ir.Value(name=name) for name in inputs]
        given = ir.convenience.convert_attributes(dict(attributes))
        label = f"{self.original.name or self.original.op_type}.{op_type.lower()}"
        self.nodes.append(ir.Node("", op_type, operands, given, outputs=[ir.Value(name=result)], name=label))

    def reshape(self, name: str, before: Shape, after: Shape) -> str:
        if before == after:
            return name
        return self.add("Reshape", [name, self.constant("shape", np.array(after, np.int64))])

    def transpose(self, name: str, order: Sequence[int]) -> str:
        if list(order) == sorted(order):
            return name
        return self.add("Transpose", [name], {"perm": list(order)})

    def end(self, name: str) -> None:
        """Let a result made here carry the original's name."""
        result = str(self.original.outputs[0].name)
        if self.nodes and self.nodes[-1].outputs[0].name == name:
            self.nodes[-1].outputs[0].name = result
        else:
            self.add("Identity", [name], result=result)

    def summed(self, name: str, axes: Sequence[int], opset: int) -> str:
        """Append a sum over some axes, which vanish."""
        if opset < _AXES_OPERAND_OPSET:
            return self.add("ReduceSum", [name], {"axes": list(axes), "keepdims": 0})
        return self.add("ReduceSum", [name, self.constant("axes", np.array(axes, np.int64))], {"keepdims": 0})


def expand(original: "ir.Node", names: Sequence[str], call: Call, fresh: Callable[[str], str]) -> Expansion | None:
    """Return what a node of operands `names` is in simpler ones; None if it stays as it is."""
    rule = _RULES.get(original.op_type) if not call.domain else None
    found = Expansion(original, fresh)
    return found if rule is not None and rule(found, names, call) else None


def _cast_like(into: Expansion, names: Sequence[str], call: Call) -> bool:
    into.end(into.add("Cast", names[:1], {"to": dtypes.to_onnx(call.dtype(1))}))
    return True


# -- Einsum ----------------------------------------------------------------------------------------------------------


def _einsum(into: Expansion, names: Sequence[str], call: Call) -> bool:
    terms, result, sizes = einsum_terms(call)
    if any(len(set(term)) < len(term) for term in terms):
        return False
    operands = []
    for number, (term, name) in enumerate(zip(terms, names, strict=True)):
        wanted = set(result).union(*terms[:number], *terms[number + 1 :])
        alone = [axis for axis, label in enumerate(term) if label not in wanted]
        operands.append(
            ("".join(c for c in term if c in wanted), into.summed(name, alone, call.opset)) if alone else (term, name)
        )
    while len(operands) > 1:
        wanted = set(result).union(*(term for term, _ in operands[2:]))
        operands[:2] = [_contracted(into, operands[0], operands[1], wanted, sizes)]
    term, name = operands[0]
    into.end(into.transpose(name, [term.index(label) for label in result]))
    return True


def _contracted(
    into: Expansion, left: tuple[str, str], right: tuple[str, str], wanted: set[str], sizes: Mapping[str, int]
) -> tuple[str, str]:
    """Append the product of two terms; labels of both that nobody wants any more are summed over."""
    (one, a), (two, b) = left, right
    batch = [label for label in one if label in two and label in wanted]
    inner = [label for label in one if label in two and label not in wanted]
    rows, columns = [c for c in one if c not in two], [c for c in two if c not in one]

    def matrix(term: str, name: str, *groups: Sequence[str]) -> str:
        order = [*batch, *groups[0], *groups[1]]
        turned = into.transpose(name, [term.index(label) for label in order])
        return into.reshape(turned, _sizes(order, sizes), (*_sizes(batch, sizes), *(_size(g, sizes) for g in groups)))

    product = into.add("MatMul", [matrix(one, a, rows, inner), matrix(two, b, inner, columns)])
    made = (*_sizes(batch, sizes), _size(rows, sizes), _size(columns, sizes))
    labels = [*batch, *rows, *columns]
    return "".join(labels), into.reshape(product, made, _sizes(labels, sizes))


def _sizes(labels: Sequence[str], sizes: Mapping[str, int]) -> Shape:
    return tuple(sizes[label] for label in labels)


def _size(labels: Sequence[str], sizes: Mapping[str, int]) -> int:
    return prod(_sizes(labels, sizes))


# -- Attention -------------------------------------------------------------------------------------------------------


def _attention(into: Expansion, names: Sequence[str], call: Call) -> bool:
    found = attention_sizes(call)
    others = [value.name for value in into.original.outputs[1:] if value.name]
    if others or any(names[4:]) or call.integer("softmax_precision", 0):
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
    scores = _scaled(into, scores, "Mul", call.real("scale", 0.0) or 1 / sqrt(found.size), kind)
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
        found.append(mask)
    if call.integer("is_causal", 0):
        later = np.arange(size[1]) > np.arange(size[0])[:, None]
        found.append(into.constant("causal", np.where(later, masked, np.zeros((), kind))))
    return found


_RULES: dict[str, Callable[[Expansion, Sequence[str], Call], bool]] = {
    "Attention": _attention,
    "CastLike": _cast_like,
    "Einsum": _einsum,
}
