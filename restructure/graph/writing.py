"""Saving a model: weights stream from where they are into the file, one at a time, and the file appears whole.

The model is serialised with the data of large weights left out (see `wire`); the lengths of all messages around
them follow from shapes, so the data can be written in passing. Weights in external files stay external.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from restructure.errors import WeightFileError
from restructure.files import atomic_write, target_path
from restructure.graph.external import check_inside, is_external
from restructure.graph.graph import Graph
from restructure.graph.wire import INLINE, length_prefix

if TYPE_CHECKING:
    import onnx
    import onnx_ir as ir

__all__ = ["save"]

STREAM_FROM_BYTES = 4096
LARGEST_FILE_BYTES = 2**31 - 1 - 2**20
"""A protocol buffer ends at 2 GiB; weights beyond go into a file of their own."""

_MODEL_GRAPH, _GRAPH_INITIALIZER, _TENSOR_RAW_DATA = 7, 5, 9


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where each large weight's data goes: into the model's file, or into the data file beside it."""

    inline: "Sequence[ir.TensorProtocol]"
    aside: "Sequence[ir.TensorProtocol]"


def save(model: "Graph | ir.Model", path: str | os.PathLike[str]) -> None:
    """Write a model to an ONNX file, atomically, with at most one weight in memory at a time.

    External weights keep their file if it lies in the target's folder or cannot be found, and are copied into
    `<path>.data` otherwise; so are all large weights of a model beyond 2 GiB.

    Raises:
        ModelFileError: the file cannot be written.
        WeightFileError: an external weight cannot be read.
    """
    import onnx_ir as ir

    source = model.model if isinstance(model, Graph) else model
    target = target_path(path)
    copy = source.clone()
    plan = _plan(copy, target)
    data_name = f"{target.name}.data"
    _refer(copy, plan, data_name)
    proto = ir.to_proto(copy)
    try:
        if plan.aside:
            with atomic_write(target.with_name(data_name)) as file:
                for tensor in plan.aside:
                    _stream(tensor, file)
        with atomic_write(path) as file:
            _write(file, proto, plan.inline)
    except ValueError as error:  # onnx-ir refuses links that lead out of the model's folder
        raise WeightFileError(f"{path}: an external weight cannot be read: {error}") from error


def _plan(model: "ir.Model", target: Path) -> _Plan:
    import onnx_ir as ir

    inline: list[ir.TensorProtocol] = []
    aside: list[ir.TensorProtocol] = []
    for value in model.graph.initializers.values():
        tensor = value.const_value
        if is_external(tensor):
            if os.path.isfile(tensor.path) and Path(tensor.base_dir).resolve() != target.parent:
                check_inside(tensor)
                aside.append(tensor)
        elif tensor is not None and tensor.dtype != ir.DataType.STRING and tensor.nbytes >= STREAM_FROM_BYTES:
            inline.append(tensor)
    if sum(tensor.nbytes for tensor in inline) > LARGEST_FILE_BYTES:
        return _Plan([], [*inline, *aside])
    return _Plan(inline, aside)


def _refer(model: "ir.Model", plan: _Plan, data_name: str) -> None:
    """Replace the weights of the plan by references, so that serialising the model touches no data."""
    import onnx_ir as ir

    offsets, offset = {}, 0
    for tensor in plan.aside:
        offsets[id(tensor)] = (data_name, offset)
        offset += tensor.nbytes
    offsets |= {id(tensor): (INLINE, index) for index, tensor in enumerate(plan.inline)}
    for value in model.graph.initializers.values():
        weight = value.const_value
        if weight is not None and id(weight) in offsets:
            location, start = offsets[id(weight)]
            value.const_value = ir.ExternalTensor(
                location,
                start,
                weight.nbytes,
                weight.dtype,
                shape=ir.Shape(weight.shape.numpy()),
                name=str(value.name),
                doc_string=weight.doc_string,
            )


def _write(file: BinaryIO, proto: "onnx.ModelProto", tensors: "Sequence[ir.TensorProtocol]") -> None:
    import onnx

    initializers = list(proto.graph.initializer)
    inline = [_inline_index(initializer) for initializer in initializers]
    heads = [_head(initializer) for initializer in initializers]
    sizes = [0 if index is None else tensors[index].nbytes for index in inline]
    prefixes = [
        length_prefix(_GRAPH_INITIALIZER, len(head) + _field_length(size))
        for head, size in zip(heads, sizes, strict=True)
    ]
    frame = onnx.GraphProto()
    frame.CopyFrom(proto.graph)
    frame.ClearField("initializer")
    proto.ClearField("graph")
    body = frame.SerializeToString()
    length = len(body) + sum(map(len, prefixes)) + sum(map(len, heads)) + sum(map(_field_length, sizes))
    file.write(proto.SerializeToString() + length_prefix(_MODEL_GRAPH, length) + body)
    for prefix, head, index, size in zip(prefixes, heads, inline, sizes, strict=True):
        file.write(prefix + head)
        if index is not None:
            file.write(length_prefix(_TENSOR_RAW_DATA, size))
            _stream(tensors[index], file)


def _stream(tensor: "ir.TensorProtocol", file: BinaryIO) -> None:
    """Write a tensor's bytes without a copy where it knows how (onnx-ir's tensors do)."""
    if hasattr(tensor, "tofile"):
        tensor.tofile(file)
    else:
        file.write(tensor.tobytes())


def _field_length(size: int) -> int:
    """Return the bytes a raw_data field of `size` bytes takes, none if it is absent."""
    return len(length_prefix(_TENSOR_RAW_DATA, size)) + size if size else 0


def _inline_index(tensor: "onnx.TensorProto") -> int | None:
    entries = {entry.key: entry.value for entry in tensor.external_data}
    return int(entries["offset"]) if entries.get("location") == INLINE else None


def _head(tensor: "onnx.TensorProto") -> bytes:
    """Return the serialised tensor, without the reference if its data follows in the file."""
    if _inline_index(tensor) is not None:
        tensor.ClearField("external_data")
        tensor.ClearField("data_location")
    return bytes(tensor.SerializeToString())
