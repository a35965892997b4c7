"""f-divergences: conjugates against a numeric supremum, bounds against quadrature, the paper's special cases."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Normal

from saddlepoint import catalogue
from saddlepoint.claims.f_gan import MEANS, STDS, best_fit, fit, value
from saddlepoint.objectives import adversarial
from saddlepoint.objectives.f_divergences import (
    F_DIVERGENCES,
    generator_alternative,
    generator_variational,
    variational_value,
)
from saddlepoint.types import Batch, DataSpec, Noise

V = torch.linspace(-3, 3, 41, dtype=torch.float64)
U = torch.logspace(-6, 6, 200_001, dtype=torch.float64)
every = pytest.mark.parametrize("name", list(F_DIVERGENCES))

X = torch.linspace(-12, 12, 20_001, dtype=torch.float64)
P, Q = Normal(torch.tensor(0.3).double(), 1.0), Normal(torch.tensor(-0.2).double(), 1.2)
"""P is the narrower: p / q stays bounded, so all six divergences are finite."""


def integral(values: torch.Tensor) -> float:
    return float(torch.trapezoid(values, X))


def closed_forms() -> dict[str, float]:
    """Of two normal distributions; Jensen-Shannon and gan, which have none, by their definition as KL to the mean."""
    (m, s), (n, r) = ((d.mean.item(), d.stddev.item()) for d in (P, Q))
    p, q = P.log_prob(X).exp(), Q.log_prob(X).exp()
    middle = (p + q) / 2
    js = integral(p * (p / middle).log()) + integral(q * (q / middle).log())
    chi = (r**2 / (s * math.sqrt(2 * r**2 - s**2))) * math.exp((m - n) ** 2 / (2 * r**2 - s**2)) - 1
    overlap = math.sqrt(2 * s * r / (s**2 + r**2)) * math.exp(-((m - n) ** 2) / (4 * (s**2 + r**2)))
    return {
        "kl": math.log(r / s) + (s**2 + (m - n) ** 2) / (2 * r**2) - 0.5,
        "reverse_kl": math.log(s / r) + (r**2 + (m - n) ** 2) / (2 * s**2) - 0.5,
        "pearson": chi,
        "squared_hellinger": 2 - 2 * overlap,
        "jensen_shannon": js,
        "gan": js - math.log(4),
    }


@every
def test_the_value_at_the_best_t_is_the_divergence(name):
    d = F_DIVERGENCES[name]
    p, q = P.log_prob(X).exp(), Q.log_prob(X).exp()
    expected = closed_forms()[name]
    assert integral(q * d.f(p / q)) == pytest.approx(expected, abs=1e-6)
    inside = p > 1e-280  # beyond it 1 / u overflows, where no mass is left
    t = d.tight((p / q)[inside])
    value = torch.zeros_like(X)
    value[inside] = p[inside] * t - q[inside] * d.conjugate(t)
    assert integral(value) == pytest.approx(expected, abs=1e-6)
    other = torch.zeros_like(X)
    other[inside] = p[inside] * 1.1 * t - q[inside] * d.conjugate(1.1 * t)
    if name != "jensen_shannon":  # 1.1 t may leave its domain t < log 2
        assert integral(other) < expected - 1e-5, "any other T bounds it from below"


@every
def test_the_conjugate_is_the_supremum(name):
    d = F_DIVERGENCES[name]
    t = d.activation(V)
    numeric = torch.stack([(U * value - d.f(U)).max() for value in t])
    assert bool((d.conjugate(t) > numeric - 1e-5).all()), "or the bound would not be one"
    reached = t >= -2 if name == "pearson" else t == t
    torch.testing.assert_close(d.conjugate(t)[reached], numeric[reached], atol=1e-5, rtol=1e-5)


@every
def test_the_activation_reaches_the_domain_and_rises(name):
    d = F_DIVERGENCES[name]
    assert bool((d.activation(V).diff() > 0).all())
    torch.testing.assert_close(d.composed(V), d.conjugate(d.activation(V)))
    upper = {"reverse_kl": 0.0, "squared_hellinger": 1.0, "jensen_shannon": math.log(2), "gan": 0.0}
    if name in upper:
        assert d.activation(torch.tensor(30.0).double()).item() == pytest.approx(upper[name], abs=1e-6)


@every
def test_the_best_t_is_the_slope_of_f(name):
    d = F_DIVERGENCES[name]
    u = torch.tensor([0.01, 0.5, 1.0, 3.0, 40.0], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(d.f(u).sum(), u)
    torch.testing.assert_close(d.tight(u.detach()), slope)


def test_thresholds_are_those_of_table_2():
    """f'(1), where a sample is as likely under data as under the model."""
    expected = {
        "kl": 1,
        "reverse_kl": -1,
        "pearson": 0,
        "squared_hellinger": 0,
        "jensen_shannon": 0,
        "gan": -math.log(2),
    }
    one = torch.ones((), dtype=torch.float64)
    assert {name: d.tight(one).item() for name, d in F_DIVERGENCES.items()} == pytest.approx(expected, abs=1e-12)


def test_gan_is_a_special_case():
    real, fake, gan = V, V.flip(0) - 0.7, F_DIVERGENCES["gan"]
    torch.testing.assert_close(variational_value(gan, real, fake), -adversarial.discriminator_minimax(real, fake))
    torch.testing.assert_close(generator_variational(gan, fake), adversarial.generator_minimax(fake))
    torch.testing.assert_close(generator_alternative(gan, fake), adversarial.generator_nonsaturating(fake))


@every
def test_real_outputs_rise_and_fake_outputs_fall(name):
    d = F_DIVERGENCES[name]
    real, fake = torch.zeros(3, requires_grad=True), torch.full((3,), 0.5, requires_grad=True)
    by_real, by_fake = torch.autograd.grad(-variational_value(d, real, fake), (real, fake))
    assert bool((by_real < 0).all())
    assert bool((by_fake > 0).all())
    for loss in (generator_variational, generator_alternative):
        (pull,) = torch.autograd.grad(loss(d, fake), fake)
        assert bool((pull < 0).all()), "the generator wants what the discriminator does not"


@every
def test_half_precision_is_reduced_in_float32(name):
    real, fake = (torch.full((70_001,), value, dtype=torch.bfloat16) for value in (1.0, -0.5))
    value = variational_value(F_DIVERGENCES[name], real, fake)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, variational_value(F_DIVERGENCES[name], real.double(), fake.double()).float())


@pytest.mark.parametrize(
    ("objective", "loss"), [("alternative", generator_alternative), ("variational", generator_variational)]
)
def test_the_recipe_plays_the_divergence_it_is_told(objective, loss):
    torch.manual_seed(0)
    spec = DataSpec(kind="points", shape=(2,))
    gan = catalogue.create("f_gan_pearson", spec, widths=[8], latent=3, objective=objective)
    batch = Batch(x=torch.randn(5, 2), y=None, index=torch.arange(5), noise=Noise("b", rows=5))
    fake = gan.discriminator(gan.generator(gan.prior(Noise("b", rows=5))))
    torch.testing.assert_close(gan.generator_objective(batch)["loss"], loss(F_DIVERGENCES["pearson"], fake))
    again = Batch(x=batch.x, y=None, index=batch.index, noise=Noise("b", rows=5))
    value = variational_value(F_DIVERGENCES["pearson"], gan.discriminator(batch.x), fake)
    losses = gan.discriminator_objective(again)
    torch.testing.assert_close(losses["loss"], -value)
    torch.testing.assert_close(losses["bound"], value)


def test_a_game_ends_where_its_divergence_is_least():
    """One normal distribution nearest two in KL has their mean and variance; in reverse KL it leans to one of them."""
    mean = sum(MEANS) / 2
    std = math.sqrt(sum(s**2 + (m - mean) ** 2 for m, s in zip(MEANS, STDS, strict=True)) / 2)
    best, leaning = best_fit(F_DIVERGENCES["kl"]), best_fit(F_DIVERGENCES["reverse_kl"])
    assert best == pytest.approx((mean, std), abs=1e-4)
    assert leaning[0] > mean + 0.1
    assert leaning[1] < std - 0.1
    found = fit("kl", seed=0, steps=500)
    assert found == pytest.approx(best, abs=0.05)
    assert value(F_DIVERGENCES["kl"], *found) - value(F_DIVERGENCES["kl"], *best) < 1e-3
    assert (
        value(F_DIVERGENCES["kl"], *fit("kl", seed=0, steps=500, objective="alternative"))
        > value(F_DIVERGENCES["kl"], *best) + 2e-3
    )
