"""Open dimensions of inputs, pinned to numbers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from restructure import dtypes
from restructure.errors import DimensionArgumentError, ModelError, OpenDimensionError, printable
from restructure.operators import TensorInfo

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["MAX_ELEMENTS", "check_size", "input_infos"]

MAX_ELEMENTS = 2**34
"""Largest tensor that is believed: 16 Gi elements."""


def check_size(name: str, info: TensorInfo, *, may_be_empty: bool = False) -> None:
    """Raise ModelError for a tensor too large to be meant, or, unless it is a constant, one without elements."""
    if info.elements > MAX_ELEMENTS:
        product = "·".join(str(n) for n in info.shape)
        raise ModelError(f"tensor {name!r} would have {product} elements, more than {MAX_ELEMENTS}")
    if info.elements == 0 and not may_be_empty:
        raise ModelError(f"tensor {name!r} has shape {list(info.shape)}: a dimension of 0 leaves nothing to do")


def input_infos(where: str, values: "list[ir.Value]", dims: Mapping[str, int]) -> dict[str, TensorInfo]:
    """Return shape and type of each input, with open dimensions pinned by `dims`.

    A dimension is pinned by its symbol (`N`), or by input and axis (`image[0]`) where it has none.

    Raises:
        OpenDimensionError: a dimension stays open.
        DimensionArgumentError: `dims` names one that does not exist, or gives it a size below 1.
    """
    used: set[str] = set()
    infos = {str(value.name): _info(where, value, dims, used) for value in values}
    unknown = sorted(set(dims) - used)
    if unknown:
        symbols = {str(d) for value in values for d in value.shape or () if not isinstance(d, int)} or {"none"}
        raise DimensionArgumentError(
            f"{where}: --dim {printable(unknown[0])}: no input has an open dimension of that name; open are: "
            + printable(", ".join(sorted(symbols)))
        )
    for name, info in infos.items():
        try:
            check_size(name, info)
        except ModelError as error:
            raise ModelError(f"{where}: {error}") from error
    return infos


def _info(where: str, value: "ir.Value", dims: Mapping[str, int], used: set[str]) -> TensorInfo:
    dtype = dtypes.from_onnx(value.dtype.value) if value.dtype is not None else None
    if dtype is None or value.shape is None:
        raise ModelError(f"{where}: input {value.name!r} declares no tensor type with a shape; export it with one")
    shape = tuple(_pinned(where, str(value.name), value.shape, axis, dims, used) for axis in range(len(value.shape)))
    return TensorInfo(shape, dtype)


def _pinned(where: str, name: str, shape: "ir.Shape", axis: int, dims: Mapping[str, int], used: set[str]) -> int:
    size = shape[axis]
    if isinstance(size, int) and size > 0:
        return size
    # Some exporters write −1 or 0 for "unknown".
    symbol = None if isinstance(size, int) else size.value
    names = [key for key in (symbol, f"{name}[{axis}]") if key]
    for key in names:
        if key in dims:
            used.add(key)
            return _positive(where, key, dims[key])
    raise OpenDimensionError(
        f"{where}: input {name!r} has the open dimension {printable(symbol or '?')} at axis {axis} of "
        f"{printable(str(shape))}; pin it with --dim {printable(names[0])}=1"
    )


def _positive(where: str, name: str, size: int) -> int:
    if size < 1:
        raise DimensionArgumentError(f"{where}: --dim {printable(name)}={size}: must be at least 1")
    return size
