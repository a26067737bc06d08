"""Mutations that know nothing of what the bytes mean."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

Mutation = Callable[[bytearray, Random], None]

_TOKENS = (b"\xff" * 10, b"\x80" * 12, b"\x00", b"\x0a\x00", b"\x08\xff\xff\xff\xff\x0f", b"\xff\xff\xff\xff\x7f")


def _flip(data: bytearray, random: Random) -> None:
    for _ in range(random.choice((1, 1, 2, 8))):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _overwrite(data: bytearray, random: Random) -> None:
    data[random.randrange(len(data))] = random.randrange(256)


def _delete(data: bytearray, random: Random) -> None:
    start = random.randrange(len(data))
    del data[start : start + random.choice((1, 2, 16, 300))]


def _insert(data: bytearray, random: Random) -> None:
    start = random.randrange(len(data) + 1)
    data[start:start] = random.choice((random.choice(_TOKENS), random.randbytes(random.choice((1, 4, 40)))))


def _duplicate(data: bytearray, random: Random) -> None:
    start = random.randrange(len(data))
    chunk = data[start : start + random.choice((2, 20, 200))]
    where = random.randrange(len(data))
    data[where:where] = chunk


def _truncate(data: bytearray, random: Random) -> None:
    del data[random.randrange(len(data)) :]


def _swap(data: bytearray, random: Random) -> None:
    one, other = random.randrange(len(data)), random.randrange(len(data))
    size = random.choice((1, 8, 60))
    data[one : one + size], data[other : other + size] = data[other : other + size], data[one : one + size]


MUTATIONS: tuple[Mutation, ...] = (_flip, _flip, _flip, _overwrite, _delete, _insert, _duplicate, _truncate, _swap)


def mutate_bytes(data: bytes, random: Random) -> bytes:
    """A damaged copy."""
    mutant = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 4))):
        if mutant:
            random.choice(MUTATIONS)(mutant, random)
    return bytes(mutant)
