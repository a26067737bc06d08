"""Chains the rooms of a verification: weights, reference, compilation, timing, executions, comparison."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from accelsim.errors import VerificationError
from accelsim.functional import ExecutionError, Step, execute, random_order, trace_order
from accelsim.machine import run
from accelsim.network import Model, name_of, open_network
from accelsim.program import Program, Tensor, hazards
from accelsim.simulation import Compiled, Mappings, Stage, compile_model, hardware_from
from accelsim.verification.records import OrderCheck, Verification, compare
from accelsim.verification.subject import subject_of
from restructure.operators import Array
from restructure.verify import tolerance_of
from restructure.verify.runtime import run_file
from restructure.verify.values import feed

if TYPE_CHECKING:
    from accelsim.hardware import Hardware
    from restructure.graph import Graph

__all__ = ["verify"]


def verify(
    model: Model,
    hardware: str | os.PathLike[str] | Hardware,
    *,
    overrides: Iterable[str] = (),
    dims: Mapping[str, int] | None = None,
    mapping: Mappings = None,
    warm: bool = False,
    orders: int = 2,
    seed: int = 0,
    stage: Stage = lambda name: None,
) -> Verification:
    """Execute the Program with real numbers and compare its outputs with onnxruntime's.

    Both add up float32 products, in different orders; the tolerance is what that explains (see
    `restructure.verify.tolerance_of`).

    Args:
        model, hardware, overrides, dims, mapping, warm: as for `simulate`.
        orders: how many random legal orders are executed besides that of the Trace.
        seed: of inputs and synthetic weights; random orders take it and the numbers after it.
        stage: told the name of each stage when it begins.

    Raises:
        AccelsimError, RestructureError: as `simulate`; a difference is no error but part of the answer.
    """
    described = hardware_from(hardware, overrides)
    given = open_network(model, dims).graph
    stage("preparing weights")
    with subject_of(given, seed) as subject:
        feeds = _feeds(subject.graph, seed)
        stage("running onnxruntime")
        expected = run_file(subject.path, feeds, subject.graph.outputs, optimise=False)
        _require_finite(expected, name_of(given))
        compiled = compile_model(subject.graph, described, mapping, warm, stage)
        values, tolerance = _values(compiled, feeds), tolerance_of(subject.graph)
        checks = []
        for name, steps in _orders(compiled, orders, seed, stage):
            stage(f"executing in {name} order")
            found, failure = _execute(compiled.program, values, steps)
            outputs = (compare(key, found.get(key), array, tolerance) for key, array in expected.items())
            checks.append(OrderCheck(name, tuple(outputs), failure))
    instructions = len(compiled.program.instructions)
    return Verification(name_of(given), described.name, tuple(checks), instructions, subject.synthetic)


def _require_finite(expected: Mapping[str, Array], model: str) -> None:
    """Refuse a reference that holds infinities or what is no number: everything and nothing equals it."""
    for name, array in expected.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise VerificationError(
                f"{model}: output {name!r} must be finite in onnxruntime's reference, got infinities or NaN: "
                "nothing can be compared; check the model's weights and attributes"
            )


def _feeds(graph: Graph, seed: int) -> dict[str, Array]:
    tensors = (graph.tensors[name] for name in graph.inputs)
    return {t.name: feed(t.name, t.shape, t.dtype, seed, integer=False) for t in tensors}


def _values(compiled: Compiled, feeds: Mapping[str, Array]) -> Callable[[str], Array]:
    tensors = {tensor.name: tensor for tensor in compiled.program.tensors}
    weights = compiled.workload.values

    def values(name: str) -> Array:
        return _physical(feeds[name], tensors[name]) if name in feeds else weights[name]()

    return values


def _physical(array: Array, tensor: Tensor) -> Array:
    """A model's array in the layout of its tensor: the inverse of `transpose(onnx_axes).reshape(onnx_shape)`."""
    axes = tensor.onnx_axes
    return array.reshape([tensor.shape[axis] for axis in axes]).transpose(np.argsort(axes)).astype(np.float32)


def _orders(compiled: Compiled, count: int, seed: int, stage: Stage) -> Iterator[tuple[str, list[Step]]]:
    stage("simulating")
    found = hazards(compiled.program)
    yield "trace", trace_order(run(compiled.program, compiled.hardware, found))
    for number in range(seed, seed + count):
        yield f"random {number}", random_order(compiled.program, found, number)


def _execute(program: Program, values: Callable[[str], Array], steps: list[Step]) -> tuple[Mapping[str, Array], str]:
    """The outputs, or why there are none."""
    try:
        return execute(program, values, steps), ""
    except ExecutionError as error:
        return {}, str(error)
