"""`accelsim sweep`: every point of a sweep's file, kept in one results file."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from accelsim.cli.options import add_executor
from accelsim.cli.parser import Subparsers
from accelsim.cli.screen import note

if TYPE_CHECKING:
    from accelsim.explore.sweeping import Definition, SweepResults

__all__ = ["RESULTS", "register"]

RESULTS = "results.db"
_INTERNAL_ERROR = 1


def register(subparsers: Subparsers) -> None:
    """Add the command `sweep`."""
    parser = subparsers.add_parser("sweep", help="many runs from one file: networks × hardware × restructuring")
    parser.add_argument("sweep", metavar="FILE", help="a sweep's YAML file, see docs/sweeps.md")
    parser.add_argument(
        "--store", metavar="FILE", default=RESULTS, help=f"the results file, begun or gone on with (default: {RESULTS})"
    )
    add_executor(parser)
    parser.add_argument(
        "--retry", action="store_true", help="run points again that failed by a defect or with a worker that died"
    )
    parser.add_argument("--dry-run", action="store_true", help="only say which points there are and how many are done")
    parser.set_defaults(handler=run)


def run(args: argparse.Namespace) -> int:
    """Run what is not done yet, then say what there is; 1 if a defect stopped a point.

    Raises:
        AccelsimError: the sweep, the results file or the executor is not as it must be.
        KeyboardInterrupt: after saying that what is done is kept.
    """
    from accelsim.cli.tally import TallyBar
    from accelsim.explore.sweeping import read_definition, sweep

    definition = read_definition(args.sweep)
    if args.dry_run:
        return _show_points(args, definition)
    try:
        with TallyBar() as progress:
            found = sweep(
                definition,
                args.store,
                jobs=args.jobs,
                executor=args.executor,
                scheduler=args.scheduler,
                retry=args.retry,
                progress=progress,
            )
    except KeyboardInterrupt:
        note([f"what is finished is kept in {args.store}; the same command goes on from there"])
        raise
    return _show(args, found, definition.objectives)


def _show(args: argparse.Namespace, found: SweepResults, objectives: tuple[str, ...]) -> int:
    from accelsim.explore.store import Status
    from accelsim.report import show, sweep_screen

    show(lambda width: sweep_screen(found, objectives, width))
    failed = found.counts[Status.FAILED]
    if failed:
        note([f"{failed:,} points failed; `accelsim sweep {args.sweep} --store {args.store} --retry` tries them again"])
    return _INTERNAL_ERROR if failed else 0


def _show_points(args: argparse.Namespace, definition: Definition) -> int:
    from accelsim.explore.sweeping import finished_points
    from accelsim.report import points_screen, show

    finished = finished_points(definition, args.store)
    show(lambda width: points_screen(definition, finished, args.store, width))
    return 0
