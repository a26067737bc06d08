"""The command as a user runs it: start-up included, on one core."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.child import best_of, run_alone
from benchmarks.rows import Row

__all__ = ["rows"]

_COMMAND = ("-m", "accelsim.cli")
_ROOM_MIB = 300
_RUN = (*_COMMAND, "run", "--hw", "edge_npu", "--quiet", "--model")


def rows() -> Iterator[Row]:
    """Seconds of `accelsim --help` and `accelsim run`, and its peak memory."""
    yield Row("accelsim --help", best_of(5, [*_COMMAND, "--help"]).seconds, 0.3, "s")
    yield Row("accelsim run, MobileNetV2 of the zoo", best_of(3, [*_RUN, "mobilenetv2"]).seconds, 2.5, "s")
    with TemporaryDirectory() as folder:
        for name in ("mobilenetv2", "vgg16"):
            file = Path(folder) / f"{name}.onnx"
            run_alone([*_COMMAND, "models", "export", name, "--out", str(file)])
            cost, size = run_alone([*_RUN, str(file)]), file.stat().st_size / 2**20
            yield Row(f"peak memory, {name} from a file (+ 300 MiB)", cost.mebibytes, size + _ROOM_MIB, "MiB")
            file.unlink()
