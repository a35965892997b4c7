"""The autoregressive family: its probabilities, its order of drawing, its levels."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor, nn

from saddlepoint.distributions import Levels
from saddlepoint.families import AutoregressiveConfig, PixelByPixel
from saddlepoint.types import DataSpec, Noise


class Triangle(PixelByPixel[AutoregressiveConfig]):
    """Logits linear in the numbers before, channels fastest: the smallest model of its kind."""

    Config = AutoregressiveConfig

    def build(self) -> None:
        d, levels = self.spec.dimensions, self.spec.levels
        self.network = nn.Linear(d, d * levels)
        nn.init.normal_(self.network.weight)

    def predict(self, x: Tensor, y: Tensor | None) -> Tensor:
        d, (c, h, w) = self.spec.dimensions, self.spec.shape
        ahead = self.network.weight.unflatten(0, (d, -1)) * torch.ones(d, d).tril(-1)[:, None]
        flat = x.permute(0, 2, 3, 1).flatten(1)  # pixel after pixel, channel after channel
        logits = torch.einsum("bi,oli->bol", flat, ahead) + self.network.bias.unflatten(0, (d, -1))
        return logits.unflatten(1, (h, w, c)).permute(0, 4, 3, 1, 2)


def triangle(*shape: int, levels: int = 2) -> Triangle:
    torch.manual_seed(0)
    return Triangle(DataSpec(shape=shape, levels=levels), AutoregressiveConfig())


def everything(*shape: int, levels: int = 2) -> Tensor:
    """All images of this shape."""
    values = [2 * level / (levels - 1) - 1 for level in range(levels)]
    return torch.tensor(list(itertools.product(values, repeat=math.prod(shape)))).unflatten(1, shape)


@pytest.mark.parametrize(("shape", "levels"), [((1, 3, 3), 2), ((2, 2, 2), 2), ((1, 2, 2), 5)])
def test_probabilities_sum_to_one(shape: tuple[int, ...], levels: int):
    model = triangle(*shape, levels=levels)
    assert model.log_prob(everything(*shape, levels=levels)).exp().sum().item() == pytest.approx(1, abs=1e-5)


def test_levels_are_weighed_by_a_softmax():
    logits = torch.randn(7, 5, 2, 3)
    x = torch.randint(5, (7, 2, 3)) / 2 - 1
    expected = logits.log_softmax(1).gather(1, ((x + 1) * 2).long()[:, None]).sum((1, 2, 3))
    torch.testing.assert_close(Levels(logits).log_prob(x), expected)


def test_a_level_is_the_quantile_of_its_draw():
    logits = torch.tensor([0.2, 0.5, 0.3]).log().expand(5, 3).unsqueeze(2)
    drawn = Levels(logits).sample(torch.tensor([[0.0], [0.19], [0.21], [0.69], [0.71]]))
    assert drawn.flatten().tolist() == [-1, -1, 0, 0, 1]
    assert Levels(logits).sample(torch.full((5, 1), 1.0)).flatten().tolist() == [1] * 5


def test_an_image_is_drawn_in_raster_order_channel_after_channel():
    """Each number is the quantile of its draw given those before it, computed one by one."""
    model = triangle(3, 2, 2, levels=4)
    uniform = Noise("sample", 0, rows=9).uniform(3, 2, 2)
    x = torch.full((9, 3, 2, 2), -1.0)
    for i, j, c in itertools.product(range(2), range(2), range(3)):
        logits = model.predict(x, None)[:, :, c, i, j]
        x[:, c, i, j] = Levels(logits).sample(uniform[:, c, i, j])
    assert torch.equal(model.sample(9), x)


def test_samples_have_the_models_probabilities():
    """A chi-squared statistic of 15 degrees of freedom: 38 is passed by chance once in a thousand seeds."""
    model, images, n = triangle(1, 2, 2), everything(1, 2, 2), 4000
    expected = model.log_prob(images).exp() * n
    drawn = model.sample(n, batch=n)
    counts = (drawn[:, None] == images).flatten(2).all(2).sum(0)
    assert ((counts - expected) ** 2 / expected).sum() < 38
