import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from metric_fakes import Data, Examples, make_data
from onnx import TensorProto, helper

from saddlepoint import files
from saddlepoint.errors import UserError
from saddlepoint.metrics import classifiers, store
from saddlepoint.metrics.choose import choose
from saddlepoint.metrics.classifier import Classifier, accuracy, train_classifier
from saddlepoint.metrics.classifiers import COMMITTED, classifier_for, load_classifier
from saddlepoint.metrics.features import pixels
from saddlepoint.types import DataSpec


def test_pixels_are_means_over_areas():
    features = pixels(DataSpec(shape=(3, 64, 32)))
    assert (features.name, features.dim) == ("pixels:16x8", 3 * 16 * 8)
    x = torch.rand(2, 3, 64, 32)
    torch.testing.assert_close(features(x)[:, 0], x[:, 0, :4, :4].mean((1, 2)))
    small = pixels(DataSpec(shape=(1, 8, 8)))
    assert (small.name, small.resize) == ("pixels:8x8", "none")
    assert torch.equal(small(x[:, :1, :8, :8]), x[:, :1, :8, :8].flatten(1))
    assert pixels(DataSpec(shape=(1, 1, 500))).dim == 16
    points = pixels(DataSpec(shape=(2,), kind="points"))
    assert (points.name, points.dim) == ("identity", 2)
    assert torch.equal(points(x[0, 0, :, :2]), x[0, 0, :, :2])


def test_different_pixels_have_different_hashes():
    hashes = [pixels(DataSpec(shape=shape)).sha256 for shape in [(1, 8, 8), (3, 8, 8), (1, 8, 9), (3, 99, 99)]]
    assert len(set(hashes)) == 4


def test_auto_takes_a_classifier_where_there_are_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("saddlepoint.metrics.choose.classifier_for", lambda data, **_: "the classifier")
    assert choose("auto", make_data(classes=3)) == "the classifier"
    assert choose("auto", make_data()).name == "pixels:8x8"
    assert choose("auto", make_data(shape=(2,), classes=3)).name == "identity"


@pytest.mark.parametrize(
    ("asked", "data", "message"),
    [
        ("incepton", make_data(), r"no features 'incepton': choose auto, inception"),
        ("classifier", make_data(), r"needs labels of two classes or more, and made is images 8x8x1"),
        ("classifier", make_data(shape=(2,), classes=2), r"needs images, and this is points"),
        ("inception", make_data(shape=(2,)), r"needs images, and this is points"),
        ("graph.onnx", make_data(), r"no ONNX file graph\.onnx"),
        ("graph.onnx", make_data(shape=(2,)), r"needs images"),
        ("classifier", make_data(classes=2, test=0), r"needs held-out images"),
    ],
)
def test_requests_that_cannot_be_met(asked: str, data: Data, message: str):
    with pytest.raises(UserError, match=message):
        choose(asked, data, offline=True)


def test_a_weights_file_belongs_to_inception(tmp_path: Path):
    with pytest.raises(UserError, match=r"is for features=inception, and features=pixels was asked"):
        choose("pixels", make_data(), weights_file=tmp_path / "w.pth")
    with pytest.raises(UserError, match="There is no weight file"):
        choose("auto", make_data(classes=2), weights_file=tmp_path / "w.pth")


# The classifier --------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 48), (3, 120, 7), (4, 64, 64), (1, 1, 40)])
def test_any_size_gives_64_features(shape: tuple[int, int, int]):
    classifier = Classifier(shape[0], min(shape[1:]), 5).eval()
    x = torch.rand(2, *shape)
    assert classifier.features(x).shape == (2, 64)
    assert classifier(x).shape == (2, 5)
    assert 4 * sum(p.numel() for p in classifier.parameters()) < 500_000


def test_learns_and_leaves_the_random_state_alone():
    data = make_data(classes=2, train=60, test=40)
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    told: list[tuple[int, int, str]] = []
    trained = [
        train_classifier(data.train, budget=900, progress=lambda *now: told.append(now)),
        train_classifier(data.train, budget=900),
    ]
    assert torch.equal(torch.rand(3), expected)
    assert told[-1][0] == told[-1][1]
    assert accuracy(trained[0], data.test) > 0.95
    same = zip(trained[0].state_dict().values(), trained[1].state_dict().values(), strict=True)
    assert all(torch.equal(one, other) for one, other in same)


def test_own_classifier_is_trained_once_and_carries_its_accuracy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    data = make_data(classes=2, train=60, test=40, source="some/folder/of faces.zip")
    first = classifier_for(data, cache=tmp_path)
    monkeypatch.setattr(classifiers, "train_classifier", None)
    again = classifier_for(data, cache=tmp_path)
    assert first.name == again.name == f"classifier:of-faces@{first.sha256[:4]}"
    (path,) = (tmp_path / "classifiers").iterdir()
    assert first.sha256 == files.sha256(path)
    assert first.accuracy is not None
    assert first.accuracy > 0.95
    x = data.test.x(np.arange(4))
    assert torch.equal(first(x), again(x))
    assert first.head is not None
    assert torch.equal(first.head(first(x)).argmax(1), data.test.y(np.arange(4)))


@pytest.mark.parametrize(("name", "least"), [("digits", 0.98), ("mnist", 0.992)])
def test_committed_classifiers(name: str, least: float):
    path = COMMITTED / f"{name}.safetensors"
    assert path.stat().st_size < 500_000
    classifier, card = load_classifier(path)
    side = {"digits": 8, "mnist": 28}[name]
    assert (card.name, card.shape, card.classes) == (name, (1, side, side), tuple("0123456789"))
    assert card.accuracy >= least
    assert classifier(torch.zeros(1, *card.shape)).shape == (1, 10)


def digits(*, shuffle_labels: bool = False) -> Data:
    """scikit-learn's digits on 256 levels."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    rows = torch.from_numpy(np.round(bunch.images * 255 / 16)).float().unsqueeze(1) / 127.5 - 1
    labels = torch.from_numpy(bunch.target).long()
    if shuffle_labels:
        labels = (labels + 1) % 10
    spec = DataSpec(shape=(1, 8, 8), classes=tuple("abcdefghij"))
    train, test = (Examples(spec, rows[part], labels[part]) for part in (slice(300), slice(1500, None)))
    return Data(spec, train, test, test, "somewhere", "d" * 64)


def test_data_that_a_committed_classifier_knows_gets_it_whatever_its_name(tmp_path: Path):
    features = classifier_for(digits(), cache=tmp_path)
    digest = files.sha256(COMMITTED / "digits.safetensors")
    assert features.name == f"classifier:digits@{digest[:4]}"
    assert not (tmp_path / "classifiers").exists()


def test_other_classes_in_images_of_the_same_size_get_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    untrained = Classifier(1, 8, 10).eval()
    monkeypatch.setattr(classifiers, "train_classifier", lambda train, progress: untrained)
    assert classifier_for(digits(shuffle_labels=True), cache=tmp_path).name.startswith("classifier:somewhere@")


# ONNX ------------------------------------------------------------------------------------------------


def write_graph(path: Path, shape: list[int | str], kind: int = TensorProto.FLOAT) -> Path:
    """A graph that gives the mean over places of each channel, or what it was given where that is no float32."""
    node = helper.make_node("GlobalAveragePool" if kind == TensorProto.FLOAT else "Identity", ["image"], ["mean"])
    graph = helper.make_graph(
        [node],
        "mean",
        [helper.make_tensor_value_info("image", kind, shape)],
        [helper.make_tensor_value_info("mean", kind, None)],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_onnx_graph_of_any_size(tmp_path: Path):
    path = write_graph(tmp_path / "mean.onnx", ["N", "C", "H", "W"])
    features = choose(str(path), make_data(shape=(3, 8, 12)))
    x = torch.rand(5, 3, 8, 12)
    torch.testing.assert_close(features(x), x.mean((2, 3)))
    assert features.dim == 3
    assert features.name == f"mean.onnx@{files.sha256(path)[:4]}"


def test_onnx_graph_of_fixed_batch_size_and_channels(tmp_path: Path):
    path = write_graph(tmp_path / "mean.onnx", [2, 3, 16, 16])
    features = choose(str(path), make_data(shape=(1, 8, 8)))
    assert features.resize == "16x16 bilinear, antialiased"
    x = torch.arange(5.0).view(5, 1, 1, 1).expand(5, 1, 8, 8)  # two whole batches and half of one
    torch.testing.assert_close(features(x), torch.arange(5.0)[:, None].expand(5, 3))


def test_onnx_refusals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    flat, doubles = write_graph(tmp_path / "flat.onnx", ["N", "C", 4]), tmp_path / "double.onnx"
    write_graph(doubles, ["N", 1, 8, 8], TensorProto.DOUBLE)
    for path in flat, doubles:
        with pytest.raises(UserError, match=r"features need one float32 input of shape \(batch, C, H, W\)"):
            choose(str(path), make_data())
    with pytest.raises(UserError, match=r"takes 5 channels, and this is images 8x8x1"):
        choose(str(write_graph(tmp_path / "five.onnx", ["N", 5, 8, 8])), make_data())
    (tmp_path / "text.onnx").write_text("hello")
    with pytest.raises(UserError, match=r"text\.onnx is no graph that ONNX Runtime can run"):
        choose(str(tmp_path / "text.onnx"), make_data())
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UserError, match=r"pip install 'saddlepoint\[export\]'"):
        choose(str(flat), make_data())


# The cache -------------------------------------------------------------------------------------------


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path):
    path = tmp_path / "folder" / "x.safetensors"
    store.save(path, {"x": torch.ones(2).expand(3, 2)}, {"of": "ones"})
    tensors, metadata = store.load(path)
    assert torch.equal(tensors["x"], torch.ones(3, 2))
    assert metadata == {"of": "ones"}

    def fail(temporary: Path) -> None:
        temporary.write_text("half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.write(tmp_path / "folder" / "y", fail)
    assert [file.name for file in path.parent.iterdir()] == ["x.safetensors"]


def test_cache_troubles_are_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="SADDLE_CACHE"):
        store.save(tmp_path / "file" / "x.safetensors", {"x": torch.ones(1)})
    (tmp_path / "bad.safetensors").write_text("hello")
    for name in "bad.safetensors", "absent.safetensors":
        with pytest.raises(UserError, match=rf"{name} is no readable safetensors file"):
            store.load(tmp_path / name)
    assert store.cache_folder(tmp_path) == tmp_path
    assert store.cache_folder(None).name == "cache"  # SADDLE_CACHE, which the tests set
