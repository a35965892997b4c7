"""Ways between samples, and the quiz."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from saddlepoint import api
from saddlepoint.errors import UserError
from saddlepoint.web import judge, service
from saddlepoint.web.picks import Pick
from saddlepoint.web.service import Walk


@pytest.fixture(autouse=True)
def environment(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SADDLE_CACHE", str(cache))


@pytest.mark.parametrize("how", ["auto", "linear", "spherical"])
def test_a_walk_passes_through_its_stops(runs, how):
    model, stops = api.load(runs / "gan"), [Pick(0, 1), Pick(7, 2), Pick(3, 0)]
    text = ",".join(map(str, stops))
    there = service.samples(model, stops)
    for at, stop in enumerate(there):
        torch.testing.assert_close(service.step(model, Walk(picks=text, at=at, how=how))[0], stop, atol=1e-4, rtol=0)
    between = service.step(model, Walk(picks=text, at=0.5, how=how))[0]
    assert (between - there).abs().amax((1, 2, 3)).min() > 1e-3
    torch.testing.assert_close(service.step(model, Walk(picks=text, at=60, how=how))[0], there[2], atol=1e-4, rtol=0)


def test_a_walk_changes_class_half_way(runs):
    model, text = api.load(runs / "cgan"), "0.0.3,0.0.8"
    for at, label in ((0.0, 3), (0.4, 3), (0.6, 8), (1.0, 8)):
        wanted = service.samples(model, [Pick(0, 0, label)])
        torch.testing.assert_close(service.step(model, Walk(picks=text, at=at)), wanted, atol=1e-4, rtol=0)


def test_walks_by_request(runs, visit):
    ask = visit(runs)
    (image,) = ask("GET", "/api/runs/gan/walk?picks=0.0,0.1&at=1").json()["images"]
    assert image == ask("GET", "/api/runs/gan/generate?picks=0.1").json()["images"][0]
    assert "two samples or more" in ask("GET", "/api/runs/gan/walk?picks=0.0").json()["error"]
    assert "picks=" in ask("GET", "/api/runs/gan/walk").json()["error"]


def test_the_quiz_mixes_held_out_images_with_samples(runs, visit):
    model, asked = api.load(runs / "gan"), judge.Quiz(seed=4, n=24)
    real = judge.real(runs / "gan", asked)
    told = judge.quiz(model, real, asked)
    assert 4 < sum(told["real"]) < 20
    made = service.pictures(model.sample(24, seed=4))
    held = service.pictures(real)
    assert told["images"] == [held[i] if true else made[i] for i, true in enumerate(told["real"])]
    assert not set(made) & set(held)
    assert visit(runs)("GET", "/api/runs/gan/quiz?seed=4&n=24").json() == told


def test_the_quiz_says_that_its_data_is_gone(runs, tmp_path, visit):
    shutil.copytree(runs / "gan", tmp_path / "gan")
    manifest = tmp_path / "gan" / "run.json"
    manifest.write_text(manifest.read_text().replace('"source": "digits"', '"source": "/no/such/folder"'))
    with pytest.raises(UserError, match="/no/such/folder"):
        judge.real(tmp_path / "gan", judge.Quiz())
    assert "/no/such/folder" in visit(tmp_path)("GET", "/api/runs/gan/quiz").json()["error"]
