"""The pyramid is exact, and each level plays its own game."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import logsigmoid

from saddlepoint import catalogue
from saddlepoint.networks.laplacian import decompose, down, pyramid_sizes, up
from saddlepoint.types import Batch, DataSpec, Noise

CLASSES = ("a", "b", "c")


@pytest.mark.parametrize("size", [(28, 28), (9, 17), (32, 20), (8, 8), (65, 40)])
def test_the_pyramid_gives_the_image_back(size):
    x = torch.rand(2, 3, *size, dtype=torch.float64) * 2 - 1
    sizes = pyramid_sizes(*size)
    levels, again = decompose(x, sizes)
    assert tuple(again.shape[2:]) == sizes[-1]
    for (_, residual), finer in zip(reversed(levels), reversed(sizes[:-1]), strict=True):
        again = up(again, finer) + residual
    torch.testing.assert_close(again, x, rtol=0, atol=1e-12)


def test_sizes_of_the_paper():
    assert pyramid_sizes(32, 32) == [(32, 32), (16, 16), (8, 8)]


def test_blurring_keeps_what_is_constant_and_forgets_what_alternates():
    constant, stripes = torch.full((1, 1, 16, 16), 0.3), torch.ones(1, 1, 16, 16)
    stripes[..., ::2] = -1
    torch.testing.assert_close(down(constant), torch.full((1, 1, 8, 8), 0.3))
    assert down(stripes).abs().max() < 1e-6
    low, residual = decompose(stripes, pyramid_sizes(16, 16))[0][0]
    assert residual.square().mean() > 0.99 > low.square().mean()


def made():
    torch.manual_seed(0)
    spec = DataSpec(shape=(2, 20, 16), classes=CLASSES)
    return catalogue.create("lapgan", spec, latent=5, width=4, hidden=8)


def batch_of() -> Batch:
    draw = torch.Generator().manual_seed(0)
    x, y = torch.rand(6, 2, 20, 16, generator=draw) * 2 - 1, torch.tensor([0, 1, 2, 0, 1, 2])
    return Batch(x=x, y=y, index=torch.arange(6), noise=Noise("batch", rows=6))


def test_a_level_is_judged_given_the_true_low_pass_image():
    recipe, batch = made(), batch_of()
    assert recipe.sizes == [(20, 16), (10, 8)]
    (low, residual), z = decompose(batch.x, recipe.sizes)[0][0], recipe.prior(Noise("batch", rows=6))
    assert z.shape == (6, 5 + 20 * 16)
    fake = recipe.generators[0](z[:, 5:], low, batch.y)
    real, generated = (recipe.discriminators[0](h, low, batch.y) for h in (residual, fake))
    expected = -(logsigmoid(real) + logsigmoid(-generated)).mean()
    torch.testing.assert_close(recipe.discriminator_objective(0, batch)["loss"], expected)
    torch.testing.assert_close(recipe.generator_objective(0, batch_of())["loss"], -logsigmoid(generated).mean())


def test_samples_are_made_from_coarse_to_fine():
    recipe, y = made(), torch.tensor([0, 1, 2])
    z = recipe.prior(Noise("z", rows=3))
    with torch.no_grad():
        recipe.generators[0].layers[-1].weight.zero_()
        recipe.generators[0].layers[-1].bias.zero_()
        coarse = recipe._detail(1, z, None, y)
        torch.testing.assert_close(recipe.generate(z, y), up(coarse, (20, 16)))
