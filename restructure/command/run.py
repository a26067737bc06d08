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
from restructure.errors import PlanError, printable
from restructure.files import atomic_write, target_path
from restructure.graph import Graph, load, save
from restructure.placement import c_header, place, placement_problems
from restructure.placement import plan_document as memory_document
from restructure.planning import pareto, plan, why
from restructure.plans import BudgetError
from restructure.profile import Definition, profile
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
    for target in (args.out, args.json, args.plan_out, args.c_header):
        if target is not None and target != STANDARD_OUTPUT:
            target_path(target)
    _require_placed(args)
    graph, notices = open_network(args.model, dict(args.dims))
    _say(program, "note", notices)
    if args.pareto:
        return _front(args, graph, program)
    with Bar() as bar:
        outcome, model = _restructured(args, graph, bar)
        if not args.no_verify:
            outcome = _verified(args, outcome, model, bar)
        if args.placed:
            outcome = _placed(args, outcome, load(model, _dims(model, graph)), bar)
        if args.out is not None and outcome.shortage is None and _sound(outcome):
            bar(1.0, "writing")
            save(model, args.out)
            outcome = _read_again(replace(outcome, written=args.out), _dims(model, graph))
    _tell(args, outcome)
    return _judged(outcome, program)


def _require_placed(args: argparse.Namespace) -> None:
    for option, value in (("--plan-out", args.plan_out), ("--c-header", args.c_header)):
        if value is not None and not args.placed:
            raise PlanError(f"{option}: must go with --placed, got it alone; add --placed")
    if args.placed and args.pareto:
        raise PlanError("--placed: must place one plan, got --pareto; leave one of them out")


def _placed(args: argparse.Namespace, outcome: Outcome, new: Graph, bar: Bar) -> Outcome:
    """Give every byte an address, execute the plan unless told not to, and write what was asked for."""
    bar(1.0, "placing")
    plan = outcome.plan
    memory = place(
        new,
        plan.definition,
        alignment=args.alignment,
        allocator=args.allocator,
        baseline_bytes=plan.baseline_bytes,
    )
    problems: tuple[str, ...] = ()
    if not args.no_verify:
        bar(1.0, "executing in the planned buffer")
        problems = tuple(placement_problems(new, memory, args.seed))
    if not problems and args.plan_out:
        write_json(args.plan_out, memory_document(memory))
    if not problems and args.c_header:
        with atomic_write(args.c_header) as file:
            file.write(c_header(memory).encode())
    return replace(outcome, memory=memory, misplaced=problems)


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
        "jobs": args.jobs,
        "progress": bar,
        "definition": Definition(layout="placed") if args.placed else None,
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
    return not outcome.misplaced and (outcome.verified is None or outcome.verified.passed)


def _tell(args: argparse.Namespace, outcome: Outcome) -> None:
    if args.json:
        write_json(args.json, plan_document(outcome))
    if args.json != STANDARD_OUTPUT:
        from restructure.command.screen import plan_screen, show

        show(plan_screen(outcome))


def _judged(outcome: Outcome, program: str) -> int:
    if not _sound(outcome):
        found = (*outcome.misplaced, *(outcome.verified.problems if outcome.verified else ()))
        first = found[0] if found else "outputs differ"
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
