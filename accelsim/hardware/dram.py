"""The external memory of a described accelerator: bandwidth and latency, or channels of banks with row buffers."""

from fractions import Fraction
from typing import Annotated, Any, Self

from pydantic import Field, PrivateAttr, model_validator

from accelsim.hardware.dram_devices import CONTROLLER_LATENCY_PS, DRAM_DEVICES, DeviceFacts, interleave_bytes
from accelsim.hardware.rules import Choice, Flag, OrNone, Quantity, Whole
from accelsim.hardware.section import Section
from accelsim.hardware.types import DramDevice, DramModel, WeightLayout
from accelsim.hardware.units import BANDWIDTH, SIZE, TIME

__all__ = ["BANK_FIELDS", "DEVICE_FIELDS", "Dram"]

_TIME = OrNone(Quantity(TIME, maximum="1 ms", zero=True))
_FROM_DEVICE = "Default: the device's."


def _derived(alias: str | None, description: str) -> Any:
    """A field that follows from others where it is left out."""
    return Field(default=None, alias=alias, description=description)


def _time(name: str, meaning: str) -> Any:
    return _derived(name, f"{meaning} {_FROM_DEVICE}")


class Dram(Section):
    """The external memory: bandwidth, latency and bursts, or channels of banks with row buffers."""

    model: Annotated[DramModel, OrNone(Choice(DramModel))] = _derived(
        None,
        "`bandwidth`: a bus behind a latency. `banks`: channels of banks with open rows, precharge, activation and "
        "refresh. Default: `banks` where a device is named, else `bandwidth`.",
    )
    device: Annotated[DramDevice | None, OrNone(Choice(DramDevice))] = Field(
        default=None, description="A device whose numbers are the defaults of the fields below (see the devices)."
    )
    bandwidth_bytes_per_s: Annotated[int, OrNone(Quantity(BANDWIDTH, maximum="1000 TB/s", example="3.2 GB/s"))] = (
        _derived(
            "bandwidth",
            "Bytes per second of all channels, reads and writes together. Default: the device's times `channels`; must "
            "be given without a device.",
        )
    )
    latency_ps: Annotated[int, OrNone(Quantity(TIME, maximum="1 s", zero=True))] = _derived(
        "latency",
        "Time from a request to its first byte; latencies of several requests overlap. With `banks`: only what "
        "interconnect and controller add to the banks' own time. Default: 50 ns with a device (an assumption), with "
        "`bandwidth` its tRCD and tCL on top; must be given without one.",
    )
    burst_bytes: Annotated[int, Quantity(SIZE, maximum="1 MiB", example="64 B")] = Field(
        default=64,
        alias="burst",
        description="Smallest transfer; every contiguous run is moved in whole aligned bursts. With a device: its own.",
    )
    writable: Annotated[bool, Flag()] = Field(
        default=True,
        description="Whether activations may be written to it. If not, nothing can be spilled: a model that does not "
        "fit on chip is refused.",
    )
    weight_layout: Annotated[WeightLayout, Choice(WeightLayout)] = Field(
        default=WeightLayout.TILES,
        description="How filters lie in it: tile after tile, as they will be read (`tiles`), or as programs hold them, "
        "for each kernel cell and input channel a row of all filters (`rows`), of which a tile reads a piece each.",
    )
    channels: Annotated[int, Whole(maximum=1024)] = Field(
        default=1, description="Channels with a bus and banks of their own (`banks`)."
    )
    interleave_bytes: Annotated[int, OrNone(Quantity(SIZE, maximum="1 MiB", example="256 B"))] = _derived(
        "interleave",
        "Consecutive bytes on one channel before the next channel follows (`banks`). Default: 256 B.",
    )
    banks: Annotated[int, OrNone(Whole(maximum=65_536))] = _derived(None, f"Banks per channel. {_FROM_DEVICE}")
    row_bytes: Annotated[int, OrNone(Quantity(SIZE, maximum="1 MiB", example="2 KiB"))] = _derived(
        "row", f"Bytes of a bank's open row (page). {_FROM_DEVICE}"
    )
    t_rcd_ps: Annotated[int, _TIME] = _time("tRCD", "Activate to read or write.")
    t_rp_ps: Annotated[int, _TIME] = _time("tRP", "Precharge to activate.")
    t_cl_ps: Annotated[int, _TIME] = _time("tCL", "Read or write command to its first data.")
    t_ras_ps: Annotated[int, _TIME] = _time("tRAS", "Activate to precharge.")
    t_rrd_ps: Annotated[int, _TIME] = _time("tRRD", "Activate to activate of another bank.")
    t_faw_ps: Annotated[int, _TIME] = _time("tFAW", "Window with at most four activates per channel.")
    t_rtp_ps: Annotated[int, _TIME] = _time("tRTP", "Read to precharge.")
    t_wr_ps: Annotated[int, _TIME] = _time("tWR", "Last data written to precharge.")
    t_wtr_ps: Annotated[int, _TIME] = _time("tWTR", "Last data written to a read command of the channel.")
    t_refi_ps: Annotated[int, _TIME] = _time("tREFI", "Time between refreshes of all banks; 0: no refresh.")
    t_rfc_ps: Annotated[int, _TIME] = _time("tRFC", "Length of a refresh, in which no bank works.")
    _frequency_hz: int | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _resolve(self) -> Self:
        """Fill in what a device determines; fields that were not given stay marked as such."""
        values = self.__dict__
        if values["model"] is None:
            values["model"] = DramModel.BANKS if self.device else DramModel.BANDWIDTH
        if self.device is not None:
            self._fill_in(DRAM_DEVICES[self.device])
        if values["interleave_bytes"] is None and values["row_bytes"] is not None:
            values["interleave_bytes"] = interleave_bytes(self.row_bytes, self.burst_bytes)
        return self

    def _fill_in(self, facts: DeviceFacts) -> None:
        values = self.__dict__
        if values["bandwidth_bytes_per_s"] is None:
            values["bandwidth_bytes_per_s"] = facts.bandwidth_bytes_per_s * self.channels
        if "burst_bytes" not in self.model_fields_set:
            values["burst_bytes"] = facts.burst_bytes
        for name in DEVICE_FIELDS:
            if values[name] is None:
                values[name] = getattr(facts, name)
        if values["latency_ps"] is None:
            own = 0 if self.is_banked else facts.t_rcd_ps + facts.t_cl_ps
            values["latency_ps"] = CONTROLLER_LATENCY_PS + own

    @property
    def is_banked(self) -> bool:
        """Whether banks and rows are modelled."""
        return self.model is DramModel.BANKS

    def at(self, frequency_hz: int) -> Self:
        """This memory seen from a clock, so that it can be asked for cycles."""
        seen = self.model_copy()
        seen._frequency_hz = frequency_hz
        return seen

    @property
    def latency_s(self) -> Fraction:
        """The latency in seconds, exactly."""
        return Fraction(self.latency_ps, 10**12)

    @property
    def bytes_per_cycle(self) -> Fraction:
        """Bytes per cycle of the accelerator clock, exactly."""
        return Fraction(self.bandwidth_bytes_per_s, self._clock())

    @property
    def latency_cycles(self) -> int:
        """Cycles of the accelerator clock to the first byte of an idle memory (of a closed row), rounded up."""
        own = self.t_rcd_ps + self.t_cl_ps if self.is_banked else 0
        return -(-(self.latency_ps + own) * self._clock() // 10**12)

    def _clock(self) -> int:
        if self._frequency_hz is None:
            raise TypeError("cycles need a clock: take .dram of a Hardware, or ask .at(frequency_hz)")
        return self._frequency_hz


#: What a device determines of the banks.
DEVICE_FIELDS = ("banks", "row_bytes", *(name for name in Dram.model_fields if name.startswith("t_")))
#: What means something only where banks are modelled.
BANK_FIELDS = frozenset(("channels", "interleave_bytes", *DEVICE_FIELDS))
