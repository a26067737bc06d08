"""Many mutants in worker processes; a worker that dies is a finding, and another one carries on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import fuzz_cases

_WORKER = Path(__file__).parent / "fuzz_worker.py"
_BATCH = 400
"""Mutants per process: a leak cannot hide for long, and starting up does not count for much."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a mutant ended; `code` is negative when its process was ended by that signal."""

    seed: int
    kind: str
    code: int
    wrong: str
    cpu_s: float
    peak_mib: int

    def __str__(self) -> str:
        mutant = fuzz_cases.case(self.seed)
        return f"seed {self.seed} ({mutant.kind} of {mutant.base}): {' '.join(mutant.words)!r}: {self.wrong}"


@dataclass(slots=True)
class Summary:
    """What a campaign found."""

    codes: Counter[tuple[str, int]] = field(default_factory=Counter)
    findings: list[Verdict] = field(default_factory=list)
    slowest_s: float = 0.0
    slowest_seed: int = -1
    peak_mib: int = 0
    mutants: int = 0
    cpu_s: float = 0.0

    def add(self, verdict: Verdict) -> None:
        """Count one."""
        self.mutants += 1
        self.cpu_s += verdict.cpu_s
        self.codes[verdict.kind, verdict.code] += 1
        if verdict.cpu_s > self.slowest_s:
            self.slowest_s, self.slowest_seed = verdict.cpu_s, verdict.seed
        self.peak_mib = max(self.peak_mib, verdict.peak_mib)
        if verdict.wrong:
            self.findings.append(verdict)


def campaign(
    first: int,
    count: int,
    seen: Callable[[Verdict], None] = lambda verdict: None,
    *,
    known: Iterable[Verdict] = (),
    batch: int = _BATCH,
    jobs: int = 1,
) -> Summary:
    """Run the mutants of `count` seeds from `first` on.

    Args:
        seen: told every new verdict at once.
        known: verdicts of an earlier run that was broken off; those of the same seeds are not found out again.
        batch: mutants per process.
        jobs: processes at a time.
    """
    summary = Summary()
    wanted = range(first, first + count)
    before = {verdict.seed: verdict for verdict in known if verdict.seed in wanted}
    for verdict in before.values():
        summary.add(verdict)
    seeds = [seed for seed in wanted if seed not in before]
    lock = Lock()

    def one(seeds: list[int]) -> None:
        for verdict in _all(seeds):
            with lock:
                summary.add(verdict)
                seen(verdict)

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, (seeds[start : start + batch] for start in range(0, len(seeds), batch))))
    summary.findings.sort(key=lambda verdict: verdict.seed)
    return summary


def _all(seeds: list[int]) -> Iterator[Verdict]:
    """The verdicts of all seeds, in as many processes as die, and one."""
    while seeds:
        done = 0
        for verdict in _batch(seeds):
            done += 1
            yield verdict
        seeds = seeds[done:]


def _batch(seeds: list[int]) -> Iterator[Verdict]:
    """The verdicts of one process; ends early, with a finding, when the process dies."""
    worker = subprocess.Popen(
        [sys.executable, str(_WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write("".join(f"{seed}\n" for seed in seeds))
        worker.stdin.close()
        begun: int | None = None
        for line in worker.stdout:
            if line.startswith("begin "):
                begun = int(line.removeprefix("begin "))
            else:
                yield Verdict(**json.loads(line))
                begun = None
        assert worker.stderr is not None
        last_words = worker.stderr.read().strip()[-300:]
    if begun is not None:
        yield Verdict(
            begun,
            fuzz_cases.case(begun).kind,
            worker.returncode,
            f"the process ended with {worker.returncode}: {last_words}",
            0.0,
            0,
        )
    elif worker.returncode:
        raise RuntimeError(f"the worker does not start: {last_words}")
