"""Unrolled optimisation: against its closed form, and the plain game."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from saddlepoint import catalogue
from saddlepoint.objectives.unrolled import unrolled
from saddlepoint.types import Batch, DataSpec, Noise

POINTS = DataSpec(kind="points", shape=(2,))


def batch_of(rows: int = 16, dtype: torch.dtype = torch.float32) -> Batch:
    x = torch.randn(rows, 2, generator=torch.Generator().manual_seed(1)).to(dtype)
    return Batch(x=x, y=None, index=torch.arange(rows), noise=Noise("batch", rows=rows))


def test_a_step_is_the_gradient_at_adams_size():
    torch.manual_seed(0)
    net, x = nn.Linear(3, 2).double(), torch.randn(5, 3, dtype=torch.float64)

    def loss(parameters):
        return torch.func.functional_call(net, parameters, (x,)).tanh().square().sum()

    start = {k: p.detach().requires_grad_() for k, p in net.named_parameters()}
    ahead = unrolled(loss, start, 1, 0.1)
    for grad, (key, before) in zip(torch.autograd.grad(loss(start), list(start.values())), start.items(), strict=True):
        moved = before - ahead[key]
        assert moved.square().mean().sqrt().item() == pytest.approx(0.1)
        torch.testing.assert_close(moved / moved.norm(), grad / grad.norm())
    assert loss(unrolled(loss, start, 5, 0.02)) < loss(start)


def test_the_gradient_passes_through_every_step():
    """loss = w t² / 2 of one number t: t_(k+1) = t_k - c_k w t_k with the constants c_k = lr / |w t_k|."""
    lr, t0, slope = 0.3, 2.0, 1.5
    w = torch.tensor(slope, dtype=torch.float64, requires_grad=True)
    start = {"t": torch.tensor([t0], dtype=torch.float64, requires_grad=True)}
    ahead = unrolled(lambda p: (w * p["t"].square() / 2).sum(), start, 2, lr)
    (ours,) = torch.autograd.grad(ahead["t"].sum(), w)
    c0 = lr / (slope * t0)
    t1, d1 = t0 - c0 * slope * t0, -c0 * t0
    c1 = lr / (slope * t1)
    assert ahead["t"].item() == pytest.approx(t1 - c1 * slope * t1)
    assert ours.item() == pytest.approx(d1 - c1 * (t1 + slope * d1))


def test_parameters_without_a_gradient_stay_finite():
    held = {"t": torch.zeros(2, requires_grad=True)}
    w = torch.ones((), requires_grad=True)
    ahead = unrolled(lambda p: (p["t"] * w).square().sum(), held, 2, 0.1)
    (grad,) = torch.autograd.grad(ahead["t"].sum(), w)
    assert grad.isfinite()
    assert ahead["t"].isfinite().all()


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
    recipe, plain = gan(unroll=unroll, lr=0.05), gan(unroll=0)
    before = {k: v.clone() for k, v in recipe.discriminator.state_dict().items()}
    assert not torch.allclose(gradient(recipe, batch_of()), gradient(plain, batch_of()), rtol=0.01)
    assert all(torch.equal(v, before[k]) for k, v in recipe.discriminator.state_dict().items())


def test_the_running_statistics_of_the_discriminator_stay():
    torch.manual_seed(0)
    recipe = catalogue.create("unrolled_gan", DataSpec(shape=(1, 8, 8)), width=4, unroll=2)
    x = torch.rand(6, 1, 8, 8) * 2 - 1
    before = {k: v.clone() for k, v in recipe.discriminator.state_dict().items()}
    recipe.generator_objective(Batch(x=x, y=None, index=torch.arange(6), noise=Noise("b", rows=6)))
    assert all(torch.equal(v, before[k]) for k, v in recipe.discriminator.state_dict().items())
