"""What can be said of a plan without running it."""

from collections.abc import Iterable, Iterator, Sequence
from math import prod

from restructure.placement.records import MemoryPlan, PlacedTensor, Range, TensorPiece

__all__ = ["plan_problems"]


def plan_problems(plan: MemoryPlan) -> list[str]:
    """Return what is wrong with a plan, one sentence each.

    Ranges that live at the same time share no byte and lie in the buffer; whatever a step reads or makes lies in ranges
    that are alive then; pieces are all of their tensors.
    """
    problems = [*_range_problems(plan), *_size_problems(plan.tensors.values())]
    coming = sorted(plan.ranges, key=lambda entry: entry.first_step, reverse=True)
    alive: list[Range] = []
    for number, step in enumerate(plan.steps):
        alive = [entry for entry in alive if entry.last_step >= number]
        while coming and coming[-1].first_step <= number:
            alive.append(coming.pop())
        alive.sort(key=lambda entry: entry.offset)
        for name in () if step.is_view else (*step.reads, *step.makes):
            tensor = plan.tensors.get(name)
            if tensor is not None and not all(_covered(piece, tensor.element_bytes, alive) for piece in tensor.pieces):
                problems.append(f"step {number} ({step.node}): bytes of {name!r} are not alive")
    return problems


def _range_problems(plan: MemoryPlan) -> Iterator[str]:
    alive: list[Range] = []
    for entry in sorted(plan.ranges, key=lambda entry: (entry.first_step, entry.offset)):
        if entry.offset < 0 or entry.offset + entry.bytes > plan.allocated_bytes:
            yield f"range of {entry.tensor!r} at {entry.offset}: lies outside the buffer"
        alive = [other for other in alive if other.last_step >= entry.first_step]
        for other in alive:
            if entry.offset < other.offset + other.bytes and other.offset < entry.offset + entry.bytes:
                names = f"{entry.tensor!r} and {other.tensor!r}"
                yield f"ranges of {names} at {entry.offset}: live at once in the same bytes"
        alive.append(entry)


def _size_problems(tensors: Iterable[PlacedTensor]) -> Iterator[str]:
    for tensor in tensors:
        if tensor.pieces and sum(prod(piece.shape) for piece in tensor.pieces) != prod(tensor.shape):
            yield f"tensor {tensor.name!r}: its pieces are not all of it"


def _covered(piece: TensorPiece, element_bytes: int, alive: Sequence[Range]) -> bool:
    """Whether all bytes between a piece's first and last lie in ranges that are alive."""
    reach = [(extent - 1) * stride for extent, stride in zip(piece.shape, piece.strides, strict=True)]
    at = piece.offset + sum(min(0, step) for step in reach)
    stop = piece.offset + sum(max(0, step) for step in reach) + element_bytes
    for entry in alive:
        if entry.offset <= at < entry.offset + entry.bytes:
            at = entry.offset + entry.bytes
    return at >= stop
