"""Trainings started, stopped, resumed and lost, by requests, in real processes."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from saddlepoint import catalogue
from saddlepoint.web import forms
from saddlepoint.web.jobs import Jobs

SMALL = {"g_widths": [8], "d_widths": [8], "track": "none", "precision": "fp32", "log_every": 5}


@pytest.fixture(autouse=True)
def environment(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SADDLE_CACHE", str(cache))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def asked(**given: Any) -> dict[str, Any]:
    return {"recipe": "gan", "name": "new", "data": "digits", "steps": 20, "options": SMALL, **given}


def until(look, wanted, seconds=120.0):
    """The first answer in which `wanted` holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = look().json()
        if wanted(answer):
            return answer
        time.sleep(0.1)
    raise AssertionError(f"still {answer}")


def test_a_training_starts_stops_and_goes_on_to_its_end(tmp_path, visit):
    ask = visit(tmp_path)

    def look():
        return ask("GET", "/api/runs/new")

    assert ask("POST", "/api/runs", json=asked(steps=100_000)).json() == {"name": "new"}
    assert "already" in ask("POST", "/api/runs", json=asked()).json()["error"]
    until(look, lambda run: run["state"] == "training" and run["step"] > 0)
    assert "being trained already" in ask("POST", "/api/runs/new/resume", json={}).json()["error"]
    other = visit(tmp_path)  # as after the explorer itself was started anew
    assert other("GET", "/api/runs/new").json()["state"] == "training"
    assert other("POST", "/api/runs/new/stop", json={}).status_code == 200
    stopped = until(look, lambda run: run["state"] == "stopped")
    assert stopped["checkpoints"] == [stopped["images"]]
    assert "stopped from this page" in stopped["says"]

    manifest = tmp_path / "new" / "run.json"
    near = stopped["step"] + 10
    manifest.write_text(manifest.read_text().replace("100000", str(near)))
    assert ask("POST", "/api/runs/new/resume", json={}).status_code == 200
    done = until(look, lambda run: run["state"] not in ("training", "starting"))
    assert (done["state"], done["step"], done["fraction"]) == ("finished", near, 1.0)


def test_a_training_killed_from_outside_is_said(tmp_path, visit):
    ask = visit(tmp_path)
    ask("POST", "/api/runs", json=asked(steps=100_000))
    until(lambda: ask("GET", "/api/runs/new"), lambda run: run["state"] == "training" and run["step"] > 0)
    pid = Jobs(tmp_path)._read("new")["pid"]
    os.kill(pid, signal.SIGKILL)
    run = until(lambda: ask("GET", "/api/runs/new"), lambda run: run["state"] != "training")
    assert run["state"] == "ended"
    assert "SIGKILL" in run["says"]
    assert "without a word" in visit(tmp_path)("GET", "/api/runs/new").json()["says"]
    assert "not being trained" in ask("POST", "/api/runs/new/stop", json={}).json()["error"]


def test_a_training_stopped_before_it_took_a_step_is_said(tmp_path):
    jobs = Jobs(tmp_path)
    jobs.folder.mkdir()
    jobs._record("new").write_text('{"pid": 0, "born": "", "started": "", "stopping": true}')
    jobs._log("new").write_text("saddle: stopped.\n")
    assert "It was stopped from this page" in jobs.last_words("new")


def test_what_fails_before_it_writes_anything_is_said_and_can_be_dismissed(tmp_path, visit):
    empty = tmp_path / "empty"
    empty.mkdir()
    ask = visit(tmp_path / "runs", data=[empty])
    assert ask("POST", "/api/runs", json=asked(data=str(empty))).status_code == 200
    (run,) = until(lambda: ask("GET", "/api/runs"), lambda runs: runs[0]["state"] == "failed")
    assert str(empty) in run["says"]
    assert ask("POST", "/api/runs/new/forget", json={}).status_code == 200
    assert ask("GET", "/api/runs").json() == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"name": "../new"}, "cannot name a run"),
        ({"name": ".."}, "cannot name a run"),
        ({"name": "/tmp/new"}, "cannot name a run"),
        ({"data": "/etc"}, "is not offered here"),
        ({"data": "stacked:/etc"}, "is not offered here"),
        ({"recipe": "nan"}, "no recipe"),
        ({"recipe": "--help"}, "no recipe"),
        ({"options": {"lr": -1}}, "lr=-1"),
        ({"options": {"track": "wandb"}}, "sends the log elsewhere"),
        ({"options": {"--out": "x"}}, "no option '--out'"),
        ({"options": {"lrr": 1}}, "did you mean lr"),
        ({"steps": 0}, "steps=0"),
        ({"images": 10}, "not several"),
        ({"seed": -1}, "seed=-1"),
        ({"nonsense": 1}, "nonsense="),
    ],
)
def test_what_cannot_be_started_is_refused_in_words(tmp_path, visit, change, word):
    answer = visit(tmp_path)("POST", "/api/runs", json=asked(**change))
    assert answer.status_code == 400
    assert word in answer.json()["error"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["..", "nowhere", "../new"])
@pytest.mark.parametrize("action", ["stop", "resume", "forget"])
def test_only_runs_can_be_acted_on(tmp_path, visit, name, action):
    (tmp_path / "new.json").write_text("{}")
    answer = visit(tmp_path / "runs")("POST", f"/api/runs/{name.replace('/', '%2f')}/{action}", json={})
    assert answer.status_code in (400, 404, 405)
    assert (tmp_path / "new.json").exists()


def test_a_run_that_a_terminal_seems_to_train_is_left_alone(runs, tmp_path, visit):
    shutil.copytree(runs / "gan", tmp_path / "gan")
    manifest = tmp_path / "gan" / "run.json"
    manifest.write_text(manifest.read_text().replace('"steps": 40', '"steps": 50'))
    (tmp_path / "gan" / "events.jsonl").touch()
    ask = visit(tmp_path)
    assert "by a terminal" in ask("POST", "/api/runs/gan/resume", json={}).json()["error"]
    os.utime(tmp_path / "gan" / "events.jsonl", (0, 0))
    assert ask("GET", "/api/runs/gan").json()["state"] == "stopped"


def test_every_recipe_has_a_form_with_its_own_defaults(tmp_path, visit):
    ask = visit(tmp_path)
    offered = [recipe["name"] for group in ask("GET", "/api/recipes").json()["groups"] for recipe in group["recipes"]]
    assert sorted(offered) == catalogue.names()
    for name in offered:
        fields = forms.form(name)["options"]["recipe"].get("properties", {})
        config = catalogue.configure(name).model_dump(mode="json")
        assert {key: about["default"] for key, about in fields.items()} == config
        assert all(about.get("description") for about in fields.values()), name
