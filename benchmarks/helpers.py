"""What tests and benchmarks share lives with the tests; here it is made importable for benchmarks."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

__all__ = ["MODELS", "of_tests"]

_TESTS = Path(__file__).resolve().parents[1] / "tests"
MODELS = _TESTS / "data" / "models"


def of_tests(module: str, folder: str = "") -> ModuleType:
    """Return a helper module from tests/, or a folder in there, as tests import it."""
    place = str(_TESTS / folder)
    if place not in sys.path:
        sys.path.insert(0, place)
    return importlib.import_module(module)
