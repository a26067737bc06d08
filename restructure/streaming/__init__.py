"""Running a graph part by part: the network of cuttable operators, the streaming order, the program it gives."""

from restructure.streaming.building import network_of
from restructure.streaming.liveness import Profiled, measure
from restructure.streaming.network import Network, Op, TensorRows
from restructure.streaming.program import CONCAT, SLICE, Block, Program, Step
from restructure.streaming.settings import Cuts, Phase
from restructure.streaming.streamer import Streamer, stream

__all__ = [
    "CONCAT",
    "SLICE",
    "Block",
    "Cuts",
    "Network",
    "Op",
    "Phase",
    "Profiled",
    "Program",
    "Step",
    "Streamer",
    "TensorRows",
    "measure",
    "network_of",
    "stream",
]
