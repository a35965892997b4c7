"""Nearest training images, and evaluations in processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest
import torch

from saddlepoint import api
from saddlepoint.errors import UserError
from saddlepoint.metrics.collect import as_saved
from saddlepoint.metrics.features import pixels
from saddlepoint.metrics.neighbours import distances, memorisation
from saddlepoint.web import measuring, neighbours, service
from saddlepoint.web.data import data_of
from saddlepoint.web.jobs import EVALUATION, Jobs
from saddlepoint.web.models import Models
from saddlepoint.web.neighbours import Near, Neighbours


@pytest.fixture(autouse=True)
def environment(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SADDLE_CACHE", str(cache))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def unmeasured(run: Path, copy: Path) -> None:
    """A copy of a run that no other test has judged."""
    shutil.copytree(run, copy, ignore=shutil.ignore_patterns("metrics.jsonl"))


def test_neighbours_are_the_nearest_of_all_training_images(runs, visit):
    told = visit(runs)("GET", "/api/runs/gan/neighbours?seed=3").json()
    data, drawn = data_of(runs / "gan"), as_saved(api.load(runs / "gan").sample(neighbours.DRAWN, seed=3))
    train, held = (part.x(slice(None)) for part in (data.train, data.test))
    assert told["samples"] == service.pictures(drawn[:8])
    nearest = distances(drawn[:8].flatten(1), train.flatten(1)).argsort(1)[:, :3]
    assert told["pixels"] == [service.pictures(train[row]) for row in nearest]
    assert (told["searched"], told["train"], told["held_out"]) == (len(train), len(train), len(held))
    assert told["name"].startswith("classifier:"), "a committed one knows the digits"
    assert told["features"] != told["pixels"]


def test_copies_are_seen(runs):
    data = data_of(runs / "gan")
    features = pixels(data.spec)
    train, held = (part.x(slice(None)) for part in (data.train, data.test))
    told = neighbours.told(train[:64], data, features)
    assert told["samples"] == [row[0] for row in told["pixels"]] == [row[0] for row in told["features"]]
    assert told["memorisation"] == pytest.approx(0, abs=1e-3)
    assert neighbours.told(held, data, features)["memorisation"] == pytest.approx(1)
    made = torch.rand(64, *data.spec.shape) * 2 - 1
    own = memorisation(*(features(x) for x in (made, held, train)))
    assert neighbours.told(made, data, features)["memorisation"] == pytest.approx(own)


def test_a_search_is_made_once_and_holds_up_no_other_visitor(runs, monkeypatch):
    models, searched = Models(), []

    def told(drawn, data, features):
        assert models.lock.acquire(blocking=False), "models are kept from others"
        models.lock.release()
        searched.append(len(drawn))
        return {"n": len(searched)}

    monkeypatch.setattr(neighbours, "told", told)
    look = Neighbours(models)
    assert [look.find(runs / "gan", Near(seed=seed))["n"] for seed in (0, 0, 1, 0)] == [1, 1, 2, 1]
    assert searched == [neighbours.DRAWN] * 2


def test_only_so_many_training_images_are_searched_and_the_page_is_told(runs, monkeypatch):
    monkeypatch.setattr(neighbours, "SEARCHED", 50)
    data = data_of(runs / "gan")
    told = neighbours.told(data.test.x(slice(0, 8)), data, pixels(data.spec))
    assert told["searched"] == 50 < told["train"]


def test_neighbours_of_other_data_than_the_run_saw_are_refused(runs, tmp_path, visit):
    shutil.copytree(runs / "gan", tmp_path / "gan")
    manifest = tmp_path / "gan" / "run.json"
    fingerprint = json.loads(manifest.read_text())["data"]["fingerprint"]
    manifest.write_text(manifest.read_text().replace(fingerprint, "0" * 64))
    answer = visit(tmp_path)("GET", "/api/runs/gan/neighbours")
    assert answer.status_code == 400
    assert "digits is not what gan was trained on" in answer.json()["error"]
    assert "seed=" in visit(tmp_path)("GET", "/api/runs/gan/neighbours?seed=-1").json()["error"]


def until(look, state, seconds=120.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = look().json()
        if answer["state"] == state:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"still {answer}")


def test_an_evaluation_runs_in_its_own_process_to_its_numbers(runs, tmp_path, visit):
    unmeasured(runs / "gan", tmp_path / "gan")
    ask = visit(tmp_path)

    def look():
        return ask("GET", "/api/runs/gan/measure")

    assert look().json()["state"] == "never"
    asked = {"metrics": ["fd", "memorisation"], "features": "pixels", "n": 50}
    assert ask("POST", "/api/runs/gan/measure", json=asked).status_code == 200
    assert "being measured already" in ask("POST", "/api/runs/gan/measure", json=asked).json()["error"]
    assert ask("GET", "/api/runs").json()[0]["state"] == "finished"
    assert visit(tmp_path)("GET", "/api/runs/gan/measure").json()["state"] == "measuring"  # as after a new start
    done = until(look, "measured")
    assert "memorisation" in done["says"]
    lines = ask("GET", "/api/runs/gan").json()["metrics"]
    assert [line["metric"] for line in lines] == ["fd", "fd_floor", "memorisation"]
    assert lines[0]["protocol"]["n"] == 50
    assert visit(tmp_path)("GET", "/api/runs/gan/measure").json()["state"] == "measured"
    assert [run["name"] for run in ask("GET", "/api/runs").json()] == ["gan"]


def test_an_evaluation_that_comes_to_nothing_says_why(runs, tmp_path, visit):
    unmeasured(runs / "gan", tmp_path / "gan")
    ask = visit(tmp_path)
    assert ask("POST", "/api/runs/gan/measure", json={"metrics": ["elbo"]}).status_code == 200
    failed = until(lambda: ask("GET", "/api/runs/gan/measure"), "failed")
    assert "elbo needs a recipe that bounds the likelihood" in failed["says"]
    ask("POST", "/api/runs/gan/measure", json={})
    os.kill(Jobs(tmp_path, EVALUATION)._read("gan")["pid"], signal.SIGKILL)
    killed = until(lambda: ask("GET", "/api/runs/gan/measure"), "failed")
    assert "SIGKILL" in killed["says"]
    assert "measure anew" in killed["says"]
    assert "not being measured" in ask("POST", "/api/runs/gan/measure/stop", json={}).json()["error"]


def test_an_evaluation_can_be_stopped_even_if_ctrl_c_is_not_heard(runs, tmp_path, visit):
    unmeasured(runs / "gan", tmp_path / "gan")
    ask = visit(tmp_path)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # which a child inherits
    try:
        ask("POST", "/api/runs/gan/measure", json={"n": 50_000})
    finally:
        signal.signal(signal.SIGINT, before)
    assert ask("POST", "/api/runs/gan/measure/stop", json={}).status_code == 200
    stopped = until(lambda: ask("GET", "/api/runs/gan/measure"), "failed")
    assert "stopped from this page" in stopped["says"]
    assert not (tmp_path / "gan" / "metrics.jsonl").exists()


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"metrics": ["fdd"]}, "no metric 'fdd'"),
        ({"metrics": ["--help"]}, "no metric '--help'"),
        ({"features": "/etc/passwd"}, "features="),
        ({"n": 1}, "n=1"),
        ({"nonsense": 1}, "nonsense="),
    ],
)
def test_what_cannot_be_measured_is_refused_in_words(runs, visit, asked, word):
    answer = visit(runs)("POST", "/api/runs/gan/measure", json=asked)
    assert answer.status_code == 400
    assert word in answer.json()["error"]
    assert visit(runs)("POST", "/api/runs/no/measure", json={}).status_code == 404


def test_metrics_are_offered_that_the_run_can_answer(runs):
    assert measuring.offered(runs / "gan") == ["fd", "kid", "prdc", "memorisation", "classifier_score"]
    with pytest.raises(UserError, match="no metric"):
        measuring.command(runs / "gan", measuring.Measure(metrics=("x",)))
