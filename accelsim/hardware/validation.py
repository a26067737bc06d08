"""A document becomes a `Hardware`, or a list of all its problems in the words of the description."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from accelsim.hardware.description import Hardware
from accelsim.hardware.document import Document
from accelsim.hardware.dram_rules import dram_contradictions, missing_in_dram
from accelsim.hardware.fields import fields_of, leaf_paths, section_at
from accelsim.hardware.guess import closest
from accelsim.hardware.problems import Path, Problem, quote, raise_problems
from accelsim.hardware.rules import ERROR_TYPE

__all__ = ["validate"]


def validate(document: Document) -> Hardware:
    """Check every field.

    Raises:
        ConfigurationError: with all problems, in the order of their lines.
    """
    problems = [*document.problems, *missing_in_dram(document, _missing)]
    try:
        hardware = Hardware.model_validate(document.tree)
    except ValidationError as error:
        problems += [_problem(item, document) for item in error.errors(include_url=False)]
    else:
        problems += [
            *_contradictions(hardware, document),
            *_bank_widths(hardware, document),
            *_packets(hardware, document),
            *(dram_contradictions(hardware.dram, document)),
        ]
    raise_problems(problems)
    return hardware


def _problem(error: Any, document: Document) -> Problem:
    path: Path = tuple(error["loc"])
    kind = error["type"]
    if kind == "missing":
        return _missing(path, document)
    place = document.place(path)
    got = quote(place.text if path in document.places and place.text is not None else error["input"])
    if kind == "extra_forbidden":
        return Problem(place.where, path, "must be a known field", f"`{quote(path[-1])}`", _known(path), place.line)
    if kind == ERROR_TYPE:
        return Problem(place.where, path, error["ctx"]["rule"], got, error["ctx"]["remedy"], place.line)
    if section_at(Hardware, path):
        return Problem(place.where, path, "must be a section", got, _section_remedy(path), place.line)
    return Problem(place.where, path, "must be a field's name and value", got, quote(error["msg"]), place.line)


def _missing(path: Path, document: Document) -> Problem:
    place = document.place(path[:-1])
    dotted = ".".join(map(str, path))
    facts = next(item for item in fields_of(Hardware) if item.path == dotted)
    remedy = f"add `{path[-1]}: {facts.example}`" if facts.rule else f"add `{path[-1]}:` with its fields below"
    return Problem(place.where, path, "must be given", "nothing", remedy, place.line)


def _known(path: Path) -> str:
    section = section_at(Hardware, path[:-1]) or Hardware
    names = [info.alias or name for name, info in section.model_fields.items()]
    guess = closest(str(path[-1]), names)
    if guess:
        return f"did you mean {guess}?"
    if path[-1] in leaf_paths(Hardware):
        return "write it inside its section, or with --set"
    elsewhere = [dotted for dotted in leaf_paths(Hardware) if dotted.rpartition(".")[2] == path[-1]]
    return f"did you mean {elsewhere[0]}?" if elsewhere else f"known here: {', '.join(names)}"


def _section_remedy(path: Path) -> str:
    section = section_at(Hardware, path)
    names = [info.alias or name for name, info in section.model_fields.items()] if section else []
    return f"write its fields on lines below: {', '.join(names)}"


def _contradictions(hardware: Hardware, document: Document) -> list[Problem]:
    precision = hardware.precision
    operands = (precision.weights, precision.activations)
    widest = max(operands, key=lambda kind: kind.bytes)
    path: Path = ("precision", "accumulators")
    place = document.place(path)
    got = str(precision.accumulators)
    if precision.accumulators.bytes < widest.bytes:
        remedy = f"write int32 or fp32, or narrow {widest}"
        return [Problem(place.where, path, "must be at least as wide as its operands", got, remedy, place.line)]
    if precision.accumulators.is_integer and not all(kind.is_integer for kind in operands):
        return [Problem(place.where, path, "must be floating point as its operands are", got, "write fp32", place.line)]
    return []


def _packets(hardware: Hardware, document: Document) -> Iterator[Problem]:
    """Packets are aligned, so that their sizes are powers of two; they take time on a path of loads alone."""
    packets = hardware.dma.packets
    if packets is None:
        return
    beat, largest = packets.beat_bytes, packets.largest_bytes

    def problem(path: Path, rule: str, got: str, remedy: str) -> Problem:
        place = document.place(path)
        return Problem(place.where, path, rule, got, remedy, place.line)

    if hardware.dma.load_bytes_per_cycle is None:
        remedy = f"write e.g. {beat} B/cycle, or leave out dma.packets"
        yield problem(("dma", "load_width"), "must be given for packets", "nothing", remedy)
    for name, size in (("beat", beat), ("largest", largest)):
        if size & (size - 1):
            remedy = f"write e.g. {1 << size.bit_length() - 1} B"
            yield problem(("dma", "packets", name), "must be a power of two", f"{size} B", remedy)
    if largest < beat:
        rule = f"must be ≥ dma.packets.beat ({beat} B)"
        yield problem(("dma", "packets", "largest"), rule, f"{largest} B", f"write e.g. {4 << beat.bit_length() - 1} B")


def _bank_widths(hardware: Hardware, document: Document) -> Iterator[Problem]:
    """Contention is about bytes per cycle: both widths must be known, and there must be a byte for each bank."""
    pad = hardware.scratchpad
    if pad.bank_layout is None:
        return
    for name, width in (("read_width", pad.read_bytes_per_cycle), ("write_width", pad.write_bytes_per_cycle)):
        if width is None:
            path: Path = ("scratchpad", name)
            place = document.place(path)
            remedy = f"write e.g. {16 * pad.banks} B/cycle, or leave out scratchpad.bank_layout"
            yield Problem(place.where, path, "must be given for bank_layout", "nothing", remedy, place.line)
    if pad.banks > pad.capacity_bytes:
        path = ("scratchpad", "banks")
        place = document.place(path)
        rule = f"must be ≤ the bytes of the scratchpad ({pad.capacity_bytes})"
        yield Problem(place.where, path, rule, str(pad.banks), "write fewer banks", place.line)
