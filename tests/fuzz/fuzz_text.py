"""Mutations of descriptions, mapping files and settings."""

from __future__ import annotations

import re
from random import Random

import fuzz_pool as pool
from fuzz_bytes import mutate_bytes

from accelsim.hardware import Hardware
from accelsim.hardware.fields import fields_of, leaf_paths
from accelsim.hardware.rules import Choice, Flag, OrNone, Quantity

_UNITS = (
    "B",
    "KiB",
    "MiB",
    "TiB",
    "KB",
    "GB/s",
    "MHz",
    "Hz",
    "ns",
    "ps",
    "s",
    "B/cycle",
    "pJ",
    "pJ/bit",
    "mW",
    "%",
    "",
)
_SNIPPETS = (
    "a: &a [1]\nb: *a\n", "- 1\n- 2\n", "!!python/object/apply:os.system ['id']\n", "{" * 300, "[" * 3000,
    "name: x\nname: y\n", "? [a, b]\n: c\n", "\t x: 1\n", "---\n...\n---\n", "%YAML 9.9\n", "<<: {a: 1}\n",
    "x: |\n  a\n",
    "a: !!binary aGVsbG8=\n", "2020-01-01: 1\n", "~: 1\n", "1.5: 2\n", "true: no\n", "\ufeff", "\x00", "é: ß\n",
    "a: .inf\nb: .nan\n", "a: 0x1F\nb: 0o17\nc: 1_000\n", "\"a\\x1b[2J\": 1\n", "x: " + "9" * 5000 + "\n",
    "x: 1e99999\n",
    "a: &x [*x]\n", ": : :\n", "a: 'unclosed\n",
)  # fmt: skip
_NUMBERS = re.compile(r"\d+(?:\.\d+)?")


def scalar(random: Random) -> str:
    """A value as people might write it, more or less."""
    number = random.choice(
        (
            str(pool.small(random)),
            str(random.choice(pool.FLOATS)),
            "1e3",
            "0.5",
            "1.",
            ".5",
            "+4",
            "1_000",
            "0x10",
            "1e99",
            "",
        )
    )
    unit = random.choice(_UNITS)
    words = ("null", "true", "no", "ws", "os", "weight_stationary", "int8", "fp32", "[]", "{}", *pool.TEXTS)
    return random.choice((f"{number} {unit}", f"{number}{unit}", number, random.choice(words)))


def mutate_text(text: str, random: Random) -> bytes:
    """A changed copy of a YAML file, perhaps no longer text."""
    for _ in range(random.choice((1, 1, 2, 3))):
        text = _changed(text, random)
    data = text.encode("utf-8", "surrogatepass")
    return mutate_bytes(data, random) if random.random() < 0.15 else data


def _changed(text: str, random: Random) -> str:
    lines = text.splitlines(keepends=True) or ["\n"]
    position = random.randrange(len(lines))
    what = random.randrange(8)
    if what == 0:
        numbers = list(_NUMBERS.finditer(text))
        if not numbers:
            return text
        found = random.choice(numbers)
        return text[: found.start()] + str(pool.small(random)) + text[found.end() :]
    if what == 1:
        key, colon, _ = lines[position].partition(":")
        lines[position] = f"{key}{colon} {scalar(random)}\n"
    elif what == 2:
        del lines[position]
    elif what == 3:
        lines.insert(random.randrange(len(lines) + 1), lines[position])
    elif what == 4:
        lines.insert(position, random.choice(_SNIPPETS))
    elif what == 5:
        lines[position] = random.choice((" ", "  ", "    ", "\t")) + lines[position]
    elif what == 6:
        lines[position] = lines[position].lstrip()
    else:
        other = random.randrange(len(lines))
        lines[position], lines[other] = lines[other], lines[position]
    return "".join(lines)


def _fitting(random: Random) -> str:
    """A setting whose value is at least of the right kind."""
    facts = random.choice([facts for facts in fields_of(Hardware) if facts.rule])
    rule = facts.rule.rule if isinstance(facts.rule, OrNone) else facts.rule
    if isinstance(rule, Quantity):
        value = f"{random.choice((1, 2, 3, 7, 16, 100, 1000, 0.5, 1.5))}{random.choice(list(rule.dimension.units))}"
    elif isinstance(rule, Choice):
        value = random.choice([word.value for word in rule.words])
    elif isinstance(rule, Flag):
        value = random.choice(("true", "false"))
    else:
        value = str(random.choice((0, 1, 2, 3, 5, 16, 64, 1000, 65_536)))
    return f"{facts.path}={value}"


def setting(random: Random) -> str:
    """What stands after `--set`."""
    if random.random() < 0.6:
        return _fitting(random)
    path = random.choice((*leaf_paths(Hardware), "dram", "pe_array", "nothing.here", "scratchpad.capacity.more"))
    if random.random() < 0.1:
        path = mutate_bytes(path.encode(), random).decode("latin-1")
    equals = random.choice(("=", "=", "=", "=", "=", "=", "==", " = ", "", ":"))
    return f"{path}{equals}{scalar(random)}".replace("\0", "")
