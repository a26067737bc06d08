"""One row of the store: a point that was run, what it was, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

__all__ = ["FAULTS", "Row", "Status"]


class Status(StrEnum):
    """What became of a point.

    All but `FAILED` are answers: the same point would give them again.
    """

    DONE = "done"
    DOES_NOT_FIT = "does_not_fit"
    UNSUPPORTED = "unsupported"
    REFUSED = "refused"
    FAILED = "failed"


FAULTS = (Status.FAILED,)
"""What another attempt may change: a defect, a worker that died."""


@dataclass(frozen=True, slots=True)
class Row:
    """A finished point.

    Attributes:
        key: hash of all that decides about the result: model, dimensions, configuration, plan, state, version.
        model: as the sweep named it; `dims` its open dimensions, `model_sha256` the file's hash (zoo: empty).
        hardware: the description's name; `settings` what was set on top, each `path=value`.
        configuration: dotted field → value in its base unit, defaults included.
        restructure: `off`, or which plan; `plan_sha256` its hash.
        state: cold or warm.
        version: of accelsim.
        error: why there are no metrics; empty if there are.
        need_bytes, have_bytes: where it does not fit.
        metrics: quantity → number; see `explore.change.quantities`.
        seconds: processor time it took.
    """

    key: str
    model: str
    hardware: str
    restructure: str
    state: str
    version: str
    status: Status
    settings: tuple[str, ...] = ()
    dims: Mapping[str, int] = field(default_factory=dict)
    model_sha256: str = ""
    plan_sha256: str = ""
    configuration: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    need_bytes: int | None = None
    have_bytes: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
