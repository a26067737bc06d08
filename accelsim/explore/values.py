"""Values of a hardware field that are worth trying, as a user writes them: one, several, a range, powers.

8, 16, 32                 a list
32KiB..1MiB:x2            from the first by factors as long as the end is not passed
100MB/s..1GB/s:+100MB/s   from the first by steps; the + may be left out
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from accelsim.hardware import Hardware
from accelsim.hardware.document import parse_scalar
from accelsim.hardware.fields import fields_of
from accelsim.hardware.guess import closest
from accelsim.hardware.rules import OrNone, Quantity, Rule, Whole
from accelsim.hardware.units import Refused

__all__ = ["MOST_VALUES", "Values", "expanded", "field_rule", "split_list"]

MOST_VALUES = 100_000
_NOT_SWEPT = ("name", "description", "sources")
_FORM = "write e.g. 32KiB..1MiB:x2, or lo..hi:step, or a list"


@dataclass(frozen=True, slots=True)
class Values:
    """A field and the texts that a description would hold for it, each value once, in the order given."""

    field: str
    texts: tuple[str, ...]

    @property
    def settings(self) -> tuple[str, ...]:
        """Each value as `--set` takes it."""
        return tuple(f"{self.field}={text}" for text in self.texts)


def field_rule(field: str) -> Rule:
    """What a field's values must be.

    Raises:
        Refused: there is no such field, or it is a section.
    """
    rules = {facts.path: facts.rule for facts in fields_of(Hardware) if facts.path not in _NOT_SWEPT}
    rule = rules.get(field)
    if rule is not None:
        return rule
    inside = [path for path in rules if path.startswith(f"{field}.")]
    if inside:
        raise Refused("must be a single field, not a section", f"name one of {', '.join(inside)}")
    guess = closest(field, rules) or next((path for path in rules if path.rpartition(".")[2] == field), None)
    remedy = f"did you mean {guess}?" if guess else "see `accelsim hw schema` for the fields"
    raise Refused("must be a known field of the hardware", remedy)


def expanded(field: str, rule: Rule, written: Iterable[object]) -> Values:
    """The values that several entries mean, ranges written out.

    Args:
        field: dotted, as `--set` takes it.
        rule: what its values must be.
        written: each a value as a description would hold it, or the text of a range.

    Raises:
        Refused: an entry breaks the rule, or is no range; or there are too many.

    >>> expanded("scratchpad.capacity", field_rule("scratchpad.capacity"), ["32KiB..128KiB:x2"]).texts
    ('32 KiB', '64 KiB', '128 KiB')
    """
    texts: dict[str, None] = {}
    for entry in written:
        for value in _range(rule, entry) if _is_range(entry) else (rule.read(entry),):
            texts[_text(rule.write(value))] = None
            if len(texts) > MOST_VALUES:
                raise Refused(f"must be at most {MOST_VALUES:,} values", "take longer steps")
    if not texts:
        raise Refused("must name a value at least", _FORM)
    return Values(field, tuple(texts))


def split_list(text: str) -> list[object]:
    """The entries of a list as the command line writes it: commas between them, each a scalar."""
    return [parse_scalar(part.strip()) for part in text.split(",") if part.strip()]


def _text(value: Any) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_range(entry: object) -> bool:
    return isinstance(entry, str) and ".." in entry


def _range(rule: Rule, entry: object) -> Iterable[int]:
    number = rule.rule if isinstance(rule, OrNone) else rule
    if not isinstance(number, Whole) and not (isinstance(number, Quantity) and number.whole):
        raise Refused("must be written out: only sizes and whole numbers have ranges", "write a list of values")
    ends, colon, how = str(entry).partition(":")
    first, _, last = (part.strip() for part in ends.partition(".."))
    if not (first and last and colon and how.strip()):
        raise Refused("must be a range lo..hi:xFACTOR or lo..hi:STEP", _FORM)
    low, high = _read(number, first), _read(number, last)
    if low > high:
        raise Refused("must go upwards", f"write {last}..{first}:{how.strip()}")
    return _walk(number, low, high, how.strip())


def _walk(rule: Quantity | Whole, low: int, high: int, how: str) -> Iterable[int]:
    if how.startswith("x"):
        return _powers(low, high, _factor(how[1:]))
    step = _read(rule, how.removeprefix("+").strip())
    if step < 1:
        raise Refused("must have a step above 0", _FORM)
    return range(low, high + 1, step)


def _powers(low: int, high: int, factor: Fraction) -> Iterable[int]:
    value = Fraction(low)
    while 0 < value <= high:
        if value.denominator != 1:
            raise Refused(
                "must give whole values only", f"write them out, or take a whole factor: {float(value)} is none"
            )
        yield int(value)
        value *= factor


def _factor(text: str) -> Fraction:
    try:
        factor = Fraction(text)
    except (ValueError, ZeroDivisionError):
        factor = Fraction(0)
    if factor <= 1:
        raise Refused("must have a factor above 1 behind the x", _FORM)
    return factor


def _read(rule: Quantity | Whole, text: str) -> int:
    value = rule.read(parse_scalar(text) if isinstance(rule, Whole) else text)
    assert isinstance(value, int)
    return value
