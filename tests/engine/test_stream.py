"""The streams a step draws from: all examples, and those whose labels are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import saddlepoint
from saddlepoint.config import Config, DataConfig, TrainConfig
from saddlepoint.data.load import load
from saddlepoint.distributed import World
from saddlepoint.engine.budget import Budget
from saddlepoint.engine.stream import UNKNOWN, Stream
from saddlepoint.engine.trainer import Trainer
from saddlepoint.errors import UserError
from saddlepoint.recipe import Player, Recipe
from saddlepoint.types import Batch, Noise
from support import equal, tensors


def stream(batch: int = 8, labels: int = 20, world: World = World(), **options: object) -> Stream:  # noqa: B008
    data = load("digits", DataConfig(labels=labels, **options))  # type: ignore[arg-type]
    return Stream(data, batch, seed=3, device=torch.device("cpu"), world=world)


def test_labels_that_are_not_kept_are_unknown_everywhere():
    s = stream(batch=64)
    truth = s.train.labels
    seen: set[int] = set()
    for _ in range(60):
        batch = next(s)
        known = batch.y != UNKNOWN
        assert (batch.y[known].numpy() == truth[batch.index[known]]).all()
        seen |= set(batch.index[known].tolist())
        labelled = next(s.labelled)
        assert (labelled.y.numpy() == truth[labelled.index]).all()
        assert set(labelled.index.tolist()) <= set(s.train.index[s.known].tolist())
    assert seen == set(s.train.index[s.known].tolist()), "what is labelled is so in the main stream too"
    assert len(seen) == 20


def test_the_labelled_are_shuffled_by_epochs():
    s = stream(batch=10, labels=20)
    drawn = []
    for _ in range(8):
        next(s)
        drawn.append(next(s.labelled).index)
    halves = [torch.cat(drawn[i : i + 2]) for i in (1, 3, 5)]  # drawn after the main one, at places 20, 40, 60
    assert all(sorted(half.tolist()) == sorted(s.train.index[s.known]) for half in halves)
    assert not torch.equal(halves[0], halves[1])


def test_a_second_batch_at_one_place_is_another():
    s = stream(batch=10)
    next(s)
    first, second = next(s.labelled), next(s.labelled)
    assert not torch.equal(first.index, second.index)
    assert not torch.equal(first.noise.normal(1), second.noise.normal(1))
    s.begin()
    assert torch.equal(next(s.labelled).index, first.index)


def test_the_place_is_the_whole_state():
    whole, fresh = stream(), stream()
    for _ in range(5):
        next(whole), next(whole.labelled), next(whole.labelled)
    fresh.position = whole.position
    for s in (whole, fresh):
        s.begin()
    for _ in range(3):
        for ours, theirs in ((next(whole), next(fresh)), (next(whole.labelled), next(fresh.labelled))):
            assert torch.equal(ours.index, theirs.index)
            assert torch.equal(ours.noise.normal(2), theirs.noise.normal(2))


@pytest.mark.parametrize("options", [{}, {"flip": True}, {"shift": 2}])
def test_two_processes_share_each_batch(options):
    one = stream(**options)
    two = [stream(world=World(rank, 2), **options) for rank in range(2)]
    for draw in (next, lambda s: next(s.labelled)):
        whole, parts = draw(one), [draw(s) for s in two]
        for key in ("x", "y", "index"):
            assert torch.equal(getattr(whole, key), torch.cat([getattr(part, key) for part in parts]))
        assert torch.equal(whole.noise.normal(2), torch.cat([part.noise.normal(2) for part in parts]))


@pytest.mark.parametrize(
    "options", [{}, {"binarise": "stochastic"}, {"flip": True}, {"shift": 1}, {"binarise": "fixed"}]
)
def test_images_of_one_channel_have_the_layout_of_convolutions(options):
    batch = next(stream(labels=0, **options))
    convolved = nn.functional.conv2d(batch.x, torch.ones(2, 1, 1, 1))
    assert convolved.stride(1) == 1, "channels last"


def test_flips_of_the_labelled_are_their_own():
    flipped, plain = (next(stream(batch=64, flip=flip).labelled).x for flip in (True, False))
    same = (flipped == plain).flatten(1).all(1)
    mirrored = (flipped == plain.flip(-1)).flatten(1).all(1)
    assert (same | mirrored).all()
    assert 10 < int(same.sum()) < 54


def test_each_image_is_shifted_by_whole_pixels_of_its_own():
    moved, plain = (next(stream(batch=256, shift=shift)).x for shift in (1, 0))
    padded = nn.functional.pad(plain, (1, 1, 1, 1), mode="replicate")
    places = torch.stack([padded[..., i : i + 8, j : j + 8] for i in range(3) for j in range(3)])
    there = (places == moved).flatten(2).all(2)
    assert there.any(0).all()
    assert (there.sum(1) > 10).all(), "every way to move comes up"


def test_labels_by_default_are_all_known():
    s = stream(labels=0)
    assert (next(s).y >= 0).all()
    assert (next(s.labelled).y >= 0).all()


class Linear(Recipe[Config]):
    """A classifier, by the labelled batches alone."""

    Config = Config

    def build(self) -> None:
        self.generator = nn.Linear(self.spec.dimensions, len(self.spec.classes))

    def players(self) -> dict[str, Player]:
        return {"classifier": Player(modules=(self.generator,), lr=0.01)}

    def step(self, batches, update, t):
        batch, labelled = next(batches), next(batches.labelled)

        def objective(_: Batch) -> dict[str, Tensor]:
            return {"loss": nn.functional.cross_entropy(self.classify(labelled.x), labelled.y)}

        update("classifier", objective, batch)

    def classify(self, x: Tensor) -> Tensor:
        return self.generator(x.flatten(1))

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        return noise.normal(*self.spec.shape)


def linear(folder=None, **options: object) -> Trainer:
    torch.manual_seed(0)
    data = load("digits", DataConfig(labels=100))
    config = TrainConfig(batch=16, precision="fp32", track="none", **options)  # type: ignore[arg-type]
    return Trainer(Linear(data.spec, Config()), data, config, folder=folder)


def test_a_classifier_learns_from_a_hundred_labels_and_resumes(tmp_path):
    (tmp_path / "samples").mkdir()
    whole, first = linear(), linear(tmp_path)
    for _ in range(60):
        whole.one_step(Budget(steps=60))
    for _ in range(23):
        first.one_step(Budget(steps=60))
    second = linear()
    second.restore(first.write_checkpoint())
    for _ in range(37):
        second.one_step(Budget(steps=60))
    assert equal(tensors(whole.recipe), tensors(second.recipe))
    test = whole.data.test
    correct = whole.recipe.classify(test.x(np.arange(len(test)))).argmax(1) == test.y(np.arange(len(test)))
    assert correct.double().mean() > 0.75  # 0.83 to 0.88 over seeds; chance is 0.1
    assert whole.probe.step(whole.probe.copy(), 4) is None, "the probe offers labels too"


@pytest.mark.parametrize(
    ("name", "said", "config"),
    [
        ("cgan", "CGAN needs every label", {}),
        ("dcgan", "DCGAN learns no labels", {}),
        ("am_gan", "AMGAN needs every label", {"labelling": "dynamic"}),
    ],
)
def test_recipes_that_cannot_use_few_labels_refuse_them(name, said, config, tmp_path):
    with pytest.raises(UserError, match=f"labels=100: {said}; leave labels out"):
        saddlepoint.train(name, "digits", labels=100, out=tmp_path / "run", steps=1, device="cpu", **config)
    assert not (tmp_path / "run").exists()


def test_a_recipe_that_asks_for_labels_where_there_are_none_is_our_bug():
    data = load("digits", DataConfig())
    bare = replace(data, train=replace(data.train, labels=None))
    s = Stream(bare, 4, seed=0, device=torch.device("cpu"), world=World())
    assert next(s).y is None
    with pytest.raises(AssertionError, match="labels that the data does not have"):
        next(s.labelled)
