"""`accelsim explain`: one layer's loop nest, where its operands are held, and why."""

from __future__ import annotations

import argparse

from accelsim.cli.options import add_hardware, add_mapping, add_model, add_warm, run_of
from accelsim.cli.parser import Subparsers
from accelsim.cli.selection import layer_called

__all__ = ["register"]


def register(subparsers: Subparsers) -> None:
    """Add the command `explain`."""
    parser = subparsers.add_parser("explain", help="one layer's loop nest, where its operands are held, and why")
    add_hardware(parser)
    add_model(parser)
    add_mapping(parser)
    add_warm(parser)
    parser.add_argument("--layer", metavar="NAME", required=True, help="a layer's name, or a node fused into it")
    parser.set_defaults(handler=run)


def run(args: argparse.Namespace) -> int:
    """Compile, time and explain.

    Raises:
        AccelsimError, RestructureError: model, hardware or a file is not as it must be, or has no such layer.
    """
    from accelsim.report import layer_screen, show

    timed = run_of(args)
    position = layer_called(args.layer, timed.compiled.program.layers)
    show(lambda width: layer_screen(timed.result, position, width))
    return 0
