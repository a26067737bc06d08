"""Values through a pair of byte streams: eight bytes of length, then a pickle. Both ends are our own processes."""

from __future__ import annotations

import pickle
from typing import Any, BinaryIO

__all__ = ["receive", "send"]

_LENGTH_BYTES = 8


def send(stream: BinaryIO, value: Any) -> None:
    """Write one value.

    Raises:
        OSError: nobody reads any more.
    """
    content = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(len(content).to_bytes(_LENGTH_BYTES, "little") + content)
    stream.flush()


def receive(stream: BinaryIO) -> Any:
    """Read one value.

    Raises:
        EOFError: the writer is gone.
    """
    length = int.from_bytes(_exactly(stream, _LENGTH_BYTES), "little")
    return pickle.loads(_exactly(stream, length))


def _exactly(stream: BinaryIO, count: int) -> bytes:
    content = b""
    while len(content) < count:  # an unbuffered stream gives what there is
        part = stream.read(count - len(content))
        if not part:
            raise EOFError
        content += part
    return content
