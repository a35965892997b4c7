"""PixelCNN++ by enumeration and by gradients: it is a distribution, and nothing sees what comes after it."""

import itertools

import pytest
import torch
from torch import Tensor

from saddlepoint.errors import UserError
from saddlepoint.families.autoregressive import raster
from saddlepoint.networks.pixel_cnn_pp import PixelCNNPPNetwork
from saddlepoint.objectives.logistic_mixture import LogisticMixture
from saddlepoint.recipe import Bounds, Scores
from saddlepoint.types import DataSpec, Noise
from support import small

LEVELS = torch.arange(256) / 127.5 - 1


def mixture(channels: int, components: int = 3, spread: float = 1.0) -> Tensor:
    """Random parameters of one pixel: (1, M, F, 1, 1)."""
    draw = torch.Generator().manual_seed(channels)
    parameters = spread * torch.randn(1, components, (channels + 1) * (channels + 2) // 2, 1, 1, generator=draw)
    parameters[:, :, 1 + channels : 1 + 2 * channels] -= 2
    return parameters


def test_a_grey_pixel_sums_to_one_over_256_levels():
    x = LEVELS.view(256, 1, 1, 1)
    for spread in (0.5, 1.0, 3.0):
        parameters = mixture(1, spread=spread).expand(256, -1, -1, -1, -1)
        assert float(LogisticMixture(parameters).log_prob(x).double().exp().sum()) == pytest.approx(1, abs=1e-5)


def test_two_channels_sum_to_one_and_depend_on_one_another():
    parameters = mixture(2)
    x = torch.cartesian_prod(LEVELS, LEVELS).view(-1, 2, 1, 1)
    p = LogisticMixture(parameters.expand(len(x), -1, -1, -1, -1)).log_prob(x).double().exp().view(256, 256)
    assert float(p.sum()) == pytest.approx(1, abs=1e-4)
    independent = p.sum(1, keepdim=True) * p.sum(0, keepdim=True)
    assert float((p - independent).abs().sum()) > 0.05


def test_three_channels_are_the_papers_equations():
    """Each component by hand, with float64 sigmoids: mu_r; mu_g + alpha r; mu_b + beta r + gamma g."""
    parameters = mixture(3)
    x = LEVELS[torch.randint(1, 255, (50, 3), generator=torch.Generator().manual_seed(0))].double()
    pi, m, s, k = (part[0, ..., 0, 0].double() for part in parameters.split([1, 3, 3, 3], 2))
    r, g, b = x.T
    total = torch.zeros(50, dtype=torch.double)
    for j in range(3):
        alpha, beta, gamma = k[j].tanh()
        means = (m[j, 0], m[j, 1] + alpha * r, m[j, 2] + beta * r + gamma * g)
        mass = torch.ones(50, dtype=torch.double)
        for value, mean, log_scale in zip((r, g, b), means, s[j], strict=True):
            upper, lower = ((value + side / 255 - mean) / log_scale.exp() for side in (1, -1))
            mass = mass * (upper.sigmoid() - lower.sigmoid())
        total += pi.softmax(0)[j, 0] * mass
    ours = LogisticMixture(parameters.expand(50, -1, -1, -1, -1)).log_prob(x.float().view(50, 3, 1, 1))
    torch.testing.assert_close(ours.double(), total.log(), rtol=1e-4, atol=1e-4)


def test_samples_come_as_often_as_their_probability_says():
    parameters, n = mixture(2, spread=2.0), 100_000
    uniform = Noise("uniform", rows=n).uniform(2, 1, 1)
    x = LogisticMixture(parameters.expand(n, -1, -1, -1, -1)).sample(uniform)
    level = ((x + 1) * 127.5).round().long().flatten(1)
    torch.testing.assert_close(level / 127.5 - 1, x.flatten(1), rtol=0, atol=1e-6)
    grid = torch.cartesian_prod(LEVELS, LEVELS).view(-1, 2, 1, 1)
    p = LogisticMixture(parameters.expand(len(grid), -1, -1, -1, -1)).log_prob(grid).double().exp().view(256, 256)
    coarse = p.view(8, 32, 8, 32).sum((1, 3))
    found = torch.bincount(level[:, 0] // 32 * 8 + level[:, 1] // 32, minlength=64).view(8, 8) / n
    assert float((found - coarse).abs().sum()) / 2 < 0.01, "total variation"


@pytest.mark.parametrize("halvings", [0, 2])
@pytest.mark.parametrize("size", [(5, 7), (4, 4)])
def test_a_pixel_sees_those_before_it_and_no_other(halvings: int, size: tuple[int, int]):
    torch.manual_seed(0)
    network = PixelCNNPPNetwork(2, 3, 4, 2, dropout=0.0, halvings=halvings).double()
    x = torch.randn(1, 2, *size, dtype=torch.double, requires_grad=True)
    output, n = network(x), size[0] * size[1]
    rows = [
        torch.autograd.grad(output[0, :, i // size[1], i % size[1]].sum(), x, retain_graph=True)[0] for i in range(n)
    ]
    seen = torch.stack(rows).abs().sum((1, 2)).flatten(1) > 0
    assert torch.equal(seen, torch.ones(n, n).tril(-1) > 0)


def test_every_conditional_of_an_image_sums_to_one():
    """The last pixel takes all its values while the others stay: what is left is the probability of the others."""
    model = small("pixel_cnn_pp", DataSpec(shape=(1, 1, 3)), dropout=0).eval()
    x = torch.tensor([0.2, -0.6, 0.0]).view(1, 1, 1, 3).repeat(256, 1, 1, 1)
    for pixel in range(3):
        y = x.clone()
        y[:, 0, 0, pixel] = LEVELS
        with torch.no_grad():
            parameters = model.predict(y, None)[..., pixel : pixel + 1]
            assert torch.equal(parameters[0], parameters[-1])
            total = LogisticMixture(parameters).log_prob(y[..., pixel : pixel + 1]).double().exp().sum()
        assert float(total) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("shape", [(2, 5, 6), (1, 8, 8), (3, 9, 4), (1, 3, 1)], ids=str)
@pytest.mark.parametrize("layers", [1, 2])
def test_remembering_draws_what_whole_passes_draw(shape: tuple[int, ...], layers: int):
    model = small("pixel_cnn_pp", DataSpec(shape=shape), layers=layers).double().eval()
    uniform = Noise("sample", 0, rows=3).uniform(*shape).double()
    blank = torch.zeros_like(uniform)
    with torch.no_grad():
        for weights in model.network.parameters():
            weights.add_(0.3 * torch.randn(weights.shape))
        naive = raster(model.naive_predictor(None), blank, uniform)
        assert torch.equal(raster(model.predictor(None), blank, uniform), naive)
        whole, remembering = model.naive_predictor(None), model.predictor(None)
        for i, j in itertools.product(range(shape[1]), range(shape[2])):
            torch.testing.assert_close(remembering(naive, i, j).parameters, whole(naive, i, j).parameters)
        rest = raster(model.predictor(None), naive, uniform.flip(0), rows=2)
        assert torch.equal(rest, raster(model.naive_predictor(None), naive, uniform.flip(0), rows=2))
    assert torch.equal(rest[:, :, :2], naive[:, :, :2])


def test_what_is_remembered_is_of_the_weights_as_they_are():
    """A second drawing after training does not go by the first one's weights."""
    model = small("pixel_cnn_pp", DataSpec(shape=(1, 4, 4))).eval()
    first = model.sample(2, seed=0)
    with torch.no_grad():
        for weights in model.network.parameters():
            weights.add_(0.3 * torch.randn(weights.shape))
    assert not torch.equal(model.sample(2, seed=0), first)
    assert any("parametrizations" in name for name, _ in model.network.named_parameters())


def test_its_likelihood_is_exact_and_of_256_levels():
    model = small("pixel_cnn_pp", DataSpec(shape=(1, 4, 4)))
    assert isinstance(model, Scores)
    assert not isinstance(model, Bounds)
    assert model.measure == "levels"
    with pytest.raises(UserError, match="leave binarise out"):
        small("pixel_cnn_pp", DataSpec(shape=(1, 8, 8), levels=2))
