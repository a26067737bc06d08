"""YAML text to a tree of plain values in which every value still knows its line.

YAML is read narrowly: one document, a mapping at the top, no anchors, aliases or tags, so that what stands in the file
is what holds. Duplicate keys are a problem, not a silent choice.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from accelsim.hardware.problems import Path, Place, Problem, failure, quote, raise_problems

__all__ = ["Document", "parse_scalar", "parse_yaml"]

_DEEPEST = 8
_LONGEST_NUMBER = 30


@dataclass(frozen=True, slots=True)
class Document:
    """A description before its fields are checked.

    Attributes:
        origin: the file or whatever else it is from, as messages say it.
        tree: nested mappings, lists and scalars.
        places: where each value was written; values without a place belong to the nearest one above.
        problems: what was wrong already in reading.
    """

    origin: str
    tree: dict[str, Any]
    places: Mapping[Path, Place]
    problems: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, tree: Mapping[str, Any], origin: str) -> "Document":
        """A document without lines."""
        return cls(origin, dict(tree), {(): Place(origin)})

    def place(self, path: Path) -> Place:
        """Where the value at `path` was written, or the nearest thing above it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return self.places.get((), Place(self.origin))

    def value(self, path: Path) -> object:
        """The value at `path`, None when there is none."""
        found: Any = self.tree
        for part in path:
            if not isinstance(found, dict):
                return None
            found = found.get(part)
        return found


def parse_yaml(text: str, origin: str, subject: str = "hardware", remedy: str = "start from a preset") -> Document:
    """Read YAML text.

    Args:
        text: the content.
        origin: the file's name, for messages.
        subject, remedy: what an empty file should have described, and where to begin.

    Raises:
        ConfigurationError: not YAML, empty, not a mapping, or YAML that is not allowed here.
    """
    try:
        raise_problems(_forbidden_events(text, origin))
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise failure(_syntax_problem(error, origin)) from None
    except yaml.reader.ReaderError as error:
        where = f"{origin}:{text.count(chr(10), 0, error.position) + 1}"
        got = f"the character U+{ord(text[error.position]):04X}"
        raise failure(Problem(where, (), "must be YAML text", got, "delete it")) from None
    if node is None:
        raise failure(Problem(origin, (), f"must describe {subject}", "an empty file", remedy))
    if not isinstance(node, yaml.MappingNode):
        got = "a list" if isinstance(node, yaml.SequenceNode) else quote(node.value)
        raise failure(Problem(f"{origin}:1", (), "must be a mapping of fields", got, "write `field: value` lines"))
    reader = _Reader(origin)
    tree = reader.mapping(node, ())
    return Document(origin, tree, reader.places, tuple(reader.problems))


def _syntax_problem(error: yaml.MarkedYAMLError, origin: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    where = f"{origin}:{mark.line + 1}" if mark else origin
    got = ", ".join(part for part in (error.context, error.problem) if part)
    return Problem(where, (), "must be valid YAML", quote(got, 200), "mend the line")


def _forbidden_events(text: str, origin: str) -> list[Problem]:
    depth, documents = 0, 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        where, rule = f"{origin}:{line}", "must be plain YAML"
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if documents > 1:
            return [Problem(where, (), "must be one document", "a second one", "put it in a file of its own", line)]
        if depth > _DEEPEST:
            return [Problem(where, (), f"must be at most {_DEEPEST} levels deep", "more", "flatten it", line)]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            return [Problem(where, (), rule, "an anchor or alias", "write the value out", line)]
        tag = getattr(event, "tag", None)
        if tag:
            return [Problem(where, (), rule, f"the tag {quote(tag)}", "leave the tag out", line)]
    return []


class _Reader:
    """Turns YAML nodes into plain values; afterwards knows their places and what was wrong."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.places: dict[Path, Place] = {}
        self.problems: list[Problem] = []

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        self._keep_place(node, path)
        values: dict[str, Any] = {}
        first_lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            key, line = self._key(key_node), key_node.start_mark.line + 1
            if key in first_lines:
                self._duplicate((*path, key), first_lines[key], line)
                continue
            first_lines[key] = line
            values[key] = self._value(value_node, (*path, key))
        return values

    def _value(self, node: yaml.Node, path: Path) -> object:
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        self._keep_place(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]
        return parse_scalar(node.value) if getattr(node, "style", None) is None else node.value

    def _key(self, node: yaml.Node) -> str:
        return node.value if isinstance(node, yaml.ScalarNode) else quote(str(node.value))

    def _keep_place(self, node: yaml.Node, path: Path) -> None:
        line = node.start_mark.line + 1
        text = node.value if isinstance(node, yaml.ScalarNode) else None
        self.places[path] = Place(f"{self.origin}:{line}", line, text)

    def _duplicate(self, path: Path, first: int, second: int) -> None:
        rule, got = "must be given once", f"lines {first} and {second}"
        self.problems.append(Problem(f"{self.origin}:{second}", path, rule, got, "delete one of them", second))


_WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]*)", re.ASCII)
_FLOAT = re.compile(r"[+-]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][+-]?[0-9]{1,2})?", re.ASCII)
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}


def parse_scalar(text: str) -> object:
    """The value that unquoted `text` means: `16` is a number, `true` a flag, `null` nothing, anything else text.

    Narrower than YAML 1.1, in which `010` is 8, `1:30` is 90 and `no` is false.
    """
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if len(text) > _LONGEST_NUMBER:
        return text
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
