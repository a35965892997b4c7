"""`saddle latent` on small trained models: every command writes the picture it says, and refuses in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import saddlepoint
from cli_support import Saddle
from support import SMALL

PICTURE = 96 + 2  # a picture of 8 x 8 twelve times enlarged, and the gap to the next


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("runs")
    small = {"steps": 2, "batch": 8, "device": "cpu", "track": "none", "precision": "fp32"}
    names = ("infogan", "vae", "cgan", "adagan")
    options = {name: SMALL[name] for name in names} | {"vae": {"network": "dense", "hidden": 16, "latent": 2}}
    return {n: saddlepoint.train(n, "digits", out=folder / n, **small, **own).path for n, own in options.items()}


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    made = [tmp_path / f"{i}.png" for i in range(2)]
    for i, path in enumerate(made):
        Image.fromarray(np.full((20, 30, 3), 100 + 50 * i, np.uint8)).save(path)
    return made


def size(path: Path) -> tuple[int, int]:
    """Columns and rows of pictures."""
    with Image.open(path) as image:
        return (image.width + 2) // PICTURE, (image.height + 2) // PICTURE


@pytest.mark.parametrize(
    ("name", "line", "columns", "rows"),
    [
        ("infogan", "wall -n 20", 10, 2),
        ("infogan", "interpolate --seeds 1 2 3 --frames 6", 6, 1),
        ("infogan", "interpolate --seeds 1 2 --frames 33 --how linear", 11, 3),
        ("cgan", "interpolate --seeds 1 2 --frames 5 --how matched --class 3", 5, 1),
        ("infogan", "arithmetic --a 1 2 --b 3 4 --c 5 6", 3, 6),
        ("infogan", "traverse --dimensions 0 1 --steps 5", 5, 2),
        ("infogan", "traverse --category", 10, 8),
        ("cgan", "traverse --classes", 10, 8),
        ("infogan", "mix --rows 1 2 --columns 3 4 5 --take z", 4, 3),
        ("vae", "traverse --manifold --steps 4", 4, 4),
        ("vae", "arithmetic --a 3 --b 8 --c 0 1 --data digits", 4, 6),
        ("infogan", "directions --count 2", 7, 2),
        ("infogan", "directions --count 2 --method ganspace --steps 3", 3, 2),
        ("cgan", "truncate --psi 1 0.5 0 -n 4", 4, 3),
        ("vae", "attribute --data digits --with 3 --without 8 -n 2 --steps 3", 3, 2),
    ],
)
def test_each_command_draws_what_it_says(runs, saddle: Saddle, tmp_path: Path, name, line, columns, rows):
    out = tmp_path / "deep" / "picture.png"
    command, *options = line.split()
    if options[-1:] == ["--category"]:
        options.append("category 0")
    result = saddle("latent", command, runs[name], *options, "--out", out)
    assert result.status == 0, result.err
    assert str(out) in result.out
    assert size(out) == (columns, rows)


def test_a_film_has_its_frames_and_the_keys_are_among_them(runs, saddle: Saddle, tmp_path: Path):
    out = tmp_path / "walk.gif"
    assert saddle("latent", "interpolate", runs["infogan"], "--seeds", 1, 2, "--frames", 7, "--out", out).status == 0
    with Image.open(out) as film:
        assert film.n_frames == 7


def test_pictures_are_inverted_and_passed_through(runs, saddle: Saddle, tmp_path: Path, pictures):
    out = tmp_path / "inverted.png"
    result = saddle("latent", "invert", runs["vae"], *pictures, "--steps", 5, "--out", out)
    assert result.status == 0, result.err
    assert result.out.count("mean squared error") == 2
    assert size(out) == (2, 2)
    result = saddle("latent", "invert", runs["vae"], *pictures, "--steps", 2, "--features", "classifier", "--out", out)
    assert result.status == 0, result.err
    result = saddle("latent", "interpolate", runs["vae"], "--images", *pictures, "--frames", 4, "--out", out)
    assert result.status == 0, result.err
    assert size(out) == (4, 1)


def test_slices_are_named(runs, saddle: Saddle):
    result = saddle("latent", "slices", runs["infogan"])
    assert "category 0   dimensions 8 to 17, category" in result.out


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        ("adagan", "wall", "has no latent"),
        ("infogan", "wall --class 3", "takes no class"),
        ("infogan", "interpolate --seeds 1", "two latents or more"),
        ("infogan", "interpolate --out walk.avi", "ends in .png, .gif, .mp4"),
        ("infogan", "interpolate --images nosuch.png", "has no encoder"),
        ("vae", "interpolate --images nosuch.png nosuch.png", "nosuch.png cannot be read"),
        ("infogan", "arithmetic --a 1 2 --b 3 --c 4.png", "has no encoder"),
        ("infogan", "arithmetic --a 1 2 --b 3 --c 4 --data digits", "encodes no pictures"),
        ("vae", "arithmetic --a 1 --b 2 --c smile --data digits", "'smile' is neither a class of digits nor a picture"),
        ("infogan", "traverse --classes", "takes no class"),
        ("infogan", "mix --take style", "There is no slice 'style'"),
        ("vae", "invert nosuch.png --features nosuch", "nosuch.png cannot be read"),
        ("infogan", "traverse --category style", "There is no category 'style'"),
        ("infogan", "traverse --dimensions 99", "dimension 99"),
        ("infogan", "traverse --dimensions 9", "no quantiles"),
        ("infogan", "attribute --data digits --with 3 --without 8", "encodes no pictures"),
        ("vae", "attribute --data digits --with smile --without 8", "no class 'smile'"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    runs, saddle: Saddle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name, line, said
):
    monkeypatch.chdir(tmp_path)
    command, *options = line.split()
    result = saddle("latent", command, runs[name], *options)
    assert result.status == 2
    assert said in result.err
    assert result.err.count("\n") == 1
    assert not list(tmp_path.iterdir())
