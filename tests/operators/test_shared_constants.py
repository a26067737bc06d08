"""One constant in several parts: filters, summands, factors. Each reader finds it as it needs it, and nobody twice."""

import pytest
from single import check, node, normal

SQUARE = normal(12, 12)
VECTOR = normal(12, seed=3)

CASES = {
    "filters and a factor": ([node("MatMul", "x w", "p"), node("Mul", "p w", "y")], {"w": SQUARE}),
    "turned or not": (
        [node("Gemm", "x w", "p"), node("Gemm", "p w", "y", transB=1)],
        {"w": SQUARE},
    ),
    "scaled or not": (
        [node("Gemm", "x w", "p", alpha=0.5), node("Gemm", "p w", "y", alpha=2.0)],
        {"w": SQUARE},
    ),
    "a bias, a scaled one and a summand": (
        [
            node("Gemm", "x w b", "p"),
            node("Gemm", "p w b", "q", beta=3.0),
            node("Add", "q b", "r"),
            node("Sigmoid", "r", "s"),
            node("MatMul", "s w", "y"),
        ],
        {"w": SQUARE, "b": VECTOR},
    ),
    "two layouts": (
        [
            node("Mul", "x w", "p"),
            node("Transpose", "p", "q", perm=[1, 0]),
            node("MatMul", "q w", "r"),
            node("Transpose", "r", "s", perm=[1, 0]),
            node("Sub", "s w", "y"),
        ],
        {"w": SQUARE},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_reader_of_a_constant_finds_it_in_its_own_form(name):
    nodes, weights = CASES[name]
    check(nodes, {"x": normal(12, 12, seed=1)}, weights, tolerance=1e-4)


def test_filters_of_a_convolution_are_also_a_summand():
    nodes = [
        node("Conv", "x w", "p", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node("Add", "p w", "y"),
    ]
    check(nodes, {"x": normal(4, 4, 3, 3)}, {"w": normal(4, 4, 3, 3, seed=2)})


def test_filters_that_two_layers_read_in_one_form_are_stored_once():
    nodes = [node("MatMul", "x w", "p"), node("Relu", "p", "q"), node("MatMul", "q w", "y")]
    found = check(nodes, {"x": normal(12, 12)}, {"w": SQUARE})
    assert [storage.name for storage in found.workload.storages if storage.kind == "weight"] == ["w"]
