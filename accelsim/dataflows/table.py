"""The dataflows by name."""

from difflib import get_close_matches

from accelsim.dataflows.adder_tree import AdderTree
from accelsim.dataflows.base import Dataflow
from accelsim.dataflows.input_stationary import InputStationary
from accelsim.dataflows.output_stationary import OutputStationary
from accelsim.dataflows.row_stationary import RowStationary
from accelsim.dataflows.weight_stationary import WeightStationary

DATAFLOWS: dict[str, type[Dataflow]] = {
    "weight_stationary": WeightStationary,
    "output_stationary": OutputStationary,
    "input_stationary": InputStationary,
    "adder_tree": AdderTree,
    "row_stationary": RowStationary,
}


def dataflow(name: str) -> Dataflow:
    """The dataflow of that name.

    Raises:
        ValueError: no such dataflow; the message names the known ones.
    """
    if name in DATAFLOWS:
        return DATAFLOWS[name]()
    close = get_close_matches(name, DATAFLOWS, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    raise ValueError(f"dataflow: must be one of {', '.join(DATAFLOWS)}, got {name!r}{hint}")
