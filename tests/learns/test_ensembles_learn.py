"""Recipes of several networks and of kernels solve the trivial task; with one thing broken, none of them does.

Bars as in test_gans_learn: between what the seeds reached and what the mutants did.
"""

from __future__ import annotations

import pytest
from test_gans_learn import Task, digits, pair, play

DENSE = {"widths": [48, 48], "latent": 2}
CONV = {"width": 8, "latent": 16}
BOOST = {"components": 3, "component_steps": 80, "classifier_steps": 10, "weighed": 256}
TASKS = {
    # Learned, generator for the other side, generator frozen, discriminator frozen:
    "bayesian_gan": Task(
        "bayesian_gan", digits, 60, 32, 3.0, {**CONV, "generators": 3, "discriminators": 3, "examples": 2000}
    ),  # 1.1 to 1.4, 12.8, 7.5, 6.4
    "mmd_gan": Task(
        "mmd_gan", digits, 60, 32, 2.0, {**CONV, "lr": 2e-3, "clip": 0.1, "code": 16, "long_d_steps": 5}
    ),  # 0.6 to 0.7, 10.7, 7.5, 6.0
    "gogan": Task(
        "gogan", digits, 60, 32, 3.0, {"width": 16, "latent": 16, "lr": 5e-4, "stage_steps": 20, "margin": 0.01}
    ),  # 0.7 to 0.8, 14.2, 7.5, 12.4
}
ADAGAN = Task("adagan", pair, 260, 64, 0.4, {**DENSE, **BOOST, "lr": 2e-3})  # 0.1
GMMN = Task("gmmn", pair, 100, 128, 0.4, {**DENSE, "lr": 5e-3, "scales": [0.1, 1.0, 4.0]})  # 0.02 to 0.05, 17, 1.2


@pytest.mark.parametrize("name", TASKS)
def test_it_learns(name):
    assert play(TASKS[name]) < TASKS[name].reach


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("broken", ["generator sign", "generator frozen", "discriminator frozen"])
def test_a_player_broken_is_seen(name, broken):
    assert not play(TASKS[name], broken=broken) < TASKS[name].reach  # NaN is no success either


def test_gmmn_learns_alone():
    assert play(GMMN) < GMMN.reach
    assert not play(GMMN, broken="generator sign") < GMMN.reach
    assert not play(GMMN, broken="generator frozen") < GMMN.reach


def test_adagan_learns_and_each_component_must():
    assert play(ADAGAN) < ADAGAN.reach
    for k in range(3):  # one sample in three is enough to be seen
        assert not play(ADAGAN, broken=f"generator{k} sign") < ADAGAN.reach
