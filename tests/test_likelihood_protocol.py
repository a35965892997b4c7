"""The likelihood table: each player under one binarisation, bounds named as bounds, rows made once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from saddlepoint import catalogue
from saddlepoint.claims import likelihood
from saddlepoint.claims.claim import Setting
from saddlepoint.claims.protocol import Player, run
from saddlepoint.config import DataConfig, TrainConfig, split
from saddlepoint.recipe import Scores, Weighs

TINY = {"batch": 32, "track": "none", "precision": "fp32"}


@pytest.mark.parametrize("scale", ["quick", "full"])
def test_everyone_has_a_valid_setting_and_one_binarisation(scale):
    for player in likelihood.players(scale).values():
        recipe = catalogue.recipe_class(player.recipe)
        own, training, data = split(player.setting.options, recipe.Config, TrainConfig, DataConfig)
        catalogue.configure(player.recipe, own)
        TrainConfig(**training)
        assert DataConfig(**data).binarise in ("stochastic", "fixed")
        assert issubclass(recipe, Scores | Weighs)


def test_iwae_and_the_vae_beside_it_have_equal_updates():
    for scale in ("quick", "full"):
        players = likelihood.players(scale)
        vae, iwae = players["vae_equal"].setting, players["iwae"].setting
        assert vae.images == iwae.images
        assert {k: v for k, v in iwae.options.items() if k != "k"} == dict(vae.options)


def test_exact_ones_and_bounds_have_their_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    little = {
        "vae": Player(recipe="vae", setting=Setting(images=64, options={**TINY, "binarise": "stochastic"})),
        "made": Player(
            recipe="made", setting=Setting(images=64, options={**TINY, "binarise": "fixed", "widths": [16]})
        ),
    }
    monkeypatch.setattr(likelihood, "players", lambda scale: little)
    monkeypatch.setattr(likelihood, "DRAWS", {"quick": 7})
    protocol = replace(likelihood.PROTOCOL, players=likelihood.players)
    rows = run(protocol, data="digits", seeds=[0], offline=True)
    found = {(row.recipe, row.scale, row.measure) for row in rows}
    assert found == {
        ("vae", "likelihood stochastic", "ELBO (nats)"),
        ("vae", "likelihood stochastic", "bits/dim, upper bound"),
        ("vae", "likelihood stochastic", "IWAE bound (nats), k = 7"),
        ("vae", "likelihood stochastic", "bits/dim, upper bound by IWAE, k = 7"),
        ("vae", "likelihood stochastic", "active units"),
        ("made", "likelihood fixed", "log p(x) (nats)"),
        ("made", "likelihood fixed", "bits/dim"),
    }
    value = {row.measure: row.value for row in rows if row.recipe == "vae"}
    assert value["IWAE bound (nats), k = 7"] > value["ELBO (nats)"]
    assert run(protocol, data="digits", seeds=[0], offline=True) == rows, "what is there is not made twice"
