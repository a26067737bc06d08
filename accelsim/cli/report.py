"""`accelsim report`: one HTML file with everything there is to see of a run or a comparison."""

from __future__ import annotations

import argparse

from accelsim.cli.files import require_places, write_text
from accelsim.cli.parser import Subparsers
from accelsim.cli.sources import add_source, source_of

__all__ = ["register"]


def register(subparsers: Subparsers) -> None:
    """Add the command `report`."""
    parser = subparsers.add_parser("report", help="one HTML file with everything there is to see, readable offline")
    add_source(parser)
    parser.add_argument("-o", "--out", metavar="FILE", required=True, help="where to, e.g. report.html")
    parser.set_defaults(handler=run)


def run(args: argparse.Namespace) -> int:
    """Write the page.

    Raises:
        AccelsimError, RestructureError: options, model, hardware or a file are not as they must be.
    """
    from accelsim.report.page import report_page, require_plotly

    require_places([args.out])
    require_plotly()
    write_text(args.out, report_page(source_of(args)))
    return 0
