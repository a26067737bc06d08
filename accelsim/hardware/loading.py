"""From a name, a path or a mapping to a checked `Hardware`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from accelsim.hardware.description import Hardware
from accelsim.hardware.document import Document, parse_yaml
from accelsim.hardware.overrides import apply
from accelsim.hardware.presets import find, preset_names
from accelsim.hardware.validation import validate

__all__ = ["Loaded", "check", "from_description", "load", "load_with_notices", "override", "presets"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A description and how it was found.

    Attributes:
        hardware: the description.
        origin: the file's path as given, or the preset's name.
        notices: what the user should know, e.g. that a preset stands in for a file that is not there.
    """

    hardware: Hardware
    origin: str
    notices: tuple[str, ...]


def load_with_notices(name_or_path: str | Path, overrides: Iterable[str] = ()) -> Loaded:
    """Read a description; see `load`."""
    found = find(name_or_path)
    document = apply(_parsed(found.text, found.origin), overrides, Hardware)
    return Loaded(validate(document), found.origin, found.notices)


@lru_cache(maxsize=32)
def _parsed(text: str, origin: str) -> Document:
    """The document of a text: a sweep sets fields on the same few a thousand times."""
    return parse_yaml(text, origin)


def load(name_or_path: str | Path, overrides: Iterable[str] = ()) -> Hardware:
    """Read a description from a YAML file or a preset.

    Args:
        name_or_path: a preset's name (`edge_npu`) or a path; a missing file named like a preset means the preset.
        overrides: fields to set on top, each `path=value` (`scratchpad.capacity=128KiB`, `pe_array.dataflow=os`).

    Raises:
        ConfigurationError: with all problems at once, each with file, line, field, rule, value and remedy.

    >>> load("edge_npu", ["scratchpad.capacity=128KiB"]).scratchpad.capacity_bytes
    131072
    """
    return load_with_notices(name_or_path, overrides).hardware


def from_description(description: Mapping[str, Any], origin: str = "description") -> Hardware:
    """Read a description that is already a mapping (`{"frequency": "800 MHz", …}`).

    Raises:
        ConfigurationError: with all problems at once.
    """
    return validate(Document.of(description, origin))


def override(hardware: Hardware, settings: Iterable[str]) -> Hardware:
    """Another description that differs in some fields; defaults that follow from them (energy) follow.

    Args:
        hardware: stays as it is.
        settings: each `path=value`.

    Raises:
        ConfigurationError: an unknown field, or a value that breaks a rule.
    """
    given = hardware.model_dump(by_alias=True, exclude_unset=True)
    return validate(apply(Document.of(given, hardware.name), settings, Hardware))


def check(path: str | Path) -> tuple[str, ...]:
    """All problems of a description, each a line; empty when it is sound.

    Raises:
        ConfigurationError: the file cannot be read as YAML at all.
    """
    from accelsim.errors import ConfigurationError

    try:
        load(path)
    except ConfigurationError as error:
        return error.problems
    return ()


def presets() -> dict[str, str]:
    """The presets, each with its one-line description."""
    return {name: load(name).description for name in preset_names()}
