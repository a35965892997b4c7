"""The likelihood table: each player under one binarisation, bounds named as bounds, rows made once."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from saddlepoint import api, catalogue
from saddlepoint.claims import likelihood
from saddlepoint.claims.claim import Setting
from saddlepoint.claims.protocol import Player, run
from saddlepoint.claims.results import Row
from saddlepoint.claims.table import table
from saddlepoint.claims.training import RUNS
from saddlepoint.config import DataConfig, TrainConfig, split
from saddlepoint.recipe import Bounds, Scores, Weighs


@pytest.mark.parametrize("scale", ["quick", "full"])
def test_everyone_has_a_valid_setting_and_one_binarisation(scale):
    for player in likelihood.players(scale).values():
        recipe = catalogue.recipe_class(player.recipe)
        own, training, data = split(player.setting.options, recipe.Config, TrainConfig, DataConfig)
        catalogue.configure(player.recipe, own)
        TrainConfig(**training)
        assert DataConfig(**data).binarise in ("stochastic", "fixed")
        assert issubclass(recipe, Scores | Bounds)


def test_iwae_and_the_vae_beside_it_have_equal_updates():
    for scale in ("quick", "full"):
        players = likelihood.players(scale)
        vae, iwae = players["vae_equal"].setting, players["iwae"].setting
        assert vae.images == iwae.images
        assert {k: v for k, v in iwae.options.items() if k != "k"} == dict(vae.options)


def test_all_have_the_same_minutes_but_for_those_of_equal_updates():
    found = {name: player.setting for name, player in likelihood.players("quick").items()}
    assert {name for name, setting in found.items() if setting.core_minutes is None} == {"iwae", "vae_equal"}
    assert {setting.core_minutes for setting in found.values()} == {None, likelihood.MINUTES}
    assert all(player.setting.images for player in likelihood.players("full").values())


def test_everyone_chooses_by_ten_thousand_images_and_by_what_it_is_judged_by():
    for scale in ("quick", "full"):
        for name, player in likelihood.players(scale).items():
            options = player.setting.options
            assert options["validation"] == 10_000
            assert options["best"] == likelihood.ENTRIES[name].metrics[0]
            exact = issubclass(catalogue.recipe_class(player.recipe), Scores)
            assert (options["best"] == "log_likelihood") == exact
            encodes = issubclass(catalogue.recipe_class(player.recipe), Weighs)
            assert ("active_units" in likelihood.ENTRIES[name].metrics) == encodes


SIZES = {
    "vae": {"hidden": 16},
    "vae_equal": {"hidden": 16},
    "iwae": {"hidden": 16, "k": 3},
    "made": {"widths": [16]},
    "pixel_cnn": {"blocks": 1, "width": 4},
    "gated_pixel_cnn": {"layers": 1, "width": 4},
    "pixel_rnn": {"layers": 1, "width": 4},
    "pixel_vae": {"layers": 1, "width": 4, "channels": 4, "features": 4},
    "real_nvp": {"channels": 4},
}
"""Of networks that a test has the time for."""


def test_exact_ones_and_bounds_have_their_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def little(name: str, player: Player) -> Player:
        tiny = {"batch": 16, "validation": 100, "precision": "fp32", "evaluate_every": 2, **SIZES[name]}
        return replace(player, setting=Setting(images=80, options={**player.setting.options, **tiny}))

    everyone = {name: little(name, player) for name, player in likelihood.players("quick").items()}
    monkeypatch.setattr(likelihood, "players", lambda scale: everyone)
    monkeypatch.setattr(likelihood, "DRAWS", 7)
    protocol = replace(likelihood.PROTOCOL, players=likelihood.players)
    rows = run(protocol, data="digits", seeds=[0], offline=True)
    exact = {"log p(x) (nats)", "bits/dim"}
    bound = {"ELBO (nats)", "bits/dim, upper bound"}
    tight = {"IWAE bound (nats), k = 7", "bits/dim, upper bound by IWAE, k = 7"}
    measures = {
        "stochastic": dict.fromkeys(("vae", "vae_equal", "iwae"), bound | tight | {"active units"}),
        "fixed": dict.fromkeys(("made", "pixel_cnn", "gated_pixel_cnn", "pixel_rnn"), exact)
        | {"pixel_vae": bound | {"active units"}, "real_nvp": bound},
    }
    found = {(row.scale, row.recipe, row.measure) for row in rows}
    assert found == {
        (f"likelihood {how}", name, measure)
        for how, players in measures.items()
        for name, expected in players.items()
        for measure in expected
    }
    assert all(row.error for row in rows if row.measure != "active units")
    assert all(row.paper_value == likelihood.PUBLISHED[row.scale.split()[1]].value for row in rows)
    value = {row.measure: row.value for row in rows if row.recipe == "vae"}
    assert value["IWAE bound (nats), k = 7"] > value["ELBO (nats)"]
    assert run(protocol, data="digits", seeds=[0], offline=True) == rows, "what is there is not made twice"


def test_the_best_checkpoint_is_judged_and_not_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """At such a rate the last step is worse than one before it, on validation images."""
    monkeypatch.chdir(tmp_path)
    options = {"batch": 16, "binarise": "fixed", "widths": [16], "lr": 1.0, "ema": 0, "keep": 1}
    chosen = {"evaluate_every": 1, "best": "log_likelihood", "track": "none", "precision": "fp32"}
    little = {"made": Player(recipe="made", setting=Setting(images=96, options={**options, **chosen}))}
    monkeypatch.setattr(likelihood, "players", lambda scale: little)
    protocol = replace(likelihood.PROTOCOL, players=likelihood.players)
    rows = run(protocol, data="digits", seeds=[0], offline=True)
    (folder,) = RUNS.iterdir()
    best, last = (api.evaluate(folder, metrics=["log_likelihood"], checkpoint=which)[0].value for which in ("best", 96))
    assert rows[0].value == pytest.approx(best, rel=1e-5)
    assert abs(best - last) > 0.01, "a test that another checkpoint passes too shows nothing"


def test_the_table_keeps_protocols_apart_and_shows_standard_errors():
    def row(how: str, recipe: str, measure: str, value: float, error: float | None, seed: int = 0) -> Row:
        blank = {field.name: "" for field in fields(Row)}
        about = {"seed": seed, "images": 1, "floor": None, "n": 10_000, "minutes": 1.0, "cpu_minutes": 1.0}
        own = {"recipe": recipe, "data": "mnist", "scale": f"likelihood {how}", "measure": measure, "value": value}
        command = "saddle reproduce likelihood"
        return Row(**{**blank, **about, **own, "error": error, "command": command})  # type: ignore[arg-type]

    text = table(
        [
            row("fixed", "made", "log p(x) (nats)", -105.3468, 0.2583),
            row("fixed", "pixel_vae", "active units", 7, None),
            row("stochastic", "vae", "ELBO (nats)", -90.0, 0.25, seed=0),
            row("stochastic", "vae", "ELBO (nats)", -92.0, 0.25, seed=1),
        ]
    )
    fixed, stochastic = text.split("## likelihood ")[1:]
    assert "| made | 1 | 1 | -105.35 (0.26) |  |" in fixed
    assert "10,000 test images; in brackets the standard error over them" in fixed
    assert "likelihood.md" in fixed
    assert "made" not in stochastic
    assert "-91 ± 1.41" in stochastic
