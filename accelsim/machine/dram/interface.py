"""The DRAM behind its interface: when the bytes of a transfer move.

The machine hands over the requests of all channels in the order of (time of issue, channel number). A model answers
with the time of the first byte and of completion. It may keep any state of its own (a bus, banks, open rows).
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from accelsim.program import Operand


class Request(NamedTuple):
    """A transfer as the DRAM sees it.

    Attributes:
        instruction: its position in the Program.
        issued: cycle at which it reaches the DRAM.
        operand: the region in DRAM.
        write: whether it stores.
    """

    instruction: int
    issued: int
    operand: Operand
    write: bool


class Service(NamedTuple):
    """The DRAM's answer.

    Attributes:
        begin: cycle in which the first byte moves (rounded down).
        end: cycle at which the last byte has moved (rounded up).
        behind: the transfer whose bytes it had to wait for; -1 if none.
    """

    begin: int
    end: int
    behind: int


class Dram(Protocol):
    """A DRAM model. One object serves one run."""

    def serve(self, request: Request) -> Service:
        """Serve the next request; requests come in the order in which they are to be served."""
        ...
