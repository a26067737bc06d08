"""`--set path=value`: single fields set on top of a description."""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import Any

from accelsim.hardware.document import Document, parse_scalar
from accelsim.hardware.fields import leaf_paths
from accelsim.hardware.guess import closest
from accelsim.hardware.parts import Section
from accelsim.hardware.problems import Path, Place, Problem, quote

__all__ = ["apply"]


def apply(document: Document, settings: Iterable[str], model: type[Section]) -> Document:
    """The document with fields set; what is wrong with a setting joins the document's problems.

    Args:
        document: what is set upon; it stays as it is.
        settings: each `path=value`, later ones win.
        model: the fields that exist.
    """
    tree, places, problems = deepcopy(document.tree), dict(document.places), list(document.problems)
    for setting in settings:
        dotted, equals, text = (part.strip() for part in setting.partition("="))
        where = f"--set {quote(setting)}"
        problem = _syntax_problem(dotted, equals, text, where) or _path_problem(dotted, text, where, model)
        if problem:
            problems.append(problem)
            continue
        path: Path = tuple(dotted.split("."))
        _put(tree, path, parse_scalar(text))
        places[path] = Place(where, 0, text)
    return Document(document.origin, tree, places, tuple(problems))


def _syntax_problem(dotted: str, equals: str, text: str, where: str) -> Problem | None:
    if dotted and equals and text:
        return None
    return Problem(where, (), "must be path=value", quote(dotted), "write e.g. --set scratchpad.capacity=128KiB")


def _path_problem(dotted: str, text: str, where: str, model: type[Section]) -> Problem | None:
    known = leaf_paths(model)
    inside = [path for path in known if path.startswith(f"{dotted}.")]
    if dotted in known or (inside and parse_scalar(text) is None):
        return None
    if inside:
        return Problem(where, (dotted,), "must be a single field", "a section", f"set one of {', '.join(inside)}")
    return Problem(where, (dotted,), "must be a known field", quote(dotted), _remedy(dotted, known))


def _remedy(dotted: str, known: Sequence[str]) -> str:
    section, _, last = dotted.rpartition(".")
    siblings = [path for path in known if path.startswith(f"{section}.")] if section else []
    if siblings and not closest(last, [path.rpartition(".")[2] for path in siblings]):
        return f"known there: {', '.join(siblings)}"
    guess = closest(dotted, known) or next((path for path in known if path.rpartition(".")[2] == last), None)
    return f"did you mean {guess}?" if guess else "see `accelsim hw schema` for the fields"


def _put(tree: dict[str, Any], path: Path, value: object) -> None:
    for part in path[:-1]:
        if not isinstance(tree.get(str(part)), dict):
            tree[str(part)] = {}
        tree = tree[str(part)]
    tree[str(path[-1])] = value
