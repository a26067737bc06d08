"""Searches in copies of the process: the answers are those of searches one after another."""

import multiprocessing
import os
import signal
import threading
from functools import partial

import pytest

import restructure
from restructure import zoo
from restructure.planning import front, lanes
from restructure.planning.lanes import possible_jobs, side_by_side

can_copy = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be copied here")


@can_copy
def test_a_plan_does_not_depend_on_the_number_of_processes():
    graph = zoo.build("squeezenet1.1")
    alone, beside = (restructure.plan(graph, effort=0.1, jobs=jobs) for jobs in (1, 2))
    assert alone.regions
    assert alone.to_dict() == beside.to_dict()


def test_what_users_get_without_limits_is_on_the_front_or_beaten_by_it():
    graph = zoo.build("tiny")
    plan = restructure.plan(graph)
    assert any(
        p.peak_bytes <= plan.peak_bytes and p.macs <= plan.macs and p.nodes <= plan.nodes
        for p in restructure.pareto(graph)
    )


def test_the_front_is_looked_for_among_few_nodes_too(monkeypatch):
    graph, searches = zoo.build("squeezenet1.1"), []
    search = front._lane

    def seen(*args):
        searches.append([request.max_nodes for request, _ in args[1]])
        return search(args[0], [(request, 3000) for request, _ in args[1]], *args[2:])

    monkeypatch.setattr(front, "_lane", seen)
    restructure.pareto(graph, jobs=1)
    restructure.pareto(graph, jobs=1, max_nodes=300)
    assert searches == [[None, 10 * len(graph.nodes)]] * 2 + [[300]] * 2


def test_answers_come_in_the_order_of_the_tasks():
    assert side_by_side([partial(pow, base, 2) for base in (2, 3, 4)], jobs=2) == [4, 9, 16]


@can_copy
def test_all_tasks_but_the_first_run_in_other_processes():
    here = os.getpid()
    found = side_by_side([os.getpid] * 3, jobs=3)
    assert found[0] == here
    assert len(set(found)) == 3


@can_copy
def test_a_task_whose_process_is_lost_is_done_again_here():
    here = os.getpid()

    def lost() -> int:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return os.getpid()

    assert side_by_side([os.getpid, lost], jobs=2) == [here, here]


@can_copy
def test_an_error_in_another_process_is_raised_here():
    def wrong() -> int:
        raise ValueError("wrong on purpose")

    with pytest.raises(ValueError, match="wrong on purpose"):
        side_by_side([os.getpid, wrong], jobs=2)


@can_copy
def test_an_error_here_ends_the_other_processes():
    def endless() -> int:
        threading.Event().wait()
        return 0

    def wrong() -> int:
        raise ValueError("wrong on purpose")

    before = multiprocessing.active_children()
    with pytest.raises(ValueError, match="wrong on purpose"):
        side_by_side([wrong, endless], jobs=2)
    assert multiprocessing.active_children() == before


def test_one_process_is_used_while_other_threads_run():
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert possible_jobs(None) == 1
        assert possible_jobs(2) == (2 if hasattr(os, "fork") else 1)
    finally:
        done.set()
        thread.join()


def test_without_a_way_to_copy_a_process_all_tasks_run_here(monkeypatch):
    monkeypatch.setattr(lanes.multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    assert possible_jobs(None) == possible_jobs(2) == 1
    assert side_by_side([os.getpid] * 2, possible_jobs(2)) == [os.getpid()] * 2
