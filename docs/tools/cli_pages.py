"""A hook of MkDocs: the page of the command line is made from the parser whenever the site is built."""

from __future__ import annotations

import argparse
import io
import os
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import TYPE_CHECKING
from unittest.mock import patch

from accelsim.cli.main import build_parser, main

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

PAGE = "reference/cli.md"
_WIDTH = "100"
_INTRODUCTION = """# Command line

<!-- Made by docs/tools/cli_pages.py from what `--help` prints. -->

Results go to standard output or the named file, notices to standard error. `--hw` takes a file or a preset's name,
`--model` an ONNX file or a network of the zoo, `--set PATH=VALUE` changes one field of the hardware.

Exit codes: 0 ok · 1 internal error · 2 usage, configuration, or a file that cannot be read or written · 3 model
unparsable or unsupported · 4 does not fit · 5 verification failed · 130 interrupted.
"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page to the site's files."""
    from mkdocs.structure.files import File

    files.append(File.generated(config, PAGE, content=page()))
    return files


def page() -> str:
    """The page as Markdown: a section for each command and each command of a command."""
    sections = []
    for words, said in commands(build_parser()):
        about = f"{said[:1].upper()}{said[1:]}.\n\n" if said else ""
        sections.append(f"## accelsim {' '.join(words)}\n\n{about}```text\n{usage(words)}```\n")
    return "\n".join([_INTRODUCTION, *sections])


def commands(parser: argparse.ArgumentParser) -> Iterator[tuple[tuple[str, ...], str]]:
    """The words of every command that has none below it, with what the list of commands says of it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            told = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, found in action.choices.items():
                below = [((name, *words), said) for words, said in commands(found)]
                yield from below or [((name,), told.get(name, ""))]


def usage(words: tuple[str, ...]) -> str:
    """What `--help` prints, at a width that does not depend on anyone's terminal."""
    out = io.StringIO()
    with redirect_stdout(out), patch.dict(os.environ, COLUMNS=_WIDTH):
        main([*words, "--help"])
    return out.getvalue()
