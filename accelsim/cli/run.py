"""`accelsim run`: a network on a described accelerator, timed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from accelsim.cli.files import STANDARD_OUTPUT, require_places, write_text
from accelsim.cli.options import add_hardware, add_mapping, add_model, add_warm, amount, run_of
from accelsim.cli.parser import Subparsers

if TYPE_CHECKING:
    from accelsim.results import SimulationResult

__all__ = ["register"]

_REPORT_WIDTH = 100


def register(subparsers: Subparsers) -> None:
    """Add the command `run`."""
    parser = subparsers.add_parser("run", help="run a network on an accelerator: cycles, bytes, energy, and why")
    add_hardware(parser)
    add_model(parser)
    add_mapping(parser)
    add_warm(parser)
    parser.add_argument(
        "--layers",
        metavar="N|all",
        type=amount,
        default=8,
        help="list the N slowest layers, or all in order (default: 8)",
    )
    parser.add_argument("--json", metavar="FILE|-", help="write the result as JSON")
    parser.add_argument("--csv", metavar="DIR", help="write the result's tables as CSV files")
    parser.add_argument("-o", "--out", metavar="DIR", help="write all of it: result.json, the CSV files, report.txt")
    parser.add_argument(
        "--trace", metavar="FILE", help="write what every unit did when: .pftrace (ui.perfetto.dev), .json"
    )
    parser.add_argument("--quiet", action="store_true", help="print neither screen nor notes")
    parser.set_defaults(handler=run)


def run(args: argparse.Namespace) -> int:
    """Run, write what was asked for, then draw the screen.

    Raises:
        AccelsimError, RestructureError: model, hardware or a file is not as it must be.
    """
    require_places([args.json, args.trace], [args.csv, args.out])
    if args.trace:
        from accelsim.report.tracing import require_traceable, write_trace

        require_traceable(args.trace)
    timed = run_of(args, args.quiet)
    result = timed.result
    if args.trace:
        write_trace(timed, args.trace)
    _write(result, args)
    if not args.quiet and args.json != STANDARD_OUTPUT:
        from accelsim.report import run_screen, show

        show(lambda width: run_screen(result, width, args.layers))
    return 0


def _write(result: SimulationResult, args: argparse.Namespace) -> None:
    if args.csv:
        from accelsim.results import write_csv

        write_csv(result, args.csv)
    if args.out:
        _write_all(result, args.out)
    if args.json:
        write_text(args.json, result.to_json() + "\n")


def _write_all(result: SimulationResult, folder: str) -> None:
    from accelsim.report import run_screen, to_text
    from accelsim.results import write_csv, write_json

    write_csv(result, folder)
    write_json(result, Path(folder) / "result.json")
    report = to_text(lambda width: run_screen(result, width, layers=None), _REPORT_WIDTH)
    write_text(str(Path(folder) / "report.txt"), report)
