"""The autoencoder against truth: the linear one finds the principal subspace, and codes keep their moments."""

import pytest
import torch

from saddlepoint.catalogue import create
from saddlepoint.errors import UserError
from saddlepoint.networks.moments import JITTER, Moments
from saddlepoint.types import Batch, DataSpec, Noise

SPEC = DataSpec(kind="points", shape=(6,))


def batch_of(x: torch.Tensor) -> Batch:
    return Batch(x=x, y=None, index=torch.arange(len(x)), noise=Noise("test", rows=len(x)))


def principal(x: torch.Tensor, k: int) -> tuple[torch.Tensor, float]:
    """The projector onto the first k principal directions, and the mean squared error of what it leaves out."""
    _, scale, directions = torch.linalg.svd(x - x.mean(0), full_matrices=False)
    return directions[:k].T @ directions[:k], float(scale[k:].square().sum() / x.numel())


def test_the_linear_one_spans_the_principal_subspace():
    torch.manual_seed(0)
    spread = torch.tensor([2.0, 1.5, 1.0, 0.5, 0.3, 0.2])
    x = torch.randn(200, 6) * spread @ torch.linalg.qr(torch.randn(6, 6)).Q + torch.randn(6)
    model = create("ae", SPEC, network="linear", latent=3)
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=500, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = model.objective(batch_of(x))["loss"]
        loss.backward()
        return loss

    optimizer.step(closure)
    projector, left = principal(x, 3)
    weight = model.decoder[0].weight.detach()
    ours = weight @ torch.linalg.pinv(weight)
    torch.testing.assert_close(ours, projector, rtol=0, atol=1e-3)
    assert model.objective(batch_of(x))["loss"].item() == pytest.approx(left, rel=1e-4)
    torch.testing.assert_close(
        model.generate(model.encode(x)), (x - x.mean(0)) @ projector + x.mean(0), atol=1e-2, rtol=0
    )


def test_codes_are_drawn_with_the_moments_of_codes():
    generator = torch.Generator().manual_seed(0)
    mix, shift = torch.randn(3, 3, generator=generator), torch.tensor([1.0, -2.0, 30.0])
    moments = Moments(3)
    for t in range(1500):
        moments.add(torch.randn(256, 3, generator=generator) @ mix.T + shift, t)
    z = moments.normal(torch.randn(100_000, 3, generator=generator))
    torch.testing.assert_close(z.mean(0), shift, rtol=0.02, atol=0.05)
    torch.testing.assert_close(z.T.cov(), mix @ mix.T, rtol=0.05, atol=0.1)


def test_codes_without_variance_can_be_drawn():
    moments = Moments(2)
    for t in range(2000):
        moments.add(torch.tensor([[3.0, 0.0], [3.0, 0.0]]), t)
    z = moments.normal(torch.randn(1000, 2, generator=torch.Generator().manual_seed(0)))
    assert (z - torch.tensor([3.0, 0.0])).square().mean() < 3 * JITTER * 4.5


def test_convolutions_over_points_are_refused():
    with pytest.raises(UserError, match="network=conv"):
        create("ae", SPEC, network="conv")
