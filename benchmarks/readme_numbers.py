"""The numbers of the README: each is made by the command that stands beside it.

python -m benchmarks.readme_numbers                      # the table on the screen
python -m benchmarks.readme_numbers --update README.md
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import shlex
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from accelsim.cli import main as accelsim
from benchmarks.markdown import table, update

Document = dict[str, Any]


def _run(document: Document) -> str:
    totals, spills = document["totals"], document["spills"]
    bounds = f"bounds {totals['compute_bound_cycles']:,} and {totals['dram_bound_cycles']:,}"
    spilled = f"{spills['bytes_written']:,} B spilled, {spills['cycles_lost']:,} cycles lost to it"
    return f"{totals['latency_cycles']:,} cycles ({bounds}), {totals['latency_s'] * 1e3:.2f} ms; {spilled}"


def _compare(document: Document) -> str:
    return str(document["sentence"])


def _restructure(document: Document) -> str:
    before, after = document["baseline"]["peak_bytes"], document["restructured"]["peak_bytes"]
    nodes = document["restructured"]["nodes"] / document["baseline"]["nodes"]
    exact = "equal to the bit on integers" if document["verified"]["integer_exact"] else "NOT equal on integers"
    more = f"{document['mac_overhead']:.1%} more MACs, {nodes:.1f} times the nodes"
    return f"active memory {before:,} → {after:,} B (−{document['saving']:.1%}) at {more}; {exact}"


def _verify(document: Document) -> str:
    worst = max(output["max_rel_error"] for order in document["orders"] for output in order["outputs"])
    allowed = max(output["tolerance"] for output in document["outputs"])
    said = "equal to onnxruntime's" if document["passed"] else "NOT equal to onnxruntime's"
    return f"outputs {said} in {len(document['orders'])} orders: relative error {worst:.1e}, tolerance {allowed:.1e}"


def _fit(document: Document) -> str:
    return f"{int(document['value']):,} B is the smallest scratchpad that spills nothing"


_COMMANDS: tuple[tuple[str, Callable[[Document], str]], ...] = (
    ("run --hw edge_npu --model mobilenetv2", _run),
    ("verify --hw edge_npu --model mobilenetv2", _verify),
    ("compare --hw edge_npu --model mobilenetv2", _compare),
    ("restructure --model mobilenetv2 --dtype int8", _restructure),
    ("restructure --model mobilenetv2 --dtype int8 --max-overhead 0%", _restructure),
    ("fit --hw edge_npu --model mobilenetv2 --field scratchpad.capacity --no-spill", _fit),
)


def _document(command: str) -> Document:
    """What the command writes with `--json`."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        file = Path(folder) / "result.json"
        code = accelsim([*shlex.split(command), "--json", str(file)])
        if code:
            raise SystemExit(f"accelsim {command}: must end with 0, got {code}")
        found: Document = json.loads(file.read_text(encoding="utf-8"))
    return found


def main() -> int:
    """Run every command and print, or write, the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", metavar="PAGE", help="write the table between the markers of this page")
    args = parser.parse_args()
    rows = [[f"`accelsim {command}`", said(_document(command))] for command, said in _COMMANDS]
    text = table(["command", "what it says"], rows, right=False)
    if args.update:
        update(Path(args.update), "numbers", text)
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
