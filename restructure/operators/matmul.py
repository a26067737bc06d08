"""Matrix products: MatMul, Gemm, their quantised forms, and Einsum."""

from collections.abc import Sequence
from math import prod
from string import ascii_letters

from restructure.errors import OperatorError
from restructure.operators.broadcasting import broadcast
from restructure.operators.records import Call, OperatorSpec, Shape, TensorInfo

__all__ = ["SPECS", "einsum_terms", "matmul_dims"]

# operands (left, right) and, for quantised ones, the operand whose type the result takes
_OPERANDS = {"QLinearMatMul": (0, 3), "QGemm": (0, 3)}
_SUMMAND = {"Gemm": 2, "QGemm": 6}


def matmul_dims(call: Call) -> tuple[Shape, int, int, int]:
    """Return (batch dimensions, M, K, N) of a matrix product; raises OperatorError."""
    if call.op_type in _SUMMAND:
        return _gemm_dims(call)
    left, right = (call.shape(i) for i in _OPERANDS.get(call.op_type, (0, 1)))
    if not left or not right:
        raise OperatorError(f"operands must not be scalars, got {list(left)} and {list(right)}")
    a = left if len(left) > 1 else (1, *left)
    b = right if len(right) > 1 else (*right, 1)
    if a[-1] != b[-2]:
        raise OperatorError(f"inner dimensions differ: {list(left)} × {list(right)}")
    return broadcast([a[:-2], b[:-2]]), a[-2], a[-1], b[-1]


def _gemm_dims(call: Call) -> tuple[Shape, int, int, int]:
    a, b = (call.shape(i) for i in _OPERANDS.get(call.op_type, (0, 1)))
    c = _SUMMAND[call.op_type]
    if len(a) != 2 or len(b) != 2:
        raise OperatorError(f"operands must be matrices, got {list(a)} and {list(b)}")
    m, k = a[::-1] if call.integer("transA", 0) else a
    k2, n = b[::-1] if call.integer("transB", 0) else b
    if k != k2:
        raise OperatorError(f"inner dimensions differ: {k} and {k2}")
    if call.has(c) and broadcast([(m, n), call.shape(c)]) != (m, n):
        raise OperatorError(f"operand C must broadcast to {[m, n]}, got {list(call.shape(c))}")
    return (), m, k, n


def _infer(call: Call) -> Sequence[TensorInfo]:
    batch, m, _, n = matmul_dims(call)
    if call.op_type in _SUMMAND:
        return [TensorInfo((m, n), _result_dtype(call))]
    left, right = _OPERANDS.get(call.op_type, (0, 1))
    rows = (m,) if len(call.shape(left)) > 1 else ()
    columns = (n,) if len(call.shape(right)) > 1 else ()
    return [TensorInfo((*batch, *rows, *columns), _result_dtype(call))]


def _result_dtype(call: Call) -> str:
    if call.op_type == "MatMulInteger":
        return "int32"
    if call.op_type == "QLinearMatMul":
        return call.dtype(7)
    if call.op_type == "QGemm":  # without a scale of its own the result stays real
        return call.dtype(8) if call.has(8) else "float32"
    return call.dtype(0)


def _macs(call: Call, results: Sequence[TensorInfo]) -> int:
    batch, m, k, n = matmul_dims(call)
    return prod(batch) * m * k * n


def einsum_terms(call: Call) -> tuple[list[str], str, dict[str, int]]:
    """Return (labels of each operand, labels of the result, extents) of an Einsum; raises OperatorError."""
    equation = _written_out(call.text("equation", "").replace(" ", ""), [len(info.shape) for info in call.present()])
    left, arrow, right = equation.partition("->")
    terms = left.split(",")
    sizes: dict[str, int] = {}
    for term, info in zip(terms, call.present(), strict=False):
        if len(term) != len(info.shape):
            raise OperatorError(f"term {term!r} of {equation!r} does not fit an operand of shape {list(info.shape)}")
        for label, size in zip(term, info.shape, strict=True):
            if sizes.setdefault(label, size) != size:
                raise OperatorError(f"label {label!r} of {equation!r} is both {sizes[label]} and {size}")
    letters = left.replace(",", "")
    result = right if arrow else "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    if len(terms) != len(call.present()) or not set(result) <= set(letters):
        raise OperatorError(f"equation {equation!r} does not fit {len(call.present())} operands")
    return terms, result, sizes


def _written_out(equation: str, ranks: Sequence[int]) -> str:
    """Return an equation with labels of their own for the axes that "..." stands for, counted from the last."""
    if "..." not in equation:
        return equation
    left, arrow, right = equation.partition("->")
    terms = left.split(",")
    hidden = [rank - len(term.replace("...", "")) for term, rank in zip(terms, ranks, strict=False) if "..." in term]
    most = max(hidden, default=0)
    labels = [c for c in ascii_letters if c not in equation][:most]
    if min(hidden, default=0) < 0 or len(labels) < most:
        raise OperatorError(f"equation {equation!r} does not fit operands of ranks {list(ranks)}")
    for number, (term, rank) in enumerate(zip(terms, ranks, strict=False)):
        own = rank - len(term.replace("...", ""))
        terms[number] = term.replace("...", "".join(labels[most - own :])) if own > 0 else term.replace("...", "")
    if not arrow:
        letters = left.replace(",", "").replace("...", "")
        right = "..." + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    return ",".join(terms) + "->" + right.replace("...", "".join(labels))


def _infer_einsum(call: Call) -> Sequence[TensorInfo]:
    _, result, sizes = einsum_terms(call)
    return [TensorInfo(tuple(sizes[label] for label in result), call.dtype(0))]


def _macs_einsum(call: Call, results: Sequence[TensorInfo]) -> int:
    terms, _, sizes = einsum_terms(call)
    return prod(sizes.values()) if len(terms) > 1 else 0


SPECS = (
    OperatorSpec("MatMul", "matmul", _infer, _macs),
    OperatorSpec("MatMulInteger", "matmul", _infer, _macs, parameters=(0, 1)),
    OperatorSpec("QLinearMatMul", "matmul", _infer, _macs, parameters=(0, 3)),
    OperatorSpec("Gemm", "matmul", _infer, _macs),
    OperatorSpec("QGemm", "matmul", _infer, _macs, domain="com.microsoft", parameters=(0, 3)),
    OperatorSpec("Einsum", "matmul", _infer_einsum, _macs_einsum),
)
