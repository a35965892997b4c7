"""Flows against truth: Jacobians by autograd, inverses, integrals over the line, sums over all images."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from saddlepoint import catalogue
from saddlepoint.distributions import StandardLogistic, StandardNormal
from saddlepoint.errors import UserError
from saddlepoint.networks.bijections import Bijection, Factored, Flat, Logit, Scale, Squeeze
from saddlepoint.networks.coupling import AdditiveCoupling, AffineCoupling, channelwise, checkerboard
from saddlepoint.objectives.likelihoods import bits_per_dimension
from saddlepoint.recipe import Bounds, Recipe, Scores
from saddlepoint.types import Batch, DataSpec, Noise

SHAPE = (2, 4, 2)


def shaken(module: nn.Module, by: float = 0.3) -> nn.Module:
    """Away from what it starts as, where last layers are 0; in float64."""
    draw = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in module.parameters():
            p.add_(by * torch.randn(p.shape, generator=draw))
    return module.double()


def image(shape: tuple[int, ...] = SHAPE, count: int = 3) -> Tensor:
    """Numbers in (0, 1), of which all of the bijections take some."""
    return torch.rand(count, *shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


class Told(nn.Module):
    """What a coupling is told by, of any shape: a dense network between flattenings."""

    def __init__(self, shape: tuple[int, ...], heads: int) -> None:
        super().__init__()
        size = math.prod(shape)
        self.shape = (heads * shape[0], *shape[1:])
        self.network = nn.Sequential(nn.Linear(size, 7), nn.Tanh(), nn.Linear(7, heads * size))

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x.flatten(1)).unflatten(1, self.shape)


def jacobian(f: Bijection, x: Tensor) -> Tensor:
    """(D, D) at one example, by autograd."""
    whole = torch.autograd.functional.jacobian(lambda one: f(one[None])[0][0].flatten(), x)
    assert isinstance(whole, Tensor)
    return whole.flatten(1)


def check(f: Bijection, x: Tensor) -> None:
    y, log_det = f(x)
    for i in range(len(x)):
        sign, expected = torch.linalg.slogdet(jacobian(f, x[i]))
        assert abs(float(sign)) == 1
        torch.testing.assert_close(log_det[i].double(), expected, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(f.inverse(y), x, rtol=1e-9, atol=1e-9)


MAPS: list[tuple[str, Bijection]] = [
    ("scale", Scale(SHAPE, pace=2.0)),
    ("logit", Logit(0.05)),
    ("squeeze", Squeeze()),
    ("flat", Flat(SHAPE)),
    ("factored", Factored(SHAPE, Flat((1, 4, 2)))),
    *(
        (f"{mask.__name__} {kind.__name__} {first}", kind(mask(SHAPE, first), Told(SHAPE, heads)))
        for mask in (checkerboard, channelwise)
        for kind, heads in ((AdditiveCoupling, 1), (AffineCoupling, 2))
        for first in (True, False)
    ),
]


@pytest.mark.parametrize(("name", "f"), MAPS, ids=[name for name, _ in MAPS])
def test_log_determinants_are_the_jacobians_and_inverses_undo(name: str, f: Bijection):
    check(shaken(f), image())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mask", "ones"),
    [(checkerboard((5,), True), 3), (checkerboard((3, 3, 5), False), 21), (channelwise((3, 2, 2), True), 4)],
)
def test_masks(mask: Tensor, ones: int):
    assert int(mask.sum()) == ones
    assert set(mask.unique().tolist()) == {0.0, 1.0}


def test_neighbours_on_a_checkerboard_differ():
    mask = checkerboard((2, 4, 5), True)
    assert (mask[:, 1:] + mask[:, :-1] == 1).all()
    assert (mask[..., 1:] + mask[..., :-1] == 1).all()
    assert torch.equal(checkerboard((2, 4, 5), False), 1 - mask)


def flow(name: str, spec: DataSpec, by: float = 0.3, **options: object) -> Recipe:
    torch.manual_seed(0)
    small = {"nice": {"widths": [16]}, "real_nvp": {"widths": [16], "channels": 4, "blocks": 1}}
    recipe = catalogue.create(name, spec, **{**small[name], **options})
    shaken(recipe.flow, by)
    return recipe


POINTS = DataSpec(kind="points", shape=(3,))
SHAPES = [(1, 4, 4), (3, 4, 6), (2, 3, 5), (1, 8, 8), (1, 1, 2)]


@pytest.mark.parametrize("spec", [POINTS, *(DataSpec(shape=shape) for shape in SHAPES)], ids=str)
@pytest.mark.parametrize("name", ["nice", "real_nvp"])
def test_whole_flows(name: str, spec: DataSpec):
    recipe = flow(name, spec)
    v = image(spec.shape, count=2)
    check(recipe.flow, v)
    z, log_det = recipe.flow(v)
    torch.testing.assert_close(recipe.log_density(v), recipe.base.log_prob(z) + log_det)


@pytest.mark.parametrize("name", ["nice", "real_nvp"])
def test_every_number_depends_on_every_other(name: str):
    """Masks that never alternate would leave some numbers as they are."""
    recipe = flow(name, DataSpec(shape=(1, 4, 4)), **({"couplings": 4} if name == "nice" else {}))
    assert (jacobian(recipe.flow, image((1, 4, 4))[0]).abs() > 1e-12).double().mean() > 0.9


def test_the_multiscale_flow_has_the_scales_it_is_asked_for_and_that_sides_allow():
    def factored(shape: tuple[int, ...], scales: int) -> int:
        recipe = flow("real_nvp", DataSpec(shape=shape), scales=scales)
        return sum(isinstance(m, Factored) for m in recipe.flow.modules())

    assert [factored((1, 8, 8), scales) for scales in (1, 2, 3, 9)] == [0, 1, 2, 3]
    assert factored((1, 6, 8), 9) == 1


@pytest.mark.parametrize("name", ["nice", "real_nvp"])
def test_the_density_of_points_integrates_to_one(name: str):
    recipe = flow(name, DataSpec(kind="points", shape=(2,)), by=0.1)
    side = torch.linspace(-25, 25, 501, dtype=torch.float64)
    grid = torch.cartesian_prod(side, side)
    with torch.no_grad():
        total = sum(float(recipe.log_density(part).exp().sum()) for part in grid.split(50_000))
    assert total * float(side[1] - side[0]) ** 2 == pytest.approx(1, abs=1e-3)


def test_base_densities_integrate_to_one_and_fit_their_samples():
    line = torch.linspace(-50, 50, 100_001, dtype=torch.float64)[:, None]
    for base, variance in ((StandardNormal, 1.0), (StandardLogistic, math.pi**2 / 3)):
        assert float(base.log_prob(line).exp().sum()) * 1e-3 == pytest.approx(1, abs=1e-6)
        z = base.sample(Noise("base", rows=50_000), 2)
        assert z.shape == (50_000, 2)
        assert float(z.var()) == pytest.approx(variance, rel=0.03)
        assert float(z.mean()) == pytest.approx(0, abs=0.02)
        second = (line[:, 0] ** 2 * base.log_prob(line).exp()).sum() * 1e-3
        assert float(second) == pytest.approx(variance, rel=1e-4)


LEVELS = pytest.mark.parametrize("levels", [2, 4, 256])


@LEVELS
@pytest.mark.parametrize("name", ["nice", "real_nvp"])
def test_the_bound_on_an_images_probability(name: str, levels: int):
    """The density's integral over an image's bin is its probability: the mean of elbo over noise stays below its log,
    and the mean of exp(elbo) meets it."""
    spec = DataSpec(shape=(1, 1, 2), levels=levels)
    recipe = flow(name, spec, by=0.1)
    x = torch.tensor([[[[-1.0, 1 - 2 / (levels - 1)]]]])
    count = 120  # midpoints of the bin's unit square
    u = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    draws = torch.cartesian_prod(u, u).view(-1, 1, 1, 2)
    with torch.no_grad():
        bound = recipe.log_density(recipe.dequantised(x.double(), draws)) - recipe.log_bins
        fine = 40  # the same square of v, by its corners
        low = torch.tensor([0.0, levels - 2.0], dtype=torch.float64) / levels
        v = (torch.arange(fine, dtype=torch.float64) + 0.5) / fine / levels
        square = (low + torch.cartesian_prod(v, v)).view(-1, 1, 1, 2)
        mass = recipe.log_density(square).exp().mean() / levels**2
    assert float(bound.exp().mean()) == pytest.approx(float(mass), rel=1e-3)
    assert bound.mean() < mass.log()


def test_noise_stays_within_its_level_and_samples_round_to_theirs():
    spec = DataSpec(shape=(1, 1, 256))
    recipe = flow("nice", spec)
    x = (torch.arange(256) / 127.5 - 1).view(1, 1, 1, 256)
    for u in (0.01, 0.5, 0.99):
        v = recipe.dequantised(x, torch.tensor(u))
        assert torch.equal((v * 256).floor().flatten(), torch.arange(256.0))
        with torch.no_grad():
            back = recipe.generate(recipe.flow(v.double())[0])
        assert torch.equal(((back + 1) / 2 * 255).round().flatten(), torch.arange(256.0, dtype=torch.float64))


@pytest.mark.parametrize("name", ["nice", "real_nvp"])
@pytest.mark.parametrize("levels", [2, 256])
def test_images_are_of_the_datas_levels_and_keep_their_reals_gradient(name: str, levels: int):
    torch.manual_seed(0)
    recipe = catalogue.create(name, DataSpec(shape=(1, 4, 4), levels=levels)).double().eval()
    z = torch.randn(8, 16, dtype=torch.float64, requires_grad=True)
    x = recipe.generate(z)
    level = (x.detach() + 1) / 2 * (levels - 1)
    torch.testing.assert_close(level, level.round())
    assert level.unique().numel() > 1
    reals = recipe.flow.inverse(z)
    inside = (reals * levels > 0.5) & (reals * levels < levels - 0.5)
    slope, through = (torch.autograd.grad((y * inside).sum(), z, retain_graph=True)[0] for y in (reals, x))
    torch.testing.assert_close(through, slope * 2 * levels / (levels - 1))


@pytest.mark.parametrize("name", ["nice", "real_nvp"])
def test_what_it_answers(name: str):
    points, images = flow(name, POINTS).float(), flow(name, DataSpec(shape=(1, 4, 4))).float()
    x = torch.randn(5, 3)
    assert torch.equal(points.elbo(x, Noise("a", rows=5)), points.log_density(x)), "exact: no noise in it"
    assert points.measure == "density"
    assert images.measure == "levels"
    assert isinstance(images, Bounds)
    assert not isinstance(images, Scores), "dequantised, there is a bound only"
    torch.testing.assert_close(points.generate(points.encode(x)), x, rtol=1e-3, atol=1e-3)
    grey = torch.randint(256, (5, 1, 4, 4)) / 127.5 - 1
    torch.testing.assert_close(images.generate(images.encode(grey)), grey, rtol=0, atol=1e-2)
    losses = images.objective(Batch(x=grey, y=None, index=torch.arange(5), noise=Noise("b", rows=5)))
    expected = bits_per_dimension(images.elbo(grey, Noise("b", rows=5)), 16, "levels").mean()
    torch.testing.assert_close(losses["bits_per_dim"], expected)
    torch.testing.assert_close(losses["loss"] / 16 / math.log(2), expected)


@pytest.mark.parametrize("name", ["nice", "real_nvp"])
@pytest.mark.parametrize("spec", [DataSpec(kind="points", shape=(1,)), DataSpec(shape=(1, 1, 1))], ids=str)
def test_one_number_has_no_other_part(name: str, spec: DataSpec):
    with pytest.raises(UserError, match="one part of an example change another"):
        catalogue.create(name, spec)
