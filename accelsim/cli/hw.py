"""`accelsim hw list|show|check|schema`: hardware descriptions on the screen.

Imports stay inside the handlers, so that `accelsim --help` answers at once.
"""

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from accelsim.cli.files import STANDARD_OUTPUT, write_json
from accelsim.cli.parser import Subparsers
from accelsim.cli.screen import note

if TYPE_CHECKING:
    from rich.console import RenderableType

    from accelsim.hardware import Hardware

__all__ = ["register"]


def register(subparsers: Subparsers) -> None:
    """Add the command `hw` and its parts; each sets `handler`."""
    parser = subparsers.add_parser("hw", help="list, show and check hardware descriptions")
    parts = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    part = parts.add_parser("list", help="the presets that come with accelsim")
    part.set_defaults(handler=list_presets)

    part = parts.add_parser("show", help="one description with its defaults and what follows from it")
    part.add_argument("hardware", metavar="NAME|FILE", help="a preset's name or a YAML file")
    part.add_argument("--set", dest="overrides", metavar="PATH=VALUE", action="append", default=[], help="set a field")
    part.add_argument("--json", metavar="FILE|-", help="write the resolved values as JSON")
    part.set_defaults(handler=show)

    part = parts.add_parser("check", help="say what is wrong with descriptions, all at once")
    part.add_argument("files", metavar="NAME|FILE", nargs="+", help="preset names or YAML files")
    part.set_defaults(handler=check_files)

    part = parts.add_parser("schema", help="the fields as JSON schema")
    part.add_argument("--markdown", action="store_true", help="print the manual page instead")
    part.set_defaults(handler=print_schema)


def list_presets(args: argparse.Namespace) -> int:
    """Print the presets, one a line."""
    from accelsim.hardware import presets

    found = presets()
    width = max(map(len, found), default=0)
    sys.stdout.write("".join(f"{name:{width}}  {description}\n" for name, description in found.items()))
    return 0


def show(args: argparse.Namespace) -> int:
    """Print one description.

    Raises:
        ConfigurationError: the description cannot be read or is not sound.
    """
    from accelsim.hardware import load_with_notices, to_dict

    loaded = load_with_notices(args.hardware, args.overrides)
    note(loaded.notices)
    if args.json:
        write_json(args.json, to_dict(loaded.hardware))
    else:
        from accelsim.report import show as draw

        draw(lambda width: _screen(loaded.hardware))
    return 0


def _screen(hardware: "Hardware") -> Iterator["RenderableType"]:
    from rich.table import Table
    from rich.text import Text

    from accelsim.hardware import describe

    yield Text(f"{hardware.name} ", style="bold").append(hardware.description, style="not bold")
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column()
    table.add_column(style="dim")
    for fact in describe(hardware):
        table.add_row(Text(fact.path), Text(fact.value), "" if fact.origin == "given" else fact.origin)
    yield table
    yield Text("sources", style="bold") if hardware.sources else Text("no sources given", style="dim")
    for source in hardware.sources:
        yield Text(f"- {source}")


def check_files(args: argparse.Namespace) -> int:
    """Check descriptions; print each that is sound.

    Raises:
        ConfigurationError: with the problems of all the others.
    """
    from accelsim.errors import ConfigurationError
    from accelsim.hardware import load_with_notices

    problems: list[str] = []
    for name in args.files:
        try:
            loaded = load_with_notices(name)
        except ConfigurationError as error:
            problems += error.problems
            continue
        note(loaded.notices)
        sys.stdout.write(f"{loaded.origin}: sound\n")
    if problems:
        raise ConfigurationError(*problems)
    return 0


def print_schema(args: argparse.Namespace) -> int:
    """Print the JSON schema of a description, or the manual page."""
    from accelsim.hardware import manual, schema

    if args.markdown:
        sys.stdout.write(manual())
    else:
        write_json(STANDARD_OUTPUT, schema())
    return 0
