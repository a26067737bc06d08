"""The question a user asks: does the restructured model compute the same, with the memory its plan promised?"""

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from restructure.errors import DimensionArgumentError, ModelError
from restructure.graph import Graph, load
from restructure.plans import Plan
from restructure.profile import Definition, profile
from restructure.verify.comparison import Deviation, compare_integers, compare_random, tolerance_of
from restructure.verify.count import Count, count
from restructure.verify.interface import interface_problems, weight_problems
from restructure.verify.runtime import RefusedError
from restructure.verify.twin import compared_outputs
from restructure.verify.widening import foreign_integers, in_float32

if TYPE_CHECKING:
    import onnx
    import onnx_ir as ir

__all__ = ["Stage", "Verification", "verify"]

Stage = Callable[[float, str], None]
"""Called with the share done (0..1) and what is being done."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What verifying one restructured model found.

    Attributes:
        integer_exact: on small integers all outputs agree bit for bit.
        max_abs_error: largest difference of two output elements on random weights and inputs.
        max_rel_error: the same relative to the largest magnitude of that output.
        tolerance: what `max_rel_error` may be; see `tolerance_of` for where it comes from, and `magnification`.
        peak_elements, peak_bytes: active memory counted on the restructured model, independently of the profile.
        problems: one sentence per check that failed.
    """

    integer_exact: bool
    max_abs_error: float
    max_rel_error: float
    tolerance: float
    peak_elements: int
    peak_bytes: int
    problems: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every check held."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values; an error that is no finite number becomes None."""
        fields = asdict(self)
        for name in ("max_abs_error", "max_rel_error"):
            fields[name] = fields[name] if fields[name] < inf else None
        return {**fields, "problems": list(self.problems), "passed": self.passed}


def verify(
    original: "Graph | ir.Model | onnx.ModelProto | str | os.PathLike[str]",
    restructured: "Graph | ir.Model | onnx.ModelProto | str | os.PathLike[str]",
    *,
    plan: Plan | None = None,
    definition: Definition | None = None,
    seed: int = 0,
    progress: Stage | None = None,
) -> Verification:
    """Check that `restructured` computes what `original` does, in the memory that was promised.

    Weights are replaced by synthetic ones, so neither model's own are read but to see that they are the same. At most
    one onnxruntime session and one weight are in memory at a time. A model that uses 8-bit integers where ONNX has
    floating point only is computed in float32.

    Args:
        plan: its peak, MACs and nodes must be those of `restructured`.
        definition: how active memory is counted; the plan's by default.
        seed: of synthetic weights and inputs.

    Raises:
        RestructureError: a model cannot be read or analysed, or onnx or onnxruntime refuses the original.
    """
    say = progress or (lambda share, what: None)
    theirs = _graph(original, None)
    ours = _graph(restructured, theirs)
    say(0.0, "comparing inputs, outputs and weights")
    problems = [*interface_problems(theirs, ours), *weight_problems(theirs, ours)]
    say(0.1, "counting active memory")
    definition = definition or (plan.definition if plan is not None else Definition())
    try:
        counted = count(ours, definition)
    except ModelError as error:
        _require_valid(theirs, definition)
        return _hopeless(theirs, None, [*problems, str(error)])
    problems += _memory_problems(ours, counted, definition, plan)
    if any(problem.startswith(("inputs", "outputs")) for problem in problems):
        return _hopeless(theirs, counted, problems)
    if not compared_outputs(theirs):  # constants alone, which are compared with the weights
        tolerance = tolerance_of(theirs)
        return Verification(True, 0.0, 0.0, tolerance, counted.peak_elements, counted.peak_bytes, tuple(problems))
    foreign = foreign_integers(theirs)
    if foreign is not None:
        theirs, ours = in_float32(theirs, foreign), in_float32(ours, foreign)
    say(0.2, "computing on integers")
    different = _integer_problems(theirs, ours, seed)
    say(0.6, "computing on random numbers")
    worst, far = _random_problems(theirs, ours, seed)
    say(1.0, "verified")
    return Verification(
        not different, worst.max_abs_error, worst.max_rel_error, worst.tolerance, counted.peak_elements,
        counted.peak_bytes, (*problems, *different, *far),
    )  # fmt: skip


def _require_valid(original: Graph, definition: Definition) -> None:
    """Refuse an original that onnx refuses as well: nothing can be compared with it.

    Raises:
        ModelError: why it is none.
    """
    try:
        count(original, definition)
    except ModelError as error:
        rule = "must be a model that onnx accepts, so that it can be verified"
        raise ModelError(f"{original.name}: {rule}, got {error}; correct it, or use --no-verify") from None


def _hopeless(original: Graph, counted: Count | None, problems: list[str]) -> Verification:
    """Return the result for a model that is too wrong to be run."""
    elements, octets = (counted.peak_elements, counted.peak_bytes) if counted is not None else (0, 0)
    return Verification(False, inf, inf, tolerance_of(original), elements, octets, tuple(problems))


def _graph(model: Any, like: Graph | None) -> Graph:
    if isinstance(model, Graph):
        return model
    dims = dict(like.dims) if like is not None else {}
    try:
        return load(model, dims)
    except (ModelError, DimensionArgumentError):  # a rewrite may have pinned them
        if not dims:
            raise
        return load(model)


def _memory_problems(graph: Graph, counted: Count, definition: Definition, plan: Plan | None) -> Iterator[str]:
    found = profile(graph, definition)
    if (counted.peak_elements, counted.peak_bytes) != (found.peak_elements, found.peak_bytes):
        yield f"active memory: counted {counted.peak_elements:,} elements, the profile has {found.peak_elements:,}"
    if plan is None:
        return
    predicted = {
        "peak elements": (plan.peak_elements, counted.peak_elements),
        "peak bytes": (plan.peak_bytes, counted.peak_bytes),
        "MACs": (plan.macs, graph.macs),
        "nodes": (plan.nodes, len(graph.nodes)),
    }
    for what, (promised, real) in predicted.items():
        if promised != real:
            yield f"{what}: the plan predicts {promised:,}, the model has {real:,}"


def _integer_problems(original: Graph, restructured: Graph, seed: int) -> tuple[str, ...]:
    try:
        found = compare_integers(original, restructured, seed)
    except RefusedError as error:
        return (str(error),)
    return tuple(
        f"output {m.name!r}: {m.different:,} of {m.elements:,} elements differ on integers, first at {list(m.first)}"
        for m in found
    )


def _random_problems(original: Graph, restructured: Graph, seed: int) -> tuple[Deviation, tuple[str, ...]]:
    """Return the deviation that leaves least of its tolerance, or is furthest beyond, and what is beyond."""
    try:
        found = compare_random(original, restructured, seed)
    except RefusedError as error:
        return Deviation("", inf, inf, tolerance_of(original)), (str(error),)
    far = tuple(
        f"output {d.name!r}: relative error {d.max_rel_error:.2e} on random numbers, tolerance {d.tolerance:.2e}"
        for d in found
        if not d.is_explained
    )
    none = Deviation("", 0.0, 0.0, tolerance_of(original))
    return max(
        found, key=lambda d: d.max_rel_error / d.tolerance if d.tolerance else d.max_rel_error, default=none
    ), far
