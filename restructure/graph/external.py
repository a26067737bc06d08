"""External data: weights in files beside the model, read only below the model's own folder."""

import ntpath
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from restructure.errors import ModelError, WeightFileError

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["check_inside", "external_tensors", "is_external", "settle_external"]


def is_external(tensor: object) -> "TypeGuard[ir.ExternalTensor]":
    """Whether a tensor's data lies in another file."""
    import onnx_ir as ir

    return isinstance(tensor, ir.ExternalTensor)


def external_tensors(model: "ir.Model") -> Iterator["ir.ExternalTensor"]:
    """Yield every tensor of the model that lies in another file."""
    for value in model.graph.initializers.values():
        if is_external(value.const_value):
            yield value.const_value
    for node in model.graph:
        for attribute in node.attributes.values():
            if is_external(attribute.value):
                yield attribute.value


def _leaves(location: str) -> bool:
    return (
        not location
        or "\0" in location
        or os.path.isabs(location)
        or ntpath.isabs(location)
        or bool(ntpath.splitdrive(location)[0])
        or os.path.normpath(location.replace("\\", "/")).split("/")[0] == ".."
    )


def settle_external(model: "ir.Model", folder: Path, where: str) -> None:
    """Let external tensors be looked for in `folder`, without opening any file.

    Raises:
        ModelError: a location is absolute or leads out of the folder.
    """
    for tensor in external_tensors(model):
        location = os.fspath(tensor.location)
        if _leaves(location):
            raise ModelError(
                f"{where}: weight {tensor.name!r} asks for external data at {location!r}: only files below the "
                "model's own folder are read; move the data there and use a relative path"
            )
        tensor.base_dir = str(folder)


def check_inside(tensor: "ir.ExternalTensor") -> None:
    """Raise WeightFileError if links lead from the tensor's file out of the model's folder."""
    folder, path = os.path.realpath(tensor.base_dir), os.path.realpath(tensor.path)
    if os.path.commonpath([folder, path]) != folder:
        raise WeightFileError(
            f"weight {tensor.name!r}: its external data is refused: {tensor.path} leads out of the model's folder"
        )
