"""Running a graph part by part: the network of cuttable operators, the streaming order, the program it gives."""

from restructure.streaming.building import network_of
from restructure.streaming.liveness import Occupancy, Profiled, measure, occupancy
from restructure.streaming.network import Network, Op, TensorRows
from restructure.streaming.program import CONCAT, SLICE, Block, Program, Step
from restructure.streaming.settings import Cuts, Phase
from restructure.streaming.stages import Abandoned, Handover, Piece, Stage, given, most_parts, play, run_stage
from restructure.streaming.streamer import stream

__all__ = [
    "CONCAT",
    "SLICE",
    "Abandoned",
    "Block",
    "Cuts",
    "Handover",
    "Network",
    "Occupancy",
    "Op",
    "Phase",
    "Piece",
    "Profiled",
    "Program",
    "Stage",
    "Step",
    "TensorRows",
    "given",
    "measure",
    "most_parts",
    "network_of",
    "occupancy",
    "play",
    "run_stage",
    "stream",
]
