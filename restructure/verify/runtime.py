"""Running models in onnxruntime, one session at a time."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt

from restructure.errors import ModelError

__all__ = ["Arrays", "run_file"]

Arrays = Mapping[str, npt.NDArray[Any]]


def run_file(path: Path, feeds: Arrays, outputs: Sequence[str], optimise: bool) -> dict[str, npt.NDArray[Any]]:
    """Return the outputs of a model file; the session is gone afterwards.

    Args:
        optimise: with all of onnxruntime's graph optimisations, or with none.

    Raises:
        ModelError: onnxruntime refuses the model.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    levels = ort.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimise else levels.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.enable_cpu_mem_arena = False
    # Repacked copies of weights would double them, for a single run.
    options.add_session_config_entry("session.disable_prepacking", "1")
    try:
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        results = session.run(list(outputs), dict(feeds))
    except Exception as error:
        raise ModelError(f"{path.stem}: onnxruntime refuses it: {str(error).splitlines()[0]}") from error
    return dict(zip(outputs, results, strict=True))
