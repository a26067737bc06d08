"""Run a product through the cycle-stepped array of a dataflow."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from accelsim.dataflows.shape import ArrayShape
from accelsim.dataflows.stepped.adder_tree import AdderTreeArray
from accelsim.dataflows.stepped.instructed import InstructedArray, Walk
from accelsim.dataflows.stepped.operand_stationary import OperandStationaryArray
from accelsim.dataflows.stepped.output_stationary import OutputStationaryArray
from accelsim.dataflows.stepped.record import ArrayState, Ints, SteppedProduct
from accelsim.dataflows.stepped.sequence import SteppedArray

Skew = Sequence[int] | None
_ONE_LINE = Walk()


def _weight_stationary(array: ArrayShape, inputs: Ints, weights: Ints, skew: Skew, walk: Walk) -> SteppedArray:
    if array.instruction:
        return InstructedArray(array, array.instruction, inputs, weights, walk, skew)
    return OperandStationaryArray(array, moving=inputs, held=weights, west_skew=skew)


def _input_stationary(array: ArrayShape, inputs: Ints, weights: Ints, skew: Skew, walk: Walk) -> SteppedArray:
    return OperandStationaryArray(array, moving=_turned(weights), held=_turned(inputs), west_skew=skew)


def _output_stationary(array: ArrayShape, inputs: Ints, weights: Ints, skew: Skew, walk: Walk) -> SteppedArray:
    return OutputStationaryArray(array, eastward=inputs, southward=weights, west_skew=skew)


_BUILDERS: dict[str, Callable[[ArrayShape, Ints, Ints, Skew, Walk], SteppedArray]] = {
    "weight_stationary": _weight_stationary,
    "output_stationary": _output_stationary,
    "input_stationary": _input_stationary,
}


def stepped_array(
    name: str,
    array: ArrayShape,
    inputs: Ints,
    weights: Ints,
    west_skew: Sequence[int] | None = None,
    walk: Walk = _ONE_LINE,
) -> SteppedArray:
    """The array of dataflow `name` at cycle 0, operands (groups, M, K) and (groups, K, N) at its edges.

    Args:
        name: a dataflow.
        array: its size and conventions.
        inputs: activations, integers, (M, K) or (groups, M, K).
        weights: weights, integers, (K, N) or (groups, K, N).
        west_skew: cycles by which each row's feed is delayed; the right one, row r by r, unless a lesson or a test
            wants to see what another does.
        walk: what M and K are made of, where instructions tell the difference.

    Raises:
        ValueError: no such dataflow, operands not integer, or shapes that do not multiply.
    """
    if name not in _BUILDERS:
        raise ValueError(f"dataflow: must be one of {', '.join(_BUILDERS)}, got {name!r}")
    inputs, weights = _grouped(inputs), _grouped(weights)
    if inputs.shape[0] != weights.shape[0] or inputs.shape[2] != weights.shape[1]:
        raise ValueError(f"operands: (groups, M, K)·(groups, K, N) expected, got {inputs.shape}·{weights.shape}")
    return _BUILDERS[name](array, inputs, weights, west_skew, walk)


def multiply(
    name: str,
    array: ArrayShape,
    inputs: Ints,
    weights: Ints,
    west_skew: Sequence[int] | None = None,
    walk: Walk = _ONE_LINE,
) -> SteppedProduct:
    """Step until every result has left; arguments as `stepped_array`'s, and ``adder_tree`` too (no skew there).

    Raises:
        ArrayHazardError: two values met in one register (a wrong skew).
    """
    if name == "adder_tree":
        found = AdderTreeArray(array, _grouped(inputs), _grouped(weights)).run()
        return found if inputs.ndim == 3 else replace(found, product=found.product[0])
    run = stepped_array(name, array, inputs, weights, west_skew, walk)
    while not run.done:
        run.step()
    product = run.product if name != "input_stationary" else _turned(run.product)
    reads = (run.west.reads, run.north.reads)
    return SteppedProduct(
        product=product if inputs.ndim == 3 else product[0],
        folds=len(run.folds),
        cycles=run.cycles,
        compute_cycles=run.compute_cycles,
        input_reads=reads[name == "input_stationary"],
        weight_reads=reads[name != "input_stationary"],
        partial_reads=run.partial_reads,
        output_writes=run.output_writes,
    )


def states(
    name: str, array: ArrayShape, inputs: Ints, weights: Ints, west_skew: Sequence[int] | None = None
) -> Iterator[ArrayState]:
    """The state of every cycle until the last result has left; arguments as `stepped_array`'s.

    With `drain: hidden` that is more cycles than are counted: the end overlaps what would follow.
    """
    run = stepped_array(name, array, inputs, weights, west_skew)
    while not run.done:
        run.step()
        yield run.state()


def _grouped(operand: Ints) -> Ints:
    if not np.issubdtype(operand.dtype, np.integer):
        raise ValueError(f"operands: must be integers, got {operand.dtype}")
    return operand.astype(np.int64).reshape((-1, *operand.shape[-2:]))


def _turned(operand: Ints) -> Ints:
    return operand.transpose(0, 2, 1)
