"""`saddle complete`: what is given stays, the rest is the model's, and what cannot be done is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cli_support import Saddle
from saddlepoint import api
from saddlepoint.cli.main import main
from saddlepoint.data.load import load
from saddlepoint.errors import UserError

NETWORK = ["layers=2", "width=8", "kernel=3", "by_class=true", "track=none", "precision=fp32", "sample_every=0"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    run = tmp_path_factory.mktemp("trained") / "pixels"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SADDLE_CACHE", str(cache))
        assert main(["train", "gated_pixel_cnn", "--steps", "5", "--out", str(run), *NETWORK]) == 0
    return run


def test_the_upper_part_stays_and_the_rest_differs_from_draw_to_draw(trained: Path, saddle: Saddle):
    x = api.complete(trained, n=3, draws=4, rows=5, device="cpu")
    assert x.shape == (3, 6, 1, 8, 8)
    assert torch.equal(x[:, 0], load("digits").test.x(np.arange(3)))
    assert torch.equal(x[:, 1:, :, :5], x[:, :1, :, :5].expand(-1, 5, -1, -1, -1))
    assert (x[:, 1, :, 5:] == -1).all()
    drawn = x[:, 2:, :, 5:].flatten(0, 1)
    assert len(drawn.flatten(1).unique(dim=0)) == 12
    again = api.complete(trained, n=3, draws=4, rows=5, device="cpu")
    other = api.complete(trained, n=3, draws=4, rows=5, seed=1, device="cpu")
    assert torch.equal(x, again)
    assert not torch.equal(x, other)


def test_the_command_writes_a_row_for_each_image(trained: Path, saddle: Saddle, tmp_path: Path):
    facts = json.loads(saddle("complete", trained, "-n", 2, "--draws", 3, "--seed", 4, "--json").out)
    assert facts["files"] == ["pixels-completed-seed4.png"]
    with Image.open(tmp_path / "pixels-completed-seed4.png") as picture:
        assert picture.width / picture.height == pytest.approx(5 / 2, rel=0.02)


def test_a_class_is_told_in_the_place_of_the_images_own(trained: Path, saddle: Saddle):
    own, y = api.complete(trained, n=3, device="cpu"), load("digits").test.y(np.arange(3))
    assert y is not None
    as_its_own = api.complete(trained, n=3, y=int(y[1]), device="cpu")
    assert torch.equal(as_its_own[1], own[1])
    assert not torch.equal(as_its_own[0], own[0])
    facts = json.loads(saddle("complete", trained, "-n", 2, "--class", "3", "--json").out)
    assert facts["class"] == 3
    assert facts["files"] == ["pixels-completed-seed0-class3.png"]
    assert "There is no class '12'" in saddle("complete", trained, "--class", 12).err
    with pytest.raises(UserError, match="Class 10 does not exist"):
        api.complete(trained, y=10)


def test_what_cannot_be_completed_is_refused(trained: Path, runs: Path, saddle: Saddle):
    assert "gan cannot complete images" in saddle("complete", runs / "gan").err
    assert "--rows 8: images have 8 rows, of which 1 to 7" in saddle("complete", trained, "--rows", 8).err
    with pytest.raises(UserError, match="--rows 0"):
        api.complete(trained, rows=0)


def test_sampling_says_how_far_it_is(trained: Path):
    told: list[tuple[int, int]] = []
    model = api.load(trained)
    x = model.sample(5, batch=3, progress=lambda done, total, what: told.append((done, total)))
    assert torch.equal(x, model.sample(5))
    assert told[0] == (0, 5)
    assert told[-1] == (5, 5)
    assert told == sorted(told)
    assert len(told) > 10, "row by row"
