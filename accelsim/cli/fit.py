"""`accelsim fit`: the smallest value of a hardware field that does it."""

from __future__ import annotations

import argparse
from fractions import Fraction
from typing import TYPE_CHECKING

from accelsim.cli.files import STANDARD_OUTPUT, require_places, write_json
from accelsim.cli.options import add_hardware, add_mapping, add_model, add_warm, hardware_of, network_of
from accelsim.cli.parser import Subparsers
from accelsim.cli.screen import note

if TYPE_CHECKING:
    from accelsim.explore import FitResult
    from accelsim.hardware import Hardware
    from restructure.graph import Graph

__all__ = ["register"]


def register(subparsers: Subparsers) -> None:
    """Add the command `fit`."""
    parser = subparsers.add_parser("fit", help="how small may it be? the smallest value of a hardware field that does")
    add_hardware(parser)
    add_model(parser)
    add_mapping(parser)
    add_warm(parser)
    parser.add_argument(
        "--field", metavar="PATH", required=True, help="what to shrink: scratchpad.capacity, dram.bandwidth, …"
    )
    parser.add_argument("--no-spill", action="store_true", help="no intermediate activation may go to DRAM")
    parser.add_argument(
        "--latency-within", metavar="P%", type=_share, help="at most P %% slower than at the upper end of the range"
    )
    parser.add_argument(
        "--range", dest="span", metavar="LO..HI", help="values to try (default: a 64th to 64 times; counts: 16)"
    )
    parser.add_argument(
        "--step", metavar="SIZE", help="distance of values (default: 1 KiB, 100 MB/s, 10 MHz, 1 ns or 1)"
    )
    parser.add_argument(
        "--restructure", action="store_true", help="ask the same of the restructured network, and show both"
    )
    parser.add_argument("--json", metavar="FILE|-", help="write the result as JSON")
    parser.set_defaults(handler=run)


def _share(text: str) -> Fraction:
    from accelsim.errors import ConfigurationError
    from accelsim.explore import share

    try:
        return share(text)
    except ConfigurationError as error:
        raise argparse.ArgumentTypeError(str(error).removeprefix("--latency-within: ")) from None


def run(args: argparse.Namespace) -> int:
    """Search, write what was asked for, then draw the screen.

    Raises:
        AccelsimError, RestructureError: model, hardware or a file is not as it must be, or no value does it.
    """
    require_places([args.json])
    hardware, graph = hardware_of(args), network_of(args)
    found = _both(args, hardware, graph) if args.restructure else {"": _fit(args, hardware, graph)}
    if args.json:
        write_json(args.json, _document(found))
    if args.json != STANDARD_OUTPUT:
        from accelsim.report import fit_screen, show

        for result in found.values():
            show(lambda width, result=result: fit_screen(result, width))  # type: ignore[misc]
    return 0


def _fit(args: argparse.Namespace, hardware: Hardware, graph: Graph) -> FitResult:
    from accelsim.explore import fit
    from restructure.command.progress import Bar

    with Bar() as progress:
        return fit(
            graph,
            hardware,
            args.field,
            no_spill=args.no_spill,
            latency_within=args.latency_within,
            span=args.span,
            step=args.step,
            mapping=args.mapping,
            warm=args.warm,
            progress=progress,
        )


def _both(args: argparse.Namespace, hardware: Hardware, graph: Graph) -> dict[str, FitResult]:
    """The network as it is and restructured; one of them may fail to reach the goal."""
    from accelsim.errors import DoesNotFitError, GoalMissedError
    from accelsim.explore import restructured

    found: dict[str, FitResult] = {}
    try:
        found[""] = _fit(args, hardware, graph)
    except (DoesNotFitError, GoalMissedError) as error:
        note([f"without restructuring: {error}"])
    found["restructured"] = _fit(args, hardware, restructured(graph, hardware))
    return found


def _document(found: dict[str, FitResult]) -> dict[str, object]:
    document = found[""].to_dict() if "" in found else {}
    if "restructured" in found:
        document["restructured"] = found["restructured"].to_dict()
    return document
