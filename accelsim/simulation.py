"""One simulated run, from a model and a hardware description to its result: the rooms in a row.

network → workload → compiler → Program → machine → Trace → results. Each arrow is one call below.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Union

from accelsim.network import Model, name_of, open_network
from restructure.collecting import uncollected

if TYPE_CHECKING:
    from accelsim.hardware import Hardware
    from accelsim.mapping import Pins
    from accelsim.program import Program
    from accelsim.results import ModelInfo, SimulationResult
    from accelsim.trace import Trace
    from accelsim.workload import Workload
    from restructure.graph import Graph

__all__ = [
    "Compiled",
    "Run",
    "compile_model",
    "hardware_from",
    "lowered",
    "model_info",
    "pins_from",
    "simulate",
    "time_run",
]

Mappings: TypeAlias = Union[str, "os.PathLike[str]", "Pins", None]
"""A mapping file's path, or what it holds."""
Stage = Callable[[str], None]
"""Told the name of each stage when it begins."""


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A Program and what it was made of."""

    graph: Graph
    workload: Workload
    hardware: Hardware
    program: Program


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A timed Program with its Trace and the result measured from both."""

    compiled: Compiled
    trace: Trace
    result: SimulationResult


def simulate(
    model: Model,
    hardware: str | os.PathLike[str] | Hardware,
    *,
    overrides: Iterable[str] = (),
    dims: Mapping[str, int] | None = None,
    mapping: Mappings = None,
    warm: bool = False,
) -> SimulationResult:
    """Run a network on a described accelerator.

    Args:
        model: an ONNX file's path, a zoo network's name, or a model in memory.
        hardware: a description's path, a preset's name, or a description.
        overrides: fields set on top of the description, each `path=value`.
        dims: sizes of the model's symbolic dimensions.
        mapping: a file that pins layers' tilings, or such pins.
        warm: steady state, in which weights that fit are resident already; otherwise the first inference.

    Raises:
        ConfigurationError: hardware, settings or a file are not as they must be.
        RestructureError: the model cannot be read or analysed.
        ModelUnsupportedError: it has operators that cannot be costed.
        DoesNotFitError: some layer's smallest tile does not fit.

    >>> simulate("tiny", "edge_npu", overrides=["scratchpad.capacity=3KiB"]).spills.tensors > 0
    True
    """
    described = hardware_from(hardware, overrides)
    compiled = compile_model(open_network(model, dims).graph, described, mapping, warm)
    return time_run(compiled, warm).result


def hardware_from(hardware: str | os.PathLike[str] | Hardware, overrides: Iterable[str] = ()) -> Hardware:
    """The description that a name, a path or a description with overrides means.

    Raises:
        ConfigurationError: it cannot be read, or is not sound.
    """
    from accelsim.hardware import Hardware, load, override

    if isinstance(hardware, Hardware):
        settings = tuple(overrides)
        return override(hardware, settings) if settings else hardware
    return load(os.fspath(hardware), overrides)


def pins_from(mapping: Mappings) -> Pins | None:
    """What a mapping file holds, or what was given in its place.

    Raises:
        ConfigurationError: the file cannot be read, or is not sound.
    """
    from accelsim.mapping import load_pins

    return load_pins(Path(mapping)) if isinstance(mapping, (str, os.PathLike)) else mapping


@uncollected()
def compile_model(
    graph: Graph,
    hardware: Hardware,
    mapping: Mappings = None,
    warm: bool = False,
    stage: Stage = lambda name: None,
    workload: Workload | None = None,
) -> Compiled:
    """Lower and compile an analysed model.

    Who compiles one model for many accelerators opens it once and hands in its workload (`accelsim.workload.build`),
    which does not depend on them; what the mapper knows of a layer's shape is kept from call to call by itself.
    Reductions and normalisations over more than the scratchpad holds are lowered anew, in passes.

    Raises:
        ConfigurationError, ModelUnsupportedError, DoesNotFitError: as `simulate`.
    """
    from accelsim.compiler import compile_network

    pins = pins_from(mapping)
    if workload is None:
        stage("lowering")
    workload = lowered(graph, hardware, workload)
    stage("compiling")
    program = compile_network(workload, hardware, pins, warm=warm, time=partial(_cycles, hardware))
    return Compiled(graph, workload, hardware, program)


def lowered(graph: Graph, hardware: Hardware, workload: Workload | None = None) -> Workload:
    """The layers of a model for an accelerator: what looks along more than the scratchpad holds is done in passes.

    Args:
        workload: the model's layers for any accelerator, if they are there already.

    Raises:
        ModelUnsupportedError: it has operators that cannot be costed.
    """
    from accelsim.compiler import oversized
    from accelsim.workload import build

    workload = workload or build(graph)
    too_large = oversized(workload, hardware)
    return build(graph, in_passes=too_large) if too_large else workload


def _cycles(hardware: Hardware, program: Program) -> int:
    from accelsim.machine import run
    from accelsim.program import hazards

    return run(program, hardware, hazards(program)).latency_cycles


@uncollected()
def time_run(compiled: Compiled, warm: bool = False, stage: Stage = lambda name: None) -> Run:
    """Give a Program time, and measure it."""
    from accelsim.machine import run
    from accelsim.program import hazards

    program, hardware = compiled.program, compiled.hardware
    stage("finding hazards")
    found = hazards(program)
    stage("simulating")
    trace = run(program, hardware, found)
    stage("measuring")
    return Run(compiled, trace, _result(compiled, trace, warm))


def _result(compiled: Compiled, trace: Trace, warm: bool) -> SimulationResult:
    from accelsim.results import measure, precision_info, simulation_result

    graph, workload, hardware = compiled.graph, compiled.workload, compiled.hardware
    first = graph.tensors[graph.inputs[0]] if graph.inputs else None
    return simulation_result(
        measure(compiled.program, trace, hardware),
        model_info(graph, workload),
        hardware,
        precision=precision_info(hardware, first.dtype if first else ""),
        state="warm" if warm else "cold",
        batch=first.shape[0] if first and first.shape else 1,
        operator_coverage=workload.costed_operators / workload.operators if workload.operators else 1.0,
        notes=_notes(workload.in_passes),
    )


def _notes(in_passes: Sequence[str]) -> list[str]:
    if not in_passes:
        return []
    more = f" and {len(in_passes) - 3} more" if len(in_passes) > 3 else ""
    return [f"more than the scratchpad holds, done in passes: {', '.join(in_passes[:3])}{more}"]


def model_info(graph: Graph, workload: Workload) -> ModelInfo:
    """What a result says of the model."""
    from accelsim.results import ModelInfo

    source = graph.source
    return ModelInfo(
        name=name_of(graph),
        source=source.kind,
        path=source.path or "" if source.kind == "file" else "",
        sha256=source.sha256 or "",
        macs=graph.macs,
        parameters=graph.parameter_count,
        operators=workload.operators,
    )
