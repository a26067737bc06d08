"""Reports for the terminal, drawn from records: a run, a layer, a profile, a Program's listing."""

from typing import TYPE_CHECKING

from restructure.on_demand import on_demand as _on_demand

if TYPE_CHECKING:
    from accelsim.report.comparison import comparison_screen
    from accelsim.report.console import Parts, show, to_text
    from accelsim.report.explain import layer_screen
    from accelsim.report.fit import fit_screen
    from accelsim.report.listing import listing_document, listing_screen
    from accelsim.report.profile import profile_screen
    from accelsim.report.run import run_screen
    from accelsim.report.sweeps import fronts_screen, points_screen, ranking_screen, sweep_screen
    from accelsim.report.tuning import tuned_screen
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
    "tuned_screen",
    "verification_screen",
]

_HOMES = {
    "Parts": "accelsim.report.console",
    "comparison_screen": "accelsim.report.comparison",
    "fit_screen": "accelsim.report.fit",
    "fronts_screen": "accelsim.report.sweeps",
    "layer_screen": "accelsim.report.explain",
    "listing_document": "accelsim.report.listing",
    "listing_screen": "accelsim.report.listing",
    "points_screen": "accelsim.report.sweeps",
    "profile_screen": "accelsim.report.profile",
    "ranking_screen": "accelsim.report.sweeps",
    "run_screen": "accelsim.report.run",
    "show": "accelsim.report.console",
    "sweep_screen": "accelsim.report.sweeps",
    "to_text": "accelsim.report.console",
    "tuned_screen": "accelsim.report.tuning",
    "verification_screen": "accelsim.report.verification",
}
# A command draws one report and need not wait for the others.
__getattr__, __dir__ = _on_demand(__name__, __all__, _HOMES)
