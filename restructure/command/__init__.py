"""The command line of restructuring: `python -m restructure`, and `accelsim restructure`, which hands over to it."""

from restructure.command.main import main
from restructure.command.options import add_options
from restructure.command.run import run

__all__ = ["add_options", "main", "run"]
