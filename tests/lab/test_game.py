"""A GAN on points, watched."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from saddlepoint import UserError
from saddlepoint.config import DataConfig
from saddlepoint.data.load import load
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
    samples, pulled = pull(model, given)

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
    assert scores is not None
    with torch.no_grad():
        at = model.discriminator(torch.stack([axis[1], axis[3]])[None])
    torch.testing.assert_close(scores[3, 1], at.squeeze())


def test_a_critic_without_one_score_has_no_surface():
    model = small("gan", PLANE).eval()
    model.discriminator = torch.nn.Identity()  # gives back both coordinates
    assert surface(model, torch.linspace(-1, 1, 5), 2) is None


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(UserError, match="one or two dimensions"):
        play("gan", in_memory(np.zeros((10, 3), np.float32)))
    with pytest.raises(UserError, match="vae is no game"):
        play("vae", in_memory(np.zeros((10, 2), np.float32)), steps=1, frames=1)
    with pytest.raises(UserError, match="did you mean d_steps"):
        play("gan", in_memory(np.zeros((10, 2), np.float32)), options={"dsteps": 2})
