"""The rules that one value of a description can break: what it must be, its limits, and how it is written back.

A rule sits in a field's annotation (`Annotated[int, Quantity(SIZE)]`). It turns what the YAML file holds into a plain
number, and says in one sentence what is wrong otherwise. Serialising a field gives the text that reads back as the same
value.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any

from pydantic_core import PydanticCustomError, core_schema

from accelsim.hardware.guess import closest
from accelsim.hardware.units import Dimension, Refused, format_quantity, parse

__all__ = ["ERROR_TYPE", "Choice", "Flag", "OrNone", "Quantity", "Rule", "Text", "Texts", "Whole"]

ERROR_TYPE = "accelsim_rule"


@dataclass(frozen=True)
class Rule:
    """What every rule can do; subclasses say how."""

    def read(self, value: object) -> object:
        """The plain value for what the description holds.

        Raises:
            Refused: the value breaks the rule.
        """
        raise NotImplementedError

    def write(self, value: Any) -> Any:
        """What a description would hold for the plain value."""
        return value

    def json_schema(self) -> dict[str, Any]:
        """The rule as JSON schema."""
        raise NotImplementedError

    @property
    def summary(self) -> str:
        """The rule in a few words, for the manual."""
        raise NotImplementedError

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self._validate, serialization=core_schema.plain_serializer_function_ser_schema(self.write)
        )

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return self.json_schema()

    def _validate(self, value: object) -> object:
        try:
            return self.read(value)
        except Refused as refused:
            context = {"rule": refused.rule, "remedy": refused.remedy}
            raise PydanticCustomError(ERROR_TYPE, "{rule}; {remedy}", context) from None


@dataclass(frozen=True)
class Quantity(Rule):
    """A number with a unit, kept in the dimension's base unit: an int when `whole`, else a float.

    Attributes:
        dimension: what it measures and in which units.
        maximum: the largest value, as text with a unit.
        zero: whether 0 is allowed.
        whole: whether it must be a whole number of base units.
        example: a sensible value; the dimension's own when empty.
    """

    dimension: Dimension
    maximum: str
    zero: bool = False
    whole: bool = True
    example: str = ""

    def read(self, value: object) -> int | float:
        number = parse(value, self.dimension)
        base, example = self.dimension.base, f"write e.g. {self.example or self.dimension.example}"
        if number < 0 or (number == 0 and not self.zero):
            raise Refused(f"must be {'≥' if self.zero else '>'} 0 {base}", example)
        if number > parse(self.maximum, self.dimension):
            raise Refused(f"must be ≤ {self.maximum}", example)
        if not self.whole:
            return float(number)
        if number.denominator != 1:
            raise Refused(f"must be a whole number of {base}", f"{_nearest(number, self.dimension)} is the nearest")
        return int(number)

    def write(self, value: Any) -> str:
        return format_quantity(value, self.dimension)

    def json_schema(self) -> dict[str, Any]:
        units = "|".join(self.dimension.units)
        pattern = rf"^\s*\+?[0-9.]+([eE][+-]?[0-9]{{1,2}})?\s*({units})\s*$"
        return {"type": "string", "pattern": pattern, "examples": [self.example or self.dimension.example]}

    @property
    def summary(self) -> str:
        return f"{self.dimension.what.split(' ', 1)[1]} {'≥' if self.zero else '>'} 0"


def _nearest(number: Fraction, dimension: Dimension) -> str:
    return format_quantity(max(round(number), 1), dimension)


@dataclass(frozen=True)
class Whole(Rule):
    """A whole number without a unit (or with the unit in its name)."""

    minimum: int = 1
    maximum: int = 1_000_000

    def read(self, value: object) -> int:
        example = f"write e.g. {max(self.minimum, 1)}"
        if not isinstance(value, int) or isinstance(value, bool):
            raise Refused("must be a whole number", example)
        if value < self.minimum:
            raise Refused(f"must be ≥ {self.minimum}", example)
        if value > self.maximum:
            raise Refused(f"must be ≤ {self.maximum}", f"write at most {self.maximum}")
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}

    @property
    def summary(self) -> str:
        return f"whole number ≥ {self.minimum}"


@dataclass(frozen=True)
class OrNone(Rule):
    """A rule for a value that may be left out (null)."""

    rule: Rule

    def read(self, value: object) -> object:
        return None if value is None else self.rule.read(value)

    def write(self, value: Any) -> Any:
        return None if value is None else self.rule.write(value)

    def json_schema(self) -> dict[str, Any]:
        return {"anyOf": [self.rule.json_schema(), {"type": "null"}]}

    @property
    def summary(self) -> str:
        return f"{self.rule.summary}, or null"


@dataclass(frozen=True)
class Choice(Rule):
    """One of a few words.

    Attributes:
        words: the words.
        aliases: other spellings, each with its word.
    """

    words: type[StrEnum]
    aliases: Mapping[str, str] = field(default_factory=dict, hash=False)

    def read(self, value: object) -> StrEnum:
        known = [word.value for word in self.words]
        if isinstance(value, str):
            text = self.aliases.get(value.strip().lower(), value.strip().lower())
            for word in self.words:
                if text == word.value.lower():
                    return word
        raise Refused(f"must be one of {', '.join(known)}", _guess_word(value, [*known, *self.aliases]))

    def write(self, value: Any) -> str:
        return str(value)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": [*(word.value for word in self.words), *self.aliases]}

    @property
    def summary(self) -> str:
        return " or ".join(f"`{word.value}`" for word in self.words)


def _guess_word(value: object, known: list[str]) -> str:
    guess = closest(str(value), known)
    return f"did you mean {guess}?" if guess else f"write e.g. {known[0]}"


@dataclass(frozen=True)
class Flag(Rule):
    """true or false."""

    def read(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise Refused("must be true or false", "write true or false")
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    @property
    def summary(self) -> str:
        return "true or false"


@dataclass(frozen=True)
class Text(Rule):
    """One piece of text without control characters."""

    pattern: str = r"[^\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*"
    rule: str = "must be text without control characters"
    longest: int = 2000

    def read(self, value: object) -> str:
        if not isinstance(value, str) or re.fullmatch(self.pattern, value.strip()) is None:
            raise Refused(self.rule, "write plain words")
        if len(value) > self.longest:
            raise Refused(f"must be at most {self.longest} characters", "shorten it")
        return " ".join(value.split())

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.longest}

    @property
    def summary(self) -> str:
        return "text"


@dataclass(frozen=True)
class Texts(Rule):
    """A list of texts."""

    def read(self, value: object) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise Refused("must be a list of texts", "write each on a line of its own, after a dash")
        return tuple(Text().read(item) for item in value)

    def write(self, value: Any) -> list[str]:
        return list(value)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "array", "items": Text().json_schema()}

    @property
    def summary(self) -> str:
        return "list of texts"
