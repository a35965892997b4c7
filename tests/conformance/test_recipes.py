"""What every recipe of the catalogue must do. A new recipe is tested by existing."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch

from saddlepoint import catalogue
from saddlepoint.config import DataConfig, TrainConfig
from saddlepoint.data.dataset import Data, Examples
from saddlepoint.engine.budget import Budget
from saddlepoint.engine.trainer import Trainer
from saddlepoint.errors import UserError
from saddlepoint.recipe import (
    CAPABILITIES,
    Bounds,
    Classifies,
    Completes,
    Encodes,
    Latent,
    Scores,
    Weighs,
    capabilities,
)
from saddlepoint.types import DataSpec, Noise
from support import equal, small, tensors

CLASSES = ("cat", "dog", "newt")
SHAPES = [(1, 8, 8), (3, 16, 16), (4, 12, 9), (3, 9, 17), (1, 28, 28), (3, 32, 20)]
NAMES = [name for name in catalogue.names() if catalogue.info(name).recipe == name]
# Methods that train in phases: the steps after which each player of the small recipe has had its turn.
CYCLES = {"adagan": 8, "m1_m2": 4}
KINDS = [(name, kind) for name in NAMES for kind in catalogue.recipe_class(name).kinds]


def spec_of(name: str, kind: str, shape: tuple[int, ...] = (1, 8, 8)) -> DataSpec:
    """What this recipe is tried on."""
    if kind == "points":
        return DataSpec(kind="points", shape=(2,), classes=CLASSES)
    return DataSpec(shape=shape, classes=CLASSES, levels=2 if catalogue.recipe_class(name).binary else 256)


def data_of(name: str, kind: str, shape: tuple[int, ...] = (1, 8, 8)) -> Data:
    return random_data(spec_of(name, kind, shape))


@functools.cache
def random_data(spec: DataSpec) -> Data:
    """Forty random examples, in memory."""
    draw = torch.Generator().manual_seed(0)
    if spec.kind == "points":
        rows = torch.randn(40, 2, generator=draw).numpy()
    else:
        c, h, w = spec.shape
        rows = torch.randint(spec.levels, (40, h, w, c), generator=draw, dtype=torch.uint8).numpy()
        rows = rows * np.uint8(255 // (spec.levels - 1))
    y = torch.randint(len(CLASSES), (40,), generator=draw).numpy() if spec.classes else None
    index = torch.arange(40).numpy()
    train, validation, test = (
        Examples(spec=spec, rows=rows, labels=y, index=part) for part in (index[:32], index[32:36], index[36:])
    )
    return Data(
        spec=spec,
        source="memory",
        fingerprint="0" * 64,
        options=DataConfig(),
        train=train,
        validation=validation,
        test=test,
        bad=(),
        notes=(),
    )


def training(name: str, data: Data, seed: int = 0, **config: object) -> Trainer:
    options = {"batch": 8, "precision": "fp32", "track": "none", **config}
    return Trainer(small(name, data.spec), data, TrainConfig(**options), seed=seed)


def steps(t: Trainer, count: int) -> Trainer:
    for _ in range(count):
        t.one_step(Budget(steps=100))
    return t


@pytest.mark.parametrize("name", NAMES)
def test_it_says_where_it_comes_from(name):
    entry = catalogue.info(name)
    assert entry.module.rpartition(".")[2] == name, "file name = registered name"
    assert entry.summary
    assert entry.paper.title
    assert 1980 < entry.paper.year < 2100
    assert entry.paper.title in catalogue.citation(name)
    fields = catalogue.recipe_class(name).Config.model_fields
    assert not [key for key, field in fields.items() if not field.description], "every key has a meaning"
    assert not set(fields) & ({*TrainConfig.model_fields} | {*DataConfig.model_fields}), "a key has one owner"


@pytest.mark.parametrize("name", sorted(set(catalogue.names()) - set(NAMES)))
def test_a_preset_is_a_valid_config_and_can_be_built(name):
    assert catalogue.configure(name) != catalogue.configure(catalogue.info(name).recipe)
    catalogue.create(name, spec_of(catalogue.info(name).recipe, "image", (3, 32, 32)))


@pytest.mark.parametrize("name", [name for name, kind in KINDS if kind == "image"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_any_shape_of_image(name, shape):
    t = steps(training(name, data_of(name, "image", shape)), 1)
    x = t.recipe.sample(3)
    assert x.shape == (3, *shape)
    assert x.isfinite().all()
    assert x.abs().max() <= 1


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_samples(name, kind):
    recipe = small(name, spec_of(name, kind))
    x = recipe.sample(70, seed=3)
    assert x.shape == (70, *recipe.spec.shape)
    assert x.dtype == torch.float32
    assert torch.equal(x, recipe.sample(70, seed=3))
    assert not torch.equal(x, recipe.sample(70, seed=4))
    torch.testing.assert_close(x[:16], recipe.sample(16, seed=3), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(x, recipe.sample(70, seed=3, batch=32), rtol=1e-4, atol=1e-5)
    assert recipe.sample(0).shape == (0, *recipe.spec.shape)
    assert recipe.training, "sampling leaves the mode as it was"


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_every_player_moves_every_parameter_and_no_one_elses(name, kind):
    t = training(name, data_of(name, kind))
    # Fix-up starts some layers at 0, where others get no gradient yet: a method without phases is watched at step 3.
    watch = range(CYCLES[name]) if name in CYCLES else range(3, 4)
    steps(t, watch.start)
    recipe, seen = t.recipe, []
    update = t.update

    def watched(player, objective, batch):
        before = tensors(recipe)
        logs = update(player, objective, batch)
        assert logs["loss"].ndim == 0
        assert all(value.isfinite().all() for value in logs.values()), logs
        own = {t.names[id(p)] for p in update.seats[player].parameters}
        after = tensors(recipe)
        moved = {k for k in before if not torch.equal(before[k], after[k])}
        still = {k for k in own if k not in moved}
        assert not still, f"{player} leaves {sorted(still)} as they were"
        theirs = {t.names[id(p)] for p in update.seats[player].others}
        assert not moved & theirs, f"{player} moves {sorted(moved & theirs)}"
        seen.append(player)
        return logs

    for step in watch:
        update.begin(step)
        recipe.step(t.batches, watched, step)
    assert set(seen) == set(recipe.players())
    played = {id(p) for seat in update.seats.values() for p in seat.parameters}
    assert played == {id(p) for p in recipe.parameters()}, "each parameter has a player"


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_equal_seeds_equal_runs(name, kind):
    runs = [tensors(steps(training(name, data_of(name, kind), seed), 2).recipe) for seed in (0, 0, 1)]
    assert equal(runs[0], runs[1])
    assert not equal(runs[0], runs[2])


@pytest.mark.parametrize("micro_batch", [0, 4])
@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_resume_is_bit_exact(name, kind, micro_batch, tmp_path):
    data = data_of(name, kind)
    if micro_batch and catalogue.recipe_class(name).compares:
        with pytest.raises(UserError, match="leave micro_batch out"):
            training(name, data, micro_batch=micro_batch)
        return
    whole = steps(training(name, data, micro_batch=micro_batch), 5)

    first = training(name, data, micro_batch=micro_batch)
    first.folder = tmp_path
    (tmp_path / "samples").mkdir()
    steps(first, 3)
    folder = first.write_checkpoint()
    first.write_samples()

    torch.manual_seed(99)  # what happened in between must not matter
    second = training(name, data, micro_batch=micro_batch)
    with torch.no_grad():
        for p in second.recipe.parameters():
            p.add_(1.0)
    second.restore(folder)
    steps(second, 2)
    assert equal(tensors(whole.recipe), tensors(second.recipe))
    with whole.average.ready() as ours, second.average.ready() as theirs:
        assert equal(tensors(ours), tensors(theirs))
    assert (whole.step, whole.images, whole.position) == (second.step, second.images, second.position)
    for player, seat in whole.update.seats.items():
        moments = second.update.seats[player].optimizer.state_dict()["state"]
        for key, state in seat.optimizer.state_dict()["state"].items():
            assert equal(state, moments[key])


@pytest.mark.parametrize("precision", ["bf16"])
@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_half_precision_stays_finite_and_near(name, kind, precision):
    half, full = (steps(training(name, data_of(name, kind), precision=p), 1) for p in (precision, "fp32"))
    assert half.update.guard.look() == []
    for key, values in full.update.logs.items():
        if key.endswith("/loss"):
            torch.testing.assert_close(half.update.logs[key][0], values[0], rtol=0.1, atol=0.05)


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_it_does_what_its_capabilities_say(name, kind):
    recipe = small(name, spec_of(name, kind)).eval()
    can = capabilities(type(recipe))
    assert can[0] == "samples"
    assert {key for key in CAPABILITIES if key in can} == {
        key for key, protocol in CAPABILITIES.items() if isinstance(recipe, protocol)
    }
    data = data_of(name, kind).train
    x = data.x(torch.arange(5).numpy())
    y = torch.tensor([0, 1, 2, 0, 1]) if recipe.conditional else None
    if isinstance(recipe, Latent):
        z = recipe.prior(Noise("z", rows=5))
        assert z.ndim == 2
        assert recipe.generate(z, y).shape == x.shape
    if isinstance(recipe, Encodes):
        assert recipe.encode(x).ndim == 2
    if isinstance(recipe, Scores):
        score = recipe.log_prob(x, y)
        assert score.shape == (5,)
        assert score.isfinite().all()
    if isinstance(recipe, Classifies):
        assert recipe.classify(x).shape == (5, len(CLASSES))
    if isinstance(recipe, Bounds):
        bound = recipe.elbo(x, Noise("elbo", rows=5), y)
        assert bound.shape == (5,)
        assert bound.isfinite().all()
    if isinstance(recipe, Completes) and recipe.spec.kind == "image":
        whole = recipe.complete(x, 3, Noise("complete", rows=5), y)
        assert torch.equal(whole[:, :, :3], x[:, :, :3])
        assert not torch.equal(whole[:, :, 3:], x[:, :, 3:])
    if isinstance(recipe, Weighs):
        weights = recipe.log_weights(x, Noise("weights", rows=5), 3, y)
        assert weights.shape == (3, 5)
        assert weights.isfinite().all()


@pytest.mark.parametrize("name", NAMES)
def test_labels(name):
    recipe = small(name, spec_of(name, "image"))
    if recipe.conditional:
        assert not torch.equal(recipe.sample(4, y=0), recipe.sample(4, y=1)), "the label reaches the sample"
        with pytest.raises(UserError, match="classes are 0 to 2"):
            recipe.sample(4, y=3)
        with pytest.raises(UserError, match="labelled"):
            small(name, DataSpec(shape=(1, 8, 8)))
    else:
        with pytest.raises(UserError, match="takes no class"):
            recipe.sample(4, y=0)


@pytest.mark.parametrize("name", NAMES)
def test_what_it_cannot_learn_is_refused_in_words(name):
    recipe = catalogue.recipe_class(name)
    if recipe.min_side > 1:
        side = recipe.min_side - 1
        with pytest.raises(UserError, match=f"at least {recipe.min_side} pixels"):
            small(name, DataSpec(shape=(1, side, side), classes=CLASSES))
    if "points" not in recipe.kinds:
        with pytest.raises(UserError, match="learns image"):
            small(name, DataSpec(kind="points", shape=(2,), classes=CLASSES))
    if recipe.binary:
        with pytest.raises(UserError, match="binarise=stochastic"):
            small(name, DataSpec(shape=(1, 8, 8), classes=CLASSES))
    with pytest.raises(UserError, match="There is no option 'widht'"):
        catalogue.create(name, spec_of(name, "image"), widht=3)


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_latents_are_distributed_as_it_says(name, kind):
    recipe = small(name, spec_of(name, kind))
    if not isinstance(recipe, Latent):
        assert not recipe.slices
        return
    z = recipe.prior(Noise("slices", rows=2000))
    assert sum(part.size for part in recipe.slices) == z.shape[1]
    for part, values in zip(recipe.slices, z.split([part.size for part in recipe.slices], 1), strict=True):
        if part.prior == "category":
            assert torch.equal(values.sum(1), torch.ones(2000))
            assert set(values.unique().tolist()) <= {0.0, 1.0}
            assert (values.mean(0) - 1 / part.size).abs().max() < 5 / np.sqrt(2000 * part.size)
        elif part.prior == "sphere":
            torch.testing.assert_close(values.square().sum(1), torch.full((2000,), float(part.size)))
            assert values.mean(0).abs().max() < 5 / np.sqrt(2000)
        elif part.prior != "learned" and part.size:
            ranks = values.flatten().sort().values
            cdfs = {"normal": torch.special.ndtr, "logistic": torch.sigmoid, "uniform": lambda u: (u + 1) / 2}
            cdf = cdfs[part.prior](ranks)
            assert cdf.min() >= 0
            gap = (cdf - torch.linspace(0, 1, len(cdf))).abs().max()
            assert gap < 2 / np.sqrt(len(cdf)), "Kolmogorov-Smirnov, one in a thousand by chance"
