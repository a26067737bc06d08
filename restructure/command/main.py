"""The entry point of `python -m restructure`."""

import argparse
import os
import sys
from collections.abc import Sequence

from restructure.command.options import add_options
from restructure.command.run import run
from restructure.errors import RestructureError, printable

__all__ = ["main"]

INTERNAL_ERROR, USAGE, INTERRUPTED, BROKEN_PIPE = 1, 2, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    Args:
        argv: the arguments, those of the process by default.
    """
    parser = argparse.ArgumentParser(
        prog="restructure",
        description="Restructure an ONNX network so that its peak of active memory is flattened; it computes the same.",
        allow_abbrev=False,
    )
    add_options(parser)
    try:
        code = run(parser.parse_args(argv))
        sys.stdout.flush()
    except SystemExit as done:
        return int(done.code or 0)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return _complain("interrupted", INTERRUPTED)
    except RestructureError as error:
        return _complain(str(error), error.exit_code)
    except MemoryError:
        return _complain("memory of this machine: must hold what the run needs; use a smaller model or batch", USAGE)
    except OSError as error:
        return _complain(f"{error.filename or 'standard output'}: {(error.strerror or str(error)).lower()}", USAGE)
    except Exception as error:
        return _complain(f"internal error: {type(error).__name__}: {error}", INTERNAL_ERROR)
    return code


def _complain(text: str, code: int) -> int:
    sys.stderr.write("".join(f"restructure: error: {printable(line)}\n" for line in text.splitlines() or [""]))
    return code
