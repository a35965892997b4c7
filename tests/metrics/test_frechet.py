import numpy as np
import pytest
import torch
from metric_fakes import features
from scipy import linalg

from saddlepoint.metrics.frechet import Moments, frechet_distance


def by_scipy(x: np.ndarray, y: np.ndarray) -> float:
    x, y = x.astype(np.float64), y.astype(np.float64)
    cov_x, cov_y = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    root = linalg.sqrtm(cov_x @ cov_y)
    return float(((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(cov_x + cov_y - 2 * root.real))


@pytest.mark.parametrize(("n", "m", "dim"), [(2000, 1500, 64), (900, 5000, 32), (300, 300, 1)])
def test_agrees_with_the_matrix_root_of_scipy(n: int, m: int, dim: int):
    x, y = features(n, dim, seed=1), features(m, dim, seed=2)
    if dim == 1:
        cov = np.sqrt(np.var(x.numpy(), ddof=1)) - np.sqrt(np.var(y.numpy(), ddof=1))
        expected = float(cov**2 + (x.mean() - y.mean()) ** 2)
    else:
        expected = by_scipy(x.numpy(), y.numpy())
    assert frechet_distance(Moments.of(x), Moments.of(y)) == pytest.approx(expected, rel=1e-4)


def test_closed_form_of_commuting_covariances():
    # independent coordinates: the sum of (m1 - m2)² + (s1 - s2)²; two points m ± s√½ have deviation s
    def moments(mean: list[float], deviation: list[float]) -> Moments:
        result = Moments(2)
        result.count = 5
        result.mean = torch.tensor(mean, dtype=torch.float64)
        result.scatter = torch.diag(torch.tensor(deviation, dtype=torch.float64) ** 2) * 4
        return result

    distance = frechet_distance(moments([0, 1], [1, 2]), moments([3, 1], [2, 5]))
    assert distance == pytest.approx(9 + 1 + 9)


def test_moments_in_chunks_are_those_of_the_whole():
    x = features(1000, 8) + 1000  # far from 0, where sums of squares in float32 cancel
    parts = Moments(8)
    for part in x.split([1, 399, 600]):
        parts.update(part)
    whole = x.double().numpy()
    np.testing.assert_allclose(parts.mean, whole.mean(0), rtol=1e-13)
    np.testing.assert_allclose(parts.covariance, np.cov(whole, rowvar=False), rtol=1e-9)
    np.testing.assert_allclose(Moments.of(x, chunk=77).covariance, parts.covariance, rtol=1e-9)


def test_a_set_has_no_distance_to_itself_and_order_does_not_matter():
    x, y = Moments.of(features(40, 64)), Moments.of(features(500, 64, seed=3))
    assert frechet_distance(y, y) == pytest.approx(0, abs=1e-5)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-5)
    assert frechet_distance(x, y) == pytest.approx(frechet_distance(y, x), rel=1e-9)


def test_fewer_examples_than_dimensions():
    # with A, B the centred features over sqrt(n - 1): tr (S_a S_b)^½ = the sum of the singular values of A B^T
    x, y = features(10, 64).double(), features(30, 64, seed=1).double()
    a, b = (x - x.mean(0)) / 3, (y - y.mean(0)) / 29**0.5
    expected = (x.mean(0) - y.mean(0)).square().sum() + a.square().sum() + b.square().sum()
    expected -= 2 * torch.linalg.svdvals(a @ b.T).sum()
    assert frechet_distance(Moments.of(x), Moments.of(y)) == pytest.approx(float(expected), rel=1e-6)


def test_constant_features():
    still, moving = torch.ones(5, 3), torch.tensor([[0.0, 0, 0], [2, 0, 0]])
    assert frechet_distance(Moments.of(still), Moments.of(still)) == 0
    assert frechet_distance(Moments.of(still), Moments.of(moving)) == pytest.approx(2 + 2)  # mean apart, variance 2
