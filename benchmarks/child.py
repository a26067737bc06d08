"""Commands in processes of their own, held to one core: what they cost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Cost", "best_of", "run_alone", "run_tool"]


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one core and peak resident MiB of a process, and what it printed.

    Processor time, not the clock on the wall: what else the machine does matters less.
    """

    seconds: float
    mebibytes: float
    output: str


def _pin_to_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def run_alone(words: Sequence[str]) -> Cost:
    """Run `python words…` in its own process.

    Raises:
        RuntimeError: it failed; with what it said.
    """
    process = subprocess.Popen(
        [sys.executable, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_pin_to_one_core,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    output, complaint = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)}: {complaint}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def best_of(count: int, words: Sequence[str]) -> Cost:
    """The fastest of several runs: the others were disturbed."""
    return min((run_alone(words) for _ in range(count)), key=lambda cost: cost.seconds)


def run_tool(tool: str, program: str, folder: Path, extra: str) -> None:
    """Run a program that imports another tool, in a folder, by this interpreter or the one in `$TOOL_PYTHON`.

    Args:
        tool: its name, in capitals in the variable.
        extra: what to install for it.

    Raises:
        RuntimeError: the tool is not there, or fails.
    """
    (folder / "go.py").write_text(program)
    python = os.environ.get(f"{tool.upper().replace('-', '')}_PYTHON", sys.executable)
    done = subprocess.run([python, "go.py"], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        complaint = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise RuntimeError(f"{tool} did not run: {complaint}; pip install 'accelsim[{extra}]'")
