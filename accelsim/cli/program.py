"""`accelsim program`: the listing of the compiled Program."""

from __future__ import annotations

import argparse

from accelsim.cli.files import STANDARD_OUTPUT, require_places, write_json
from accelsim.cli.options import add_hardware, add_mapping, add_model, add_warm, amount, run_of
from accelsim.cli.parser import Subparsers
from accelsim.cli.selection import layer_called

__all__ = ["register"]


def register(subparsers: Subparsers) -> None:
    """Add the command `program`."""
    parser = subparsers.add_parser("program", help="list the compiled program: units, addresses, tiles, cycles")
    add_hardware(parser)
    add_model(parser)
    add_mapping(parser)
    add_warm(parser)
    parser.add_argument("--layer", metavar="NAME", help="list one layer's instructions only")
    parser.add_argument(
        "--limit", metavar="N|all", type=amount, default=20, help="list the first N instructions (default: 20)"
    )
    parser.add_argument("--json", metavar="FILE|-", help="write the listing as JSON")
    parser.set_defaults(handler=run)


def run(args: argparse.Namespace) -> int:
    """Compile, time and list.

    Raises:
        AccelsimError, RestructureError: model, hardware or a file is not as it must be.
    """
    from accelsim.report import listing_document, listing_screen, show

    require_places([args.json])
    timed = run_of(args)
    program, trace = timed.compiled.program, timed.trace
    chosen = list(range(len(program.instructions)))
    if args.layer is not None:
        layer = layer_called(args.layer, program.layers)
        chosen = [position for position in chosen if program.instructions[position].layer == layer]
    shown = chosen[: args.limit]
    if args.json:
        write_json(args.json, listing_document(program, trace, shown))
    if args.json != STANDARD_OUTPUT:
        show(lambda width: listing_screen(program, trace, shown, len(chosen), width))
    return 0
