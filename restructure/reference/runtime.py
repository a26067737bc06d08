"""onnxruntime as a reference: on the CPU, one operator after another, nothing optimised away."""

import os
from collections.abc import Mapping

from restructure.errors import ModelError
from restructure.operators import Array

__all__ = ["run_onnxruntime"]

_ONLY_FATAL = 4


def run_onnxruntime(path: str | os.PathLike[str], feeds: Mapping[str, Array]) -> dict[str, Array]:
    """Return a model's outputs by name.

    Args:
        path: the model's file.
        feeds: an array per network input.

    Raises:
        ModelError: onnxruntime refuses the model.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _ONLY_FATAL
    try:
        session = ort.InferenceSession(os.fspath(path), options, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, dict(feeds)), strict=True))
    except Exception as error:  # onnxruntime's own exceptions have no common root
        raise ModelError(f"onnxruntime cannot run the model: {' '.join(str(error).split())}") from error
