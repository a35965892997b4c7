"""A GAN on points, watched."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from saddlepoint import UserError, catalogue
from saddlepoint.config import DataConfig
from saddlepoint.data.load import load
from saddlepoint.errors import NonFiniteError
from saddlepoint.lab.game import REACH, arrows, describe, play, ranked, scene
from saddlepoint.lab.pull import pull, surface
from saddlepoint.lab.training import in_memory, watch
from saddlepoint.types import Batch, DataSpec, Noise
from support import SMALL, small

PLANE = DataSpec(kind="points", shape=(2,))


def batch(n: int = 6) -> Batch:
    noise = Noise("t", rows=n)
    return Batch(x=noise.normal(2), y=None, index=torch.arange(n), noise=noise)


def test_a_moment_for_each_frame_and_the_samples_come_to_the_data():
    data = load("1d-mixture", DataConfig())
    options = {**SMALL["gan"], "dropout": 0, "lr": 2e-3, "batch": 128}
    seen, moments = scene(data), list(play("gan", data, steps=300, frames=4, options=options))
    assert [moment.step for moment in moments] == [0, 100, 200, 300]
    assert seen.axis[0] < seen.real.min() < seen.real.max() < seen.axis[-1]
    for moment in moments:
        assert moment.samples.shape == moment.pull.shape == seen.real.shape
        assert moment.scores is not None
        assert moment.scores.shape == seen.axis.shape
    assert moments[-1].samples.std() > 3 * moments[0].samples.std()
    assert "wasserstein" in describe(seen, moments[0])


def test_moments_come_as_they_are_made_and_the_draws_of_others_do_not_matter():
    data, options = load("8gaussians", DataConfig()), {**SMALL["gan"], "batch": 16}
    undisturbed = [moment.samples for moment in play("gan", data, steps=8, frames=3, options=options)]
    played = play("gan", data, steps=8, frames=3, options=options)
    with torch.random.fork_rng():
        for samples in undisturbed:
            torch.manual_seed(1)
            before = torch.get_rng_state()
            assert np.array_equal(next(played).samples, samples)
            assert torch.equal(torch.get_rng_state(), before)


def test_a_game_that_diverges_ends_in_words():
    data = load("8gaussians", DataConfig())
    played = play("wgan_gp", data, steps=200, frames=201, options={**SMALL["wgan_gp"], "lr": 1e30, "batch": 16})
    with pytest.raises(NonFiniteError, match="try a lower lr"):
        list(played)


def test_arrows_are_as_long_as_the_strongest_allows():
    pull = np.array([[3.0, 4.0], [0.0, 1.0]], np.float32)
    np.testing.assert_allclose(arrows(pull, 10), pull * 10 * REACH / 5)
    assert not arrows(0 * pull, 10).any()
    assert ranked(np.array([[5.0, -1.0], [7.0, 0.0]])).tolist() == [[2 / 3, 0], [1, 1 / 3]]


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
    scores = surface(model.discriminator, axis, 2)
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
    assert (pull(model, batch())[2] is discriminator) == alone


ON_POINTS = [
    name
    for name in catalogue.names()
    if catalogue.info(name).recipe == name
    and "points" in (recipe := catalogue.recipe_class(name)).kinds
    and not recipe.conditional
]
SEVERAL = {"bayesian_gan"}
"""Games of many generators, though they are optimised as one."""
GAMES = [
    name
    for name in ON_POINTS
    if name not in SEVERAL and {"generator", "discriminator"} <= small(name, PLANE).players().keys()
]


def test_games_are_of_every_family():
    assert {"gan", "r3gan", "mmd_gan", "improved_gan", "catgan", "vee_gan", "aegan", "vae_gan", "bigan"} <= {*GAMES}


@pytest.mark.parametrize("name", GAMES)
def test_every_game_on_points_can_be_put_in(name):
    """Whatever its loss and its discriminator are, there are samples and something pulls at them."""
    points = Noise("points", rows=64).normal(2).numpy()
    for moment in play(name, in_memory(points), steps=1, frames=2, options={**SMALL.get(name, {}), "batch": 16}):
        assert moment.samples.shape == moment.pull.shape == (64, 2)
        assert np.isfinite(moment.pull).all()
        assert abs(moment.pull).max() > 0


@pytest.mark.parametrize("name", GAMES)
def test_samples_are_what_draws_of_the_prior_become(name, monkeypatch):
    """Before training and after, when the engine has left the other players frozen: AEGAN's generator decodes too."""
    drawn: list[torch.Tensor] = []
    recipe = catalogue.recipe_class(name)
    prior = recipe.prior
    monkeypatch.setattr(recipe, "prior", lambda self, noise: drawn.append(prior(self, noise)) or drawn[-1])

    def look(step, model):
        drawn.clear()
        samples = pull(model, batch())[0]
        with torch.no_grad():
            torch.testing.assert_close(samples, model.generate(drawn[0]))

    points = Noise("points", rows=64).normal(2).numpy()
    options = {**SMALL.get(name, {}), "batch": 16}
    assert len(list(watch(name, in_memory(points), look, steps=1, frames=2, options=options))) == 2


@pytest.mark.parametrize(
    ("name", "judged"),
    [
        ("r3gan", True),
        ("mmd_gan", False),  # sets of codes
        ("improved_gan", False),  # the mean of its features
        ("catgan", False),  # how sure it is of many categories
        ("vee_gan", False),  # pairs
    ],
)
def test_a_surface_is_drawn_where_the_generator_plays_against_it(name, judged):
    model = small(name, PLANE).eval()
    judge = pull(model, batch())[2]
    assert (judge is not None) == judged
    if judge is not None:
        grid = surface(judge, torch.linspace(-1, 1, 5), 2)
        torch.testing.assert_close(grid[1, 3], model.realness(torch.tensor([[0.5, -0.5]])).squeeze())


@pytest.mark.parametrize("name", sorted({*ON_POINTS} - {*GAMES}))
def test_what_is_no_game_of_one_generator_is_refused(name):
    with pytest.raises(UserError, match=f"{name} is no game of one generator against a discriminator"):
        next(play(name, in_memory(np.zeros((10, 2), np.float32)), steps=1, frames=1, options=SMALL.get(name, {})))


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(UserError, match="one or two dimensions"):
        next(play("gan", in_memory(np.zeros((10, 3), np.float32))))
    with pytest.raises(UserError, match="did you mean d_steps"):
        next(play("gan", in_memory(np.zeros((10, 2), np.float32)), options={"dsteps": 2}))
