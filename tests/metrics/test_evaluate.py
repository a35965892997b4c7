import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from metric_fakes import Bounded, Brightness, Conditional, Sorting, Untrained, build, make_data

from saddlepoint.errors import UserError
from saddlepoint.metrics.collect import draw, reference_labels
from saddlepoint.metrics.evaluate import Measurement, evaluate, neighbours_figure
from saddlepoint.metrics.features import pixels

PRDC = ("precision", "recall", "density", "coverage")


def by_name(measured: list[Measurement]) -> dict[str, Measurement]:
    names = [m.metric for m in measured]
    assert len(set(names)) == len(names)
    return dict(zip(names, measured, strict=True))


def test_every_measure_comes_with_its_floor_and_its_protocol():
    data = make_data(train=300, test=120)
    measured = evaluate(build(Brightness, data), data, seed=3, weights="raw")
    found = by_name(measured)
    floored = [name + end for name in ("fd", "kid", *PRDC) for end in ("", "_floor")]
    assert list(found) == [*floored, "memorisation"]
    assert found["fd"].label() == "FD[pixels:8x8]"
    assert found["fd_floor"].label() == "FD floor[pixels:8x8]"
    assert found["density"].label() == "density[pixels:8x8]"
    assert found["kid"].error is not None
    expected = {
        "reference": "test",
        "reference_count": 120,
        "n": 300,
        "data": "made",
        "fingerprint": data.fingerprint,
        "examples": "images 8x8x1",
        "features": "pixels:8x8",
        "features_sha256": pixels(data.spec).sha256,
        "features_dim": 64,
        "resize": "none",
        "weights": "raw",
        "seed": 3,
        "samples": "rounded to 256 levels",
        "warnings": [],
    }
    assert found["fd"].protocol == expected
    assert found["fd_floor"].protocol == expected | {"samples": "training images"}
    assert found["precision"].protocol == expected | {"k": 5}
    assert found["kid"].protocol == expected | {"kernel": "(x.y/d + 1)^3"}
    assert json.loads(json.dumps([asdict(m) for m in measured]))


def test_a_right_model_reaches_the_floor_and_a_wrong_one_does_not():
    data = make_data(train=300, test=300)

    class Faint(Brightness):
        scale = 0.05

    right, wrong = (by_name(evaluate(build(kind, data), data)) for kind in (Brightness, Faint))
    assert right["fd"].value == pytest.approx(right["fd_floor"].value, rel=0.3)
    assert abs(right["kid"].value) < 5 * right["kid"].error
    assert wrong["fd"].value > 5 * wrong["fd_floor"].value
    assert wrong["recall"].value < 0.1 < 0.5 < right["recall"].value
    assert wrong["fd_floor"].value == right["fd_floor"].value


def test_default_n_serves_both_sides():
    def n(train: int, test: int, **options: int) -> set[int]:
        data = make_data(shape=(1, 2, 2), train=train, test=test)
        measured = evaluate(build(Brightness, data), data, metrics=["fd"], **options)
        return {m.protocol["n"] for m in measured}

    assert n(5000, 80) == {1000}
    assert n(5000, 1700) == {1700}
    assert n(12000, 11000) == {10000}
    assert n(700, 80) == {700}
    assert n(700, 80, n=50) == {50}
    assert n(700, 80, n=900) == {900, 700}


def test_a_floor_of_fewer_images_says_so():
    data = make_data(shape=(1, 2, 2), train=30, test=80)
    found = by_name(evaluate(build(Brightness, data), data, metrics=["fd"], n=40))
    assert found["fd"].protocol["warnings"] == []
    assert found["fd_floor"].protocol["warnings"] == [
        "The floor has 30 training images, all there are, and the samples are 40."
    ]


@pytest.mark.parametrize(("train", "test"), [(2, 2), (2, 3), (3, 2), (5, 4), (7, 6), (64, 65)])
@pytest.mark.parametrize("shape", [(1, 8, 8), (2,)])
def test_tiny_sets_warn_and_do_not_crash(train: int, test: int, shape: tuple[int, ...]):
    data = make_data(shape=shape, train=train, test=test)
    metrics = ["fd", "kid", "prdc", "memorisation"]
    measured = evaluate(build(Brightness, data), data, metrics=metrics)
    assert len(measured) == 13
    assert all(torch.tensor(m.value).isfinite() for m in measured)
    warned = {m.metric: " ".join(m.protocol["warnings"]) for m in measured}
    if shape == (1, 8, 8):
        assert f"{min(train, test)} images are too few" in warned["fd"]
        assert "more than 64" in warned["fd"]
    if min(train, test) < 6:
        assert "6 images" in warned["precision"]
        assert measured[-2].protocol["k"] == min(train, test) - 1
    if min(train, test) < 4:
        assert "4 images" in warned["kid"]


def test_single_measures_by_name():
    data = make_data()
    found = evaluate(build(Brightness, data), data, metrics=["recall"])
    assert [m.metric for m in found] == ["recall", "recall_floor"]
    (memorised,) = evaluate(build(Brightness, data), data, metrics=["memorisation"])
    assert memorised.value == pytest.approx(1, abs=0.1)
    assert memorised.protocol["train_count"] == len(data.train)
    whole = by_name(evaluate(build(Brightness, data), data, metrics=["prdc", "recall"]))
    assert found[0].value == whole["recall"].value


def test_memorisation_raises_the_alarm_for_copies():
    data = make_data()

    class Copies(Untrained):
        def draw(self, noise, y):
            return data.train.rows[noise.integers(len(data.train))]

    (memorised,) = evaluate(build(Copies, data), data, metrics=["memorisation"])
    assert memorised.value < 1e-3


@pytest.mark.parametrize("split", ["test", "validation"])
def test_the_reference_is_the_split_asked_for(split: str):
    data = make_data(shape=(1, 2, 2))
    measured = evaluate(build(Brightness, data), data, metrics=["fd"], split=split)
    assert measured[0].protocol["reference"] == split
    assert measured[0].protocol["reference_count"] == len(getattr(data, split))


# Bounds ----------------------------------------------------------------------------------------------


def test_bounds_in_nats_and_bits():
    data = make_data(shape=(1, 2, 2))
    recipe = build(Bounded, data)
    nats, bits = evaluate(recipe, data, metrics=["elbo"], features="nothing")  # no features are needed
    assert [nats.metric, bits.metric] == ["elbo", "bits_per_dim"]
    assert (nats.label(), bits.label()) == ("ELBO (nats)", "bits/dim, upper bound")
    assert nats.protocol["measure"] == "density"
    assert nats.protocol["n"] == len(data.test)
    density = torch.distributions.Normal(-0.5, 0.2).log_prob(data.test.rows).double()
    assert nats.value == pytest.approx(float(density.sum((1, 2, 3)).mean()))
    # a density over [-1, 1], times the 2/255 from level to level, is the probability of a level
    assert bits.value == pytest.approx(float(-(density + torch.tensor(2 / 255).log()).mean() / torch.tensor(2.0).log()))
    assert bits.error == pytest.approx(nats.error / 4 / 0.6931, rel=1e-3)


def test_a_bound_on_nothing_named_stays_in_nats():
    class Unnamed(Brightness):
        def elbo(self, x, noise, y=None):
            return -x.flatten(1).sum(1)

    data = make_data()
    assert [m.metric for m in evaluate(build(Unnamed, data), data, metrics=["elbo"])] == ["elbo"]


def test_default_measures_include_the_bound_where_there_is_one():
    data = make_data()
    assert "elbo" in by_name(evaluate(build(Bounded, data), data))
    assert "elbo" not in by_name(evaluate(build(Brightness, data), data))


# Labels ----------------------------------------------------------------------------------------------


def test_labelled_data_is_judged_by_a_classifier_and_scored():
    data = make_data(classes=2, train=60, test=40)
    recipe = build(Conditional, data)
    found = by_name(evaluate(recipe, data))
    label = found["fd"].label()
    assert label.startswith("FD[classifier:made@")
    assert found["fd"].protocol["accuracy"] > 0.95
    assert found["fd"].protocol["labels"] == "as in the reference"
    assert found["classifier_score"].value == pytest.approx(2, abs=0.15)
    assert found["classifier_score_floor"].value == pytest.approx(2, abs=0.15)
    counts = torch.bincount(data.test.labels, minlength=2) / len(data.test)
    torch.testing.assert_close(torch.bincount(recipe.asked, minlength=2) / len(recipe.asked), counts, atol=0.02, rtol=0)


def test_labels_of_a_sorted_reference_come_mixed():
    data = make_data(classes=2)
    data.test.labels.copy_(data.test.labels.sort().values)
    y = reference_labels(data.test, 200)
    assert y is not None
    assert torch.bincount(y[:80]).tolist() == torch.bincount(data.test.labels).tolist()
    assert 10 < y[:40].sum() < 30
    assert reference_labels(make_data().test, 5) is None


def test_labels_are_uniform_where_the_data_has_other_classes():
    recipe = build(Conditional, make_data(classes=3))
    data = make_data()
    (fd, _) = evaluate(recipe, data, metrics=["fd"])
    assert fd.protocol["labels"] == "uniform"
    assert torch.bincount(recipe.asked).min() > 50


# Classifiers -----------------------------------------------------------------------------------------


def test_accuracy_is_the_share_of_right_labels():
    data = make_data(shape=(1, 2, 2), classes=4, test=400)  # few pixels and near classes: some mistakes
    recipe = build(Sorting, data)
    (measured,) = evaluate(recipe, data, metrics=["accuracy"], features="nothing")  # no samples are drawn
    right = (recipe.classify(data.test.rows).argmax(1) == data.test.labels).double().mean()
    assert 0.6 < measured.value == float(right) < 0.97
    assert measured.error == pytest.approx(float(right * (1 - right) / 400) ** 0.5, rel=0.01)
    assert measured.protocol["n"] == measured.protocol["reference_count"] == 400
    assert measured.label() == "accuracy"
    assert "features" not in measured.protocol
    (validated,) = evaluate(recipe, data, metrics=["accuracy"], split="validation")
    assert validated.protocol["n"] == 20


def test_accuracy_is_evaluated_without_dropout_and_the_like():
    class Noisy(Sorting):
        def classify(self, x):
            return super().classify(x) * (-1 if self.training else 1)

    data = make_data(classes=2)
    recipe = build(Noisy, data)
    (measured,) = evaluate(recipe, data, metrics=["accuracy"])
    assert measured.value > 0.95
    assert recipe.training


def test_accuracy_needs_the_classes_the_model_learned():
    data, other = make_data(classes=2), make_data(classes=3)
    with pytest.raises(UserError, match="needs the classes that the model learned, and made has images 8x8x1, 3 cl"):
        evaluate(build(Sorting, data), other, metrics=["accuracy"])
    with pytest.raises(UserError, match="accuracy needs a recipe that classifies, and Conditional does not"):
        evaluate(build(Conditional, data), data, metrics=["accuracy"])


# Samples ---------------------------------------------------------------------------------------------


def test_samples_are_those_that_a_saved_image_holds():
    data = make_data()
    x = draw(build(Brightness, data), 3, seed=0)
    levels = (x + 1) * 127.5
    torch.testing.assert_close(levels, levels.round(), atol=1e-4, rtol=0)
    points = make_data(shape=(2,))
    recipe = build(Brightness, points)
    assert torch.equal(draw(recipe, 3, seed=0), recipe.sample(3, seed=0))


def test_a_diverged_model_is_named():
    class Diverged(Untrained):
        def draw(self, noise, y):
            return noise.normal(1, 8, 8).log()

    data = make_data()
    with pytest.raises(UserError, match=r"200 of 200 samples .*diverged"):
        evaluate(build(Diverged, data), data)


@pytest.mark.parametrize("shape", [(3, 20, 36), (4, 8, 8), (2,)])
def test_colour_transparency_and_points(shape: tuple[int, ...]):
    data = make_data(shape=shape, classes=0)
    measured = evaluate(build(Brightness, data), data, n=50)
    assert len(measured) == 13
    assert measured[0].protocol["samples"] == ("as drawn" if shape == (2,) else "rounded to 256 levels")


# The cache -------------------------------------------------------------------------------------------


def test_features_of_the_data_are_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    data = make_data()
    recipe = build(Brightness, data)
    first = evaluate(recipe, data, cache=tmp_path)
    assert len(list((tmp_path / "features").glob("*/*.safetensors"))) == 2  # test, and part of train
    for examples in data.train, data.test:
        object.__setattr__(examples, "rows", torch.full_like(examples.rows, torch.nan))  # not to be read again
    assert [m.value for m in evaluate(recipe, data, cache=tmp_path)] == [m.value for m in first]


def test_other_data_counts_splits_and_features_are_other_entries(tmp_path: Path):
    def entries() -> int:
        return len(list((tmp_path / "features").glob("*/*.safetensors")))

    data = make_data()
    recipe = build(Brightness, data)
    evaluate(recipe, data, metrics=["fd"], cache=tmp_path)
    evaluate(recipe, data, metrics=["fd"], cache=tmp_path, split="validation")
    assert entries() == 3
    evaluate(recipe, data, metrics=["fd"], cache=tmp_path, n=30)
    assert entries() == 4
    evaluate(recipe, make_data(seed=1), metrics=["fd"], cache=tmp_path)
    assert entries() == 6


def test_same_seed_same_numbers():
    data = make_data(shape=(1, 4, 4))
    recipe = build(Brightness, data)
    values = [[m.value for m in evaluate(recipe, data, seed=seed)] for seed in (0, 0, 1)]
    assert values[0] == values[1]
    assert values[0][0] != values[2][0]
    assert values[0][1] == values[2][1]  # the floor has no seed


# Wrong asks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metrics": ["fid"]}, r"no metric 'fid': did you mean"),
        ({"metrics": ["swimming"]}, r"no metric 'swimming': choose among fd, kid"),
        ({"metrics": ["elbo"]}, r"elbo needs a recipe that bounds the likelihood, and Brightness does not"),
        ({"metrics": ["classifier_score"]}, r"needs features that classify, and pixels:8x8 does not"),
        ({"n": 1}, r"n=1: a comparison needs 2 samples"),
        ({"features": "inception", "offline": True}, r"offline"),
    ],
)
def test_wrong_asks(options: dict, message: str):
    data = make_data()
    with pytest.raises(UserError, match=message):
        evaluate(build(Brightness, data), data, **options)


@pytest.mark.parametrize(("train", "test"), [(5, 1), (1, 5), (5, 0)])
def test_data_too_small_to_compare(train: int, test: int):
    data = make_data(train=train, test=test)
    with pytest.raises(UserError, match=rf"{train} training and {test} test examples"):
        evaluate(build(Brightness, data), data)


def test_a_model_of_other_data():
    with pytest.raises(UserError, match=r"The model makes images 8x8x1, and made holds images 8x8x3"):
        evaluate(build(Brightness, make_data()), make_data(shape=(3, 8, 8)))


def test_a_model_keeps_its_mode():
    data = make_data()
    recipe = build(Bounded, data)
    recipe.train()
    evaluate(recipe, data)
    assert recipe.training


# The figure ------------------------------------------------------------------------------------------


def test_figure_shows_a_copy_beside_itself():
    data = make_data(classes=0)

    class Copies(Untrained):
        def draw(self, noise, y):
            return data.train.rows[noise.integers(len(data.train))]

    told: list[str] = []
    figure = neighbours_figure(
        build(Copies, data), data, "pixels", n=3, k=2, progress=lambda done, total, what: told.append(what)
    )
    assert "features of train examples" in told
    side, step = 64, 68  # 8x8 shown eightfold
    assert figure.height == 20 + 3 * step - 4
    pixel_column = max(side, _title_width("sample")) + 16
    feature_column = pixel_column + max(2 * step - 4, _title_width("nearest in pixels")) + 16
    for row in range(3):
        top = 20 + row * step
        tiles = [figure.crop((x, top, x + side, top + side)).tobytes() for x in (0, pixel_column, feature_column)]
        assert tiles[0] == tiles[1] == tiles[2]
        second = figure.crop((pixel_column + step, top, pixel_column + step + side, top + side)).tobytes()
        assert second != tiles[0]


def _title_width(title: str) -> int:
    from PIL import ImageFont

    return int(ImageFont.load_default().getlength(title)) + 1


@pytest.mark.parametrize("shape", [(4, 12, 20), (3, 100, 40)])
def test_figure_of_any_image(shape: tuple[int, ...]):
    data = make_data(shape=shape, train=3)
    assert neighbours_figure(build(Brightness, data), data, n=2, k=5).mode == "RGB"


def test_no_figure_of_points():
    data = make_data(shape=(2,))
    with pytest.raises(UserError, match="Neighbours are shown for images"):
        neighbours_figure(build(Brightness, data), data)
