"""The part of docs/hardware.md about DRAM devices and the address mapping of banks."""

from collections.abc import Iterator

from accelsim.hardware.dram import DEVICE_FIELDS, Dram
from accelsim.hardware.dram_devices import DRAM_DEVICES, DeviceFacts
from accelsim.hardware.units import BANDWIDTH, SIZE, TIME, format_quantity

__all__ = ["device_pages"]

_HEAD = """
## DRAM devices and banks

`dram: {device: LPDDR4-3200, channels: 2}` models channels of banks with open rows; every number below is a default
that a description or `--set dram.tRCD=20ns` replaces. Addresses go round the channels in blocks of `dram.interleave`;
in a channel they fill a row of one bank, then a row of the next bank (row : bank : column : channel : offset). Rows
stay open until another row of the bank is wanted or a refresh comes. A channel serves transfers in order; the banks of
a transfer are activated ahead while data of earlier rows move. Commands may fall between two edges of the DRAM's clock,
writes have the latency of reads, refreshes are of all banks and are not postponed: simplifications.

"""


def device_pages() -> Iterator[str]:
    """The section, piece by piece."""
    yield _HEAD
    names = ["bandwidth", "burst", *(Dram.model_fields[name].alias or name for name in DEVICE_FIELDS)]
    yield f"| device | {' | '.join(names)} |\n|---{'|---' * len(names)}|\n"
    for device, facts in DRAM_DEVICES.items():
        yield f"| {device} | {' | '.join(_values(facts))} |\n"
    yield "\n"
    for device, facts in DRAM_DEVICES.items():
        yield f"* {device}: {facts.sources}.\n"


def _values(facts: DeviceFacts) -> Iterator[str]:
    yield format_quantity(facts.bandwidth_bytes_per_s, BANDWIDTH)
    yield format_quantity(facts.burst_bytes, SIZE)
    for name in DEVICE_FIELDS:
        value = getattr(facts, name)
        yield format_quantity(value, TIME) if name.startswith("t_") else _plain(name, value)


def _plain(name: str, value: int) -> str:
    return format_quantity(value, SIZE) if name == "row_bytes" else str(value)
