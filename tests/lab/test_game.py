"""A GAN on points, watched."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from saddlepoint import UserError, catalogue
from saddlepoint.config import DataConfig
from saddlepoint.data.load import load
from saddlepoint.families import TwoPlayer
from saddlepoint.lab.game import describe, play, pull, surface
from saddlepoint.lab.training import in_memory
from saddlepoint.types import Batch, DataSpec, Noise
from support import SMALL, small

PLANE = DataSpec(kind="points", shape=(2,))


def batch(n: int = 6) -> Batch:
    noise = Noise("t", rows=n)
    return Batch(x=noise.normal(2), y=None, index=torch.arange(n), noise=noise)


def test_a_moment_for_each_frame_and_the_samples_come_to_the_data():
    data = load("1d-mixture", DataConfig())
    options = {**SMALL["gan"], "dropout": 0, "lr": 2e-3, "batch": 128}
    game = play("gan", data, steps=300, frames=4, options=options)
    assert [moment.step for moment in game.moments] == [0, 100, 200, 300]
    assert game.axis[0] < game.real.min() < game.real.max() < game.axis[-1]
    for moment in game.moments:
        assert moment.samples.shape == moment.pull.shape == game.real.shape
        assert moment.scores is not None
        assert moment.scores.shape == game.axis.shape
    assert game.moments[-1].samples.std() > 3 * game.moments[0].samples.std()
    assert "wasserstein" in describe(game, 0)


@pytest.mark.parametrize("name", ["gan", "wgan_gp", "r3gan"])
def test_the_pull_is_the_loss_falling(name):
    """Each sample moved a little along its pull lowers the loss by the pull's length squared over B."""
    model = small(name, PLANE).eval().double()
    given = batch()
    given = Batch(x=given.x.double(), y=None, index=given.index, noise=_Doubles("t", rows=6))
    samples, pulled, _ = pull(model, given)

    def loss(moved):
        hook = model.generator.register_forward_hook(lambda *_: moved)
        try:
            again = Batch(x=given.x, y=None, index=given.index, noise=_Doubles("t", rows=6))
            return model.generator_objective(again)["loss"].item()
        finally:
            hook.remove()

    h = 1e-5
    fall = (loss(samples) - loss(samples + h * pulled)) / h
    assert fall == pytest.approx(pulled.square().sum().item() / len(samples), rel=1e-3)
    assert fall > 0


class _Doubles(Noise):
    def normal(self, *shape):
        return super().normal(*shape).double()


def test_the_surface_has_the_second_dimension_down_its_rows():
    model, axis = small("gan", PLANE).eval(), torch.linspace(-1, 1, 5)
    scores = surface(model, axis, 2)
    with torch.no_grad():
        at = model.discriminator(torch.stack([axis[1], axis[3]])[None])
    torch.testing.assert_close(scores[3, 1], at.squeeze())


@pytest.mark.parametrize(
    ("judge", "alone"),
    [
        (lambda: torch.nn.Linear(2, 1), True),
        (lambda: torch.nn.Linear(2, 2), False),  # a point for a point: an auto-encoder
        (lambda: torch.nn.Bilinear(2, 2, 1), False),  # judges pairs
    ],
)
def test_a_surface_is_of_one_number_a_point(judge, alone):
    model = small("gan", PLANE)
    discriminator = model.discriminator = judge()
    if isinstance(discriminator, torch.nn.Bilinear):
        model.generator_objective = lambda b: {"loss": discriminator(model.generator(model.prior(b.noise)), b.x).mean()}
    else:
        model.generator_objective = lambda b: {"loss": discriminator(model.generator(model.prior(b.noise))).mean()}
    assert pull(model, batch())[2] == alone


GAMES = [
    name
    for name in catalogue.names()
    if catalogue.info(name).recipe == name
    and issubclass(recipe := catalogue.recipe_class(name), TwoPlayer)
    and "points" in recipe.kinds
    and not recipe.conditional
]


@pytest.mark.parametrize("name", GAMES)
def test_every_game_on_points_can_be_put_in(name):
    """Whatever its loss and its discriminator are, there are samples and something pulls at them."""
    points = Noise("points", rows=64).normal(2).numpy()
    game = play(name, in_memory(points), steps=1, frames=2, options={**SMALL.get(name, {}), "batch": 16})
    for moment in game.moments:
        assert moment.samples.shape == moment.pull.shape == (64, 2)
        assert np.isfinite(moment.pull).all()
        assert abs(moment.pull).max() > 0


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(UserError, match="one or two dimensions"):
        play("gan", in_memory(np.zeros((10, 3), np.float32)))
    with pytest.raises(UserError, match="vae is no game"):
        play("vae", in_memory(np.zeros((10, 2), np.float32)), steps=1, frames=1)
    with pytest.raises(UserError, match="did you mean d_steps"):
        play("gan", in_memory(np.zeros((10, 2), np.float32)), options={"dsteps": 2})
