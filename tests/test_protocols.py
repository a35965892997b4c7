"""Protocols: equal terms for all, rows that are not made twice, and bars that cost seconds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from saddlepoint import catalogue
from saddlepoint.claims import PROTOCOLS, fixed_generator, grid, one_dimension, semi_supervised, stacked
from saddlepoint.claims.claim import Setting
from saddlepoint.claims.protocol import Player, find, run
from saddlepoint.claims.results import COLUMNS, Row, read
from saddlepoint.claims.table import table
from saddlepoint.claims.training import RUNS
from saddlepoint.cli.main import main
from saddlepoint.data.load import load
from saddlepoint.errors import UserError
from saddlepoint.types import DataSpec


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_says_all(name: str):
    protocol = find(name)
    assert protocol.name == name
    assert protocol.statement.endswith(".")
    assert protocol.gap.endswith(".")
    assert protocol.players("quick")
    with pytest.raises(UserError, match=f"nosuch takes no part in {name}"):
        run(protocol, recipes=["nosuch"])


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grid, "STEPS", 6)
    monkeypatch.setattr(grid, "TUNING_STEPS", 3)
    monkeypatch.setattr(grid, "RATES", (1e-4, 1e-3))


@pytest.mark.usefixtures("short")
def test_the_grid_is_tuned_once_and_goes_on_where_it_was(here: Path, monkeypatch: pytest.MonkeyPatch):
    out = here / "claims.csv"
    rows = run(grid.PROTOCOL, recipes=["wgan_gp"], seeds=[0], out=out)
    kept = read(out)
    assert {(row.scale, row.seed) for row in kept} == {("grid tuning", 100), ("grid", 0)}
    assert len({row.config for row in kept if row.scale == "grid tuning"}) == 2  # as many as there are rates
    assert {row.measure for row in rows} == {"modes", "modes_touched", "high_quality", "reverse_kl", "forward_kl"}
    assert {row.images for row in rows} == {6 * 5 * grid.BATCH}  # five critic updates to a step
    assert {row.n for row in rows} == {10_000}
    floor = {row.measure: row.floor for row in rows}
    assert floor["modes"] == 25
    assert floor["high_quality"] == pytest.approx(0.989, abs=0.005)
    made = sorted(RUNS.iterdir())
    assert len(made) == 3
    for path in made:
        path.rename(path.with_name(f"old-{path.name}"))  # whatever is made again would be seen
    again = run(grid.PROTOCOL, recipes=["wgan_gp"], seeds=[0, 1], out=out)
    assert [row for row in again if row.seed == 0] == rows
    assert [path.name.rpartition("-")[2] for path in RUNS.iterdir() if not path.name.startswith("old")] == ["seed1"]


@pytest.mark.usefixtures("short")
def test_a_training_that_diverges_is_judged_as_it_was_and_ends_nothing(here: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(grid, "RATES", (1e25, 1e-3))
    out = here / "claims.csv"
    rows = run(grid.PROTOCOL, recipes=["gan"], seeds=[0], out=out)
    tuning = [row for row in read(out) if row.scale == "grid tuning" and row.measure == "high_quality"]
    assert tuning[0].images < tuning[1].images == 3 * grid.BATCH
    assert rows
    assert run(grid.PROTOCOL, recipes=["gan"], seeds=[0], out=out) == rows


@pytest.mark.parametrize("name", grid.players())
def test_everyone_on_the_grid_has_one_network_and_as_many_trials(name):
    player = grid.players()[name]
    for rate in grid.RATES:
        options = grid.at_rate(player, rate, 100).setting.options
        assert options["decay"] == "cosine"
        first = options["lr"]
        assert (first[0] if isinstance(first, tuple) else first) == rate
    recipe = catalogue.recipe_class(player.recipe)
    own = {key: value for key, value in options.items() if key in recipe.Config.model_fields}
    model = catalogue.create(player.recipe, DataSpec(kind="points", shape=(2,)), **own)
    kinds = {type(layer).__name__ for layer in model.modules()}
    assert not kinds & {"Dropout", "LeakyReLU", "Softplus", "Maxout"} - HEADS.get(name, set()), kinds
    assert not {kind for kind in kinds if "Norm" in kind} - HEADS.get(name, set()) - {"SpectralNorm"}, kinds
    generator = model.generators[0] if name == "adagan" else model.generator
    widths = [layer.out_features for layer in generator.modules() if isinstance(layer, nn.Linear)]
    assert widths == [128, 128, 128, 2]


HEADS = {"infogan": {"LeakyReLU", "BatchNorm1d"}}
"""Layers that a recipe has outside of the given network: in Q's head."""


def test_the_courses_of_a_training_fit_its_steps_on_the_grid():
    ada = catalogue.create("adagan", DataSpec(kind="points", shape=(2,)), **grid.within("adagan", 1e-3, 6_000)).config
    phases = ada.components * ada.component_steps + (ada.components - 1) * ada.classifier_steps
    assert 0.95 * 6_000 < phases <= 6_000
    gang = catalogue.create("gogan", DataSpec(kind="points", shape=(2,)), **grid.within("gogan", 1e-3, 6_000)).config
    assert gang.stages * gang.stage_steps == 6_000


def test_the_best_rate_has_the_most_modes_and_then_the_most_good_samples():
    class Value:
        def __init__(self, measure: str, value: float):
            self.measure, self.value = measure, value

    def score(modes: float, good: float):
        return grid.score([Value("modes", modes), Value("high_quality", good)])

    assert score(25, 0.5) > score(24, 0.9)
    assert score(24, 0.9) > score(24, 0.8)


def test_a_protocol_has_its_own_table_without_its_tuning():
    filled: dict[str, object] = dict.fromkeys(COLUMNS, "-")
    filled |= {"seed": 0, "images": 9, "minutes": 1.0, "cpu_minutes": 2.0, "n": 1000, "error": None, "floor": 25.0}
    filled |= {"scale": "grid", "measure": "modes", "recipe": "gan"}

    def row(**values: object) -> Row:
        return Row(**{**filled, **values})  # pyright: ignore[reportArgumentType]

    tuned = row(value=1.0, scale="grid tuning", recipe="wgan")
    page = table([row(value=4.0), row(value=6.0, seed=1), row(value=25.0, recipe="r3gan"), tuned])
    assert "## grid: -" in page
    assert "| gan | 2 | 2 ± 0 | 5 ± 1.41 |" in page
    assert "| r3gan | 1 | 2 | 25 |" in page
    assert "| *floor* |  |  | 25 |" in page
    assert "wgan" not in page
    assert "trained in - on -: `-`" in page
    page = table([row(value=4.0, hardware="one"), row(value=25.0, recipe="r3gan", hardware="two", precision="bf16")])
    assert "trained in - on one (gan) and bf16 on two (r3gan): `-`" in page


def test_stacks_are_counted_at_a_budget_of_minutes(here: Path, monkeypatch: pytest.MonkeyPatch):
    tiny = {"width": 8, "batch": 8, "precision": "fp32", "track": "none", "sample_every": 0}
    player = Player(recipe="dcgan", setting=Setting(options=tiny, core_minutes=0.01))
    monkeypatch.setattr(stacked, "players", lambda scale: {"dcgan": player})
    monkeypatch.setattr("saddlepoint.metrics.evaluate.STACKS", 300)
    protocol = replace(stacked.PROTOCOL, players=stacked.players, data="stacked-digits")
    out = here / "claims.csv"
    rows = run(protocol, out=out)
    values = {row.measure.partition("[")[0]: row for row in rows}
    assert 0.95 < values["accuracy on single digits"].value < 1
    assert values["modes"].measure.startswith("modes[classifier:digits@")
    assert values["modes"].data == "stacked-digits"
    assert values["modes"].n == 300
    assert 0 < values["modes"].value < (values["modes"].floor or 0)
    assert values["modes"].options.endswith("cpu_minutes=0.01 precision=fp32 sample_every=0 track=none width=8")
    assert (values["modes"].cpu_minutes or 0) >= 0.01
    assert run(protocol, out=out) == read(out) == rows


def test_the_stacked_protocol_gives_everyone_the_same_minutes():
    minutes = {player.setting.core_minutes for player in stacked.players("quick").values()}
    assert minutes == {40.0}, "of one core"
    assert list(stacked.players("full")) == ["r3gan"]


def test_the_optimal_discriminator_is_found_on_a_line():
    """The bars of the protocol, at its own training: a third of it leaves the largest error at 0.2."""
    logits, seen = fixed_generator.scores("gan", one_dimension.players()["gan"].setting, seed=0)
    assert seen == 3_000 * fixed_generator.BATCH
    found = {m.metric: m.value for m in one_dimension.discriminator_measures(logits)}
    assert found["mean |D - D*| under (p + q) / 2"] < 0.02
    assert found["largest |D - D*| where (p + q) / 2 > 0.001"] <= 0.1
    assert 0 < found["2 JS - log 4 less the value of D, nats"] < 0.005
    untrained = {m.metric: m.value for m in one_dimension.discriminator_measures(torch.zeros_like(logits))}
    assert untrained["mean |D - D*| under (p + q) / 2"] > 0.1
    assert untrained["2 JS - log 4 less the value of D, nats"] > 0.1


def test_a_critic_estimates_the_exact_distance():
    """x itself has the slope 1 everywhere: its estimate is the difference of the means, which W1 is at least."""
    exact = {m.metric: m.value for m in one_dimension.critic_measures(fixed_generator.X)}
    means = float((fixed_generator.p().weights * fixed_generator.p().modes[:, 0]).sum()) - fixed_generator.MEAN
    assert exact["critic's estimate of W1"] == pytest.approx(means, abs=1e-6)
    assert exact["critic's estimate over its largest slope"] == pytest.approx(means, abs=1e-6)
    assert abs(means) < exact["W1"]
    setting = one_dimension.players()["wgan_gp"].setting  # half of its steps can end with the wrong sign
    f, _ = fixed_generator.scores("wgan_gp", setting, seed=0)
    found = {m.metric: m.value for m in one_dimension.critic_measures(f)}
    assert 0.8 < found["critic's estimate of W1"] < exact["W1"] + 0.1
    assert found["critic's estimate over its largest slope"] < exact["W1"] + 1e-6


def test_few_labels_are_learned_with_and_without_the_other_images(here: Path, monkeypatch: pytest.MonkeyPatch):
    tiny = {
        "classification_vae": (128, {"channels": 4, "latent": 4, "shift": 1}),
        "improved_gan": (128, {"widths": (16,)}),
    }
    monkeypatch.setattr(semi_supervised, "LABELS", (20, 0))
    monkeypatch.setattr(semi_supervised, "ALONE_STEPS", 200)
    monkeypatch.setattr(semi_supervised, "PLAYERS", tiny)
    protocol, out = replace(semi_supervised.PROTOCOL, data="digits"), here / "claims.csv"
    rows = run(protocol, seeds=[0, 1], out=out)
    assert {row.recipe for row in rows} == {name + part for name in tiny for part in ("", semi_supervised.ALONE)}
    of = {(row.recipe, row.measure, row.seed): row for row in rows}
    vae = {key[1:] for key in of if key[0] == "classification_vae"}
    few, every = "accuracy, 20 labels", f"accuracy, {len(load('digits').train):,} labels"
    assert vae == {(few, 0), (few, 1), (every, 0)}, "one draw of all there are"
    for name in tiny:
        alone = [of[name + semi_supervised.ALONE, few, seed] for seed in (0, 1)]
        assert all(row.value > 0.4 for row in alone), "chance is 0.1"  # 0.53 to 0.72
        assert alone[0].value != alone[1].value, "another draw"
        assert (alone[0].n, alone[0].images) == (len(load("digits").test), 20_000)
    assert "labels=20" in of["improved_gan", few, 0].options
    for name in ("classification_vae", "classification_vae" + semi_supervised.ALONE):
        assert "shift=1" in of[name, few, 0].options, "both see the same"
    assert run(protocol, seeds=[0, 1], out=out) == rows


def test_the_command_shows_every_recipe_and_refuses_what_makes_no_sense(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    player = one_dimension.players()["gan"]
    few = {"gan": replace(player, setting=replace(player.setting, steps=3))}
    monkeypatch.setattr(one_dimension, "players", lambda scale: few)
    monkeypatch.setattr(one_dimension, "PROTOCOL", replace(one_dimension.PROTOCOL, players=lambda scale: few))
    assert main(["reproduce", "one_dimension", "--seeds", "2"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("mean |D - D*|") == 2
    assert "gan" in shown
    assert len(read(here / "results/claims.csv")) == 8
    assert main(["reproduce", "dcgan", "--recipes", "gan"]) == 2
    assert "dcgan is one recipe" in capsys.readouterr().err
