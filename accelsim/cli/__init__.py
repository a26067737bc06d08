"""The command line: parses, calls, prints. Each command is one module with `register` and a handler.

A handler takes the parsed arguments and returns the exit code; it imports what it needs itself, so that
`accelsim --help` answers at once. Results go to standard output or the named file, notices to standard error.
"""

from accelsim.cli.main import main

__all__ = ["main"]
