"""Do two models compute the same? Asked twice: on small integers bit for bit, on random numbers within a tolerance."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import inf, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from restructure.errors import ModelError
from restructure.graph import Graph
from restructure.verify.magnification import MOST, magnification
from restructure.verify.roles import Weight, fan_in, weights_of
from restructure.verify.runtime import Arrays, RefusedError, run_file
from restructure.verify.store import WeightStore
from restructure.verify.twin import compared_outputs, write_twin
from restructure.verify.values import Values, feed, integer_weight, random_weight

__all__ = ["Deviation", "Mismatch", "compare_integers", "compare_random", "tolerance_of"]

UNIT_ROUNDOFF = 2.0**-24
_CONFIDENCE = 4
_SMALL_GAIN = 0.25

_ROUNDING = frozenset({"QuantizeLinear", "DynamicQuantizeLinear", "QGemm"})

Outputs = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Deviation:
    """How far one output is off.

    Attributes:
        max_abs_error: largest difference of two elements; infinite where one is no number and the other is.
        max_rel_error: that, divided by the largest magnitude of the original's output.
        tolerance: what `max_rel_error` may be.
    """

    name: str
    max_abs_error: float
    max_rel_error: float
    tolerance: float

    @property
    def is_explained(self) -> bool:
        """Whether rounding in another order explains it."""
        return self.max_rel_error <= self.tolerance


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An output that differs: in how many elements, and where first."""

    name: str
    different: int
    elements: int
    first: tuple[int, ...]


def tolerance_of(graph: Graph) -> float:
    """Return the relative deviation that rounding in another order explains: 4·u·√(Σ n).

    u = 2⁻²⁴ is float32's unit roundoff and n the number of terms of each operator's sums, all operators taken as one
    chain. Rounding errors behave as a random walk (Higham and Mary, SIAM J. Sci. Comput. 41(5), 2019): after Σ n
    roundings they have grown with its root; 4 is the number of standard deviations allowed.
    """
    return _CONFIDENCE * UNIT_ROUNDOFF * sqrt(sum(fan_in(graph, node) for node in graph.nodes))


def compare_integers(original: Graph, restructured: Graph, seed: int) -> tuple[Mismatch, ...]:
    """Return the outputs that differ in any bit on the integer-valued twins, without graph optimisation."""
    with _Twins(original, partial(integer_weight, seed=seed), integer=True) as twins:
        feeds = _feeds(original, seed, integer=True)
        theirs, ours = twins.run(original, feeds), twins.run(restructured, feeds)
    found = (_mismatch(name, ours[name], theirs[name]) for name in theirs)
    return tuple(mismatch for mismatch in found if mismatch is not None)


def compare_random(original: Graph, restructured: Graph, seed: int) -> tuple[Deviation, ...]:
    """Return how far each output is off on random weights and inputs, with all graph optimisations.

    Not with them where values are rounded to scales: there onnxruntime puts integer kernels, which round differently,
    in the place of what it recognises, and what it recognises of one model need not be what it does of the other. And
    a sum in another order could be rounded to another step, so weights and scales are such that sums are exact.

    Where that is beyond the tolerance, it is allowed what the network magnifies a change of its inputs by. Where the
    network magnifies whatever there is, its values have outgrown what clips them and say nothing: smaller weights do.
    """
    found, says_nothing = _compare_random(original, restructured, seed, gain=1.0)
    return _compare_random(original, restructured, seed, gain=_SMALL_GAIN)[0] if says_nothing else found


def _compare_random(original: Graph, restructured: Graph, seed: int, gain: float) -> tuple[tuple[Deviation, ...], bool]:
    """Return how far outputs are off, and whether one is that is magnified without bound."""
    tolerance, rounds = tolerance_of(original), _rounds_to_scales(original)
    make = partial(random_weight, seed=seed, gain=gain, on_grid=rounds)
    with _Twins(original, make, integer=False, on_grid=rounds) as twins:
        feeds = _feeds(original, seed, integer=False)
        theirs, ours = twins.run(original, feeds), twins.run(restructured, feeds)
        found = tuple(_deviation(name, ours[name], theirs[name], tolerance) for name in theirs)
        # Where values are rounded to scales a small change of the inputs is none or a whole step: no measure of errors.
        if rounds or not any(inf > d.max_rel_error > tolerance for d in found):
            return found, False
        factors = magnification(partial(twins.run, original), feeds, theirs)
        found = tuple(d if d.is_explained else replace(d, tolerance=tolerance * factors[d.name]) for d in found)
    return found, any(not d.is_explained and factors[d.name] >= MOST for d in found)


def _rounds_to_scales(graph: Graph) -> bool:
    return any(node.op_type in _ROUNDING or node.op_type.startswith("QLinear") for node in graph.nodes)


def _feeds(graph: Graph, seed: int, integer: bool) -> Outputs:
    tensors = ((name, graph.tensors[name]) for name in graph.inputs)
    return {name: feed(name, tensor.shape, tensor.dtype, seed, integer) for name, tensor in tensors}


class _Twins:
    """Runs the twins of an original and of its restructured form, with the same weights; a context."""

    def __init__(self, original: Graph, make: Callable[[Weight], Values], integer: bool, on_grid: bool = False) -> None:
        self._original, self._outputs = original, compared_outputs(original)
        self._integer, self._on_grid = integer, on_grid
        self._folder = tempfile.TemporaryDirectory(prefix="restructure-verify-")
        self._store = WeightStore(Path(self._folder.name), weights_of(original), make)

    def __enter__(self) -> "_Twins":
        return self

    def __exit__(self, *error: object) -> None:
        self._folder.cleanup()

    def run(self, graph: Graph, feeds: Arrays) -> Outputs:
        # By its name an error says which of the two cannot be run.
        path = Path(self._folder.name) / ("original.onnx" if graph is self._original else "restructured.onnx")
        write_twin(graph, self._store, path, self._integer, self._on_grid)
        try:
            return run_file(path, feeds, self._outputs, optimise=not (self._integer or self._on_grid))
        except RefusedError as error:
            if graph is not self._original:
                raise
            rule = "must be a model that onnxruntime runs, so that it can be verified"
            raise ModelError(f"{graph.name}: {rule}, got {error.reason}; correct it, or use --no-verify") from None


def _mismatch(name: str, ours: npt.NDArray[Any], theirs: npt.NDArray[Any]) -> Mismatch | None:
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return Mismatch(name, theirs.size, theirs.size, (0,) * theirs.ndim)
    # −0 and 0 are the same integer; what is no number in both is the same, too
    wrong = (ours != theirs) & ~((ours != ours) & (theirs != theirs))
    if not wrong.any():
        return None
    return Mismatch(name, int(wrong.sum()), wrong.size, tuple(int(i) for i in np.argwhere(wrong)[0]))


def _deviation(name: str, ours: npt.NDArray[Any], theirs: npt.NDArray[Any], tolerance: float) -> Deviation:
    if ours.shape != theirs.shape:
        return Deviation(name, inf, inf, tolerance)
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    both_lost = np.isnan(a) & np.isnan(b)
    with np.errstate(invalid="ignore"):
        error = np.where((a == b) | both_lost, 0.0, np.abs(a - b))
    largest = float(np.max(np.nan_to_num(error, nan=np.inf), initial=0.0))
    size = float(np.max(np.abs(b[np.isfinite(b)]), initial=0.0))
    return Deviation(name, largest, 0.0 if largest == 0 else largest / size if size else inf, tolerance)
