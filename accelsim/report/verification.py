"""The screen of a verification: every execution and every output against its reference."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from accelsim.report.parts import columns, facts, title
from accelsim.report.quantities import count
from accelsim.verification import OutputCheck, Verification

__all__ = ["verification_screen"]

_HEADER = (("order", "left"), ("output", "left"), ("largest error", "right"), ("relative", "right"), ("", "left"))


def verification_screen(found: Verification) -> Iterator[RenderableType]:
    """The parts of the screen, from top to bottom."""
    yield title(f"{found.model} on {found.hardware} against onnxruntime", "equal" if found.passed else "DIFFERENT")
    yield facts(_what(found))
    yield Text()
    rows = [(check.order, *_row(output)) for check in found.orders for output in check.outputs]
    yield columns(_HEADER, rows)
    for check in found.orders:
        if check.failure:
            yield facts([(check.order, check.failure)])


def _what(found: Verification) -> Iterator[tuple[str, str]]:
    yield "executed", f"{count(found.instructions, 'instruction')} in {count(len(found.orders), 'order')}"
    own = "seeded random ones: the model's own are constant, missing or not float32"
    yield "weights", own if found.synthetic_weights else "the model's own"
    for tolerance in sorted({output.tolerance for output in found.outputs}):
        yield "tolerance", f"{tolerance:.2g} of an output's largest value: float32 sums are added up in other orders"
    yield from (("note", note) for note in found.notes)


def _row(output: OutputCheck) -> tuple[str, str, str, str]:
    verdict = "equal" if output.passed else "DIFFERENT"
    return output.name, f"{output.max_abs_error:.3g}", f"{output.max_rel_error:.2e}", verdict
