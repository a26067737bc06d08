"""Values that programs stumble over."""

from __future__ import annotations

from random import Random

INTEGERS = (
    0, 1, -1, 2, 3, 7, 8, 16, 64, 255, 256, 1000, -2, -7, 65_535, 65_536, 2**31 - 1, 2**31, -(2**31), 2**32, 2**40,
    2**53 + 1, 2**62, 2**63 - 1, -(2**63),
)  # fmt: skip
FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-45, 1e30, -3.5e38, float("inf"), float("-inf"), float("nan"), 2.0, 1.5)
TEXTS = (
    "", " ", "x", "a" * 300, "../../../etc/passwd", "/etc/passwd", "C:\\x", "[red]bold[/red]", "[/]", "\x1b[2J\x1b[31m",
    "\x00", "\n\n", "\r", "\u202eevil", "%s%n{0}{x!r}", "'; --", "ünïcödé", "😀", "\ud7ff", "conv1", "x", "y", "NaN",
    "-1", "N", "$(id)", "`id`", "\t", "\u2028", ":", "#", "*", "?", "[a-", "\\",
)  # fmt: skip


def small(random: Random) -> int:
    """An integer that is small more often than not, so that mutants get past the first check."""
    return random.randint(-1, 20) if random.random() < 0.6 else random.choice(INTEGERS)
