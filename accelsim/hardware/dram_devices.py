"""DRAM devices: what a datasheet says of one channel, in bytes and picoseconds.

Sources: JEDEC standards as named per device; where the standard leaves a choice (speed bin, density, bus width) the
choice is said. Most figures agree within a clock with what Ramulator 2 and DRAMsim3 use; LPDDR5's tCL is 17 clocks
here, 20 there.
"""

from dataclasses import dataclass
from typing import Final

from accelsim.hardware.types import DramDevice

__all__ = ["CONTROLLER_LATENCY_PS", "DRAM_DEVICES", "DeviceFacts", "interleave_bytes"]

CONTROLLER_LATENCY_PS: Final = 50_000
"""Through interconnect and controller, on top of the device's own tRCD and tCL: an assumption."""


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """One channel of a DRAM device; times in ps, named as in the data sheets.

    Attributes:
        bandwidth_bytes_per_s: data rate × bus width.
        burst_bytes: burst length × bus width.
        banks: banks of the channel.
        row_bytes: bytes of an open row (page).
        sources: where the numbers are from.
    """

    bandwidth_bytes_per_s: int
    burst_bytes: int
    banks: int
    row_bytes: int
    t_rcd_ps: int
    t_rp_ps: int
    t_cl_ps: int
    t_ras_ps: int
    t_rrd_ps: int
    t_faw_ps: int
    t_rtp_ps: int
    t_wr_ps: int
    t_wtr_ps: int
    t_refi_ps: int
    t_rfc_ps: int
    sources: str


DRAM_DEVICES: Final = {
    DramDevice.LPDDR4_3200: DeviceFacts(
        bandwidth_bytes_per_s=6_400_000_000,
        burst_bytes=32,
        banks=8,
        row_bytes=2048,
        t_rcd_ps=18_000,
        t_rp_ps=18_000,
        t_cl_ps=17_500,
        t_ras_ps=42_000,
        t_rrd_ps=10_000,
        t_faw_ps=40_000,
        t_rtp_ps=7_500,
        t_wr_ps=18_000,
        t_wtr_ps=10_000,
        t_refi_ps=3_904_000,
        t_rfc_ps=280_000,
        sources="JEDEC JESD209-4: one 16-bit channel of 8 Gb, burst length 16, 8 banks, 2 KiB rows; read latency 28 "
        "clocks of 0.625 ns, tRPpb, tRFCab, tREFI below 85 °C",
    ),
    DramDevice.DDR4_2400: DeviceFacts(
        bandwidth_bytes_per_s=19_200_000_000,
        burst_bytes=64,
        banks=16,
        row_bytes=8192,
        t_rcd_ps=13_320,
        t_rp_ps=13_320,
        t_cl_ps=13_320,
        t_ras_ps=32_000,
        t_rrd_ps=3_332,
        t_faw_ps=21_000,
        t_rtp_ps=7_500,
        t_wr_ps=15_000,
        t_wtr_ps=2_500,
        t_refi_ps=7_800_000,
        t_rfc_ps=350_000,
        sources="JEDEC JESD79-4, speed bin 2400R (16-16-16 at 0.833 ns; Micron MT40A1G8-083E): a 64-bit channel of "
        "eight 8 Gb x8 devices, burst length 8, 16 banks, 1 KiB row per device; tRRD_S and tWTR_S: bank groups take "
        "turns (an assumption about the controller)",
    ),
    DramDevice.LPDDR5_6400: DeviceFacts(
        bandwidth_bytes_per_s=12_800_000_000,
        burst_bytes=32,
        banks=16,
        row_bytes=2048,
        t_rcd_ps=18_000,
        t_rp_ps=18_000,
        t_cl_ps=21_250,
        t_ras_ps=42_000,
        t_rrd_ps=5_000,
        t_faw_ps=20_000,
        t_rtp_ps=7_500,
        t_wr_ps=34_000,
        t_wtr_ps=6_250,
        t_refi_ps=3_906_000,
        t_rfc_ps=210_000,
        sources="JEDEC JESD209-5: one 16-bit channel of 8 Gb in bank-group mode, burst length 16, 16 banks, "
        "2 KiB rows; read latency 17 clocks of 1.25 ns, tRPpb, tRFCab; tWTR_S: bank groups take turns (an assumption)",
    ),
    DramDevice.HBM2: DeviceFacts(
        bandwidth_bytes_per_s=32_000_000_000,
        burst_bytes=64,
        banks=16,
        row_bytes=2048,
        t_rcd_ps=14_000,
        t_rp_ps=14_000,
        t_cl_ps=14_000,
        t_ras_ps=34_000,
        t_rrd_ps=4_000,
        t_faw_ps=30_000,
        t_rtp_ps=4_000,
        t_wr_ps=16_000,
        t_wtr_ps=6_000,
        t_refi_ps=3_900_000,
        t_rfc_ps=260_000,
        sources="JEDEC JESD235A: one 128-bit legacy channel at 2 Gb/s per pin, burst length 4, 16 banks, 2 KiB rows; "
        "the standard leaves timings to vendors: those of DRAMsim3's HBM2_8Gb_x128 (S. Li et al., IEEE CAL 2020); a "
        "stack has 8 channels",
    ),
}


def interleave_bytes(row_bytes: int, burst_bytes: int) -> int:
    """Consecutive bytes on one channel before the next follows: 256 B, or what burst and row allow; an assumption."""
    return min(row_bytes, max(256, burst_bytes))
