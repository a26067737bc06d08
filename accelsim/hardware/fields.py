"""The fields of a description as a flat list: dotted path, unit, default, meaning.

Error texts, `--set` paths, the JSON schema's readers and docs/hardware.md all ask here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, get_args

from pydantic.fields import FieldInfo

from accelsim.hardware.parts import Section
from accelsim.hardware.rules import OrNone, Rule

__all__ = ["FieldFacts", "defaults_of", "fields_of", "leaf_paths", "section_at"]


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """One field.

    Attributes:
        path: dotted, as `--set` takes it.
        attribute: dotted, as Python sees it.
        meaning: its description.
        required: whether a description must give it.
        default: what holds when it is left out, as a description would hold it.
        rule: what its value must be; None for a section.
        example: a value as a description would hold it.
    """

    path: str
    attribute: str
    meaning: str
    required: bool
    default: Any
    rule: Rule | None
    example: Any


def fields_of(section: type[Section], path: str = "", attribute: str = "") -> Iterator[FieldFacts]:
    """All fields below a section, depth first, sections before their fields."""
    for name, info in section.model_fields.items():
        inner, rule = _section_in(info), _rule_in(info)
        here, there = f"{path}{info.alias or name}", f"{attribute}{name}"
        default = None if inner or info.is_required() else info.default
        shown = rule.write(default) if rule and not info.is_required() else None
        yield FieldFacts(here, there, info.description or "", info.is_required(), shown, rule, _example(info, rule))
        if inner:
            yield from fields_of(inner, f"{here}.", f"{there}.")


def defaults_of(section: type[Section]) -> Iterator[tuple[str, Rule, Any]]:
    """A section's own optional values: name in the description, rule, default as Python sees it."""
    for name, info in section.model_fields.items():
        rule = _rule_in(info)
        if rule and not info.is_required():
            yield info.alias or name, rule, info.default


@lru_cache
def leaf_paths(section: type[Section]) -> tuple[str, ...]:
    """The dotted paths of all fields that hold a value."""
    return tuple(facts.path for facts in fields_of(section) if facts.rule)


def section_at(section: type[Section], path: tuple[str | int, ...]) -> type[Section] | None:
    """The section at `path`, None when there is no section there."""
    for part in path:
        inner = next((i for n, i in section.model_fields.items() if (i.alias or n) == part), None)
        found = _section_in(inner) if inner else None
        if found is None:
            return None
        section = found
    return section


def _example(info: FieldInfo, rule: Rule | None) -> Any:
    """The field's own example, else its rule's; None when neither has one."""
    inner = rule.rule if isinstance(rule, OrNone) else rule
    return (info.examples or (inner.json_schema().get("examples") if inner else None) or [None])[0]


def _rule_in(info: FieldInfo) -> Rule | None:
    return next((item for item in info.metadata if isinstance(item, Rule)), None)


def _section_in(info: FieldInfo) -> type[Section] | None:
    for candidate in (info.annotation, *get_args(info.annotation)):
        if isinstance(candidate, type) and issubclass(candidate, Section):
            return candidate
    return None
