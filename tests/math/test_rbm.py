"""Boltzmann machines against sums over all of their states."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from saddlepoint import catalogue
from saddlepoint.errors import UserError
from saddlepoint.networks.boltzmann import BoltzmannMachine
from saddlepoint.objectives.partition import annealed_log_weights, log_mean, log_partition
from saddlepoint.recipe import Bounds, Encodes, Recipe, Scores
from saddlepoint.types import Batch, DataSpec, Noise

SPEC = DataSpec(shape=(1, 2, 3), levels=2)


def states(units: int) -> Tensor:
    """All of them, (2^units, units)."""
    return torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * units).view(-1, units)


def machine(visible: int = 6, hidden: int = 4) -> BoltzmannMachine:
    draw = torch.Generator().manual_seed(0)
    made = BoltzmannMachine(visible, hidden)
    with torch.no_grad():
        for p in made.parameters():
            p.copy_(torch.randn(p.shape, generator=draw))
    return made


def joint(m: BoltzmannMachine) -> Tensor:
    """(2^visible, 2^hidden) log p*(v, h), straight from the energy."""
    v, h = states(len(m.visible_bias)), states(len(m.hidden_bias))
    return v @ m.weight @ h.T + (v @ m.visible_bias)[:, None] + h @ m.hidden_bias


def biases(m: BoltzmannMachine) -> tuple[Tensor, Tensor, Tensor]:
    return m.weight, m.visible_bias, m.hidden_bias


def small(**config: object) -> Recipe:
    recipe = catalogue.create("rbm", SPEC, **{"hidden": 4, **config})
    recipe.machine = machine()
    return recipe


def test_the_free_energy_is_what_the_hidden_units_sum_to():
    m = machine()
    torch.testing.assert_close(-m.free_energy(states(6)), torch.logsumexp(joint(m), 1))


def test_the_conditionals_are_the_joints():
    m = machine()
    p = joint(m).exp()
    torch.testing.assert_close(m.hidden(states(6)), p @ states(4) / p.sum(1, keepdim=True))
    torch.testing.assert_close(m.visible(states(4)), p.T @ states(6) / p.sum(0)[:, None])


@pytest.mark.parametrize(("visible", "hidden"), [(6, 4), (3, 8), (5, 5), (1, 2), (15, 3)])
def test_the_partition_function_by_either_layer(visible: int, hidden: int):
    m = machine(visible, hidden)
    exact = torch.logsumexp(joint(m).double().flatten(), 0)
    torch.testing.assert_close(log_partition(*biases(m)), exact, rtol=1e-6, atol=1e-6)
    total = torch.logsumexp(-m.free_energy(states(visible)).double(), 0)
    torch.testing.assert_close(total, exact, rtol=1e-6, atol=1e-6)


def test_more_states_than_one_part_holds():
    """2^16 of them, of independent units: Z is a product."""
    m = BoltzmannMachine(16, 16)
    with torch.no_grad():
        m.weight.zero_()
        m.visible_bias.copy_(torch.linspace(-1, 1, 16))
    expected = torch.nn.functional.softplus(m.visible_bias).sum().double() + 16 * math.log(2)
    torch.testing.assert_close(log_partition(*biases(m)), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("base", [None, torch.linspace(-1, 1, 6)])
def test_annealing_meets_the_enumeration(base: Tensor | None):
    m = machine()
    exact = float(log_partition(*biases(m)))
    log_weights = annealed_log_weights(*biases(m), Noise("ais", rows=1_000), 100, base)
    found, error = log_mean(log_weights)
    assert 0 < float(error) < 0.02
    assert abs(float(found) - exact) < 4 * float(error)
    assert log_weights.mean() < exact, "the mean of the log is too low (Jensen)"


def test_one_step_of_annealing_is_importance_sampling():
    """E[w] = Z whatever the number of steps; the errors are larger."""
    m = machine()
    found, error = log_mean(annealed_log_weights(*biases(m), Noise("ais", rows=50_000), 1))
    assert abs(float(found - log_partition(*biases(m)))) < 4 * float(error)


def test_gibbs_steps_leave_the_distribution_as_it_is():
    m = machine()
    p = torch.softmax(-m.free_energy(states(6)), 0).detach()
    count = 40_000
    start = states(6)[torch.multinomial(p, count, replacement=True, generator=torch.Generator().manual_seed(0))]
    after = m.gibbs(start, Noise("gibbs", rows=count), 2)
    place = 2 ** torch.arange(5, -1, -1.0)
    found = torch.bincount((after @ place).long(), minlength=64) / count
    assert float((found - p).abs().sum() / 2) < 0.02  # one such draw is 0.01 away
    assert (after != start).any(1).double().mean() > 0.5
    away = m.gibbs(torch.zeros(count, 6), Noise("gibbs", rows=count), 30)
    found = torch.bincount((away @ place).long(), minlength=64) / count
    assert float((found - p).abs().sum() / 2) < 0.02


def test_with_samples_of_the_model_the_gradient_is_the_likelihoods():
    """The negative phase as an exact expectation against autograd through log p(x) = -F(x) - log Z."""
    recipe = small(algorithm="pcd", chains=1)
    m: BoltzmannMachine = recipe.machine
    x = 2 * states(6)[[3, 17, 42, 63]].view(-1, 1, 2, 3) - 1
    log_z = torch.logsumexp(-m.free_energy(states(6)), 0)
    expected = torch.autograd.grad((recipe.free_energy(x) + log_z).mean(), list(m.parameters()))
    p = torch.softmax(-m.free_energy(states(6)), 0).detach()
    found = [torch.zeros_like(q) for q in m.parameters()]
    for state, share in zip(states(6), p, strict=True):
        recipe.particles.copy_(state[None])
        loss = recipe.objective(Batch(x=x, y=None, index=torch.arange(4), noise=Noise("n", rows=4)))["loss"]
        for total, part in zip(found, torch.autograd.grad(loss, list(m.parameters())), strict=True):
            total.add_(share * part)
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_where_chains_start():
    """With a machine whose Gibbs steps keep every unit, contrastive divergence sees its data again: no gradient."""
    recipe, x = small(k=3), 2 * states(6)[[3, 17]].view(-1, 1, 2, 3) - 1
    m = BoltzmannMachine(6, 6)
    with torch.no_grad():
        m.weight.copy_(200 * torch.eye(6))
        m.visible_bias.fill_(-100)
        m.hidden_bias.fill_(-100)
    recipe.machine = m
    batch = Batch(x=x, y=None, index=torch.arange(2), noise=Noise("n", rows=2))
    loss = recipe.objective(batch)["loss"]
    assert not any(g.any() for g in torch.autograd.grad(loss, list(m.parameters())))
    persistent = small(algorithm="pcd", chains=7)
    persistent.machine = m
    before = persistent.particles.clone()
    persistent.step(iter([batch]), lambda player, objective, batch: {}, 0)
    assert torch.equal(before, persistent.particles), "they go on from where they were"
    drawn = (persistent.sample(50).flatten(1) + 1) / 2
    assert torch.equal(drawn.unique(dim=0), before.unique(dim=0)), "and samples start from them"


def test_chains_move_with_every_step():
    recipe = small(algorithm="pcd", chains=50)
    seen = [recipe.particles.clone()]
    for t in range(2):
        batch = Batch(x=-torch.ones(2, 1, 2, 3), y=None, index=torch.arange(2), noise=Noise("data", 0, t, rows=2))
        recipe.step(iter([batch]), lambda player, objective, batch: {}, t)
        seen.append(recipe.particles.clone())
    assert not torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[1], seen[2])
    assert small(algorithm="cd").particles.shape == (0, 6)


def test_what_it_answers():
    recipe = small()
    assert isinstance(recipe, Encodes)
    assert not isinstance(recipe, Scores), "log Z is not had in general"
    assert not isinstance(recipe, Bounds)
    x = recipe.sample(200)
    assert set(x.unique().tolist()) == {-1.0, 1.0}
    torch.testing.assert_close(recipe.free_energy(x), recipe.machine.free_energy((x.flatten(1) + 1) / 2))
    with pytest.raises(UserError, match="binarise=stochastic"):
        catalogue.create("rbm", DataSpec(shape=(1, 8, 8)))
