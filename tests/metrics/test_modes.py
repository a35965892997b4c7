import math

import pytest
import torch

from saddlepoint.metrics.modes import count_modes, kl_divergence, mode_coverage

ANGLE = torch.arange(8) * math.pi / 4
RING = torch.stack([ANGLE.cos(), ANGLE.sin()], 1)


def around(centres: torch.Tensor, each: int) -> torch.Tensor:
    x = centres.repeat(each, 1)
    return x + 0.05 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))


def test_modes_of_a_ring():
    perfect = mode_coverage(around(RING, 100), RING, 0.05)
    assert (perfect.modes, perfect.covered, perfect.touched) == (8, 8, 8)
    assert perfect.high_quality == pytest.approx(1 - math.exp(-4.5), abs=0.02)  # within 3 sigma in two dimensions
    assert perfect.reverse_kl == pytest.approx(0, abs=1e-6)
    assert perfect.forward_kl == pytest.approx(0, abs=1e-6)
    half = mode_coverage(around(RING[:4], 200), RING, 0.05)
    assert (half.covered, half.touched) == (4, 4)
    assert half.reverse_kl == pytest.approx(math.log(2), abs=1e-6)
    assert half.forward_kl == math.inf
    far = mode_coverage(torch.full((10, 2), 9.0), RING, 0.05)
    assert (far.covered, far.touched, far.high_quality) == (0, 0, 0)


def test_a_mode_needs_a_fifth_of_its_fair_share():
    centres = torch.tensor([[0.0], [10]])
    strays = torch.tensor([0.0] * 91 + [10.0] * 9)[:, None]
    found = mode_coverage(strays, centres, 1)
    assert (found.covered, found.touched) == (1, 2)
    assert mode_coverage(torch.cat([strays, centres[1:]]), centres, 1).covered == 1
    assert mode_coverage(torch.cat([strays[1:], centres[1:]]), centres, 1).covered == 2
    rare = mode_coverage(strays, centres, 1, weights=torch.tensor([9.1, 0.9]))
    assert rare.covered == 2
    assert rare.reverse_kl == pytest.approx(0, abs=1e-6)


def test_which_divergence_is_which():
    """Two of four modes, unevenly: by hand."""
    found = count_modes(torch.tensor([0, 0, 0, 1]), torch.ones(4, dtype=torch.bool), torch.tensor([1.0, 1, 0, 0]))
    assert found.reverse_kl == pytest.approx(0.75 * math.log(1.5) + 0.25 * math.log(0.5))
    assert found.forward_kl == pytest.approx(0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(2))
    assert kl_divergence(torch.tensor([0.5, 0.5]), torch.tensor([1.0, 0])) == math.inf


def test_the_floor_of_the_reverse_divergence():
    """n draws of K equal modes: (K - 1) / (2n) on the average."""
    modes, n, generator = 1000, 26_000, torch.Generator().manual_seed(0)
    found = [
        count_modes(torch.randint(modes, (n,), generator=generator), torch.ones(n, dtype=torch.bool), torch.ones(modes))
        for _ in range(5)
    ]
    assert sum(each.reverse_kl for each in found) / 5 == pytest.approx((modes - 1) / (2 * n), rel=0.03)
    assert {each.covered for each in found} == {modes}


def test_only_good_samples_cover_a_mode():
    mode, weights = torch.tensor([0] * 50 + [1] * 50), torch.ones(2)
    good = torch.tensor([True] * 50 + [False] * 45 + [True] * 5)
    found = count_modes(mode, good, weights)
    assert (found.covered, found.touched, found.high_quality) == (1, 2, 0.55)
    assert found.reverse_kl == 0  # of all samples


def test_each_mode_has_its_own_width():
    samples, centres = torch.tensor([[2.0], [12]]), torch.tensor([[0.0], [10]])
    assert mode_coverage(samples, centres, torch.tensor([1.0, 0.1])).high_quality == 0.5
