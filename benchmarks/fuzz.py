"""The fuzz campaign: mutants of models, descriptions, settings and mapping files, each to end well.

    python -m benchmarks.fuzz                       # 10,000 mutants
    python -m benchmarks.fuzz --write DIR 500       # the files of one mutant, and its command
    python -m benchmarks.fuzz --update docs/robustness.md --jobs 2 --journal build/fuzz.jsonl

A campaign with a journal goes on where it was broken off; delete the journal when the code has changed.

Each must end within 30 s of CPU time and 2 GiB of data with exit code 0, 2, 3 or 4 and a message, without a traceback
or control characters, leaving no file behind; a result must not contradict itself.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from benchmarks.helpers import of_tests
from benchmarks.markdown import table as markdown_table
from benchmarks.markdown import update

_campaign = of_tests("fuzz_campaign", "fuzz")

_MEANINGS = {0: "ok", 1: "defect", 2: "configuration or file", 3: "model", 4: "does not fit", 5: "verification"}


def table(summary: _campaign.Summary, first: int) -> str:
    """The campaign as Markdown."""
    by_kind: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for (kind, code), count in summary.codes.items():
        by_kind[kind][code] += count
    codes = sorted({code for _, code in summary.codes})
    header = ["what is changed", "mutants", *(f"exit {code} ({_MEANINGS.get(code, '?')})" for code in codes)]
    rows = [
        [kind, f"{sum(counts.values()):,}", *(f"{counts.get(code, 0):,}" for code in codes)]
        for kind, counts in sorted(by_kind.items())
    ]
    head = (
        f"`python -m benchmarks.fuzz --first {first} --count {summary.mutants}`: {summary.mutants:,} mutants, "
        f"{len(summary.findings)} findings, {summary.cpu_s / 60:,.0f} min of CPU time; "
        f"slowest mutant {summary.slowest_s:.1f} s (seed {summary.slowest_seed}), "
        f"largest process {summary.peak_mib:,} MiB."
    )
    found = "".join(f"\n- {finding}" for finding in summary.findings)
    return f"{head}\n\n{markdown_table(header, rows)}{found}\n"


def _known(journal: Path | None) -> Iterator[_campaign.Verdict]:
    """What an earlier run wrote down; the last line may be half of one."""
    for line in journal.read_text().splitlines() if journal and journal.exists() else []:
        with contextlib.suppress(ValueError):
            yield _campaign.Verdict(**json.loads(line))


def _writer(journal: Path | None) -> Callable[[_campaign.Verdict], None]:
    """What is to be done with each verdict: findings are told, and all are written down."""
    if journal:
        journal.parent.mkdir(parents=True, exist_ok=True)

    def seen(verdict: _campaign.Verdict) -> None:
        if verdict.wrong:
            print(f"FINDING {verdict}", flush=True)
        if journal:
            with journal.open("a") as file:
                file.write(json.dumps(asdict(verdict)) + "\n")

    return seen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--first", type=int, default=0, help="first seed (default: 0)")
    parser.add_argument("--count", type=int, default=10_000, help="mutants (default: 10,000)")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time (default: 1)")
    parser.add_argument("--journal", metavar="FILE", type=Path, help="write each verdict down, and skip those there")
    parser.add_argument("--update", metavar="PAGE", help="put the table between the markers of this page")
    parser.add_argument(
        "--write", nargs=2, metavar=("DIR", "SEED"), help="write one mutant's files, and do nothing else"
    )
    args = parser.parse_args()
    if args.write:
        mutant = of_tests("fuzz_cases", "fuzz").case(int(args.write[1]))
        Path(args.write[0]).mkdir(parents=True, exist_ok=True)
        mutant.write(Path(args.write[0]))
        print("accelsim", *mutant.words)
        return 0
    known, seen = list(_known(args.journal)), _writer(args.journal)
    text = table(summary := _campaign.campaign(args.first, args.count, seen, known=known, jobs=args.jobs), args.first)
    print(text)
    if args.update:
        update(args.update, "campaign", text)
    return 1 if summary.findings else 0


if __name__ == "__main__":
    sys.exit(main())
