import numpy as np
import pytest
import torch
from metric_fakes import features

from saddlepoint.metrics.jackknife import blocks, standard_error
from saddlepoint.metrics.kid import kernel_distance


def by_loops(x: np.ndarray, y: np.ndarray) -> float:
    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float((a @ b / len(a) + 1) ** 3)

    n, m = len(x), len(y)
    xx = sum(kernel(x[i], x[j]) for i in range(n) for j in range(n) if i != j)
    yy = sum(kernel(y[i], y[j]) for i in range(m) for j in range(m) if i != j)
    xy = sum(kernel(a, b) for a in x for b in y)
    return xx / n / (n - 1) + yy / m / (m - 1) - 2 * xy / n / m


@pytest.mark.parametrize(("n", "m"), [(30, 47), (2, 5), (3, 2), (21, 20)])
def test_is_the_unbiased_estimate(n: int, m: int):
    x, y = features(n, 6, seed=1), features(m, 6, seed=2)
    value, error = kernel_distance(x, y)
    assert value == pytest.approx(by_loops(x.double().numpy(), y.double().numpy()), rel=1e-9)
    assert (error is None) == (min(n, m) < 4)


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_unbiased_with_an_honest_error(shift: float):
    generator = torch.Generator().manual_seed(0)
    found = [
        kernel_distance(torch.randn(100, 4, generator=generator), torch.randn(100, 4, generator=generator) + shift)
        for _ in range(100)
    ]
    values, errors = torch.tensor(found, dtype=torch.float64).T
    if shift == 0:
        assert abs(values.mean()) < 4 * values.std() / 10
        assert values.min() < 0 < values.max()
    else:
        assert values.mean() > 4 * values.std() / 10
    assert 0.7 < errors.mean() / values.std() < 1.8


def test_without_one_block_at_a_time():
    x = torch.linspace(0, 1, 17, dtype=torch.float64)
    means = torch.tensor([(x.sum() - value) / 16 for value in x])
    assert standard_error(means) == pytest.approx(float(x.std()) / 17**0.5)
    parts = blocks(23, 5)
    assert sorted(torch.cat(parts).tolist()) == list(range(23))
    assert torch.cat(parts).tolist() != list(range(23))
