"""`accelsim array`: a small matrix product on the PE array, cycle by cycle, every operand and partial sum visible."""

from __future__ import annotations

import argparse
import re
import sys
from typing import TYPE_CHECKING

from accelsim.cli.files import require_places
from accelsim.cli.parser import Subparsers

if TYPE_CHECKING:
    from accelsim.report.wavefront import Gemm

__all__ = ["register"]

_MOST_PES = 16
_MOST_SIDE = 64


def register(subparsers: Subparsers) -> None:
    """Add the command `array`."""
    parser = subparsers.add_parser("array", help="a matrix product on the PE array, cycle by cycle")
    parser.add_argument("--rows", metavar="N", type=_side, default=4, help="PE rows, 1 to 16 (default: 4)")
    parser.add_argument("--cols", metavar="N", type=_side, default=4, help="PE columns, 1 to 16 (default: 4)")
    parser.add_argument(
        "--dataflow", metavar="ws|os|is", choices=("ws", "os", "is"), default="ws",
        help="what stays in the PEs: weights, outputs or inputs (default: ws)",
    )  # fmt: skip
    parser.add_argument("--gemm", metavar="MxKxN", type=_gemm, default=(5, 4, 6), help="extents (default: 5x4x6)")
    parser.add_argument("--drain", choices=("hidden", "exposed"), default="exposed", help="convention of counting")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of the operands, digits 1 to 9 (default: 0)")
    parser.add_argument("--step", action="store_true", help="wait for the Enter key after every cycle")
    parser.add_argument("--last", action="store_true", help="leave the cycles out, show the product and the counts")
    parser.add_argument(
        "-o", "--out", metavar="FILE", help="write the cycles as a film: .html (no network needed) or .gif"
    )
    parser.set_defaults(handler=run)


def _side(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= _MOST_PES:
        return int(text)
    raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {_MOST_PES}, got {text!r}")


def _gemm(text: str) -> tuple[int, int, int]:
    found = re.fullmatch(r"(\d{1,3})[x×](\d{1,3})[x×](\d{1,3})", text, re.ASCII)
    extents = tuple(int(number) for number in found.groups()) if found else ()
    if len(extents) == 3 and all(1 <= extent <= _MOST_SIDE for extent in extents):
        return extents[0], extents[1], extents[2]
    rule = f"must be MxKxN with extents from 1 to {_MOST_SIDE}, got {text!r}; write e.g. 5x4x6"
    raise argparse.ArgumentTypeError(rule)


def run(args: argparse.Namespace) -> int:
    """Step the array and draw every cycle.

    Raises:
        ConfigurationError: the film cannot be written.
    """
    from accelsim.dataflows.stepped import multiply, states
    from accelsim.report import show
    from accelsim.report.wavefront import frame_screen, start_screen, summary_screen

    gemm = _operands(args)
    if args.out:
        _require_film(args.out)
    show(lambda width: start_screen(gemm))
    seen = []
    for state in states(gemm.dataflow, gemm.array, gemm.inputs, gemm.weights):
        seen.append(state)
        if not args.last:
            show(lambda width, state=state: frame_screen(gemm, state))  # type: ignore[misc]
            _wait(args.step)
    done = multiply(gemm.dataflow, gemm.array, gemm.inputs, gemm.weights)
    show(lambda width: summary_screen(gemm, done, [int(state.multiplying.sum()) for state in seen]))
    if args.out:
        from accelsim.report.film import write_film

        write_film(gemm, seen, args.out)
    return 0


def _require_film(path: str) -> None:
    from accelsim.report.film import require_film

    require_places([path])
    require_film(path)


def _operands(args: argparse.Namespace) -> Gemm:
    import numpy as np

    from accelsim.dataflows import ArrayShape
    from accelsim.report.wavefront import DATAFLOW_NAMES, Gemm

    m, k, n = args.gemm
    digits = np.random.default_rng(args.seed)
    inputs, weights = digits.integers(1, 10, (m, k)), digits.integers(1, 10, (k, n))
    array = ArrayShape(rows=args.rows, columns=args.cols, drain=args.drain)
    return Gemm(DATAFLOW_NAMES[args.dataflow], array, inputs, weights)


def _wait(step: bool) -> None:
    if step and sys.stdin.isatty():
        sys.stdout.flush()
        sys.stdin.readline()
