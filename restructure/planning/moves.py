"""Small changes to a draft, chosen by what is live at its peak."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from restructure.planning.drafts import WHOLE, Draft, Outcome
from restructure.planning.restarting import restarts
from restructure.planning.studio import Studio
from restructure.streaming import Network

__all__ = ["moves"]


def moves(
    studio: Studio, outcome: Outcome, sections: Sequence[tuple[str, ...]], macs: bool, cuts: Sequence[int]
) -> Iterator[Draft]:
    """Yield drafts that differ in one thing that matters at the peak.

    Args:
        sections: nodes that can be cut by channels together.
        macs: whether overlaps may be recomputed.
        cuts: graph nodes that phases may begin with.
    """
    draft = outcome.draft
    network, peak = studio.network(draft.cut_nodes), studio.at_peak(outcome)
    held, here = peak.held, peak.here
    starts = studio.starts(network, draft.cuts)
    op = max(peak.op, max((network.producer[t] for t in here), default=0), 0)
    phase = max(i for i, start in enumerate(starts) if start <= op)
    yield from _targets(draft, phase)
    yield from _cuts(draft, phase, cuts)
    yield from _groups(draft, sections, {network.tensors[t].name for t in here}, studio)
    stop = [*starts[1:], len(network.ops)][phase]
    inner = set(network.inner(starts[phase], stop))
    near = [t for t in held if t in inner][:12]
    if macs and not studio.robust:
        for tensor in near:
            yield _toggled(draft, network.tensors[tensor].name)
        names = [network.tensors[t].name for t in near[:3]]
        if len(names) > 1:
            yield replace(draft, recomputed=draft.recomputed | frozenset(names))
    rows = studio.phases(draft)[phase].rows
    yield from _rows(network, draft, [t for t in held if t in rows][:6], rows)
    if macs and (draft.input_rows or network.placed) and not studio.robust:
        yield from restarts(studio, draft, sections)
    if not draft.input_rows and not network.placed:
        yield replace(draft, input_rows=8)
        for restart in (500, 700, 800, 900) if macs and not studio.robust else ():
            yield replace(draft, input_rows=8, restart=restart)


def _targets(draft: Draft, phase: int) -> Iterator[Draft]:
    target = draft.targets[phase]
    options = (target // 2, target // 4, target * 2, 0) if target > 0 else (1,) if target == 0 else (2**40, 0)
    for option in options:
        if option != target:
            yield replace(draft, targets=(*draft.targets[:phase], option, *draft.targets[phase + 1 :]))
    for other in (phase - 1, phase + 1):
        if 0 <= other < len(draft.targets) and draft.targets[other] > 0:
            yield replace(
                draft, targets=(*draft.targets[:other], draft.targets[other] // 2, *draft.targets[other + 1 :])
            )


def _cuts(draft: Draft, phase: int, cuts: Sequence[int]) -> Iterator[Draft]:
    """Move, remove or add a cut next to the phase."""
    for edge in (phase - 1, phase):
        if 0 <= edge < len(draft.cuts):
            now = draft.cuts[edge]
            low = draft.cuts[edge - 1] if edge > 0 else 0
            high = draft.cuts[edge + 1] if edge + 1 < len(draft.cuts) else 1 << 60
            before = [cut for cut in cuts if low < cut < now][-2:]
            after = [cut for cut in cuts if now < cut < high][:2]
            for cut in (*before, *after):
                yield replace(draft, cuts=(*draft.cuts[:edge], cut, *draft.cuts[edge + 1 :]))
            yield replace(
                draft,
                cuts=(*draft.cuts[:edge], *draft.cuts[edge + 1 :]),
                targets=(*draft.targets[:edge], *draft.targets[edge + 1 :]),
            )


def _groups(draft: Draft, sections: Sequence[tuple[str, ...]], names: set[str], studio: Studio) -> Iterator[Draft]:
    """Cut the section that works at the peak into twice as many channel groups."""
    groups = dict(draft.groups)
    for section in sections:
        made = {name for node in studio.graph.nodes if node.name in section for name in node.outputs}
        followers = {n for name in made for c in studio.graph.consumers(name) for n in c.outputs}
        if names & (made | followers):
            count = groups.get(section[0], 1)
            kinds = {node.name: node.op_type for node in studio.graph.nodes}
            for new in (count * 2, count * 4):
                if new <= (2 if kinds[section[0]] == "Concat" else 16):
                    yield replace(draft, groups=tuple(sorted((groups | dict.fromkeys(section, new)).items())))


def _toggled(draft: Draft, name: str) -> Draft:
    return replace(draft, recomputed=draft.recomputed ^ {name})


def _rows(network: Network, draft: Draft, tensors: Sequence[int], rows: Mapping[int, int]) -> Iterator[Draft]:
    override = dict(draft.rows)
    for tensor in tensors:
        entry = network.tensors[tensor]
        for new in (rows[tensor] // 2, rows[tensor] * 2, rows[tensor] + 1):
            if 0 < new <= entry.height and draft.targets != (WHOLE,):
                yield replace(draft, rows=tuple(sorted((override | {entry.name: new}).items())))
