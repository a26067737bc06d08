"""Options that several commands share, and what they mean."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from accelsim.cli.parser import whole
from accelsim.cli.progress import stages
from accelsim.cli.screen import note

if TYPE_CHECKING:
    from accelsim.explore.sweeping import SweepResults
    from accelsim.hardware import Hardware
    from accelsim.simulation import Run
    from restructure.graph import Graph

__all__ = [
    "add_executor",
    "add_hardware",
    "add_mapping",
    "add_model",
    "add_results",
    "add_warm",
    "amount",
    "hardware_of",
    "network_of",
    "results_of",
    "run_of",
]

ALL = "all"


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add `--model` and `--dim`."""
    parser.add_argument("--model", metavar="FILE|NAME", required=True, help="an ONNX file, or a network of the zoo")
    parser.add_argument(
        "--dim", dest="dims", metavar="NAME=SIZE", action="append", default=[], type=_dimension,
        help="pin an open dimension of the model, e.g. N=1 (repeatable)",
    )  # fmt: skip


def add_hardware(parser: argparse.ArgumentParser) -> None:
    """Add `--hw` and `--set`."""
    parser.add_argument("--hw", metavar="FILE|NAME", required=True, help="a hardware description, or a preset's name")
    parser.add_argument(
        "--set", dest="overrides", metavar="PATH=VALUE", action="append", default=[],
        help="set a field on top, e.g. scratchpad.capacity=128KiB (repeatable)",
    )  # fmt: skip


def add_mapping(parser: argparse.ArgumentParser) -> None:
    """Add `--mapping`."""
    parser.add_argument("--mapping", metavar="FILE", help="a YAML file that pins how layers are tiled and ordered")


def add_warm(parser: argparse.ArgumentParser) -> None:
    """Add `--warm`."""
    parser.add_argument(
        "--warm", action="store_true", help="steady state: weights that fit are resident already (default: first run)"
    )


def add_executor(parser: argparse.ArgumentParser) -> None:
    """Add `--jobs`, `--executor` and `--scheduler`."""
    parser.add_argument("--jobs", metavar="N", type=whole, help="runs at the same time (default: one per core)")
    parser.add_argument(
        "--executor", metavar="NAME", default="processes",
        help="where: processes of this machine (default), dask, or inline, one after the other",
    )  # fmt: skip
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="of Dask, e.g. tcp://host:8786 (default: workers on this machine)"
    )


def add_results(parser: argparse.ArgumentParser, grouped: bool = True) -> None:
    """Add the results file, `--sweep`, `--subject-to`, and `--by` where results are grouped."""
    parser.add_argument("results", metavar="RESULTS", help="a results file of `accelsim sweep`")
    parser.add_argument("--sweep", metavar="NAME", help="only the points of this sweep (default: all there are)")
    parser.add_argument(
        "--subject-to", dest="conditions", metavar="CONDITION", action="append", default=[],
        help="only points that meet it, e.g. 'peak <= 128 KiB' (repeatable)",
    )  # fmt: skip
    if grouped:
        parser.add_argument(
            "--by", metavar="NAME", action="append", default=[],
            help="judge groups apart: restructure, state, hardware or a field (repeatable; models always are)",
        )  # fmt: skip


def results_of(args: argparse.Namespace) -> SweepResults:
    """The points of the results file that the options leave."""
    from accelsim.explore.sweeping import open_results

    return open_results(args.results, args.sweep).meeting(args.conditions)


def amount(text: str) -> int | None:
    """A count, or None for `all`; the type of options like `--layers`."""
    if text == ALL:
        return None
    if text.isascii() and text.isdigit():
        return int(text)
    raise argparse.ArgumentTypeError(f"must be a whole number or {ALL}, got {text!r}")


def _dimension(text: str) -> tuple[str, int]:
    name, equals, size = text.rpartition("=")
    if name and equals and size.isascii() and size.isdigit() and int(size):
        return name, int(size)
    raise argparse.ArgumentTypeError(f"must be NAME=SIZE with a size of at least 1, got {text!r}; write e.g. N=1")


def network_of(args: argparse.Namespace, quiet: bool = False) -> Graph:
    """The model of `--model`; says how it was found."""
    from accelsim.network import open_network

    found = open_network(args.model, dict(args.dims))
    note(found.notices, quiet)
    return found.graph


def hardware_of(args: argparse.Namespace, quiet: bool = False) -> Hardware:
    """The description of `--hw` and `--set`; says how it was found."""
    from accelsim.hardware import load_with_notices

    found = load_with_notices(args.hw, args.overrides)
    note(found.notices, quiet)
    return found.hardware


def run_of(args: argparse.Namespace, quiet: bool = False) -> Run:
    """The timed run that the options describe."""
    from accelsim.simulation import compile_model, time_run

    warm = getattr(args, "warm", False)
    hardware, graph = hardware_of(args, quiet), network_of(args, quiet)
    with stages(quiet) as stage:
        return time_run(compile_model(graph, hardware, args.mapping, warm, stage), warm, stage)
