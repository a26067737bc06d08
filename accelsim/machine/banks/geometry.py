"""How the addresses of a scratchpad lie on its banks, and what a port of a bank moves in a cycle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accelsim.program import MemoryKind, Program

if TYPE_CHECKING:
    from accelsim.hardware import Hardware


@dataclass(frozen=True, slots=True)
class Banking:
    """The banks of one scratchpad.

    A *port* is what can move a bank's bytes: with `shared` ports one for reading and writing, otherwise one for each.
    Interleaved banks are always equally busy and count as one bank of the whole width.

    Attributes:
        banks: how many can be told apart: 1 where words are interleaved.
        bank_bytes: addresses of a bank; bank k holds [k·bank_bytes, (k+1)·bank_bytes).
        read_width, write_width: bytes per cycle of all banks together.
        shared: whether reading and writing a bank exclude each other.
        memory_name: of the memory it describes.
    """

    banks: int
    bank_bytes: int
    read_width: int
    write_width: int
    shared: bool = False
    memory_name: str = "scratchpad"

    @staticmethod
    def of(hardware: Hardware) -> Banking | None:
        """The described banks; None where conflicts are not modelled."""
        pad = hardware.scratchpad
        if pad.bank_layout is None or pad.read_bytes_per_cycle is None or pad.write_bytes_per_cycle is None:
            return None
        banks = pad.banks if pad.bank_layout == "contiguous" else 1
        size = -(-pad.capacity_bytes // banks)
        return Banking(banks, size, pad.read_bytes_per_cycle, pad.write_bytes_per_cycle, pad.bank_ports == 1)

    @property
    def ports(self) -> int:
        """Ports of all banks."""
        return self.banks if self.shared else 2 * self.banks

    def port(self, bank: int, write: bool) -> int:
        """The port through which bytes of a bank are read or written."""
        return bank if self.shared else 2 * bank + write

    @property
    def port_time(self) -> int:
        """Units of a port's time in a cycle, so that every access takes a whole number of them."""
        return self.read_width * self.write_width

    def time(self, size_bytes: int, write: bool) -> int:
        """Units of time that a bank's port needs for bytes: it has its share of the width of all banks."""
        return size_bytes * self.banks * (self.read_width if write else self.write_width)

    def memory(self, program: Program) -> int:
        """The number of the memory in a Program; -1 if it has none of this name."""
        found = (
            number
            for number, memory in enumerate(program.memories)
            if memory.kind is MemoryKind.SCRATCHPAD and memory.name == self.memory_name
        )
        return next(found, -1)
