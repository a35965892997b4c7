"""What sets the recipes of one loss each apart: the critic that each learns against a generator that stands still.

Data lie at 0.5, fakes at -0.5, on a line. Methods that are named differently and learn the same critic would be one.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from saddlepoint import catalogue
from saddlepoint.engine.update import Updater
from saddlepoint.objectives.adversarial import discriminator_hinge
from saddlepoint.objectives.penalties import interpolates, slope
from saddlepoint.types import Batch, DataSpec, Noise

LINE = DataSpec(kind="points", shape=(1,))


@cache
def critic(name: str, steps: int = 400) -> SimpleNamespace:
    """Scores of data and fakes, the hinge's slack, and slopes at data, at fakes and between them."""
    torch.manual_seed(0)
    options: dict[str, Any] = {"clip": 0.1, "long_d_steps": 5} if name == "wgan" else {}
    recipe = catalogue.create(name, LINE, latent=1, widths=[64, 64], lr=2e-3, **options)
    with torch.no_grad():
        for p in recipe.generator.parameters():
            p.zero_()
        p.fill_(-0.5)  # the last bias
    updater = Updater(recipe, seed=0, device=torch.device("cpu"), precision="fp32", micro_batch=0)

    def update(player, objective, batch):
        return updater(player, objective, batch) if player == "discriminator" else {}

    real, fake = 0.5 + 0.01 * torch.randn(64, 1), torch.full((64, 1), -0.5)
    batch = Batch(x=real, y=None, index=torch.arange(64), noise=Noise("unused", rows=64))
    t = 0
    while steps > 0:
        updater.begin(t)
        recipe.step(iter(lambda: batch, None), update, t)
        t, steps = t + 1, steps - updater.calls
    with torch.no_grad():
        d_real, d_fake = recipe.discriminator(real), recipe.discriminator(fake)
    between = interpolates(real, fake, torch.linspace(0, 1, 64))
    slopes = {
        key: float(slope(recipe.discriminator, x).detach().mean())
        for key, x in {"data": real, "fakes": fake, "between": between}.items()
    }
    slack = float(discriminator_hinge(d_real, d_fake))
    return SimpleNamespace(d_real=float(d_real.mean()), d_fake=float(d_fake.mean()), slack=slack, slope=slopes)


def test_geometric_gan_separates_what_sngan_may_not():
    """The same hinge. An SVM is done once its margin is free; a slope of 1 over a distance of 1 leaves a slack of 1."""
    svm, bounded = critic("geometric_gan"), critic("sngan")
    assert svm.slack < 0.1
    assert svm.slope["between"] > 1.9
    assert bounded.slack == pytest.approx(1, abs=0.05)
    assert bounded.slope["between"] == pytest.approx(1, abs=0.02)


def test_wgan_gp_holds_the_slope_that_wgan_div_chooses_and_wgan_leaves_to_its_bound():
    assert critic("wgan_gp").slope["between"] == pytest.approx(1, abs=0.15)
    assert critic("wgan_div").slope["between"] == pytest.approx((2 * 6) ** (-1 / 5), abs=0.06)
    assert not 0.7 < critic("wgan").slope["between"] < 1.3


def test_dragan_holds_the_slope_at_data_and_wgan_gp_everywhere_between():
    dragan, plain = critic("dragan"), critic("composed_gan")
    assert dragan.slope["data"] == pytest.approx(1, abs=0.1)
    assert dragan.slope["between"] > 3
    assert plain.slope["data"] > 2


def test_lsgan_stops_at_its_codes_where_cross_entropy_goes_on():
    squares, entropy = critic("lsgan"), critic("composed_gan")
    assert (squares.d_real, squares.d_fake) == (pytest.approx(1, abs=0.1), pytest.approx(0, abs=0.1))
    assert entropy.d_real - entropy.d_fake > 5
