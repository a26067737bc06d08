"""The command's options and what their values may be."""

import argparse
import re

__all__ = ["add_options"]

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KB|MB|GB|KiB|MiB|GiB)")
_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add all options of the command to a parser."""
    parser.add_argument("--model", metavar="FILE|NAME", required=True, help="an ONNX file, or a network of the zoo")
    parser.add_argument(
        "--dim", dest="dims", metavar="NAME=SIZE", action="append", default=[], type=_dimension,
        help="pin an open dimension of the model, e.g. N=1 (repeatable)",
    )  # fmt: skip
    parser.add_argument("-o", "--out", metavar="FILE", help="where to write the restructured model")
    _add_limits(parser)
    _add_placement(parser)
    _add_results(parser)


def _add_limits(parser: argparse.ArgumentParser) -> None:
    limits = parser.add_argument_group("limits", "without any, the knee of the front with at most 10 times the nodes")
    limits.add_argument(
        "--max-overhead", metavar="PERCENT", type=_share, help="most extra MACs, e.g. 8.6%%; 0%% allows none"
    )
    limits.add_argument(
        "--budget",
        metavar="SIZE",
        type=_size,
        help="active memory that must suffice, e.g. 256KiB: cheapest plan that fits",
    )
    limits.add_argument(
        "--dtype", choices=("int8", "fp16", "fp32"), help="bytes per element (default: the model's own types)"
    )
    limits.add_argument("--max-parts", metavar="N", type=_positive, help="most parts any tensor is cut into")
    limits.add_argument("--max-nodes", metavar="N", type=_positive, help="most nodes of the restructured model")
    limits.add_argument(
        "--allow-reassociation", action="store_true", help="also cut where sums are added in another order"
    )
    limits.add_argument("--robust", action="store_true", help="only plans whose saving holds in any execution order")
    limits.add_argument("--time-limit", metavar="SECONDS", type=_seconds, help="take the best plan found by then")
    limits.add_argument(
        "--jobs", metavar="N", type=_positive, help="processes to search with (default: one per core); same plan"
    )


def _add_placement(parser: argparse.ArgumentParser) -> None:
    placement = parser.add_argument_group(
        "placement", "views share their parent's bytes, ranges are let go when last read, and every byte has an address"
    )
    placement.add_argument("--placed", action="store_true", help="plan under this definition, and place the result")
    placement.add_argument("--plan-out", metavar="FILE", help="write the memory plan as JSON (with --placed)")
    placement.add_argument("--c-header", metavar="FILE", help="write the memory plan as a C header (with --placed)")
    placement.add_argument(
        "--allocator", metavar="NAME", default="split", help="split (smallest buffer, default), whole or cp-sat"
    )
    placement.add_argument(
        "--alignment", metavar="BYTES", type=_positive, default=1, help="of every placed range (default: 1)"
    )


def _add_results(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pareto", action="store_true", help="show the whole front: active memory, MACs, nodes")
    parser.add_argument("--why", action="store_true", help="say why nodes were left whole")
    parser.add_argument("--no-verify", action="store_true", help="do not check that the result computes the same")
    parser.add_argument("--seed", metavar="N", type=_whole, default=0, help="of the check's weights and inputs")
    parser.add_argument("--json", metavar="FILE|-", help="write the result as JSON")


def _wrong(rule: str, text: str, example: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"must be {rule}, got {text!r}; write e.g. {example}")


def _dimension(text: str) -> tuple[str, int]:
    name, equals, size = text.rpartition("=")
    if name and equals and size.isascii() and size.isdigit() and int(size):
        return name, int(size)
    raise _wrong("NAME=SIZE with a size of at least 1", text, "N=1")


def _share(text: str) -> float:
    number = text.removesuffix("%")
    try:
        value = float(number) / (100 if number != text else 1)
    except ValueError:
        raise _wrong("a percentage or a fraction", text, "8.6%") from None
    if not 0 <= value < float("inf"):
        raise _wrong("at least 0%", text, "8.6%")
    if number == text and value > 1:
        # More likely a percentage than that many times the MACs, whose search and check take very long.
        raise _wrong("a percentage, or a fraction of at most 1", text, f"{text}%")
    return value


def _size(text: str) -> int:
    match = _SIZE.fullmatch(text)
    size = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if not match or size < 1 or size != int(size):
        raise _wrong("whole bytes with a unit (B, KB, MB, GB, KiB, MiB, GiB)", text, "256KiB")
    return int(size)


def _whole(text: str) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    raise _wrong("a whole number", text, "16")


def _positive(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text):
        return int(text)
    raise _wrong("a whole number of at least 1", text, "16")


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if 0 < value < float("inf"):
        return value
    raise _wrong("a number of seconds above 0", text, "10")
