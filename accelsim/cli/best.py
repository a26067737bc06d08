"""`accelsim best`: of a sweep's points, the best few by one objective, under conditions."""

from __future__ import annotations

import argparse

from accelsim.cli.files import STANDARD_OUTPUT, require_places, write_json
from accelsim.cli.options import add_results, amount, results_of
from accelsim.cli.parser import Subparsers
from accelsim.errors import ConfigurationError

__all__ = ["register"]

_MOST = 5


def register(subparsers: Subparsers) -> None:
    """Add the command `best`."""
    parser = subparsers.add_parser("best", help="a sweep's best points by one objective, under conditions")
    add_results(parser)
    parser.add_argument(
        "--objective",
        metavar="QUANTITY",
        default="latency",
        help="latency (default), energy, edp, dram, peak, …",
    )
    parser.add_argument("--most", metavar="N|all", type=amount, default=_MOST, help=f"how many (default: {_MOST})")
    parser.add_argument("--json", metavar="FILE|-", help="write them as JSON")
    parser.set_defaults(handler=run)


def run(args: argparse.Namespace) -> int:
    """Find them, write what was asked for, then draw the screen.

    Raises:
        AccelsimError: the results file, a quantity or a condition is not as it must be, or no point meets them.
    """
    from accelsim.explore.sweeping import ranking_of

    require_places([args.json])
    found = ranking_of(results_of(args), args.objective, args.by, args.most)
    if not any(found.groups.values()):
        raise ConfigurationError("best: must have a point that meets all conditions, got none; loosen one")
    if args.json:
        write_json(args.json, found.to_dict())
    if args.json != STANDARD_OUTPUT:
        from accelsim.report import ranking_screen, show

        show(lambda width: ranking_screen(found, width))
    return 0
