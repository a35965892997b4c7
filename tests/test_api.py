"""The Python front door."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

import saddlepoint
from saddlepoint import UserError

FAST = {"device": "cpu", "batch": 8, "precision": "fp32", "track": "none"}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "mine"
    return saddlepoint.train("dcgan", "digits", out=folder, steps=3, width=8, **FAST)


def test_a_run_leaves_what_it_promises(run):
    there = {str(p.relative_to(run.path)) for p in run.path.rglob("*") if p.is_file()}
    point = f"checkpoints/{run.images}"
    expected = {f"{point}/{name}.safetensors" for name in ("model", "average", "optim")}
    assert {"run.json", f"{point}/state.json", f"samples/{run.images:09d}.png"} | expected <= there
    manifest = json.loads((run.path / "run.json").read_text())
    assert manifest["recipe"] == "dcgan"
    assert manifest["config"]["recipe"]["width"] == 8
    assert len(manifest["data"]["fingerprint"]) == 64
    assert manifest["versions"]["torch"] == torch.__version__


def test_load_gives_the_averaged_or_the_raw_model(run):
    average, raw = saddlepoint.load(run), saddlepoint.load(run.path, weights="raw")
    assert not average.training
    assert not torch.equal(average.sample(2), raw.sample(2))
    assert torch.equal(average.sample(2, seed=1), run.model().sample(2, seed=1))


def test_a_model_shows_its_samples_in_a_notebook(run):
    assert run.model()._repr_png_().startswith(b"\x89PNG")


def test_a_run_is_never_overwritten(run):
    before = (run.path / "run.json").read_bytes()
    with pytest.raises(UserError, match=r"already holds a run: continue it with `saddle resume"):
        saddlepoint.train("gan", "digits", out=run.path, steps=1)
    assert (run.path / "run.json").read_bytes() == before


def test_a_folder_that_is_no_run_is_not_touched(tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(UserError, match="is no run"):
        saddlepoint.train("gan", "digits", out=tmp_path, steps=1)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_resume_extends_a_budget(tmp_path):
    run = saddlepoint.train("gan", "digits", out=tmp_path / "run", steps=2, **FAST)
    longer = saddlepoint.resume(run, steps=4, device="cpu")
    assert (run.steps, longer.steps) == (2, 4)
    assert json.loads((run.path / "run.json").read_text())["budget"]["steps"] == 4
    again = saddlepoint.resume(run, device="cpu")
    assert again.steps == 4


def test_resume_refuses_data_that_changed(tmp_path):
    points = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    np.save(tmp_path / "points.npy", points)
    run = saddlepoint.train("gan", tmp_path / "points.npy", out=tmp_path / "run", steps=1, **FAST)
    np.save(tmp_path / "points.npy", points + 1)
    with pytest.raises(UserError, match="has changed"):
        saddlepoint.resume(run)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "dcagn"}, "did you mean dcgan"),
        ({"steps": 1, "images": 5}, "Give one of"),
        ({"steps": 0}, "above 0"),
        ({"minutes": -1}, "above 0"),
        ({"bacth": 3}, "did you mean batch"),
        ({"batch": 0}, "batch=0"),
        ({"precision": "fp8"}, "precision='fp8'"),
        ({"device": "tpu"}, "not on this machine"),
        ({"data": "no/such/folder"}, "no/such/folder"),
        ({"best": "kid"}, "needs evaluate_every"),
        ({"minutes": 1, "decay": "linear"}, "decay=linear"),
        ({"cpu_minutes": 1, "decay": "linear"}, "decay=linear"),
        ({"lr": "fast"}, "lr='fast'"),
    ],
    ids=str,
)
def test_mistakes_are_named_and_nothing_is_written(arguments, message, tmp_path):
    given = {"name": "dcgan", "data": "digits", "out": tmp_path / "run", "width": 8, "track": "none", **arguments}
    if not {"steps", "images", "minutes", "cpu_minutes"} & set(arguments):
        given["steps"] = 1
    with pytest.raises(UserError, match=message) as error:
        saddlepoint.train(given.pop("name"), given.pop("data"), **given)
    assert "\n" not in str(error.value)
    assert "http" not in str(error.value)
    assert not (tmp_path / "run").exists()


def test_plan_says_what_would_happen_and_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = saddlepoint.plan("dcgan", "digits", width=8, batch=32, device="cpu")
    assert plan.networks.keys() == {"generator", "discriminator"}
    weights = sum(plan.networks.values())
    assert plan.memory > 20 * weights
    assert plan.config["train"]["batch"] == 32
    assert "generator/loss" in plan.losses
    assert plan.steps_per_epoch == pytest.approx(plan.data["train"] / 32)
    assert list(tmp_path.iterdir()) == []


def test_evaluation_keeps_the_best_checkpoint(tmp_path):
    run = saddlepoint.train("dcgan", "digits", out=tmp_path / "run", steps=6, width=8, evaluate_every=2, keep=1, **FAST)
    lines = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    scores = {line["images"]: line["value"] for line in lines if line["metric"] == "fd"}
    assert len(scores) == 3
    assert {line["protocol"]["reference"] for line in lines if line["metric"] == "fd"} == {"validation"}
    best = json.loads((run.path / "best.json").read_text())
    assert best["value"] == min(scores.values())
    assert saddlepoint.load(run, checkpoint="best").sample(1).isfinite().all()


@pytest.mark.parametrize(("metric", "sign"), [("log_likelihood", 1), ("iwae", 1), ("fd", -1)])
def test_the_best_is_the_lowest_or_the_highest_as_the_metric_has_it(tmp_path, metric, sign):
    """By a likelihood nothing else is measured; the last weights are judged whatever `evaluate_every`."""
    name, options = {"log_likelihood": ("made", {"widths": [8]}), "iwae": ("vae", {})}.get(metric, ("gan", {}))
    options |= FAST | {"evaluate_every": 2, "best": metric, "keep": 1, "lr": 0.02 if sign > 0 else 1e-4}
    run = saddlepoint.train(name, "digits", out=tmp_path / "run", steps=7, binarise="threshold", **options)
    lines = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    scores = {line["step"]: line["value"] for line in lines if line["metric"] == metric}
    assert list(scores) == [2, 4, 6, 7]
    assert json.loads((run.path / "best.json").read_text())["value"] == sign * max(sign * v for v in scores.values())
    assert min(scores.values()) < max(scores.values())
    assert any(line["metric"] == "kid" for line in lines) == (metric == "fd")
    assert all(line["protocol"]["k"] == 50 for line in lines if line["metric"] == "iwae")


def test_numbers_are_kept_with_their_protocol(run):
    measured = saddlepoint.evaluate(run, metrics=["fd"], n=100)
    assert {"fd", "fd_floor"} <= {m.metric for m in measured}
    kept = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    assert kept[-1]["protocol"]
    assert kept[-1]["images"] == run.images


def test_importing_the_package_costs_no_torch():
    code = "import saddlepoint, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
