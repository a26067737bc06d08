"""A slice of the fuzz campaign (`benchmarks/fuzz.py` runs all of it), and that the campaign would notice."""

from __future__ import annotations

import fuzz_cases
import fuzz_seeds
import fuzz_worker
import pytest
from fuzz_campaign import Verdict, campaign
from fuzz_cases import Case

SLICE = range(20_000, 20_050)


def test_mutants_of_files_and_settings_end_with_a_message_and_a_code_of_the_manual() -> None:
    summary = campaign(SLICE.start, len(SLICE))
    assert summary.mutants == len(SLICE)
    assert [str(finding) for finding in summary.findings] == []
    assert {code for _, code in summary.codes} >= {0, 2, 3}


@pytest.mark.slow
def test_a_campaign_that_was_broken_off_goes_on_where_it_was() -> None:
    known = [Verdict(seed, "bytes", 3, "wrong" * (seed == 1), 1.0, 7) for seed in (0, 1, 2, 3, 99)]
    seen: list[Verdict] = []
    summary = campaign(0, 5, seen.append, known=known, batch=1, jobs=2)
    assert sorted(verdict.seed for verdict in seen) == [4]
    assert (summary.mutants, [finding.seed for finding in summary.findings]) == (5, [1])


def test_a_seed_always_means_the_same_mutant() -> None:
    for seed in range(30):
        assert fuzz_cases.case(seed) == fuzz_cases.case(seed)


@pytest.mark.parametrize("base", fuzz_seeds.SMALL)
def test_what_mutants_are_made_of_is_sound(base: str) -> None:
    words = ("profile", "--model", fuzz_cases.MODEL, *(("--dim", "N=1") if base == "moved" else ()))
    sound = Case(0, "none", base, words, ((fuzz_cases.MODEL, fuzz_seeds.model(base)),))
    result = fuzz_worker.attempt(sound)
    assert (result["code"], result["wrong"]) == (0, "")


@pytest.mark.parametrize(
    ("code", "out", "err", "words"),
    [
        (1, "", "internal error", "exit code 1: internal error"),
        (-9, "", "", "exit code -9: "),
        (3, "", "Traceback (most recent call last):", "traceback on standard error"),
        (2, "", "\x1b[2J", "control characters"),
        (0, "\u202e", "", "control characters"),
        (3, "", " ", "exit code 3 without a word"),
    ],
)
def test_the_campaign_notices_what_must_not_happen(code: int, out: str, err: str, words: str) -> None:
    assert fuzz_worker.complaint(("profile",), code, out, err).startswith(words)


def test_the_campaign_notices_a_result_that_contradicts_itself() -> None:
    totals = '{"latency_cycles": 3, "array_cycles_by_cause": {"compute": 2}}'
    found = fuzz_worker.complaint(("run", "--json", "-"), 0, f'{{"totals": {totals}}}', "")
    assert found == "causes of cycles do not add up to the latency"


@pytest.mark.slow
def test_the_campaign_notices_a_process_that_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mutant whose number is no number ends the worker."""
    summary = campaign(0, 1)
    assert summary.findings == []
    monkeypatch.setattr("fuzz_campaign._WORKER", fuzz_seeds.ROOT / "tests" / "fuzz" / "dying_worker.py")
    summary = campaign(0, 2)
    assert [(finding.seed, finding.code) for finding in summary.findings] == [(0, -9), (1, -9)]
