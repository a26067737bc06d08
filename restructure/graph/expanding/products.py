"""Einsum: products behind Transposes and Reshapes."""

from collections.abc import Mapping, Sequence
from math import prod

from restructure.graph.expanding.expansion import Expansion
from restructure.operators import Call, Shape
from restructure.operators.matmul import einsum_terms

__all__ = ["einsum"]


def einsum(into: Expansion, names: Sequence[str], call: Call) -> bool:
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
