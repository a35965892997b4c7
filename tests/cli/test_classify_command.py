"""`saddle classify`: three accuracies of a run, kept with their protocol; what cannot be done is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli_support import Saddle
from saddlepoint import api


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("classify") / "bigan"
    small = {"width": 8, "hidden": 16, "latent": 16, "batch": 8, "track": "none"}
    api.train("bigan", "digits", out=out, steps=2, device="cpu", **small)
    return out


def test_three_accuracies(saddle: Saddle, trained: Path) -> None:
    options = ("--labels", "20", "--images", "128", "--device", "cpu")
    out = saddle("classify", str(trained), *options).out
    for name in ("linear head", "fine-tuned", "the same network from scratch", "20 labels, encoder, 179 test examples"):
        assert name in out
    found = json.loads(saddle("classify", str(trained), *options, "--json").out)["measurements"]
    assert len(found) == 3
    assert all(0 <= m["value"] <= 1 and m["protocol"]["labels"] == 20 for m in found)
    assert {m["protocol"]["run_labels"] for m in found} == {0}
    assert "itself" not in out
    kept = [json.loads(line) for line in (trained / "metrics.jsonl").read_text().splitlines()]
    values = {m["metric"]: m["value"] for m in kept}
    assert values == {m["metric"]: m["value"] for m in found}, "the same seed, the same numbers"


@pytest.mark.parametrize(("recipe", "options", "seen"), [("aae", {"labels": 50}, 50), ("aae_unsupervised", {}, 0)])
def test_labels_that_the_run_has_learned_from_are_said(
    saddle: Saddle, tmp_path: Path, recipe: str, options: dict[str, int], seen: int
) -> None:
    api.train(
        recipe, "digits", out=tmp_path / "run", steps=1, device="cpu", seed=3, widths=(8,), track="none", **options
    )
    asked = ("--labels", "20", "--images", "8", "--device", "cpu")
    assert ("the run itself was trained with 50 labels" in saddle("classify", str(tmp_path / "run"), *asked).out) == (
        seen > 0
    )
    kept = json.loads((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()[-1])["protocol"]
    assert (kept["run_labels"], kept["run_seed"]) == (seen, 3)


def test_the_discriminator_of_bigan_sees_pairs(saddle: Saddle, trained: Path) -> None:
    result = saddle("classify", str(trained), "--labels", "20", "--features", "discriminator", "--device", "cpu")
    assert result.status == 2
    assert "BiGAN has no discriminator whose features could be used" in result.err


def test_labels_that_cannot_be_balanced(saddle: Saddle, trained: Path) -> None:
    result = saddle("classify", str(trained), "--labels", "25", "--device", "cpu")
    assert result.status == 2
    assert "labels=20 can" in result.err or "labels=30 can" in result.err
