"""EBGAN and BEGAN: energies, margin, pulling-away term, the controller of k, and the way from an image to its z."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from saddlepoint import catalogue
from saddlepoint.networks.began import BEGANDecoder, BEGANEncoder
from saddlepoint.objectives.energy import absolute_error, discriminator_margin, pulling_away, squared_error
from saddlepoint.objectives.inversion import invert
from saddlepoint.types import Batch, DataSpec, Noise

IMAGES = DataSpec(shape=(1, 8, 8))
POINTS = DataSpec(kind="points", shape=(2,))


def batch_of(spec: DataSpec, rows: int = 6) -> Batch:
    draw = torch.Generator().manual_seed(0)
    x = torch.rand(rows, *spec.shape, generator=draw) * 2 - 1
    return Batch(x=x, y=None, index=torch.arange(rows), noise=Noise("batch", rows=rows))


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def test_energies_are_means_over_an_example():
    x, again = torch.randn(5, 3, 4, 4), torch.randn(5, 3, 4, 4)
    torch.testing.assert_close(squared_error(x, again), torch.from_numpy(((x - again).numpy() ** 2).mean((1, 2, 3))))
    torch.testing.assert_close(absolute_error(x, again), torch.from_numpy(np.abs((x - again).numpy()).mean((1, 2, 3))))
    assert squared_error(x.bfloat16(), again.bfloat16()).dtype == torch.float32
    with pytest.raises(AssertionError, match="does not reproduce"):
        squared_error(x, again[:1])  # would broadcast


def test_the_margin_lets_go_of_samples_beyond_it():
    real, fake = torch.tensor([0.1, 0.3]), torch.tensor([0.2, 0.7, 1.5], requires_grad=True)
    loss = discriminator_margin(real, fake, 0.8)
    torch.testing.assert_close(loss.detach(), torch.tensor(0.2 + (0.6 + 0.1 + 0) / 3))
    (push,) = torch.autograd.grad(loss, fake)
    torch.testing.assert_close(push, torch.tensor([-1 / 3, -1 / 3, 0]))


def test_at_the_equilibrium_of_theorem_1_the_game_is_worth_the_margin():
    """Lemma 1 and theorem 1: where samples are distributed as data, the best energy is constant in [0, m], and the
    discriminator's loss is m whichever it is."""
    for energy in (0.0, 0.3, 0.8):
        same = torch.full((4,), energy)
        assert discriminator_margin(same, same, 0.8).item() == pytest.approx(0.8)


def test_pulling_away_is_the_mean_squared_cosine_of_pairs():
    codes = torch.randn(7, 5, dtype=torch.float64)
    pairs = [
        float(a @ b) ** 2 / float(a @ a) / float(b @ b)
        for i, a in enumerate(codes)
        for j, b in enumerate(codes)
        if i != j
    ]
    assert pulling_away(codes).item() == pytest.approx(np.mean(pairs))
    assert pulling_away(torch.eye(4)).item() == pytest.approx(0)
    assert pulling_away(torch.tensor([[1.0, 2.0], [-3.0, -6.0]])).item() == pytest.approx(1)


@pytest.mark.parametrize("spec", [IMAGES, POINTS], ids=["image", "points"])
def test_ebgan_plays_equations_1_and_2(spec):
    gan, batch = catalogue.create("ebgan_pt", spec, width=4, widths=[8], code=3, margin=0.3), batch_of(spec)
    fake = gan.generator(gan.prior(Noise("batch", rows=6)))
    code = gan.discriminator.encoder(fake)
    energy = (gan.discriminator.decoder(code) - fake).square().flatten(1).mean(1)
    losses = gan.generator_objective(batch)
    torch.testing.assert_close(losses["loss"], energy.mean() + 0.1 * pulling_away(code))
    losses = gan.discriminator_objective(batch_of(spec))
    assert code.shape == (6, 3)
    torch.testing.assert_close(losses["loss"], losses["real"] + (0.3 - energy).relu().mean())


def test_the_pulling_away_term_is_an_option():
    plain = catalogue.create("ebgan", POINTS, widths=[8], code=3)
    losses = plain.generator_objective(batch_of(POINTS))
    torch.testing.assert_close(losses["loss"], losses["energy"])


def test_began_plays_section_3_4():
    gan = catalogue.create("began", IMAGES, width=4, latent=3, code=2)
    gan.k.fill_(0.4)
    fake = gan.generator(gan.prior(Noise("batch", rows=6)))
    x = batch_of(IMAGES).x
    real_energy, fake_energy = ((v - gan.discriminator(v)).abs().mean() for v in (x, fake))
    losses = gan.discriminator_objective(batch_of(IMAGES))
    torch.testing.assert_close(losses["loss"], real_energy - 0.4 * fake_energy)
    torch.testing.assert_close(gan.generator_objective(batch_of(IMAGES))["loss"], fake_energy)


def test_k_follows_in_proportion_and_stays_within_its_bounds():
    gan = catalogue.create("began", POINTS, widths=[8], gamma=0.5, gain=0.1)
    assert gan.k.item() == 0
    gan.balance(torch.tensor(1.0), torch.tensor(0.2))
    assert gan.k.item() == pytest.approx(0.1 * (0.5 - 0.2))
    assert gan.convergence.item() == pytest.approx(1.0 + 0.3)
    gan.balance(torch.tensor(1.0), torch.tensor(0.6))
    assert gan.k.item() == pytest.approx(0.02)
    assert gan.convergence.item() == pytest.approx(1.0 + 0.1)
    gan.balance(torch.tensor(1.0), torch.tensor(9.0))
    assert gan.k.item() == 0
    gan.balance(torch.tensor(1000.0), torch.tensor(0.0))
    assert gan.k.item() == 1


def test_the_controller_hears_both_players_after_their_update():
    gan = catalogue.create("began", POINTS, widths=[8], gamma=0.5, gain=0.1, d_steps=2)
    answers = iter([{"real": torch.tensor(9.0)}, {"real": torch.tensor(0.8)}, {"loss": torch.tensor(0.1)}])
    gan.step(iter([batch_of(POINTS)] * 3), lambda player, objective, batch: next(answers), 0)
    assert gan.k.item() == pytest.approx(0.1 * (0.5 * 0.8 - 0.1))


def test_the_controller_holds_the_ratio_at_gamma():
    """A plant whose sample energy falls as k rises: the loop settles where L(G) = gamma L(x)."""
    gan = catalogue.create("began", POINTS, widths=[8], gamma=0.6, gain=0.05)
    for _ in range(500):
        fake = 0.3 + 0.5 * gan.k
        gan.balance(torch.tensor(1.0), fake)
    assert fake.item() == pytest.approx(0.6, abs=1e-3)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 33, 17), (1, 8, 5)], ids=str)
def test_began_networks_keep_sizes_and_widen_by_n(shape):
    encoder, decoder = BEGANEncoder(shape, 4, 6), BEGANDecoder(shape, 4, 5)
    assert encoder(torch.randn(2, *shape)).shape == (2, 6)
    assert decoder(torch.randn(2, 5)).shape == (2, *shape)
    convolutions = [m for m in encoder.modules() if isinstance(m, torch.nn.Conv2d)]
    widths = sorted({m.out_channels for m in convolutions})
    assert widths == [4 * i for i in range(1, len(widths) + 1)]
    assert {m.out_channels for m in decoder.modules() if isinstance(m, torch.nn.Conv2d)} == {4, shape[0]}
    assert not [m for m in (*encoder.modules(), *decoder.modules()) if isinstance(m, torch.nn.BatchNorm2d)]


def test_encode_finds_the_latent_of_the_models_own_samples():
    gan = catalogue.create("began", IMAGES, width=8, latent=3, code=3, invert_steps=300)
    with torch.no_grad():
        gan.generator.to_image.weight.mul_(5)  # an untrained generator is nearly constant
        z = gan.prior(Noise("z", rows=16))
        x = gan.generate(z)
        found = gan.encode(x)  # under no_grad, as every tool calls it
        error = (x - gan.generate(found)).abs().flatten(1).mean(1)
        spread = (x - x.mean(0)).abs().flatten(1).mean(1)
    assert error.median() < 0.03 * spread.median()
    assert (found - z).abs().median() < 0.05
    assert not any(p.grad is not None for p in gan.parameters()), "the generator's gradients are left alone"


def test_inversion_keeps_the_best_of_each_row_and_treats_rows_apart():
    generator = torch.nn.Linear(3, 6).double()
    x = generator(torch.randn(4, 3, dtype=torch.float64)).detach()
    start = torch.zeros(4, 3, dtype=torch.float64)
    z, error = invert(generator, x, start, steps=50)
    torch.testing.assert_close(error, (x - generator(z)).abs().mean(1).float().detach())
    assert bool((error <= invert(generator, x, start, steps=20, lr=1e-9)[1]).all())
    alone, _ = invert(generator, x[:1], start[:1], steps=50)
    torch.testing.assert_close(alone, z[:1])
    _, untouched = invert(generator, x, z, steps=5, lr=10.0)  # every step leads away
    assert bool((untouched <= error).all())
