"""One problem in a description: where, which field, which rule, what was found, what would mend it."""

from dataclasses import dataclass

from accelsim.errors import ConfigurationError

__all__ = ["Path", "Place", "Problem", "failure", "quote", "raise_problems"]

Path = tuple[str | int, ...]
_LONGEST_QUOTE = 80


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value was written.

    Attributes:
        where: `file:line`, or the `--set` that wrote it.
        line: the line in the file, 0 for other places.
        text: the value as written; None for a mapping or a list.
    """

    where: str
    line: int = 0
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One line of a `ConfigurationError`."""

    where: str
    path: Path
    rule: str
    got: str
    remedy: str
    line: int = 0

    def __str__(self) -> str:
        dotted = ".".join(str(part) for part in self.path)
        start = f"{self.where}: {_clean(dotted)}: " if dotted else f"{self.where}: "
        return f"{start}{self.rule}, got {self.got}; {self.remedy}"


def failure(problem: Problem) -> ConfigurationError:
    """One problem as an error to raise."""
    return ConfigurationError(str(problem))


def raise_problems(problems: list[Problem]) -> None:
    """Raise all problems together, in the order of their lines; do nothing when there is none.

    Raises:
        ConfigurationError: there are problems.
    """
    if problems:
        raise ConfigurationError(*dict.fromkeys(str(item) for item in sorted(problems, key=lambda item: item.line)))


def quote(value: object, longest: int = _LONGEST_QUOTE) -> str:
    """A value for a message: on one line, without control characters, not too long."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return f"a mapping of {len(value)} keys"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)} items"
    text = _clean(str(value))
    return text if len(text) <= longest else f"{text[:longest]}…"


def _clean(text: str) -> str:
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
