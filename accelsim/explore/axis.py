"""The field that is varied: an evenly spaced grid of values between two ends.

Terms: a *position* counts grid points from 0 at the lower end; the last one is the upper end, wherever steps fall.
"""

from __future__ import annotations

from dataclasses import dataclass

from accelsim.errors import ConfigurationError
from accelsim.hardware import Hardware
from accelsim.hardware.document import parse_scalar
from accelsim.hardware.fields import fields_of
from accelsim.hardware.guess import closest
from accelsim.hardware.rules import OrNone, Quantity, Rule, Whole
from accelsim.hardware.units import Refused

__all__ = ["Axis", "axis_of"]

_STEPS = {"B": "1 KiB", "B/s": "100 MB/s", "Hz": "10 MHz", "ps": "1 ns"}
_EXAMPLES = {"B": "16KiB..4MiB", "B/s": "400MB/s..25.6GB/s", "Hz": "100MHz..2GHz", "ps": "10ns..1us", "": "1..64"}
_SPREAD = 64
"""Without a range: from a 64th of the present value to 64 times that; counts: a 16th to 16 times."""
_COUNT_SPREAD = 16
_MOST_POINTS = 1 << 24


@dataclass(frozen=True, slots=True)
class Axis:
    """The values of one field, in its base unit.

    Attributes:
        field: dotted, as `--set` takes it.
        rule: what its values must be; writes them as a description would.
    """

    field: str
    rule: Quantity | Whole
    low: int
    high: int
    step: int

    @property
    def size(self) -> int:
        """How many points there are."""
        return -(-(self.high - self.low) // self.step) + 1

    @property
    def unit(self) -> str:
        """The unit of `value`; empty for counts."""
        return _unit(self.rule)

    def value(self, position: int) -> int:
        """The value at a position."""
        return min(self.low + position * self.step, self.high)

    def text(self, position: int) -> str:
        """The value as a description would hold it."""
        return self.written(self.value(position))

    def written(self, value: int) -> str:
        """Any value of this field as a description would hold it."""
        return str(self.rule.write(value))

    def setting(self, position: int) -> str:
        """The value as `--set` takes it."""
        return f"{self.field}={self.text(position)}"


def axis_of(hardware: Hardware, field: str, span: str | None = None, step: str | None = None) -> Axis:
    """The values of a field that are worth trying.

    Args:
        hardware: the description; its own value lies in the middle of the default range.
        field: dotted, as `--set` takes it.
        span: `lo..hi`, either end may be left out.
        step: distance of neighbouring values; 1 KiB, 100 MB/s, 10 MHz, 1 ns or 1 by default.

    Raises:
        ConfigurationError: there is no such field, it holds no whole number, or an end breaks its rule.

    >>> from accelsim.hardware import load
    >>> axis_of(load("edge_npu"), "scratchpad.capacity", "64KiB..1MiB").size
    961
    """
    rule, present = _field(hardware, field)
    width = _read(rule, step, "--step") if step is not None else _default_step(rule)
    if width < 1:
        raise ConfigurationError(f"--step: must be more than 0, got {step}")
    low, high = _ends(rule, span, _default_ends(rule, present, width))
    axis = Axis(field, rule, low, high, width)
    if low > high:
        raise ConfigurationError(f"--range: must go upwards, got {axis.written(low)}..{axis.written(high)}")
    if axis.size > _MOST_POINTS:
        raise ConfigurationError(
            f"--step: must leave at most {_MOST_POINTS:,} values to try, got {axis.size:,}; take a longer step"
        )
    return axis


def _field(hardware: Hardware, field: str) -> tuple[Quantity | Whole, object]:
    """The rule of a field and the value that the description gives it."""
    known = {facts.path: facts for facts in fields_of(Hardware) if _numeric(facts.rule)}
    if field not in known:
        guess = closest(field, known)
        remedy = f"did you mean {guess}?" if guess else f"fields are {', '.join(known)}"
        raise ConfigurationError(
            f"--field: must be a field that holds a whole number or a size, got {field!r}; {remedy}"
        )
    present: object = hardware
    for part in known[field].attribute.split("."):
        present = getattr(present, part, None)
    rule = _numeric(known[field].rule)
    assert rule is not None
    return rule, present


def _numeric(rule: Rule | None) -> Quantity | Whole | None:
    rule = rule.rule if isinstance(rule, OrNone) else rule
    if isinstance(rule, Whole) or (isinstance(rule, Quantity) and rule.whole):
        return rule
    return None


def _unit(rule: Quantity | Whole) -> str:
    return rule.dimension.base if isinstance(rule, Quantity) else ""


def _default_step(rule: Quantity | Whole) -> int:
    text = _STEPS.get(_unit(rule))
    return _read(rule, text, "--step") if text else 1


def _default_ends(rule: Quantity | Whole, present: object, step: int) -> tuple[int, int] | None:
    if not isinstance(present, int) or present < 1:
        return None
    spread = _SPREAD if isinstance(rule, Quantity) else _COUNT_SPREAD
    most = rule.maximum if isinstance(rule, Whole) else _read(rule, rule.maximum, "--range")
    return min(max(present // spread // step * step, step), present), min(present * spread, most)


def _ends(rule: Quantity | Whole, span: str | None, default: tuple[int, int] | None) -> tuple[int, int]:
    low, dots, high = (part.strip() for part in (".." if span is None else span).partition(".."))
    write = f"write e.g. --range {_EXAMPLES.get(_unit(rule), '1..64')}"
    if not dots:
        raise ConfigurationError(f"--range: must be lo..hi, got {span!r}; {write}")
    if default is None and not (low and high):
        raise ConfigurationError(f"--range: must name both ends, for the description gives the field no value; {write}")
    ends = default or (0, 0)
    return _read(rule, low, "--range") if low else ends[0], _read(rule, high, "--range") if high else ends[1]


def _read(rule: Quantity | Whole, text: str, where: str) -> int:
    try:
        value = rule.read(parse_scalar(text) if isinstance(rule, Whole) else text)
    except Refused as refused:
        raise ConfigurationError(f"{where}: {refused.rule}, got {text!r}; {refused.remedy}") from None
    assert isinstance(value, int)
    return value
