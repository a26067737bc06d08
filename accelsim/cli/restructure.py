"""`accelsim restructure`: flatten a network's peak of active memory. The work is done in the package `restructure`."""

from __future__ import annotations

import argparse
from typing import Any

from accelsim.cli.parser import Parser, Subparsers

__all__ = ["register"]


def register(subparsers: Subparsers) -> None:
    """Add the command `restructure`."""
    parser = subparsers.add_parser("restructure", help="flatten a network's peak of active memory, values unchanged")
    parser.set_defaults(handler=run)
    _add_options_when_asked(parser)


def _add_options_when_asked(parser: Parser) -> None:
    """Let the package name its options only when the command is used: importing it takes longer than all help."""
    parse = parser.parse_known_args
    added: list[bool] = []

    def parse_known_args(args: Any = None, namespace: Any = None) -> Any:
        if not added:
            from restructure.command import add_options

            add_options(parser)
            added.append(True)
        return parse(args, namespace)

    parser.parse_known_args = parse_known_args  # type: ignore[method-assign]


def run(args: argparse.Namespace) -> int:
    """Restructure and print the result; returns the exit code.

    Raises:
        RestructureError: the model cannot be used, or a file cannot be written.
    """
    from restructure.command import run as restructure

    return restructure(args, program="accelsim")
