"""From a path to a model in memory, weights lazy."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from restructure.errors import ModelError, ModelFileError, RestructureError
from restructure.graph.analysis import analyse
from restructure.graph.graph import Graph
from restructure.graph.records import Source

if TYPE_CHECKING:
    import onnx
    import onnx_ir as ir

__all__ = ["load"]


def load(source: "str | os.PathLike[str] | ir.Model | onnx.ModelProto", dims: Mapping[str, int] | None = None) -> Graph:
    """Load and analyse a model; weights stay where they are.

    Args:
        source: path of an ONNX file, or a model in memory.
        dims: sizes of symbolic dimensions, e.g. {"N": 1}.

    Raises:
        ModelFileError: the file is missing or cannot be read.
        ModelError: it is no ONNX model, or one that cannot be analysed; subclasses say why.
    """
    import onnx_ir as ir

    dims = dims or {}
    if isinstance(source, ir.Model):
        return analyse(source, dims, Source("memory"), source.graph.name or "model")
    if not isinstance(source, (str, os.PathLike)):
        return analyse(_from_proto(source, "model"), dims, Source("memory"), source.graph.name or "model")
    path = Path(source)
    data = _read(path)
    model = _parse(data, path)
    return analyse(model, dims, Source("file", str(path), hashlib.sha256(data).hexdigest()), str(path))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelFileError(f"{path}: no such file") from None
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror}") from error


def _parse(data: bytes, path: Path) -> "ir.Model":
    import onnx
    import onnx_ir as ir

    if not data:
        raise ModelError(f"{path}: the file is empty")
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(data)
    except Exception as error:
        raise ModelError(f"{path}: is not an ONNX file, or is cut short: {error}") from error
    model = _from_proto(proto, str(path))
    ir.external_data.set_base_dir(model.graph, str(path.resolve().parent))
    return model


def _from_proto(proto: "onnx.ModelProto", where: str) -> "ir.Model":
    import onnx_ir as ir

    if not proto.HasField("graph") or not proto.graph.node:
        raise ModelError(f"{where}: is not an ONNX model: it has no graph with nodes")
    try:
        return ir.from_proto(proto)
    except RestructureError:
        raise
    except Exception as error:
        raise ModelError(f"{where}: is not a valid ONNX model: {error}") from error
