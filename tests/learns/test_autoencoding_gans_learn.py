"""Autoencoders with a GAN's generator draw two clusters and reconstruct them; each of their players broken is seen.

Energy distances as in test_gans_learn, and mean squared errors of reconstructions. What seeds reached and mutants did
stands beside each.
"""

from __future__ import annotations

from typing import Any

import pytest
import test_gans_learn
import torch
from test_gans_learn import Task, pair, play

AGAIN = 0.3
"""Mean squared error of reconstructions; an unrelated example's is 2."""
DENSE = {"widths": [64, 64], "latent": 2, "lr": 1e-3}
GAMES = [
    # distance, error: learned 0.01 to 0.05 and 0.05 to 0.06; generator frozen 1.3 and 1.7
    Task("vae_gan", pair, 300, 64, 0.15, DENSE),
    # learned 0.03 and 0.04; generator frozen 1.1 and 1.0
    Task("cvae_gan", pair, 300, 64, 0.15, DENSE),
    # learned 0.03 to 0.04 and 0.04 to 0.05; generator frozen 1.1 and 1.0, discriminator sign 1.2 and 1.0
    Task("ian", pair, 300, 64, 0.15, DENSE),
]
every_game = pytest.mark.parametrize("task", GAMES, ids=lambda task: task.name)


def reconstruction(recipe: Any, x: torch.Tensor, y: torch.Tensor) -> float:
    """Mean squared error of x against what the generator makes of its code."""
    recipe.eval()
    told = (y,) if recipe.conditional else ()
    with torch.no_grad():
        return float((x - recipe.generate(recipe.encode(x, *told), *told)).square().mean())


def both(task: Task, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> tuple[float, float]:
    """The energy distance, and the error of reconstructions."""
    drawn = test_gans_learn.distance
    reached: list[float] = []

    def measure(recipe: Any, x: torch.Tensor, y: torch.Tensor) -> float:
        reached.append(drawn(recipe, x, y))
        return reconstruction(recipe, x, y)

    monkeypatch.setattr(test_gans_learn, "distance", measure)
    error = play(task, **changes)
    return reached[0], error


@every_game
def test_it_draws_and_reconstructs(task, monkeypatch):
    reached, error = both(task, monkeypatch)
    assert reached < task.reach
    assert error < AGAIN


@every_game
@pytest.mark.parametrize("broken", ["generator frozen", "generator sign"])
def test_a_generator_broken_is_seen(task, broken, monkeypatch):
    reached, error = both(task, monkeypatch, broken=broken)
    assert not reached < task.reach
    assert not error < AGAIN


@pytest.mark.parametrize(  # errors 1.7, 7.4 and more; given the label, cvae_gan's encoder has little left to say
    ("task", "broken"),
    [(GAMES[0], "encoder frozen"), (GAMES[0], "encoder sign"), (GAMES[1], "encoder sign")],
    ids=["vae_gan frozen", "vae_gan sign", "cvae_gan sign"],
)
def test_an_encoder_broken_is_seen(task, broken, monkeypatch):
    assert not both(task, monkeypatch, broken=broken)[1] < AGAIN


@pytest.mark.parametrize("task", [GAMES[0], GAMES[2]], ids=lambda task: task.name)  # 0.24 and 1.2
def test_a_discriminator_broken_is_seen(task, monkeypatch):
    assert not both(task, monkeypatch, broken="discriminator sign")[0] < task.reach


def test_labels_that_mean_nothing_are_seen(monkeypatch):
    assert not both(GAMES[1], monkeypatch, mislabel=True)[0] < GAMES[1].reach
