"""Flows learn two clusters and the digits; broken ones do not. Task and distance: see test_gans_learn."""

from __future__ import annotations

import pytest
from test_gans_learn import Task, digits, pair, play

DENSE = {"widths": [32, 32], "lr": 5e-3}

TASKS = [
    # learned 0.01 to 0.02, mutants 0.42 and more
    Task("nice", pair, 200, 64, 0.1, DENSE),
    # learned 0.01 to 0.02, mutants 0.29 and more
    Task("real_nvp", pair, 150, 64, 0.1, DENSE),
    # learned 0.1, mutants 2.7 and more: untrained, its pixels are near black and white
    Task("nice", digits, 200, 64, 1.2, {"widths": [128, 128], "lr": 2e-3}),
    # learned 0.9 to 1.2, mutants 4.5 and more
    Task("real_nvp", digits, 60, 32, 2.5, {"channels": 8, "blocks": 1, "lr": 5e-3}),
]

every_task = pytest.mark.parametrize("task", TASKS, ids=lambda task: f"{task.name} {task.examples.__name__}")


@every_task
def test_it_learns(task):
    assert play(task) < task.reach


@every_task
@pytest.mark.parametrize("what", ["sign", "frozen"])
def test_broken_is_seen(task, what):
    assert not play(task, broken=f"flow {what}") < task.reach
