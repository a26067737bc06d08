"""`accelsim pareto`: of a sweep's points, those that no other beats in two quantities or more at once."""

from __future__ import annotations

import argparse

from accelsim.cli.files import STANDARD_OUTPUT, require_places, write_json, write_text
from accelsim.cli.options import add_results, results_of
from accelsim.cli.parser import Subparsers

__all__ = ["register"]


def register(subparsers: Subparsers) -> None:
    """Add the command `pareto`."""
    parser = subparsers.add_parser("pareto", help="a sweep's best trade-offs between two quantities, or more")
    add_results(parser)
    parser.add_argument("--x", metavar="QUANTITY", required=True, help="e.g. scratchpad.capacity, energy, peak")
    parser.add_argument("--y", metavar="QUANTITY", required=True, help="e.g. latency, dram, edp")
    parser.add_argument(
        "--and", dest="more", metavar="QUANTITY", action="append", default=[], help="a further one (repeatable)"
    )
    parser.add_argument("--json", metavar="FILE|-", help="write the fronts as JSON")
    parser.add_argument("--plot", metavar="FILE", help="draw points and fronts: .png, .svg or .pdf")
    parser.add_argument("--report", metavar="FILE", help="write an HTML page: points, fronts, every parameter")
    parser.set_defaults(handler=run)


def run(args: argparse.Namespace) -> int:
    """Find the fronts, write what was asked for, then draw the screen.

    Raises:
        AccelsimError: the results file, a quantity or a condition is not as it must be.
    """
    from accelsim.explore.sweeping import fronts_of

    require_places([args.json, args.plot, args.report])
    _require_drawing(args)
    results = results_of(args)
    found = fronts_of(results, (args.x, args.y, *args.more), args.by)
    if args.plot:
        from accelsim.report.pictures import scatter
        from accelsim.report.pictures.drawing import save_picture

        save_picture(scatter(found), args.plot)
    if args.report:
        from accelsim.report.page import sweep_page

        write_text(args.report, sweep_page(results, found))
    if args.json:
        write_json(args.json, found.to_dict())
    if args.json != STANDARD_OUTPUT:
        from accelsim.report import fronts_screen, show

        show(lambda width: fronts_screen(found, width))
    return 0


def _require_drawing(args: argparse.Namespace) -> None:
    if args.plot:
        from accelsim.report.pictures.drawing import require_drawable

        require_drawable(args.plot)
    if args.report:
        from accelsim.report.page import require_plotly

        require_plotly()
