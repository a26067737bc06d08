"""The parts of a sweep's document: networks, descriptions, settings, plans, states, objectives."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

from accelsim.errors import ConfigurationError
from accelsim.explore.choosing import objective_named
from accelsim.explore.restructuring import require_plan
from accelsim.explore.sweeping.checks import Checks
from accelsim.explore.sweeping.definition import OFF, Base, ModelChoice, Settings
from accelsim.explore.values import expanded, field_rule, split_list
from accelsim.hardware import load
from accelsim.hardware.problems import Path
from accelsim.hardware.units import Refused
from accelsim.network import require_model
from restructure import RestructureError

__all__ = ["Reader"]

_STATES = ("cold", "warm")


class Reader:
    """Reads one part after the other; what is wrong goes to `checks`, and the part is left without it.

    Args:
        folder: files of networks, descriptions and plans are looked for from here.
    """

    def __init__(self, checks: Checks, folder: FilePath) -> None:
        self._checks, self._folder = checks, folder

    def models(self) -> tuple[ModelChoice, ...]:
        """The networks."""
        found = [self._model(path, entry) for path, entry in self._checks.entries("models")]
        return tuple(model for model in found if model)

    def _model(self, path: Path, entry: Any) -> ModelChoice | None:
        dims: dict[str, int] = {}
        if isinstance(entry, dict):
            self._checks.known_keys(path, ("model", "dims"))
            dims = self._dims((*path, "dims"), entry.get("dims") or {})
            entry, path = entry.get("model"), (*path, "model")
        if not isinstance(entry, str):
            self._checks.refused(path, "must be an ONNX file or a network of the zoo", "write e.g. mobilenetv2")
            return None
        try:
            return ModelChoice(entry, require_model(self._found(entry)), dims)
        except ConfigurationError as error:
            self._checks.told(path, error)
            return None

    def _dims(self, path: Path, dims: Any) -> dict[str, int]:
        if not isinstance(dims, dict):
            self._checks.refused(path, "must be sizes by dimension", "write e.g. {N: 1}")
            return {}
        for name, size in dims.items():
            if not isinstance(size, int) or isinstance(size, bool) or size < 1:
                self._checks.refused((*path, name), "must be a whole number ≥ 1", "write e.g. 1")
        return dims

    def _found(self, name: str) -> str:
        """The path of a file in the sweep's own folder, if there is one; else what was written."""
        beside = self._folder / name
        try:
            return str(beside) if beside.is_file() else name
        except (OSError, ValueError):
            return name

    def bases(self) -> tuple[Base, ...]:
        """The descriptions."""
        return tuple(base for path, entry in self._checks.entries("hardware") if (base := self._base(path, entry)))

    def _base(self, path: Path, entry: Any) -> Base | None:
        if not isinstance(entry, str):
            self._checks.refused(path, "must be a description's file or a preset", "write e.g. edge_npu")
            return None
        try:
            return Base(entry, load(self._found(entry)))
        except ConfigurationError as error:
            self._checks.told(path, error)
            return None

    def axes(self) -> tuple[tuple[Settings, ...], ...]:
        """What is set on top: each field of `set` is an axis, and all `variants` are one."""
        fields = self._mapping(("set",))
        axes: list[tuple[Settings, ...]] = [
            tuple((setting,) for setting in self._settings(("set", name))) for name in fields
        ]
        variants = [self._variant(path) for path, _ in self._checks.entries("variants")]
        axes.append(tuple(variant for variant in variants if variant))
        self._refuse_twice(fields)
        return tuple(axis for axis in axes if axis)

    def _mapping(self, path: Path) -> dict[str, Any]:
        value = self._checks.value(path)
        if value is None or isinstance(value, dict):
            return value or {}
        self._checks.refused(path, "must be fields with their values", "write e.g. {pe_array.rows: 8}")
        return {}

    def _settings(self, path: Path) -> tuple[str, ...]:
        name, value = str(path[-1]), self._checks.value(path)
        entries = value if isinstance(value, list) else split_list(value) if isinstance(value, str) else [value]
        try:
            rule = field_rule(name)
        except Refused as refused:
            self._checks.refused(path, refused.rule, refused.remedy)
            return ()
        found: dict[str, None] = {}
        for index, entry in enumerate(entries):
            try:
                found |= dict.fromkeys(expanded(name, rule, [entry]).settings)
            except Refused as refused:
                self._checks.refused((*path, index) if isinstance(value, list) else path, refused.rule, refused.remedy)
        return tuple(found)

    def _variant(self, path: Path) -> Settings:
        chosen: list[str] = []
        for name in self._mapping(path):
            settings = self._settings((*path, name))
            if len(settings) > 1:
                self._checks.refused(
                    (*path, name), "must be one value", "write a variant for each, or put it below `set`"
                )
            chosen += settings
        return tuple(chosen)

    def _refuse_twice(self, fields: dict[str, Any]) -> None:
        for path, entry in self._checks.entries("variants"):
            for name in entry if isinstance(entry, dict) else ():
                if name in fields:
                    self._checks.problem((*path, name), "must be set in one place", "it below `set` too", "delete one")

    def restructuring(self) -> tuple[str, ...]:
        """The plans; a file's path is written out."""
        found: dict[str, None] = {}
        for path, entry in self._checks.entries("restructure"):
            text = str(entry) if isinstance(entry, str) else OFF if entry is False else ""
            try:
                if text != OFF:
                    text = self._found(text)
                    require_plan(text)
            except RestructureError as error:
                self._checks.told(path, ConfigurationError(f"{text}: {error}"))
            except ConfigurationError as error:
                self._checks.told(path, error)
            found[text] = None
        return tuple(found)

    def states(self) -> tuple[str, ...]:
        """Cold, warm or both."""
        for path, entry in self._checks.entries("state"):
            if entry not in _STATES:
                self._checks.refused(path, "must be cold or warm", "write cold, warm or [cold, warm]")
        return tuple(dict.fromkeys(entry for _, entry in self._checks.entries("state") if entry in _STATES))

    def objectives(self) -> tuple[str, ...]:
        """The names of quantities."""
        found: dict[str, None] = {}
        for path, entry in self._checks.entries("objectives"):
            try:
                found[objective_named(str(entry)).name] = None
            except ConfigurationError as error:
                self._checks.told(path, error)
        return tuple(found)
