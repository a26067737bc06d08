"""How fast and how lean: each figure beside its target, as a ratio; `python -m benchmarks` prints them all.

Seconds depend on the machine, ratios hardly: below 1.00 a target is met.
"""
