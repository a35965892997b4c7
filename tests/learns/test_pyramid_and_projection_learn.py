"""lapgan and projection_gan solve a trivial task; a frozen player does not. Distances as in test_gans_learn."""

from __future__ import annotations

import pytest
from test_gans_learn import Task, digits, pair, play

TASKS = [
    Task(
        "projection_gan", pair, 150, 64, 0.4, {"widths": [64, 64], "latent": 2, "lr": 1e-3, "d_steps": 2}
    ),  # 0.01 to 0.07, frozen 1.0
    Task(
        "lapgan", digits, 400, 32, 2.6, {"width": 8, "hidden": 64, "latent": 16, "lr": 1e-3}
    ),  # 0.8 to 1.9, a frozen level 3.2
]
every_task = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)


@every_task
def test_it_learns(task):
    assert play(task) < task.reach


@every_task
def test_a_generator_frozen_is_seen(task):
    broken = "generator_1 frozen" if task.name == "lapgan" else "generator frozen"
    assert not play(task, broken=broken) < task.reach
