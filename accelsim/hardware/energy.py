"""Energy per action: the values of a description, or defaults derived from its precision and capacities.

Sources, all for 45 nm at 0.9 V:

* M. Horowitz, "Computing's energy problem (and what we can do about it)", ISSCC 2014, figure 1.1.9: integer addition
  0.03 pJ (8 bit), 0.1 pJ (32 bit); integer multiplication 0.2 pJ, 3.1 pJ; floating-point addition 0.4 pJ (16 bit),
  0.9 pJ (32 bit), multiplication 1.1 pJ, 3.7 pJ; a 64-bit access of a cache of 8 KB 10 pJ, 32 KB 20 pJ, 1 MB 100 pJ;
  of DRAM 1.3 to 2.6 nJ.
* 16-bit integers are not in that figure: the geometric mean of 8 and 32 bit (a straight line in log-log).
* bfloat16 is not either: fp16 scaled by the 7 nm ratio of N. Jouppi et al., "Ten Lessons From Three Generations Shaped
  Google's TPUv4i", ISCA 2021, table 2 (addition 0.11/0.16, multiplication 0.21/0.34).
"""

import math
from dataclasses import dataclass
from typing import Final

from accelsim.hardware.parts import EnergyDescription, Precision
from accelsim.hardware.types import DataType

__all__ = ["DRAM_PJ_PER_BYTE", "Capacities", "Energy", "resolve_energy", "sram_pj_per_byte"]

ADDITION_PJ: Final = {
    DataType.INT8: 0.03,
    DataType.INT16: 0.0548,
    DataType.INT32: 0.1,
    DataType.FP16: 0.4,
    DataType.BF16: 0.275,
    DataType.FP32: 0.9,
}
MULTIPLICATION_PJ: Final = {
    DataType.INT8: 0.2,
    DataType.INT16: 0.787,
    DataType.INT32: 3.1,
    DataType.FP16: 1.1,
    DataType.BF16: 0.679,
    DataType.FP32: 3.7,
}
SRAM_PJ_PER_ACCESS: Final = ((8 * 1024, 10.0), (32 * 1024, 20.0), (1024 * 1024, 100.0))
SRAM_BYTES_PER_ACCESS: Final = 8
DRAM_PJ_PER_BYTE: Final = 1300.0 / 8
"""The low end of Horowitz' 1.3 to 2.6 nJ for 64 bits."""


@dataclass(frozen=True, slots=True)
class Capacities:
    """Bytes of the on-chip memories; None where there is no such memory and its data live in the scratchpad."""

    scratchpad: int
    accumulator: int | None = None
    weight_buffer: int | None = None


@dataclass(frozen=True, slots=True)
class Energy:
    """What every action costs; all values given.

    Attributes:
        mac_pj: one multiply-accumulate.
        scratchpad_read_pj_per_byte: reading a byte of the scratchpad.
        scratchpad_write_pj_per_byte: writing one.
        accumulator_pj_per_byte: reading or writing a byte of partial sums.
        weight_buffer_pj_per_byte: reading or writing a byte of weights.
        dram_pj_per_byte: moving a byte from or to DRAM.
        vector_op_pj: one element of the vector unit.
        leakage_mw: power drawn all the time.
        derived: the fields that the description left to the defaults.
    """

    mac_pj: float
    scratchpad_read_pj_per_byte: float
    scratchpad_write_pj_per_byte: float
    accumulator_pj_per_byte: float
    weight_buffer_pj_per_byte: float
    dram_pj_per_byte: float
    vector_op_pj: float
    leakage_mw: float
    derived: tuple[str, ...]

    def leakage_pj(self, seconds: float) -> float:
        """The energy that leaks in a time: 1 mW is 10⁹ pJ/s."""
        return self.leakage_mw * 1e9 * seconds


def sram_pj_per_byte(capacity_bytes: int) -> float:
    """Energy of one byte of an SRAM access, by the SRAM's capacity.

    A straight line in log-log through Horowitz' three points (8 KB, 32 KB, 1 MB), the outer pieces prolonged; divided
    by the 8 bytes of his access; four significant digits.

    >>> sram_pj_per_byte(32 * 1024)
    2.5
    """
    lower, middle, upper = SRAM_PJ_PER_ACCESS
    (x0, y0), (x1, y1) = (lower, middle) if capacity_bytes <= middle[0] else (middle, upper)
    slope = math.log(y1 / y0) / math.log(x1 / x0)
    return _four_digits(y0 * (capacity_bytes / x0) ** slope / SRAM_BYTES_PER_ACCESS)


def mac_pj(precision: Precision) -> float:
    """Multiplication in the costlier of the two operands' formats plus addition in the accumulators' format."""
    multiplication = max(MULTIPLICATION_PJ[precision.weights], MULTIPLICATION_PJ[precision.activations])
    return _four_digits(multiplication + ADDITION_PJ[precision.accumulators])


def resolve_energy(given: EnergyDescription, precision: Precision, capacities: Capacities) -> Energy:
    """Fill in what the description left out.

    Args:
        given: the description's `energy` section.
        precision: the number formats.
        capacities: of the on-chip memories.
    """
    read = _or(given.scratchpad_read_pj_per_byte, sram_pj_per_byte(capacities.scratchpad))
    accumulator, weights = (
        read if capacity is None else sram_pj_per_byte(capacity)
        for capacity in (capacities.accumulator, capacities.weight_buffer)
    )
    return Energy(
        mac_pj=_or(given.mac_pj, mac_pj(precision)),
        scratchpad_read_pj_per_byte=read,
        scratchpad_write_pj_per_byte=_or(given.scratchpad_write_pj_per_byte, read),
        accumulator_pj_per_byte=_or(given.accumulator_pj_per_byte, accumulator),
        weight_buffer_pj_per_byte=_or(given.weight_buffer_pj_per_byte, weights),
        dram_pj_per_byte=_or(given.dram_pj_per_byte, DRAM_PJ_PER_BYTE),
        vector_op_pj=_or(given.vector_op_pj, ADDITION_PJ[precision.accumulators]),
        leakage_mw=_or(given.leakage_mw, 0.0),
        derived=tuple(name for name in type(given).model_fields if getattr(given, name) is None),
    )


def _or(given: float | None, default: float) -> float:
    return default if given is None else given


def _four_digits(value: float) -> float:
    return float(f"{value:.4g}")
