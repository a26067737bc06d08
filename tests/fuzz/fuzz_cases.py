"""One mutant: a number is all it takes to make it again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random

import fuzz_seeds as seeds
from fuzz_bytes import mutate_bytes
from fuzz_onnx import mutate_model
from fuzz_text import mutate_text, setting

MODEL, DESCRIPTION, MAPPING = "net.onnx", "hw.yaml", "map.yaml"
_REAL_SHARE = 0.02
_KINDS = {"protobuf": 55, "bytes": 15, "description": 13, "setting": 10, "mapping": 7}


@dataclass(frozen=True, slots=True)
class Case:
    """A mutant and the command it is given to.

    Attributes:
        kind: what was changed.
        base: what it was made of.
        words: the command line, run in the folder that holds `files`.
    """

    seed: int
    kind: str
    base: str
    words: tuple[str, ...]
    files: tuple[tuple[str, bytes], ...] = ()

    def write(self, folder: Path) -> None:
        """Put the files into a folder."""
        for name, content in self.files:
            (folder / name).write_bytes(content)


def case(seed: int) -> Case:
    """The mutant of that number."""
    random = Random(seed)
    kind = random.choices(list(_KINDS), list(_KINDS.values()))[0]
    if kind in ("protobuf", "bytes"):
        return _model_case(seed, kind, random)
    if kind == "description":
        text = mutate_text(random.choice(seeds.descriptions()), random)
        command = random.choice((["hw", "check", DESCRIPTION], ["hw", "show", DESCRIPTION]))
        words = random.choice((command, ["run", "--model", "tiny", "--hw", DESCRIPTION, "--json", "-"]))
        return Case(seed, kind, "preset", tuple(words), ((DESCRIPTION, text),))
    if kind == "setting":
        words = ["run", "--model", "tiny", "--hw", "edge_npu", "--json", "-"]
        for _ in range(random.choice((1, 1, 2))):
            words += ["--set", setting(random)]
        return Case(seed, kind, "edge_npu", tuple(words))
    words = ["run", "--model", "tiny", "--hw", "edge_npu", "--mapping", MAPPING, "--json", "-"]
    return Case(seed, kind, "mapping", tuple(words), ((MAPPING, mutate_text(seeds.MAPPING, random)),))


def _model_case(seed: int, kind: str, random: Random) -> Case:
    base = random.choice(seeds.REAL if random.random() < _REAL_SHARE else seeds.SMALL)
    data = seeds.model(base)
    mutant = mutate_model(data, random) if kind == "protobuf" else mutate_bytes(data, random)
    words = random.choices(_COMMANDS, [weight for weight, _ in _WEIGHTED])[0]
    if random.random() < 0.06:
        words = (*words, "--dim", random.choice(("N=1", "N=2", "x:0=1", "N=100000")))
    elif base == "moved" or "dyn" in base:
        words = (*words, "--dim", "N=1")
    return Case(seed, kind, base, words, ((MODEL, mutant), ("weights.bin", bytes(4096))))


_WEIGHTED = (
    (40, "run --hw edge_npu --json -"),
    (8, "run --hw edge_npu --set scratchpad.capacity=8KiB --json -"),
    (6, "run --hw systolic_32x32 --warm --layers all"),
    (18, "profile --steps all"),
    (14, "restructure --json - --time-limit 5"),
    (10, "verify --hw edge_npu --orders 1"),
    (4, "program --hw edge_npu"),
)
_COMMANDS = tuple((*words.split(), "--model", MODEL) for _, words in _WEIGHTED)
