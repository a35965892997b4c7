"""pac_gan, unrolled_gan and the GANs that infer solve the trivial task; a frozen or reversed player does not.

Energy distances as in test_gans_learn; what four seeds reached and what mutants did stands beside each.
"""

from __future__ import annotations

import pytest
from test_gans_learn import Task, pair, play

DENSE = {"widths": [64, 64], "latent": 2, "lr": 1e-3}
TASKS = [
    Task("pac_gan", pair, 300, 64, 0.4, DENSE),  # 0.03 to 0.07, mutants 1.1 and more
    Task(
        "unrolled_gan", pair, 150, 64, 0.4, {**DENSE, "unroll": 2, "d_rate": 1.0}
    ),  # 0.02 to 0.06, mutants 1.1 and more
    Task("ali", pair, 300, 64, 0.5, DENSE),  # 0.12 to 0.23, mutants 1.1 and more
    Task("bigan", pair, 300, 64, 0.5, DENSE),  # 0.14 to 0.26, mutants 1.1 and more
    Task("vee_gan", pair, 300, 64, 0.9, DENSE),  # 0.13 to 0.85, mutants 1.1 and more
]
every_task = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)


@every_task
def test_it_learns(task):
    assert play(task) < task.reach


@every_task
@pytest.mark.parametrize("broken", ["generator frozen", "discriminator sign"])
def test_a_player_broken_is_seen(task, broken):
    assert not play(task, broken=broken) < task.reach
