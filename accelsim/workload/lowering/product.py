"""Matrix products on the PE array: with a constant matrix (Gemm, MatMul), and of two activations (attention)."""

from __future__ import annotations

from math import prod

from accelsim.program import MatrixKernel, PostOperation, Window
from accelsim.workload.arrangement import Arrangement, Factor
from accelsim.workload.builder import Builder
from accelsim.workload.constants import element_size
from accelsim.workload.fusion import Chain, chain
from accelsim.workload.layouts import CHANNEL, Layout, default_layout, physical_shape
from accelsim.workload.lowering.convolution import vector
from accelsim.workload.lowering.refusals import unsupported
from accelsim.workload.pieces import free_layout, laid_out
from accelsim.workload.records import NO_LOOP, REDUCTION_LOOP, Access, Along, Follow, Parameter, Precision, View
from accelsim.workload.values import DenseWeights, scaled_vector
from restructure.graph import Node
from restructure.operators import matmul_dims


def gemm(builder: Builder, node: Node) -> None:
    """Gemm: a transposed left operand is arranged, a third operand added in the output pipeline."""
    given = node.attributes
    left, right = node.inputs[:2]
    turned = bool(int(given.get("transB", 0)))
    source = builder.arrangement(left)
    if int(given.get("transA", 0)):
        source = source.permuted((1, 0))
    alpha = float(given.get("alpha", 1.0))
    if builder.is_constant(right):
        dense(builder, node, left, source, turned, alpha)
    elif alpha != 1.0:
        raise unsupported(node, "Gemm of two activations with alpha", "scale one operand before")
    else:
        other = builder.arrangement(right)
        _batched(builder, node, (left, right), source, other if turned else other.permuted((1, 0)))


def matmul(builder: Builder, node: Node) -> None:
    """MatMul of any ranks; with a constant matrix on the right it is dense, otherwise one product per batch entry."""
    left, right = node.inputs[:2]
    shape = builder.shape(right)
    if builder.is_constant(right) and len(shape) <= 2 and len(builder.shape(left)) > 0:
        dense(builder, node, left, builder.arrangement(left), len(shape) == 1, 1.0)
        return
    product_of(builder, node, (left, right), (builder.shape(left), shape))


def product_of(
    builder: Builder,
    node: Node,
    names: tuple[str, str],
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
    folded: Chain | None = None,
) -> None:
    """A MatMul of two values.

    Args:
        names: under which the operands are found.
        shapes: the model's, of the operands.
        folded: what follows the product, if the node itself says so.
    """
    batch, m, k, n = matmul_dims(node, builder.graph)
    a, b = (builder.arrangement(name) for name in names)
    a_shape, b_shape = _with_batch(batch, shapes[0], (m, k)), _with_batch(batch, shapes[1], (k, n))
    wide_a, wide_b = a.reshaped(a_shape), b.reshaped(b_shape)
    if wide_a is None or wide_b is None:
        raise unsupported(node, f"{node.op_type} of {list(a.shape)} and {list(b.shape)}", "reshape the operands before")
    rank = len(batch) + 2
    order = (*range(rank - 2), rank - 1, rank - 2)
    right = wide_b.expanded((*batch, k, n)).permuted(order)
    _batched(builder, node, names, wide_a.expanded((*batch, m, k)), right, folded)


def _with_batch(batch: tuple[int, ...], shape: tuple[int, ...], matrix: tuple[int, int]) -> tuple[int, ...]:
    own = shape[:-2]
    return (*(1,) * (len(batch) - len(own)), *own, *matrix)


# -- a constant matrix -----------------------------------------------------------------------------------------------


def dense(builder: Builder, node: Node, left: str, source: Arrangement, turned: bool, alpha: float) -> None:
    """A product with a constant matrix, (N, K) if `turned` else (K, N): 1×1 filters, or the whole map's size."""
    shape = builder.shape(node.outputs[0])
    matrix = builder.shape(node.inputs[1])
    n = (1 if len(matrix) == 1 else matrix[0]) if turned else matrix[1]
    flat = _flattened(source)
    if flat:
        view, axes, layout = source.base, flat, default_layout(2)
    else:
        layout = _row_layout(source)
        view, axes = _placed(builder, left, source, layout), ()
    if len(matrix) == 1 or len(source.axes) == 1:
        layout = default_layout(len(shape))
    folded = _with_summand(builder, node, layout)
    window = (view.shape[1], view.shape[2]) if axes else (1, 1)
    kernel = MatrixKernel(
        operator=node.op_type,
        window=Window(window),
        groups=1,
        filters_per_group=n,
        channels_per_group=view.shape[CHANNEL],
        input_size=(view.shape[1], view.shape[2]),
        post=tuple(folded.post),
    )
    weights = _weights(builder, node, n, kernel, DenseWeights(builder.graph, node.inputs[1], turned, axes, alpha))
    _append(builder, node, kernel, [Access("input", view, Along.WINDOW, Along.REDUCTION)], folded, layout, weights)


def _flattened(source: Arrangement) -> tuple[tuple[int, int], ...]:
    """(physical axis, size) of the factors of a flattened map, outermost first; empty if it is none."""
    if len(source.axes) != 2 or not source.covers_base or source.base.shape[1:3] == (1, 1):
        return ()
    batch = source.base.shape[0]
    whole = all(f.size == source.base.shape[f.axis] for f in source.axes[1])
    rows = ((Factor(0, batch, 1),) if batch > 1 else ()) == source.axes[0]
    return tuple((f.axis, f.size) for f in source.axes[1]) if whole and rows else ()


def _row_layout(source: Arrangement) -> Layout:
    """The last axis on the channels; the others where they lie, or as batches and rows."""
    rank = len(source.axes)
    found = free_layout(source)
    if found is not None and found[CHANNEL] == (rank - 1,):
        return found
    if rank == 4:
        return ((0, 1), (2,), (), (3,))
    return default_layout(rank) if rank < 4 else (tuple(range(rank - 2)), (rank - 2,), (), (rank - 1,))


def _placed(builder: Builder, name: str, source: Arrangement, layout: Layout) -> View:
    if source == builder.arrangement(name):
        return builder.view(name, layout)
    return builder.placed(f"{name}·laid out", source, layout)


def _weights(builder: Builder, node: Node, n: int, kernel: MatrixKernel, value: DenseWeights) -> list[Parameter]:
    window, name = kernel.window.kernel, node.inputs[1]
    label = name if window == (1, 1) else f"{name}·{window[0]}x{window[1]}"
    width = element_size(builder.graph.stored_dtype(name))
    shape = (n, *window, kernel.channels_per_group)
    weights = builder.parameter(label, shape, Precision.WEIGHTS, value, width, value.made)
    found = [Parameter("weights", weights, reduced=True)]
    if node.op_type == "Gemm" and len(node.inputs) > 2 and node.inputs[2] and _is_vector(builder, node, n):
        beta = float(node.attributes.get("beta", 1.0))
        found.append(vector(builder, node.inputs[2], n, scaled_vector(builder.graph, node.inputs[2], n, beta), beta))
    return found


def _is_vector(builder: Builder, node: Node, n: int) -> bool:
    name = node.inputs[2]
    return builder.is_constant(name) and builder.shape(name) in ((n,), (1, n), (), (1,), (1, 1))


def _with_summand(builder: Builder, node: Node, layout: Layout) -> Chain:
    """The chain behind a product; a Gemm's third operand that is no vector comes first in it."""
    folded = chain(builder, node.outputs[0], layout)
    if node.op_type != "Gemm" or len(node.inputs) < 3 or not node.inputs[2]:
        return folded
    name, shape = node.inputs[2], builder.shape(node.outputs[0])
    if builder.is_constant(node.inputs[1]) and _is_vector(builder, node, shape[1]):
        return folded
    if float(node.attributes.get("beta", 1.0)) != 1.0:
        raise unsupported(node, "Gemm with beta on a matrix", "scale the third operand before")
    own = builder.shape(name)
    aligned = (1,) * (2 - len(own)) + own
    view = builder.constant(name, aligned, layout) if builder.is_constant(name) else builder.view(name, layout)
    folded.residuals.append(Access("residual·c", view))
    folded.precede([PostOperation("Add", (), "residual·c")])
    return folded


# -- two activations -------------------------------------------------------------------------------------------------


def _batched(
    builder: Builder,
    node: Node,
    names: tuple[str, str],
    left: Arrangement,
    right: Arrangement,
    folded: Chain | None = None,
) -> None:
    """(…, M, K) times (…, N, K) transposed: one product per batch entry, the right operand read like weights."""
    rank = len(left.axes)
    batch = tuple(range(rank - 2))
    layout: Layout = (batch, (rank - 2,), (), (rank - 1,))
    shape = (*left.shape[:-1], right.shape[-2])
    a = builder.placed(f"{names[0]}·laid out", left, layout)
    turned, b = _right_operand(builder, names[1], right, layout)
    one, by_filter, by_sum = Follow(0), Follow(3), Follow(REDUCTION_LOOP)
    rows, channels = (by_sum, by_filter) if turned else (by_filter, by_sum)
    own = layout if len(builder.shape(node.outputs[0])) == rank else default_layout(len(builder.shape(node.outputs[0])))
    same = physical_shape(builder.shape(node.outputs[0]), own) == physical_shape(shape, layout)
    if not same:
        raise unsupported(node, "a product of a vector and a batch of matrices", "give the vector a second axis")
    folded = folded or _with_summand(builder, node, own)
    kernel = MatrixKernel(
        operator=node.op_type,
        window=Window(),
        groups=1,
        filters_per_group=shape[-1],
        channels_per_group=left.shape[-1],
        input_size=(a.shape[1], 1),
        post=tuple(folded.post),
        batched=True,
        turned=turned,
    )
    accesses = [
        Access("input", a, Along.SAME, Along.REDUCTION),
        Access("weights", b, Along.ALL, Along.ALL, (one, rows, Follow(NO_LOOP), channels)),
    ]
    _append(builder, node, kernel, accesses, folded, own, [])


def _right_operand(builder: Builder, name: str, right: Arrangement, layout: Layout) -> tuple[bool, View]:
    """The right operand as it lies: filters on rows, or (turned) on channels; only else it is copied."""
    batch, rows, columns, channels = layout
    view = laid_out(right, layout)
    if view is not None:
        return False, view
    view = laid_out(right, (batch, channels, columns, rows))
    if view is not None:
        return True, view
    return False, builder.copied(f"{name}·laid out", right, layout)


def _append(
    builder: Builder,
    node: Node,
    kernel: MatrixKernel,
    sources: list[Access],
    folded: Chain,
    layout: Layout,
    parameters: list[Parameter],
) -> None:
    outputs = prod(builder.shape(folded.output))
    builder.add_layer(
        node,
        kernel,
        [*sources, *folded.residuals],
        folded.output,
        layout=layout,
        fused=folded.nodes,
        parameters=parameters,
        reduction=kernel.channels_per_group,
        macs=outputs * prod(kernel.window.kernel) * kernel.channels_per_group,
        operations=outputs * (1 + folded.work),
    )


LOWERING = {"Gemm": gemm, "MatMul": matmul}
