"""Operators that only rename, select or join elements: views where addresses can say it, a copy where not."""

from __future__ import annotations

from accelsim.program import VectorKernel
from accelsim.workload.builder import Builder, elements
from accelsim.workload.lowering.matrix import unsupported
from accelsim.workload.records import Access, Along, View
from accelsim.workload.views import cut, is_flattened, join, onnx_axes, physical_axes, physical_shape, renamed, shape4
from restructure.graph import Node
from restructure.operators import permutation, slices, splits


def reshape(builder: Builder, node: Node) -> None:
    """Reshape, Flatten, Squeeze, Unsqueeze: a view where the physical order stays, else a copy."""
    target = builder.graph.tensors[node.outputs[0]].shape
    source = builder.view(node.inputs[0])
    view = renamed(source, target)
    if view is not None:
        builder.views[node.outputs[0]] = view
        return
    if len(target) > 4:
        raise unsupported(node, f"a tensor of rank {len(target)}", "at most 4 axes are simulated")
    copy(builder, node, onnx_axes(len(source.onnx_shape)))


def transpose(builder: Builder, node: Node) -> None:
    """Transpose: a view where only axes of size 1 move, else a copy."""
    source = builder.view(node.inputs[0])
    order = permutation(node, builder.graph)
    axes = physical_axes(len(order))
    target = builder.graph.tensors[node.outputs[0]].shape
    moved = [axes[a] for a in order if source.onnx_shape[a] > 1]
    lands = [axes[i] for i, a in enumerate(order) if source.onnx_shape[a] > 1]
    if moved == lands and not is_flattened(source):
        builder.views[node.outputs[0]] = View(source.shape, source.pieces, target)
        return
    base = onnx_axes(len(order))
    squeezed = [base[i] for i in order] if len(order) == 4 else None
    if squeezed is None or is_flattened(source):
        raise unsupported(node, f"Transpose {list(order)} of shape {list(source.onnx_shape)}", "4 axes are simulated")
    copy(builder, node, tuple(squeezed))


def copy(builder: Builder, node: Node, in_axes: tuple[int, ...]) -> None:
    """A layout copy of a whole tensor: `physical.transpose(in_axes).reshape(onnx shape)` in the new physical order."""
    source = builder.view(node.inputs[0])
    target = builder.graph.tensors[node.outputs[0]].shape
    kernel = VectorKernel(
        "Reshape",
        attributes=(
            ("in_axes", tuple(float(a) for a in in_axes)),
            ("out_shape", tuple(float(n) for n in target)),
        ),
        input_size=source.shape[1:3],
    )
    access = Access("input", source, Along.ALL, Along.ALL)
    tiled = (False, False, False, False)
    builder.add_layer(node, kernel, [access], node.outputs[0], operations=elements(target), tiled=tiled)


def concat(builder: Builder, node: Node) -> None:
    """Concat: its readers see fragments of the parts; nothing moves."""
    views = [builder.view(name) for name in node.inputs if elements(builder.graph.tensors[name].shape)]
    target = builder.graph.tensors[node.outputs[0]].shape
    axis = physical_axes(len(target))[int(node.attributes["axis"]) % len(target)]
    if any(is_flattened(view) for view in views):
        raise unsupported(node, "Concat of flattened maps", "concatenate before the Flatten")
    builder.views[node.outputs[0]] = join(views, axis, target)


def slice_(builder: Builder, node: Node) -> None:
    """Slice with unit steps: a region of its operand."""
    ranges = slices(node, builder.graph)
    if any(r.step != 1 for r in ranges):
        raise unsupported(node, f"Slice with steps {[r.step for r in ranges]}", "use steps of 1")
    _region(builder, node, node.outputs[0], [(r.start, len(r)) for r in ranges])


def split(builder: Builder, node: Node) -> None:
    """Split: each part is a region of its operand."""
    axis, sizes = splits(node, builder.graph)
    shape = builder.graph.tensors[node.inputs[0]].shape
    offset = 0
    for name, size in zip(node.outputs, sizes, strict=True):
        region = [(0, n) for n in shape]
        region[axis] = (offset, size)
        _region(builder, node, name, region)
        offset += size


def gather(builder: Builder, node: Node) -> None:
    """Gather of one constant position: a region of its operand without the axis."""
    positions = builder.graph.constant(node.inputs[1])
    shape = builder.graph.tensors[node.inputs[0]].shape
    axis = int(node.attributes.get("axis", 0)) % len(shape)
    if positions is None or positions.size != 1:
        raise unsupported(node, "Gather of several or unknown positions", "gather one constant position")
    region = [(0, n) for n in shape]
    region[axis] = (int(positions.reshape(-1)[0]) % shape[axis], 1)
    _region(builder, node, node.outputs[0], region)


def _region(builder: Builder, node: Node, output: str, region: list[tuple[int, int]]) -> None:
    source = builder.view(node.inputs[0])
    if is_flattened(source):
        raise unsupported(node, f"{node.op_type} of a flattened map", "cut it before the Flatten")
    start, shape = [0, 0, 0, 0], list(source.shape)
    for (low, size), axis in zip(region, physical_axes(len(region)), strict=True):
        start[axis], shape[axis] = low, size
    target = builder.graph.tensors[output].shape
    if physical_shape(target) != tuple(shape):
        raise unsupported(node, f"{node.op_type} that drops an axis of {list(source.onnx_shape)}", "keep the axis")
    builder.views[output] = cut(source, shape4(start), shape4(shape), target)


LOWERING = {
    **dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze"), reshape),
    "Transpose": transpose,
    "Concat": concat,
    "Slice": slice_,
    "Split": split,
    "Gather": gather,
}
