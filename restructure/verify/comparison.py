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

from restructure.graph import Graph
from restructure.verify.roles import Weight, fan_in, weights_of
from restructure.verify.runtime import run_file
from restructure.verify.store import WeightStore
from restructure.verify.twin import compared_outputs, write_twin
from restructure.verify.values import Values, feed, integer_weight, random_weight

__all__ = ["Deviation", "Mismatch", "compare_integers", "compare_random", "magnitudes", "tolerance_of"]

UNIT_ROUNDOFF = 2.0**-24
_CONFIDENCE = 4
_CHANGE, _MOST = 2.0**-12, 64

Outputs = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Deviation:
    """How far one output is off.

    Attributes:
        max_abs_error: largest difference of two elements; infinite where one is no number and the other is.
        max_rel_error: that, divided by the largest magnitude of the original's output.
    """

    name: str
    max_abs_error: float
    max_rel_error: float

    def beside(self, magnitude: float) -> "Deviation":
        """Return the same, relative to a magnitude if that is larger."""
        if not 0 < magnitude < inf or not self.max_abs_error < inf:
            return self
        return replace(self, max_rel_error=min(self.max_rel_error, self.max_abs_error / magnitude))


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
    ours, theirs = _both(original, restructured, partial(integer_weight, seed=seed), seed, integer=True)
    found = (_mismatch(name, ours[name], theirs[name]) for name in theirs)
    return tuple(mismatch for mismatch in found if mismatch is not None)


def compare_random(original: Graph, restructured: Graph, seed: int) -> tuple[Deviation, ...]:
    """Return how far each output is off on random weights and inputs, with all graph optimisations."""
    ours, theirs = _both(original, restructured, partial(random_weight, seed=seed), seed, integer=False)
    return tuple(_deviation(name, ours[name], theirs[name]) for name in theirs)


def magnitudes(original: Graph, seed: int) -> dict[str, float]:
    """Return the magnitude of what each output is made of, on the same random numbers.

    An output's own may be far less, where large values are clipped or cancel. Inputs are changed by a small share: what
    an output changes by, divided by that, is the size of the values its rounding errors come from. At most 64 times its
    own counts, so that a wrong value is not taken for rounding.
    """
    outputs = compared_outputs(original)
    generator = np.random.default_rng(seed)
    feeds = {name: _fed(original, name, seed, integer=False) for name in original.inputs}
    near = {
        name: (values * (1 + _CHANGE * generator.choice((-1, 1), values.shape))).astype(values.dtype)
        if values.dtype.kind == "f"
        else values
        for name, values in feeds.items()
    }
    with tempfile.TemporaryDirectory(prefix="restructure-verify-") as folder:
        store = WeightStore(Path(folder), weights_of(original), partial(random_weight, seed=seed))
        path = Path(folder) / "original.onnx"
        write_twin(original, store, False, path)
        here, there = (run_file(path, fed, outputs, optimise=True) for fed in (feeds, near))
    found = {}
    for name, values in here.items():
        own = float(np.max(np.abs(values[np.isfinite(values)]), initial=0.0))
        found[name] = min(_deviation(name, there[name], values).max_abs_error / _CHANGE, _MOST * own)
    return found


def _fed(graph: Graph, name: str, seed: int, integer: bool) -> npt.NDArray[Any]:
    tensor = graph.tensors[name]
    return feed(name, tensor.shape, tensor.dtype, seed, integer)


def _both(
    original: Graph, restructured: Graph, make: Callable[[Weight], Values], seed: int, integer: bool
) -> tuple[Outputs, Outputs]:
    outputs = compared_outputs(original)
    feeds = {name: _fed(original, name, seed, integer) for name in original.inputs}
    with tempfile.TemporaryDirectory(prefix="restructure-verify-") as folder:
        store = WeightStore(Path(folder), weights_of(original), make)
        results = []
        for label, graph in (("original", original), ("restructured", restructured)):
            path = Path(folder) / f"{label}.onnx"
            write_twin(graph, store, integer, path)
            results.append(run_file(path, feeds, outputs, optimise=not integer))
    return results[1], results[0]


def _mismatch(name: str, ours: npt.NDArray[Any], theirs: npt.NDArray[Any]) -> Mismatch | None:
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return Mismatch(name, theirs.size, theirs.size, (0,) * theirs.ndim)
    # −0 and 0 are the same integer; what is no number in both is the same, too
    wrong = (ours != theirs) & ~((ours != ours) & (theirs != theirs))
    if not wrong.any():
        return None
    return Mismatch(name, int(wrong.sum()), wrong.size, tuple(int(i) for i in np.argwhere(wrong)[0]))


def _deviation(name: str, ours: npt.NDArray[Any], theirs: npt.NDArray[Any]) -> Deviation:
    if ours.shape != theirs.shape:
        return Deviation(name, float("inf"), float("inf"))
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    both_lost = np.isnan(a) & np.isnan(b)
    with np.errstate(invalid="ignore"):
        error = np.where((a == b) | both_lost, 0.0, np.abs(a - b))
    largest = float(np.max(np.nan_to_num(error, nan=np.inf), initial=0.0))
    size = float(np.max(np.abs(b[np.isfinite(b)]), initial=0.0))
    return Deviation(name, largest, 0.0 if largest == 0 else largest / size if size else float("inf"))
