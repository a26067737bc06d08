"""The package stands alone: no simulator beneath it, light to import, its public names spelled out."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import restructure

ROOT = Path(restructure.__file__).parent
FACADES = [
    "restructure.graph",
    "restructure.operators",
    "restructure.zoo",
    "restructure.profile",
    "restructure.errors",
    "restructure.verify",
]


def imported_names(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_imports_the_simulator(path: Path) -> None:
    assert {name.split(".")[0] for name in imported_names(path)}.isdisjoint({"accelsim", "simpy"})


LAYERS = ["errors", "dtypes", "files", "operators", "graph", "zoo", "profile"]


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_flow_one_way(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if room not in LAYERS:
        pytest.skip("not one of the lower rooms")
    below = LAYERS[: LAYERS.index(room) + 1]
    used = {name.split(".")[1] for name in imported_names(path) if name.startswith("restructure.")}
    assert used.issubset(below)


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent)
    return done.stdout.strip()


def test_it_works_with_simulator_packages_blocked() -> None:
    code = (
        "import sys\n"
        "for name in ('accelsim', 'simpy', 'onnxruntime', 'rich', 'yaml', 'pydantic'): sys.modules[name] = None\n"
        "from restructure import zoo\n"
        "from restructure.profile import profile\n"
        "print(profile(zoo.build('tiny')).peak_elements)"
    )
    assert python(code) == "6144"


def test_importing_it_imports_no_heavy_library() -> None:
    modules = ", ".join(FACADES)
    heavy = "{'onnx', 'onnx_ir', 'onnxruntime', 'sympy'}"
    assert python(f"import sys, {modules}; print(sorted({heavy} & set(sys.modules)))") == "[]"


@pytest.mark.parametrize("name", FACADES)
def test_public_names_are_those_in_all_and_exist(name: str) -> None:
    module = importlib.import_module(name)
    public = {name for name in vars(module) if not name.startswith("_")}
    submodules = {n for n in public if isinstance(getattr(module, n), type(ast))}
    assert set(module.__all__) <= public
    assert public - submodules <= set(module.__all__)
