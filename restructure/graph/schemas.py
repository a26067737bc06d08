"""A node against its operator's definition in ONNX: how many operands, which attributes, which element types.

The operator table trusts all three. Only operators of the default domain have definitions here; an operator that is
newer than the model's operator set is left to the table.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

from restructure import operators
from restructure.errors import OperatorError, printable
from restructure.operators import TensorInfo

if TYPE_CHECKING:
    import onnx
    import onnx_ir as ir

__all__ = ["check_node"]

_SPELLED = {"float32": "float", "float64": "double"}
_MANY = 2**31 - 1
#: Other tools write quantised networks as a Conv of int8 tensors, which ONNX does not define and hardware does run.
_NARROW = frozenset({"int4", "uint4", "int8", "uint8", "int16", "uint16", "int32"})


@lru_cache(maxsize=1024)
def _schema(op_type: str, opset: int) -> "onnx.defs.OpSchema | None":
    from onnx import defs

    try:
        return defs.get_schema(op_type, opset, "")
    except (defs.SchemaError, TypeError):
        return None


def check_node(node: "ir.Node", infos: Sequence[TensorInfo | None], opsets: Mapping[str, int]) -> None:
    """Refuse a node that its definition does not allow.

    Args:
        infos: shape and element type of each operand; None where one is left out.
        opsets: versions of the operator sets.

    Raises:
        OperatorError: operands, results, attributes or element types are not those of the definition.
    """
    domain = operators.canonical_domain(node.domain)
    schema = None if domain else _schema(node.op_type, opsets.get("", 1))
    if schema is None:
        return
    given = max((index + 1 for index, info in enumerate(infos) if info is not None), default=0)
    _check_count("operand", given, schema.min_input, max(schema.max_input, schema.min_input))
    _check_count("result", len(node.outputs), schema.min_output, schema.max_output)
    _check_attributes(node, schema)
    _check_types(infos, schema)


def _check_count(what: str, count: int, least: int, most: int) -> None:
    if least <= count <= most:
        return
    allowed = f"{least}" if least == most else f"{least} or more" if most == _MANY else f"{least} to {most}"
    raise OperatorError(f"must have {allowed} {what}(s), got {count}")


def _check_attributes(node: "ir.Node", schema: "onnx.defs.OpSchema") -> None:
    known = schema.attributes
    for name, attribute in node.attributes.items():
        if name not in known:
            close = get_close_matches(name, known, n=1)
            remedy = f"did you mean {close[0]!r}?" if close else "remove it"
            where = f"the operator of opset {schema.since_version}"
            raise OperatorError(f"attribute '{printable(name)}' is unknown to {where}; {remedy}")
        wanted, got = str(known[name].type).rpartition(".")[2], attribute.type.name
        if got != wanted:
            raise OperatorError(f"attribute {name!r} must be of type {wanted}, got {got}")
    missing = [name for name, known_one in known.items() if known_one.required and name not in node.attributes]
    if missing:
        raise OperatorError(f"attribute {missing[0]!r} must be given")


def _check_types(infos: Sequence[TensorInfo | None], schema: "onnx.defs.OpSchema") -> None:
    allowed = {constraint.type_param_str: constraint.allowed_type_strs for constraint in schema.type_constraints}
    bound: dict[str, str] = {}
    for index, info in enumerate(infos):
        parameter = schema.inputs[min(index, len(schema.inputs) - 1)]
        if info is None or (index >= len(schema.inputs) and not parameter.is_homogeneous):
            continue
        kind = parameter.type_str
        types = allowed.get(kind, (kind,))
        if info.dtype in _NARROW and "tensor(float)" in types:
            continue
        if f"tensor({_SPELLED.get(info.dtype, info.dtype)})" not in types:
            raise OperatorError(f"operand {index + 1} ({parameter.name}) must not be of type {info.dtype}")
        if parameter.is_homogeneous and bound.setdefault(kind, info.dtype) != info.dtype:
            raise OperatorError(
                f"operand {index + 1} ({parameter.name}) must be of the same type as those before it, "
                f"{bound[kind]}, got {info.dtype}"
            )
