"""Element types: numpy-like names, their ONNX numbers and their sizes."""

__all__ = ["bits", "from_onnx", "numpy_name", "size_bytes", "to_onnx"]

# ONNX TensorProto.DataType number -> (name, bits per element)
_TYPES = {
    1: ("float32", 32),
    2: ("uint8", 8),
    3: ("int8", 8),
    4: ("uint16", 16),
    5: ("int16", 16),
    6: ("int32", 32),
    7: ("int64", 64),
    8: ("string", 64),
    9: ("bool", 8),
    10: ("float16", 16),
    11: ("float64", 64),
    12: ("uint32", 32),
    13: ("uint64", 64),
    14: ("complex64", 64),
    15: ("complex128", 128),
    16: ("bfloat16", 16),
    17: ("float8e4m3fn", 8),
    18: ("float8e4m3fnuz", 8),
    19: ("float8e5m2", 8),
    20: ("float8e5m2fnuz", 8),
    21: ("uint4", 4),
    22: ("int4", 4),
    23: ("float4e2m1", 4),
    24: ("float8e8m0", 8),
    25: ("uint2", 2),
    26: ("int2", 2),
}
_BITS = dict(_TYPES.values())
_NUMBERS = {name: number for number, (name, _) in _TYPES.items()}
_NOT_IN_NUMPY = frozenset({"string"} | {n for n in _BITS if n.startswith(("bfloat", "float8", "float4"))})


def from_onnx(number: int) -> str | None:
    """Return the name of an ONNX element type number, or None if there is none."""
    entry = _TYPES.get(number)
    return entry[0] if entry else None


def to_onnx(name: str) -> int:
    """Return the ONNX number of an element type name."""
    return _NUMBERS[name]


def bits(name: str) -> int:
    """Return bits per element (a string counts as one 64-bit pointer)."""
    return _BITS[name]


def size_bytes(elements: int, name: str) -> int:
    """Return the bytes of `elements` packed elements, rounded up to whole bytes."""
    return -(-elements * _BITS[name] // 8)


def numpy_name(name: str) -> str | None:
    """Return the numpy dtype's name, or None where plain numpy has no such type."""
    return None if name in _NOT_IN_NUMPY or _BITS[name] < 8 else name
