"""ali, bigan and vee_gan against what their papers write."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn.functional import logsigmoid

from saddlepoint import catalogue
from saddlepoint.types import Batch, DataSpec, Noise

POINTS = DataSpec(kind="points", shape=(2,))
IMAGES = DataSpec(shape=(3, 12, 9))
CONFIG = {"latent": 3, "width": 4, "widths": [8], "hidden": 8}


def made(name: str, spec: DataSpec = POINTS):
    torch.manual_seed(0)
    return catalogue.create(name, spec, **CONFIG).eval()


def batch_of(spec: DataSpec = POINTS, rows: int = 6) -> Batch:
    x = torch.rand(rows, *spec.shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return Batch(x=x, y=None, index=torch.arange(rows), noise=Noise("batch", rows=rows))


@pytest.mark.parametrize("name", ["ali", "bigan"])
@pytest.mark.parametrize("spec", [POINTS, IMAGES], ids=str)
def test_the_game_of_pairs(name, spec):
    recipe, batch = made(name, spec), batch_of(spec)
    noise = Noise("batch", rows=6)
    z = recipe.prior(noise)
    code, fake = recipe.infer(batch.x, noise), recipe.generator(z)
    real_logit, fake_logit = recipe.discriminator(batch.x, code), recipe.discriminator(fake, z)
    d = -(logsigmoid(real_logit) + logsigmoid(-fake_logit)).mean()
    g = -(logsigmoid(-real_logit) + logsigmoid(fake_logit)).mean()
    torch.testing.assert_close(recipe.discriminator_objective(batch)["loss"], d)
    torch.testing.assert_close(recipe.generator_objective(batch_of(spec))["loss"], g)


def test_the_encoder_of_ali_draws_from_its_gaussian_and_that_of_bigan_does_not():
    x = batch_of().x[:1].expand(4000, -1)
    ali, bigan = made("ali"), made("bigan")
    with torch.no_grad():
        draws, mean, log_std = ali.infer(x, Noise("q", rows=4000)), *ali.encoder(x[:1]).chunk(2, 1)
        torch.testing.assert_close(draws.mean(0), mean[0], atol=0.1, rtol=0)
        torch.testing.assert_close(draws.std(0), log_std[0].exp(), atol=0, rtol=0.05)
        torch.testing.assert_close(ali.encode(x[:1]), mean)
        assert bigan.infer(x, Noise("q", rows=4000)).std(0).max() < 1e-6
    z = bigan.prior(Noise("z", rows=4000))
    assert z.abs().max() <= 1
    assert z.var().item() == pytest.approx(1 / 3, rel=0.05)


def test_vee_gan_plays_algorithm_1():
    recipe = made("vee_gan")
    z = recipe.prior(Noise("batch", rows=6))
    x, fake = batch_of().x, recipe.generator(z)
    ours, theirs = recipe.discriminator(fake, z), recipe.discriminator(x, recipe.reconstructor(x))
    distance = (z - recipe.reconstructor(fake)).square().sum() / 6
    expected = {
        "discriminator": -(logsigmoid(ours) + logsigmoid(-theirs)).mean(),
        "reconstructor": distance,
        "generator": ours.mean() + distance,
    }
    for player, value in expected.items():
        torch.testing.assert_close(getattr(recipe, f"{player}_objective")(batch_of())["loss"], value)


def test_the_best_discriminator_of_vee_gan_is_the_log_ratio_of_the_pairs():
    """z ~ N(0, 1), G(z) = 2z, F(x) = x / 2, x ~ N(1, 1): log N(x/2, 0, 1) / 2 - log N(x, 1, 1) on the common line."""
    torch.manual_seed(0)
    spec = DataSpec(kind="points", shape=(1,))
    recipe = catalogue.create("vee_gan", spec, latent=1, widths=[64, 64])
    with torch.no_grad():
        recipe.generator.layers = torch.nn.Linear(1, 1, bias=False)
        recipe.generator.layers.weight.fill_(2.0)
        recipe.reconstructor.layers = torch.nn.Linear(1, 1, bias=False)
        recipe.reconstructor.layers.weight.fill_(0.5)
    adam = torch.optim.Adam(recipe.discriminator.parameters(), lr=3e-3)
    for step in range(600):
        x = 1 + Noise("x", step, rows=512).normal(1)
        batch = Batch(x=x, y=None, index=torch.arange(512), noise=Noise("n", step, rows=512))
        adam.zero_grad()
        recipe.discriminator_objective(batch)["loss"].backward()
        adam.step()
    x = torch.tensor([[-1.0], [0.0], [1.0], [2.0]])
    truth = -((x / 2) ** 2) / 2 - math.log(2) + (x - 1) ** 2 / 2
    with torch.no_grad():
        torch.testing.assert_close(recipe.discriminator(x, x / 2), truth, atol=0.35, rtol=0)
