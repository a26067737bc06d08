"""Synthetic weights of a model, written once to a file that original and restructured twin both read.

They are made one at a time and never kept, large ones as a pattern that repeats; onnxruntime maps the file.
"""

from collections.abc import Callable, Mapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from restructure.verify.roles import Weight
from restructure.verify.values import Values

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["WeightStore"]

_ALIGNMENT_BYTES = 4096
_INLINE_BYTES = 4096
_FILE = "weights.bin"


class WeightStore:
    """Weights in a folder. Starts with a file that holds them all; hands out tensors while the folder lives."""

    def __init__(self, folder: Path, weights: Mapping[str, Weight], make: Callable[[Weight], Values]) -> None:
        self.folder = folder
        self._weights = weights
        self._inline: dict[str, Values] = {}
        self._offsets: dict[str, int] = {}
        with open(folder / _FILE, "wb") as file:
            for name, weight in weights.items():
                values = make(weight)
                if 4 * prod(weight.shape) < _INLINE_BYTES:
                    self._inline[name] = values
                    continue
                file.seek(-file.tell() % _ALIGNMENT_BYTES, 1)
                self._offsets[name] = file.tell()
                _write(values.reshape(-1), prod(weight.shape), file)

    def __contains__(self, name: str) -> bool:
        return name in self._weights

    def tensor(self, name: str) -> "ir.TensorProtocol":
        """Return one weight, small ones with their values, large ones as a reference into the file."""
        import onnx_ir as ir

        if name in self._inline:
            return ir.Tensor(self._inline[name], name=name)
        shape = self._weights[name].shape
        size = 4 * prod(shape)
        return ir.ExternalTensor(
            _FILE,
            self._offsets[name],
            size,
            ir.DataType.FLOAT,
            shape=ir.Shape(shape),
            name=name,
            base_dir=str(self.folder),
        )


def _write(pattern: Values, count: int, file: BinaryIO) -> None:
    """Write `count` numbers, the pattern over and over."""
    while count > 0:
        pattern[:count].tofile(file)
        count -= pattern.size
