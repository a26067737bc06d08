"""The parts of docs/hardware.md about banks of the scratchpad, loads, and DRAM devices with their address mapping."""

from collections.abc import Iterator

from accelsim.hardware.dram import DEVICE_FIELDS, Dram
from accelsim.hardware.dram_devices import DRAM_DEVICES, DeviceFacts
from accelsim.hardware.units import BANDWIDTH, SIZE, TIME, format_quantity

__all__ = ["bank_page", "device_pages", "load_page"]

_BANKS = """
## Banks of the scratchpad

Without `scratchpad.bank_layout` only the widths of all banks together bind, for the array alone. With it, everything
that touches the scratchpad contends for its banks: the array's operands (as often as the dataflow reads them), biases,
residuals, partial sums where they live there, results; the vector unit; DMA channels. The rule:

* `contiguous`: bank k holds the addresses from k × ⌈capacity / banks⌉ on. `interleaved`: consecutive words lie in
  consecutive banks, so that all banks are equally busy and behave as one of the whole width.
* A bank's port moves width / banks bytes per cycle. With `bank_ports: 2` reading and writing have a port each, with 1
  they share it: a byte takes its time on either width.
* An instruction spreads its accesses evenly over its duration. Of two that need the same port, the one that started
  first keeps its pace and the later one takes what is left, and as long as that takes; in the same cycle DMA channels
  come first, then the array, then the vector unit. An instruction is over when the last of its ports has served it.
* A transfer needs its bank from the cycle its first byte moves on the DRAM's bus. The bus does not wait for banks:
  what arrives meanwhile is kept in the DMA channel (a simplification).

What the array loses is `ports` in the table of array cycles; `memories[].banks` and the screen say how busy each bank
was and what was held up. The compiler does not choose addresses by banks. Separate memories for partial sums and for
weights have no banks: they never meet anything else.

    accelsim run --hw edge_npu --set scratchpad.bank_layout=contiguous --set scratchpad.bank_ports=1 --model mobilenetv2

Where neighbours stand: Gemmini's scratchpad is `contiguous` with one port by default (`sp_banks`, `sp_singleported` in
Configs.scala) and its software keeps operands in different banks; NVDLA's convolution buffer gives whole banks to
weights or to activations, each with a read and a write port (hardware architecture specification, CBUF). The presets
leave contention out unless they say otherwise, as Gemmini's do.
"""

_LOADS = """
## The way of loads

Without `dma.load_width` a load takes as long as the DRAM does. With it, all loads pass one path of so many bytes per
cycle, one after another, however fast the DRAM is; the bus of the DRAM does not wait for it. A run of consecutive bytes
takes ⌈bytes / width⌉ cycles, or with `dma.packets`:

* It is asked for in requests of at most `largest` bytes, a request in packets: aligned blocks of a power of two of
  bytes from `beat` to `largest`. The next packet is the one that brings most of what is left of its request, of several
  the smallest.
* A packet arrives in beats, one a cycle. What it brings is written in rows of `load_width` bytes, counted from the
  beginning of the request: one a cycle, each in the cycle after it is complete or the last wanted byte has come. So
  beats in front of the first wanted byte cost their cycles, and a row that two packets bring is written twice. The next
  packet's first beat comes with this one's last row, at the earliest after all of its beats, and a cycle later still if
  the last row was written with the last beat.

So it matters where runs begin: with 16 B beats, packets up to 64 B and 8 B per cycle, a run of 64 B takes 8 cycles, or
9 if it begins 16 or 24 B behind a multiple of 64. `dram.weight_layout: rows` leaves filters as programs hold them,
where rows begin anywhere; `tiles` is what a compiler does that may lay constants out.

With `pe_array.instruction.products_follow_loads` the array computes a matrix product while its operands arrive: the
reduction is taken in blocks of as many channels as the array has rows. It begins when the first block of every load is
there, and so late that it does not come to the last block before all of it is.
"""

_HEAD = """
## DRAM devices and banks

`dram: {device: LPDDR4-3200, channels: 2}` models channels of banks with open rows; every number below is a default
that a description or `--set dram.tRCD=20ns` replaces. Addresses go round the channels in blocks of `dram.interleave`;
in a channel they fill a row of one bank, then a row of the next bank (row : bank : column : channel : offset). Rows
stay open until another row of the bank is wanted or a refresh comes. A channel serves transfers in order; the banks of
a transfer are activated ahead while data of earlier rows move. Commands may fall between two edges of the DRAM's clock,
writes have the latency of reads, refreshes are of all banks and are not postponed: simplifications.

"""


def bank_page() -> str:
    """The section on the scratchpad's banks."""
    return _BANKS


def load_page() -> str:
    """The section on the path of loads and what follows it."""
    return _LOADS


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
