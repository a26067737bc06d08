"""Operators said in simpler ones when a model is read: who costs, cuts or executes a graph need not know them.

An Einsum is products behind Transposes and Reshapes; an Attention two products around a Softmax; a CastLike a Cast; a
OneHot a comparison. What is gathered from, or scattered to, constant places is a Gather, or a Concat where the places
are a box. What cannot be said like that (a diagonal, keys and values kept from earlier calls, computed places) stays
as it is.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from restructure import dtypes
from restructure.graph.expanding.attention import attention
from restructure.graph.expanding.expansion import Expansion, Rule
from restructure.graph.expanding.places import gather_elements, gather_nd, one_hot, scatter_elements, scatter_nd
from restructure.graph.expanding.products import einsum
from restructure.operators import Array, Call

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["Expansion", "expand"]


def expand(
    original: "ir.Node",
    names: Sequence[str],
    call: Call,
    constant: Callable[[int], Array | None],
    fresh: Callable[[str], str],
) -> Expansion | None:
    """Return what a node is in simpler ones; None if it stays as it is.

    Args:
        names: of its operands.
        constant: value of operand i if it is known, whatever its size.
        fresh: gives a tensor a name that nobody has.
    """
    rule = _RULES.get(original.op_type) if not call.domain else None
    if rule is None:
        return None
    found = Expansion(original, constant, fresh)
    return found if rule(found, names, call) else None


def _cast_like(into: Expansion, names: Sequence[str], call: Call) -> bool:
    into.end(into.add("Cast", names[:1], {"to": dtypes.to_onnx(call.dtype(1))}))
    return True


_RULES: dict[str, Rule] = {
    "Attention": attention,
    "CastLike": _cast_like,
    "Einsum": einsum,
    "GatherElements": gather_elements,
    "GatherND": gather_nd,
    "OneHot": one_hot,
    "Scatter": scatter_elements,
    "ScatterElements": scatter_elements,
    "ScatterND": scatter_nd,
}
