"""Looks into a document and gathers what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from accelsim.errors import ConfigurationError
from accelsim.hardware.document import Document
from accelsim.hardware.guess import closest
from accelsim.hardware.problems import Path, Problem, quote

__all__ = ["Checks"]


class Checks:
    """A document and its problems so far."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._problems = [(problem.line, str(problem)) for problem in document.problems]

    def raise_all(self) -> None:
        """Raise what was found, in the order of its lines; do nothing if that is nothing.

        Raises:
            ConfigurationError: there are problems.
        """
        if self._problems:
            raise ConfigurationError(*dict.fromkeys(text for _, text in sorted(self._problems, key=lambda p: p[0])))

    def told(self, path: Path, error: ConfigurationError) -> None:
        """Note what another reader found wrong with what is named at a path."""
        place = self.document.place(path)
        dotted = ".".join(map(str, path))
        self._problems += [(place.line, f"{place.where}: {dotted}: {line}") for line in error.problems]

    def problem(self, path: Path, rule: str, got: str, remedy: str) -> None:
        """Note one problem."""
        place = self.document.place(path)
        self._problems.append((place.line, str(Problem(place.where, path, rule, got, remedy))))

    def refused(self, path: Path, rule: str, remedy: str) -> None:
        """Note that the value at a path breaks a rule."""
        place = self.document.place(path)
        written = path in self.document.places and place.text is not None
        self.problem(path, rule, quote(place.text if written else self.value(path)), remedy)

    def value(self, path: Path) -> Any:
        """What is written at a path; None if nothing is."""
        found: Any = self.document.tree
        for part in path:
            if isinstance(found, list) and isinstance(part, int):
                found = found[part]
            else:
                found = found.get(part) if isinstance(found, dict) else None
        return found

    def known_keys(self, path: Path, known: Iterable[str]) -> None:
        """Note every key of a mapping that has no meaning."""
        names = list(known)
        for key in self.value(path) or ():
            if key not in names:
                guess = closest(str(key), names)
                remedy = f"did you mean {guess}?" if guess else f"known here: {', '.join(names)}"
                self.problem((*path, key), "must be a known key", f"`{quote(key)}`", remedy)

    def given(self, key: str, example: str) -> None:
        """Note that a key is missing."""
        if self.document.tree.get(key) in (None, [], {}, ""):
            self.problem((key,), "must be given", "nothing", f"add `{key}: {example}`")

    def text(self, key: str) -> str:
        """The text at a key; empty if there is none."""
        value = self.document.tree.get(key)
        if value is None or isinstance(value, list | dict):
            if value is not None:
                self.refused((key,), "must be text", "write plain words")
            return ""
        return " ".join(str(value).split())

    def entries(self, key: str) -> Iterator[tuple[Path, Any]]:
        """Each entry of a list with its path; what is no list is the only entry of one."""
        value = self.document.tree.get(key)
        if isinstance(value, list):
            yield from (((key, index), entry) for index, entry in enumerate(value))
        elif value is not None:
            yield (key,), value
