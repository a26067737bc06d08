"""From a path to an analysed graph, weights lazy."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from restructure.errors import ModelError
from restructure.graph.analysis import analyse
from restructure.graph.checks import check_proto
from restructure.graph.external import settle_external
from restructure.graph.graph import Graph
from restructure.graph.mapped import MappedFile, resolve_inline
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
        DimensionArgumentError: `dims` names a dimension that is not open, or gives it a size below 1.
        ModelError: it is no ONNX model, or one that cannot be analysed; subclasses say why.
    """
    import onnx_ir as ir

    dims = dims or {}
    if isinstance(source, ir.Model):
        return analyse(source, dims, Source("memory"), source.graph.name or "model")
    if not isinstance(source, (str, os.PathLike)):
        where = source.graph.name or "model"
        return analyse(_deserialise(source, where), dims, Source("memory"), where)
    return _load_file(Path(source), dims)


def _load_file(path: Path, dims: Mapping[str, int]) -> Graph:
    file = MappedFile(path)
    model = _deserialise(file.parse(), str(path))
    resolve_inline(model, file)
    settle_external(model, path.resolve().parent, str(path))
    return analyse(model, dims, Source("file", str(path), lambda: file.sha256), str(path))


def _deserialise(proto: "onnx.ModelProto", where: str) -> "ir.Model":
    import onnx_ir as ir

    check_proto(where, proto)
    try:
        model = ir.from_proto(proto)
        if model.functions:
            from onnx_ir.passes.common import InlinePass

            InlinePass()(model)
    except Exception as error:
        raise ModelError(f"{where}: is not a valid ONNX model: {_root_cause(error)}") from error
    return model


def _root_cause(error: BaseException) -> str:
    """Return the first line of the error that started it; onnx-ir wraps one in another per level."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
