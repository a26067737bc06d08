"""Small Programs with several layers, run by the machine on a hardware with round numbers."""

from __future__ import annotations

import random
from dataclasses import replace

from sketch import ACC, DRAM, PAD, Sketch

from accelsim.hardware import Hardware, from_description
from accelsim.machine import run
from accelsim.program import ArrayWork, Instruction, Layer, Operand, Program, TensorKind, VectorWork
from accelsim.trace import Trace


def toy(**changes: object) -> Hardware:
    """4 MACs, 2 B and 1 element per cycle, 5 cycles of latency, 8-byte bursts, 1 pJ for everything."""
    costs = dict.fromkeys(("scratchpad_read", "scratchpad_write", "accumulator", "dram"), "1 pJ/B")
    description: dict[str, object] = {
        "name": "toy",
        "frequency": "1 GHz",
        "issue_cycles": 1,
        "pe_array": {"rows": 2, "columns": 2},
        "vector_unit": {"lanes": 1, "startup_cycles": 0},
        "scratchpad": {"capacity": "4096 B"},
        "accumulator": {"capacity": "4096 B"},
        "dram": {"bandwidth": "2 GB/s", "latency": "5 ns", "burst": "8 B"},
        "energy": {**costs, "mac": "1 pJ", "vector_op": "1 pJ"},
    }
    return from_description({**description, **changes})


class Scene(Sketch):
    """A Sketch that knows layers, accumulators, and work that is not made of zeros."""

    def __init__(self, units: str = "dma0:2 dma1:2 array vector") -> None:
        super().__init__(units)
        self.layers: list[Layer] = []

    def layer(self, name: str, operator: str = "Conv", macs: int = 0) -> None:
        """What follows belongs to this layer."""
        self.layers.append(Layer(name, operator, macs=macs, mapping=f"mapping of {name}"))

    def buffer(self, tensor: int, memory: int = PAD, address: int | None = None, size: int | None = None) -> int:
        """A range for a tensor behind all others of its memory, or at an address."""
        top = max((r.address + r.size_bytes for r in self.ranges if r.memory == memory), default=0)
        return self.range(memory, tensor, top if address is None else address, size)

    def compute(self, reads: list[Operand], writes: list[Operand], work: ArrayWork | VectorWork) -> int:
        """Append an instruction of the unit that the work is for."""
        add = self.array if isinstance(work, ArrayWork) else self.vector
        position = add(reads, writes)
        self.instructions[position] = replace(self.instructions[position], work=work)
        return position

    def _append(self, *arguments: object) -> int:
        position = super()._append(*arguments)  # type: ignore[arg-type]
        instruction: Instruction = self.instructions[position]
        self.instructions[position] = replace(instruction, layer=len(self.layers) - 1)
        return position

    def run(self, hardware: Hardware | None = None) -> tuple[Program, Trace, Hardware]:
        """The Program, its Trace, and the hardware."""
        hardware = hardware or toy()
        program = self.program()
        return program, run(program, hardware), hardware


def work(compute: int, fill: int = 0, macs: int = 0) -> ArrayWork:
    """Array work without accesses."""
    return ArrayWork(macs, compute, fill, 1, 0, 0, 0, 0)


class Chance:
    """A random Program: loads, reloads, array and vector work, stores, with overlapping regions. Seeded."""

    def __init__(self, seed: int, steps: int = 30) -> None:
        self.rng = random.Random(seed)
        units = f"dma0:{self.rng.randint(1, 3)} dma1:{self.rng.randint(1, 3)} array vector"
        self.scene = Scene(units)
        self.scene.layer("first")
        self.held: list[int] = []
        self.stored: list[int] = []
        kinds = [TensorKind.INPUT, TensorKind.WEIGHT, TensorKind.WEIGHT]
        self.sources = [self.scene.image(self.tensor(kind)) for kind in kinds]
        for _ in range(steps):
            self.step()

    def tensor(self, kind: TensorKind) -> int:
        shape = [self.rng.randint(1, 5) for _ in range(self.rng.randint(1, 3))]
        name = f"{kind.value}{len(self.scene.tensors)}"
        return self.scene.tensor(name, shape, kind, self.rng.choice((1, 1, 4)))

    def region(self, range_: int) -> Operand:
        """Some region of what a range holds, or all of it."""
        shape = self.scene.tensors[self.scene.ranges[range_].tensor].shape
        if self.rng.random() < 0.3:
            return self.scene.within(range_, (0,) * len(shape), shape)
        start = [self.rng.randrange(n) for n in shape]
        return self.scene.within(range_, start, [self.rng.randint(1, n - s) for n, s in zip(shape, start, strict=True)])

    def step(self) -> None:
        action = self.rng.choice((self.load, self.load, self.load, self.array, self.array, self.vector, self.store))
        if self.rng.random() < 0.15:
            self.scene.layer(f"layer{len(self.scene.layers)}", self.rng.choice(("Conv", "Conv", "Copy")), macs=8)
        action()

    def dma(self) -> str:
        return self.rng.choice(("dma0", "dma1"))

    def load(self) -> None:
        source = self.region(self.rng.choice(self.sources + self.stored))
        range_ = self.twin(source.tensor, PAD)
        self.scene.load(self.dma(), source, self.scene.within(range_, source.start, source.shape))

    def twin(self, tensor: int, memory: int) -> int:
        """A range in a memory for a tensor: one that is there already, or a new one."""
        there = [i for i, r in enumerate(self.scene.ranges) if r.tensor == tensor and r.memory == memory]
        if there and self.rng.random() < 0.7:
            return self.rng.choice(there)
        if memory == DRAM:
            range_ = self.scene.range(DRAM, tensor)
            self.stored.append(range_)
            return range_
        range_ = self.scene.buffer(tensor, memory)
        self.held.append(range_)
        return range_

    def array(self) -> None:
        reads = [self.region(self.rng.choice(self.held)) for _ in range(self.rng.randint(0, 3)) if self.held]
        partial = self.rng.random() < 0.5
        kind = self.rng.choice((TensorKind.ACTIVATION, TensorKind.OUTPUT))
        tensor = self.tensor(TensorKind.PARTIAL if partial else kind)
        write = self.region(self.twin(tensor, ACC if partial else PAD))
        if self.rng.random() < 0.3:
            reads.append(write)
        cycles = work(self.rng.randint(0, 20), self.rng.randint(0, 5), 4)
        self.scene.compute(reads, [write], cycles)

    def vector(self) -> None:
        reads = [self.region(self.rng.choice(self.held)) for _ in range(self.rng.randint(0, 2)) if self.held]
        write = self.region(self.twin(self.tensor(TensorKind.ACTIVATION), PAD))
        self.scene.compute(reads, [write], VectorWork(4, self.rng.randint(1, 30), 4, 4))

    def store(self) -> None:
        if self.held:
            source = self.region(self.rng.choice(self.held))
            range_ = self.twin(source.tensor, DRAM)
            self.scene.store(self.dma(), source, self.scene.within(range_, source.start, source.shape))
