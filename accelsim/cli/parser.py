"""An argument parser whose mistakes become `ConfigurationError`s that guess what was meant."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn, TypeAlias

from accelsim.errors import ConfigurationError

__all__ = ["Parser", "Subparsers", "whole"]


class Parser(argparse.ArgumentParser):
    """Refuses abbreviations and unknown options (did you mean …?); its commands are Parsers as well."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)
        self.add_argument(
            "--debug", action="store_true", default=argparse.SUPPRESS, help="print the traceback when something fails"
        )

    def error(self, message: str) -> NoReturn:
        """Raise the mistake instead of leaving the process."""
        raise ConfigurationError(f"{message.removeprefix('argument ')}; see `{self.prog} --help`")

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse, and refuse here what this parser does not know, so that the right command's options are named."""
        if args is not None and not self._has_commands():
            self._refuse_unknown_options(args)
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"{rest[0]!r}: must be an argument of `{self.prog}`, got {len(rest)} too many")
        return found, rest

    def _has_commands(self) -> bool:
        return self._subparsers is not None

    def _refuse_unknown_options(self, args: Sequence[str]) -> None:
        known = self._option_string_actions
        for argument in args:
            if argument == "--":
                return
            option = argument.partition("=")[0]
            short = argument[:2] if not argument.startswith("--") else option  # Its value may follow at once.
            if _is_option(argument) and option not in known and short not in known:
                self.error(f"{option}: must be an option of `{self.prog}`{_guess(option, known)}")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        choices = [str(choice) for choice in action.choices]
        name = "/".join(action.option_strings) or action.metavar or action.dest
        rule = f"must be one of {', '.join(choices)}, got {value!r}"
        self.error(f"{name}: {rule}{_guess(str(value), choices)}")


def _is_option(argument: str) -> bool:
    """Whether an argument is meant as an option: neither a value, nor - (a stream), nor a negative number."""
    return argument.startswith("-") and argument[1:2] not in {"", ".", *"0123456789"}


def _guess(word: str, known: Iterable[str]) -> str:
    from accelsim.hardware.guess import closest

    names = {name.lstrip("-"): name for name in known}  # Dashes do not count: all options have them.
    found = closest(word.lstrip("-"), names)
    return f"; did you mean {names[found]}?" if found else ""


Subparsers: TypeAlias = "argparse._SubParsersAction[Parser]"
"""Where a command registers itself."""


def whole(text: str) -> int:
    """A whole number of at least 0; the type of options that count."""
    if text.isascii() and text.isdigit():
        return int(text)
    raise argparse.ArgumentTypeError(f"must be a whole number of at least 0, got {text!r}")
