"""`saddle doctor` on real trainings: each fault on a run that has it, none on runs that are well, and unfinished runs.

Thresholds alone are in test_diagnosis.py; docs/doctor.md has what these and longer runs measured.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import saddlepoint
from cli_support import Saddle
from saddlepoint import catalogue
from saddlepoint.data.load import load
from saddlepoint.diagnosis import Finding, diagnose
from saddlepoint.diagnosis.gather import gather
from saddlepoint.errors import NonFiniteError
from support import SMALL

DENSE = {"g_widths": [64, 64], "d_widths": [64], "dropout": 0.0}
TINY = {"g_widths": [32, 32], "d_widths": [32], "dropout": 0.0}


@pytest.fixture(autouse=True)
def own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SADDLE_CACHE", str(cache))


@pytest.fixture
def few(tmp_path: Path, cache: Path) -> Path:
    """A folder of 20 digits and one of 60."""
    raw = load("digits", cache=cache).train.raw(slice(0, 60)).numpy()
    for count in (20, 60):
        (tmp_path / f"digits{count}").mkdir()
        for i, picture in enumerate(raw[:count]):
            Image.fromarray(picture[:, :, 0]).save(tmp_path / f"digits{count}" / f"{i:03d}.png")
    return tmp_path


def train(name: str, out: Path, data: str | Path = "digits", **options: Any) -> Path:
    given = {"precision": "fp32", "track": "none", "sample_every": 0, "log_every": 10, "device": "cpu", **options}
    if catalogue.recipe_class(name).binary:
        given["binarise"] = "stochastic"
    return saddlepoint.train(name, data, out=out / "run", **given).path


def found(run: Path) -> dict[str, Finding]:
    return {finding.name: finding for finding in diagnose(gather(run))}


# Made to be ill ------------------------------------------------------------------------------------------


def test_a_part_of_the_model_that_has_not_begun_is_named_by_training_and_by_the_doctor(
    saddle: Saddle, tmp_path: Path
) -> None:
    sizes = [f"{key}={value}" for key, value in {**SMALL["m1_m2"], "m1_steps": 6, "batch": 8}.items()]
    told = saddle("train", "m1_m2", "--steps", 6, "--out", "run", *sizes, "track=none", "precision=fp32")
    assert "The budget ended before these had an update: m2." in told.err
    assert found(tmp_path / "run")["idle"].evidence == {"players": ["m2"]}
    told = saddle("resume", "run", "--steps", 7)
    assert told.status == 0
    assert "had an update" not in told.err
    assert "idle" not in found(tmp_path / "run")


TOO_FAST: dict[str, dict[str, Any]] = {
    "dcgan": {"steps": 60, "batch": 32, "width": 8, "lr": 1.0},
    "wgan_gp": {"steps": 30, "batch": 32, "width": 8, "lr": 1.0},
    "gan": {"steps": 200, "batch": 32, "g_widths": [64, 64], "d_widths": [64], "lr": 1.0},
    "cgan": {"steps": 200, "batch": 32, **SMALL["cgan"], "lr": 0.3},
    "r3gan": {"steps": 40, "batch": 32, "width": 16, "lr": (0.1, 0.1)},
}


@pytest.mark.parametrize("name", TOO_FAST)
def test_a_learning_rate_that_diverges(name: str, tmp_path: Path) -> None:
    seen = found(train(name, tmp_path, **TOO_FAST[name]))
    assert seen["diverging"].severity == "error"
    assert "divide lr by 10" in seen["diverging"].sentence


def test_a_learning_rate_that_ends_in_nan(tmp_path: Path) -> None:
    with pytest.raises(NonFiniteError):
        train("vae", tmp_path, steps=100, lr=0.3, channels=8)
    assert set(found(tmp_path / "run")) == {"nonfinite", "diverging"}


def test_a_discriminator_that_won(tmp_path: Path) -> None:
    """Eight steps to the generator's one, and an objective that stops moving it once the discriminator is sure."""
    run = train("gan", tmp_path, steps=250, objective="minimax", d_steps=8, lr=1e-3, **DENSE)
    assert set(found(run)) == {"discriminator-won"}


def test_collapse(tmp_path: Path) -> None:
    seen = found(train("gan", tmp_path, "8gaussians", steps=2100, batch=32, lr=5e-3, **TINY))
    assert set(seen) == {"collapse"}


def test_memorisation_of_twenty_images(few: Path, tmp_path: Path) -> None:
    network = {"latent": 16, "g_widths": [128, 128], "d_widths": [64], "dropout": 0.0}
    seen = found(train("gan", tmp_path, few / "digits20", steps=1500, batch=16, lr=2e-3, ema=1000, **network))
    assert set(seen) == {"memorisation", "few-images"}
    assert seen["memorisation"].evidence["copies"] > 0.5


def test_overfitting_of_sixty_images(few: Path, tmp_path: Path) -> None:
    seen = found(train("vae", tmp_path, few / "digits60", steps=800, batch=32, lr=3e-3, network="dense", hidden=128))
    assert set(seen) == {"overfitting", "few-images"}
    assert seen["overfitting"].sentence.startswith("The bound prefers training examples")


@pytest.mark.slow
def test_a_discriminator_that_overfits_sixty_images(few: Path, tmp_path: Path) -> None:
    seen = found(train("dcgan", tmp_path, few / "digits60", steps=5000, batch=32, width=16))
    assert seen["overfitting"].sentence.startswith("The discriminator prefers training examples")


# Well ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted({catalogue.info(name).recipe for name in catalogue.names()}))
def test_the_first_steps_of_every_recipe_are_no_illness(name: str, tmp_path: Path) -> None:
    rate = {"lr": 2e-4} if name == "geometric_gan" else {}
    assert not found(train(name, tmp_path, steps=60, log_every=2, batch=16, **{**SMALL[name], **rate}))


HEALTHY: dict[str, dict[str, Any]] = {
    "cgan": {"steps": 8000, "g_widths": [64, 64, 256], "d_widths": [64, 16, 64], "dropout": 0.0},
    "cgan_conv": {"steps": 2200, "width": 16},
    "dcgan": {"steps": 2200, "width": 16},
    "gan": {"steps": 8000, "g_widths": [256, 256], "d_widths": [64, 64], "dropout": 0.0},
    "made": {"steps": 2000, "widths": [200]},
    "pixel_cnn": {"steps": 500, "blocks": 3, "width": 16, "head": 16, "lr": 3e-3},
    "r3gan": {"steps": 2100, "batch": 32, "width": 16, "blocks": 1, "gamma": (1.0, 0.1), "burn_in": 60_000},
    "r3gan_small": {"steps": 300, "gamma": (1.0, 0.1), "burn_in": 60_000},
    "r3gan_tiny": {"steps": 600, "gamma": (1.0, 0.1), "burn_in": 60_000},
    "real_nvp": {"steps": 500, "channels": 16, "blocks": 1},
    "vae": {"steps": 5000},
    "wgan_gp": {"steps": 2100, "batch": 32, "width": 16, "lr": 5e-4},
}
"""A minute or two each on one core."""


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_run_has_no_finding(name: str, tmp_path: Path) -> None:
    assert not found(train(name, tmp_path, **HEALTHY[name]))


HEALTHY_POINTS: dict[str, dict[str, Any]] = {
    "gan": {
        "data": "8gaussians",
        "steps": 3000,
        "lr": 1e-3,
        "latent": 16,
        "g_widths": [128, 128],
        "d_widths": [64, 64],
        "dropout": 0.0,
    },
    "vae": {"data": "two-moons", "steps": 3000, "hidden": 64},
    "wgan_gp": {"data": "8gaussians", "steps": 2100, "widths": [128, 128]},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HEALTHY_POINTS)
def test_a_healthy_run_on_points_has_no_finding(name: str, tmp_path: Path) -> None:
    assert not found(train(name, tmp_path, **HEALTHY_POINTS[name]))


# Not finished, or not whole ------------------------------------------------------------------------------


def copied(runs: Path, folder: Path) -> Path:
    shutil.copytree(runs / "gan", folder / "gan")
    return folder / "gan"


def report(saddle: Saddle, run: Path) -> dict[str, Any]:
    plain, machine = saddle("doctor", run), saddle("doctor", run, "--json")
    assert (plain.status, machine.status, plain.err, machine.err) == (0, 0, "", "")
    told: dict[str, Any] = json.loads(machine.out)
    if not told["findings"]:
        assert plain.out.startswith("Nothing looks wrong in what could be checked.")
    return told


def test_a_run_without_a_checkpoint_or_a_line_of_log(saddle: Saddle, runs: Path, tmp_path: Path) -> None:
    run = copied(runs, tmp_path)
    shutil.rmtree(run / "checkpoints")
    for log in (None, "", '{"step": 10, "images": 640, "generator/loss": 1.0}\n{"step": 20, "ima'):
        (run / "events.jsonl").unlink(missing_ok=True)
        if log is not None:
            (run / "events.jsonl").write_text(log)
        told = report(saddle, run)
        assert told["findings"] == []
        lines, samples = told["not_checked"]
        assert f"the log has {1 if log else 0} lines" in lines
        assert samples.endswith("has no checkpoint yet.")


def test_data_that_moved_leaves_logs_and_weights(saddle: Saddle, few: Path, tmp_path: Path) -> None:
    run = train("dcgan", tmp_path, few / "digits60", steps=60, batch=32, width=8, lr=1.0)
    (few / "digits60").rename(few / "elsewhere")
    told = report(saddle, run)
    assert [finding["name"] for finding in told["findings"]] == ["diverging", "few-images"]
    assert told["findings"][0]["severity"] == "warning", "without the data the harm is not seen"
    assert "digits60" in told["not_checked"][-1]


def test_data_that_changed_are_not_compared_with(saddle: Saddle, runs: Path, tmp_path: Path) -> None:
    run = copied(runs, tmp_path)
    manifest = json.loads((run / "run.json").read_text())
    manifest["data"]["fingerprint"] = "0" * 64
    (run / "run.json").write_text(json.dumps(manifest))
    assert "digits has changed since the training." in report(saddle, run)["not_checked"][-1]


def test_a_damaged_checkpoint_leaves_the_logs(saddle: Saddle, runs: Path, tmp_path: Path) -> None:
    run = copied(runs, tmp_path)
    (weights,) = run.glob("checkpoints/*/model.safetensors")
    weights.write_bytes(weights.read_bytes()[:-100])
    assert "is damaged" in report(saddle, run)["not_checked"][-1]


def test_too_few_to_hold_any_out(saddle: Saddle, few: Path, tmp_path: Path) -> None:
    for picture in sorted((few / "digits20").iterdir())[8:]:
        picture.unlink()
    run = train("dcgan", tmp_path, few / "digits20", steps=5, batch=4, width=8)
    told = report(saddle, run)
    assert [finding["name"] for finding in told["findings"]] == ["few-images"]
    assert any("no examples are held out" in sentence for sentence in told["not_checked"])


def test_what_it_did_about_a_fault_is_told(saddle: Saddle, runs: Path, tmp_path: Path) -> None:
    run = copied(runs, tmp_path)
    fault = {"event": "nonfinite", "player": "generator", "terms": ["loss"], "step": 7, "examples": [3, 9]}
    back = {"event": "rollback", "step": 7, "to_images": 256, "factor": 0.1}
    with (run / "events.jsonl").open("a") as log:
        log.write("".join(json.dumps({"images": 448, **line}) + "\n" for line in (fault, back)))
    said = " ".join(saddle("doctor", run).out.split())
    assert "nonfinite: The generator's loss was not finite once, first at step 7, on a batch with examples 3, 9" in said
    assert "rollback: Training went back once, last at step 7 to the checkpoint of 256 images" in said
