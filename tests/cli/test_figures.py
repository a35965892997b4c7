"""Curves from log lines."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from PIL import Image

from saddlepoint import UserError, figures

LOG = [
    {
        "step": 1,
        "images": 64,
        "seconds": 0.1,
        "discriminator/d_real": 0.5,
        "discriminator/loss": 1.4,
        "generator/loss": 0.7,
    },
    {"event": "nonfinite", "player": "generator", "terms": ["loss"], "step": 2, "images": 128},
    {
        "step": 2,
        "images": 128,
        "seconds": 0.2,
        "discriminator/d_real": 0.6,
        "discriminator/loss": 1.2,
        "generator/loss": None,
    },
]


def test_a_panel_for_each_term_and_a_curve_for_each_player() -> None:
    panels = figures.by_term(LOG)
    assert list(panels) == ["loss", "d_real"]
    assert panels["loss"] == {"discriminator": ([64, 128], [1.4, 1.2]), "generator": ([64], [0.7])}


def test_losses_are_drawn(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LOG))
    with Image.open(figures.losses(tmp_path)) as picture:
        assert picture.size == (800, 440)


def test_no_log_no_figure(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="logged no losses"):
        figures.losses(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_its_install_line_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "events.jsonl").write_text(json.dumps(LOG[0]))
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UserError, match=r"pip install 'saddlepoint\[plot\]'"):
        figures.losses(tmp_path)
