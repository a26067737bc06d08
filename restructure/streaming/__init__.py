"""Running a graph part by part: the network of cuttable operators, the streaming order, the program it gives."""

from restructure.streaming.building import network_of
from restructure.streaming.liveness import Lives, Profiled, lives, measure
from restructure.streaming.network import Network, Op, TensorRows
from restructure.streaming.program import CONCAT, SLICE, Block, Program, Step
from restructure.streaming.settings import Cuts, Phase
from restructure.streaming.stages import Handover, Piece, Stage, given, most_parts, play, run_stage
from restructure.streaming.streamer import stream

__all__ = [
    "CONCAT",
    "SLICE",
    "Block",
    "Cuts",
    "Handover",
    "Lives",
    "Network",
    "Op",
    "Phase",
    "Piece",
    "Profiled",
    "Program",
    "Stage",
    "Step",
    "TensorRows",
    "given",
    "lives",
    "measure",
    "most_parts",
    "network_of",
    "play",
    "run_stage",
    "stream",
]
