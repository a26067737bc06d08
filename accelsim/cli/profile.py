"""`accelsim profile`: active memory of a model over time, no hardware involved."""

from __future__ import annotations

import argparse

from accelsim.cli.files import STANDARD_OUTPUT, require_places, write_json
from accelsim.cli.options import add_model, amount, network_of
from accelsim.cli.parser import Subparsers

__all__ = ["register"]


def register(subparsers: Subparsers) -> None:
    """Add the command `profile`."""
    parser = subparsers.add_parser("profile", help="active memory of a model over time (no hardware needed)")
    add_model(parser)
    parser.add_argument(
        "--dtype", choices=("int8", "fp16", "fp32"), help="bytes per element (default: the model's own types)"
    )
    parser.add_argument(
        "--add-in-place", action="store_true", help="let an Add overwrite an operand nobody reads again"
    )
    parser.add_argument("--no-fusion", action="store_true", help="BatchNorm and activations do not work in place")
    parser.add_argument("--input-not-counted", action="store_true", help="leave the network's input out")
    parser.add_argument(
        "--steps",
        metavar="N|all",
        type=amount,
        default=5,
        help="list the N fullest steps, or all in order (default: 5)",
    )
    parser.add_argument("--json", metavar="FILE|-", help="write the profile as JSON")
    parser.set_defaults(handler=run)


def run(args: argparse.Namespace) -> int:
    """Profile a model and print the result.

    Raises:
        ConfigurationError, RestructureError: there is no such model, or it cannot be analysed.
    """
    from accelsim.network import name_of
    from accelsim.results import SCHEMA_VERSION
    from restructure.profile import Definition, profile

    require_places([args.json])
    graph = network_of(args)
    definition = Definition(
        input_counted=not args.input_not_counted,
        activation_in_place=not args.no_fusion,
        add_in_place=args.add_in_place,
        dtype=args.dtype,
    )
    name, found = name_of(graph), profile(graph, definition)
    if args.json:
        write_json(args.json, {"schema_version": SCHEMA_VERSION, "model": name, **found.to_dict()})
    if args.json != STANDARD_OUTPUT:
        from accelsim.report import profile_screen, show

        show(lambda width: profile_screen(name, found, width, args.steps))
    return 0
