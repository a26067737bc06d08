"""The executors by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from accelsim.errors import ConfigurationError
from accelsim.explore.executors.base import Executor
from accelsim.explore.executors.dask import Dask
from accelsim.explore.executors.inline import Inline
from accelsim.explore.executors.processes import Processes
from accelsim.hardware.guess import closest

__all__ = ["EXECUTORS", "executor"]

EXECUTORS: Mapping[str, Callable[[int | None, str | None], Executor]] = {
    "processes": lambda jobs, scheduler: Processes(jobs),
    "dask": lambda jobs, scheduler: Dask(scheduler, jobs),
    "inline": lambda jobs, scheduler: Inline(),
}
"""Name → what makes it from the number of jobs and a scheduler's address."""


def executor(name: str = "processes", jobs: int | None = None, scheduler: str | None = None) -> Executor:
    """The executor of a name.

    Args:
        jobs: how many items at the same time; as many as there are cores by default.
        scheduler: the address of a Dask scheduler; only for `dask`.

    Raises:
        ConfigurationError: there is no such executor, or it has no use for what it is given.
    """
    if name not in EXECUTORS:
        guess = closest(name, EXECUTORS)
        remedy = f"did you mean {guess}?" if guess else "write e.g. processes"
        raise ConfigurationError(f"--executor: must be one of {', '.join(EXECUTORS)}, got {name!r}; {remedy}")
    if scheduler is not None and name != "dask":
        raise ConfigurationError(
            f"--scheduler: must go with --executor dask, got --executor {name}; write --executor dask"
        )
    if jobs is not None and jobs < 1:
        raise ConfigurationError(f"--jobs: must be at least 1, got {jobs}; leave it out for one per core")
    return EXECUTORS[name](jobs, scheduler)
