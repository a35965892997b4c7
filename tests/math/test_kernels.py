"""MMD against double loops and against its closed form between two normal distributions; GMMN and MMD GAN over it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from saddlepoint.objectives.kernels import gaussians, mmd2_biased, mmd2_unbiased, root
from saddlepoint.types import Batch, DataSpec, Noise
from support import small

SCALES = (0.5, 2.0, 9.0)
POINTS = DataSpec(kind="points", shape=(2,))


def k(a: np.ndarray, b: np.ndarray) -> float:
    return sum(math.exp(-float(((a - b) ** 2).sum()) / (2 * s)) for s in SCALES)


def looped(x: np.ndarray, y: np.ndarray, own: bool) -> float:
    """MMD² by its definition; own: with the pairs of a row with itself."""

    def within(rows: np.ndarray) -> float:
        pairs = [k(a, b) for i, a in enumerate(rows) for j, b in enumerate(rows) if own or i != j]
        return sum(pairs) / len(pairs)

    return within(x) + within(y) - 2 * sum(k(a, b) for a in x for b in y) / (len(x) * len(y))


@pytest.mark.parametrize(("estimate", "own"), [(mmd2_biased, True), (mmd2_unbiased, False)])
def test_estimators_are_their_double_loops(estimate, own):
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(7, 3)), 1 + draw.normal(size=(5, 3))
    ours = estimate(torch.tensor(x), torch.tensor(y), gaussians(SCALES))
    assert float(ours) == pytest.approx(looped(x, y, own), abs=1e-12)


def closed_form(mean: float, std: float, scale: float, dimensions: int) -> float:
    """MMD² of N(0, I) and N(mean, std² I): the kernel is a normal density of variance `scale` up to a factor, so each
    expectation is the density of a difference of normal variables at the distance of their means."""

    def expected(variance: float, apart: float) -> float:
        total = scale + variance
        return (scale / total) ** (dimensions / 2) * math.exp(-dimensions * apart**2 / (2 * total))

    return expected(2, 0) + expected(2 * std**2, 0) - 2 * expected(1 + std**2, mean)


@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (0.7, 1.0), (0.0, 2.0), (1.0, 0.5)])
def test_the_unbiased_estimate_is_right_between_two_gaussians(mean, std):
    torch.manual_seed(0)
    x, y = torch.randn(2, 2000, 2, dtype=torch.float64)
    ours = mmd2_unbiased(x, mean + std * y, gaussians([1.5]))
    assert float(ours) == pytest.approx(closed_form(mean, std, 1.5, 2), abs=8e-3)


def test_the_biased_estimate_is_never_negative_and_zero_for_equal_samples():
    x = torch.randn(64, 2)
    assert float(mmd2_biased(x, x, gaussians(SCALES))) == pytest.approx(0, abs=1e-6)
    assert min(float(mmd2_biased(*torch.randn(2, 8, 2), gaussians(SCALES))) for _ in range(50)) > 0
    assert min(float(mmd2_unbiased(*torch.randn(2, 8, 2), gaussians(SCALES))) for _ in range(50)) < 0


def test_gradients_are_finite_where_samples_meet_and_in_half_precision():
    x = torch.randn(8, 2)
    y = x.clone().requires_grad_()
    root(mmd2_biased(x, y, gaussians(SCALES))).backward()
    assert y.grad is not None
    assert y.grad.isfinite().all()
    far = 100 + torch.randn(64, 2)
    with torch.autocast("cpu", torch.bfloat16):
        half = mmd2_biased(far, far + 1, gaussians([1.0]))
    assert float(half) == pytest.approx(float(mmd2_biased(far, far + 1, gaussians([1.0]))), abs=1e-3)


def batch(x: torch.Tensor) -> Batch:
    return Batch(x=x, y=None, index=torch.arange(len(x)), noise=Noise("update", rows=len(x)))


def test_gmmn_lowers_the_root_of_mmd_on_pixels_from_zero_to_one():
    recipe = small("gmmn", DataSpec(shape=(1, 8, 8)), scales=SCALES)
    x = torch.rand(6, 1, 8, 8) * 2 - 1
    with torch.no_grad():
        terms = recipe.objective(batch(x))
        z = Noise("update", rows=6).uniform(recipe.config.latent)
        fake = recipe.generator(2 * z - 1)
    rows = [((part + 1) / 2).flatten(1).double().numpy() for part in (x, fake)]
    assert float(terms["mmd2"]) == pytest.approx(looped(*rows, own=True), abs=1e-5)
    assert float(terms["loss"]) == pytest.approx(math.sqrt(looped(*rows, own=True)), abs=1e-4)
    prior = recipe.prior(Noise("prior", rows=1000))
    assert -1 <= float(prior.min()) < -0.99
    assert 0.99 < float(prior.max()) <= 1


def test_mmd_gan_plays_for_the_discrepancy_of_codes():
    recipe = small("mmd_gan", POINTS, scales=[math.sqrt(s) for s in SCALES])
    x = torch.randn(6, 2)
    with torch.no_grad():
        d, g = recipe.discriminator_objective(batch(x)), recipe.generator_objective(batch(x))
        fake = recipe.generator(Noise("update", rows=6).normal(recipe.config.latent))
        real, made = recipe.encoder(x), recipe.encoder(fake)
        mmd = math.sqrt(looped(real.double().numpy(), made.double().numpy(), own=True))
        gap = np.maximum(made.mean(0).numpy() - real.mean(0).numpy(), 0).mean()
        error = sum(float(((recipe.decoder(code) - rows) ** 2).mean()) for code, rows in ((real, x), (made, fake)))
    assert float(g["loss"]) == pytest.approx(mmd, abs=1e-3)
    assert float(d["loss"]) == pytest.approx(8 * error - (mmd - 16 * gap), abs=1e-3)


def test_mmd_gan_clips_the_encoder_only_and_keeps_the_long_phases():
    recipe = small("mmd_gan", POINTS, long_d_steps=7, clip=1e-3)
    played: list[str] = []

    def update(player, objective, part):
        played.append(player)
        return {}

    recipe.step((batch(torch.randn(4, 2)) for _ in range(100)), update, 24)
    assert played == ["discriminator"] * 7 + ["generator"]
    assert max(float(p.detach().abs().max()) for p in recipe.encoder.parameters()) <= 1e-3 + 1e-9
    assert max(float(p.detach().abs().max()) for p in recipe.decoder.parameters()) > 1e-2
    played.clear()
    recipe.step((batch(torch.randn(4, 2)) for _ in range(100)), update, 25)
    assert played == ["discriminator"] * 5 + ["generator"]
