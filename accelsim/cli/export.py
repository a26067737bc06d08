"""`accelsim export`: a sweep's points as CSV, Parquet or JSON."""

from __future__ import annotations

import argparse
from pathlib import Path

from accelsim.cli.files import require_places
from accelsim.cli.options import add_results, results_of
from accelsim.cli.parser import Subparsers

__all__ = ["register"]


def register(subparsers: Subparsers) -> None:
    """Add the command `export`."""
    parser = subparsers.add_parser("export", help="a sweep's points as a table: CSV, Parquet or JSON")
    add_results(parser, grouped=False)
    parser.add_argument("-o", "--out", metavar="FILE", required=True, help="where to: .csv, .parquet or .json")
    parser.add_argument("--all-fields", action="store_true", help="every hardware field, not only those that vary")
    parser.set_defaults(handler=run)


def run(args: argparse.Namespace) -> int:
    """Write the table.

    Raises:
        AccelsimError: the results file, a condition or the place is not as it must be.
    """
    from accelsim.explore.choosing import require_format, write_table

    require_places([args.out])
    require_format(args.out)
    write_table(Path(args.out), results_of(args).table(args.all_fields))
    return 0
