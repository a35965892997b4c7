"""The probes of claims: infogan's and cogan's on answers known beforehand, bs_gan's on a model trained a little."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import saddlepoint
from saddlepoint.claims import bs_gan, cogan, infogan
from saddlepoint.claims.claim import Trained
from saddlepoint.config import DataConfig
from saddlepoint.data.load import load


def test_a_code_is_as_accurate_as_its_majority_classes():
    counts = torch.tensor(
        [[5.0, 1.0, 0.0], [4.0, 0.0, 0.0], [0.0, 2.0, 3.0]]
    )  # values 0 and 1: class 0, value 2: class 2
    code, y = torch.tensor([0, 0, 1, 2, 2]), torch.tensor([0, 1, 0, 2, 1])
    assert infogan.accuracy(counts, code, y) == pytest.approx(3 / 5)


def test_agreement_counts_pixels_of_the_same_level():
    one = torch.tensor([-1.0, -0.1, 0.2, 0.9])
    assert cogan.agreement(one, one) == 1
    assert cogan.agreement(one, -one) == 0
    assert cogan.agreement(one, torch.tensor([-1.0, 0.1, 0.1, -0.9])) == pytest.approx(0.5)


def test_a_digit_is_seen_as_itself_or_as_its_negative_and_never_as_both():
    examples = load("digits", DataConfig()).train
    stream, domain = cogan._batches(examples, seed=0), {}
    for _ in range(150):
        batch = next(stream)
        x = examples.x(batch.index.numpy())
        sign = 1 - 2 * batch.y.float()[:, None, None, None]
        assert torch.equal(batch.x, sign * x)
        for row, y in zip(batch.index.tolist(), batch.y.tolist(), strict=True):
            assert domain.setdefault(row, y) == y
    assert 0.4 < sum(domain.values()) / len(domain) < 0.6


@pytest.mark.parametrize("output", ["binary", "continuous"])
def test_a_discrete_generator_s_weights_and_pixels_are_measured(tmp_path: Path, output: str):
    options = {"width": 4, "draws": 5, "batch": 16, "track": "none", "precision": "fp32", "output": output}
    run = saddlepoint.train("bs_gan", "digits", out=tmp_path / "run", images=32, device="cpu", **options)
    trained = Trained(run=run, model=run.model(), data=load("digits"), seed=0)
    found = {each.metric: each.value for each in bs_gan.measure(trained)}
    if output == "continuous":
        assert not found
        return
    assert set(found) == {
        "effective samples of 5 by importance weights",
        "mean difference in how often a pixel is white",
    }
    assert 1 <= found["effective samples of 5 by importance weights"] <= 5
    assert 0 < found["mean difference in how often a pixel is white"] < 1
