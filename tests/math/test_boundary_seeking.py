"""Boundary-seeking GAN: its weights, its policy gradient against enumeration, and what it draws."""

from __future__ import annotations

import itertools

import pytest
import torch

from saddlepoint import catalogue
from saddlepoint.errors import UserError
from saddlepoint.objectives.boundary_seeking import generator_continuous, generator_discrete, importance_weights
from saddlepoint.objectives.likelihoods import bernoulli
from saddlepoint.recipes.bs_gan import binarised
from saddlepoint.types import Batch, DataSpec, Noise

IMAGES = DataSpec(shape=(1, 8, 8))
POINTS = DataSpec(kind="points", shape=(2,))
PIXELS = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=3)), dtype=torch.float64)
"""All images of three pixels, (8, 3)."""


def test_weights_are_density_ratios_over_their_sum():
    d = torch.tensor([[0.5, 0.8, 0.1], [0.99, 0.99, 0.99]], dtype=torch.float64)
    ratio = d / (1 - d)
    torch.testing.assert_close(importance_weights(d.logit()), ratio / ratio.sum(1, keepdim=True))
    surer = importance_weights(d.logit() + 100)  # the normaliser that the weights do without; exp(100) is no matter
    torch.testing.assert_close(surer, importance_weights(d.logit()))


def test_the_gradient_is_that_of_kl_to_the_weighted_samples_by_enumeration():
    """With the best D of a fixed target p, exp(logit) = p / g: the weighted samples are distributed as p, and the
    gradient of the log-odds tends to that of KL(p || g), which for independent pixels is g_i - p(x_i = 1)."""
    torch.manual_seed(0)
    p = torch.rand(8, dtype=torch.float64)
    p /= p.sum()
    log_odds = torch.randn(1, 3, dtype=torch.float64, requires_grad=True)
    log_g = bernoulli(PIXELS, log_odds.expand(8, 3))
    rows, draws = 2_000, 500
    chosen = torch.multinomial(log_g.detach().exp().expand(rows, 8), draws, replacement=True)
    logits = (p.log() - log_g.detach())[chosen]
    (estimate,) = torch.autograd.grad(generator_discrete(logits, log_g[chosen]), log_odds, retain_graph=True)
    marginal = (p[:, None] * (PIXELS + 1) / 2).sum(0)
    torch.testing.assert_close(estimate[0], log_odds.detach().sigmoid()[0] - marginal, atol=4e-3, rtol=0)
    # Unweighted samples have an expected gradient of 0 everywhere: the weights carry all that is learnt.
    (unweighted,) = torch.autograd.grad(generator_discrete(0 * logits, log_g[chosen]), log_odds)
    assert unweighted.abs().max() < 4e-3 < (log_odds.detach().sigmoid()[0] - marginal).abs().max()


def test_two_draws_have_the_expected_gradient_of_their_enumeration():
    """M = 2, where the normalised weights are biased: all 64 pairs with their probabilities give the expectation."""
    torch.manual_seed(1)
    log_odds = torch.randn(1, 3, dtype=torch.float64, requires_grad=True)
    logit = torch.randn(8, dtype=torch.float64)
    log_g = bernoulli(PIXELS, log_odds.expand(8, 3))
    pairs = torch.cartesian_prod(torch.arange(8), torch.arange(8))
    ratio = logit.exp()[pairs]
    weight = ratio / ratio.sum(1, keepdim=True)
    score = (PIXELS + 1) / 2 - log_odds.detach().sigmoid()  # d log g(x) / d log-odds
    chance = log_g.detach().exp()[pairs].prod(1)
    expected = -(chance[:, None, None] * weight[..., None] * score[pairs]).sum((0, 1))
    drawn = torch.multinomial(chance, 400_000, replacement=True)
    (estimate,) = torch.autograd.grad(generator_discrete(logit[pairs][drawn], log_g[pairs][drawn]), log_odds)
    torch.testing.assert_close(estimate[0], expected, atol=3e-3, rtol=0)


def test_nothing_flows_through_the_discriminator_of_discrete_samples():
    logits = torch.randn(4, 3, requires_grad=True)
    log_prob = torch.randn(4, 3, requires_grad=True)
    generator_discrete(logits, log_prob).backward()
    assert logits.grad is None
    torch.testing.assert_close(log_prob.grad, -importance_weights(logits.detach()) / 4)


def test_continuous_samples_are_pulled_back_from_beyond_the_boundary():
    d = torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64)
    logits = d.logit().requires_grad_()
    loss = generator_continuous(logits)
    torch.testing.assert_close(loss, 0.5 * (d.log() - (1 - d).log()).square().mean())
    (gradient,) = torch.autograd.grad(loss, logits)
    assert gradient[0] < 0
    assert gradient[1] == 0
    assert gradient[2] > 0, "a sample that D takes for data is pulled back"


def test_pixels_are_white_as_often_as_they_are_light():
    grey = torch.tensor([-1.0, -0.5, 0.0, 0.9, 1.0]).expand(40_000, 5)
    drawn = binarised(grey, Noise("binarise", rows=40_000).uniform(5))
    assert set(drawn.unique().tolist()) == {-1.0, 1.0}
    torch.testing.assert_close(drawn.mean(0), grey[0], atol=0.02, rtol=0)
    assert bool((drawn[:, 0] == -1).all())
    assert bool((drawn[:, -1] == 1).all())


def test_binary_samples_are_black_and_white_with_the_generators_mean():
    torch.manual_seed(0)
    gan = catalogue.create("bs_gan_binary", IMAGES, width=4, latent=2).eval()
    assert set(gan.sample(3).unique().tolist()) == {-1.0, 1.0}
    with torch.no_grad():
        mean = gan.generate(torch.ones(1, 2))
        torch.testing.assert_close(mean, 2 * gan.generator(torch.ones(1, 2)).sigmoid() - 1)


def test_the_discriminator_sees_black_and_white_alone():
    torch.manual_seed(0)
    gan = catalogue.create("bs_gan_binary", IMAGES, width=4, draws=3)
    seen: list[torch.Tensor] = []
    gan.discriminator.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    batch = Batch(x=torch.rand(6, 1, 8, 8) * 2 - 1, y=None, index=torch.arange(6), noise=Noise("b", rows=6))
    gan.discriminator_objective(batch)
    losses = gan.generator_objective(batch)
    assert [len(x) for x in seen] == [6, 6, 18], "M images of each z"
    assert all(set(x.unique().tolist()) == {-1.0, 1.0} for x in seen)
    assert 1 <= losses["used"] <= 3


def test_points_have_no_binary_output():
    with pytest.raises(UserError, match=r"output=binary needs images.*output=continuous"):
        catalogue.create("bs_gan", POINTS, output="binary")


@pytest.mark.parametrize(("name", "normalised"), [("bs_gan", True), ("bs_gan_binary", False)])
def test_a_draws_weight_depends_on_that_draw_alone(name, normalised):
    torch.manual_seed(0)
    gan = catalogue.create(name, IMAGES, width=4)
    x = torch.rand(6, 1, 8, 8) * 2 - 1
    alone = torch.cat([gan.discriminator(part) for part in x.split(2)])
    assert torch.allclose(gan.discriminator(x), alone, atol=1e-5) != normalised
