"""Searches side by side: one here and the others in copies of this process, or one after another.

What each finds depends on nothing but what it is asked, so the answers are the same either way.
"""

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import Connection
from typing import TypeVar

__all__ = ["possible_jobs", "side_by_side"]

Answer = TypeVar("Answer")


def possible_jobs(asked: int | None) -> int:
    """Return how many processes to use of those asked for; None: one per core.

    One where a process cannot be copied. If nobody asks, also where a copy is unsafe (it has this thread alone, and
    what others had locked stays locked), and in a process that is itself one of several at work.
    """
    if not _can_copy():
        return 1
    if asked is not None:
        return max(asked, 1)
    if threading.active_count() > 1 or multiprocessing.parent_process() is not None:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _can_copy() -> bool:
    # A daemon may have no children, and macOS forbids much of what its libraries do in a copy.
    unsafe = multiprocessing.current_process().daemon or sys.platform == "darwin"
    return not unsafe and "fork" in multiprocessing.get_all_start_methods()


def side_by_side(tasks: Sequence[Callable[[], Answer]], jobs: int) -> list[Answer]:
    """Return what every task returns, which must be picklable; the first runs here.

    A task whose process is lost, or raises, is done again here, so that an error is seen where it belongs.

    Args:
        jobs: processes at work, at most; see `possible_jobs`.
    """
    others = list(tasks[1:jobs])
    copies = [_Copy(task) for task in others]
    try:
        answers = [tasks[0]()] if tasks else []
        for task, copy in zip(others, copies, strict=True):
            answers.append(copy.answer(task))
    finally:
        for copy in copies:
            copy.end()
    return answers + [task() for task in tasks[1 + len(others) :]]


class _Copy:
    """A copy of this process at work on a task."""

    def __init__(self, task: Callable[[], object]) -> None:
        context = multiprocessing.get_context("fork")
        self._answers, sender = context.Pipe(duplex=False)
        self._process = context.Process(target=partial(_work, task, sender), daemon=True)
        self._process.start()
        sender.close()

    def answer(self, task: Callable[[], Answer]) -> Answer:
        try:
            found: Answer = self._answers.recv()
        except (EOFError, OSError):
            return task()
        return found

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self._answers.close()


def _work(task: Callable[[], object], sender: Connection) -> None:
    try:
        sender.send(task())
    except (Exception, KeyboardInterrupt):
        # Nobody reads this process's complaints: without an answer the task is done again by who asked.
        os._exit(1)
    # What this process would do at its end is its original's to do.
    os._exit(0)
