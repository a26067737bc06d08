"""The entry point: builds the parser, runs a handler, turns what went wrong into a message and an exit code.

Exit codes: 0 ok, 1 internal error, 2 usage, configuration or file, 3 model unparsable or unsupported, 4 does not fit,
5 verification failed, 130 interrupted, 141 whoever read standard output went away (as the shell counts SIGPIPE).
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from accelsim import __version__
from accelsim.cli import (
    array,
    best,
    compare,
    explain,
    export,
    fit,
    hw,
    models,
    pareto,
    play,
    plot,
    profile,
    program,
    report,
    restructure,
    run,
    sweep,
    tune,
    verify,
)
from accelsim.cli.encoding import survive_narrow_encodings
from accelsim.cli.parser import Parser
from accelsim.cli.screen import complain
from accelsim.errors import AccelsimError

__all__ = ["build_parser", "main"]

_COMMANDS = (
    run, compare, report, play, plot, profile, restructure, fit, tune, sweep, pareto, best, export,
    models, hw, verify, explain, program, array,
)  # fmt: skip
INTERNAL_ERROR, USAGE, INTERRUPTED, BROKEN_PIPE = 1, 2, 130, 141


def build_parser() -> Parser:
    """The parser with all commands; imports nothing heavy."""
    parser = Parser(prog="accelsim", description="Simulate a DNN accelerator running an ONNX network.")
    parser.add_argument("--version", action="version", version=f"accelsim {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for command in _COMMANDS:
        command.register(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code and never raises.

    Args:
        argv: the arguments, those of the process by default.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    survive_narrow_encodings()
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_standard_output()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED
    except Exception as error:
        return _explained(error, debug="--debug" in arguments)
    return code


def _run(arguments: list[str]) -> int:
    parser = build_parser()
    try:
        args = parser.parse_args(arguments)
    except SystemExit as done:  # --help and --version
        return int(done.code or 0)
    if getattr(args, "handler", None) is None:
        parser.print_help(sys.stderr)
        return USAGE
    return int(args.handler(args))


def _explained(error: Exception, debug: bool) -> int:
    from restructure.errors import RestructureError

    if debug:
        import traceback

        traceback.print_exception(error)
    if isinstance(error, (AccelsimError, RestructureError)):
        complain(str(error))
        return error.exit_code
    if isinstance(error, MemoryError):
        complain("memory of this machine: must hold what the run needs, got too little; use a smaller model or batch")
        return USAGE
    if isinstance(error, OSError):
        reason = (error.strerror or str(error)).lower()
        if error.filename is None:
            _forget_standard_output()
        complain(f"{error.filename or 'standard output'}: must be usable, got {reason}; check the place and the disk")
        return USAGE
    complain(f"internal error: {type(error).__name__}: {error}")
    if not debug:
        complain("this is a defect of accelsim, not of your files; run again with --debug for the traceback")
    return INTERNAL_ERROR


def _forget_standard_output() -> None:
    """Let the interpreter flush into nothing at its end instead of complaining again."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        try:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        except (OSError, ValueError):
            sys.stdout = io.StringIO()
