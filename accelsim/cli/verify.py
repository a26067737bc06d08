"""`accelsim verify`: the timed Program executed with real numbers, against onnxruntime."""

from __future__ import annotations

import argparse

from accelsim.cli.files import STANDARD_OUTPUT, require_places, write_json
from accelsim.cli.options import add_hardware, add_mapping, add_model, add_warm, hardware_of, network_of
from accelsim.cli.parser import Subparsers, whole
from accelsim.cli.progress import stages

__all__ = ["register"]


def register(subparsers: Subparsers) -> None:
    """Add the command `verify`."""
    parser = subparsers.add_parser("verify", help="execute the timed program with real numbers, against onnxruntime")
    add_hardware(parser)
    add_model(parser)
    add_mapping(parser)
    add_warm(parser)
    parser.add_argument(
        "--orders", metavar="N", type=whole, default=2, help="random legal orders besides the trace's (default: 2)"
    )
    parser.add_argument("--seed", metavar="N", type=whole, default=0, help="of inputs and orders (default: 0)")
    parser.add_argument("--json", metavar="FILE|-", help="write the comparison as JSON")
    parser.set_defaults(handler=run)


def run(args: argparse.Namespace) -> int:
    """Verify and print the comparison.

    Raises:
        AccelsimError, RestructureError: model, hardware or a file is not as it must be.
        VerificationError: an execution broke off, or an output is not what it should be.
    """
    from accelsim.errors import VerificationError
    from accelsim.verification import verify

    require_places([args.json])
    hardware, graph = hardware_of(args), network_of(args)
    with stages() as stage:
        found = verify(
            graph,
            hardware,
            mapping=args.mapping,
            warm=args.warm,
            orders=args.orders,
            seed=args.seed,
            stage=stage,
        )
    if args.json:
        write_json(args.json, found.to_dict())
    if args.json != STANDARD_OUTPUT:
        from accelsim.report import show, verification_screen

        show(lambda width: verification_screen(found))
    if not found.passed:
        raise VerificationError(f"{found.model} on {found.hardware}: must equal onnxruntime, and does not")
    return 0
