"""The recipes that differ from one another by loss and penalty learn two clusters or digits; broken, they do not.

Bars as in test_gans_learn: between what five seeds reached and what the mutants did.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_gans_learn import Task, digits, pair, play

DENSE = {"widths": [48, 48], "latent": 2, "lr": 2e-3}
STEADY = {"widths": [48, 48], "latent": 2, "lr": 1e-3, "betas": (0.5, 0.9), "d_steps": 3}
CONV = {"width": 8, "latent": 16, "lr": 1e-3}

TASKS = [
    # Learned of five seeds, discriminator frozen, discriminator for the other side:
    Task("lsgan", digits, 150, 32, 5.0, CONV),  # 1.2 to 4.3, 10.3, 12
    Task("ragan", digits, 150, 32, 5.0, CONV),  # 1.1 to 2.7, 11.2, 8.0
    Task("geometric_gan", pair, 250, 64, 0.5, STEADY),  # 0.04 to 0.15, 1.3, 400
    Task("sngan", pair, 200, 64, 0.5, DENSE),  # 0.01 to 0.1, 1.3, 690
    Task("wgan", pair, 200, 64, 0.5, {**DENSE, "clip": 0.1, "long_d_steps": 5}),  # 0.02 to 0.1, 3900, 4900
    Task("wgan_div", pair, 200, 64, 0.5, DENSE),  # 0.01 to 0.02, 1.3, 2000
    Task("dragan", digits, 150, 32, 4.0, {**CONV, "lr": 2e-3}),  # 1.5 to 2.9, 11.7, 10.2
]

every_task = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)


@every_task
def test_it_learns(task):
    assert play(task) < task.reach


@every_task
def test_a_discriminator_that_learns_nothing_is_seen(task):
    assert not play(task, broken="discriminator frozen") < task.reach  # NaN is no success either


@every_task
def test_a_discriminator_that_plays_for_the_other_side_is_seen(task):
    if task.name == "lsgan":  # driven away from both its codes it still tells the two apart: swap the codes
        swapped = replace(task, config={**task.config, "a": 1.0, "b": 0.0})
        assert not play(swapped) < task.reach
    else:
        assert not play(task, broken="discriminator sign") < task.reach
