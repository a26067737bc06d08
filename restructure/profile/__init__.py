"""Active-memory profiles, hardware-agnostic.

>>> from restructure import zoo
>>> from restructure.profile import Definition, profile
>>> profile(zoo.build("mobilenetv2"), Definition(dtype="int8")).peak_bytes
1505280
"""

from restructure.profile.buffers import Buffer, buffers_of
from restructure.profile.definition import Definition, Dtype, Layout
from restructure.profile.measure import Held, Profile, Step, profile
from restructure.profile.storages import Storage, Storages, storages_of

__all__ = [
    "Buffer",
    "Definition",
    "Dtype",
    "Held",
    "Layout",
    "Profile",
    "Step",
    "Storage",
    "Storages",
    "buffers_of",
    "profile",
    "storages_of",
]
