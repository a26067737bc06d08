"""External data: weights in files beside the model, read only below the model's own folder."""

import ntpath
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from restructure.errors import ModelError

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["external_tensors", "settle_external"]


def external_tensors(model: "ir.Model") -> Iterator["ir.ExternalTensor"]:
    """Yield every tensor of the model that lies in another file."""
    import onnx_ir as ir

    for value in model.graph.initializers.values():
        if isinstance(value.const_value, ir.ExternalTensor):
            yield value.const_value
    for node in model.graph:
        for attribute in node.attributes.values():
            if attribute.type == ir.AttributeType.TENSOR and isinstance(attribute.value, ir.ExternalTensor):
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
