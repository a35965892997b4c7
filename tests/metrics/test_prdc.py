import numpy as np
import pytest
import torch
from metric_fakes import features

from saddlepoint.metrics.neighbours import CHUNK, distances, memorisation, nearest
from saddlepoint.metrics.prdc import prdc, radii


def by_definition(real: np.ndarray, fake: np.ndarray, k: int) -> dict[str, float]:
    """Kynkäänniemi et al. 2019, equations 1 and 2; Naeem et al. 2020, equations 3 and 4; with open balls."""

    def apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1))

    real_radius = [np.sort(np.delete(row, i))[k - 1] for i, row in enumerate(apart(real, real))]
    fake_radius = [np.sort(np.delete(row, i))[k - 1] for i, row in enumerate(apart(fake, fake))]
    across = apart(real, fake)
    n, m = across.shape
    inside = [[across[i, j] < real_radius[i] for j in range(m)] for i in range(n)]
    return {
        "precision": sum(any(inside[i][j] for i in range(n)) for j in range(m)) / m,
        "recall": sum(any(across[i, j] < fake_radius[j] for j in range(m)) for i in range(n)) / n,
        "density": sum(inside[i][j] for i in range(n) for j in range(m)) / (k * m),
        "coverage": sum(any(inside[i]) for i in range(n)) / n,
    }


@pytest.mark.parametrize(("n", "m", "dim", "k"), [(60, 45, 5, 5), (40, 70, 2, 3), (12, 6, 3, 5), (3, 2, 2, 1)])
def test_is_the_published_definition(n: int, m: int, dim: int, k: int):
    real, fake = features(n, dim, seed=1), features(m, dim, seed=1)[torch.randperm(m)] + 0.4
    assert prdc(real, fake, k) == pytest.approx(
        by_definition(real.double().numpy(), fake.double().numpy(), k), abs=1e-15
    )


def test_ties_on_the_rim_are_outside():
    real = torch.tensor([[0.0], [1], [3]])
    fake = torch.tensor([[2.0], [-1], [9]])  # 2 lies on the rims around 1 and 3, -1 on that around 0
    assert prdc(real, fake, 1) == by_definition(real.numpy(), fake.numpy(), 1)
    assert prdc(real, fake, 1)["precision"] == 1 / 3


def test_chunks_join():
    real, fake = features(CHUNK + 30, 2), features(CHUNK + 7, 2, seed=0) * 1.1
    whole = torch.cdist(real.double(), real.double()).kthvalue(6, 1).values
    torch.testing.assert_close(radii(real, 5), whole)
    inside = torch.cdist(fake.double(), real.double()) < whole
    assert prdc(real, fake, 5)["precision"] == float(inside.any(1).double().mean())
    assert prdc(real, fake, 5)["coverage"] == float(inside.any(0).double().mean())


def test_one_distribution_scores_high_and_a_collapsed_or_far_one_low():
    real, again = torch.randn(2, 400, 3, generator=torch.Generator().manual_seed(0))
    same, collapsed, far = prdc(real, again), prdc(real, again * 0.05), prdc(real, again + 50)
    assert min(same.values()) > 0.85
    assert collapsed["precision"] > 0.95
    assert max(collapsed["recall"], collapsed["coverage"]) < 0.3
    assert max(far.values()) == 0


def test_nearest_of_a_pool_in_chunks():
    queries, pool = features(9, 4), features(50, 4, seed=1)
    apart, where = nearest(queries, pool.split([7, 1, 42]), k=3)
    expected = torch.cdist(queries.double(), pool.double()).topk(3, largest=False)
    torch.testing.assert_close(apart, expected.values)
    assert torch.equal(where, expected.indices)
    assert nearest(queries, pool[:2].split(1), k=3)[1].shape == (9, 2)


def test_distances_keep_their_precision_far_from_zero():
    x = torch.tensor([[1000.0, 0], [1000.25, 0]])
    assert distances(x, x)[0, 1] == pytest.approx(0.25, rel=1e-9)


def test_memorisation_tells_copies_from_new_samples():
    train, held_out, new = torch.randn(3, 300, 4, generator=torch.Generator().manual_seed(0))
    assert memorisation(new, held_out, train) == pytest.approx(1, abs=0.15)
    assert memorisation(train[:50], held_out, train) < 1e-3
    half = torch.cat([train[:100], new[:100]])
    assert memorisation(half, held_out, train) == pytest.approx(0.5, abs=0.15)
    assert memorisation(train, train, train) == pytest.approx(1, abs=1)  # held-out data that is in the training set
