"""`accelsim explain`: not there yet."""
from accelsim.cli.parser import Subparsers
__all__ = ["register"]
def register(subparsers: Subparsers) -> None:
    """Add the command."""
    subparsers.add_parser("explain")
