"""What onnxruntime computes: outputs, the integers it rounds to, and how much it magnifies a change of its input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from accelsim.errors import VerificationError
from accelsim.functional import Ties
from accelsim.workload import Workload
from restructure.graph import Graph
from restructure.operators import Array
from restructure.verify import magnification, tolerance_of
from restructure.verify.runtime import run_file

__all__ = ["Reference", "reference_of"]

#: A rounding counts as a tie within the network's relative rounding error of this many steps (all of an 8-bit scale).
STEPS = 256


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """onnxruntime's answers for one set of inputs.

    Attributes:
        path, feeds: the model file and its inputs.
        outputs: by name.
        ties: integers that values are rounded to; None where nothing is rounded.
        tolerance: relative error that rounding in another order explains.
    """

    path: Path
    feeds: Mapping[str, Array]
    outputs: Mapping[str, Array]
    ties: Ties | None
    tolerance: float

    def magnification(self) -> dict[str, float]:
        """See `restructure.verify.magnification`; 1 for a network that rounds to scales.

        There a small change is none or a whole step.
        """
        if self.ties is not None:
            return dict.fromkeys(self.outputs, 1.0)
        names = list(self.outputs)
        return magnification(lambda feeds: run_file(self.path, feeds, names, False), self.feeds, self.outputs)


def reference_of(path: Path, feeds: Mapping[str, Array], graph: Graph, workload: Workload) -> Reference:
    """Run onnxruntime, nothing optimised.

    Args:
        path: the model file.
        feeds: its inputs.
        graph: the analysed model.
        workload: its layers; what they round is asked for too.

    Raises:
        VerificationError: an output holds infinities or what is no number: everything and nothing equals it.
        ModelError: onnxruntime refuses the model.
    """
    found = _with_rounded(path, feeds, graph, workload) if workload.rounded else {}
    if not found:
        found = run_file(path, feeds, graph.outputs, optimise=False)
    outputs = {name: found[name] for name in graph.outputs}
    _require_finite(outputs, path.stem)
    steps = workload.rounded.items()
    rounded = {name: step.laid_out(found[step.value]) for name, step in steps if step.value in found}
    tolerance = tolerance_of(graph)
    return Reference(path, feeds, outputs, Ties(rounded, STEPS * tolerance) if rounded else None, tolerance)


def _with_rounded(path: Path, feeds: Mapping[str, Array], graph: Graph, workload: Workload) -> dict[str, Array]:
    """Outputs and the integers that values are rounded to, from a copy of the model that hands them out too."""
    import onnx

    model = onnx.load(path)
    made = {name for node in model.graph.node for name in node.output}
    values = dict.fromkeys(step.value for step in workload.rounded.values())
    wanted = [name for name in values if name in made and name not in graph.outputs]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in wanted)
    with TemporaryDirectory(prefix="accelsim-verify-") as folder:
        copy = Path(folder) / path.name
        onnx.save(model, copy)
        return run_file(copy, feeds, [*graph.outputs, *wanted], optimise=False)


def _require_finite(outputs: Mapping[str, Array], model: str) -> None:
    for name, array in outputs.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise VerificationError(
                f"{model}: output {name!r} must be finite in onnxruntime's reference, got infinities or NaN: "
                "nothing can be compared; check the model's weights and attributes"
            )
