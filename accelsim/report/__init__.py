"""Reports for the terminal, drawn from records: a run, a profile, a Program's listing, a layer's mapping."""

from accelsim.report.console import Parts, show, to_text
from accelsim.report.profile import profile_screen
from accelsim.report.run import run_screen

__all__ = ["Parts", "profile_screen", "run_screen", "show", "to_text"]
