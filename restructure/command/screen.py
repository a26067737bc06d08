"""What the command shows. The definition of active memory stands with every number."""

import sys
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from restructure.command.network import name_of
from restructure.command.outcome import Outcome
from restructure.errors import printable
from restructure.graph import Graph
from restructure.plans import Plan, Region
from restructure.profile import Profile
from restructure.verify import Verification

__all__ = ["front_screen", "plan_screen", "show"]

_GLYPHS = " ▁▂▃▄▅▆▇█"
_LABEL = 14
_PLAIN_WIDTH = 100
_NARROWEST = 10


def show(parts: Iterable[RenderableType]) -> None:
    """Draw on standard output: in colour on a terminal, as plain text elsewhere."""
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, emoji=False, width=_PLAIN_WIDTH, color_system=None)
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def plan_screen(outcome: Outcome) -> Iterator[RenderableType]:
    """Yield the screen of one plan, from top to bottom."""
    plan = outcome.plan
    yield Text(f"{printable(name_of(outcome.graph))}, restructured", style="bold")
    yield _facts(_figures(outcome))
    yield Text()
    if plan.regions:
        yield _table(
            ("region", "nodes", "cut", "parts", "retained", "recomputed", "peak"),
            [_region(index, region) for index, region in enumerate(plan.regions, 1)],
        )
    if outcome.reasons:
        yield Text()
        yield _table(("left whole", "because"), [(_span(nodes), reason) for nodes, reason in outcome.reasons], "ll")


def _figures(outcome: Outcome) -> Iterator[tuple[str, str]]:
    plan = outcome.plan
    yield "definition", plan.definition.describe()
    yield "peak", f"{plan.baseline_bytes:,} B → {plan.peak_bytes:,} B"
    yield "", f"{plan.baseline_elements:,} → {plan.peak_elements:,} elements"
    yield (
        "saving",
        f"{plan.saving:.1%}" if plan.regions or plan.order else "none: there is no peak that cutting would flatten",
    )
    yield "bound", f"no plan goes below {plan.lower_bound_bytes:,} B, at any number of MACs (gap {plan.gap:.1%})"
    yield "MACs", f"{plan.baseline_macs:,} → {plan.macs:,} ({plan.mac_overhead:+.1%})"
    yield "nodes", f"{plan.baseline_nodes:,} → {plan.nodes:,} ({plan.nodes / max(plan.baseline_nodes, 1):.1f} ×)"
    if plan.order:
        yield "order", "the file's nodes are put in a flatter order first"
    full = max(outcome.before.peak_bytes, outcome.after.peak_bytes)
    yield "before", _sparkline(outcome.before, full)
    yield "after", _sparkline(outcome.after, full)
    yield "", "active memory from the first node to the last; full height is the original's peak"
    if outcome.shortage is not None:
        yield "budget", outcome.shortage
    yield from _placed(outcome)
    yield from _checked(outcome.verified)
    if outcome.written is not None:
        yield "written", outcome.written


def _placed(outcome: Outcome) -> Iterator[tuple[str, str]]:
    memory = outcome.memory
    if memory is None:
        return
    above = f"{memory.overhead:.2%} above what is live at the peak"
    yield "placed", f"in a buffer of {memory.allocated_bytes:,} B ({above}), {len(memory.ranges):,} ranges"
    for problem in outcome.misplaced:
        yield "", f"NO: {problem}"
    if outcome.verified is not None and not outcome.misplaced:
        yield "", "executed in a buffer of that size: outputs are equal bit for bit"


def _checked(verified: Verification | None) -> Iterator[tuple[str, str]]:
    if verified is None:
        yield "verified", "no (not asked for)"
        return
    for index, problem in enumerate(verified.problems):
        yield ("verified", f"NO: {problem}") if index == 0 else ("", problem)
    if verified.passed:
        yield "verified", "on integers bit for bit, on random numbers within rounding:"
        yield "", f"relative error {verified.max_rel_error:.1e}, tolerance {verified.tolerance:.1e}"
        yield "", f"peak counted on the new model: {verified.peak_bytes:,} B"


def _region(index: int, region: Region) -> tuple[str, ...]:
    retained = sum(cut.overlap == "retained" for cut in region.tensors)
    recomputed = len(region.tensors) - retained
    return (
        str(index),
        _span(region.nodes),
        region.form,
        str(region.parts),
        str(retained),
        str(recomputed),
        f"{region.peak_bytes:,} B",
    )


def _span(nodes: Sequence[str]) -> str:
    """Return a run of nodes by its first and last."""
    ends = [_tail(name) for name in (nodes[0], nodes[-1])] if nodes else [""]
    return ends[0] if len(nodes) < 2 else f"{ends[0]} … {ends[1]} ({len(nodes)})"


def _tail(name: str, width: int = 20) -> str:
    name = printable(name)
    return name if len(name) <= width else f"…{name[len(name) - width + 1 :]}"


def front_screen(graph: Graph, front: Sequence[Plan]) -> Iterator[RenderableType]:
    """Yield the screen of a front, from top to bottom."""
    title = f"{printable(name_of(graph))}: plans that no other beats in peak, MACs and nodes"
    yield Text(f"{title} ({len(front)})", style="bold")
    if not front:
        return
    first = front[0]
    facts = [
        ("definition", first.definition.describe()),
        ("original", f"{first.baseline_bytes:,} B, {first.baseline_macs:,} MACs, {first.baseline_nodes:,} nodes"),
    ]
    yield _facts(facts)
    yield Text()
    header = ("saving", "extra MACs", "nodes", "parts", "peak elements", "peak")
    yield _table(header, [_point(found) for found in front], "rrrrrr")


def _point(found: Plan) -> tuple[str, ...]:
    sizes = (f"{found.nodes:,}", f"{found.parts:,}", f"{found.peak_elements:,}", f"{found.peak_bytes:,} B")
    return f"{found.saving:.1%}", f"{found.mac_overhead:.1%}", *sizes


def _facts(pairs: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=_LABEL, no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in pairs:
        table.add_row(Text(label, style="bold"), Text(printable(value)))
    return table


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], alignment: str = "rllrrrr") -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for name, side in zip(header, alignment, strict=False):
        table.add_column(name, justify="right" if side == "r" else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table


def _sparkline(profile: Profile, full: int) -> str:
    """Return the profile's highest value in each of equal stretches of its steps, one character each."""
    sizes = [step.live_bytes for step in profile.steps]
    console = Console()
    width = min(console.width, _PLAIN_WIDTH) if console.is_terminal else _PLAIN_WIDTH
    columns = max(_NARROWEST, width - _LABEL - 2)
    top, count = len(_GLYPHS) - 1, min(columns, len(sizes))
    peaks = [max(sizes[i * len(sizes) // count : (i + 1) * len(sizes) // count]) for i in range(count)]
    return "".join(_GLYPHS[min(top, max(size > 0, -(-size * top // full)))] for size in peaks) if full else ""
