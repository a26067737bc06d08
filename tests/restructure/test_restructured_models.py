"""Every CNN at hand is restructured, and the result verifies: in memory, and as the file that was saved."""

from pathlib import Path

import onnx
import pytest

import restructure
from restructure import graph, zoo
from restructure.verify import verify

MODELS = sorted((Path(__file__).parent.parent / "data" / "models").glob("*.onnx"))
LARGE = ("vgg", "inception", "resnet50", "alexnet", "unet", "efficientnet", "mobilenet", "vit")


def split_by_size(names: list[str]) -> tuple[list[str], list[str]]:
    large = [name for name in names if any(word in name for word in LARGE)]
    return [name for name in names if name not in large], large


LIGHT_NETWORKS, LARGE_NETWORKS = split_by_size(list(zoo.names()))


def check(net: graph.Graph, **limits: object) -> restructure.Plan:
    plan = restructure.plan(net, **limits)  # type: ignore[arg-type]
    found = verify(net, restructure.rewrite(net, plan), plan=plan)
    assert found.problems == ()
    assert found.integer_exact
    assert found.max_rel_error <= found.tolerance
    return plan


#: Share of the usual search where it is the rewriting of another export of a network that is to be seen.
LITTLE = 0.25


def check_file(stem: str) -> None:
    path = next(path for path in MODELS if path.stem == stem)
    check(graph.load(path, {"N": 1} if "dynbatch" in stem else {}), effort=LITTLE)


@pytest.mark.slow
@pytest.mark.parametrize("stem", [path.stem for path in MODELS])
def test_an_export_restructures_and_verifies(stem: str) -> None:
    check_file(stem)


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE_NETWORKS)
def test_a_large_network_restructures_and_verifies(name: str) -> None:
    check(zoo.build(name))


@pytest.mark.parametrize("batchnorm", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", LIGHT_NETWORKS)
def test_a_network_restructures_and_verifies(name: str, batchnorm: bool) -> None:
    usual = name == "mobilenetv2" and not batchnorm
    check(zoo.build(name, batchnorm=batchnorm), effort=1.0 if usual else LITTLE)


@pytest.mark.slow
def test_a_robust_plan_verifies() -> None:
    plan = check(zoo.build("mobilenetv2"), robust=True, effort=LITTLE)
    assert plan.robust


def test_the_saved_file_verifies_and_its_weights_are_the_originals(tmp_path: Path) -> None:
    net = zoo.build("squeezenet1.1")
    plan = restructure.plan(net, effort=LITTLE)
    restructure.save(restructure.rewrite(net, plan), tmp_path / "small.onnx")
    restructure.save(net, tmp_path / "whole.onnx")
    assert verify(tmp_path / "whole.onnx", tmp_path / "small.onnx", plan=plan).problems == ()
    onnx.checker.check_model(tmp_path / "small.onnx", full_check=True)
    grown = (tmp_path / "small.onnx").stat().st_size - (tmp_path / "whole.onnx").stat().st_size
    assert grown < 1_000 * plan.nodes


def test_external_weights_stay_external_and_verify(tmp_path: Path) -> None:
    restructure.save(zoo.build("squeezenet1.1"), tmp_path / "whole.onnx")
    model = onnx.load(tmp_path / "whole.onnx")
    onnx.save(model, tmp_path / "net.onnx", save_as_external_data=True, location="weights.bin")
    net = graph.load(tmp_path / "net.onnx")
    plan = restructure.plan(net, max_overhead=0.0, max_parts=8, effort=LITTLE)
    restructure.save(restructure.rewrite(net, plan), tmp_path / "small.onnx")
    assert (tmp_path / "small.onnx").stat().st_size < 1_000 * plan.nodes
    assert verify(net, tmp_path / "small.onnx", plan=plan).problems == ()


def test_a_model_whose_external_weights_are_missing_verifies_all_the_same(tmp_path: Path) -> None:
    model = onnx.load(exported("tiny", tmp_path))
    onnx.save(model, tmp_path / "net.onnx", save_as_external_data=True, location="w.bin", size_threshold=0)
    (tmp_path / "w.bin").unlink()
    net = graph.load(tmp_path / "net.onnx")
    check(net, max_overhead=0.0)


def exported(name: str, folder: Path) -> Path:
    zoo.export(name, folder / f"{name}.onnx")
    return folder / f"{name}.onnx"
