"""Random Programs for property tests: few bytes, many conflicts, all kinds of units and boxes."""

from __future__ import annotations

from hypothesis import strategies as st
from sketch import DRAM, PAD, Sketch

from accelsim.program import Operand, Program

PAD_BYTES = 48
UNITS = ("dma0:2 dma1 array vector", "dma0:3 array", "dma0 dma1:2 dma2:2 array vector")


@st.composite
def programs(draw: st.DrawFn, units: str | None = None, most: int = 14) -> Program:
    """A Program whose operands are strided boxes of a small scratchpad and of three small DRAM ranges."""
    words = units or draw(st.sampled_from(UNITS))
    s = Sketch(words, pad_bytes=PAD_BYTES)
    pad = s.range(PAD, s.tensor("pad", (PAD_BYTES,)), 0)
    dram = [s.range(DRAM, s.tensor(f"dram{i}", (24,))) for i in range(3)]
    names = [word.partition(":")[0] for word in words.split()]
    for _ in range(draw(st.integers(0, most))):
        name = draw(st.sampled_from(names))
        if name.startswith("dma"):
            inside = draw(regions(s, pad, PAD_BYTES))
            outside = s.at(draw(st.sampled_from(dram)), (0,), (inside.elements,), offset=draw(st.integers(0, 8)))
            if draw(st.booleans()):
                s.load(name, outside, inside)
            else:
                s.store(name, inside, outside)
        else:
            reads = draw(st.lists(regions(s, pad, PAD_BYTES), max_size=2))
            writes = draw(st.lists(regions(s, pad, PAD_BYTES), min_size=1, max_size=2))
            (s.array if name == "array" else s.vector)(reads, writes, draw(st.integers(1, 9)))
    return s.program()


@st.composite
def regions(draw: st.DrawFn, s: Sketch, range_: int, size: int) -> Operand:
    """A box of at most 16 bytes: a run, or a comb whose teeth may fill up."""
    run, teeth = draw(st.sampled_from([(4, 1), (8, 1), (16, 1), (1, 1), (4, 2), (4, 4), (2, 3), (8, 2)]))
    pitch = draw(st.sampled_from([8, 12])) if teeth > 1 else 16
    last = (teeth - 1) * pitch + run
    base = draw(st.integers(0, (size - last) // 4)) * 4 if draw(st.booleans()) else draw(st.integers(0, size - last))
    return s.at(range_, (0, 0), (teeth, run), offset=base, strides=(pitch, 1), tensor=s.tensor("box", (teeth, run)))
