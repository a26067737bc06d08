"""A memory plan as a C header: sizes, ranges, tensors' pieces and a table of steps, all constants."""

import re
from collections.abc import Iterable, Iterator

from restructure.errors import printable
from restructure.placement.allocators.base import PlacementError
from restructure.placement.records import MemoryPlan

__all__ = ["c_header"]

_AXES = 4

_TYPES = """\
typedef struct { uint32_t offset, bytes, first_step, last_step; } PREFIX_range_t;
/* Element (start + i) of the tensor lies at offset + i[0]*stride[0] + ...; axes are N, C, H, W. */
typedef struct { uint32_t offset, start[4], shape[4]; int32_t stride[4]; } PREFIX_piece_t;
/* A tensor without pieces is a view in another order of elements: read what it is a view of. */
typedef struct { const char *name; uint32_t bytes, first_piece, pieces; } PREFIX_tensor_t;
/* Operands are tensors operand[first_operand] ..., then come the results. Views do nothing. */
typedef struct { const char *name, *op; uint32_t is_view, first_operand, operands, results; } PREFIX_step_t;
"""


def c_header(plan: MemoryPlan) -> str:
    """Return the header; it compiles as C99 and as C++, and needs nothing but <stdint.h>.

    Raises:
        PlacementError: a tensor has more axes than the tables.
    """
    prefix = _identifier(plan.network) or "network"
    wide = next((t for t in plan.tensors.values() if any(len(p.shape) > _AXES for p in t.pieces)), None)
    if wide is not None:
        rule = f"tensor {wide.name!r} has {len(wide.shape)} axes, the header's tables have {_AXES}"
        raise PlacementError(f"{plan.network}: {rule}; use --plan-out, whose JSON has them all")
    parts = [*_top(plan, prefix), _TYPES, *_tables(plan), "#endif"]
    return "\n".join(parts).replace("PREFIX_SIZE", prefix.upper()).replace("PREFIX", prefix) + "\n"


def _identifier(text: str) -> str:
    name = re.sub(r"\W", "_", text, flags=re.ASCII).strip("_").lower()
    return f"n{name}" if name[:1].isdigit() else name


def _top(plan: MemoryPlan, prefix: str) -> Iterator[str]:
    guard = f"{prefix.upper()}_MEMORY_PLAN_H"
    yield f"/* Memory plan of {_comment(plan.network)}: {_comment(plan.definition.describe())}. */"
    yield f"#ifndef {guard}\n#define {guard}\n\n#include <stdint.h>\n"
    yield f"#define PREFIX_SIZE_ARENA_BYTES {plan.allocated_bytes}u"
    yield f"#define PREFIX_SIZE_ARENA_ALIGNMENT {plan.alignment}u"
    yield f"#define PREFIX_SIZE_STEPS {len(plan.steps)}u"
    yield f"#define PREFIX_SIZE_RANGES {len(plan.ranges)}u"
    yield f"#define PREFIX_SIZE_TENSORS {len(plan.tensors)}u\n"
    for names, word in ((plan.inputs, "INPUT"), (plan.outputs, "OUTPUT")):
        order = list(plan.tensors)
        for number, name in enumerate(name for name in names if name in plan.tensors):
            yield f"#define PREFIX_SIZE_{word}_{number} {order.index(name)}u /* tensor {_comment(name)} */"
            pieces = plan.tensors[name].pieces
            if len(pieces) == 1:
                yield f"#define PREFIX_SIZE_{word}_{number}_OFFSET {pieces[0].offset}u"
    yield ""


def _tables(plan: MemoryPlan) -> Iterator[str]:
    yield from _array("PREFIX_range_t", "PREFIX_ranges", (
        f"{{{r.offset}u, {r.bytes}u, {r.first_step}u, {r.last_step}u}}" for r in plan.ranges
    ))  # fmt: skip
    yield from _array("PREFIX_piece_t", "PREFIX_pieces", (
        f"{{{p.offset}u, {_braced(p.start, 'u')}, {_braced(p.shape, 'u')}, {_braced(p.strides, '')}}}"
        for tensor in plan.tensors.values() for p in tensor.pieces
    ))  # fmt: skip
    numbers, first, rows = {}, 0, []
    for index, tensor in enumerate(plan.tensors.values()):
        numbers[tensor.name] = index
        octets = tensor.element_bytes
        for extent in tensor.shape:
            octets *= extent
        rows.append(f"{{{_quoted(tensor.name)}, {octets}u, {first}u, {len(tensor.pieces)}u}}")
        first += len(tensor.pieces)
    yield from _array("PREFIX_tensor_t", "PREFIX_tensors", rows)
    uses: list[str] = []
    rows = []
    for step in plan.steps:
        reads, makes = ([numbers[name] for name in names if name in numbers] for names in (step.reads, step.makes))
        counts = f"{int(step.is_view)}u, {len(uses)}u, {len(reads)}u, {len(makes)}u"
        rows.append(f"{{{_quoted(step.node)}, {_quoted(step.operator)}, {counts}}}")
        uses += [f"{number}u" for number in (*reads, *makes)]
    yield from _array("uint32_t", "PREFIX_operand", uses)
    yield from _array("PREFIX_step_t", "PREFIX_steps", rows)


def _array(kind: str, name: str, rows: Iterable[str]) -> Iterator[str]:
    listed = list(rows) or ["0"]
    yield f"static const {kind} {name}[] = {{"
    yield ",\n".join(f"  {row}" for row in listed)
    yield "};\n"


def _braced(numbers: Iterable[int], suffix: str) -> str:
    return "{" + ", ".join(f"{number}{suffix}" for number in numbers) + "}"


def _quoted(text: str) -> str:
    plain = printable(text).encode("ascii", "backslashreplace").decode()
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"').replace("??", "?\\?") + '"'


def _comment(text: str) -> str:
    return printable(text).replace("*/", "* /").replace("/*", "/ *")
