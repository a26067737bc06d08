"""Where pictures and reports come from: a run that the options describe, or a saved document."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from accelsim.cli.options import add_hardware, add_model, add_warm, hardware_of, network_of
from accelsim.cli.parser import Parser
from accelsim.cli.progress import stages
from accelsim.errors import ConfigurationError

if TYPE_CHECKING:
    from accelsim.explore import Comparison

__all__ = ["add_source", "source_of"]


def add_source(parser: Parser) -> None:
    """Add `--hw`, `--model` with what belongs to them, `--restructure`, and `--from`."""
    add_hardware(parser)
    add_model(parser)
    for action in parser._actions:
        action.required = False
    add_warm(parser)
    parser.add_argument(
        "--restructure", metavar="KIND|FILE", help="compare: default, rows, robust, or a plan's file"
    )  # fmt: skip
    parser.add_argument(
        "--from", dest="saved", metavar="FILE", help="draw a saved result of `run --json` or `compare --json`"
    )


def source_of(args: argparse.Namespace) -> Comparison:
    """The comparison; a single run is one whose restructured side is missing.

    Raises:
        AccelsimError, RestructureError: options contradict each other, or something is not as it must be.
    """
    given = [name for name, value in (("--hw", args.hw), ("--model", args.model)) if value]
    if args.saved:
        if given:
            raise ConfigurationError(f"--from: must stand alone, got {given[0]} as well; leave one of them out")
        return _saved(args.saved)
    if len(given) < 2:
        raise ConfigurationError("--hw, --model: must both be given, or --from a saved result instead")
    return _fresh(args)


def _saved(path: str) -> Comparison:
    from accelsim.explore import Comparison
    from accelsim.files import read_text
    from accelsim.results import from_dict

    try:
        document = json.loads(read_text(path))
    except ValueError as error:
        raise ConfigurationError(f"{path}: must be JSON, got {error}; name a file of `accelsim run --json`") from None
    if isinstance(document, dict) and "original" in document:
        return Comparison.from_dict(document, path)
    return Comparison(from_dict(document, path), None, "")


def _fresh(args: argparse.Namespace) -> Comparison:
    from accelsim.explore import Comparison, compare
    from accelsim.simulation import compile_model, time_run

    hardware, graph = hardware_of(args), network_of(args)
    with stages() as stage:
        if args.restructure:
            return compare(graph, hardware, restructure=args.restructure, warm=args.warm, stage=stage)
        return Comparison(time_run(compile_model(graph, hardware, None, args.warm, stage), args.warm).result, None, "")
