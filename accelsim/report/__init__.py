"""Reports for the terminal, drawn from records: a run, a layer, a profile, a Program's listing."""

from accelsim.report.comparison import comparison_screen
from accelsim.report.console import Parts, show, to_text
from accelsim.report.explain import layer_screen
from accelsim.report.fit import fit_screen
from accelsim.report.listing import listing_document, listing_screen
from accelsim.report.profile import profile_screen
from accelsim.report.run import run_screen
from accelsim.report.sweeps import fronts_screen, points_screen, ranking_screen, sweep_screen
from accelsim.report.verification import verification_screen

__all__ = [
    "Parts",
    "comparison_screen",
    "fit_screen",
    "fronts_screen",
    "layer_screen",
    "listing_document",
    "listing_screen",
    "points_screen",
    "profile_screen",
    "ranking_screen",
    "run_screen",
    "show",
    "sweep_screen",
    "to_text",
    "verification_screen",
]
