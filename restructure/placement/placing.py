"""From a graph to its memory plan."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from restructure import dtypes
from restructure.graph import Graph
from restructure.placement.allocators import DEFAULT, Run, allocator_of, peak_bytes
from restructure.placement.allocators.base import PlacementError, check, placed_lives
from restructure.placement.items import Band, bands_of, padded
from restructure.placement.locating import Box, locate
from restructure.placement.pieces import pieces_of, reshaped
from restructure.placement.records import MemoryPlan, PlacedTensor, Range, StepUse, TensorPiece
from restructure.profile import Definition, Storages, profile, storages_of
from restructure.profile.definition import DTYPE_BITS
from restructure.profile.views import view_of

__all__ = ["place"]

Bands = Mapping[str, Sequence[tuple[Band, Sequence[Run]]]]


def place(
    graph: Graph,
    definition: Definition | None = None,
    *,
    alignment: int = 1,
    allocator: str = DEFAULT,
    baseline_bytes: int | None = None,
) -> MemoryPlan:
    """Return the memory plan of a graph, restructured or not, in its own order.

    Args:
        definition: of active memory; its layout is taken for *placed*. An input that is not counted stays with the
            caller and has no place in the plan.
        alignment: in bytes, of every run of bytes that is placed together.
        allocator: *split* (the smallest buffer: a result that fits no gap is split over several, by rows), *whole*
            (every result in one run of bytes) or *cp-sat* (the same by a solver).
        baseline_bytes: liveness of the original, the graph's own by default.

    Raises:
        PlacementError: elements are smaller than a byte, or the allocator is unknown or not installed.
    """
    definition = replace(definition or Definition(), layout="placed")
    found = storages_of(graph, definition)
    sizes = _element_bytes(graph, definition)
    bands = [
        (storage.name, band)
        for storage in found.storages
        if storage.cells and (definition.input_counted or not storage.is_input)
        for band in bands_of(storage, found.last[storage.first : storage.stop].clip(max=len(graph.nodes) - 1),
                             sizes[storage.name])
    ]  # fmt: skip
    items = [band.item for _, band in bands]
    placed = allocator_of(allocator)(items, alignment)
    problems = check(items, placed, alignment)
    if problems:
        raise PlacementError(f"{graph.name}: allocator {allocator} is wrong: {problems[0]}")
    by_name: dict[str, list[tuple[Band, Sequence[Run]]]] = {}
    for (name, band), runs in zip(bands, placed, strict=True):
        by_name.setdefault(name, []).append((band, runs))
    liveness = peak_bytes(items)
    return MemoryPlan(
        network=graph.name,
        definition=definition,
        alignment=alignment,
        allocator=allocator,
        baseline_bytes=liveness if baseline_bytes is None else baseline_bytes,
        liveness_bytes=liveness,
        allocated_bytes=max((high for *_, high in placed_lives(items, placed)), default=0),
        inputs=tuple(name for name in graph.inputs if name in by_name),
        outputs=graph.outputs,
        steps=_steps(graph, found, definition),
        ranges=_ranges(bands, placed),
        tensors=_tensors(graph, found, by_name, sizes),
    )


def _element_bytes(graph: Graph, definition: Definition) -> dict[str, int]:
    sizes = {}
    for node in graph.nodes:
        for name in (*node.inputs, *node.outputs):
            if name and name in graph.tensors and not graph.is_constant(name):
                bits = DTYPE_BITS[definition.dtype] if definition.dtype else dtypes.bits(graph.tensors[name].dtype)
                if bits % 8:
                    rule = f"elements must be whole bytes, {graph.tensors[name].dtype} has {bits} bits"
                    raise PlacementError(f"{graph.name}: tensor {name!r}: {rule}; plan for another element type")
                sizes[name] = bits // 8
    for name in graph.inputs:
        sizes.setdefault(name, DTYPE_BITS[definition.dtype or "fp32"] // 8)
    return sizes


def _ranges(bands: Sequence[tuple[str, Band]], placed: Sequence[Sequence[Run]]) -> tuple[Range, ...]:
    return tuple(
        Range(name, low, high - low, start, last)
        for (name, band), runs in zip(bands, placed, strict=True)
        for start, last, low, high in placed_lives([band.item], [runs])
    )


def _steps(graph: Graph, found: Storages, definition: Definition) -> tuple[StepUse, ...]:
    live = [step.live_bytes for step in profile(graph, definition).steps]
    stored = {storage.name for storage in found.storages}
    return tuple(
        StepUse(
            node.name,
            node.op_type,
            node.outputs[0] not in stored and node.index not in found.in_place,
            tuple(name for name in dict.fromkeys(node.inputs) if name in found.cells),
            tuple(name for name in node.outputs if name),
            octets,
        )
        for node, octets in zip(graph.nodes, live, strict=True)
    )


def _tensors(graph: Graph, found: Storages, bands: Bands, sizes: Mapping[str, int]) -> dict[str, PlacedTensor]:
    boxes = locate(graph, [storage.name for storage in found.storages], found.in_place)
    placed: dict[str, PlacedTensor] = {}
    for name in graph.inputs:
        if name in bands:
            placed[name] = _tensor(graph, name, sizes[name], _resolve(boxes[name], bands), -1)
    for node in graph.nodes:
        host = found.in_place.get(node.index)
        for index, name in enumerate(name for name in node.outputs if name):
            resolved = _resolve(boxes.get(name), bands)
            is_view = view_of(graph, node) is not None and name not in bands and host is None
            if is_view and not resolved and boxes.get(name) is None:
                resolved = _again(placed, graph, node.inputs[0], name, graph.spec(node).is_view)
            views = tuple(n for n in dict.fromkeys(node.inputs) if n in placed) if is_view else ()
            placed[name] = replace(
                _tensor(graph, name, sizes[name], resolved, node.index),
                in_place_of=host if index == 0 else None,
                view_of=views,
            )
    return placed


def _resolve(boxes: Sequence[Box] | None, bands: Bands) -> tuple[TensorPiece, ...]:
    return tuple(piece for box in boxes or () if box.source in bands for piece in pieces_of(box, bands[box.source]))


def _again(
    placed: Mapping[str, PlacedTensor], graph: Graph, operand: str, name: str, is_shape: bool
) -> tuple[TensorPiece, ...]:
    """Return the piece of a Reshape whose operand lies in ONNX's order in one piece; nothing otherwise."""
    source = placed.get(operand)
    if not is_shape or source is None or len(source.pieces) != 1:
        return ()
    piece = reshaped(source.pieces[0], padded(graph.tensors[name].shape), source.element_bytes)
    return () if piece is None else (piece,)


def _tensor(graph: Graph, name: str, element_bytes: int, pieces: tuple[TensorPiece, ...], made: int) -> PlacedTensor:
    tensor = graph.tensors[name]
    return PlacedTensor(name, tensor.shape, tensor.dtype, element_bytes, made, None, (), pieces)
