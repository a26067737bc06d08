"""Runs that were timed before, packed, as many as a fixed number of bytes holds."""

from __future__ import annotations

import pickle
import zlib
from collections import OrderedDict
from typing import TypeAlias

from accelsim.play.work import Refused, Timed

__all__ = ["Answer", "KeptRuns", "packed", "unpacked"]

Answer: TypeAlias = Timed | Refused

_LEVEL = 1


def packed(answer: Answer) -> bytes:
    """An answer as it is sent and kept. A run of some thousand instructions is megabytes as it is, and a tenth packed.

    >>> unpacked(packed(Refused("too large")))
    Refused(why='too large', fits=True)
    """
    return zlib.compress(pickle.dumps(answer, pickle.HIGHEST_PROTOCOL), _LEVEL)


def unpacked(data: bytes) -> Answer:
    """The answer that a process of the crew has packed."""
    answer: Answer = pickle.loads(zlib.decompress(data))
    return answer


class KeptRuns:
    """Packed answers by what was asked; the one that nobody asked for longest goes first."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes, self._bytes = most_bytes, 0
        self._runs: OrderedDict[object, bytes] = OrderedDict()

    def __len__(self) -> int:
        return len(self._runs)

    def __contains__(self, question: object) -> bool:
        return question in self._runs

    def get(self, question: object) -> bytes | None:
        """The answer, if it is here."""
        if question in self._runs:
            self._runs.move_to_end(question)
        return self._runs.get(question)

    def keep(self, question: object, answer: bytes) -> None:
        """Keep an answer, however large it is, and of the others what there is room for beside it."""
        self._bytes += len(answer) - len(self._runs.pop(question, b""))
        self._runs[question] = answer
        while self._bytes > self._most_bytes and len(self._runs) > 1:
            self._bytes -= len(self._runs.popitem(last=False)[1])
