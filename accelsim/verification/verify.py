"""Chains the rooms of a verification: weights, reference, compilation, timing, executions, comparison."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from accelsim.functional import ExecutionError, Step, execute, random_order, trace_order
from accelsim.machine import run
from accelsim.network import Model, name_of, open_network
from accelsim.program import Program, Tensor, hazards
from accelsim.simulation import Compiled, Mappings, Stage, compile_model, hardware_from
from accelsim.verification.records import OrderCheck, Verification
from restructure.graph import Graph, load, save
from restructure.operators import Array
from restructure.reference import compare, run_onnxruntime, sample_inputs, with_weights

if TYPE_CHECKING:
    from accelsim.hardware import Hardware

__all__ = ["TOLERANCE", "verify"]

TOLERANCE = 2e-5
"""Largest error of an output, as a share of the reference's largest value.

Both executions add up float32 products, in different orders: a sum of n terms may differ by about √n·2⁻²⁴ of its size,
and layers add their errors up. Measured on the zoo's networks and their exports: at most 5.2e-6.
"""


def verify(
    model: Model,
    hardware: str | os.PathLike[str] | Hardware,
    *,
    overrides: Iterable[str] = (),
    dims: Mapping[str, int] | None = None,
    mapping: Mappings = None,
    orders: int = 2,
    seed: int = 0,
    stage: Stage = lambda name: None,
) -> Verification:
    """Execute the Program with real numbers and compare its outputs with onnxruntime's.

    Args:
        model, hardware, overrides, dims, mapping: as for `simulate`.
        orders: how many random legal orders are executed besides that of the Trace.
        seed: of the inputs; random orders take it and the numbers after it.
        stage: told the name of each stage when it begins.

    Raises:
        AccelsimError, RestructureError: as `simulate`; a difference is no error but part of the answer.
    """
    described = hardware_from(hardware, overrides)
    given = open_network(model, dims).graph
    with _with_real_weights(given, stage) as (graph, path, renewed):
        feeds = sample_inputs(graph, seed)
        stage("running onnxruntime")
        expected = run_onnxruntime(path, feeds)
        compiled = compile_model(graph, described, mapping, stage=stage)
        values = _values(compiled, feeds)
        checks = []
        for name, steps in _orders(compiled, orders, seed, stage):
            stage(f"executing in {name} order")
            checks.append(_check(compiled.program, values, name, steps, expected))
    return Verification(name_of(given), described.name, tuple(checks), len(compiled.program.instructions), renewed)


@contextmanager
def _with_real_weights(graph: Graph, stage: Stage) -> Iterator[tuple[Graph, Path, int]]:
    """The model with values in all its weights, the file both executions read it from, and how many are new."""
    model, renewed = with_weights(graph)
    if graph.source.kind == "file" and graph.source.path and not renewed:
        yield graph, Path(graph.source.path), 0
        return
    stage("writing weights")
    with TemporaryDirectory(prefix="accelsim-") as folder:
        path = Path(folder) / "model.onnx"
        save(model, path)
        yield load(path, graph.dims), path, len(renewed)


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


def _check(
    program: Program, values: Callable[[str], Array], name: str, steps: list[Step], expected: Mapping[str, Array]
) -> OrderCheck:
    found: Mapping[str, Array] = {}
    failure = ""
    try:
        found = execute(program, values, steps)
    except ExecutionError as error:
        failure = str(error)
    return OrderCheck(
        name, tuple(compare(key, found.get(key), array, TOLERANCE) for key, array in expected.items()), failure
    )
