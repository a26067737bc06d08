"""Many points from one file: every combination of networks, hardware, restructuring; resumable, parallel, stored."""

from accelsim.explore.sweeping.definition import OFF, Base, Definition, ModelChoice, Point
from accelsim.explore.sweeping.groups import Fronts, Group, Ranking, fronts_of, ranking_of
from accelsim.explore.sweeping.identity import hash_of
from accelsim.explore.sweeping.reading import read_definition
from accelsim.explore.sweeping.results import SweepResults, open_results
from accelsim.explore.sweeping.sweep import Tally, finished_points, sweep
from accelsim.explore.sweeping.work import Answer, PointOrder, do

__all__ = [
    "OFF",
    "Answer",
    "Base",
    "Definition",
    "Fronts",
    "Group",
    "ModelChoice",
    "Point",
    "PointOrder",
    "Ranking",
    "SweepResults",
    "Tally",
    "do",
    "finished_points",
    "fronts_of",
    "hash_of",
    "open_results",
    "ranking_of",
    "read_definition",
    "sweep",
]
