"""Unrolled optimisation: against torch's own descent, finite differences and the plain game."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from saddlepoint import catalogue
from saddlepoint.objectives.unrolled import unrolled
from saddlepoint.types import Batch, DataSpec, Noise

POINTS = DataSpec(kind="points", shape=(2,))


def batch_of(rows: int = 16, dtype: torch.dtype = torch.float32) -> Batch:
    x = torch.randn(rows, 2, generator=torch.Generator().manual_seed(1)).to(dtype)
    noise = (Doubles if dtype == torch.float64 else Noise)("batch", rows=rows)
    return Batch(x=x, y=None, index=torch.arange(rows), noise=noise)


class Doubles(Noise):
    def normal(self, *shape: int) -> torch.Tensor:
        return super().normal(*shape).double()


def test_the_steps_are_those_of_gradient_descent():
    torch.manual_seed(0)
    net, x = nn.Linear(3, 2).double(), torch.randn(5, 3, dtype=torch.float64)

    def loss(parameters):
        return torch.func.functional_call(net, parameters, (x,)).tanh().square().sum()

    ahead = unrolled(loss, {k: p.detach().requires_grad_() for k, p in net.named_parameters()}, 4, 0.1)
    descent = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(4):
        descent.zero_grad()
        loss(dict(net.named_parameters())).backward()
        descent.step()
    for name, p in net.named_parameters():
        torch.testing.assert_close(ahead[name], p)


def test_the_gradient_passes_through_every_step():
    """d f(theta^K(w)) / dw against central differences."""
    torch.manual_seed(0)
    start, x = torch.randn(3, dtype=torch.float64), torch.randn(7, 3, dtype=torch.float64)

    def outcome(w: torch.Tensor) -> torch.Tensor:
        ahead = unrolled(lambda p: ((x * w) @ p["t"]).cos().sum(), {"t": start.clone().requires_grad_()}, 3, 0.1)
        return (ahead["t"] * w).square().sum()

    assert torch.autograd.gradcheck(outcome, torch.tensor([0.3, -1.2, 0.7], dtype=torch.float64, requires_grad=True))


def gan(**config):
    torch.manual_seed(0)
    return catalogue.create("unrolled_gan", POINTS, latent=2, widths=[8, 8], **config)


def gradient(recipe, batch):
    (g,) = torch.autograd.grad(recipe.generator_objective(batch)["loss"], recipe.generator.layers[0].weight)
    return g


def test_without_unrolling_it_is_the_plain_game():
    from saddlepoint.objectives.adversarial import generator_nonsaturating

    recipe = gan(unroll=0)
    fake = recipe.generator(recipe.prior(batch_of().noise))
    torch.testing.assert_close(
        recipe.generator_objective(batch_of())["loss"], generator_nonsaturating(recipe.discriminator(fake))
    )


@pytest.mark.parametrize("unroll", [1, 3])
def test_looking_ahead_changes_the_gradient_and_not_the_discriminator(unroll):
    recipe, plain = gan(unroll=unroll, unroll_rate=0.5), gan(unroll=0)
    before = {k: v.clone() for k, v in recipe.discriminator.state_dict().items()}
    assert not torch.allclose(gradient(recipe, batch_of()), gradient(plain, batch_of()), rtol=0.01)
    assert all(torch.equal(v, before[k]) for k, v in recipe.discriminator.state_dict().items())


@pytest.mark.parametrize("unroll", [1, 3])
def test_the_generator_sees_how_the_discriminator_answers_it(unroll):
    """Equation 10's gradient against central differences of the loss, in every weight of G's first layer."""
    recipe = gan(unroll=unroll, unroll_rate=0.5).double()
    weight, h = recipe.generator.layers[0].weight.detach(), 1e-6  # the numbers themselves, outside any graph

    def loss() -> float:
        return recipe.generator_objective(batch_of(dtype=torch.float64))["loss"].item()

    found = gradient(recipe, batch_of(dtype=torch.float64))
    for at in np.ndindex(*weight.shape):
        weight[at] += h
        above = loss()
        weight[at] -= 2 * h
        below = loss()
        weight[at] += h
        assert found[at].item() == pytest.approx((above - below) / (2 * h), rel=1e-4, abs=1e-8)


def test_the_rate_is_the_data_s_own_unless_it_is_said():
    assert gan().rate == 0.005
    assert gan(unroll_rate=0.5).rate == 0.5
    assert catalogue.create("unrolled_gan", DataSpec(shape=(1, 8, 8)), width=4).rate == 1e-4


def test_the_running_statistics_of_the_discriminator_stay():
    torch.manual_seed(0)
    recipe = catalogue.create("unrolled_gan", DataSpec(shape=(1, 8, 8)), width=4, unroll=2)
    x = torch.rand(6, 1, 8, 8) * 2 - 1
    before = {k: v.clone() for k, v in recipe.discriminator.state_dict().items()}
    recipe.generator_objective(Batch(x=x, y=None, index=torch.arange(6), noise=Noise("b", rows=6)))
    assert all(torch.equal(v, before[k]) for k, v in recipe.discriminator.state_dict().items())
