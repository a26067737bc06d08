"""Puts this folder on the path of all tests, so that they share `sketch`; no test fails because the machine is busy."""

from hypothesis import settings

settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")
