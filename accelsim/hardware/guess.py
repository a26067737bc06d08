"""Did you mean …?"""

import difflib
from collections.abc import Iterable

__all__ = ["closest"]


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word nearest to `word`, or None when none is near.

    >>> closest("bandwith", ["bandwidth", "burst"])
    'bandwidth'
    """
    candidates = {item.lower(): item for item in known}
    found = difflib.get_close_matches(word[:100].lower(), candidates, n=1, cutoff=0.6)
    return candidates[found[0]] if found else None
