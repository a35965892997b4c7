"""What lsgan, ragan, geometric_gan, sngan, wgan, wgan_div and dragan have of their own, against closed forms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from saddlepoint import catalogue
from saddlepoint.engine.update import Updater
from saddlepoint.networks.spectral import SpectralNorm, spectral
from saddlepoint.objectives import adversarial as A
from saddlepoint.objectives import penalties as P
from saddlepoint.types import Batch, DataSpec, Noise
from support import tensors

IMAGES = DataSpec(shape=(1, 8, 8))
POINTS = DataSpec(kind="points", shape=(2,))
REAL = torch.tensor([-3.0, -0.2, 0.0, 1.5, 4.0], dtype=torch.float64)
FAKE = torch.tensor([2.0, 0.1, -5.0, -1.0, 0.7], dtype=torch.float64)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def batch_of(spec: DataSpec, rows: int = 6) -> Batch:
    x = torch.rand(rows, *spec.shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return Batch(x=x, y=None, index=torch.arange(rows), noise=Noise("batch", rows=rows))


def fakes_of(recipe, rows: int = 6) -> Tensor:
    """What the objective draws for `batch_of`."""
    return recipe.generator(recipe.prior(Noise("batch", rows=rows))).detach()


# Losses ---------------------------------------------------------------------------------------------------


def test_losses_are_what_their_papers_write():
    r, f = REAL.numpy(), FAKE.numpy()
    torch.testing.assert_close(
        A.discriminator_least_squares(REAL, FAKE, -1.0, 2.0).item(),
        np.mean((r - 2) ** 2) / 2 + np.mean((f + 1) ** 2) / 2,
    )
    assert A.generator_least_squares(FAKE, 0.5).item() == pytest.approx(np.mean((f - 0.5) ** 2) / 2)
    hinge = np.mean(-np.minimum(0, r - 1)) + np.mean(-np.minimum(0, -f - 1))
    assert A.discriminator_hinge(REAL, FAKE).item() == pytest.approx(hinge)

    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    def average(one, other):
        return -np.mean(np.log(sigmoid(one - other.mean()))) - np.mean(np.log(1 - sigmoid(other - one.mean())))

    assert A.relativistic_average_discriminator(REAL, FAKE).item() == pytest.approx(average(r, f))
    assert A.relativistic_average_generator(REAL, FAKE).item() == pytest.approx(average(f, r))


@pytest.mark.parametrize(("a", "b", "c"), [(0.0, 1.0, 1.0), (-1.0, 1.0, 0.0)])
def test_the_best_least_squares_discriminator_is_the_weighted_mean_of_its_codes(a, b, c):
    """Mao et al. 2017, equation 5: D* = (b p + a q) / (p + q); there G's loss is the Pearson divergence where
    b - c = 1 and b - a = 2."""
    p, q = torch.tensor([0.7, 0.2, 0.1]).double(), torch.tensor([0.1, 0.3, 0.6]).double()
    d = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    for _ in range(300):
        each = [p[i] * A.discriminator_least_squares(d[i : i + 1], d[i : i + 1].detach(), a, b) for i in range(3)]
        each += [q[i] * A.discriminator_least_squares(d[i : i + 1].detach(), d[i : i + 1], a, b) for i in range(3)]
        (gradient,) = torch.autograd.grad(sum(each), d)
        d = (d - gradient).detach().requires_grad_()
    torch.testing.assert_close(d.detach(), (b * p + a * q) / (p + q))
    if b - c == 1 and b - a == 2:
        loss = sum((p[i] + q[i]) * A.generator_least_squares(d[i : i + 1], c) for i in range(3))
        pearson = ((2 * q - (p + q)).square() / (p + q)).sum()
        assert 2 * loss.item() == pytest.approx(pearson.item())


def test_examples_beyond_the_margin_do_not_move_the_hinge():
    real, fake = REAL.clone().requires_grad_(), FAKE.clone().requires_grad_()
    by_real, by_fake = torch.autograd.grad(A.discriminator_hinge(real, fake), (real, fake))
    assert torch.equal(by_real != 0, REAL < 1)
    assert torch.equal(by_fake != 0, FAKE > -1)


def test_real_examples_matter_to_the_relativistic_generator():
    assert A.relativistic_average_generator(REAL, FAKE) != A.relativistic_average_generator(REAL + 1, FAKE)
    shifted = A.relativistic_average_discriminator(REAL + 3, FAKE + 3)
    torch.testing.assert_close(shifted, A.relativistic_average_discriminator(REAL, FAKE))


# Penalties ------------------------------------------------------------------------------------------------


def test_slopes_of_a_quadratic():
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    critic = lambda x: x.square().flatten(1).sum(1) / 2  # noqa: E731
    torch.testing.assert_close(P.slope(critic, x), x.flatten(1).norm(dim=1))
    torch.testing.assert_close(P.slope_squared(critic, x), x.square().flatten(1).sum(1))
    assert not x.requires_grad


def test_orthogonality_is_the_distance_of_the_gram_matrix_from_one():
    tall, wide = torch.randn(5, 3), torch.randn(2, 3, 2, 2)
    expected = sum(np.linalg.norm(m @ m.T - np.eye(len(m))) ** 2 for m in (tall.numpy().T, wide.flatten(1).numpy()))
    assert P.orthogonality([tall, wide]).item() == pytest.approx(expected, rel=1e-5)
    rotation = torch.linalg.qr(torch.randn(4, 4)).Q
    assert P.orthogonality([rotation, rotation[:2]]).item() == pytest.approx(0, abs=1e-9)


# Recipes --------------------------------------------------------------------------------------------------


def test_lsgan_plays_the_coding_it_is_told():
    gan = catalogue.create("lsgan_pearson", POINTS, widths=[8])
    assert (gan.config.a, gan.config.b, gan.config.c) == (-1, 1, 0)
    batch, fake = batch_of(POINTS), fakes_of(gan)
    real, fake = gan.discriminator(batch.x), gan.discriminator(fake)
    loss = gan.discriminator_objective(batch)["loss"]
    torch.testing.assert_close(loss, ((real - 1).square().mean() + (fake + 1).square().mean()) / 2)
    torch.testing.assert_close(gan.generator_objective(batch_of(POINTS))["loss"], fake.square().mean() / 2)
    assert catalogue.configure("lsgan").model_dump().items() >= {"a": 0, "b": 1, "c": 1}.items()


def test_geometric_gan_has_the_svms_objective():
    """Over C n it is |w|² / 2 + C times the summed slack, w the last layer's weights."""
    n, c = 6, 2.0
    gan = catalogue.create("geometric_gan", POINTS, widths=[8, 4], decay_w=1 / (c * n))
    losses = gan.discriminator_objective(batch_of(POINTS))
    w, b = gan.discriminator.layers[-1].weight[0], gan.discriminator.layers[-1].bias
    real, fake = (gan.discriminator.features(x) @ w + b for x in (batch_of(POINTS).x, fakes_of(gan)))
    svm = w @ w / 2 + c * (1 - real).clamp(min=0).sum() + c * (1 + fake).clamp(min=0).sum()
    torch.testing.assert_close(losses["loss"] * c * n, svm)
    on_margin = torch.cat([real < 1, fake > -1]).float().mean()
    assert losses["support"].item() == pytest.approx(on_margin.item())


@pytest.mark.parametrize("name", ["wgan", "geometric_gan"])
def test_rmsprop_where_the_paper_has_it(name):
    players = catalogue.create(name, POINTS, widths=[8]).players().values()
    assert {player.optimizer for player in players} == {"rmsprop"}


def play(recipe, steps: int, batches=None) -> list[tuple[str, float]]:
    """Players in the order they moved, with the largest weight of the discriminator after each."""
    updater = Updater(recipe, seed=0, device=torch.device("cpu"), precision="fp32", micro_batch=0)
    seen: list[tuple[str, float]] = []

    def update(player, objective, batch):
        means = updater(player, objective, batch)
        seen.append((player, max(float(p.detach().abs().max()) for p in recipe.discriminator.parameters())))
        return means

    for t in range(steps):
        updater.begin(t)
        recipe.step(batches or iter(lambda: batch_of(recipe.spec), None), update, t)
    return seen


def test_wgan_clips_every_weight_after_every_critic_update():
    gan = catalogue.create("wgan", IMAGES, width=4, long_d_steps=3)
    seen = play(gan, 2)
    assert [player for player, _ in seen] == 2 * [*3 * ["discriminator"], "generator"]
    assert all(size <= 0.01 for player, size in seen if player == "generator"), "clipped before the generator looks"
    assert max(size for _, size in seen) > 0.01, "the update itself went beyond"
    assert max(float(p.detach().abs().max()) for p in gan.generator.parameters()) > 0.01


def test_wgan_has_the_authors_long_phases():
    gan = catalogue.create("wgan", POINTS, widths=[8])
    assert [gan.critic_steps(t) for t in (0, 24, 25, 499, 500, 501, 1000)] == [100, 100, 5, 5, 100, 5, 100]
    assert (gan.config.lr, gan.config.clip) == (5e-5, 0.01)


def test_wgan_refused_updates_leave_clipped_weights_as_they_are():
    gan = catalogue.create("wgan", POINTS, widths=[8], long_d_steps=1)
    play(gan, 1)
    before = tensors(gan.discriminator)
    broken = replace(batch_of(POINTS), x=torch.full((6, 2), torch.nan))
    play(gan, 1, iter(lambda: broken, None))
    assert all(torch.equal(value, before[key]) for key, value in tensors(gan.discriminator).items())


def test_wgan_div_pays_for_the_p_th_power_of_a_linear_critics_slope():
    gan = catalogue.create("wgan_div", POINTS, widths=[], k=3.0, p=4.0)
    (w,) = gan.discriminator.parameters()
    losses = gan.discriminator_objective(batch_of(POINTS))
    gap = (batch_of(POINTS).x - fakes_of(gan)).mean(0) @ w[0]
    torch.testing.assert_close(losses["wasserstein"], gap)
    torch.testing.assert_close(losses["loss"], -gap + 3 * w.norm() ** 4)
    defaults = catalogue.configure("wgan_div").model_dump()
    assert (defaults["k"], defaults["p"]) == (2, 6)


def test_the_best_wgan_div_critic_of_two_points_has_the_slope_of_the_closed_form():
    """Between two points at distance 1 the best slope s maximises s - k s^p: s = (k p)^(-1 / (p - 1))."""
    k, p = 2.0, 6.0
    s = torch.tensor(0.1, dtype=torch.float64, requires_grad=True)
    for _ in range(500):
        x = torch.rand(4, 1, dtype=torch.float64)
        loss = -s + k * P.slope_squared(lambda x, s=s: s * x, x).pow(p / 2).mean()
        (gradient,) = torch.autograd.grad(loss, s)
        s = (s - 0.05 * gradient).detach().requires_grad_()
    assert s.item() == pytest.approx((k * p) ** (-1 / (p - 1)), rel=1e-4)


def test_dragan_holds_the_slope_around_the_data_and_nowhere_else(monkeypatch):
    from saddlepoint.recipes import dragan

    gan = catalogue.create("dragan", POINTS, widths=[])
    w, _ = gan.discriminator.parameters()
    losses = gan.discriminator_objective(batch_of(POINTS))
    torch.testing.assert_close(losses["penalty"], (w.norm() - 1).square())
    adversarial = A.discriminator_minimax(gan.discriminator(batch_of(POINTS).x), gan.discriminator(fakes_of(gan)))
    torch.testing.assert_close(losses["loss"], adversarial + 10 * losses["penalty"])

    seen: list[Tensor] = []
    monkeypatch.setattr(dragan, "slope", lambda critic, x: seen.append(x) or P.slope(critic, x))
    batch = batch_of(POINTS, 4096)
    gan.discriminator_objective(batch)
    delta = seen[0] - batch.x
    assert delta.std().item() == pytest.approx(0.5 * batch.x.std().item(), rel=0.03)
    assert delta.mean().abs() < 0.02
    assert torch.corrcoef(torch.stack([delta.flatten(), batch.x.flatten()]))[0, 1].abs() < 0.05


@pytest.mark.parametrize("name", ["wgan_div", "dragan"])
def test_a_penalised_critic_has_no_batch_norm(name):
    kinds = {type(m) for m in catalogue.create(name, IMAGES, width=4).discriminator.modules()}
    assert nn.BatchNorm2d not in kinds
    assert nn.GroupNorm in kinds


# Spectral norm --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", [nn.Linear(7, 5), nn.Conv2d(3, 4, 5), nn.Conv2d(6, 2, 1)], ids=str)
def test_power_iteration_finds_the_largest_singular_value(layer):
    exact = torch.linalg.svdvals(layer.weight.detach().flatten(1))[0].item()
    original = layer.weight.detach().clone()
    spectral(layer)
    for _ in range(300):
        _ = layer.weight
    torch.testing.assert_close(layer.weight, original / exact)
    assert torch.linalg.svdvals(layer.weight.detach().flatten(1))[0].item() == pytest.approx(1, abs=1e-5)


def test_one_iteration_a_training_pass_and_none_when_evaluated():
    layer = nn.Linear(6, 4)
    spectral(layer)
    (norm,) = (m for m in layer.modules() if isinstance(m, SpectralNorm))
    w, u = layer.parametrizations.weight.original.detach(), norm.u.clone()
    v = w.T @ u / (w.T @ u).norm()
    after = w @ v / (w @ v).norm()
    layer.eval()
    weight = layer.weight
    assert torch.equal(norm.u, u)
    layer.train()
    assert torch.equal(layer.weight, weight), "the same sigma, whether its state is kept or not"
    torch.testing.assert_close(norm.u, after)
    torch.testing.assert_close(weight, w / (after @ w @ v))


def test_the_gradient_is_that_of_equation_12():
    """d L / d W = (d L / d W_sn - <d L / d W_sn, W_sn> u v^T) / sigma."""
    norm, w = SpectralNorm(4).double().eval(), torch.randn(4, 6, dtype=torch.float64, requires_grad=True)
    inner = torch.randn(4, 6, dtype=torch.float64)
    (gradient,) = torch.autograd.grad((norm(w) * inner).sum(), w)
    with torch.no_grad():
        v = nn.functional.normalize(w.T @ norm.u, dim=0)
        u = nn.functional.normalize(w @ v, dim=0)
        sigma = u @ w @ v
        expected = (inner - (inner * w / sigma).sum() * torch.outer(u, v)) / sigma
    torch.testing.assert_close(gradient, expected)


def test_sngan_moves_its_state_once_an_update_and_keeps_it_in_checkpoints():
    gan = catalogue.create("sngan", IMAGES, width=4)
    norms = [m for m in gan.discriminator.modules() if isinstance(m, SpectralNorm)]
    layers = [m for m in gan.discriminator.modules() if isinstance(m, nn.Conv2d)]
    assert len(norms) == len(layers) == 3
    assert all(parametrize.is_parametrized(layer, "weight") for layer in layers)
    assert not [m for m in gan.generator.modules() if isinstance(m, SpectralNorm)]
    assert sum(key.endswith(".u") for key in gan.state_dict()) == 3

    w, u = layers[0].parametrizations.weight.original.detach().flatten(1).clone(), norms[0].u.clone()
    updater = Updater(gan, seed=0, device=torch.device("cpu"), precision="fp32", micro_batch=0)
    updater("discriminator", gan.discriminator_objective, batch_of(IMAGES))
    v = nn.functional.normalize(w.T @ u, dim=0)
    torch.testing.assert_close(norms[0].u, nn.functional.normalize(w @ v, dim=0))
    u = norms[0].u.clone()
    updater("generator", gan.generator_objective, batch_of(IMAGES))
    assert torch.equal(norms[0].u, u), "it belongs to the discriminator, which did not play"


def test_the_spectral_discriminator_of_points_is_one_lipschitz():
    gan = catalogue.create("sngan", POINTS, widths=[16, 16])
    x = 3 * torch.randn(200, 2)
    with torch.no_grad():
        for p in gan.discriminator.parameters():
            p.mul_(30)
    for _ in range(100):
        gan.discriminator(x)
    assert P.slope(gan.discriminator, x).max() <= 1 + 1e-3


def test_spectral_state_is_float32_under_autocast():
    layer = nn.Linear(6, 4)
    spectral(layer)
    layer.eval()
    exact = layer.weight
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(layer.weight, exact)
