"""The command: what it shows, writes and returns, alone and as a part of accelsim."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import onnx
import pytest
from strips import in_strips, whole

import restructure
from restructure import graph
from restructure.command import main
from restructure.plans import BudgetError, Plan
from restructure.verify import verify

Say = Callable[..., tuple[int, str, str]]
COMMAND = import_module("restructure.command.run")
ROOT = Path(restructure.__file__).parent.parent


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.onnx"
    onnx.save(whole(), path)
    return path


def test_the_screen_says_figures_definition_regions_and_the_check(say: Say, small: Path) -> None:
    code, out, _ = say("--model", small)
    assert code == 0
    lines = out.splitlines()
    labels = [line.split()[0] for line in lines if line and not line.startswith(" ")]
    figures = ["definition", "peak", "saving", "bound", "MACs", "nodes", "before", "after", "verified"]
    assert labels[:10] == ["small,", *figures]
    assert "network input counted" in out
    assert "on integers bit for bit, on random numbers within rounding" in out


def test_the_model_is_written_whole_and_computes_the_same(say: Say, small: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.onnx"
    code, screen, _ = say("--model", small, "--out", out, "--max-overhead", "0%")
    assert code == 0
    assert "\nwritten        /" in screen
    onnx.checker.check_model(out)
    assert verify(small, out).passed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.onnx", "small.onnx"]


def test_json_has_the_names_that_stay(say: Say, small: Path) -> None:
    code, out, _ = say("--model", small, "--json", "-")
    assert code == 0
    document = json.loads(out)
    figures = {"peak_elements", "peak_bytes", "macs", "nodes"}
    assert set(document["baseline"]) == set(document["restructured"]) == figures
    assert {"definition", "saving", "mac_overhead", "plan", "verified"} <= set(document)
    assert {"integer_exact", "max_abs_error", "max_rel_error", "tolerance"} <= set(document["verified"])
    assert document["verified"]["integer_exact"] is True
    assert Plan.from_dict(document["plan"]) == restructure.plan(graph.load(small))


def test_json_goes_to_a_file_beside_the_screen(say: Say, small: Path, tmp_path: Path) -> None:
    code, out, _ = say("--model", small, "--json", tmp_path / "r.json", "--no-verify")
    assert code == 0
    assert "verified       no (not asked for)" in out
    assert json.loads((tmp_path / "r.json").read_text())["verified"] is None


def test_the_front_is_shown_and_written_as_json(say: Say) -> None:
    code, out, _ = say("--model", "tiny", "--pareto")
    assert code == 0
    assert out.startswith("tiny: plans that no other beats in peak, MACs and nodes (")
    code, out, _ = say("--model", "tiny", "--pareto", "--json", "-")
    front = json.loads(out)["front"]
    assert {"saving", "mac_overhead", "nodes", "peak_elements"} <= set(front[0])
    assert [point["peak_elements"] for point in front] == sorted((p["peak_elements"] for p in front), reverse=True)


def test_limits_reach_the_planner(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, object] = {}

    def spy(net: graph.Graph, **limits: object) -> Plan:
        seen.update(limits)
        return restructure.plan(net)

    monkeypatch.setattr(COMMAND, "plan", spy)
    words = "--max-overhead 8.6% --budget 256KiB --dtype int8 --max-parts 16 --max-nodes 300 --robust --jobs 1"
    words += " --time-limit 2.5"
    code, _, _ = say("--model", "tiny", "--no-verify", "--allow-reassociation", *words.split())
    del seen["progress"]
    assert code == 0
    assert seen.pop("definition") is None
    assert seen == {
        "max_overhead": pytest.approx(0.086), "budget_bytes": 262144, "dtype": "int8", "max_parts": 16,
        "max_nodes": 300, "allow_reassociation": True, "robust": True, "time_limit_s": 2.5, "jobs": 1,
    }  # fmt: skip


def test_a_budget_that_cannot_be_met_shows_the_closest_plan_and_ends_with_4(
    say: Say, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(net: graph.Graph, **limits: object) -> Plan:
        raise BudgetError("budget: 1,024 B are not enough, 3,072 B are needed: 'input' binds", restructure.plan(net))

    monkeypatch.setattr(COMMAND, "plan", refuse)
    code, out, err = say("--model", "tiny", "--budget", "1KiB", "--out", tmp_path / "out.onnx")
    assert code == 4
    assert "budget         budget: 1,024 B are not enough, 3,072 B are needed: 'input' binds" in out
    assert (
        err.splitlines()[-1] == "restructure: error: budget: 1,024 B are not enough, 3,072 B are needed: 'input' binds"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_budget_stands_in_the_json_whether_it_is_met_or_not(say: Say) -> None:
    generous, mean = (
        say("--model", "tiny", "--budget", size, "--json", "-", "--no-verify") for size in ("1MiB", "100B")
    )
    assert json.loads(generous[1])["budget"] == {"bytes": 2**20, "fits": True, "reason": None}
    budget = json.loads(mean[1])["budget"]
    assert (mean[0], budget["bytes"], budget["fits"]) == (4, 100, False)
    assert "active memory must fit 100 B, the closest plan needs" in budget["reason"]


def test_a_rewrite_that_computes_something_else_ends_with_5_and_is_not_written(
    say: Say, monkeypatch: pytest.MonkeyPatch, small: Path, tmp_path: Path
) -> None:
    wrong = in_strips()
    wrong.graph.initializer[0].raw_data = bytes(len(wrong.graph.initializer[0].raw_data))
    monkeypatch.setattr(COMMAND, "rewrite", lambda net, plan: graph.load(wrong).model)
    code, out, err = say("--model", small, "--out", tmp_path / "out.onnx")
    assert code == 5
    assert "verified       NO: weight 'w1' does not hold the original's values" in out
    assert err == "restructure: error: verification failed: weight 'w1' does not hold the original's values\n"
    assert not (tmp_path / "out.onnx").exists()


def test_a_network_without_a_peak_is_told_so_and_ends_well(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    def untouched(net: graph.Graph, **limits: object) -> Plan:
        found = restructure.plan(net)
        whole = replace(
            found.steps[0], nodes=tuple(n.name for n in net.nodes), cut="whole", parts=1, tensors=(), channels=()
        )
        baseline = (found.baseline_elements, found.baseline_bytes, found.baseline_macs, found.baseline_nodes)
        return Plan(net.name, found.definition, (whole,), *baseline, *baseline)

    monkeypatch.setattr(COMMAND, "plan", untouched)
    monkeypatch.setattr(COMMAND, "rewrite", lambda net, plan: net.model)
    code, out, err = say("--model", "tiny")
    assert code == 0
    assert "saving         none: there is no peak that cutting would flatten" in out
    assert err == "restructure: note: there is no peak to flatten within these limits: the model stays as it is\n"


def test_why_names_what_was_left_whole(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(COMMAND, "why", lambda net, plan: [(("fc",), "needs the whole tensor")])
    _, out, _ = say("--model", "tiny", "--why", "--no-verify")
    assert out.splitlines()[-2:] == ["left whole  because", "fc          needs the whole tensor"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--max-overhead much", "--max-overhead: must be a percentage or a fraction, got 'much'; write e.g. 8.6%"),
        (
            "--max-overhead 8.6",
            "--max-overhead: must be a percentage, or a fraction of at most 1, got '8.6'; write e.g. 8.6%",
        ),
        ("--max-overhead -1%", "--max-overhead: expected one argument"),
        ("--budget 256", "--budget: must be whole bytes with a unit (B, KB, MB, GB, KiB, MiB, GiB), got '256'"),
        ("--budget 0KiB", "--budget: must be whole bytes with a unit"),
        ("--max-parts 0", "--max-parts: must be a whole number of at least 1, got '0'; write e.g. 16"),
        ("--time-limit 0", "--time-limit: must be a number of seconds above 0, got '0'; write e.g. 10"),
        ("--dim N", "--dim: must be NAME=SIZE with a size of at least 1, got 'N'; write e.g. N=1"),
        ("--dtype int9", "--dtype: invalid choice: 'int9'"),
    ],
)
def test_a_wrong_value_is_a_usage_error(say: Say, words: str, message: str) -> None:
    code, out, err = say("--model", "tiny", *words.split())
    assert (code, out) == (2, "")
    assert f"restructure: error: argument {message}" in err


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("mobilnetv2", "'mobilnetv2': is neither a file nor a network of the zoo; did you mean mobilenetv2?"),
        ("/", "/: cannot be read: Is a directory"),
    ],
)
def test_a_model_that_is_not_there_is_told(say: Say, model: str, message: str) -> None:
    code, _, err = say("--model", model)
    assert code == 2
    assert err == f"restructure: error: {message}\n"


def test_a_file_name_of_the_zoo_means_the_network_with_a_notice(say: Say) -> None:
    code, _, err = say("--model", "Tiny.onnx", "--no-verify")
    assert code == 0
    assert err.startswith(
        "restructure: note: Tiny.onnx: there is no such file here; the network tiny of the zoo is used"
    )


def test_a_place_that_cannot_be_written_is_told_before_the_work(say: Say, tmp_path: Path) -> None:
    code, out, err = say("--model", "tiny", "--out", tmp_path / "nowhere" / "out.onnx")
    assert (code, out) == (2, "")
    assert "out.onnx: cannot be written: there is no folder" in err


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout


def test_it_works_without_the_simulator() -> None:
    blocked = "import sys\nfor name in ('accelsim', 'simpy', 'yaml', 'pydantic'): sys.modules[name] = None\n"
    assert "verified" in python(blocked + "from restructure.command import main\nmain(['--model', 'tiny'])")


def test_accelsim_hands_over_and_guesses_wrong_options() -> None:
    pytest.importorskip("simpy")
    head = "from accelsim.cli import main; "
    shown = python(head + "main(['restructure', '--model', 'tiny', '--max-overhead', '0%'])")
    assert shown.startswith("tiny, restructured")
    told = (
        "import sys; sys.stderr = sys.stdout; "
        + head
        + "print(main(['restructure', '--model', 'tiny', '--max-part', '1']))"
    )
    assert "--max-part: must be an option of `accelsim restructure`; did you mean --max-parts?" in python(told)
    assert "--allow-reassociation" in python(head + "main(['restructure', '--help'])")
