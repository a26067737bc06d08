"""What makes a point the same point: a hash of everything its result depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from accelsim.errors import ConfigurationError
from accelsim.explore.sweeping.definition import Point
from accelsim.hardware import Hardware
from accelsim.version import __version__
from restructure import zoo

__all__ = ["hash_of", "model_hash", "plan_key", "point_key"]


def hash_of(value: object) -> str:
    """The SHA-256 of plain data."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def model_hash(path: str) -> str:
    """The SHA-256 of a model's file; empty for a network of the zoo, which the version stands for.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    if path in zoo.names():
        return ""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        got = (error.strerror or "an error").lower()
        raise ConfigurationError(f"{path}: must be a readable file, got {got}; check the path") from None


def _model(point: Point, sha256: str) -> dict[str, Any]:
    return {"model": sha256 or point.model.path, "dims": dict(point.model.dims), "version": __version__}


def plan_key(point: Point, sha256: str, hardware: Hardware) -> str:
    """Of the plan that a point wants: points whose activations are of one size share it."""
    size = hardware.precision.activations_bytes
    return hash_of({**_model(point, sha256), "restructure": point.restructure, "activation_bytes": size})


def point_key(point: Point, sha256: str, configuration: Mapping[str, Any], plan_sha256: str) -> str:
    """Of a point.

    Args:
        sha256: the hash of the model's file.
        configuration: its hardware, resolved.
        plan_sha256: the hash of its plan; empty for none.
    """
    hardware = {"name": point.base.hardware.name, **configuration}
    return hash_of({**_model(point, sha256), "hardware": hardware, "plan": plan_sha256, "state": point.state})
