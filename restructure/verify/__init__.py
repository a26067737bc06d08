"""Proof that a restructured model computes what the original does, in the memory its plan promised.

>>> from restructure import zoo
>>> from restructure.verify import verify
>>> verify(zoo.build("tiny"), zoo.build("tiny")).passed
True
"""

from restructure.verify.comparison import tolerance_of
from restructure.verify.count import Count, CountedStep, count
from restructure.verify.magnification import magnification
from restructure.verify.verification import Verification, verify

__all__ = ["Count", "CountedStep", "Verification", "count", "magnification", "tolerance_of", "verify"]
