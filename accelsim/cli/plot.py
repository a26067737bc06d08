"""`accelsim plot`: one picture of a run, of a comparison or of a network's active memory, as PNG, SVG or PDF."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from accelsim.cli.files import require_places
from accelsim.cli.options import network_of
from accelsim.cli.parser import Subparsers
from accelsim.cli.sources import add_source, source_of
from accelsim.errors import ConfigurationError

if TYPE_CHECKING:
    from accelsim.report.pictures.drawing import Picture
    from accelsim.results import SimulationResult

__all__ = ["register"]

_KINDS = ("occupancy", "memory-map", "roofline", "cycles", "profile")
_LAYERS = 40


def register(subparsers: Subparsers) -> None:
    """Add the command `plot`."""
    parser = subparsers.add_parser("plot", help="one picture: occupancy, memory map, roofline, cycles, active memory")
    parser.add_argument("kind", metavar="KIND", choices=_KINDS, help=", ".join(_KINDS))
    add_source(parser)
    parser.add_argument("--memory", metavar="NAME", default="", help="which memory (default: the scratchpad)")
    parser.add_argument("-o", "--out", metavar="FILE", required=True, help="where to: .png, .svg or .pdf")
    parser.set_defaults(handler=run)


def run(args: argparse.Namespace) -> int:
    """Draw the picture.

    Raises:
        AccelsimError, RestructureError: options, model, hardware or a file are not as they must be.
    """
    from accelsim.report.pictures.drawing import require_drawable, save_picture

    require_places([args.out])
    require_drawable(args.out)
    save_picture(_profile(args) if args.kind == "profile" else _of_run(args), args.out)
    return 0


def _profile(args: argparse.Namespace) -> Picture:
    from accelsim.network import name_of
    from accelsim.report.pictures import profile_steps
    from restructure.profile import profile

    if not args.model:
        raise ConfigurationError("--model: must be given for a picture of active memory")
    graph = network_of(args)
    return profile_steps(name_of(graph), profile(graph))


def _of_run(args: argparse.Namespace) -> Picture:
    from accelsim.report.pictures import cycles_by_layer, occupancy, rectangles, roofline

    found = source_of(args)
    if not found.runs:
        raise ConfigurationError(f"plot: must have a run to draw, got none: {found.sentence}")
    result = next(iter(found.runs.values()))
    _require_memory(result, args.memory)
    other = found.restructured if found.original else None
    if args.kind == "occupancy":
        return occupancy(result, other, args.memory)
    result = other or result
    if args.kind == "memory-map":
        return rectangles(result, args.memory)
    return roofline(result) if args.kind == "roofline" else cycles_by_layer(result, _LAYERS)


def _require_memory(result: SimulationResult, name: str) -> None:
    names = [memory.name for memory in result.memories]
    if name and name not in names:
        raise ConfigurationError(f"--memory: must be one of {', '.join(names)}, got {name!r}")
