"""Heads on features: the linear one at its optimum, good features worth more than none, what cannot be refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from saddlepoint.config import Config, DataConfig
from saddlepoint.data.labels import known_labels
from saddlepoint.data.load import load
from saddlepoint.errors import UserError
from saddlepoint.metrics import heads, representation
from saddlepoint.metrics.representation import extractor, worth
from saddlepoint.recipe import Player, Recipe
from saddlepoint.types import DataSpec
from support import small


class Coder(Recipe[Config]):
    """An encoder and nothing else: one hidden layer."""

    Config = Config
    searches = False

    def build(self) -> None:
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))

    def players(self) -> dict[str, Player]:
        raise AssertionError

    def step(self, batches: Any, update: Any, t: int) -> None:
        raise AssertionError

    def draw(self, noise: Any, y: Tensor | None) -> Tensor:
        raise AssertionError

    def encode(self, x: Tensor) -> Tensor:
        return self.encoder(x).detach() if self.searches else self.encoder(x)


DATA = load("digits", DataConfig(labels=20))
KNOWN = known_labels(DATA, 0)


def coder(seed: int = 0) -> Coder:
    torch.manual_seed(seed)
    return Coder(DATA.spec, Config()).eval()


def taught() -> Coder:
    """Its codes are nearly the classes: it was trained on all labels."""
    made = coder()
    x, y = DATA.train.x(slice(None)), DATA.train.y(slice(None))
    adam = torch.optim.Adam(made.parameters(), 1e-2)
    for _ in range(60):
        adam.zero_grad()
        nn.functional.cross_entropy(made.encode(x), y).backward()
        adam.step()
    return made


def test_the_linear_head_is_logistic_regression_at_its_optimum():
    model = coder()
    rows = np.arange(300)
    head = heads.linear_head(model, model.encode, DATA.train, rows)
    features = model.encode(DATA.train.x(rows)).detach()
    standard = ((features - features.mean(0)) / features.std(0, correction=0)).double().numpy()
    y = DATA.train.y(rows).numpy()
    # Its penalty is |W|² / (2 C) beside the sum of the losses, ours RIDGE |W|² beside their mean.
    other = LogisticRegression(C=1 / (2 * heads.RIDGE * len(rows)), tol=1e-8, max_iter=5000).fit(standard, y)
    expected = other.predict_log_proba(standard)
    ours = head(features).log_softmax(1).detach().numpy()
    np.testing.assert_allclose(ours, expected, atol=0.02)


def test_good_features_are_worth_more_than_none():
    linear, tuned, scratch = worth(taught(), coder(1), DATA, KNOWN, images=3000)
    assert [m.metric for m in (linear, tuned, scratch)] == [
        "accuracy, linear head",
        "accuracy, fine-tuned",
        "accuracy, the same network from scratch",
    ]
    assert linear.value > 0.8  # 0.87 and 0.88 (seeds 0 and 1)
    assert tuned.value > 0.75  # 0.84 and 0.87
    assert scratch.value < 0.65  # 0.54 and 0.56
    assert linear.protocol["labels"] == 20
    assert linear.protocol["part"] == "encoder"


def test_random_features_are_worth_little():
    linear, *_ = worth(coder(), coder(1), DATA, KNOWN, images=64)
    assert linear.value < 0.65  # 0.47 and 0.41


def test_fine_tuning_moves_the_network_and_sees_only_what_is_known():
    model, seen = coder(), set()
    before = model.encoder[1].weight.detach().clone()
    head = heads.linear_head(model, model.encode, DATA.train, KNOWN)

    class Spy:
        spec = DATA.train.spec
        __len__ = DATA.train.__len__
        y = staticmethod(DATA.train.y)

        def x(self, rows):
            seen.update(rows.tolist())
            return DATA.train.x(rows)

    heads.fine_tune(model, model.encode, head, Spy(), KNOWN, 100, 0, None)
    assert not torch.equal(before, model.encoder[1].weight)
    assert seen == set(KNOWN.tolist())
    assert not model.training


def test_the_head_from_scratch_takes_features_at_the_scale_of_training(monkeypatch):
    """In eval mode the running statistics of untrained batch norms, 0 and 1, leave features of another scale."""
    deviations = []

    def look(recipe, extract, head, train, known, *_):
        recipe.train()
        with torch.no_grad():
            deviations.append(((extract(train.x(known)) - head.mean) / head.std).std(0).mean())

    monkeypatch.setattr(representation, "fine_tune", look)
    nets = (small("dcgan", DATA.spec) for _ in range(2))
    worth(*nets, DATA, known_labels(load("digits", DataConfig(labels=100)), 0), part="discriminator")
    assert 0.7 < deviations[1] < 1.4  # 1.01; 152 by the statistics of eval mode


def test_codes_found_by_search_are_refused():
    model = coder()
    model.searches = True
    with pytest.raises(UserError, match="Coder finds codes by search"):
        worth(model, coder(1), DATA, KNOWN, images=64)


@pytest.mark.parametrize(
    ("name", "part"), [("bigan", "encoder"), ("bigan", "discriminator"), ("gmmn", "discriminator")]
)
def test_what_has_no_such_features_is_refused(name, part):
    recipe = small(name, DATA.spec)
    if (name, part) == ("bigan", "encoder"):
        assert extractor(recipe, part)(DATA.train.x(np.arange(3))).shape == (3, 16)
        return
    with pytest.raises(UserError, match=r"no discriminator whose features could be used|has no discriminator"):
        extractor(recipe, part)(DATA.train.x(np.arange(3)))


@pytest.mark.parametrize("name", ["dcgan", "lsgan"])
def test_a_discriminators_features_are_its_last_hidden_layer(name):
    recipe = small(name, DATA.spec)
    features = extractor(recipe, "discriminator")(DATA.train.x(np.arange(3)))
    assert features.shape == (3, recipe.discriminator.width)


def test_data_without_labels_is_refused():
    spec = DataSpec(shape=(1, 8, 8))

    class Unlabelled:
        source = "here"

    Unlabelled.spec = spec
    with pytest.raises(UserError, match="here has no labels"):
        worth(coder(), coder(1), Unlabelled(), KNOWN)
