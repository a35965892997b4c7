import math

import numpy as np
import pytest
import torch
from scipy.special import i0e

from saddlepoint.data.toy import TOYS, Mixture

PLANE = [name for name in TOYS if name != "1d-mixture"]
STEP = {"8gaussians": 0.016, "25gaussians": 0.03}


def grid(step: float) -> torch.Tensor:
    axis = torch.arange(-5, 5, step, dtype=torch.float64) + step / 3
    return torch.cartesian_prod(axis, axis)


@pytest.mark.parametrize("name", PLANE)
def test_the_density_is_one_and_the_samples_are_of_it(name):
    toy, step = TOYS[name], STEP.get(name, 0.06)
    points = grid(step)
    log_p = toy.log_prob(points)
    mass = log_p.exp() * step**2
    tolerance = 0.02 if name == "checkerboard" else 1e-6  # the board has edges, the others are smooth
    assert mass.sum().item() == pytest.approx(1, abs=tolerance)

    x = toy.sample(20_000, seed=1)
    assert x.shape == (20_000, 2)
    assert x.dtype == torch.float32
    scores = toy.log_prob(x)
    assert scores.isfinite().all()
    entropy = -(mass * log_p.clamp(min=-1e4)).sum()
    assert -scores.mean().item() == pytest.approx(entropy.item(), abs=5 * scores.std().item() / 141 + tolerance * 4)
    for inside in (lambda p: p[:, 0] > 0.9), (lambda p: p[:, 1] > 1.1):
        assert inside(x).double().mean().item() == pytest.approx(mass[inside(points)].sum().item(), abs=0.02)


@pytest.mark.parametrize("name", TOYS)
def test_a_seed_is_a_sample(name):
    toy = TOYS[name]
    assert (toy.sample(100, seed=5) == toy.sample(100, seed=5)).all()
    assert (toy.sample(100, seed=5) != toy.sample(100, seed=6)).any()


@pytest.mark.parametrize(("name", "count"), [("8gaussians", 8), ("25gaussians", 25)])
def test_every_mode_is_drawn_and_nothing_else(name, count):
    toy = TOYS[name]
    assert isinstance(toy, Mixture)
    assert toy.modes is not None
    assert toy.modes.shape == (count, 2)
    distances = torch.cdist(toy.sample(5_000).double(), toy.modes)
    assert (distances.min(1).values < 6 * toy.std).all()
    assert distances.argmin(1).bincount(minlength=count).min() > 5_000 / count / 2


def test_the_ring_agrees_with_its_closed_form():
    # a uniform angle on radius R blurred by s: exp(-(r - R)² / 2s²) i0e(rR / s²) / (2 pi s²)
    x = torch.randn(500, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2
    radius = x.norm(dim=1).numpy()
    exact = -((radius - 2) ** 2) / 0.02 + np.log(i0e(radius * 2 / 0.01)) - math.log(2 * math.pi * 0.01)
    near = exact > -50
    assert TOYS["ring"].log_prob(x).numpy()[near] == pytest.approx(exact[near], abs=1e-9)


@pytest.mark.parametrize("name", ["two-moons", "swiss-roll"])
def test_more_nodes_change_nothing(name):
    toy = TOYS[name]
    assert isinstance(toy, Mixture)
    finer = Mixture(std=toy.std, curves=toy.curves, nodes=3 * toy.nodes)
    x = toy.sample(1_000)
    assert (toy.log_prob(x) - finer.log_prob(x)).abs().max() < 1e-6


def test_outside_the_board_is_impossible():
    board = TOYS["checkerboard"]
    found = board.log_prob(torch.tensor([[-3.0, -3.0], [-3.0, -1.0], [4.5, 4.5], [-1.0, -1.0]]))
    assert found.tolist() == pytest.approx([-math.log(32), -math.inf, -math.inf, -math.log(32)])


def test_no_points():
    assert TOYS["ring"].log_prob(torch.empty(0, 2)).shape == (0,)


def test_the_mixture_on_a_line():
    toy = TOYS["1d-mixture"]
    assert isinstance(toy, Mixture)
    x = torch.linspace(-8, 8, 20_001, dtype=torch.float64)[:, None]
    p = toy.log_prob(x).exp()
    by_hand = sum(
        share * torch.distributions.Normal(mean, 0.5).log_prob(x[:, 0]).exp()
        for mean, share in ((-3.0, 0.5), (0.0, 0.3), (2.5, 0.2))
    )
    torch.testing.assert_close(p, by_hand.double())
    torch.testing.assert_close(torch.cumulative_trapezoid(p, x[:, 0]), toy.cdf(x)[1:], atol=1e-6, rtol=0)
    drawn = toy.sample(20_000)
    assert drawn.shape == (20_000, 1)
    for at in (-3.0, 1.0, 2.5):
        assert (drawn <= at).double().mean().item() == pytest.approx(toy.cdf(torch.tensor([[at]])).item(), abs=0.015)


def test_weights_are_equal_unless_given():
    line, grid25, ring = TOYS["1d-mixture"], TOYS["25gaussians"], TOYS["ring"]
    assert isinstance(line, Mixture)
    assert isinstance(grid25, Mixture)
    assert isinstance(ring, Mixture)
    assert line.weights is not None
    assert line.weights.tolist() == [0.5, 0.3, 0.2]
    assert grid25.weights is not None
    assert grid25.weights.tolist() == [1 / 25] * 25
    assert ring.weights is None


@pytest.mark.parametrize(
    ("name", "share"),
    # within 3 deviations: of a point in the plane 1 - exp(-9/2), of one on a line, of a curve nearly that
    [("25gaussians", 0.9889), ("8gaussians", 0.9889), ("1d-mixture", 0.9973), ("ring", 0.9973), ("checkerboard", 1)],
)
def test_real_samples_are_near(name, share):
    toy = TOYS[name]
    x = toy.sample(20_000, seed=3)
    assert toy.near(x).double().mean().item() == pytest.approx(share, abs=3e-3 if share < 1 else 0)
    assert not toy.near(torch.full_like(x[:5], 20)).any()
    assert toy.near(x[:0]).shape == (0,)
