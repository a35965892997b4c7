"""Claims: every recipe has one, reproduce writes rows, the page is what the rows make."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch

from saddlepoint import catalogue
from saddlepoint.claims import against_gan, gan, unrolled_gan, wgan_gp, which_gan
from saddlepoint.claims.claim import Setting, Trained, find
from saddlepoint.claims.columns import hardware
from saddlepoint.claims.reproduce import reproduce
from saddlepoint.claims.results import COLUMNS, Row, keep, read
from saddlepoint.claims.table import table
from saddlepoint.claims.training import RUNS
from saddlepoint.config import DataConfig, TrainConfig, split
from saddlepoint.errors import UserError
from saddlepoint.pictures import wall

ROOT = Path(__file__).parents[1]
RECIPES = [name for name in catalogue.names() if catalogue.info(name).recipe == name]


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_has_a_claim_that_says_all(name: str):
    claim = find(name)
    assert claim.recipe == name
    assert claim.statement.endswith(".")
    assert claim.gap.endswith(".")
    assert "mnist" in claim.published
    for published in claim.published.values():
        assert all((published.value, published.measure, published.where))
        assert published.comparable == "yes" or published.comparable.startswith("no: ")
    for scale in ("quick", "full"):
        for on in claim.published:
            setting = claim.setting(on, scale)
            assert setting.budget("cpu").images
            own, training, data = split(setting.options, catalogue.recipe_class(name).Config, TrainConfig, DataConfig)
            catalogue.configure(name, own)
            TrainConfig(**training)
            DataConfig(**data)


@pytest.mark.parametrize("name", ["nosuch", "r3gan_tiny"])
def test_what_has_no_claim_is_refused(name: str):
    with pytest.raises(UserError, match=name):
        find(name)


def test_a_data_set_without_a_setting_is_refused():
    with pytest.raises(UserError, match=r"'lsun': choose mnist or cifar10"):
        find("dcgan").setting("lsun", "quick")


def test_only_a_full_training_may_stand_beside_its_paper():
    few, pictures = find("catgan"), find("cgan")
    assert few.comparable("mnist", "full") == "yes"
    assert few.comparable("mnist", "quick").startswith("no: quick scale")
    assert pictures.comparable("mnist", "quick") == pictures.comparable("mnist", "full") != "yes"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


TINY = {"width": 8, "batch": 16, "ema": 100, "track": "none", "precision": "fp32"}


def tiny(name: str, **options: object):
    return replace(find(name), settings={"quick": {"mnist": Setting(images=64, options={**TINY, **options})}})


def test_reproduce_trains_judges_and_keeps_every_number(here: Path):
    rows = reproduce(tiny("cgan", network="conv"), data="digits", seeds=[0, 1], offline=True)
    kept = read(Path("results/claims.csv"))
    assert [row.key for row in kept] == [row.key for row in rows]
    assert {row.seed for row in rows} == {0, 1}
    row = rows[0]
    assert (row.recipe, row.data, row.scale, row.images) == ("cgan", "digits", "quick", 64)
    assert row.measure.startswith("FD[classifier:digits@")
    assert row.floor is not None
    assert row.floor < row.value
    assert row.comparable.startswith("no: digits is not mnist. no: a Parzen")
    assert row.command == "saddle reproduce cgan --on mnist --data digits --scale quick"
    assert row.options == "batch=16 ema=100 network=conv precision=fp32 track=none width=8"
    assert row.cpu_minutes is not None
    assert len({row.config for row in rows}) == 1
    agreement = [row for row in rows if row.measure.startswith("label agreement")]
    assert len(agreement) == 2
    assert 0 <= agreement[0].value < 0.9 < (agreement[0].floor or 0)
    assert (here / "docs/images/cgan.png").exists()


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("name", "likelihoods"),
    [
        ("made", {"log p(x) (nats)", "bits/dim"}),
        ("vae", {"ELBO (nats)", "bits/dim, upper bound"}),
        ("gan", set()),
    ],
)
def test_reproduce_asks_for_the_likelihood_that_a_model_has(name: str, likelihoods: set[str]):
    options = {"batch": 16, "track": "none", "precision": "fp32"}
    claim = replace(find(name), settings={"quick": {"mnist": Setting(images=32, options=options)}}, probe=None)
    rows = reproduce(replace(claim, pictures={}, samples=50), data="digits", seeds=[0], offline=True)
    found = {row.measure for row in rows}
    assert {measure for measure in found if "nats" in measure or "bits" in measure} == likelihoods


def test_reproduce_again_judges_what_is_trained_and_replaces_its_rows(here: Path):
    claim = replace(tiny("dcgan"), samples=50)
    first = reproduce(claim, data="digits", seeds=[0], offline=True)
    assert {row.n for row in first} == {50}
    again = reproduce(claim, data="digits", seeds=[0], offline=True)
    assert [row.value for row in again] == [row.value for row in first]
    assert len(read(Path("results/claims.csv"))) == len(first)
    assert len(list(RUNS.iterdir())) == 1
    with pytest.raises(UserError, match="other settings"):
        reproduce(tiny("dcgan", lr=1e-3), data="digits", seeds=[0], offline=True)


def test_a_stopped_run_goes_on(here: Path):
    claim = tiny("dcgan")
    whole = reproduce(claim, data="digits", seeds=[0], offline=True)[0]
    checkpoints = sorted((RUNS / "dcgan-digits-quick-seed0" / "checkpoints").iterdir())
    for path in [*checkpoints[0].iterdir()]:
        path.unlink()
    checkpoints[0].rmdir()
    resumed = reproduce(claim, data="digits", seeds=[0], offline=True)[0]
    assert resumed.value == whole.value
    assert (resumed.cpu_minutes or 0) > 0


def test_a_wrong_file_of_results_is_refused(tmp_path: Path):
    path = tmp_path / "claims.csv"
    path.write_text("recipe,value\ndcgan,1\n")
    with pytest.raises(UserError, match=r"claims\.csv is no file of results"):
        read(path)
    path.write_text(",".join(COLUMNS) + "\n" + ",".join("x" for _ in COLUMNS) + "\n")
    with pytest.raises(UserError, match="line 2"):
        read(path)


def row(recipe: str, seed: int, value: float, **rest: object) -> Row:
    filled: dict[str, object] = dict.fromkeys(COLUMNS, "-")
    filled |= {"seed": seed, "images": 1000, "minutes": 2.0, "cpu_minutes": 1.5, "n": 10, "error": None, "floor": 0.25}
    filled |= {"data": "mnist", "scale": "quick", "measure": "FD[pixels]", "recipe": recipe, "value": value}
    return Row(**{**filled, **rest})  # pyright: ignore[reportArgumentType]


def test_rows_survive_the_file(tmp_path: Path):
    rows = [row("gan", 0, 1.5, n=None, floor=None), row("gan", 1, 2.5, claim='says "so", twice')]
    keep(tmp_path / "a" / "claims.csv", rows)
    assert read(tmp_path / "a" / "claims.csv") == rows


def test_the_table_has_means_spreads_floors_and_the_best_first():
    page = table([row("gan", 0, 4.0), row("gan", 1, 6.0), row("dcgan", 0, 1.5), row("gan", 0, 0.5, measure="ELBO")])
    lines = page.splitlines()
    best = next(i for i, line in enumerate(lines) if line.startswith("| dcgan"))
    assert lines[best] == "| dcgan | 1,000 | 1.5 | 1 | 1.5 |"
    assert lines[best + 1] == "| gan | 1,000 | 1.5 ± 0 | 2 | 5 ± 1.41 |"
    assert lines[best + 2] == "| *floor* |  |  |  | 0.25 |"
    assert any("ELBO: 0.5" in line for line in lines)


def test_a_divergence_from_a_missing_mode_is_said_to_be_infinite():
    page = table([row("gan", 0, 4.0), row("gan", 1, float("inf")), row("dcgan", 0, float("inf"))])
    assert "∞ in 1 of 2" in page
    assert "| ∞ |" in page


def test_seeds_of_other_defaults_are_never_averaged():
    page = table([row("gan", 0, 4.0), row("gan", 1, 6.0, config="after")])
    assert "| gan (-) | 1,000 | 1.5 | 1 | 4 |" in page
    assert "| gan (after) | 1,000 | 1.5 | 1 | 6 |" in page


def test_the_committed_page_is_what_the_committed_rows_make():
    rows = read(ROOT / "results" / "claims.csv")
    assert rows
    assert (ROOT / "docs" / "results.md").read_text(encoding="utf-8") == table(rows)


def test_hardware_is_named_without_the_host():
    import platform

    import torch

    named = hardware(torch.device("cpu"), 2)
    assert named.endswith("cores, 2 of them used")
    assert platform.node() not in named


def test_the_optimal_discriminator_is_found():
    """1/2 everywhere, which has learnt nothing, is 0.35 away; a D that swaps real and fake is 0.71 away."""
    assert gan.distance_from_optimal_discriminator(seed=0, steps=400) < 0.05


def test_rank_correlation():
    assert wgan_gp.rank_correlation([1, 2, 3, 4], [10, 20, 30, 40]) == pytest.approx(1)
    assert wgan_gp.rank_correlation([1, 2, 3, 4], [9, 5, 2, 1]) == pytest.approx(-1)


def test_the_page_of_all_gans_has_the_table_that_the_rows_make():
    page = (ROOT / "docs" / "which_gan.md").read_text(encoding="utf-8")
    assert which_gan.table(read(ROOT / "results" / "claims.csv")) in page


def test_a_sheet_shows_the_first_row_of_each_wall(tmp_path: Path):
    for name, shade in (("light", 0.9), ("dark", -0.9)):
        first = torch.full((8, 1, 28, 28), shade)
        wall(torch.cat([first, torch.zeros(56, 1, 28, 28)]), columns=8).save(tmp_path / f"{name}.png")
    pixels = np.asarray(which_gan.sheet(tmp_path, ["light", "dark"], side=20))
    assert pixels.shape == (40, 120 + 160)
    for i, shade in enumerate((242, 13)):
        for k in range(8):
            tile = pixels[i * 20 : i * 20 + 18, 120 + k * 20 : 120 + k * 20 + 18]
            assert np.abs(tile.astype(int) - shade).max() <= 1


def test_unrolled_gan_is_measured_beside_itself_without_its_look_ahead(monkeypatch: pytest.MonkeyPatch):
    played: list[tuple[int, int, str]] = []
    draw = against_gan.samples

    def samples(name: str, seed: int, steps: int, **config: Any) -> torch.Tensor:
        played.append((config["unroll"], steps, name))
        return draw(name, seed, 2, **{**config, "widths": (8,)})

    monkeypatch.setattr(against_gan, "samples", samples)
    found = list(unrolled_gan.measure(cast(Trained, SimpleNamespace(seed=3))))
    assert played == [(5, 3_000, "unrolled_gan"), (0, 3_000, "unrolled_gan"), (0, 12_000, "unrolled_gan")]
    assert [each.metric for each in found[::3]] == [
        f"modes covered of 8, K = {k} after {steps} steps on 8gaussians" for k, steps, _ in played
    ]
    assert found[0].value == found[3].value == 0
    assert found[1].protocol["n"] == 10_000


def test_black_and_white_data_have_a_table_of_their_own():
    grey = [row for row in read(ROOT / "results" / "claims.csv") if row.recipe == "dcgan" and row.data == "mnist"]
    binary = [replace(row, recipe="rbm", options=f"batch=8 binarise=fixed {row.options}") for row in grey]
    page = table([*grey, *binary])
    assert page.index("## mnist, quick scale") < page.index("## mnist, binarise=fixed, quick scale")
    for title, name in (("## mnist, quick", "| dcgan |"), ("## mnist, binarise=fixed, quick", "| rbm |")):
        section = page[page.index(title) :].split("\n## ")[0]
        assert name in section
        assert section.count("± ") + section.count("| 3 |") > 0
        assert ({"| dcgan |", "| rbm |"} - {name}).pop() not in section


def test_numbers_of_fewer_samples_have_a_table_of_their_own():
    many = [row for row in read(ROOT / "results" / "claims.csv") if row.recipe == "dcgan" and row.data == "mnist"]
    few = [replace(row, recipe="pixel_rnn", n=1_000, floor=1.0) for row in many]
    page = table([*many, *few])
    sections = {part.partition("\n")[0]: part for part in page.split("\n## ")}
    assert "| dcgan |" in sections["mnist, quick scale"]
    assert "| pixel_rnn |" not in sections["mnist, quick scale"]
    assert "| pixel_rnn |" in sections["mnist, quick scale, 1,000 samples"]
    assert "| *floor* |  |  |  | 1 |" in sections["mnist, quick scale, 1,000 samples"]
