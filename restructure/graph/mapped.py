"""A model file mapped into memory: its structure is parsed, its large tensors are views, free until they are read."""

import hashlib
import mmap
import os
import stat
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from restructure.errors import ModelError, ModelFileError
from restructure.graph.wire import INLINE, WireError, skeleton

if TYPE_CHECKING:
    import onnx
    import onnx_ir as ir

__all__ = ["MappedFile", "resolve_inline"]

THRESHOLD_BYTES = 4096
_DIGEST_CHUNK_BYTES = 1 << 24


class MappedFile:
    """A file's bytes as they were when it was opened, even if another file takes its name later.

    Raises:
        ModelFileError: the file is missing or cannot be read.
        ModelError: it is empty.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with open(path, "rb", opener=_open_without_waiting) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise ModelFileError(f"{path}: is not a regular file")
                if os.fstat(file.fileno()).st_size == 0:
                    raise ModelError(f"{path}: the file is empty")
                self.map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except FileNotFoundError:
            raise ModelFileError(f"{path}: no such file") from None
        except (OSError, ValueError) as error:
            raise ModelFileError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error

    @cached_property
    def sha256(self) -> str:
        """Hash of the bytes, in hexadecimal."""
        digest = hashlib.sha256()
        for start in range(0, len(self.map), _DIGEST_CHUNK_BYTES):
            digest.update(self.map[start : start + _DIGEST_CHUNK_BYTES])
            if hasattr(self.map, "madvise"):
                # Pages that were hashed need not stay resident; slices above are copies.
                self.map.madvise(mmap.MADV_DONTNEED, start, min(_DIGEST_CHUNK_BYTES, len(self.map) - start))
        return digest.hexdigest()

    def parse(self) -> "onnx.ModelProto":
        """Return the model's structure; large tensors refer to this file.

        Raises:
            ModelError: the file is no ONNX model.
        """
        import onnx

        proto = onnx.ModelProto()
        try:
            proto.ParseFromString(skeleton(memoryview(self.map), THRESHOLD_BYTES))
        except WireError as error:
            raise ModelError(f"{self.path}: is not an ONNX file, or is cut short: {error}") from error
        except Exception as error:
            raise ModelError(f"{self.path}: is not an ONNX file: {error}") from error
        return proto

    def tensor(self, reference: "ir.ExternalTensor") -> "ir.TensorProtocol":
        """Return the tensor a reference into this file stands for, as a lazy view.

        Raises:
            ModelError: its bytes do not fit its shape.
        """
        import onnx_ir as ir

        dtype, shape, name = reference.dtype, reference.shape, reference.name
        offset, length = reference.offset or 0, reference.length or 0
        if not 0 <= offset <= offset + length <= len(self.map):
            raise ModelError(f"{self.path}: tensor {name!r} lies outside the file")
        if length != reference.nbytes:
            raise ModelError(
                f"{self.path}: tensor {name!r} of shape {shape} and type {dtype.name} needs {reference.nbytes} bytes, "
                f"has {length}"
            )

        def view() -> ir.TensorProtocol:
            raw = memoryview(self.map)[offset : offset + length]
            if dtype.bitwidth < 8:
                return _unpacked(raw, reference)
            array = np.frombuffer(raw, dtype=np.dtype(dtype.numpy()).newbyteorder("<")).reshape(shape.numpy())
            return ir.Tensor(array, dtype=dtype, shape=shape, name=name)

        return ir.LazyTensor(view, dtype, shape, name=name, doc_string=reference.doc_string)


def _open_without_waiting(path: str, flags: int) -> int:
    # A named pipe would block until somebody writes; it is refused right after.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _unpacked(raw: memoryview, reference: "ir.ExternalTensor") -> "ir.TensorProtocol":
    """Return a tensor of elements smaller than a byte."""
    import onnx
    import onnx_ir as ir

    proto = onnx.TensorProto(dims=reference.shape.numpy(), data_type=reference.dtype.value, raw_data=bytes(raw))
    return ir.TensorProtoTensor(proto)


def resolve_inline(model: "ir.Model", file: MappedFile) -> None:
    """Replace every reference into the model's own file by a lazy view."""
    import onnx_ir as ir

    def is_inline(tensor: object) -> bool:
        return isinstance(tensor, ir.ExternalTensor) and tensor.location == INLINE

    for value in model.graph.initializers.values():
        if is_inline(value.const_value):
            value.const_value = file.tensor(value.const_value)  # type: ignore[arg-type]
    for node in model.graph:
        for name, attribute in node.attributes.items():
            if attribute.type == ir.AttributeType.TENSOR and is_inline(attribute.value):
                node.attributes[name] = ir.AttrTensor(name, file.tensor(attribute.value))
