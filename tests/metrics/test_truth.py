"""Evaluation against data whose distribution is known."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from metric_fakes import Brightness, NoConfig, build, make_data

from saddlepoint.data.load import load
from saddlepoint.data.toy import TOYS, Mixture
from saddlepoint.errors import UserError
from saddlepoint.metrics.classifiers import classifier_for
from saddlepoint.metrics.datalike import KnownOnLine, KnownPoints, KnownStacks
from saddlepoint.metrics.evaluate import DEFAULT, evaluate
from saddlepoint.metrics.truth import MEMBERS, classes_of, confusion, points_against, stack_weights
from saddlepoint.types import DataSpec


class Copies(Brightness):
    """Samples are training examples of `source`, those that `kept` lets through."""

    kinds = ("image", "points")
    source: torch.Tensor

    def draw(self, noise, y):
        return self.source[noise.integers(len(self.source))]


def copies(data, rows: torch.Tensor) -> Copies:
    recipe = Copies(data.spec, NoConfig())
    recipe.source = rows
    return recipe


def values(measured) -> dict[str, float]:
    return {m.metric: m.value for m in measured}


def test_a_perfect_and_a_collapsed_model_of_the_grid():
    data = load("25gaussians")
    x = data.train.x(np.arange(50_000))
    perfect = values(evaluate(copies(data, x), data, metrics=["truth"], n=10_000))
    assert set(perfect) == {name + end for name in MEMBERS[:-1] for end in ("", "_floor")}
    assert (perfect["modes"], perfect["modes_floor"], perfect["modes_touched"]) == (25, 25, 25)
    for key in ("high_quality", "high_quality_floor"):
        assert perfect[key] == pytest.approx(1 - math.exp(-4.5), abs=0.005)
    assert 0 < perfect["reverse_kl_floor"] < 24 / 20_000 * 3
    lost = x[x[:, 0] < 3]  # four of five columns
    collapsed = values(evaluate(copies(data, lost), data, metrics=["truth"]))
    assert collapsed["modes"] == 20
    assert collapsed["reverse_kl"] == pytest.approx(math.log(5 / 4), abs=0.01)
    assert collapsed["forward_kl"] == math.inf
    assert "truth" in DEFAULT


def test_numbers_on_a_line_have_a_wasserstein_distance():
    data = load("1d-mixture")
    x = data.train.x(np.arange(50_000))
    measured = evaluate(copies(data, x + 0.25), data, metrics=["wasserstein", "modes"])
    found = values(measured)
    assert set(found) == {"wasserstein", "wasserstein_floor", "modes", "modes_floor"}
    assert found["wasserstein"] == pytest.approx(0.25, abs=0.05)
    assert found["wasserstein_floor"] < 0.05
    assert measured[0].protocol["n"] == 10_000
    assert measured[0].protocol["fingerprint"] == data.fingerprint


@pytest.mark.parametrize("name", ["ring", "two-moons", "swiss-roll", "checkerboard"])
def test_without_modes_there_is_the_share_of_good_samples(name):
    toy = TOYS[name]
    found = points_against(toy, toy.sample(5_000, seed=9))
    assert list(found) == ["high_quality"]
    assert found["high_quality"] > 0.99
    assert points_against(toy, toy.sample(5_000) * 1.5)["high_quality"] < 0.6


def test_stacked_digits_are_counted_by_a_classifier_of_digits(tmp_path):
    data = load("stacked-digits", cache=tmp_path)
    x = data.train.x(np.arange(30_000))
    measured = evaluate(copies(data, x), data, metrics=["truth"], n=4_000, cache=tmp_path)
    found = values(measured)
    assert found["modes_touched"] == pytest.approx(found["modes_touched_floor"], abs=25)
    assert found["modes_touched_floor"] > 950  # of 1000, each expected 4 times
    assert found["reverse_kl_floor"] == pytest.approx(999 / 8_000, rel=0.2)
    assert measured[0].label().startswith("accuracy on single digits[classifier:digits@")
    assert 0.95 < measured[0].value < 1
    assert measured[0].protocol["test_images"] == len(data.truth.digits.test)
    assert measured[0].protocol["mistakes"].count(" as ") == 3
    assert {m.protocol["features"] for m in measured} == {measured[0].protocol["features"]}
    one = values(evaluate(copies(data, x[:1]), data, metrics=["modes_touched"], n=100, cache=tmp_path))
    assert one["modes_touched"] == 1


def test_every_channel_is_read_in_its_place(tmp_path):
    data = load("stacked-digits", cache=tmp_path)
    truth = data.truth
    assert isinstance(truth, KnownStacks)
    digits = truth.digits
    classifier = classifier_for(digits, cache=tmp_path)
    at = np.arange(300)
    three = torch.cat([digits.train.x(at + 300 * channel) for channel in range(3)], 1)
    labels = torch.stack([digits.train.y(at + 300 * channel) for channel in range(3)], 1)
    assert (classes_of(three, classifier) == labels).double().mean() > 0.98
    table = confusion(classifier, digits.test)
    assert table.sum() == len(digits.test)
    assert table.sum(1).tolist() == torch.bincount(digits.test.y(np.arange(len(digits.test)))).tolist()
    assert table.trace() / table.sum() > 0.95


def test_stacks_weigh_the_product_of_their_digits():
    @dataclass
    class Stacks:
        digits: object
        channels: int = 2

    data = make_data(classes=3)
    share = torch.bincount(data.train.labels).double() / len(data.train)
    weights = stack_weights(Stacks(data))
    assert weights.shape == (9,)
    assert weights[5] == pytest.approx(float(share[1] * share[2]))
    assert weights.sum() == pytest.approx(1)


def test_what_has_no_known_truth_is_refused_by_name_only():
    data = make_data(shape=(2,))
    recipe = build(Brightness, data)
    with pytest.raises(UserError, match="modes needs data whose distribution is known"):
        evaluate(recipe, data, metrics=["modes", "fd"])
    assert not {*MEMBERS} & {m.metric for m in evaluate(recipe, data)}
    ring = load("ring")
    with pytest.raises(UserError, match="wasserstein has no meaning for ring: it has high_quality"):
        evaluate(copies(ring, ring.train.x(np.arange(100))), ring, metrics=["wasserstein"], n=100)


def test_the_toys_are_what_the_measures_ask_for():
    for toy in TOYS.values():
        checked: KnownPoints = toy
        assert not isinstance(checked, KnownStacks)
    assert isinstance(TOYS["1d-mixture"], KnownOnLine)
    assert isinstance(TOYS["1d-mixture"], Mixture)
    assert DataSpec(kind="points", shape=(1,)).dimensions == 1
