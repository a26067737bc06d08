"""Running models in onnxruntime, one session at a time."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy.typing as npt

from restructure.errors import ModelError
from restructure.verify.products import QUANTISED, with_unsigned_weights

__all__ = ["Arrays", "RefusedError", "run_file"]

Arrays = Mapping[str, npt.NDArray[Any]]


class RefusedError(ModelError):
    """onnxruntime refuses a model; `reason` is what it says, without the file's place."""

    def __init__(self, path: Path, said: str) -> None:
        self.reason = said.splitlines()[0].replace(f"Load model from {path} failed:", "")
        super().__init__(f"{path.stem}: onnxruntime refuses it: {self.reason}")


def run_file(path: Path, feeds: Arrays, outputs: Sequence[str], optimise: bool) -> dict[str, npt.NDArray[Any]]:
    """Return the outputs of a model file; the session is gone afterwards.

    Args:
        optimise: with all of onnxruntime's graph optimisations, or with none; then products of integers are exact.

    Raises:
        RefusedError: onnxruntime refuses the model.
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
        with _exact(path, not optimise) as file:
            session = ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
            results = session.run(list(outputs), dict(feeds))
    except Exception as error:
        raise RefusedError(path, str(error)) from error
    return dict(zip(outputs, results, strict=True))


@contextmanager
def _exact(path: Path, wanted: bool) -> Iterator[Path]:
    """Give a model file whose integer products do not saturate, if that is wanted: itself, or a copy."""
    import onnx

    model = onnx.load(path, load_external_data=False) if wanted else None
    if model is None or not any(node.op_type in QUANTISED for node in model.graph.node):
        yield path
        return
    onnx.load_external_data_for_model(model, str(path.parent))
    if not with_unsigned_weights(model):
        yield path
        return
    with TemporaryDirectory(prefix="restructure-verify-") as folder:
        copy = Path(folder) / path.name
        onnx.save(model, copy)
        yield copy
