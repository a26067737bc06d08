"""Numbers with their units, as screens show them; a number never stands without one."""

from __future__ import annotations

from math import floor, log10

__all__ = ["count", "cycles", "energy", "frequency", "milliseconds", "octets", "percent"]

_FREQUENCIES = ((1e9, "GHz"), (1e6, "MHz"), (1e3, "kHz"), (1.0, "Hz"))
_ENERGIES = ((1e12, "J"), (1e9, "mJ"), (1e6, "µJ"), (1e3, "nJ"), (1.0, "pJ"))


def cycles(number: int) -> str:
    """Cycles of the accelerator clock."""
    return f"{number:,} cycle{'' if number == 1 else 's'}"


def octets(number: int) -> str:
    """Bytes, exactly."""
    return f"{number:,} B"


def count(number: int, thing: str) -> str:
    """How many of a thing whose plural ends in s.

    >>> count(2, "tensor")
    '2 tensors'
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def percent(part: float, whole: float = 1.0) -> str:
    """A share; a dash where there is no whole."""
    return f"{part / whole:.1%}" if whole else "–"


def milliseconds(seconds: float) -> str:
    """A time in ms, with four significant digits at least.

    >>> milliseconds(0.00391)
    '3.910 ms'
    """
    return f"{_four_digits(seconds * 1e3)} ms"


def frequency(hertz: int) -> str:
    """A frequency in the unit that suits it.

    >>> frequency(800_000_000)
    '800 MHz'
    """
    factor, unit = next((u for u in _FREQUENCIES if hertz >= u[0]), _FREQUENCIES[-1])
    return f"{hertz / factor:,g} {unit}"


def energy(picojoules: float) -> str:
    """An energy in the unit that suits it.

    >>> energy(2_500_000.0)
    '2.500 µJ'
    """
    factor, unit = next((u for u in _ENERGIES if picojoules >= u[0]), _ENERGIES[-1])
    return f"{_four_digits(picojoules / factor)} {unit}"


def _four_digits(number: float) -> str:
    decimals = 3 - floor(log10(number)) if number > 0 else 0
    return f"{number:,.{max(0, decimals)}f}"
