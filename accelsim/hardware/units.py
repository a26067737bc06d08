"""Quantities with units, exactly: text to Fraction and back.

A *dimension* (size, frequency, …) has a base unit and the units that a description may use. `KiB` is 1024 B and `KB` is
1000 B, always. Values are Fractions of the base unit, so nothing is rounded: `parse(format_quantity(v, d), d) == v`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

__all__ = [
    "BANDWIDTH",
    "ENERGY",
    "ENERGY_PER_BYTE",
    "FREQUENCY",
    "POWER",
    "SIZE",
    "TIME",
    "WIDTH",
    "Dimension",
    "Refused",
    "format_quantity",
    "parse",
]

_NUMBER = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?)\s*(.*)", re.ASCII)
_LONGEST_TEXT = 64


class Refused(Exception):  # noqa: N818 (it is a verdict that the caller turns into a message, not an error that travels)
    """A value that breaks a rule, with what would mend it."""

    def __init__(self, rule: str, remedy: str) -> None:
        super().__init__(rule, remedy)
        self.rule = rule
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Dimension:
    """A kind of quantity.

    Attributes:
        what: its name with an article, as errors say it.
        base: the unit in which values are kept.
        units: what each spelling is worth in the base unit, in the order in which errors list them.
        example: a well-formed value.
    """

    what: str
    base: str
    units: Mapping[str, Fraction]
    example: str


def _scaled(names: str, step: int, first: Fraction = Fraction(1)) -> dict[str, Fraction]:
    return {name: first * step**power for power, name in enumerate(names.split())}


_DECIMAL = _scaled("B KB MB GB TB", 1000)
_BINARY = {name: value for name, value in _scaled("B KiB MiB GiB TiB", 1024).items() if name != "B"}
_SIZES = {**_DECIMAL, **_BINARY}
_PER_SECOND = {f"{name}/s": value for name, value in _SIZES.items()}
_JOULES = _scaled("fJ pJ nJ uJ", 1000, Fraction(1, 1000))

SIZE = Dimension("a size", "B", _SIZES, "256 KiB")
FREQUENCY = Dimension("a frequency", "Hz", _scaled("Hz kHz MHz GHz", 1000), "800 MHz")
BANDWIDTH = Dimension("a bandwidth", "B/s", _PER_SECOND, "12.8 GB/s")
TIME = Dimension("a time", "ps", _scaled("ps ns us ms s", 1000), "100 ns")
WIDTH = Dimension("a port width", "B/cycle", {"B/cycle": Fraction(1)}, "64 B/cycle")
ENERGY = Dimension("an energy", "pJ", _JOULES, "0.2 pJ")
ENERGY_PER_BYTE = Dimension(
    "an energy per byte",
    "pJ/B",
    {**{f"{name}/B": value for name, value in _JOULES.items()}, "pJ/bit": Fraction(8)},
    "1.25 pJ/B",
)
POWER = Dimension("a power", "mW", _scaled("uW mW W", 1000, Fraction(1, 1000)), "5 mW")

_SPELLINGS = {"kB": "KB", "kB/s": "KB/s", "µs": "us", "μs": "us", "µW": "uW", "μW": "uW", "µJ": "uJ", "μJ": "uJ"}


def parse(value: object, dimension: Dimension) -> Fraction:
    """Read a quantity such as `256 KiB`.

    Args:
        value: what the description holds; only text with a number and a unit is accepted.
        dimension: what it must be.

    Returns:
        The exact value in the dimension's base unit.

    Raises:
        Refused: no number, no unit, or a unit of something else.
    """
    write = f"write it with a unit, e.g. {dimension.example}"
    rule = f"must be {dimension.what} with a unit"
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise Refused(rule, write)
    match = _NUMBER.fullmatch(value.strip())
    if match is None or not match[2]:
        raise Refused(rule, write)
    unit = _SPELLINGS.get(match[2], match[2])
    if unit not in dimension.units:
        raise Refused(f"must be {dimension.what} in one of {', '.join(dimension.units)}", _guess(unit, dimension))
    return Fraction(match[1]) * dimension.units[unit]


def _guess(unit: str, dimension: Dimension) -> str:
    for known in sorted(dimension.units, key=len, reverse=True):
        if known.casefold() == unit.casefold():
            return f"did you mean {known}?"
    return f"write e.g. {dimension.example}"


def format_quantity(value: Fraction | int | float, dimension: Dimension) -> str:
    """Write a quantity in the unit that gives the shortest number; exact, so that `parse` returns the same value.

    Floats stand for their shortest decimal text. Every value that `parse` can return has a finite decimal text.

    >>> format_quantity(262_144, SIZE)
    '256 KiB'
    >>> format_quantity(3_200_000_000, BANDWIDTH)
    '3.2 GB/s'
    """
    exact = Fraction(repr(value)) if isinstance(value, float) else Fraction(value)
    texts = [(_decimal(exact / factor), unit, factor) for unit, factor in dimension.units.items()]
    fitting = [item for item in texts if item[0] is not None and (abs(exact) >= item[2] or item[1] == dimension.base)]
    number, unit, _ = min(fitting, key=lambda item: (len(item[0] or ""), -item[2]))
    return f"{number} {unit}"


def _decimal(value: Fraction) -> str | None:
    """The finite decimal text of `value`, or None when it has none."""
    rest, digits = value.denominator, 0
    for prime in (2, 5):
        count = 0
        while rest % prime == 0:
            rest //= prime
            count += 1
        digits = max(digits, count)
    if rest != 1:
        return None
    scaled = abs(value.numerator) * 10**digits // value.denominator
    text = str(scaled).rjust(digits + 1, "0")
    text = f"{text[:-digits]}.{text[-digits:]}" if digits else text
    return f"-{text}" if value < 0 else text
