"""Random networks over depth, rows and columns on random accelerators: what runs is what onnxruntime computes."""

from collections import Counter

import pytest
from random_models import random_hardware
from random_volumes import random_volumes

from accelsim.errors import DoesNotFitError
from accelsim.hardware import load
from accelsim.verification import verify


def check(seed: int) -> Counter[str]:
    """Verify one network; returns the operators that ran."""
    model = random_volumes(seed)
    try:
        found = verify(model, random_hardware(seed) if seed % 3 else load("edge_npu"), orders=1, seed=seed)
    except DoesNotFitError:
        return Counter()
    assert found.passed, found
    return Counter(node.op_type for node in model.graph.node)


def test_random_networks_over_volumes_equal_onnxruntime():
    ran = sum((check(seed) for seed in range(32)), Counter[str]())
    assert all(
        ran[op] >= 5 for op in ("Conv", "ConvTranspose", "MaxPool", "AveragePool", "BatchNormalization", "Add")
    ), ran


@pytest.mark.slow
@pytest.mark.parametrize("first", range(100, 500, 50))
def test_more_random_networks_over_volumes_equal_onnxruntime(first):
    for seed in range(first, first + 50):
        check(seed)
