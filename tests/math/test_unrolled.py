"""Unrolled optimisation: against torch's own descent, finite differences and the plain game."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from saddlepoint import catalogue
from saddlepoint.engine.update import Updater
from saddlepoint.objectives.unrolled import Adam, Moments, unrolled
from saddlepoint.types import Batch, DataSpec, Noise

POINTS = DataSpec(kind="points", shape=(2,))


def batch_of(rows: int = 16, dtype: torch.dtype = torch.float32) -> Batch:
    x = torch.randn(rows, 2, generator=torch.Generator().manual_seed(1)).to(dtype)
    noise = (Doubles if dtype == torch.float64 else Noise)("batch", rows=rows)
    return Batch(x=x, y=None, index=torch.arange(rows), noise=noise)


class Doubles(Noise):
    def normal(self, *shape: int) -> torch.Tensor:
        return super().normal(*shape).double()


def fresh(parameters, lr=0.1):
    zeros = {key: torch.zeros_like(value) for key, value in parameters.items()}
    return Adam(first=zeros, second=zeros, count=torch.zeros((), dtype=torch.float64), lr=lr, betas=(0.5, 0.999))


def test_the_steps_are_those_of_adam():
    torch.manual_seed(0)
    net, x = nn.Linear(3, 2).double(), torch.randn(5, 3, dtype=torch.float64)

    def loss(parameters):
        return torch.func.functional_call(net, parameters, (x,)).tanh().square().sum()

    own = {k: p.detach().requires_grad_() for k, p in net.named_parameters()}
    ahead = unrolled(loss, own, 4, fresh(own))
    adam = torch.optim.Adam(net.parameters(), lr=0.1, betas=(0.5, 0.999))
    for _ in range(4):
        adam.zero_grad()
        loss(dict(net.named_parameters())).backward()
        adam.step()
    for name, p in net.named_parameters():
        torch.testing.assert_close(ahead[name], p, rtol=1e-6, atol=1e-7)


def test_the_look_ahead_goes_on_from_the_moments_of_the_network_s_optimiser():
    """Three steps of torch's Adam whose gradients are seen, and two ahead, are its fourth and fifth."""
    torch.manual_seed(0)
    net, x = nn.Linear(3, 2).double(), torch.randn(5, 3, dtype=torch.float64)
    moments = Moments(net, 0.1, (0.5, 0.999)).double()
    adam = torch.optim.Adam(net.parameters(), lr=0.1, betas=(0.5, 0.999))

    def loss(parameters):
        return torch.func.functional_call(net, parameters, (x,)).tanh().square().sum()

    for t in range(5):
        if t == 3:
            own = {k: p.detach().clone().requires_grad_() for k, p in net.named_parameters()}
            ahead = unrolled(loss, own, 2, moments.adam())
        adam.zero_grad()
        loss(dict(net.named_parameters())).backward()
        moments.see({name: p.grad for name, p in net.named_parameters()})
        adam.step()
    for name, p in net.named_parameters():
        torch.testing.assert_close(ahead[name], p, rtol=1e-6, atol=1e-7)


def test_a_gradient_that_is_not_finite_is_not_seen():
    net = nn.Linear(2, 1)
    moments = Moments(net, 0.1, (0.5, 0.999))
    moments.see({name: torch.ones_like(p) for name, p in net.named_parameters()})
    before = {key: value.clone() for key, value in moments.state_dict().items()}
    moments.see({"weight": torch.full((1, 2), torch.inf), "bias": torch.ones(1)})
    assert moments.count == 1
    assert all(torch.equal(value, before[key]) for key, value in moments.state_dict().items())


def test_the_gradient_passes_through_every_step():
    """d f(theta^K(w)) / dw against central differences."""
    torch.manual_seed(0)
    start, x = torch.randn(3, dtype=torch.float64), torch.randn(7, 3, dtype=torch.float64)
    past = {"t": torch.rand(3, dtype=torch.float64)}

    def outcome(w: torch.Tensor) -> torch.Tensor:
        adam = Adam(first=past, second=past, count=torch.tensor(7.0), lr=0.1, betas=(0.5, 0.9))
        ahead = unrolled(lambda p: ((x * w) @ p["t"]).cos().sum(), {"t": start.clone().requires_grad_()}, 3, adam)
        return (ahead["t"] * w).square().sum()

    assert torch.autograd.gradcheck(outcome, torch.tensor([0.3, -1.2, 0.7], dtype=torch.float64, requires_grad=True))


def test_where_a_weight_has_never_had_a_gradient_the_derivative_is_finite():
    zero = {"t": torch.zeros(1)}
    adam = Adam(first=zero, second=zero, count=torch.zeros(()), lr=0.1, betas=(0.5, 0.9))
    w = torch.ones(1, requires_grad=True)
    ahead = unrolled(lambda p: (0 * w * p["t"]).sum(), {"t": torch.ones(1, requires_grad=True)}, 2, adam)
    (slope,) = torch.autograd.grad((ahead["t"] * w).sum(), w)
    assert slope.isfinite().all()


def gan(**config):
    """One whose discriminator has seen three gradients."""
    torch.manual_seed(0)
    recipe = catalogue.create("unrolled_gan", POINTS, latent=2, widths=[8, 8], lr=0.3, **config)
    for _ in range(3):
        recipe.moments.see({name: torch.randn_like(p) for name, p in recipe.discriminator.named_parameters()})
    return recipe


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
    recipe, plain = gan(unroll=unroll), gan(unroll=0)
    before = {k: v.clone() for k, v in recipe.discriminator.state_dict().items()}
    assert not torch.allclose(gradient(recipe, batch_of()), gradient(plain, batch_of()), rtol=0.01)
    assert all(torch.equal(v, before[k]) for k, v in recipe.discriminator.state_dict().items())


@pytest.mark.parametrize("unroll", [1, 3])
def test_the_generator_sees_how_the_discriminator_answers_it(unroll):
    """Equation 10's gradient against central differences of the loss, in every weight of G's first layer."""
    recipe = gan(unroll=unroll).double()
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


def test_the_moments_are_those_of_the_discriminator_s_optimiser():
    recipe = catalogue.create("unrolled_gan", POINTS, latent=2, widths=[8, 8], d_steps=2)
    updater = Updater(recipe, seed=0, device=torch.device("cpu"), precision="fp32", micro_batch=0)
    for t in range(3):
        updater.begin(t)
        recipe.step(iter(lambda: batch_of(), None), updater, t)
    optimizer, adam = updater.seats["discriminator"].optimizer, recipe.moments.adam()
    assert adam.count == 6
    assert (adam.lr, adam.betas) == (optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["betas"])
    for name, p in recipe.discriminator.named_parameters():
        torch.testing.assert_close(adam.first[name], optimizer.state[p]["exp_avg"])
        torch.testing.assert_close(adam.second[name], optimizer.state[p]["exp_avg_sq"])


def test_the_running_statistics_of_the_discriminator_stay():
    torch.manual_seed(0)
    recipe = catalogue.create("unrolled_gan", DataSpec(shape=(1, 8, 8)), width=4, unroll=2)
    x = torch.rand(6, 1, 8, 8) * 2 - 1
    before = {k: v.clone() for k, v in recipe.discriminator.state_dict().items()}
    recipe.generator_objective(Batch(x=x, y=None, index=torch.arange(6), noise=Noise("b", rows=6)))
    assert all(torch.equal(v, before[k]) for k, v in recipe.discriminator.state_dict().items())
