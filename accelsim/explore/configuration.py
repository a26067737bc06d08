"""A resolved description as a flat table: dotted path → plain value in the field's base unit."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeAlias

from accelsim.hardware import Hardware
from accelsim.hardware.fields import FieldFacts, fields_of
from accelsim.hardware.rules import OrNone, Quantity, Rule
from accelsim.hardware.units import format_quantity

__all__ = ["Configuration", "configuration_of", "field_unit", "shown_value"]

Configuration: TypeAlias = Mapping[str, str | int | float | bool | None]

_ABOUT = ("name", "description", "sources")


@cache
def _fields() -> dict[str, FieldFacts]:
    return {facts.path: facts for facts in fields_of(Hardware) if facts.rule and facts.path not in _ABOUT}


def configuration_of(hardware: Hardware) -> dict[str, Any]:
    """Every field that decides about a run, defaults included; what only says where numbers are from is left out.

    >>> from accelsim.hardware import load
    >>> configuration_of(load("edge_npu"))["scratchpad.capacity"]
    262144
    """
    return {path: _plain(_at(hardware, facts.attribute)) for path, facts in _fields().items()}


def _at(hardware: Hardware, attribute: str) -> Any:
    found: Any = hardware
    for part in attribute.split("."):
        found = getattr(found, part, None)
    return found


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def field_unit(path: str) -> str:
    """The base unit of a field's values; empty for counts, words and what is no field."""
    rule = _quantity(path)
    return rule.dimension.base if rule else ""


def shown_value(path: str, value: Any) -> str:
    """A field's plain value as a description would hold it.

    >>> shown_value("scratchpad.capacity", 262144)
    '256 KiB'
    """
    rule = _quantity(path)
    if value is None:
        return "none"
    return format_quantity(value, rule.dimension) if rule else str(value)


def _quantity(path: str) -> Quantity | None:
    facts = _fields().get(path)
    rule: Rule | None = facts.rule if facts else None
    rule = rule.rule if isinstance(rule, OrNone) else rule
    return rule if isinstance(rule, Quantity) else None
