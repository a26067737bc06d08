"""The protocol-buffer wire format, just enough of it to leave large tensors in the file.

A *skeleton* is the model with the data of every large tensor cut out and replaced by a reference to where it lies in
the file, written as ONNX external data with the location `INLINE`. So a model of any size is parsed in the time and
memory its structure needs.

Field numbers are those of onnx.proto3.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

__all__ = ["INLINE", "WireError", "encode_bytes_field", "encode_varint", "length_prefix", "skeleton"]

INLINE = "restructure:inline"
"""Location of tensors whose data lies in the model's own file."""

Buffer = memoryview

# message -> field -> message inside it that may hold large tensors
_NESTED: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph"},
    "graph": {1: "node", 5: "tensor"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor"},
    "tensor": {},
}
_DATA_TYPE, _RAW_DATA, _EXTERNAL_DATA, _DATA_LOCATION = 2, 9, 13, 14
# packed lists whose bytes are those of the array itself: field -> element type (float, double)
_PACKED = {4: 1, 10: 11}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class WireError(ValueError):
    """The bytes are no protocol buffer; the message says where they stop making sense."""


@dataclass(frozen=True, slots=True)
class _Field:
    number: int
    wire_type: int
    start: int
    payload: int
    end: int


def encode_varint(value: int) -> bytes:
    """Return a non-negative integer as a varint."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def length_prefix(number: int, length: int) -> bytes:
    """Return tag and length of a length-delimited field."""
    return encode_varint(number << 3 | _BYTES) + encode_varint(length)


def encode_bytes_field(number: int, payload: bytes) -> bytes:
    return length_prefix(number, len(payload)) + payload


def _varint(buffer: Buffer, position: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while position < end and shift < 64:
        byte = buffer[position]
        value |= (byte & 0x7F) << shift
        position += 1
        if byte < 0x80:
            return value, position
        shift += 7
    raise WireError(f"a number is cut short at byte {position}")


def _fields(buffer: Buffer, start: int, end: int) -> Iterator[_Field]:
    position = start
    while position < end:
        tag, payload = _varint(buffer, position, end)
        wire_type = tag & 7
        if wire_type == _VARINT:
            _, stop = _varint(buffer, payload, end)
        elif wire_type == _BYTES:
            length, payload = _varint(buffer, payload, end)
            stop = payload + length
        elif wire_type in (_FIXED32, _FIXED64):
            stop = payload + (4 if wire_type == _FIXED32 else 8)
        else:
            raise WireError(f"there is no field of type {wire_type} (byte {position})")
        if stop > end or tag < 8:
            raise WireError(f"a field that starts at byte {position} is cut short or has no number")
        yield _Field(tag >> 3, wire_type, position, payload, stop)
        position = stop


def skeleton(buffer: Buffer, threshold: int) -> bytes:
    """Return a serialised ModelProto without the data of tensors of at least `threshold` bytes.

    Raises:
        WireError: the bytes are no protocol buffer, or are cut short.
    """
    return _shrink(buffer, 0, len(buffer), "model", threshold)


def _shrink(buffer: Buffer, start: int, end: int, message: str, threshold: int) -> bytes:
    nested, pieces, copied = _NESTED[message], [], start
    if message == "tensor":
        return _shrink_tensor(buffer, start, end, threshold)
    for field in _fields(buffer, start, end):
        inner = nested.get(field.number)
        if inner and field.wire_type == _BYTES and field.end - field.payload >= threshold:
            pieces.append(bytes(buffer[copied : field.start]))
            small = _shrink(buffer, field.payload, field.end, inner, threshold)
            pieces.append(encode_bytes_field(field.number, small))
            copied = field.end
    pieces.append(bytes(buffer[copied:end]))
    return b"".join(pieces)


def _shrink_tensor(buffer: Buffer, start: int, end: int, threshold: int) -> bytes:
    fields = list(_fields(buffer, start, end))
    types = [_varint(buffer, f.payload, f.end)[0] for f in fields if f.number == _DATA_TYPE and f.wire_type == _VARINT]
    element_type = types[-1] if types else 0
    data = [f for f in fields if f.wire_type == _BYTES and _holds_array(f, element_type)]
    if len(data) != 1 or data[0].end - data[0].payload < threshold or any(f.number == _DATA_LOCATION for f in fields):
        return bytes(buffer[start:end])
    rest = b"".join(bytes(buffer[f.start : f.end]) for f in fields if f is not data[0])
    return rest + _reference(data[0].payload, data[0].end - data[0].payload)


def _holds_array(field: _Field, element_type: int) -> bool:
    return field.number == _RAW_DATA or _PACKED.get(field.number) == element_type


def _reference(offset: int, length: int) -> bytes:
    """Return the fields of a TensorProto that say where its data lies."""
    entries = {"location": INLINE, "offset": str(offset), "length": str(length)}
    out = b"".join(
        encode_bytes_field(_EXTERNAL_DATA, encode_bytes_field(1, key.encode()) + encode_bytes_field(2, value.encode()))
        for key, value in entries.items()
    )
    return out + encode_varint(_DATA_LOCATION << 3 | _VARINT) + b"\x01"
