"""Makhzani et al. 2015: priors by their moments, and the objectives of each task by an independent computation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import one_hot

from saddlepoint import catalogue
from saddlepoint.errors import UserError
from saddlepoint.priors import Petals, SwissRoll, make_prior
from saddlepoint.types import Batch, DataSpec, Noise

SPEC = DataSpec(shape=(1, 4, 5), classes=("a", "b", "c"))
TASKS = ("unsupervised", "supervised", "semi_supervised", "clustering")


def model(spec: DataSpec = SPEC, **config: object):
    torch.manual_seed(0)
    return catalogue.create("aae", spec, **{"widths": [16, 8], "d_widths": [8], "latent": 2, **config}).eval()


def batch_of(rows: int = 6, y: torch.Tensor | None = None) -> Batch:
    x = torch.rand(rows, *SPEC.shape, generator=torch.Generator().manual_seed(1)) * 2 - 1
    y = torch.arange(rows) % 3 if y is None else y
    return Batch(x=x, y=y, index=torch.arange(rows), noise=Noise("batch", rows=rows))


def log_sigmoid(logits: torch.Tensor) -> np.ndarray:
    return np.log(1 / (1 + np.exp(-logits.detach().double().numpy())))


@pytest.mark.parametrize("part", range(5))
def test_a_petal_is_the_normal_that_points_outwards(part):
    petals = Petals(5)
    z = petals.draw(Noise("z", rows=40_000), torch.full((40_000,), part)).double()
    angle = 2 * math.pi * part / 5
    turn = torch.tensor([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]).double()
    unturned = z @ turn.T  # outwards, across
    torch.testing.assert_close(unturned.mean(0), torch.tensor([1.4, 0.0]).double(), atol=0.02, rtol=0)
    expected = torch.tensor([[0.7**2, 0.0], [0.0, 0.3**2]]).double()
    torch.testing.assert_close(unturned.T.cov(), expected, atol=0.02, rtol=0)


def test_a_roll_is_even_along_its_length_and_its_parts_follow_on_one_another():
    roll, rows = SwissRoll(4, std=0.0), 8_000
    z = roll.draw(Noise("z", rows=rows), torch.arange(rows) % 4)
    share = (z.norm(dim=1) / roll.radius).square()  # of the roll's parts further in
    for part in range(4):
        inside = share[torch.arange(rows) % 4 == part]
        assert part / 4 <= inside.min() < part / 4 + 0.01
        assert (part + 1) / 4 - 0.01 < inside.max() <= (part + 1) / 4 + 1e-6
    angle = torch.atan2(z[:, 1], z[:, 0])
    expected = 2 * math.pi * roll.turns * share.sqrt()
    torch.testing.assert_close(angle.cos(), expected.cos(), atol=1e-3, rtol=0)
    torch.testing.assert_close(angle.sin(), expected.sin(), atol=1e-3, rtol=0)
    radii, _ = roll.draw(Noise("all", rows=rows)).norm(dim=1).sort()  # area within a radius grows as length does
    torch.testing.assert_close((radii / roll.radius).square(), torch.arange(rows) / rows, atol=0.02, rtol=0)


def test_an_unknown_part_is_any():
    z = Petals(3, along=0.01, across=0.01).draw(Noise("z", rows=3000), torch.full((3000,), -1))
    nearest = (torch.atan2(z[:, 1], z[:, 0]) / (2 * math.pi / 3)).round().long() % 3
    assert nearest.bincount(minlength=3).min() > 850


@pytest.mark.parametrize("task", TASKS)
def test_reconstruction_is_half_the_squared_error_of_pixels_between_0_and_1(task):
    m, batch = model(task=task), batch_of()
    z, logits = m.encoder(batch.x)
    told = one_hot(batch.y, 3) if task == "supervised" else logits.softmax(1)
    again = m.decoder.layers(torch.cat([told, z], 1))
    pixels, made = (((x + 1) / 2).detach().double().numpy() for x in (batch.x, again))
    expected = ((pixels - made) ** 2).sum((1, 2, 3)).mean() / 2
    assert m.reconstruction_objective(batch)["loss"].item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("task", TASKS)
def test_each_code_has_its_own_adversary(task):
    m, batch = model(task=task), batch_of()
    noise = Noise("batch", rows=6)
    z, logits = m.encoder(batch.x)
    losses = {"z": (m.discriminator.z(noise.normal(2)), m.discriminator.z(z))}
    found = {"semi_supervised": 3, "clustering": 16}.get(task)
    assert (m.discriminator.y is None) == (found is None)
    if found:
        y = one_hot(noise.integers(found), found).float()
        losses["y"] = (m.discriminator.y(y), m.discriminator.y(logits.softmax(1)))
    d, e = m.discriminator_objective(batch), m.encoder_objective(batch)
    assert d.keys() == e.keys() == {"loss", *losses}
    for key, (real, fake) in losses.items():
        expected = -log_sigmoid(real).mean() - log_sigmoid(-fake).mean()
        assert d[key].item() == pytest.approx(expected, rel=1e-5)
        assert e[key].item() == pytest.approx(-log_sigmoid(fake).mean(), rel=1e-5)
    assert d["loss"].item() == pytest.approx(sum(d[key].item() for key in losses), rel=1e-6)
    assert e["loss"].item() == pytest.approx(sum(e[key].item() for key in losses), rel=1e-6)


def test_labels_pick_the_part_of_the_prior_and_the_adversary_is_told():
    m = model(task="unsupervised", prior="mixture", label_prior=True)
    batch = batch_of(y=torch.tensor([0, 1, 2, -1, 0, -1]))
    z, _ = m.encoder(batch.x)
    told = torch.tensor([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0], [0, 0, 0, 1]])
    real = Petals(3).draw(Noise("batch", rows=6), batch.y)
    d_real, d_fake = (m.discriminator.z(torch.cat([part, told], 1)) for part in (real, z))
    expected = -log_sigmoid(d_real).mean() - log_sigmoid(-d_fake).mean()
    assert m.discriminator_objective(batch)["loss"].item() == pytest.approx(expected, rel=1e-5)
    assert m.encoder_objective(batch)["loss"].item() == pytest.approx(-log_sigmoid(d_fake).mean(), rel=1e-5)


def test_classification_moves_no_style():
    m = model(task="semi_supervised")
    players = m.players()
    assert {id(p) for module in players["classifier"].modules for p in module.parameters()} == {
        id(p) for name, p in m.encoder.named_parameters() if not name.startswith("z.")
    }
    m.classification_objective(batch_of())["loss"].backward()
    assert m.encoder.z.weight.grad is None


@pytest.mark.parametrize(("task", "found"), [("clustering", 5), ("semi_supervised", 3)])
def test_categories_come_before_z(task, found):
    m, noise = model(task=task, clusters=5), Noise("z", rows=300)
    z = m.prior(noise)
    assert z.shape == (300, found + 2)
    assert set(z[:, :found].sum(1).tolist()) == {1.0}
    assert z[:, :found].sum(0).min() > 30
    code = m.encode(batch_of().x)
    torch.testing.assert_close(code[:, :found], m.categories(batch_of().x).softmax(1))
    assert m.generate(code).shape == (6, *SPEC.shape)


def test_clusters_are_no_classes():
    with pytest.raises(UserError, match="task=clustering learns no classes"):
        model(task="clustering").classify(batch_of().x)


def test_what_it_can_learn_decides_what_it_does():
    plain = DataSpec(shape=SPEC.shape)
    assert model(plain).task == "unsupervised"
    assert model().task == "semi_supervised"
    assert [model(task=task).conditional for task in TASKS] == [False, True, False, False]
    for config in ({"task": "semi_supervised"}, {"task": "supervised"}, {"label_prior": True, "prior": "mixture"}):
        with pytest.raises(UserError, match="needs labelled data of two classes or more"):
            model(plain, **config)


def test_a_prior_that_does_not_fit_is_refused():
    with pytest.raises(UserError, match="needs latent=2, and this is latent=3"):
        make_prior("swiss_roll", 3, 10, by_part=False)
    with pytest.raises(UserError, match="prior=normal has none"):
        model(label_prior=True)
