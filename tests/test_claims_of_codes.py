"""The pictures and errors of claims about codes."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from saddlepoint.claims.claim import Setting, find
from saddlepoint.claims.codes import _components
from saddlepoint.claims.reproduce import reproduce


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
