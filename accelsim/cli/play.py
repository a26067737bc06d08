"""`accelsim play`: a local web page on which sliders move an accelerator and its numbers follow at once."""

from __future__ import annotations

import argparse
import signal
import sys

from accelsim.cli.parser import Subparsers, whole
from accelsim.cli.screen import note

__all__ = ["register"]

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def register(subparsers: Subparsers) -> None:
    """Add the command `play`."""
    parser = subparsers.add_parser("play", help="a local web page: move sliders, watch occupancy, spills and latency")
    parser.add_argument(
        "--port", metavar="N", type=whole, default=8080, help="0 takes any that is free (default: 8080)"
    )
    parser.add_argument(
        "--host",
        metavar="NAME",
        default="127.0.0.1",
        help="who may come: this machine alone (default), 0.0.0.0 for all",
    )
    parser.add_argument("--hw", metavar="FILE|NAME", help="shown at first: a hardware description, or a preset's name")
    parser.add_argument("--model", metavar="FILE|NAME", help="shown at first: an ONNX file, or a network of the zoo")
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    parser.set_defaults(handler=run)


def run(args: argparse.Namespace) -> int:
    """Serve the page until interrupted.

    Raises:
        AccelsimError, RestructureError: NiceGUI is missing, the port is taken, or model or hardware cannot be read.
    """
    from accelsim.play import require_nicegui, serve
    from accelsim.play.catalogue import catalogue
    from accelsim.play.server import address, take

    require_nicegui()
    with take(args.host, args.port) as taken:
        offered = catalogue(args.model, args.hw)
        where = address(taken)
        if args.host not in _LOOPBACK:
            note([f"--host {args.host}: everyone who reaches this machine may use the page"])
        # Being asked to end is an interrupt too: uvicorn hands it on, and nothing open is left behind.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        sys.stdout.write(f"playground at {where} (Ctrl-C ends it)\n")
        sys.stdout.flush()
        serve(taken, offered, lambda: _open(where) if args.open else None)
    return 0


def _open(where: str) -> None:
    import webbrowser

    webbrowser.open(where)
