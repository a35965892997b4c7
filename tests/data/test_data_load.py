import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from saddlepoint.config import DataConfig, build, parse_overrides
from saddlepoint.data.dataset import to_model
from saddlepoint.data.load import contact_sheet, inspect, load
from saddlepoint.data.toy import TOYS
from saddlepoint.errors import UserError
from saddlepoint.pictures import GAP, to_pixels

SKIP = DataConfig(on_bad="skip")


def test_digits_are_those_of_scikit_learn(cache):
    data, published = load("digits", offline=True, cache=cache), load_digits()
    assert (data.train.rows[..., 0] == np.round(published.images * 255 / 16)).all()
    assert data.train.labels is not None
    assert (data.train.labels == published.target).all()
    assert data.spec.classes == tuple("0123456789")
    assert str(data.spec) == "images 8x8x1, 10 classes"
    assert [len(part) for part in (data.train, data.validation, data.test)] == [1538, 80, 179]


def test_splits_are_disjoint_and_whole(cache):
    data = load("digits", cache=cache)
    parts = [data.train.index, data.validation.index, data.test.index]
    assert sorted(np.concatenate(parts)) == list(range(1797))
    for index in parts:
        assert (np.diff(index) > 0).all()


def test_examples(cache):
    train = load("digits", cache=cache).train
    positions = np.array([5, 0, 5])
    raw, x, y = train.raw(positions), train.x(positions), train.y(positions)
    assert raw.shape == (3, 8, 8, 1)
    assert raw.dtype == torch.uint8
    assert x.shape == (3, 1, 8, 8)
    assert x.dtype == torch.float32
    assert (x[0] == x[2]).all()
    assert x.min() == -1
    assert x.max() == 1
    assert y is not None
    assert y.dtype == torch.int64
    assert train.labels is not None
    assert y.tolist() == train.labels[train.index[positions]].tolist()
    assert (raw.numpy() == train.rows[train.index[positions]]).all()
    raw.zero_()  # a copy: the cache cannot be written
    assert (train.raw(positions) > 0).any()


def test_to_model_is_undone_by_to_pixels():
    raw = torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16, 1).repeat(2, 1, 1, 3)
    x = to_model(raw)
    assert x.is_contiguous(memory_format=torch.channels_last)
    assert (x.min(), x.max()) == (-1, 1)
    assert (torch.from_numpy(to_pixels(x)) == raw).all()
    points = torch.randn(4, 2)
    assert to_model(points) is points


@pytest.mark.parametrize("name", TOYS)
def test_toys(name, cache):
    data = load(name, cache=cache)
    assert data.spec.kind == "points"
    assert [len(part) for part in (data.train, data.validation, data.test)] == [85_500, 4_500, 10_000]
    assert data.train.x(slice(0, 7)).shape == (7, 1 if name.startswith("1d") else 2)
    assert data.truth is TOYS[name]
    assert data.train.y(slice(0, 7)) is None
    assert data.fingerprint == load(name, cache=cache).fingerprint
    assert not cache.exists()


@pytest.mark.parametrize("option", ["size=32", "fit=pad", "mode=rgb", "flip=true"])
def test_points_take_no_options_of_images(option, cache):
    with pytest.raises(UserError, match="that is for images"):
        load("ring", build(DataConfig, parse_overrides([option])), cache=cache)
    assert load("ring", build(DataConfig, parse_overrides(["size=auto", "on_bad=skip"])), cache=cache)


# Options ------------------------------------------------------------------------------------------


@pytest.fixture
def mixed(picture, write):
    """Grey and colour, three sizes."""
    return write("mixed", {"a.png": picture(0, 20, 30), "b.png": picture(1, 90, 100, "L"), "c.png": picture(2, 40, 30)})


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ([], (3, 30, 30)),
        (["size=16"], (3, 16, 16)),
        (["size=12x20", "fit=pad"], (3, 12, 20)),
        (["mode=grey", "fit=stretch"], (1, 30, 30)),
        (["mode=rgba"], (4, 30, 30)),
    ],
)
def test_options(options, shape, mixed, cache):
    data = load(mixed, build(DataConfig, parse_overrides(options)), cache=cache)
    assert data.spec.shape == shape
    assert data.train.x(slice(None)).shape == (3, *shape)


def test_auto_size_stops_at_64(picture, write, cache):
    folder = write("set", {"a.png": picture(0, 200, 300), "b.png": picture(1, 90, 100)})
    assert load(folder, cache=cache).spec.shape == (3, 64, 64)


def test_images_that_agree_keep_their_size(picture, write, cache):
    folder = write("set", {f"{i}.png": picture(i, 70, 90, "L") for i in range(3)})
    assert load(folder, cache=cache).spec.shape == (1, 70, 90)


def test_a_wrong_size(mixed, cache):
    with pytest.raises(UserError, match="size=huge"):
        load(mixed, DataConfig(size="huge"), cache=cache)


def test_notes_say_what_was_done(mixed, cache):
    notes = " ".join(load(mixed, DataConfig(mode="grey"), cache=cache).notes)
    assert "3 of 3 images are cropped and resized to 30x30" in notes
    assert "2 colour images are made grey" in notes
    assert "3 examples are too few to hold any out" in notes
    assert "3 training images are few" in notes


def test_notes_on_transparency_and_copies(picture, write, cache):
    folder = write("set", {"a/1.png": picture(0, mode="RGBA"), "a/2.png": picture(1), "b/3.png": picture(1)})
    notes = " ".join(load(folder, cache=cache).notes)
    assert "1 images have transparency, laid over white" in notes
    assert "1 images are exact copies of others (first b/3.png of a/2.png), 1 of them under another label" in notes
    assert "transparency" not in " ".join(load(folder, DataConfig(mode="rgba"), cache=cache).notes)


# Bad files ----------------------------------------------------------------------------------------

BAD = {"empty": b"", "text": b"hello", "short": None}


@pytest.fixture(params=BAD)
def spoiled(request, picture, write):
    """Twenty-one pictures, of which 07.png is bad: at its header, or only when it is decoded."""
    content = picture(7, 40, 40)[:2000] if request.param == "short" else BAD[request.param]
    return write("set", {f"{i:02}.png": content if i == 7 else picture(i, 40, 40) for i in range(21)})


def test_a_bad_file_stops_with_its_name(spoiled, cache):
    with pytest.raises(UserError, match=r"07\.png of .* cannot be decoded .*on_bad=skip"):
        load(spoiled, cache=cache)
    assert not list((cache / "data").glob("sets/*"))


def test_a_bad_file_is_left_out_and_recorded(spoiled, cache):
    data = load(spoiled, SKIP, cache=cache)
    assert [bad.name for bad in data.bad] == ["07.png"]
    assert data.bad[0].reason
    assert [len(part) for part in (data.train, data.validation, data.test)] == [18, 0, 2]
    assert 7 not in np.concatenate([data.train.index, data.test.index])
    again = load(spoiled, SKIP, cache=cache)
    assert again.bad == data.bad
    with pytest.raises(UserError, match=r"07\.png"):
        load(spoiled, cache=cache)


def test_all_bad(write, cache):
    with pytest.raises(UserError, match=r"None of the 2 images .* a\.png is empty file"):
        load(write("set", {"a.png": b"", "b.png": b"x"}), SKIP, cache=cache)


def test_all_bad_only_when_decoded(picture, write, cache):
    folder = write("set", {"a.png": picture(0, 40, 40)[:2000]})
    with pytest.raises(UserError, match="no images to train on"):
        load(folder, SKIP, cache=cache)


def test_an_encoded_file_of_absurd_size(picture, write, cache, monkeypatch):
    folder = write("set", {"a.png": picture(0), "b.png": picture(1, 100, 100)})
    monkeypatch.setattr("saddlepoint.data.survey.MAX_BYTES", 2000)
    assert [(bad.name, bad.reason[-29:]) for bad in load(folder, SKIP, cache=cache).bad] == [
        ("b.png", "bytes, more than any picture has"[-29:])
    ]


# Inspection ---------------------------------------------------------------------------------------


def test_inspect(picture, write, cache):
    files = {f"cat/{i:02}.png": picture(i, 20, 30) for i in range(30)}
    files |= {f"dog/{i:02}.png": picture(100 + i, 30, 20, "L") for i in range(10)} | {"dog/bad.png": b"", "x.md": b""}
    found = inspect(write("pets", files), cache=cache)
    assert found.counts == {"train": 35, "validation": 1, "test": 4}
    assert found.classes == {"cat": 30, "dog": 10}
    assert found.sizes == {"20x30": 30, "30x20": 10}
    assert found.modes == {"RGB": 30, "L": 10}
    assert [bad.name for bad in found.bad] == ["dog/bad.png"]
    assert found.spec.shape == (3, 20, 20)
    assert any("1 .md file" in note for note in found.notes)
    sheet = contact_sheet(found, count=9)
    assert sheet.size[0] == sheet.size[1] == 3 * 20 * 4 + 2 * GAP
    assert sheet.mode == "RGB"


def test_inspect_points(cache):
    found = inspect("8gaussians", cache=cache)
    assert found.counts == {"train": 85_500, "validation": 4_500, "test": 10_000}
    assert found.classes == found.sizes == found.modes == {}
    assert contact_sheet(found).size == (256, 256)


def test_progress_counts_to_the_end(mixed, cache):
    seen = []
    load(mixed, cache=cache, progress=lambda done, total, what: seen.append((done, total, what.split()[0])))
    assert seen == [(1, 0, "reading"), (2, 0, "reading"), (3, 0, "reading")] + [(i, 3, "decoding") for i in (1, 2, 3)]
