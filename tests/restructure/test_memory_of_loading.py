"""Loading takes the memory a model's structure needs, not what its weights would."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
MIB = 2**20


needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")


def peak_bytes(code: str) -> int:
    """Return the peak resident memory of a fresh interpreter that runs `code`."""
    # not ru_maxrss: it begins with what the parent had
    program = f"{code}\nprint(next(line.split()[1] for line in open('/proc/self/status') if 'VmHWM' in line))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return int(done.stdout) * 1024


@needs_proc
def test_the_zoo_never_makes_weights_unless_asked() -> None:
    assert peak_bytes("from restructure import zoo; zoo.build('vgg16').parameter_count") < 200 * MIB


@needs_proc
@pytest.mark.slow
def test_a_large_network_is_exported_and_loaded_within_the_files_size_and_300_mib(tmp_path: Path) -> None:
    path = tmp_path / "vgg16.onnx"
    exporting = peak_bytes(f"from restructure import zoo; zoo.export('vgg16', {str(path)!r})")
    size = path.stat().st_size
    assert size > 553 * 10**6
    assert exporting < size + 300 * MIB
    load = f"from restructure import graph; net = graph.load({str(path)!r})"
    assert peak_bytes(load) < 200 * MIB
    assert peak_bytes(f"{load}; net.source.sha256; graph.save(net, {str(path)!r} + '2')") < size + 300 * MIB
