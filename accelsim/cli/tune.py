"""`accelsim tune`: the plan, and the hardware fields, that are best by the simulator's figures."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from accelsim.cli.files import STANDARD_OUTPUT, require_places, write_json, write_text
from accelsim.cli.options import add_hardware, add_model, add_warm, hardware_of
from accelsim.cli.parser import Subparsers, whole
from accelsim.cli.progress import stages
from accelsim.cli.screen import note

if TYPE_CHECKING:
    from accelsim.explore.tuning import Tuned

__all__ = ["register"]

_NOTHING_MEETS = 4


def register(subparsers: Subparsers) -> None:
    """Add the command `tune`."""
    parser = subparsers.add_parser("tune", help="the restructuring plan that is best on this hardware, by simulation")
    add_hardware(parser)
    add_model(parser)
    add_warm(parser)
    parser.add_argument(
        "--objective", metavar="QUANTITY", default="latency", help="latency (default), energy, edp, dram, peak, …"
    )
    parser.add_argument(
        "--subject-to", dest="conditions", metavar="CONDITION", action="append", default=[],
        help="what must hold, e.g. 'peak <= 128 KiB' (repeatable)",
    )  # fmt: skip
    parser.add_argument(
        "--search", metavar="FIELD=VALUES", action="append", default=[],
        help="also search a hardware field: scratchpad.capacity=32KiB..1MiB:x2, pe_array.rows=8,16,32 (repeatable)",
    )  # fmt: skip
    parser.add_argument("--runs", metavar="N", type=whole, default=48, help="plans to simulate at most (default: 48)")
    parser.add_argument(
        "--trials", metavar="N", type=whole, default=24, help="combinations of fields to try at most (default: 24)"
    )
    parser.add_argument(
        "--storage", metavar="URL", help="keep the search of fields in a database, and go on with it: sqlite:///tune.db"
    )
    parser.add_argument("--jobs", metavar="N", type=whole, help="runs at the same time (default: one per core)")
    parser.add_argument("--plan-out", metavar="FILE", help="write the plan as YAML, which compare --restructure reads")
    parser.add_argument("-o", "--out", metavar="FILE", help="write the restructured network as ONNX")
    parser.add_argument("--json", metavar="FILE|-", help="write what was tried as JSON")
    parser.set_defaults(handler=run)


def run(args: argparse.Namespace) -> int:
    """Tune, write what was asked for, then draw the screen; 4 if nothing meets the conditions.

    Raises:
        AccelsimError, RestructureError: model, hardware or an option is not as it must be.
    """
    from accelsim.explore.tuning import tune

    require_places([args.json, args.plan_out, args.out])
    with stages() as stage:
        found = tune(
            args.model,
            hardware_of(args),
            args.objective,
            subject_to=args.conditions,
            search=args.search,
            dims=dict(args.dims),
            warm=args.warm,
            most_runs=args.runs,
            trials=args.trials,
            storage=args.storage,
            jobs=args.jobs,
            progress=stage,
        )
    _write(args, found)
    if args.json:
        write_json(args.json, found.to_dict())
    if args.json != STANDARD_OUTPUT:
        from accelsim.report import show, tuned_screen

        show(lambda width: tuned_screen(found, width))
    return 0 if found.best else _NOTHING_MEETS


def _write(args: argparse.Namespace, found: Tuned) -> None:
    """The plan and the network; neither where the original is best, which is said."""
    if not (args.plan_out or args.out):
        return
    if found.best is None or found.best.plan is None:
        why = "nothing meets the conditions" if found.best is None else "the network as it is is best"
        note([f"{why}: no plan and no network is written"])
        return
    if args.plan_out:
        import yaml

        text = yaml.safe_dump(found.plan_document(), sort_keys=False, width=120, allow_unicode=True)
        write_text(args.plan_out, text)
    if args.out:
        from accelsim.network import open_network
        from restructure import rewrite, save

        save(rewrite(open_network(args.model, dict(args.dims)).graph, found.best.plan), args.out)
