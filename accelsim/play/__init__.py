"""The playground: a local web page on which sliders move an accelerator and its numbers follow at once.

Terms: *settings* are where the controls stand, and what a link holds; a *view* is what they lead to. The *crew* are the
worker processes that plan and simulate for all who look at the page; a *session* is one of those who look.
"""

from accelsim.play.server import require_nicegui, serve

__all__ = ["require_nicegui", "serve"]
