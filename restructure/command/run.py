"""The command itself: find the model, plan, rewrite, verify, write, show.

Exit codes: 0 ok, 4 no plan fits the budget (the closest is shown), 5 verification failed (nothing is written).
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from restructure.command.document import STANDARD_OUTPUT, front_document, plan_document, write_json
from restructure.command.network import open_network
from restructure.command.outcome import Outcome
from restructure.command.progress import Bar
from restructure.errors import printable
from restructure.files import target_path
from restructure.graph import Graph, load, save
from restructure.planning import pareto, plan, why
from restructure.plans import BudgetError
from restructure.profile import profile
from restructure.rewriting import rewrite
from restructure.verify import count, verify

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["run"]

DOES_NOT_FIT, VERIFICATION_FAILED = 4, 5


def run(args: argparse.Namespace, program: str = "restructure") -> int:
    """Run the command with parsed options; returns the exit code.

    Args:
        program: how notices and complaints on standard error begin.

    Raises:
        RestructureError: the model cannot be used, or a file cannot be written.
    """
    for place in (args.out, args.json):
        if place is not None and place != STANDARD_OUTPUT:
            target_path(place)
    graph, notices = open_network(args.model, dict(args.dims))
    _say(program, "note", notices)
    if args.pareto:
        return _front(args, graph, program)
    with Bar() as bar:
        outcome, model = _restructured(args, graph, bar)
        if not args.no_verify:
            outcome = _verified(args, outcome, model, bar)
        if args.out is not None and outcome.shortage is None and _sound(outcome):
            bar(1.0, "writing")
            save(model, args.out)
            outcome = _read_again(replace(outcome, written=args.out), _dims(model, graph))
    _tell(args, outcome)
    return _judged(outcome, program)


def _limits(args: argparse.Namespace, bar: Bar) -> dict[str, Any]:
    return {
        "max_overhead": args.max_overhead,
        "budget_bytes": args.budget,
        "dtype": args.dtype,
        "max_parts": args.max_parts,
        "max_nodes": args.max_nodes,
        "allow_reassociation": args.allow_reassociation,
        "robust": args.robust,
        "time_limit_s": args.time_limit,
        "progress": bar,
    }


def _front(args: argparse.Namespace, graph: Graph, program: str) -> int:
    if args.out is not None:
        _say(program, "note", [f"{args.out}: not written: --pareto shows the front; leave it out to write one plan"])
    with Bar() as bar:
        front = pareto(graph, **_limits(args, bar))
    if args.json:
        write_json(args.json, front_document(graph, front))
    if args.json != STANDARD_OUTPUT:
        from restructure.command.screen import front_screen, show

        show(front_screen(graph, front))
    return 0


def _restructured(args: argparse.Namespace, graph: Graph, bar: Bar) -> "tuple[Outcome, ir.Model]":
    shortage = None
    try:
        found = plan(graph, **_limits(args, bar))
    except BudgetError as error:
        found, shortage = error.plan, str(error)
    bar(1.0, "rewriting")
    model = rewrite(graph, found)
    new = load(model, _dims(model, graph))
    reasons = tuple(why(graph, found)) if args.why else ()
    before, after = profile(graph, found.definition), profile(new, found.definition)
    return Outcome(graph, found, before, after, reasons, args.budget, shortage), model


def _dims(model: "ir.Model", original: Graph) -> Mapping[str, int]:
    """Return the sizes of the model's open dimensions, if the rewrite left them open."""
    is_open = any(not isinstance(size, int) for value in model.graph.inputs for size in value.shape or ())
    return original.dims if is_open else {}


def _verified(args: argparse.Namespace, outcome: Outcome, model: "ir.Model", bar: Bar) -> Outcome:
    return replace(outcome, verified=verify(outcome.graph, model, plan=outcome.plan, seed=args.seed, progress=bar))


def _read_again(outcome: Outcome, dims: Mapping[str, int]) -> Outcome:
    """Count the active memory of the file that was written, if the model was verified before."""
    if outcome.verified is None or outcome.written is None:
        return outcome
    found = count(load(outcome.written, dims), outcome.plan.definition)
    if found.peak_bytes == outcome.plan.peak_bytes:
        return outcome
    problem = f"the file's peak is {found.peak_bytes:,} B, the plan's {outcome.plan.peak_bytes:,} B"
    return replace(outcome, verified=replace(outcome.verified, problems=(problem,)))


def _sound(outcome: Outcome) -> bool:
    return outcome.verified is None or outcome.verified.passed


def _tell(args: argparse.Namespace, outcome: Outcome) -> None:
    if args.json:
        write_json(args.json, plan_document(outcome))
    if args.json != STANDARD_OUTPUT:
        from restructure.command.screen import plan_screen, show

        show(plan_screen(outcome))


def _judged(outcome: Outcome, program: str) -> int:
    if not _sound(outcome):
        first = outcome.verified.problems[0] if outcome.verified and outcome.verified.problems else "outputs differ"
        _say(program, "error", [f"verification failed: {first.splitlines()[0]}"])
        return VERIFICATION_FAILED
    if outcome.shortage is not None:
        _say(program, "error", [outcome.shortage])
        return DOES_NOT_FIT
    if not outcome.plan.regions and not outcome.plan.order:
        _say(program, "note", ["there is no peak to flatten within these limits: the model stays as it is"])
    return 0


def _say(program: str, kind: str, texts: Sequence[str]) -> None:
    for text in texts:
        for line in text.splitlines():
            sys.stderr.write(f"{program}: {kind}: {printable(line)}\n")
