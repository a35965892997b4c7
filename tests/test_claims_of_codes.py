"""The pictures and errors of claims about codes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import saddlepoint
from saddlepoint.claims.claim import Setting, Trained, find
from saddlepoint.claims.codes import _components, _rebuilt, grid, manifold, reconstructions
from saddlepoint.claims.reproduce import reproduce
from saddlepoint.claims.styles import style_grid
from saddlepoint.data.load import load
from support import small


def test_pictures_and_errors_of_codes_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    options = {"network": "linear", "latent": 4, "batch": 64, "lr": 1e-2, "track": "none", "precision": "fp32"}
    claim = replace(find("ae"), settings={"quick": {"mnist": Setting(images=64 * 300, options=options)}})
    rows = reproduce(claim, data="digits", seeds=[0], offline=True)
    assert {path.name for path in Path("docs/images").iterdir()} == {
        *("ae.png", "ae-reconstructions.png", "ae-interpolations.png"),
    }
    errors = {row.measure: row.value for row in rows if row.measure.startswith("squared error")}
    ours, best = errors["squared error an image, 4 numbers"], errors["squared error an image, 4 principal components"]
    assert best * 0.99 < ours < 1.3 * best, "a linear one can at best be as good"


def test_components_are_those_of_the_singular_vectors():
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(50, 5, generator=generator) @ torch.randn(5, 5, generator=generator) + 1

    class Train:
        def __len__(self) -> int:
            return len(rows)

        def x(self, positions):
            return rows[positions]

    class Like:
        data = type("Data", (), {"train": Train()})

    directions = torch.linalg.svd(rows - rows.mean(0)).Vh[:2]
    wanted = (rows - rows.mean(0)) @ directions.T @ directions + rows.mean(0)
    torch.testing.assert_close(_components(Like, rows, 2), wanted, rtol=1e-3, atol=1e-3)


def test_the_grid_grows_to_the_right_and_up():
    class Plane(nn.Module):
        """Two pixels that are the two numbers, through tanh."""

        device = torch.device("cpu")

        def prior(self, noise):
            return noise.normal(2)

        def generate(self, z, y=None):
            return z.tanh().view(-1, 2, 1, 1)[:, [0, 1, 1]]

    pixels = torch.from_numpy(np.array(grid(Plane(), 4))).float()
    columns, rows = pixels[..., 0], pixels[..., 1]
    assert columns[0, 0] < columns[0, -1]
    assert rows[-1, 0] < rows[0, 0]
    assert pixels[0, 0, 0] == pixels[-1, -1, 1], "quantiles lie evenly about the middle"


def test_the_manifold_is_a_model_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    options = {"network": "dense", "hidden": 8, "batch": 16, "track": "none", "precision": "fp32"}
    run = saddlepoint.train("vae", "digits", out=tmp_path / "run", images=32, latent=4, device="cpu", **options)
    picture = manifold(Trained(run=run, model=run.model(), data=load("digits"), seed=0))
    assert picture.size == (16 * (96 + 2) - 2,) * 2
    assert [path.name for path in tmp_path.iterdir()] == ["run"], "nothing is left behind"


def test_a_style_is_one_code_under_every_label():
    class Told:
        """A pixel that is the code, and one that is the label."""

        device = torch.device("cpu")
        spec = load("digits").spec

        def prior(self, noise):
            return noise.normal(1)

        def generate(self, z, y=None):
            return torch.stack([z[:, 0].tanh(), y / 5 - 1, torch.zeros(len(z))], 1)[:, :, None, None]

    picture = np.array(style_grid(Trained(run=None, model=Told(), data=None, seed=0)))
    tiles = picture[:: 96 + 2, :: 96 + 2]
    assert tiles.shape == (8, 10, 3)
    assert (tiles[:, :, 0] == tiles[:, :1, 0]).all()
    assert len(set(tiles[:, 0, 0].tolist())) > 4
    assert (np.diff(tiles[0, :, 1].astype(int)) > 0).all()


def test_what_draws_by_class_draws_the_class_it_named():
    class Told:
        """Names 7 for every image, and paints the class it is asked for."""

        device, conditional = torch.device("cpu"), True

        def prior(self, noise):
            return noise.normal(2)

        def encode(self, x):
            return torch.zeros(len(x), 2)

        def classify(self, x):
            return torch.eye(10)[torch.full((len(x),), 7)]

        def generate(self, z, y):
            return (y / 10).view(-1, 1, 1, 1).expand(-1, 1, 8, 8)

    _, again = _rebuilt(Trained(run=None, model=Told(), data=load("digits"), seed=0), 6)
    assert torch.equal(again, torch.full((6, 1, 8, 8), 0.7))


@pytest.mark.parametrize("name", ["classification_vae", "cvae_gan", "m1_m2", "m2"])
def test_reconstructions_of_what_draws_by_class(name: str):
    data = load("digits")
    model = small(name, data.spec).eval()
    assert reconstructions(Trained(run=None, model=model, data=data, seed=0)).size == (
        12 * (96 + 2) - 2,
        4 * (96 + 2) - 2,
    )
