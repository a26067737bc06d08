"""Chains the rooms of a verification: weights, reference, compilation, timing, executions, comparison."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from accelsim.functional import ExecutionError, Step, Ties, execute, random_order, trace_order
from accelsim.machine import run
from accelsim.network import Model, name_of, open_network
from accelsim.program import Program, Tensor, hazards
from accelsim.simulation import Compiled, Mappings, Stage, compile_model, hardware_from
from accelsim.verification.records import OrderCheck, Verification, compare
from accelsim.verification.reference import Reference, reference_of
from accelsim.verification.subject import subject_of
from restructure.operators import Array
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
    `restructure.verify.tolerance_of`), times what the network magnifies a change of its input by where that is needed.
    Where values are rounded to a scale, onnxruntime decides those that lie within float32's error of a tie.

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
        compiled = compile_model(subject.graph, described, mapping, warm, stage)
        stage("running onnxruntime")
        expected = reference_of(subject.path, feeds, subject.graph, compiled.workload)
        values = _values(compiled, feeds)
        checks = []
        for name, steps in _orders(compiled, orders, seed, stage):
            stage(f"executing in {name} order")
            found, failure = _execute(compiled.program, values, steps, expected.ties)
            outputs = (
                compare(key, found.get(key), array, expected.tolerance) for key, array in expected.outputs.items()
            )
            checks.append(OrderCheck(name, tuple(outputs), failure))
        checks, notes = _excused(checks, expected)
    instructions = len(compiled.program.instructions)
    notes += (*_ties_note(expected.ties), *subject.notes)
    return Verification(name_of(given), described.name, tuple(checks), instructions, subject.synthetic, notes)


def _excused(checks: list[OrderCheck], expected: Reference) -> tuple[list[OrderCheck], tuple[str, ...]]:
    """The checks, the tolerance of outputs that fail multiplied by what the network magnifies; and which these are."""
    failed = {o.name for check in checks for o in check.outputs if not o.passed and np.isfinite(o.max_rel_error)}
    if not failed or any(check.failure for check in checks):
        return checks, ()
    factors = {name: by for name, by in expected.magnification().items() if name in failed and by > 1}
    again = [
        replace(
            check,
            outputs=tuple(replace(o, tolerance=o.tolerance * factors.get(o.name, 1.0)) for o in check.outputs),
        )
        for check in checks
    ]
    notes = (
        f"{name} magnifies a relative change of the inputs {by:.1f} times, and errors" for name, by in factors.items()
    )
    return again, tuple(notes)


def _ties_note(ties: Ties | None) -> Iterator[str]:
    """How many roundings the reference decided, and how near ties they were."""
    if ties is not None:
        near = f"; they were at most {ties.largest:.1g} steps from it" if ties.settled else ""
        yield (
            f"of {ties.seen:,} values rounded to a scale {ties.settled:,} lay within float32's error of a tie "
            f"({ties.window:.1g} steps) and were rounded as onnxruntime did{near}"
        )
        if ties.undefined:
            yield f"{ties.undefined:,} values that are no number were rounded as onnxruntime did: ONNX does not say how"
        if ties.different is not None:
            name, apart = ties.different
            yield f"the first value that is rounded otherwise, and is no tie, is {name!r}: by up to {apart:g} steps"


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
    yield "trace", trace_order(compiled.program, run(compiled.program, compiled.hardware, found))
    for number in range(seed, seed + count):
        yield f"random {number}", random_order(compiled.program, found, number)


def _execute(
    program: Program, values: Callable[[str], Array], steps: list[Step], ties: Ties | None
) -> tuple[Mapping[str, Array], str]:
    """The outputs, or why there are none."""
    try:
        return execute(program, values, steps, ties), ""
    except ExecutionError as error:
        return {}, str(error)
