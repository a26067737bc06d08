"""Runs mutants one after another in one process: fast, and limited in memory and time.

Reads seeds from standard input, a line each. Says `begin SEED` before a mutant and one line of JSON after it, both on
the standard output it was started with. The limit on time is that of the CPU, so that a busy machine does not count.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from fuzz_cases import Case, case  # noqa: E402

from accelsim.cli import main  # noqa: E402

ALLOWED = (0, 2, 3, 4)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_NO_REFERENCE = "nothing can be compared"
"""What is said where onnxruntime has no result to compare with: exit code 5 is right then."""
CPU_S = 30
MEMORY_BYTES = 2 << 30


class _Text(io.StringIO):
    """Standard output or error, as a file of text that has no terminal behind it."""


def complaint(words: tuple[str, ...], code: int, out: str, err: str) -> str:
    """What is wrong with how a mutant ended; empty when nothing is."""
    if code == 5 and _NO_REFERENCE in err:
        return ""
    if code not in ALLOWED:
        return f"exit code {code}: {err.strip()[:400]}"
    if "Traceback" in err:
        return "traceback on standard error"
    if _CONTROL.search(err) or _CONTROL.search(out):
        return f"control characters in what is printed: {(_CONTROL.search(err) or _CONTROL.search(out))!r}"
    if code and not err.strip():
        return f"exit code {code} without a word"
    return _wrong_result(out) if code == 0 and words[0] == "run" and "-" in words else ""


def _wrong_result(out: str) -> str:
    """A result that contradicts itself."""
    totals = json.loads(out, parse_constant=_refuse)["totals"]
    if sum(totals["array_cycles_by_cause"].values()) != totals["latency_cycles"]:
        return "causes of cycles do not add up to the latency"
    if sum(totals["dram_bytes_by_cause"].values()) != totals["dram_bytes"]:
        return "causes of bytes do not add up to the bytes"
    if totals["latency_cycles"] < max(totals["compute_bound_cycles"], totals["dram_bound_cycles"]):
        return "latency below a bound"
    return ""


def _refuse(text: str) -> float:
    raise ValueError(f"{text} in a result")


def attempt(mutant: Case) -> dict[str, object]:
    """Run one mutant in an empty folder."""
    here = os.getcwd()
    out, err = _Text(), _Text()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        mutant.write(Path(folder))
        before = sorted(os.listdir(folder))
        start = time.process_time()
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main(mutant.words)
            wrong = complaint(mutant.words, code, out.getvalue(), err.getvalue())
            if not wrong and sorted(os.listdir(folder)) != before:
                wrong = f"left files behind: {sorted(os.listdir(folder))}"
        except BaseException as error:  # whatever gets out of `main` is a finding
            code, wrong = 1, f"{type(error).__name__} escapes: {error}"
        finally:
            os.chdir(here)
    return {
        "seed": mutant.seed,
        "kind": mutant.kind,
        "code": code,
        "wrong": wrong,
        "cpu_s": round(time.process_time() - start, 3),
    }


def _limit_time() -> None:
    used = int(time.process_time()) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (used + CPU_S, resource.RLIM_INFINITY))


def _run_all() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        seed = int(line)
        sys.__stdout__.write(f"begin {seed}\n")  # type: ignore[union-attr]
        sys.__stdout__.flush()  # type: ignore[union-attr]
        _limit_time()
        result = attempt(case(seed))
        result["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        sys.__stdout__.write(json.dumps(result) + "\n")  # type: ignore[union-attr]
        sys.__stdout__.flush()  # type: ignore[union-attr]


if __name__ == "__main__":
    _run_all()
