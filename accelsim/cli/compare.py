"""`accelsim compare`: a network as it is and restructured, on the same hardware, side by side."""

from __future__ import annotations

import argparse

from accelsim.cli.files import STANDARD_OUTPUT, require_places, write_text
from accelsim.cli.options import add_hardware, add_model, add_warm, hardware_of, network_of
from accelsim.cli.parser import Subparsers
from accelsim.cli.progress import stages

__all__ = ["register"]

_DOES_NOT_FIT = 4


def register(subparsers: Subparsers) -> None:
    """Add the command `compare`."""
    parser = subparsers.add_parser("compare", help="a network as it is and restructured, on the same hardware")
    add_hardware(parser)
    add_model(parser)
    add_warm(parser)
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--restructure", metavar="KIND|FILE", default="default",
        help="default (the knee), rows (nothing computed twice), robust (any order of execution), or a plan's file",
    )  # fmt: skip
    how.add_argument("--against", metavar="FILE|NAME", help="compare with this model instead")
    parser.add_argument("--json", metavar="FILE|-", help="write both runs and their change as JSON")
    parser.add_argument("--report", metavar="FILE", help="write all of it as one HTML file")
    parser.set_defaults(handler=run)


def run(args: argparse.Namespace) -> int:
    """Run both, write what was asked for, then draw the screen; 4 if the restructured network does not fit.

    Raises:
        AccelsimError, RestructureError: model, hardware or a file is not as it must be.
    """
    from accelsim.explore import compare

    require_places([args.json, args.report])
    if args.report:
        from accelsim.report.page import require_plotly

        require_plotly()
    hardware, graph = hardware_of(args), network_of(args)
    with stages() as stage:
        found = compare(
            graph,
            hardware,
            restructure=args.restructure,
            against=args.against,
            warm=args.warm,
            stage=stage,
        )
    if args.report and found.runs:
        from accelsim.report.page import report_page

        write_text(args.report, report_page(found))
    if args.json:
        write_text(args.json, found.to_json() + "\n")
    if args.json != STANDARD_OUTPUT:
        from accelsim.report import comparison_screen, show

        show(lambda width: comparison_screen(found, width))
    return 0 if found.restructured else _DOES_NOT_FIT
