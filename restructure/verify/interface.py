"""What must be the same on the outside: inputs, outputs, operator sets, and the weights themselves."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from restructure.errors import ModelError, RestructureError
from restructure.graph import Graph
from restructure.operators import Array
from restructure.verify.lean import lean_proto

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["interface_problems", "weight_problems"]

_SMALL_ELEMENTS = 4096


def interface_problems(original: Graph, restructured: Graph) -> Iterator[str]:
    """Yield what differs in inputs, outputs and operator sets, and what onnx's checker says.

    Raises:
        ModelError: the checker says the same of the original.
    """
    for kind in ("inputs", "outputs"):
        ours, theirs = _declared(restructured, kind), _declared(original, kind)
        if ours != theirs:
            yield f"{kind} must be {theirs}, got {ours}"
    if dict(restructured.opsets) != dict(original.opsets):
        yield f"operator sets must be {dict(original.opsets)}, got {dict(restructured.opsets)}"
    refusal = _refusal(restructured)
    if refusal and refusal == _refusal(original):
        rule = "must be a model that onnx's checker accepts, so that it can be verified"
        raise ModelError(f"{original.name}: {rule}, got {refusal}; correct it, or use --no-verify")
    if refusal:
        yield f"onnx's checker refuses it: {refusal}"


def _refusal(graph: Graph) -> str:
    """Return the first line of what onnx's checker has against a model; empty if nothing."""
    import onnx

    try:
        onnx.checker.check_model(lean_proto(graph)[0])
    except onnx.checker.ValidationError as error:
        return str(error).splitlines()[0]
    return ""


def _declared(graph: Graph, kind: str) -> list[str]:
    values: list[ir.Value] = getattr(graph.model.graph, kind)
    if kind == "inputs":  # old models list their weights among them
        values = [value for value in values if value.name not in graph.model.graph.initializers]
    return [_described(graph, value) for value in values]


def _described(graph: Graph, value: "ir.Value") -> str:
    dtype = value.dtype.name if value.dtype is not None else "?"
    known = graph.tensors.get(str(value.name))
    shape = list(known.shape) if known else value.shape
    return f"{value.name}: {dtype} {shape}"


def weight_problems(original: Graph, restructured: Graph) -> Iterator[str]:
    """Yield the floating-point weights that the restructured model changed, or holds on top of the original's."""
    total = 0
    for name, tensor in _leaves(restructured):
        if original.is_constant(name):
            theirs = dict(_leaves(original)).get(name)
            if tensor is not theirs and not _equal(original, restructured, name):
                yield f"weight {name!r} does not hold the original's values"
        elif not _copied(original, restructured, name):
            yield f"weight {name!r} is not one of the original's"
        total += _bytes(restructured, name, tensor)
    stored = dict(_leaves(original))
    allowed = sum(_bytes(original, name, tensor) for name, tensor in stored.items())
    allowed += sum(_folded_bytes(original, name) for name, _ in _leaves(restructured) if name not in stored)
    if total > allowed:
        yield f"floating-point weights must take at most the original's {allowed:,} B, got {total:,} B"


def _folded_bytes(original: Graph, name: str) -> int:
    """Return the bytes of a small constant that the original computes from others and the rewrite stores."""
    value = original.constant(name)
    return 0 if value is None else value.nbytes


def _bytes(graph: Graph, name: str, tensor: "ir.TensorProtocol") -> int:
    """Return what a weight takes once it is there: a fill (ConstantOfShape) stores one value and makes many."""
    return graph.tensors[name].bytes if name in graph.tensors else tensor.nbytes


def _leaves(graph: Graph) -> "Iterator[tuple[str, ir.TensorProtocol]]":
    """Yield every floating-point weight that is stored or made from nothing, with its tensor if it has one."""
    for name, value in graph.model.graph.initializers.items():
        if value.const_value is not None and _floating(value.const_value):
            yield name, value.const_value
    for node in (*graph.model.graph, *graph.added):
        if node.op_type in ("Constant", "ConstantOfShape"):
            attribute = node.attributes.get("value")
            tensor = attribute.value if attribute is not None else None
            if tensor is not None and _floating(tensor):
                yield str(node.outputs[0].name), tensor


def _floating(tensor: "ir.TensorProtocol") -> bool:
    return tensor.dtype.is_floating_point()


def _equal(original: Graph, restructured: Graph, name: str) -> bool:
    try:
        ours, theirs = restructured.weight(name), original.weight(name)
    except RestructureError:
        return False
    return ours.dtype == theirs.dtype and ours.shape == theirs.shape and np.array_equal(_bits(ours), _bits(theirs))


def _copied(original: Graph, restructured: Graph, name: str) -> bool:
    """Whether a small weight of a new name holds what some small weight of the original holds (a hoisted constant)."""
    ours = restructured.weight(name)
    if ours.size > _SMALL_ELEMENTS:
        return False
    candidates = (original.constant(other) for other, _ in _leaves(original))
    return any(
        theirs is not None and theirs.size == ours.size and theirs.tobytes() == ours.tobytes() for theirs in candidates
    )


def _bits(array: Array) -> Array:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)
