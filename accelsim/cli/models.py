"""`accelsim models list|show|export`: the networks that come with the package."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from accelsim.cli.files import STANDARD_OUTPUT, require_places, write_json, write_text
from accelsim.cli.parser import Subparsers
from accelsim.cli.screen import note

if TYPE_CHECKING:
    from restructure.zoo import Entry

__all__ = ["register"]


def register(subparsers: Subparsers) -> None:
    """Add the command `models` and its parts."""
    parser = subparsers.add_parser("models", help="list, show and export the networks of the zoo")
    parts = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    part = parts.add_parser("list", help="all networks with their sizes")
    part.add_argument("--json", metavar="FILE|-", help="write the list as JSON")
    part.set_defaults(handler=list_networks)

    part = parts.add_parser("show", help="what is known about one network")
    part.add_argument("name", metavar="NAME", help="a network of the zoo")
    part.set_defaults(handler=show)

    part = parts.add_parser("export", help="write one network as an ONNX file with seeded random weights")
    part.add_argument("name", metavar="NAME", help="a network of the zoo")
    part.add_argument("-o", "--out", metavar="FILE", help="where to (default: NAME.onnx in this folder)")
    part.add_argument("--batch", metavar="N", type=int, default=1, help="images at once (default: 1)")
    part.add_argument("--batchnorm", action="store_true", help="keep BatchNormalization nodes instead of folding them")
    part.set_defaults(handler=export)


def list_networks(args: argparse.Namespace) -> int:
    """Print the networks, one a line."""
    from restructure import zoo

    entries = [zoo.describe(name) for name in zoo.names()]
    if args.json:
        write_json(args.json, [_document(entry) for entry in entries])
        return 0
    width = max(map(len, zoo.names()))
    lines = [f"{'network':{width}} {'parameters':>12} {'MACs':>15}  {'input':>11}  what it is"]
    for entry in entries:
        shape = "x".join(map(str, entry.input_shape))
        lines.append(f"{entry.name:{width}} {entry.parameters:12,} {entry.macs:15,}  {shape:>11}  {entry.summary}")
    write_text(STANDARD_OUTPUT, "\n".join(lines) + "\n")
    return 0


def _document(entry: Entry) -> dict[str, object]:
    names = ("name", "summary", "parameters", "macs", "reference")
    return {name: getattr(entry, name) for name in names} | {
        "input_shape": list(entry.input_shape),
        "aliases": list(entry.aliases),
    }


def show(args: argparse.Namespace) -> int:
    """Print one network's facts, counted from its graph.

    Raises:
        UnknownNetworkError: the zoo has no such network.
    """
    from collections import Counter

    from restructure import zoo

    entry, graph = zoo.describe(args.name), zoo.build(args.name)
    counts = Counter(node.op_type for node in graph.nodes)
    facts = {
        "what": entry.summary,
        "source": entry.reference,
        "also called": ", ".join(entry.aliases),
        "input": " × ".join(map(str, entry.input_shape)) + " (batch, channels, rows, columns)",
        "parameters": f"{graph.parameter_count:,} learned values ({entry.parameters:,} with BatchNorm unfolded)",
        "MACs": f"{graph.macs:,}",
        "operators": f"{len(graph.nodes)}: " + ", ".join(f"{n} {op}" for op, n in counts.most_common()),
    }
    lines = [entry.name, *(f"  {name:12} {value}" for name, value in facts.items() if value)]
    write_text(STANDARD_OUTPUT, "\n".join(lines) + "\n")
    return 0


def export(args: argparse.Namespace) -> int:
    """Write a network as an ONNX file, all or nothing.

    Raises:
        UnknownNetworkError: the zoo has no such network.
        ConfigurationError, ModelFileError: the file cannot be written.
    """
    from restructure import zoo
    from restructure.graph import save

    name = zoo.describe(args.name).name
    target = args.out or f"{name}.onnx"
    require_places([target])
    save(zoo.model(name, args.batch, args.batchnorm), target)
    note([f"{target}: {name} written"])
    return 0
